"""Answers behind four hashes, `#### 5`; the first of them, unless the text corrects it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from numerate.answers.extraction.clauses import count_words, first_sentence
from numerate.answers.extraction.corrections import CORRECTION
from numerate.answers.extraction.phrase_answers import corrected_answer
from numerate.answers.extraction.solution_openings import opens_solution
from numerate.answers.extraction.statement_values import statement_value
from numerate.answers.sources import LONGEST_STATEMENT, Extracted
from numerate.answers.text.boxes import has_box
from numerate.answers.text.phrases import is_nothing
from numerate.types import Kind

_NO_VALUE = re.compile(
    r"(?:undefined|impossible|unknown|no (?:answer|solution)|(?:cannot|can't|can not) be \w+"
    r"|not enough information)\W*",
    re.IGNORECASE,
)
_HEADING_WORDS = re.compile(r"\W*(?:\d{1,2}[.)]\s|[A-Za-z])")


MOST_CORRECTIONS = 16
"""lines of hashes behind the first that may correct it; more of them are a loop"""


def hash_answer(tail: str, kind: Kind) -> Extracted | None:
    """Returns the answer on the first line of hashes that has one, or on a later one that corrects it."""
    if "####" not in tail:
        return None
    answers = _valued_lines(tail, kind)
    start, value = next(answers, (0, ""))
    if not value:
        return None
    for later, correction in islice(answers, MOST_CORRECTIONS):
        if not CORRECTION.search(tail[start:later]):
            break
        start, value = later, correction
    return corrected_answer(tail, start, kind) or Extracted(value, "hash")


def _valued_lines(tail: str, kind: Kind) -> Iterator[tuple[int, str]]:
    for start, line, below in _hash_lines(tail):
        if value := _line_value(line, below, kind):
            yield start, value


def _hash_lines(tail: str) -> Iterator[tuple[int, str, str]]:
    """Yields (start, line, what stands below it) of every line that four hashes open, or that has them in
    it."""
    at = tail.find("####")
    while at >= 0:
        stop = tail.find("\n", at)
        stop = stop if stop >= 0 else len(tail)
        yield at, tail[at : min(stop, at + LONGEST_STATEMENT)].lstrip("#").strip(), tail[stop:]
        at = tail.find("####", stop)


def _line_value(line: str, below: str, kind: Kind) -> str | None:
    """Returns the answer on a line, None for a heading of Markdown."""
    if not line or "answer" in line[:40].lower():
        return None
    ends = not below.strip()
    if _NO_VALUE.fullmatch(line):  # `#### undefined` says that there is no answer
        return line
    if not ends and (has_box(below) or _HEADING_WORDS.match(line)):
        return None
    if kind == "choice" or is_nothing(line):  # `#### none`
        return line
    words = count_words(line)
    if words < 3 and first_sentence(line) == line.rstrip(" .!?"):
        return statement_value(line, kind) if kind == "number" or words else line
    if not (ends or line[0].isdigit() or line[0] in "$-"):
        return None
    sentence = first_sentence(line)
    value = statement_value(sentence, kind)
    return None if opens_solution(sentence, value, line[len(sentence) :], kind) else value
