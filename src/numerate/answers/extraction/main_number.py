"""Main number of a sentence: the total, else the last one that no preposition makes a detail.

`Tina pays $84 for 6 tickets`, `She needs 5 boxes to pack 60 eggs`: 84 and 5. `She has 3 and buys 4, so 7`:
7."""

from __future__ import annotations

import re

from numerate.answers.extraction.clauses import DIGIT, NEAR
from numerate.answers.extraction.expressions import MathRun
from numerate.answers.text.vocabulary import split_names

TOTAL = re.compile(r"\b(?:altogether|in total|in all)\b(?!\W{0,3}(?:\d|\\))", re.IGNORECASE)
_TOTAL_BEHIND = re.compile(r"[^.;]{0,24}?" + TOTAL.pattern, re.IGNORECASE)
_DETERMINERS = (
    r"(?: (?:the|an?|all|these|those|his|her|their|its|our|my|your|about|only|exactly|another|first|last|next"
    r"|remaining|other|same))*"
)
_DETAIL = re.compile(
    # prepositions and conjunctions before a number that only describes
    r"(?:\b(?:for|after|before|at|including|with|over|across|every|each|per|while|when|than|from|on"
    r"|until|within|during"
    rf"|since|out of|by \w+ing|after \w+ing|kati ya(?: \w+)?|than [A-Z]\w*['’]s){_DETERMINERS}"
    # parts, and what belongs to another
    r"|\b(?:davon|darunter|dont|incluyendo|di cui|de (?:los|las) cuales|d[ao]s quais|из них|в том числе)"
    rf"(?: \w+)?{_DETERMINERS}|, а \w+(?: сейчас)?"
    r"|, (?:and|while) (?:his|her|their|its) \w+ (?:is|has)|其中|うち"
    # what was done for it
    r"|^\W*To \w+(?: \w+){0,4}|^\W*[A-Z]\w+ing(?: \w+){0,4}"
    r"|, (?!leaving|making|giving|total|bringing|yielding|meaning|resulting|adding|being"
    r"|costing)\w+ing(?: \w+){0,3}"
    # of what, and what was before
    r"|\d \w+ of|\b(?:von|aus|из|sur|contre|gegen)(?: \w+)?"
    r"|(?:原来|原本|最初|起初|本来|一开始)は?(?:有|是)?"
    # what is numbered
    r"|\b(?:in|on|of|at|by|during|from|see|to) (?:week|day|year|month|round|step|part|chapter|example|problem"
    r"|question|case|line|grade|level|page|figure|table|exercise|room|section|stage|lap|game|season)"
    # what is known already
    r"|\b(?:the|these|those|his|her|their|its|les|los|las|die|den|all)(?: (?!end )\w+)?"
    # a purpose
    r"|(?P<verb>\b[A-Za-z]\w*) to (?:buy|reach|have|get|pay|cover|complete|finish|make"
    r"|fill|afford|pack|carry|read|travel|drive|save|feed|serve|cross|climb|drain|empty|produce|sell|earn"
    r"|\w+ (?:the|all|his|her|their))(?: \w+){0,5}"
    r"|\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|trips?|boxes|buses) to \w+(?: \w+){0,4}"
    r"|\b(?:para \w+r|pour \w+(?:er|ir|re)|per \w+re)(?: \w+){0,4})\s*(?:\$|€|£)?$",
    re.IGNORECASE,
)
_POINT = re.compile(
    r"\b(?:total|sum|amount|score|profit|average|cost|price|distance|speed|number|remainder"
    r"|rate|age|product|difference) (?:of|at)\s*\$?$"
    r"|\b(?:works? out|stands?) at\s*\$?$"
    r"|\b(?:takes?|took|costs?|gives?|leaves?|pays?)(?: (?:the|his|her|their|an?|each|every))? \w+\s*\$?$"
    r"|\b(?:(?<!to )mak(?:es?|ing)|bring(?:s|ing)|leav(?:es|ing)) (?:the|his|her|their"
    r"|its)(?: \w+){1,2}(?: (?:to|at))?\s*\$?$"
    r"|\b(?:I|we|you) (?:get|find|obtain)\s*\$?$"
    r"|\b(?:left|ends? up|ended up|remains?|together|leav(?:es?|ing) \w+(?: \w+)?) with"
    r"(?: only| exactly| just)?\s*\$?$",
    re.IGNORECASE,
)
_OBLIGED = split_names("need needs needed has have had want wants going able ought required used will")
_ORDINAL = re.compile(r"\d(?:st|nd|rd|th)$")
_TIME_AFTER = re.compile(
    r"\s*(?:nights?|mornings?|trips?|visits?|rounds?|games?|seconds?|years?|months?|weeks?|days?|hours?"
    r"|minutes?)\b"
)
_LATER = re.compile(
    r"\s*(?:years?|months?|weeks?|days?|hours?|minutes?) (?:later|ago|earlier|from now|afterwards)\b"
)
_PART = re.compile(r"(?: \w+)? of(?: (?:which|whom|them|these|those)\b|\s*$)")
"""what follows a number of parts: `12 of which are green`"""
_BREAKDOWN = re.compile(r"(?: \w+){0,2} and ")
_LONGEST_PART = 9
"""digits of the whole and its parts"""
_OLDER = re.compile(r"(?: \w+)? (?:older|younger|taller|shorter|longer|heavier|lighter|faster|slower)\b")
_ASIDE_BEFORE = re.compile(r"(?:, |\bbeing )$")
_COMPOUND = re.compile(
    r"-(?:digit|person|sided|letter|page|point|day|week|month|year|hour|minute|inch|foot|mile|member|element)"
)
"""`4-digit numbers`"""
_OPERAND = re.compile(r"\s?(?:で割|を引|を足|を掛|をか)")
_PER_ONE = re.compile(r"\s?(?:人|個あたり|つあたり|person\b)")
_IN = re.compile(r"\bin\s*$", re.IGNORECASE)
_NEW_CLAUSE = re.compile(
    r"[,;:.]|\b(?:and|so|then|which|that|is|are|has|have|gets?|makes?|but|means|gives?|leaves?|equals)\b|="
)
_ASKS_TIME = re.compile(r"\b(?:can|could|finish\w*|complete\w*|takes?|done|arrives?|ready)\b")


