"""Digits in groups: `1 234 567`, `1'234`, `12.345,67`, `1.234.567`; where they can be nothing else."""

from __future__ import annotations

import re

_END = r"(?P<unit> ?\\?[a-zA-Z%^{].{0,40})?"
_SPACED = re.compile(
    r"(?P<digits>[-+]?\d{1,3}(?: \d{3})+)(?:[.,](?P<part>\d+))?(?P<fraction> \d+/\d+| ?\\[dt]?frac.{2,12})?"
    + _END
)
_QUOTED = re.compile(r"(?P<digits>[-+]?\d{1,3}(?:'\d{3})+)(?:[.,](?P<part>\d+))?(?P<fraction>)" + _END)
_DOTTED = re.compile(r"(?<![\w.,'])(?P<digits>[1-9]\d{0,2}(?:\.\d{3})+),(?P<part>\d+)(?![\w.,])")
_DOTTED_WHOLE = re.compile(r"(?<![\w.,'])[1-9]\d{0,2}(?:\.\d{3}){2,}(?![\w.,])")
_BRACKETS = re.compile(r"[\[(;]|\\\{|, ")
_INDIAN = re.compile(r"(?<![\w.,])[1-9]\d?(?:,\d\d)+,\d{3}(?![\w,])")


def join_digit_groups(text: str) -> str:
    """Returns the answer with groups of digits joined that spaces, apostrophes or dots keep apart."""
    match = (_SPACED if " " in text else _QUOTED).fullmatch(text) if text.lstrip("+-")[:1].isdigit() else None
    if match:
        whole = match["digits"].replace(" ", "").replace("'", "")
        part = f".{match['part']}" if match["part"] else ""
        return whole + part + (match["fraction"] or "") + (match["unit"] or "")
    if "." not in text or _BRACKETS.search(text):
        return text
    if text.count(",") == 1:
        return _DOTTED.sub(lambda m: f"{m['digits'].replace('.', '')}.{m['part']}", text)
    return _DOTTED_WHOLE.sub(lambda m: m[0].replace(".", ""), text)


_DECIMAL_COMMA = re.compile(
    r"\s*(?P<whole>-?\d{1,9}),(?P<part>\d{1,2})"
    r"(?P<unit>(?: (?!and |or )|(?=[\\%]))(?!\\text ?\{ ?(?:and|or) ?\})[^\d,;]{1,30})?\s*"
)


def decimal_comma(text: str) -> str | None:
    """Returns `3,5` or `3,5 kg` with a point, None for anything else."""
    match = _DECIMAL_COMMA.fullmatch(text)
    return f"{match['whole']}.{match['part']}{match['unit'] or ''}" if match else None


def join_indian_groups(text: str) -> str | None:
    """Returns `1,50,000` as one number, None where no digits are grouped so."""
    if _BRACKETS.search(text) or not _INDIAN.search(text):
        return None
    return _INDIAN.sub(lambda m: m[0].replace(",", ""), text)
