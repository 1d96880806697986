"""The number of a statement, with its unit or the other end of its range: `5 to 7 days`."""

from __future__ import annotations

import re
from decimal import Decimal

from numerate.answers.equivalence import decide
from numerate.answers.extraction.clauses import DENIAL, DENIAL_BEFORE, DIGIT, NEAR, main_clause
from numerate.answers.extraction.expressions import MathRun, math_runs
from numerate.answers.extraction.main_number import is_whole, main_number
from numerate.answers.extraction.quantities import amount_of_money, quantity_end
from numerate.answers.extraction.spelled_numbers import number_words
from numerate.answers.extraction.whole_values import are_assigned, are_several, changed_span
from numerate.answers.text.formulas import right_side
from numerate.answers.text.number_words import PARTS

SIGN_APART = re.compile(r"^- (?=\d)")
_ONE_OF_SEVERAL = re.compile(r"\d[\d.,]* of \d[\d.,]*")
"""`3 of 5`, and in Dutch `3 or 5`: neither is one number"""
_OPTION = re.compile(r"\(?[A-J]\)\s+(?=\S)")
_BETWEEN = re.compile(r"\b(?:between|entre|zwischen)\s+$", re.IGNORECASE)
_ENDS_OF_RANGE = re.compile(
    r"[^\w+-]{0,3}(?:[个個개টি日天分円元]{1,2})?\s*(?:(?<= )a(?= )|à|до|到|から|에서|up to"
    r"|or(?: maybe| possibly| perhaps)?|maybe|possibly|perhaps|to|"
    r"oder|bis|ou|o|oppure|или|lub|albo"
    r"|veya|hoặc|atau|au|または|或者|或|还是|หรือ|অথবা|বা|లేదా|أو|"
    r"या|또는|na dakika)\s*"
)
_DENIED_BEHIND = re.compile(
    r"\W?\s*(?:ではな|じゃな|이 아니|가 아니|नहीं|नही|নয়|కాదు|değil|"
    r"ではあり|じゃあり|[가이] 아닙|[가이] 아니|"
    r"(?:is|are|was) (?:not|wrong|incorrect)|fails|does(?:n't| not) work)"
)
_SIGNS = re.compile(
    r"[^\w\s.,;:!?'$%\"]|[²³¹¼-¾⁰-₉⅐-↉]|\d[A-Za-z.:'\u0370-\u03ff]|[A-Za-z_:'.,\u0370-\u03ff]\d"
    r"|\d\s(?:\d|[x\u0370-\u03ff] ?\d|[\u0370-\u03ff]\b|: \d)|\d:\d|"
    r"\b[AP]M\b|(?i:\b(?:thousand|[mb]illion|hundred|trillion)\b)|\$\d[^$]*\$|\d%\w"
)
_PLAIN_NUMBER = re.compile(r"\$?(?:\d{1,3}(?:,\d{3})+(?![\d])|\d+(?![\d,]*,\d))(?:\.\d+)?%?")
"""the numbers of a text without other mathematics, of which _SIGNS sees any"""
_DOTTED = re.compile(r"(?P<sign>(?:[A-Z]{1,2})?[€£¥₹$])?\s?\d{1,3}(?:\.\d{3})+\s?(?P<behind>[€£])?")
_EUROPEAN = frozenset({"€", "£", "zł", "Euro", "euros", "euro", "đồng"})
_GLUED = re.compile(r"^(-?\d[\d,.]*)(m|L|s|h|g|W|pcs)$")
NEGATIVE_BEFORE = re.compile(r"\b(?:negative|minus)\s+$", re.IGNORECASE)
_DOLLARS_ABROAD = re.compile(r"^[A-Z]{1,2}\\?\$ ?")
_RANGE = re.compile(r"(\d+)[-–](\d+)")


_OPERATION_IN_WORDS = re.compile(
    r"\W*(?:(?:half|twice|double|triple|a (?:third|quarter) of|(?:two|three|four|five|\d+) times)"
    r"(?: of)?(?: the)? \$?\d[\d.,]*"
    r"|\$?\d[\d.,]* (?:more|less|fewer|greater) than \$?\d[\d.,]*)\W*$",
    re.IGNORECASE,
)
"""a number that is still to be calculated: `half of 10`"""
_RATIO = re.compile(
    r"\b(?:ratio|odds|probability|chances?|scale)\b[^.\d]{0,80}(?<![\d.,/:])"
    r"(?P<first>\d[\d,]{0,12}) (?P<word>to|in|out of) (?P<second>\d[\d,]{0,12})(?:, (?:that is|i\.e\."
    r"|or),? [^\d]*)?[.!]?\s*$",
    re.IGNORECASE,
)


def ratio_in(text: str) -> str | None:
    """Returns the ratio or the probability at the end of a sentence: `3 to 4`, `1 in 6`."""
    match = _RATIO.search(text)
    if match is None:
        return None
    word = "to" if match["word"].lower() == "to" else "out of"
    return f"{match['first']} {word} {match['second']}"