def main_number(text: str, runs: list[MathRun]) -> MathRun:
    """Returns the run that holds the point of a sentence; runs: those with a digit, at least one."""
    return candidate_numbers(text, runs)[-1]


def candidate_numbers(text: str, runs: list[MathRun]) -> list[MathRun]:
    """Returns the runs that may hold the point of a sentence, the likeliest last; runs: those with a digit,
    at least one."""
    for run in runs:
        if (total := _TOTAL_BEHIND.match(text, run.end)) and not DIGIT.search(total.group()):
            return [run]
    if whole := _whole_of_parts(text, runs):
        return [whole]
    points: list[MathRun] = []
    plain: list[MathRun] = []
    detail = False
    for previous, run in zip([None, *runs], runs, strict=False):
        ends = previous is None or _NEW_CLAUSE.search(text, previous.end, run.start)
        own = is_detail(text, run)
        detail = own or (detail and not ends)
        points += [] if detail else [run]
        plain += [] if own else [run]
    return points or plain[-1:] or runs[-1:]


def _whole_of_parts(text: str, runs: list[MathRun]) -> MathRun | None:
    """Returns the number whose parts a sentence ends in: the 24 of `24 students, 10 boys and 14 girls`."""
    if len(runs) < 3:
        return None
    whole, first, second = runs[-3:]
    joined = _BREAKDOWN.fullmatch(text, first.end, second.start)
    apart = "," in text[whole.end : first.start]
    return whole if joined and apart and is_whole(whole, first, second) else None


def is_whole(whole: MathRun, *parts: MathRun) -> bool:
    """Checks whether `whole` is a whole with its parts behind it: `20 students, 8 boys and 12 girls`."""
    if not all(run.text.isdecimal() and len(run.text) <= _LONGEST_PART for run in (whole, *parts)):
        return False
    return len(parts) > 1 and sum(int(part.text) for part in parts) == int(whole.text)


def is_detail(text: str, run: MathRun) -> bool:
    """Checks whether the number only says how many, when or for what price."""
    low = max(0, run.start - NEAR)
    if _ORDINAL.search(run.text) or _POINT.search(text, low, run.start) or "=" in run.text:
        return False
    if _OLDER.match(text, run.end) and _ASIDE_BEFORE.search(text, low, run.start):
        return True
    if _COMPOUND.match(text, run.end) or _OPERAND.match(text, run.end):
        return True
    if run.text == "1" and _PER_ONE.match(text, run.end):
        return True
    if _LATER.match(text, run.end) or (run.start and "%" not in run.text and _PART.match(text, run.end)):
        return True
    if _IN.search(text, low, run.start):
        takes_time = _TIME_AFTER.match(text, run.end) is not None
        return takes_time and _ASKS_TIME.search(text, 0, run.start) is None
    detail = _DETAIL.search(text, low, run.start)
    return detail is not None and (detail["verb"] or "").lower() not in _OBLIGED
