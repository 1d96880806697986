"""Units behind a number in running text: `40 hours`, `5 m/s`, `2 hours and 15 minutes`."""

from __future__ import annotations

import re

from numerate.answers.text.units import CANONICAL

_UNIT = re.compile(
    r"[ \u00a0-]?(?:(?:square|cubic|sq\.?|cu\.?) )?"
    r"(?P<name>[A-Za-z]{2,}|°[CF]?|℃|℉|¢|€|£|¥|₹|[mhgLl](?!\w)|zł|đồng"
    r"|万元?|萬元?|亿元?|億円?|万円?|千|百万"
    r"|時間|小时|小時|分钟|分鐘|分|秒|時|点|點|시간|분|"
    r"час(?:а|ов)?|минут[аы]?)"
    r"(?:(?:/| ?per | an? )(?P<below>[A-Za-z]{1,12}))?"
    r"(?:\^?\{?[23](?!\d)\}?|[²³]| squared| cubed)?(?![A-Za-zÀ-ſ])"
)
_SMALLER = re.compile(r" (?:in|oz|pt|ms)\b(?! (?:the|all|total|an?|his|her|their|its|[a-z]+ing)\b)")
_LARGER = re.compile(r"\b(?:ft|feet|foot|lbs?|pounds?|gal|qt|s|sec)\.?,? (?:and )?\d+(?:\.\d+)?$")
"""a number of the next larger unit before `2 in` or `3 oz`: elsewhere these are words"""
_SIGNS = frozenset("°℃℉¢€£¥₹")
_JOINED = re.compile(r",? (?:and )?")
_NO_UNITS = frozenset({"in", "am", "pm", "no", "mi", "oz", "pt", "ms", "as", "pa"})


def quantity_end(text: str, start: int, joined: bool = False) -> int:
    """Returns the index behind the unit that stands at `start`, `start` itself where there is none.

    joined: behind the white space or "and" that joins a smaller unit to it as well."""
    match = _UNIT.match(text, start)
    if match is None or not (is_unit(match["name"]) or (joined and match["name"] == "h")):
        smaller = _SMALLER.match(text, start)
        return smaller.end() if smaller and _LARGER.search(text, max(start - 24, 0), start) else start
    end = match.end()
    if match["below"] and not is_unit(match["below"]) and match["below"] not in ("s", "h"):
        end = match.end("name")
    if joined and (link := _JOINED.match(text, end)):
        return link.end()
    return end


def is_unit(name: str) -> bool:
    """Checks whether `name` is the name or sign of a unit."""
    if name[0] in _SIGNS or name in ("m", "g", "L", "l") or not name.isascii():
        return True
    low = name.lower()
    return low not in _NO_UNITS and (
        name in CANONICAL or low in CANONICAL or low.removesuffix("s") in CANONICAL
    )


_DOLLARS_AND_CENTS = re.compile(
    r"(?:\\?\$?(\d[\d,]*) dollars?,?|\\?\$(\d[\d,]*),?) (?:and )?(\d{1,2}) cents?\b"
)


def amount_of_money(text: str) -> str | None:
    """Reads `5 dollars and 25 cents` at the start of a text as `$5.25`."""
    match = _DOLLARS_AND_CENTS.match(text)
    return f"${match[1] or match[2]}.{int(match[3]):02d}" if match else None