def number_in(text: str) -> str | None:
    """Returns the number of a statement: behind the last equals sign, where it begins, or the last one."""
    if _ONE_OF_SEVERAL.fullmatch(text):
        return text
    text = _OPTION.sub("", text, count=1)
    if ratio := ratio_in(text):
        return ratio
    if _OPERATION_IN_WORDS.match(text):
        return text
    if calculation := calculated_number(text):
        return calculation
    text = main_clause(text, DIGIT)
    runs = [run for run in number_runs(text) if not denied_behind(text, run)]
    if not runs:
        return number_words(text)
    first = runs[0].start <= 1
    run = runs[_last_part(text, 0, runs, commas=False)] if first else main_number(text, runs)
    return _several_values(text, run, runs) or whole_number(text, run, runs)


def _several_values(text: str, run: MathRun, runs: list[MathRun]) -> str | None:
    """Returns the values that a statement gives side by side, None where it gives one."""
    first = last = runs.index(run)
    while last + 1 < len(runs) and are_several(text, runs[last], runs[last + 1]):
        last += 1
    if first == last and first and _SIDE_BY_SIDE.fullmatch(text, runs[first - 1].end, run.start):
        first -= 1
    if first == last:
        return None
    values = [text[each.start : quantity_end(text, each.end)] for each in runs[first : last + 1]]
    if all(decide(values[0], value).equal for value in values[1:]) or is_whole(*runs[first : last + 1]):
        return None
    if _BETWEEN.search(text, 0, runs[first].start):
        return f"between {text[runs[first].start : runs[last].end]}"
    end = quantity_end(text, runs[last].end) if last + 1 < len(runs) else len(text.rstrip(" ."))
    return text[runs[first].start : end]


_SIDE_BY_SIDE = re.compile(r"\s*(?:,? (?:and|&)|[,;])\s?\$?")


_CONVERSION = re.compile(r"\$?\d[\d.,]*\s?[A-Za-z]{1,12}\s*=\s*\d[\d.,]*\s?[A-Za-z]+\W*$")
_DEFINES = re.compile(
    r"(?<![-+*/×÷–] )(?<!in )(?<!per )(?<![\d.,$])\(?\b(?:1|an?"
    r"|one) [A-Za-z]{1,12}\.? ?= ?\d[\d.,]* ?[A-Za-z]+\b\)?[,;]?",
    re.IGNORECASE,
)
_ROUNDS = re.compile(r",(?>[^=,]*?\b(?:needs?|must|has to|have to|rounds?|means)\b)[^=]*\d")
_REASON = re.compile(r"\b(?:because|since|car|porque|ya que|weil|denn|потому)\b|因为|なぜなら", re.IGNORECASE)


def without_definitions(text: str) -> str:
    """Removes the value of a unit, `1 km = 1000 m`, where another number remains."""
    rest = _DEFINES.sub(" ", text) if "=" in text else text
    return rest if DIGIT.search(rest) else text


def calculated_number(text: str) -> str | None:
    """Returns the right side of the last calculation of a sentence: `$20 - $5 = $15 for the 3 cups`."""
    if "=" not in text or _CONVERSION.match(text):
        return None
    text = without_definitions(text)
    before = _REASON.split(text, maxsplit=1)[0]
    text = before if DIGIT.search(before) else text
    runs = [run for run in number_runs(text) if not denied_behind(text, run)]
    equations = [
        run for run in runs if "=" in run.text.strip("= ") or text[: run.start].rstrip().endswith("=")
    ]
    if not equations or _ROUNDS.search(text, equations[-1].end):
        return None
    if len(equations) > 1 and are_assigned(text, equations[-2], equations[-1]):
        return text[equations[-2].start : equations[-1].end]
    return whole_number(text, equations[-1], runs)


def number_runs(text: str) -> list[MathRun]:
    """Returns the runs with a digit that the text doesn't deny."""
    if not _SIGNS.search(text):
        plain = [MathRun(m.start(), m.end(), m.group()) for m in _PLAIN_NUMBER.finditer(text)]
        return [run for run in plain if not DENIAL_BEFORE.search(text[max(run.start - 16, 0) : run.start])]
    runs = [run for run in math_runs(text) if DIGIT.search(run.text)]
    return [run for run in runs if not DENIAL_BEFORE.search(text, max(0, run.start - DENIAL), run.start)]


def denied_behind(text: str, run: MathRun) -> bool:
    """Checks whether the words behind the number deny it."""
    return _DENIED_BEHIND.match(text, run.end) is not None


def whole_number(text: str, run: MathRun, runs: list[MathRun]) -> str:
    """Returns the number with the other end of its range, its unit, and what belongs to it behind a smaller
    unit."""
    index = runs.index(run)
    before = runs[max(index - 1, 0)]
    if amount := amount_of_money(text[before.start :]):
        return amount
    if index and _BETWEEN.search(text[: before.start]):
        return f"between {text[before.start : run.end]}"
    if index and _CHANGES.search(text, 0, before.start) and _TO.fullmatch(text[before.end : run.start]):
        return _with_unit(text, run)
    if index + 1 < len(runs) and _ENDS_OF_RANGE.fullmatch(text[run.end : runs[index + 1].start]):
        return text[run.start : runs[index + 1].end]
    first, last = _first_part(text, index, runs), _last_part(text, index, runs)
    if first < last:
        return text[runs[first].start : quantity_end(text, runs[last].end)]
    return _with_unit(text, run)


