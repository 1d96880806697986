"""From normal text to tokens, in one pass. LaTeX and plain notation give the same tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

from numerate.answers.budget import spend_steps
from numerate.answers.expr.tree import Unreadable
from numerate.answers.text import vocabulary
from numerate.answers.text.boxes import closing_brace

_READ_BACKWARDS = frozenset(
    {"angle", "overline", "overleftrightarrow", "widehat", "overarc", "wideparen", "arc"}
)
_IN_ANY_ORDER = frozenset({"triangle"})
OBJECTS = _READ_BACKWARDS | _IN_ANY_ORDER | {"overrightarrow", "vec"}
_POINTS = re.compile(r"\s*(?:\{\s*([A-Z](?:\s?[A-Z]){1,5})\s*\}|([A-Z]{2,6})(?![A-Za-z]))")


def point_name(command: str, text: str, at: int) -> tuple[str, int] | None:
    r"""Returns the name of what `\angle ABC` or `\overline{AB}` draws and where it ends; None where no points
    follow.

    Angle ABC is angle CBA, a triangle is its three points. Two triangles that are similar or congruent keep
    the order of theirs, which says what corresponds; a ray and a vector have a direction."""
    match = _POINTS.match(text, at)
    if match is None:
        return None
    letters = "".join((match[1] or match[2]).split())
    if command in _READ_BACKWARDS:
        letters = min(letters, letters[::-1])
    elif command in _IN_ANY_ORDER and "\\sim" not in text and "cong" not in text:
        letters = "".join(sorted(letters))
    return f"{command} {letters}", match.end()


MOST_TOKENS = 8_000
MOST_DIGITS = 2_000
STEPS = 4
"""of a character: to make tokens of it, and to read them"""
LARGEST_EXPONENT = 1_800
"""of ten; with so many digits a number still has fewer than Python turns into text"""


class Token(NamedTuple):
    kind: str
    """num, float, name (symbol), fn, word, sep, multiplier, cmd, op or end"""
    text: str
    value: Any = None
    spaced: bool = False
    """True when white space stands before it"""


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:(?!0+,)\d{1,3}(?:(?:,|\\,)\d{3})+(?!\d)|\d+)(?:\.\d*)?(?:[eE][+-]?\d{1,4}(?![\w{]))?
        |\.\d+(?:[eE][+-]?\d{1,4}(?![\w{]))?)
    |(?P<command>\\(?:[A-Za-z]+|[^A-Za-z\s]))
    |(?P<letters>[A-Za-z]+(?:'[a-z]+)?)
    |(?P<op>\*\*|<=|>=|=<|=>|(?<![0-9])!=|<>|:=|==|[-+*/^_=<>(){}\[\]|,;:!%'&.])""",
    re.VERBOSE | re.ASCII,
)
_UNGROUPED = re.compile(r"\\,|,")
_OPS = {"**": "^", "=<": "<=", "=>": ">=", "<>": "!=", ":=": "=", "==": "="}
_COMMANDS = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "over": "over", "choose": "choose",
    "le": "<=", "leq": "<=",
    "leqslant": "<=", "ge": ">=", "geq": ">=", "geqslant": ">=", "lt": "<", "gt": ">", "ne": "!=",
    "neq": "!=", "approx": "approx", "sim": "approx", "simeq": "approx", "cup": "cup", "cap": "cap",
    "bmod": "bmod", "pmod": "pmod", "bigcup": "cup", "bigcap": "cap",
    "setminus": "setminus", "backslash": "setminus", "in": "in", "colon": ":", "mid": "|", "vert": "|",
    "lvert": "|", "rvert": "|", "pm": "pm", "mp": "mp", "equiv": "equiv", "implies": "implies",
    "Rightarrow": "implies", "rightarrow": "to", "to": "to", "lbrace": "\\{", "rbrace": "\\}",
    "lbrack": "[", "rbrack": "]", "{": "\\{", "}": "\\}", "%": "%", "&": "&", "\\": "\\\\", "|": "|",
    "_": "_",
    "cr": "\\\\", "rfloor": "rfloor",
    "rceil": "rceil",
    "end": "\\end", }  # fmt: skip
_IGNORED = vocabulary.split_names(
    "! , ; : # $ quad qquad displaystyle angle triangle limits mathstrut strut therefore rm bf it"
)
_STYLES = vocabulary.split_names(
    "text textbf textit textrm textnormal textsf texttt textup mbox hbox mathrm mathbf mathit "
    "mathsf mathtt mathcal mathbb mathfrak operatorname boldsymbol bm vec hat tilde widehat "
    "widetilde underline hspace"
)
_LOGIC = {"lor": "lor", "vee": "lor", "land": "land", "wedge": "land"}
_DOTS = vocabulary.split_names("ldots dots cdots dotsc dotsb hdots")
_INFINITY = frozenset({"infty", "infinity", "inf"})


