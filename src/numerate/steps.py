"""Solution text <-> steps, and the calculations in it.

One non-empty line is one step, but a step never ends inside `<<...>>`, a code fence or TeX. Process rewards
and labels refer to these steps, so every part of the package splits here.
All functions take linear time, also on megabytes of degenerate text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal

from numerate.types import Step

ANSWER_MARK = "####"
"""begins the line of the final answer, which is not a step"""

Span = tuple[int, int]

_FENCE = r"^[ \t]*```[^`\n]*(?:\n(?![ \t]*```).*)*+(?:\n[ \t]*```.*)?"
_ANNOTATION = r"<<[^<>]*>>"
_DISPLAY = (
    r"\\\[|\\\(|\$\$"
    r"|\\begin\{(?:align|aligned|array|[bpv]?matrix|cases|equation|gather|gathered|split|tabular)\*?\}"
)
_OPENERS = re.compile(
    rf"(?P<fence>{_FENCE})|(?P<annotation>{_ANNOTATION})|(?P<escaped>\\[\\$])"
    rf"|(?P<open>{_DISPLAY}|\$)",
    re.MULTILINE,
)
_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")
_DOLLAR = re.compile(r"(?<!\\)\$")
_TEX = re.compile(r"[\\^_{}]")
_BROKEN_AT_OPERATOR = re.compile(r"[-+*/=<>,(&][ \t\r]*\n|\n[ \t]*[-+*/=<>&)]")

_SENTENCE_END = re.compile(r"[.!?][\"')\]]*[ \t]+(?=[^\sa-z])")
_NO_SENTENCE_END = re.compile(
    r"(?:^|[^\w.])(?:Mr|Mrs|Ms|Dr|St|vs|etc|e\.g|i\.e|No|Fig|Eq|approx|[A-Z]|\d{1,2})$"
)


def split(solution: str, mode: Literal["line", "sentence"] = "line") -> list[Step]:
    """Returns the steps of a solution, as spans of characters without blanks at either end.

    The line of the answer (`#### 72`) is no step. An unclosed code fence reaches to the end of the text; any
    other unclosed bracket protects nothing.

    Args:
        solution: the text.
        mode: "line": one non-empty line is one step. "sentence": lines are split again after sentences, for
            solutions written as one paragraph.

    Raises:
        ValueError: the mode is unknown.
    """
    if mode not in ("line", "sentence"):
        raise ValueError(f"unknown mode {mode!r} of splitting into steps: use 'line' or 'sentence'")
    protected = list(_protected(solution))
    cuts = _line_ends(solution, protected)
    if mode == "sentence":
        cuts = sorted([*cuts, *_sentence_ends(solution, protected)])
    steps: list[Step] = []
    for start, end in zip([0, *cuts], [*cuts, len(solution)], strict=True):
        text = solution[start:end].strip()
        if text and not text.startswith(ANSWER_MARK):
            start += len(solution[start:end]) - len(solution[start:end].lstrip())
            steps.append(Step(start, start + len(text), text))
    return steps


def _line_ends(text: str, protected: list[Span]) -> list[int]:
    return [match.start() for match in re.finditer("\n", text) if not _inside(match.start(), protected)]


def _sentence_ends(text: str, protected: list[Span]) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text):
        before = text[max(0, match.start() - 8) : match.start()]
        if text[match.start()] == "." and _NO_SENTENCE_END.search(before) and not _number_in_text(before):
            continue  # an abbreviation, an initial, or the number of an item: "Mr. X", "2. Then"
        if not _inside(match.start(), protected):
            yield match.end()


def _number_in_text(before: str) -> bool:
    """Checks whether a number stands in running text: '... = 5.' and 'of 12.' end sentences, '\n5.' numbers
    an item."""
    head = before.rstrip("0123456789")
    return head != before and head.rstrip(" \t")[-1:] not in ("", "\n")


def _inside(position: int, spans: list[Span]) -> bool:
    at = bisect_right(spans, position, key=lambda span: span[0]) - 1
    return at >= 0 and position < spans[at][1]


def _protected(text: str) -> Iterator[Span]:
    """Yields spans that no step may end in, in order and without overlap."""
    position = 0
    exhausted: set[str] = set()
    while match := _OPENERS.search(text, position):
        position = match.end()
        end = position
        if match["open"] == "$":
            end = _inline_end(text, position)
        elif match["open"]:
            end = _closed_at(text, position, match["open"], exhausted)
        if match["fence"] or match["annotation"] or end > position:
            yield match.start(), end
            position = end


def _closed_at(text: str, start: int, opener: str, exhausted: set[str]) -> int:
    """Returns where the display or environment that was opened before `start` ends; `start` where it does
    not.

    exhausted: closers that do not come any more; each is looked for in vain only once, so time stays linear.
    """
    closer = {"\\[": "\\]", "\\(": "\\)", "$$": "$$"}.get(opener) or opener.replace("begin", "end", 1)
    if closer in exhausted:
        return start
    at = text.find(closer, start)
    if at < 0:
        exhausted.add(closer)
        return start
    return at + len(closer)


def _inline_end(text: str, start: int) -> int:
    """Returns where the `$...$` that was opened before `start` ends; `start` where that dollar is money.

    "$50.\n... = $30" is money twice. Mathematics touches both of its dollars; over several lines it also has
    no blank line, and shows that it is TeX or that the line was broken at an operator.
    """
    closing = _DOLLAR.search(text, start)
    if not closing:
        return start
    end = closing.start()
    if not _touches(text, start, end):
        return start
    content = text[start:end]
    if "\n" in content:
        looks_like_tex = _TEX.search(content) or _BROKEN_AT_OPERATOR.search(content)
        if not looks_like_tex or _BLANK_LINE.search(content):
            return start
    return end + 1


def _touches(text: str, start: int, end: int) -> bool:
    """Checks that no blank stands inside the dollar signs, unless they open and close lines, and no amount or
    annotation behind them."""
    if text.startswith("<<", start) or text.startswith("<<", end + 1) or text[end + 1 : end + 2].isdigit():
        return False
    return start < end and text[start] not in " \t" and text[end - 1] not in " \t"


_TRACE = re.compile(r"<<([^<>]*)>>")
_SIGNS = str.maketrans(
    {"×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "−": "-", "–": "-", "$": "", "\\": ""}
)
_TIMES_WORD = re.compile(r"\\times|\\cdot")
_OVER_WORD = re.compile(r"\\div")
_TIMES_LETTER = re.compile(r"(?<=[\d)%])[ \t]*[xX][ \t]*(?=[(]?[\d.])")
_MIXED = re.compile(r"(?<![\d.])\d++[ \t]++\d++/\d")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_BETWEEN_OPERANDS = re.compile(r"(?<=[\d)%])[ \t]+(?=[(\d.])")
_ARITHMETIC = re.compile(r"[-+*/=().%\d \t\x00]++")
_UNKNOWN = re.compile(r"[A-Za-z](?![A-Za-z])")
_NUMBER = r"-?(?:\d++(?:\.\d++)?+|\.\d++)%?+"
_EXPRESSION = re.compile(rf"\(*+{_NUMBER}\)*+(?:[-+*/]\(*+{_NUMBER}\)*+)*+")
_OPERATOR = re.compile(r"[\d)%][-+*/]")


def trace(solution: str) -> tuple[str, ...]:
    """Returns the calculations of a solution in order, each without blanks: "48/2=24", "48+24=72".

    They are the contents of its `<<...>>`. Without these, plain equations between numbers are read:
    "$0.2 x 50 = $10" becomes "0.2*50=10"; equations with unknowns or mixed numbers (1 1/2) are left out. The
    number of different traces is the diversity of Havrilla et al. 2024 (arXiv 2403.04642).
    """
    annotated = ("".join(text.split()) for text in _TRACE.findall(solution))
    return tuple(filter(None, annotated)) or tuple(_equations(solution))


def _equations(text: str) -> Iterator[str]:
    text = _OVER_WORD.sub("/", _TIMES_WORD.sub("*", text)).translate(_SIGNS)
    text = _MIXED.sub("?", _THOUSANDS.sub("", _TIMES_LETTER.sub("*", text)))
    text = _BETWEEN_OPERANDS.sub("\x00", text)
    for run in _ARITHMETIC.finditer(text):
        for part in _closed_in(text, run).split("\x00"):
            yield from _chains(part)


def _closed_in(text: str, run: re.Match[str]) -> str:
    """Returns the run, with a '?' at its end where an unknown continues it: 'x - 5 + 2 = 7', 'A2', '=
    15y'."""
    after_letter = text[run.start() - 1 : run.start()].isalpha()
    goes_on_before = after_letter and (run[0][0].isdigit() or run[0].lstrip()[:1] in ("-", "+", "*", "/"))
    goes_on_after = run[0][-1].isdigit() and _UNKNOWN.match(text, run.end())
    return ("?" if goes_on_before else "") + run[0] + ("?" if goes_on_after else "")


def _chains(part: str) -> Iterator[str]:
    """Yields the longest chains of equal expressions in '2+3=5', of which one at least calculates
    something."""
    chain: list[str] = []
    for side in [*("".join(part.split()).split("=")), ""]:
        side = side.strip(".")
        if _EXPRESSION.fullmatch(side):
            chain.append(side)
            continue
        if len(chain) > 1 and any(_OPERATOR.search(s) for s in chain):
            yield "=".join(chain)
        chain = []
