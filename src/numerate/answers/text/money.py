"""Currencies and percent signs: what both answers name must agree, `$5` is no `€5` and `18%` no `$18`.

Looked for in the texts as written, since the normal form drops these signs."""

from __future__ import annotations

import re
from decimal import Decimal

from numerate.answers.text.units import CODES, amount_code, unit_of

_KINDS = {
    "\\$": "dollar", "\\pounds": "pound", "\\euro": "euro", "€": "euro", "£": "pound", "￡": "pound",
    "¥": "yen yuan", "￥": "yen yuan", "₹": "rupee", "₽": "ruble", "₩": "won", "₫": "dong", "₺": "lira",
    "฿": "baht", "₴": "hryvnia", "₦": "naira", "₱": "peso", "₪": "shekel",
}  # fmt: skip
"""the currencies that a sign may stand for"""
SIGNS = "".join(sign for sign in _KINDS if not sign.startswith("\\")) + "￠"
_SIGN = re.compile(r"\\(?:\$|pounds|euro)|[" + SIGNS + "]")
_PERCENT = re.compile(r"%|(?<![A-Za-z])(?:[Pp]ercent|pct)")
_AMOUNT = re.compile(r"\$ ?[-+]?\.?\d")
_SHARED = frozenset(
    {"increase", "decrease", "discount", "chance", "probability", "rate", "interest", "growth", "profit",
     "los", "tax", "off", "more", "les", "change", "gain", "return", "reduction"}
)  # fmt: skip
"""words behind a percentage that are no unit of another kind"""


def currencies_differ(a: str, b: str, normal_a: str, normal_b: str) -> bool:
    """Checks whether one answer has a currency or a percent sign, and the other names something else. The
    last two are the answers in normal form."""
    left, right = named_currencies(a), named_currencies(b)
    if not (left or right):
        return False
    left |= _counted_units(normal_a, bool(left))
    right |= _counted_units(normal_b, bool(right))
    return bool(left and right) and left.isdisjoint(right)


def _may_be_signed(text: str) -> bool:
    """Checks at little cost whether an answer may have a sign of money; most have none."""
    if "$" in text or "%" in text or text[:24].lstrip(" \\{tex")[:1].isupper() or not text.isascii():
        return True
    return "\\pounds" in text or "\\euro" in text or "ercent" in text or "pct" in text


def named_currencies(text: str) -> set[str]:
    """Returns what the signs and codes of a text name."""
    if not _may_be_signed(text):
        return set()
    kinds = {kind for sign in _SIGN.findall(text) for kind in _KINDS.get(sign, "").split()}
    if "$" in text and _has_dollars(text):
        kinds.add("dollar")
    if code := amount_code(text):
        kinds.add(CODES[code])
    if _PERCENT.search(text):
        kinds.add("percent")
    return kinds


def _has_dollars(text: str) -> bool:
    """Checks whether a dollar sign stands before a number and opens no formula: `$18`, `$5 or $6`, but not
    `$18$`."""
    at = text.find("$")
    while at >= 0:
        if text[at - 1 : at] == "\\" or text[at + 1 : at + 2] == "$":
            at = text.find("$", at + 2)
            continue
        close = text.find("$", at + 1)
        opens_next = close > 0 and text[close - 1].isspace() and _AMOUNT.match(text, close)
        if close < 0 or opens_next:
            if _AMOUNT.match(text, at):
                return True
            at = close
        else:
            at = text.find("$", close + 1)
    return False


def _counted_units(normal: str, is_signed: bool) -> set[str]:
    """Returns the units of an amount; words for the counted thing only where there is no sign."""
    unit = unit_of(normal)
    if unit is None:
        return set()
    units = {name for name, exponent in unit.known if exponent > 0}
    return units if units or is_signed else set(unit.words) - _SHARED


_CENTS = re.compile(r"\s*(?P<number>\d{1,9}(?:\.\d{1,4})?) ?(?:\\text ?\{ ?)?(?:cents?|¢|￠)(?: ?\})?[ .]*")
_DOLLARS = re.compile(r"\bdollars?\b")


def in_dollars(amount: str, other: str) -> str | None:
    """Returns cents as dollars, where the other text is an amount of dollars; None for anything else."""
    cents = _CENTS.fullmatch(amount) if "¢" in amount or "￠" in amount or "cent" in amount else None
    if cents is None or not ("dollar" in named_currencies(other) or _DOLLARS.search(other)):
        return None
    return f"\\${Decimal(cents['number']) / 100:f}"
