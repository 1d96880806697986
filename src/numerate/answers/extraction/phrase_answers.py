"""Answers behind cues in running text, "the answer is 5", and those that withdraw an answer before them."""

from __future__ import annotations

import re

from numerate.answers.extraction.clauses import NEAR, first_sentence, with_factorial
from numerate.answers.extraction.cues import Cue, answer_cues
from numerate.answers.extraction.last_sentence import last_statement
from numerate.answers.extraction.statement_values import statement_value
from numerate.answers.sources import GUESS_OF, LONGEST_STATEMENT, Found
from numerate.types import Kind

_OPENING = re.compile(r"[ \t:：*_]{0,20}(?:\n[ \t>*#_-]{0,12}){0,3}[*_ ]{0,6}")
_DISPLAYS = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"))
CORRECTION = re.compile(
    r"\b(?:wait|actually|mistake|wrong|incorrect|correction|corrected|sorry|oops|instead|hmm"
    r"|can't be|cannot be right|not right|recheck|re-check|recalculate|let me re|apolog)",
    re.IGNORECASE,
)
_WITHDRAWN = re.compile(
    r"\b(?:that(?:'s| is| was| can't be| cannot be)|this is|it is|it's)"
    r" (?:wrong|incorrect|not (?:right|correct)|a mistake|right)"
    r"|\bmade (?:a|an) (?:\w+ )?(?:mistake|error)|\bscratch that\b"
    r"|\b(?:it|that|this) should (?:actually )?(?:be|have been)(?= \W{0,3}\d)"
    r"|\b(?:on second thought|hold on|hang on|let me (?:redo|recompute|recalculate|recount|start over"
    r"|fix|correct|try again)"
    r"|(?:actually|no|wait|sorry|oops),? (?:wait|no|make (?:that|it)|it(?:'s| is| should)|that(?:'s"
    r"| is) not|I)"
    r"|i (?:forgot|missed|overlooked|misread|miscalculated|miscounted|misunderstood)|i take (?:that"
    r"|it) back|correction:)",
    re.IGNORECASE,
)


def phrase_answer(tail: str, kind: Kind) -> Found | None:
    """Returns the value behind the last cue that announces one."""
    for cue in answer_cues(tail):
        if value := cue_value(tail, cue, kind):
            later = None if kind == "choice" else corrected_answer(tail, cue.end, kind)
            return later or Found(value, "phrase")
    return None


def corrected_answer(tail: str, start: int, kind: Kind) -> Found | None:
    """Returns the answer of a text that takes back what it called its answer, a guess where no cue announces
    it; None where it takes nothing back."""
    withdrawn = _WITHDRAWN.search(tail, start)
    if withdrawn is None:
        return None
    words = withdrawn.group()
    if words.lower().endswith(" right") and "t be" not in words:  # `that is right`
        return None
    values = (cue_value(tail, cue, kind) for cue in answer_cues(tail, withdrawn.end()))
    if value := next(filter(None, values), None):
        return Found(value, "phrase")
    behind = tail[withdrawn.end() :].lstrip(" :,.;—–-!")
    value = None if kind == "choice" or _CONFIRMS.search(behind) else last_statement(behind, kind)
    return Found(value, GUESS_OF[kind]) if value else None


_CONFIRMS = re.compile(
    r"\b(?:yes|yep|confirm\w*|checks out|still (?:the same|holds|correct|right)|(?:is|was"
    r"|are) (?:indeed )?(?:right|correct|fine)"
    r"|same (?:answer|result|value)|indeed|matches|no mistake|never ?mind|all good)\b",
    re.IGNORECASE,
)
"""a doubt that comes to nothing"""


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
    statement = _statement_at(tail, opening.end() if opening else cue.end)
    if _REPORTED.search(tail, max(cue.start - NEAR, 0), cue.start) or _TAKEN_BACK.search(statement):
        return None
    if kind == "choice":
        return statement or None
    if _LEADS_ON.fullmatch(statement):
        return None
    return statement_value(statement, kind) if statement else None


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