def tokenize_answer(text: str, depth: int = 0) -> list[Token]:
    """Splits an answer into tokens. Raises Unreadable for a character that no answer has, or for more than we
    are willing to read."""
    spend_steps(STEPS * len(text))
    tokens: list[Token] = []
    at, spaced = 0, False
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(tokens) > MOST_TOKENS:
            raise Unreadable(f"no mathematics at character {at}")
        kind, piece = str(match.lastgroup), match.group()
        at = match.end()
        if kind == "space":
            spaced = True
            continue
        if kind == "command" and piece[1:] in OBJECTS and (point := point_name(piece[1:], text, at)):
            tokens.append(Token("name", point[0], None, spaced))
            at = point[1]
        elif kind == "command" and piece[1:] in _STYLES:
            at = _read_styled(text, at, tokens, spaced, depth)
        elif kind == "number":
            at = _number(text, at, piece, tokens, spaced)
        else:
            tokens.extend(_LEX[kind](piece, spaced, tokens))
        spaced = False
    return tokens


_COUNTED = re.compile(r"[-+]?\d[\d,.]{0,20} [A-Za-z][A-Za-z ]{0,40}")


def _read_styled(text: str, at: int, tokens: list[Token], spaced: bool, depth: int) -> int:
    r"""Reads \text{...} and similar commands: prose becomes one word, mathematics is read as if it stood
    alone."""
    while at < len(text) and text[at] == " ":
        at += 1
    if text[at : at + 1] != "{":
        return at
    close = closing_brace(text, at)
    if close < 0:
        close = len(text)
    inner = text[at + 1 : close].strip(" ~")
    prose = [
        w
        for w in re.findall(r"(?<![\\A-Za-z])[A-Za-z]{2,}", inner)
        if w not in vocabulary.FUNCTIONS and w not in vocabulary.NAMES
    ]
    if any(c.isdigit() for c in inner):  # \\text{2 and 7}
        prose = [w for w in prose if w not in vocabulary.SEPARATORS]
    if (
        inner in vocabulary.LETTER_UNITS
        and tokens
        and (tokens[-1].kind in ("num", "float") or tokens[-1].text == "}")
    ):
        tokens.append(Token("word", inner, None, spaced))
    elif depth < 4 and (not prose or _COUNTED.fullmatch(inner)):
        tokens.extend(tokenize_answer(inner, depth + 1))
    elif inner.strip(" ,").lower() in vocabulary.SEPARATORS:
        tokens.append(Token("sep", inner.strip(" ,"), None, spaced))
    else:
        tokens.append(_word(inner, spaced))
    return close + 1


def _word(text: str, spaced: bool) -> Token:
    plain = re.sub(r"[^a-z]+", " ", text.lower()).strip()
    if not vocabulary.BOUNDING.isdisjoint(plain.split()):
        raise Unreadable(f"a bound or a negation: {plain!r}")
    if plain in vocabulary.MULTIPLIERS:
        return Token("multiplier", plain, vocabulary.MULTIPLIERS[plain], spaced)
    if plain in vocabulary.PERCENT_WORDS:
        return Token("op", "%", None, spaced)
    return Token("word", plain, None, spaced)


def _number(text: str, at: int, piece: str, tokens: list[Token], spaced: bool) -> int:
    if len(piece) > MOST_DIGITS:
        raise Unreadable(f"a number of {len(piece)} digits")
    repeat = re.compile(
        r"\\(?:overline|bar) ?(?:\{(\d{1,40})\}|(\d))|\\dot ?\{?(\d)\}?(?:(\d{0,40})\\dot ?\{?(\d)\}?)?"
    ).match(text, at)
    if repeat and "." in piece:
        tokens.append(Token("num", piece, _repeating(piece, "".join(filter(None, repeat.groups()))), spaced))
        return repeat.end()
    bracketed = re.compile(r"\((\d{1,20})\)$").match(text, at)
    if bracketed and "." in piece and not tokens:  # 0.1(6)
        tokens.append(Token("num", piece, _repeating(piece, bracketed[1]), spaced))
        return bracketed.end()
    plain = _UNGROUPED.sub("", piece)
    mantissa, _, exponent = plain.lower().partition("e")
    if exponent and abs(int(exponent)) > LARGEST_EXPONENT:
        raise Unreadable(f"a number with the exponent {exponent}")
    value = Fraction(plain.removesuffix(".") if "e" not in plain.lower() else plain.replace(".e", "e"))
    whole, _, part = mantissa.partition(".")
    places = len(part) - int(exponent or 0)
    if len(part) >= 8 and len((whole + part).lstrip("0")) >= 12:
        tokens.append(Token("float", piece, (value, places), spaced))
    else:
        tokens.append(Token("num", piece, value, spaced))
    return at


