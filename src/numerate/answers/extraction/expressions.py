r"""Mathematics in running text, each expression as one whole: `x = 1 and x = 2`, `3 + 4i`, `(3, -2)`,
`1.5 × 10^{-3}`.

A run is the longest stretch of numbers, letters, signs and brackets that no word interrupts. A formula
between dollar signs or `\( \)` is a run of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from numerate.answers.text.boxes import closing_brace
from numerate.answers.text.formulas import FORMULA
from numerate.answers.text.vocabulary import FUNCTIONS, NAMES, split_names

MOST_TRAILING = 200
"""loose signs at the end that are taken off"""
_LEADING = re.compile(
    r"(?:[\s,:;&~'!%°*=×·/≈≡_<>^]|[-−+](?:\s|$)(?<![=:(,]\s[-−]\s)|[aAI](?= +[-−]?[\d(\\$€£.]| *$))+"
)
_TRAILING = re.compile(r"(?:\\[ ,;:!]|[\s,:;&~=+\-−*×·/<>_^$|\\]|(?<=[\w)}\]]\s)[aAI](?=[\s,]*$))++$")


def without_loose_edges(text: str, low: int, high: int) -> tuple[int, int]:
    """Returns (start, end) without lone letters, loose signs and brackets that have no partner at the
    edges."""
    if leading := _LEADING.match(text, low, high):
        low = leading.end()
    if trailing := _TRAILING.search(text, max(low, high - MOST_TRAILING), high):
        high = trailing.start()
    unopened, unclosed = _unbalanced_brackets(text[low:high])
    if unopened is not None:  # `which is 5)`: the longer side of a bracket without its partner
        cut = low + unopened
        low, high = (low, cut) if cut - low >= high - cut - 1 else (cut + 1, high)
    elif unclosed is not None:
        cut = low + unclosed
        low, high = (cut + 1, high) if high - cut - 1 >= cut - low else (low, cut)
    return low, high


def _unbalanced_brackets(part: str) -> tuple[int | None, int | None]:
    """Returns (index of the first closing bracket without its partner, index of the first opening one)."""
    stack: list[int] = []
    for k, c in enumerate(part):
        if c in "([{":
            stack.append(k)
        elif c in ")]}":
            if not stack:
                return k, None
            stack.pop()
    return None, stack[0] if stack else None


class MathRun(NamedTuple):
    start: int
    end: int
    text: str
    formula: bool = False
    """True for what its writer set as mathematics"""


_GROUPED = (
    r"\d{1,3}(?:,\d{3})+(?![\d])|\d{1,2}(?:,\d{2})+,\d{3}(?!\d)"
    r"|\d{1,3}(?:[ \u00a0\u202f\u2009']\d{3})+(?![\d'-])"
)
NUMBER = (
    r"(?:\d+ ?['′’] ?\d+(?:\.\d+)? ?(?:\"|″|”|'')"  # feet and inches
    rf"|(?:(?:{_GROUPED}"
    # points between thousands; a decimal comma
    r"|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}(?![\d.])|\d+(?:,\d{1,2}(?![\d,]))?)"
    r"(?:[.٫]\d+…?|\.(?=\\(?:overline|bar|dot)(?![a-z])))?|(?<![\w.])\.\d+)"
    r"(?:[eE][-+]?\d{1,3}(?!\w))?)"
)
_TOKEN = re.compile(
    rf"(?P<number>{NUMBER})|(?P<word>[A-Za-zÀ-ÖØ-öø-ſ\u1e00-\u1eff]{{2,}}(?:['’][A-Za-z]+)?)"
    r"|(?P<letter>[A-Za-z\u0370-\u03ff])|(?P<command>\\(?:[A-Za-z]+|[{}%$!,;: ]))"
    r"|(?P<open>[(\[{⟨⌊⌈])|(?P<close>[)\]}⟩⌋⌉])"
    r"|(?P<op>\*\*|<=|>=|!=|==|[-−–∫+*/^=<>≤≥≠≈≡×·⋅÷±∓∈∪∩√∛|_~∖÷%‰⁄°′″∠⊂⊆'!∛∜∑∏]"
    r"|[¼-¾⅐-⅞↉]|[²³¹⁰⁴-⁹⁺⁻ⁿ]+|[₀-₉]+|∞|∅)"
    r"|(?P<money>[€£¥₹₩₽$])|(?P<comma>[,;:])|(?P<space>[ \t\u00a0\u202f\u2009]+)|(?P<other>.)",
    re.DOTALL,
)
_MATH_WORDS = (
    FUNCTIONS
    | NAMES
    | {"mod", "bmod", "AM", "PM", "am", "pm", "dx", "dy", "dt", "xy", "ab", "bc", "ac", "oo"}
)
_DOLLARS_OF = frozenset({"US", "AU", "CA"})
_SCALES = frozenset({"hundred", "thousand", "million", "billion", "trillion"})


def math_runs(text: str) -> list[MathRun]:
    """Returns the runs of a sentence or paragraph, in order. Only those that hold a digit, a letter
    beside a sign, or
    are formulas."""
    return list(_cached_runs(text) if len(text) <= CACHED else _runs_of(text))


CACHED = 1_000
"""characters; the rules for a sentence look at the same text several times"""


@lru_cache(maxsize=8)
def _cached_runs(text: str) -> tuple[MathRun, ...]:
    return tuple(_runs_of(text))


def _runs_of(text: str) -> list[MathRun]:
    runs: list[MathRun] = []
    at = 0
    for match in FORMULA.finditer(text):
        runs += _plain_runs(text, at, match.start())
        inner = next(filter(None, match.groups()), "").strip()
        if inner:
            runs.append(MathRun(match.start(), match.end(), inner, True))
        at = match.end()
    return runs + _plain_runs(text, at, len(text))


Span = tuple[int, int]


def _plain_runs(text: str, start: int, stop: int) -> list[MathRun]:
    runs: list[MathRun] = []
    pieces: list[Span] = []
    for piece in _pieces(text, start, stop):
        if piece is None:
            runs += _run_of(text, pieces)
            pieces = []
        else:
            pieces.append(piece)
    return runs + _run_of(text, pieces)


def _pieces(text: str, start: int, stop: int) -> Iterator[Span | None]:
    """Yields spans of mathematics, and None where something else stands between them."""
    at, depth, outside = start, 0, False
    while at < stop:
        if outside and (raised := _RAISED.match(text, at, stop)):
            at, outside = raised.end(), False  # the square of `cm^2` is no number
            continue
        token = _TOKEN.match(text, at, stop)
        if token is None:
            return
        kind, begin, at = token.lastgroup, at, token.end()
        if kind == "command":
            belongs, at = _command(text, token, stop)
        else:
            depth = max(depth + (kind == "open") - (kind == "close"), 0)
            belongs = kind in _MATHEMATICAL or _belongs(text, token, depth)
        if not belongs:
            depth = 0
        outside = not belongs and kind in ("word", "command")
        yield (begin, at) if belongs else None


_RAISED = re.compile(r"\^(?:\{ ?[-−]?\d ?\}|[-−]?\d)(?!\d)")
_MATHEMATICAL = frozenset({"number", "letter", "open", "close", "op", "money", "space"})
_BEGIN = re.compile(r"\{([a-zA-Z]+)\*?\}")


def _command(text: str, token: re.Match[str], stop: int) -> tuple[bool, int]:
    r"""Returns whether a command belongs to an expression, and where it ends: a matrix is one piece, and
    so is
    `\text{ and }`."""
    name, at = token.group()[1:], token.end()
    if name == "begin" and (environment := _BEGIN.match(text, at)):
        end = text.find("\\end{" + environment[1], at)
        return (True, text.index("}", end) + 1) if end >= 0 and "}" in text[end:stop] else (False, at)
    if name in _STYLED and text[at : at + 1] == "{":
        end = closing_brace(text, at)
        inside = text[at + 1 : end].strip(" ,")
        return inside in ("and", "or", ""), end + 1 if 0 < end < stop else stop
    return name not in ("n", "item", "newline", "quad"), at


def _belongs(text: str, token: re.Match[str], depth: int) -> bool:
    """Checks whether a word or a comma is mathematics where it stands."""
    piece = token.group()
    if piece == ":":  # `44: 24 red balls` is no ratio
        before, behind = text[token.start() - 1 : token.start()], text[token.end() : token.end() + 1]
        return before.isspace() == behind.isspace()
    if token.lastgroup == "comma":
        return depth > 0 or (piece == "," and _list_comma(text, token))
    if token.lastgroup != "word":
        return False
    if piece in _MATH_WORDS or piece.lower() in _SCALES:
        return True
    if piece in _DOLLARS_OF and text[token.end() : token.end() + 1] == "$":
        return True
    if len(piece) > 3 or piece.lower() in _SHORT_WORDS:
        return False
    before, behind = text[max(token.start() - 2, 0) : token.start()], text[token.end() : token.end() + 2]
    return (
        before[-1:] in _TOUCHING
        or (before.strip() or " ")[-1] in "=+/^"
        or (behind.strip() or " ")[0] in "=+/^("
    )


_TOUCHING = frozenset("0123456789)}")
_SHORT_WORDS = split_names(
    "is of to so if in at an as or by it we he on no up do go my me us be am pm km cm mm kg ft the and for "
    "are was has her his she all any per but not day age men he's let get got had can may one two six ten "
    "due via"
)
"""words of at most three letters that are no products"""
_STYLED = frozenset({"text", "textbf", "textit", "mathrm", "textrm", "mbox"})


def _list_comma(text: str, token: re.Match[str]) -> bool:
    """Checks whether the token is a comma between the members of a list such as `2, 3` or `x = 1, y = 2`."""
    return _MEMBER.match(text, token.end()) is not None and text[token.start() - 1 : token.start()] not in (
        " ",
        "",
    )


_MEMBER = re.compile(r" ?(?:[-−]?\d|[a-z] ?=|\\(?:frac|sqrt|pi)|\()")
_CONTENT = re.compile(
    r"\d|[^\W\d_] ?[-−+*/^=<>≤≥≠∈×·]|[∞∅π√]|\\(?:pi|infty|emptyset|sqrt|frac|varnothing)|[½⅓⅔¼¾]"
)


def _run_of(text: str, pieces: list[Span]) -> list[MathRun]:
    """Returns the run that these tokens make once what can't begin or end one is taken off; none without
    content."""
    if not pieces:
        return []
    start, end = pieces[0][0], pieces[-1][1]
    for _ in range(8):
        low, high = without_loose_edges(text, start, end)
        if (low, high) == (start, end) or low >= high:
            break
        start, end = low, high
    part = text[start:end]
    if not _CONTENT.search(part):
        return []
    return [MathRun(start, end, part)]
