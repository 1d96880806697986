"""Chinese numerals: `二十三`, `一百二` (120), `十二点五`, `三分之二`."""

from __future__ import annotations

import re

DIGITS = {
    sign: n
    for n, signs in enumerate(("零〇", "一", "二两兩", "三", "四", "五", "六", "七", "八", "九"))
    for sign in signs
}
_TENS = {"十": 10, "百": 100, "千": 1_000}
_SIGNS = "".join(DIGITS) + "十百千万萬亿億"
NUMERAL = re.compile(
    rf"(?P<sign>[负負]?)(?P<whole>[{_SIGNS}]+)(?:分之(?P<above>[{_SIGNS}]+)|[点點](?P<decimals>[{''.join(DIGITS)}]+))?"
)


def chinese_integer(numeral: str) -> int | None:
    """Returns the value of a numeral, None for one that is no number: `十十`, `三二`."""
    for scale, power in (("亿", 10**8), ("億", 10**8), ("万", 10**4), ("萬", 10**4)):
        head, found, rest = numeral.partition(scale)
        if found:
            above = chinese_integer(head) if head else None
            below = _behind(rest, power)
            return None if above is None or below is None or below >= power else above * power + below
    return _below_ten_thousand(numeral)


def _behind(rest: str, unit: int) -> int | None:
    """Returns what stands behind a unit; a digit alone counts the next smaller ones: `一万二` is 12,000."""
    if len(rest) == 1 and DIGITS.get(rest):
        return DIGITS[rest] * unit // 10
    return chinese_integer(rest) if rest else 0


def _below_ten_thousand(numeral: str) -> int | None:
    if all(sign in DIGITS for sign in numeral):  # 二〇二五
        zero = numeral[0] in "零〇" and len(numeral) == 2
        digits = "".join(str(DIGITS[sign]) for sign in numeral)
        return int(digits) if len(numeral) == 1 or len(numeral) == 4 or zero else None
    total, digit, least = 0, None, 10_000
    for k, sign in enumerate(numeral):
        if sign in DIGITS:
            if digit:
                return None
            digit = DIGITS[sign]
        else:
            unit = _TENS[sign]
            if unit >= least or (digit is None and (k or unit > 10)) or (digit == 0 and unit > 10):
                return None
            total, least, digit = total + (digit or 1) * unit, unit, None
    if digit and least > 10 and numeral[-2] not in "零〇":
        digit *= least // 10
    return total + (digit or 0)


def chinese_value(match: re.Match[str]) -> str | None:
    """Returns a match of NUMERAL in digits, None where it is no number."""
    whole = chinese_integer(match["whole"])
    if whole is None:
        return None
    sign = "-" if match["sign"] else ""
    if match["above"]:
        above = chinese_integer(match["above"])
        return f"{sign}{above}/{whole}" if above is not None and whole else None
    decimals = "".join(str(DIGITS[digit]) for digit in match["decimals"] or "")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
