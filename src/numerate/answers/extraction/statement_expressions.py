"""The expression of a statement, or what it says in a few words: `x = 1 or x = 2`, `no solution`."""

from __future__ import annotations

import re

from numerate.answers.equivalence import decide
from numerate.answers.extraction.clauses import (
    CONTENT,
    DENIAL,
    DENIAL_BEFORE,
    DIGIT,
    NEAR,
    NEUTRAL,
    WORD,
    count_words,
    main_clause,
)
from numerate.answers.extraction.expressions import MathRun, math_runs
from numerate.answers.extraction.main_number import is_detail
from numerate.answers.extraction.quantities import is_unit, quantity_end
from numerate.answers.extraction.statement_numbers import NEGATIVE_BEFORE, range_to, ratio_in
from numerate.answers.extraction.whole_values import are_several, changed_span
from numerate.answers.text.formulas import FORMULA, last_row, right_side, split_equation
from numerate.answers.text.number_words import PARTS, VALUES
from numerate.answers.text.vocabulary import (
    BOUNDING,
    MULTIPLIERS,
    PERCENT_WORDS,
    SEPARATORS,
    UNITS,
    split_names,
)

_STATED = re.compile(r"\d|\\|\$")
_COPULA = re.compile(r"\b(?:is|are|equals|equal to|becomes)\b:?")
_EMPTY = re.compile(
    r"(?:correct|incorrect|right|wrong|consistent|verified|reasonable|valid|confirmed"
    r"|as follows|below|above|the same|obvious"
    r"|clear|unclear"
    r"|that|this|too|very|in the|of the form|always|already|supposed|expected|required|known|shown)\b",
    re.IGNORECASE,
)
_READABLE = (
    BOUNDING
    | PERCENT_WORDS
    | SEPARATORS
    | {*MULTIPLIERS, *VALUES, *PARTS}
    | split_names(
        "all real no negative minus plus between from the point points interval set either both neither any "
        "yes true false if when only even odd undefined "
        "january february march april may june july august september october november december"
    )
)
"""words that the comparison reads beside a value"""
_READS = re.compile(r"\w|\\|[∅∞]")
_LETTERS = re.compile(r"[^\W\d_]+")
_FIRST_WORDS = re.compile(r"(?:[A-Za-zÀ-ÿ]{2,}[ :]+){1,2}(?=[$\\\d(-])")
_FOREIGN = re.compile(
    r"[\u0400-\u04ff\u0590-\u074f\u0900-\u0fff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


def expression_in(text: str) -> str | None:
    """Returns the expression of a statement; a few words as they are, for answers in words."""
    if whole := FORMULA.fullmatch(text.rstrip(" .")):
        return _whole_formula(text.rstrip(" ."), next(filter(None, whole.groups())).strip())
    if _EMPTY.match(text) and not CONTENT.search(text[:30]):
        return None
    text = main_clause(text, _STATED).strip()
    if not text or not _READS.search(text):
        return None
    if _is_short(text):
        return text.rstrip(" .")
    *_, tail = _COPULA.split(text)
    if tail != text and tail.strip() and _is_short(tail):
        return tail.strip()
    return last_expression(text) or text


def _whole_formula(text: str, inner: str) -> str:
    """Returns what a formula holds that is the whole text; with its dollar signs, unless it has several
    rows."""
    row = last_row(inner)
    if row != inner:
        return row
    return inner if text[:1] == "\\" else text


def _is_short(text: str) -> bool:
    """Checks whether the comparison reads the text as it stands: at most two words, and none before a
    value that says nothing."""
    words = count_words(text)
    if words >= 3 or (words and "=" in text.partition("=")[2]):
        return False
    if not text.isascii() and _FOREIGN.search(text) is not None and DIGIT.search(text) is not None:
        return False
    if "$" in text and any(not _is_known(word) for word in WORD.findall(FORMULA.sub(" ", text))):
        return False
    opening = _FIRST_WORDS.match(text)
    return opening is None or any(word.lower() in _READABLE for word in _LETTERS.findall(opening.group()))


def _is_known(word: str) -> bool:
    low = word.lower()
    return low in _READABLE or low in NEUTRAL or low in UNITS or is_unit(word)


_LINK = re.compile(
    r"\s*+(?:square |cubic )?(?:units?)?,?\s*+(?:attained |reached |achieved )?"
    r"(?:at|when|for|in|on|with|if|where|over|as)\s[\w\s]{0,24}",
    re.IGNORECASE,
)
_AFTER_COPULA = re.compile(
    r"\b(?:is|are|equals|equal to|of|maximum|minimum|value|max|min)(?: (?:thus|then|therefore|hence"
    r"|also|exactly|just))?\s*$"
)
_JOINT = re.compile(
    r"\s*(?:[,;&、]\s*(?:and|or)?|(?:,\s*)?(?:and|or|et|ou|y|e|und|oder"
    r"|и|или|和|或|と|及)|or else)\s*(?:by )?"
)
_CONDITION = re.compile(
    r"\s*+,?\s*+(?:for|when|where|if|whenever|provided|at"
    r"|此时|当|при|cuando|lorsque|quand|wenn|für)"
    r"\s*(?:all\s|any\s|every\s|each\s)?"
)
_RELATION = re.compile(r"[<>≤≥≠∈=]|\\(?:[lg]eq?|neq?|in|[lg]t)(?![a-z])")
_BEFORE_SUBJECT = re.compile(
    r"\b(?:thus|therefore|hence|so|means that|see that|conclude that),?\s+(?:(?:exactly|only)\s+)?$"
    r"|\bthere (?:are|is) (?:exactly |only )?$",
    re.IGNORECASE | re.DOTALL,
)
_BEHIND_SUBJECT = re.compile(r"\s+(?:(?:is|are) (?:the|an?)\b|[a-z]{4,}\b)(?!\s*(?:equal)?\s*[$\\\d])")
_CONCLUDES = re.compile(r"[,;] (?:and )?(?:so|thus|hence|therefore)\b[^$]*\$")
_GOES_ON = re.compile(
    r"(?:, | )(?:(?:and|so|which|of which) [^.;]*?\b(?:is|are|equals|makes?|leaves?|gives?)"
    r"|for (?:a|the) total of|giving|leaving|making) (?:exactly |only )?(?:\$|\\\(|\d)"
)
"""a clause with a value of its own: `there are 6 pairs, and their sum is $9$`"""
_THERE = re.compile(r"\bthere (?:are|is) (?:exactly |only )?$", re.IGNORECASE)
_IS = re.compile(r"\s+(?:is|are)\b")
_COMPOUND = re.compile(r"\s*[a-zA-Z]\w*(?:\s*[-+*/]\s*[a-zA-Z]\w*)+\s*=")
_ROUNDED = re.compile(
    r"\b(?:round(?:ed|ing|s)?|decimal (?:places?|digits?)|to the nearest|significant (?:figures|digits))\b",
    re.IGNORECASE,
)
_OR = re.compile(r"\b(?:or|ou|o|oder|или)\b|或")
_UNKNOWNS = re.compile(r"(?<![A-Za-z\\])[a-df-hj-zA-Z](?![A-Za-z])")


def last_expression(text: str) -> str | None:
    """Returns the last expression of a sentence, with those that `and` or `or` joins to it, and its unit."""
    if ratio := ratio_in(text):
        return ratio
    runs = [
        run
        for run in math_runs(text)
        if not DENIAL_BEFORE.search(text, max(0, run.start - DENIAL), run.start)
    ]
    every = runs
    plain = [run for run in runs if not run.formula and run.text.strip("$").isdigit()]
    details = [run for run in plain if is_detail(text, run)]
    runs = [run for run in runs if run not in details] or runs
    if not runs:
        return None
    if (subject := subject_of(text, runs)) is not None:
        *before, value = split_equation(subject.text)
        if before and _IS.match(text, subject.end) and _NUMERIC.fullmatch(value.strip(" .")):
            return value.strip(" .")  # `So $n+1=8$ is the number of vertices`
        return chain_value(right_side(last_row(subject.text), approximate=False))
    first, last = _joined_runs(text, runs)
    if first < last and _solves(text, runs[first : last + 1]):
        first = last
    if first == last and (
        value := _called_value(text, runs[last]) or _whole_of_number(text, runs[last], every)
    ):
        return value
    end = quantity_end(text, runs[last].end)
    unit = text[runs[last].end : end]
    if first == last:
        rounded = _ROUNDED.search(text) is not None
        value = chain_value(right_side(last_row(runs[last].text), approximate=rounded))
        if (value[:1] == "$" or value[:1].isdigit()) and NEGATIVE_BEFORE.search(
            text, max(0, runs[last].start - NEAR), runs[last].start
        ):
            value = "-" + value
        return (right_side(value, approximate=True) if unit and "=" in value else value) + unit
    if quantity_end(text, runs[last - 1].end, joined=True) == runs[last].start:
        return text[runs[first].start : end]
    joint = " or " if _OR.search(text[runs[first].end : runs[last].start]) else ", "
    return joint.join(last_row(run.text) for run in runs[first : last + 1])


def _whole_of_number(text: str, run: MathRun, every: list[MathRun]) -> str | None:
    """Returns a plain number with the rest of its range, or with what changes it: `3 to 4`, `at least 5`."""
    if run.formula or not _PLAIN_NUMBER.fullmatch(run.text):
        return None
    index = every.index(run)
    if index and (before := every[index - 1]) and not before.formula and _PLAIN_NUMBER.fullmatch(before.text):
        span = changed_span(text, before.start, before.end)
        if span and span[1] >= run.end:
            return text[slice(*span)]
        if several := are_several(text, before, run):
            return text[before.start : quantity_end(text, run.end)] if several else None
        if ends := range_to(text, before, run):
            return ends
    span = changed_span(text, run.start, run.end)
    return text[slice(*span)].strip() if span else None


_PLAIN_NUMBER = re.compile(r"\$?\d[\d,]*(?:\.\d+)?(?:%|st|nd|rd|th)?")
_EQUATION_BEFORE = re.compile(
    r"\b(?:equations?|line|curve|circle|parabola|formula|function|relation|form|identity|solutions?"
    r"|inequality|condition)\b"
)
_CALLED = re.compile(
    r"\b(?:is|are|equals|measures?|value|length|area|sum|answer|perimeter|volume|total)(?: (?:then|thus"
    r"|therefore|just|simply))?\s*$"
)
_NUMERIC = re.compile(r"(?:\\[dt]?frac|\\sqrt|\\pi|\\cdot|\^\\circ|[-\d.,/{}()^*+ ])+")


def _called_value(text: str, run: MathRun) -> str | None:
    """Returns the right side of an equation that a sentence calls its value: `The largest is $n+1 = 448$`."""
    *before, value = split_equation(run.text)
    if not run.formula or not before or not _NUMERIC.fullmatch(value.strip(" .")) or not DIGIT.search(value):
        return None
    if not _UNKNOWNS.search(before[0]) or len(before[0].strip()) < 2:
        return None
    start = max(run.start - NEAR, 0)
    called = _CALLED.search(text, start, run.start) and not _EQUATION_BEFORE.search(text, start, run.start)
    return value.strip(" .") if called else None


def _solves(text: str, runs: list[MathRun]) -> bool:
    """Checks whether the last of the equations solves those before it: `4 + t = 6, or t = 2`."""
    if not _OR.search(text[runs[0].end : runs[-1].start]):
        return False
    lefts = [split_equation(run.text)[0].strip() for run in runs if "=" in run.text]
    return len(lefts) == len(runs) and lefts[0] != lefts[-1] and len(lefts[0]) > len(lefts[-1])


_SUMS_UP = re.compile(r"\bfor an? (?:total|probability|sum|product|average) of (?:exactly |only |just )?$")


def _joined_runs(text: str, runs: list[MathRun]) -> tuple[int, int]:
    """Returns the indices of the first and the last run of what a sentence arrives at."""
    contentful = [run for run in runs if len(run.text) > 1 or run.text.isdigit()]
    last = runs.index((contentful or runs)[-1])
    if _SUMS_UP.search(text, max(runs[last].start - NEAR, 0), runs[last].start):
        return last, last
    while last and _is_condition(text, runs[last - 1], runs[last]):
        last -= 1
    first = last
    if _COMPOUND.match(runs[last].text):  # of `x = 1, y = 2, x + y = 3` the last was asked for
        return last, last
    while first and (
        _JOINT.fullmatch(text[runs[first - 1].end : runs[first].start])
        or quantity_end(text, runs[first - 1].end, joined=True) == runs[first].start
    ):
        first -= 1
    return first, last


def subject_of(text: str, runs: list[MathRun]) -> MathRun | None:
    """Returns the value of which a conclusion speaks: `Thus $510$ is the largest
    multiple`, `there are $3$ pairs`."""
    for run in reversed(runs):
        low = max(0, run.start - NEAR)
        if not _BEFORE_SUBJECT.search(text, low, run.start) or not _BEHIND_SUBJECT.match(text, run.end):
            continue
        if not DIGIT.search(run.text) or _CONCLUDES.search(text, run.end) or _GOES_ON.search(text, run.end):
            continue
        if _IS.match(text, run.end) or _THERE.search(text, low, run.start) or "=" in run.text:
            return run
    return None


def _is_condition(text: str, before: MathRun, run: MathRun) -> bool:
    """Checks whether a link such as `for` or `at` makes the run a remark on the expression before it."""
    between = text[before.end : run.start]
    if _CONDITION.fullmatch(between) and _RELATION.search(run.text):
        return True
    return (
        _LINK.fullmatch(between) is not None
        and _AFTER_COPULA.search(text, max(0, before.start - NEAR), before.start) is not None
    )


_RESIDUE = re.compile(r"(?P<left>.*)\\equiv(?P<value>[^\\]*)\\pmod.*", re.DOTALL)


def chain_value(expression: str) -> str:
    """Returns the last member of a calculation such as `1 + 1 = 2`, when it agrees with the one before it;
    any other expression as it is."""
    *_, before, last = ("", *split_equation(expression))
    if "\\equiv" in expression and not before and (residue := _RESIDUE.fullmatch(expression)):
        return residue["value"].strip() if not _UNKNOWNS.search(residue["left"]) else expression
    numbers = before and DIGIT.search(last) and not _UNKNOWNS.search(before) and not _UNKNOWNS.search(last)
    return last.strip() if numbers and decide(before, last).equal else expression
