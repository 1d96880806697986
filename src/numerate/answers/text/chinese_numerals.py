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
        head, sign, rest = numeral.partition(scale)
        if sign:
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


# -- the numeral of a sentence ----------------------------------------------------------------------
_NO_NUMBER = re.compile(
    r"十分(?!钟|鐘|之)|万一|千万|一一|一共|十足|百分(?!之)|一起|一样|一直|一定|统一|一些|一点儿?"
)
_MEASURE = re.compile(r"[个個只隻本元天块塊人名岁歲分米度次张張条條枚辆輛页頁杯瓶倍年月日円頭匹冊]")
_CHANGED = re.compile(rf"(?:{_MEASURE.pattern})?(?:[多几幾余餘来來半]|以[上下]|左右|上下)|[点點分又倍成折]")
_BEFORE_IT = re.compile(r"[第每星期周初近超过過几幾数數好约約]$|[至最]少$|[不少多大小]于$|比$|大[约約概]$")


def chinese_number(text: str) -> str | None:
    """Returns the only numeral of a text in digits, "" where it is not understood, None without one."""
    text = _NO_NUMBER.sub(lambda match: " " * len(match.group()), text)
    numerals = [match for match in NUMERAL.finditer(text) if _is_numeral(text, match)]
    if not numerals:
        return None
    match = numerals[0]
    if len(numerals) > 1 or _BEFORE_IT.search(text[: match.start()]):
        return ""
    minutes = text.startswith(("分钟", "分鐘"), match.end())
    if _CHANGED.match(text, match.end()) and not minutes:
        return ""
    return chinese_value(match) or ""


def _is_numeral(text: str, match: re.Match[str]) -> bool:
    """Checks whether the match is more than a digit alone, or a digit that counts something or is the
    whole text."""
    if len(match.group()) > 1 or match.group() == "十":
        return True
    alone = len(text.strip(" .。!个個")) == 1
    return alone or (_MEASURE.match(text, match.end()) is not None and match.group() not in "百千万亿")
