"""Units: what may stand beside a number without changing which number it is."""

from __future__ import annotations

import re

from numerate.answers.names import LETTER_UNITS, UNITS

_SAME = {
    "mm": "mm millimeter millimetre", "cm": "cm centimeter centimetre", "m": "m meter metre",
    "km": "km kilometer kilometre", "in": "inch inche", "ft": "ft foot feet", "yd": "yd yard",
    "mi": "mi mile", "mg": "mg milligram", "g": "g gm gram", "kg": "kg kilogram", "lb": "lb pound",
    "oz": "oz ounce", "s": "s sec second", "min": "min minute", "h": "h hr hour", "day": "day",
    "week": "wk week", "month": "month", "year": "yr year", "cent": "cent", "dollar": "dollar usd",
    "ml": "ml milliliter millilitre", "l": "liter litre", "mph": "mph", "am": "am", "pm": "pm", "kph": "kph",
}  # fmt: skip
CANONICAL = {word: unit for unit, names in _SAME.items() for word in names.split()}
"""known units by each of their names without the plural s; two answers in different ones differ"""

_UNIT = r"[A-Za-z]{1,3}(?:\^\{?-?\d\}?)?"
_STYLED = re.compile(r"\\(?:text|mathrm|mbox|textrm|textbf|textnormal)\{([^{}]{0,60})\}")
_QUANTITY = re.compile(rf"([-+]?[\d.,]*\d) +(({_UNIT})(?: ?[/*] ?{_UNIT})?)")
_MPH = re.compile(r"\bmi(?:les?)? ?(?:per|/) ?h(?:our|r)?\b")
_KPH = re.compile(r"\b(?:km|kilomet(?:er|re)s?) ?(?:per|/) ?h(?:our|r)?\b")
_LAST_WORD = re.compile(r"(?:(?<=[\d})])|(?<= ))([A-Za-z]+)(?: ?\^ ?\{?([234])\}?)?[ .]*$")


def split_quantity(normal: str) -> tuple[str, str] | None:
    """Number and unit of `10 m/s` or `9.25 L`: digits, a space, and a unit of a few letters. None for
    anything else."""
    match = _QUANTITY.fullmatch(_STYLED.sub(r" \1", normal)) if len(normal) < 80 else None
    if match is None:
        return None
    letters = re.findall(r"[A-Za-z]+", match.group(2))
    known = all(w in LETTER_UNITS or w.lower() in UNITS for w in letters)
    return (match.group(1), match.group(2).replace(" ", "")) if known else None


def units_differ(a: str, b: str) -> bool:
    """True when both answers end in a known unit and not in the same one (`5 cm`, `5 m`; `m^2`, `m^3`)."""
    one, other = unit_of(a), unit_of(b)
    if one is None or other is None:
        return False
    return one[0] != other[0] or (one[1] != other[1] and "" not in (one[1], other[1]))


_MONEY = {"\\$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "₹": "rupee"}


def money_differs(a: str, b: str) -> bool:
    """True when one answer has the sign of a currency and the other that of another, or some other unit."""
    one, other = (next((name for sign, name in _MONEY.items() if sign in x), None) for x in (a, b))
    if one is None and other is None:
        return False
    found = [money or (unit_of(x) or (None,))[0] for money, x in ((one, a), (other, b))]
    return None not in found and found[0] != found[1]


def _speeds(text: str) -> str:
    return _MPH.sub("mph", _KPH.sub("kph", text))


def unit_of(normal: str) -> tuple[str, str] | None:
    """The known unit that ends an answer with a number in it and its exponent, "" for none."""
    if not any(c.isdigit() for c in normal):
        return None
    match = _LAST_WORD.search(_speeds(_STYLED.sub(r" \1", normal[-120:])))
    if match is None:
        return None
    word = match.group(1)
    plural = word.lower().removesuffix("s") if len(word) > 2 else word
    unit = CANONICAL.get(word if len(word) == 1 else word.lower()) or CANONICAL.get(plural)
    return (unit, match.group(2) or "") if unit else None