def range_to(text: str, before: MathRun, run: MathRun) -> str | None:
    """Returns the range that ends in a number, `3 to 4`; None where it changes from the number before."""
    if not _TO_END.fullmatch(text, before.end, run.start) or _FROM.search(text, 0, before.start):
        return None
    return text[before.start : run.end]


_TO_END = re.compile(r"(?: [a-z]{2,12})? to \$?")
_FROM = re.compile(r"\b(?:from|ratio of|odds of|adding|compared)\s+\$?$")
_CHANGES = re.compile(
    r"\b(?:drop|fall|fell|ris|rose|go|went|increas|decreas|reduc|chang|shr[aiu]nk|gr[eo]w|climb|declin"
    r"|lower|rais)\w*"
    r"(?: \w+){0,2} from\s+\$?$",
    re.IGNORECASE,
)
_TO = re.compile(r"[^\d,.;]* to ")


def _first_part(text: str, index: int, runs: list[MathRun]) -> int:
    """Returns the index of the first of the numbers that are one with that at `index`: `2 hours and 15
    minutes`."""
    first = index
    while first and (
        _ENDS_OF_RANGE.fullmatch(text[runs[first - 1].end : runs[index].start])
        or quantity_end(text, runs[first - 1].end, joined=True) == runs[first].start
    ):
        first -= 1
    return first


def _last_part(text: str, index: int, runs: list[MathRun], commas: bool = True) -> int:
    """Returns the index of the last of the numbers with units that are one with that at `index`: `3 hours and
    20 minutes`. commas: those behind a comma are, too."""
    last = index
    while (
        last + 1 < len(runs)
        and quantity_end(text, runs[last].end, joined=True) == runs[last + 1].start
        and (commas or "," not in text[runs[last].end : runs[last + 1].start])
        and quantity_end(text, runs[last + 1].end) > runs[last + 1].end
    ):
        last += 1
    return last


def _with_unit(text: str, run: MathRun) -> str:
    if _ASSIGNED.fullmatch(run.text):
        return run.text
    value = SIGN_APART.sub("-", _range_in_words(right_side(run.text, approximate=True)))
    value = value.rstrip(")") if "(" not in value else value
    value = _GLUED.sub(r"\1 \2", value)
    if NEGATIVE_BEFORE.search(text, max(0, run.start - NEAR), run.start) and value[:1] in _FIRST:
        value = "-" + value
    if value[:1] == "(" and value[-1:] == ")" and "," not in value:
        value = value[1:-1]
    if thousands := _THOUSANDS.fullmatch(value):
        return f"${Decimal(thousands[1]) * 1000:f}"
    if _WHOLE.fullmatch(value) and (scaled := _SCALED.match(text, run.end)):
        return scaled_number(value, scaled.group().strip(" -")) if "=" not in run.text else value
    if not run.formula and (span := changed_span(text, run.start, run.end)):
        return text[slice(*span)].strip()
    unit = "" if run.formula else text[run.end : quantity_end(text, run.end)]
    return _plain_money("₹" + value if text[: run.start].endswith("Rp") else value, unit).lstrip("₹")


_ASSIGNED = re.compile(r"[A-Za-z] ?= ?[^,;=]+(?:[,;] ?(?:and )?[A-Za-z] ?= ?[^,;=]+)+")
"""several unknowns: `x=3, y=4`"""
_FIRST = frozenset("$.½¼¾⅓⅔0123456789")
_THOUSANDS = re.compile(r"\$(\d{1,6}(?:\.\d{1,3})?)[kK]")
_WHOLE = re.compile(r"-?\d{1,9}")
_SCALED = re.compile(r"[ -](?:squared|cubed|and an? (?:half|quarter|third))\b(?! more| less)")


def scaled_number(value: str, word: str) -> str:
    """Returns `5 squared` or `2 and a half` in digits."""
    if word in ("squared", "cubed"):
        return f"{value}^{2 if word == 'squared' else 3}"
    parts = PARTS[word.rpartition(" ")[2]]
    return f"{int(value) * parts + 1}/{parts}"


def _plain_money(value: str, unit: str) -> str:
    """Removes the points from an amount of money (`70.000 €`: no currency has three decimals)."""
    dotted = _DOTTED.fullmatch(value)
    if dotted and (dotted["sign"] or dotted["behind"] or unit.strip() in _EUROPEAN):
        value = value.replace(".", "")
    return _DOLLARS_ABROAD.sub("$", value) + ("" if unit.strip() in ("zł", "đồng") else unit)


def _range_in_words(value: str) -> str:
    """Writes a range with a word: `5-7` days are no difference."""
    ends = _RANGE.fullmatch(value)
    return f"{ends[1]} to {ends[2]}" if ends and int(ends[1]) < int(ends[2]) else value
