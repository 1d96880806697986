"""Answers behind cues in running text, "the answer is 5", and those that withdraw an answer before them."""

from __future__ import annotations

import re

from numerate.answers.extraction.clauses import NEAR, first_sentence, with_factorial
from numerate.answers.extraction.corrections import is_confirmed, withdrawals
from numerate.answers.extraction.cues import Cue, answer_cues
from numerate.answers.extraction.last_sentence import last_statement
from numerate.answers.extraction.solution_openings import opens_solution
from numerate.answers.extraction.statement_values import statement_value
from numerate.answers.sources import GUESS_OF, LONGEST_STATEMENT, Extracted
from numerate.types import Kind

_OPENING = re.compile(r"[ \t:：*_]{0,20}(?:\n[ \t>*#_-]{0,12}){0,3}[*_ ]{0,6}")
_IN_TEXT = re.compile(r"\\text\{[^{}]*\Z")
_DISPLAYS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"))


def phrase_answer(tail: str, kind: Kind) -> Extracted | None:
    """Returns the value behind the last cue that announces one."""
    for cue in answer_cues(tail):
        if value := cue_value(tail, cue, kind):
            return corrected_answer(tail, cue.end, kind) or Extracted(value, "phrase")
    return None


def corrected_answer(tail: str, start: int, kind: Kind) -> Extracted | None:
    """Returns the answer of a text that takes back what it called its answer, a guess where no cue announces
    it; None where it takes nothing back. For a choice it is the statement behind the correction."""
    for end in withdrawals(tail, start):
        values = (cue_value(tail, cue, kind) for cue in answer_cues(tail, end))
        if value := next(filter(None, values), None):
            return Extracted(value, "phrase")
        behind = tail[end:].lstrip(" :,.;，。、—–-!")
        if is_confirmed(behind):
            return None
        if kind == "choice":
            return Extracted(first_sentence(behind).strip(), "phrase")
        if value := last_statement(behind, kind):
            return Extracted(value, GUESS_OF[kind])
    return None


_REPORTED = re.compile(
    r"\b(?:might|may|could|would) (?:\w+ )?(?:think|say|guess|assume|answer|conclude)(?: that)?(?: the)?\s*\Z"
)
_LEADS_ON = re.compile(
    r"[\u3040-\u9fff，、*]*(?:得|得到|有|计算|如下|可得|可知|因为|首先|先|求解)[\u3040-\u9fff：:，*]{0,4}"
)
"""words before a solution, which are no answer: `解答：通分得`"""
_TAKEN_BACK = re.compile(
    r"\bbut (?:that|this|it)(?: is|'s| was| would be) (?:wrong|incorrect|not)\b"
    r"|^(?:wrong|incorrect|unknown|not known)\b"
)


def cue_value(tail: str, cue: Cue, kind: Kind) -> str | None:
    """Returns the value that a cue announces; for a choice the whole statement."""
    opening = _OPENING.match(tail, cue.end)
    at = opening.end() if opening else cue.end
    if tail.startswith("}", at) and _IN_TEXT.search(tail, max(cue.start - NEAR, 0), at):
        at += 1  # \text{The answer is } 5
    statement = _statement_at(tail, at)
    if _REPORTED.search(tail, max(cue.start - NEAR, 0), cue.start) or _TAKEN_BACK.search(statement):
        return None
    if kind == "choice":
        return statement or None
    if _LEADS_ON.fullmatch(statement):
        return None
    if letter := _LETTER_FIRST.match(statement):
        return letter[1]
    value = statement_value(_WORDED_OPERATION.sub("", statement), kind) if statement else None
    if tail[cue.start : at].rstrip(" *_\n")[-1:] in _LABELS:
        rest = tail[at + len(statement) :]
        return None if opens_solution(statement, value, rest, kind) else value
    return value


_LETTER_FIRST = re.compile(r"[\W_]*([A-J])\W?,? (?:since|because|as|for|and not|not)\b")
"""the letter of a choice before its reason, where the choices are not known"""
_LABELS = frozenset(":：")
_WORDED_OPERATION = re.compile(
    r"^\W*\$?\d[\d.,]*%? (?:minus|plus|times|divided by|multiplied by|of|(?:less|more|fewer) than) "
    r"\$?\d[\d.,]*"
    r"(?: \w+)?, (?:or|so|i\.e\.,?|that is,?|which (?:is|equals|makes|gives))\s+(?=\W{0,3}\d)"
)
"""a calculation in words before its result: `20 minus 12, or 8`"""


def _statement_at(tail: str, at: int) -> str:
    """Returns the rest of the sentence, or the displayed formula that starts here."""
    for opener, closer in _DISPLAYS:
        if tail.startswith(opener, at):
            end = tail.find(closer, at + 2)
            if closer != "\\)" or end < 0:
                return tail[at : end + 2] if end > 0 else tail[at + 2 : at + LONGEST_STATEMENT]
    line = tail[at : at + LONGEST_STATEMENT].partition("\n")[0]
    sentence = first_sentence(line)
    statement = sentence.strip()
    return with_factorial(line, len(sentence), statement) if tail[at - 2 : at] == ": " else statement