def _repeating(head: str, cycle: str) -> Fraction:
    """Returns a repeating decimal: 1/10 + 5/90 for 0.1 followed by 5 repeating."""
    whole, _, part = _UNGROUPED.sub("", head).partition(".")
    fixed = Fraction(f"{whole or 0}.{part or 0}")
    return fixed + Fraction(int(cycle), 10 ** len(part) * (10 ** len(cycle) - 1))


def _command(piece: str, spaced: bool, before: list[Token]) -> list[Token]:
    name = piece[1:]
    if name in _IGNORED:
        return []
    if name in _COMMANDS:
        return [Token("op", _COMMANDS[name], None, spaced)]
    if name in _LOGIC:
        return [Token("sep", _LOGIC[name], None, spaced)]
    if name in _DOTS:
        return [Token("name", "ldots", None, spaced)]
    if name in vocabulary.FUNCTIONS:
        return [Token("fn", vocabulary.OTHER_NAMES.get(name, name), None, spaced)]
    if name in _INFINITY:
        return [Token("name", "infinity", None, spaced)]
    return [Token("cmd", name, None, spaced)]


def _letters(piece: str, spaced: bool, before: list[Token]) -> list[Token]:
    """Returns a run of letters: a name we know, a word, or a product of one-letter symbols."""
    low = piece.lower()
    if piece == "NO" and before and before[-1].text in ("{", "/"):  # a segment in a fraction
        return [Token("name", c) for c in piece]
    if low in vocabulary.SEPARATORS:
        return [Token("sep", low, None, spaced)]
    if piece in vocabulary.FUNCTIONS or (low in vocabulary.FUNCTIONS and len(low) > 2):
        return [Token("fn", vocabulary.OTHER_NAMES.get(low, low), None, spaced)]
    if low in _INFINITY:
        return [Token("name", "infinity", None, spaced)]
    if piece in vocabulary.NAMES:
        return [Token("name", piece, None, spaced)]
    if len(piece) == 1:
        return [Token("name", piece, None, spaced)]
    if (
        low in vocabulary.BOUNDING
        or low in vocabulary.UNITS
        or low in vocabulary.MULTIPLIERS
        or low in vocabulary.PERCENT_WORDS
        or _prose(piece)
    ):
        return [_word(piece, spaced)]
    return [Token("name", c, None, spaced and k == 0) for k, c in enumerate(piece)]


def _prose(piece: str) -> bool:
    """Checks whether `piece` is no product of symbols: long, or with a capital and then small letters."""
    return len(piece) >= 4 or "'" in piece or (len(piece) >= 3 and piece[1:].islower() and piece[0].isupper())


def _op(piece: str, spaced: bool, before: list[Token]) -> list[Token]:
    return [Token("op", _OPS.get(piece, piece), None, spaced)]


_LEX = {"command": _command, "letters": _letters, "op": _op}


# -- tokens in order ----------------------------------------------------------------------
DEEPEST = 40
MOST_LINKS = 40
"""signs in a row that each wrap what stands before or behind them: quotients, primes, plus-minus"""
_END = Token("end", "")


Result = TypeVar("Result")


class TokenStream:
    """Tokens that are taken one by one, bounded in depth, chains and repetitions."""

    def __init__(self, tokens: list[Token]):
        self.tokens = tokens
        self.at: int = 0
        self.depth: int = 0
        self.links: int = 0
        self.left = 50 + 4 * len(tokens)
        """atoms that may still be read, so that reading stays linear"""

    def peek(self, ahead: int = 0) -> Token:
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else _END

    def next(self) -> Token:
        token = self.peek()
        self.at += 1
        return token

    def op(self, *texts: str) -> str | None:
        """Takes the next token if it is one of these operators."""
        token = self.peek()
        if token.kind == "op" and token.text in texts:
            self.at += 1
            return token.text
        return None

    def expect(self, text: str) -> None:
        if not self.op(text):
            raise Unreadable(f"expected {text!r}, found {self.peek().text!r}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unreadable(f"more than {DEEPEST} levels deep")

    def nested(self, read: Callable[..., Result], *arguments: Any) -> Result:
        """Returns what is read one level deeper."""
        self.deeper()
        result = read(*arguments)
        self.depth -= 1
        return result

    def count_atom(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Unreadable("the same text over and over")

    def link(self, chain: int) -> int:
        """Counts one more sign of a chain. Raises Unreadable where it is too long."""
        self.links += 1
        if chain >= MOST_LINKS:
            raise Unreadable(f"more than {MOST_LINKS} signs that wrap each other")
        return chain + 1
