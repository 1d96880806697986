"""End of an integral: the differential that closes it, located among the tokens before parsing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from numerate.answers.budget import spend_steps
from numerate.answers.parse.lexer import Token
from numerate.answers.text import vocabulary

FARTHEST = 300
"""tokens between an integral sign and its differential"""
_OPENERS = {"(": 1, "[": 1, "{": 1, "\\{": 1, ")": -1, "]": -1, "}": -1, "\\}": -1}
_ENDS = frozenset({"=", "<", ">", "<=", ">=", "!=", ",", ";", "approx", "implies", "&", "\\\\", ":"})
_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac"})
_GREEK = vocabulary.NAMES - {"pi", "infty", "infinity", "inf"}


class Span(NamedTuple):
    body: list[Token]
    """bounds and integrand, without the differential"""
    letter: str
    end: int
    """the first token behind the integral"""


def differential_letter(tokens: Sequence[Token], at: int) -> str | None:
    """Returns the x of dx when these two tokens are one."""
    if at + 1 >= len(tokens) or (tokens[at].kind, tokens[at].text) != ("name", "d"):
        return None
    letter = tokens[at + 1]
    if letter.kind not in ("name", "cmd") or (len(letter.text) > 1 and letter.text not in _GREEK):
        return None
    before = tokens[at - 1].text if at else ""
    behind = tokens[at + 2].text if at + 2 < len(tokens) else ""
    return None if before in ("^", "_") or behind in ("^", "_") or letter.text in ("e", "i") else letter.text


class _Closing(NamedTuple):
    letter: str
    at: int
    """where the d of the differential stands"""
    end: int
    """the first token behind it, or behind the fraction that it stands in"""


def find_integral_span(tokens: Sequence[Token], start: int) -> Span | None:
    """Returns the integral whose sign is before `start`; None where no differential closes it."""
    depth = inner = 0
    at, last = start, min(len(tokens), start + FARTHEST)
    while at < last:
        spend_steps()
        token = tokens[at]
        depth += _OPENERS.get(token.text, 0) if token.kind == "op" else 0
        if depth < 0 or token.kind == "sep" or (depth == 0 and token.text in _ENDS):
            return None
        if depth == 0 and (closing := _closing(tokens, at)):
            if not inner:
                return _cut_span(tokens, start, closing)
            inner -= 1
            at = closing.end
            continue
        inner += depth == 0 and token.text == "int"
        at += 1
    return None


def _closing(tokens: Sequence[Token], at: int) -> _Closing | None:
    if letter := differential_letter(tokens, at):
        return _Closing(letter, at, at + 2)
    return _in_numerator(tokens, at) if tokens[at].text in _FRACTIONS else None


def _in_numerator(tokens: Sequence[Token], at: int) -> _Closing | None:
    r"""Returns the dx at the end of the numerator in `\frac{2 dx}{x}`. dy/dx is a derivative."""
    behind = group_end(tokens, at + 1)
    letter = differential_letter(tokens, behind - 3) if behind is not None else None
    if behind is None or letter is None or behind - 3 <= at:
        return None
    if [token.text for token in tokens[behind : behind + 2]] in (["{", "d"], ["{", "partial"]):
        return None
    return _Closing(letter, behind - 3, group_end(tokens, behind) or behind + 1)


_OPERATORS = frozenset({"int", "lim", "sum", "prod"})
FARTHEST_TERM = 80


def term_holds(tokens: Sequence[Token], at: int, letter: str) -> bool:
    """Checks whether the term that begins here holds this letter, and no operator that may bind it anew."""
    depth = 0
    texts: set[str] = set()
    for token in tokens[at : at + FARTHEST_TERM]:
        spend_steps()
        depth += _OPENERS.get(token.text, 0) if token.kind == "op" else 0
        if depth < 0 or (depth == 0 and (token.kind == "sep" or token.text in _ENDS or token.text in "+-")):
            break
        texts.add(token.text)
    return letter in texts and _OPERATORS.isdisjoint(texts)


def _cut_span(tokens: Sequence[Token], start: int, closing: _Closing) -> Span:
    before, behind = list(tokens[start : closing.at]), tokens[closing.at + 2 : closing.end]
    if behind and before[-1].text == "{":  # \\frac{dx}{x}
        before.append(Token("num", "1", Fraction(1)))
    return Span([*before, *behind], closing.letter, closing.end)


def group_end(tokens: Sequence[Token], at: int) -> int | None:
    """Returns the index behind the braces that open at `at`."""
    if at >= len(tokens) or tokens[at].text != "{":
        return None
    depth = 0
    for k in range(at, min(len(tokens), at + FARTHEST)):
        if tokens[k].kind == "op":
            depth += {"{": 1, "}": -1}.get(tokens[k].text, 0)
        if depth == 0:
            return k + 1
    return None


def count_bounds(tokens: Sequence[Token]) -> int | None:
    """Returns how many of its two bounds an integral has; None where one stands alone."""
    at = count = 0
    while at < len(tokens) and tokens[at].text in ("_", "^") and count < 2:
        at = group_end(tokens, at + 1) or at + 2
        count += 1
    return None if count == 1 else count
