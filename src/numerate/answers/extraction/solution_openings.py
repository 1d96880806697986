"""Solutions that stand behind a label: `Answer: Olivia had 23 dollars. ... 23 - 15 is 8.` has its answer at
the end, and `Answer: 8 dollars. She had 23, and 23 - 15 = 8.` at the beginning."""

from __future__ import annotations

import re
from itertools import islice

from numerate.answers.equivalence import decide
from numerate.answers.extraction.asides import concludes
from numerate.answers.extraction.clauses import CONTENT, DIGIT, count_words
from numerate.answers.extraction.derivations import NUMBER, numbers_of
from numerate.answers.extraction.last_sentence import last_statement
from numerate.answers.extraction.sentences_upwards import sentences_upwards
from numerate.answers.sources import MOST_GUESSED
from numerate.types import Kind

_EXPLAINS = re.compile(
    r"\W*(?:explanation|because|reason\w*|this (?:is|follows|comes)|that(?:'s| is) because|as \w+ is"
    r"|here(?:'s| is)|details?|proof|check|working|breakdown|justification|note|steps?\b(?! ?1)|solution"
    r"|why|how|substitut\w*|plug\w*|indeed|verif\w*|equality|double"
    r"|we (?:get|know|find|obtain) this|to see)\b",
    re.IGNORECASE,
)
_CALCULATES = re.compile(
    r"\b(?:left|remain\w*|in total|altogether|in all)\b|剩|一共|残り|남"
    r"|[-+*/×÷–] ?\$?\d(?:(?![-+*/×÷–] ?\$?\d)[^.\n])*\b(?:is|makes|gives|leaves|equals)\b \W{0,3}\d",
    re.IGNORECASE,
)
_RESULT = re.compile(
    rf"(?:=|\b(?:is|are|makes|gives|leaves|equals)\b)\s*[$*\\({{ ]{{0,3}}({NUMBER})"
    r"(?![\d.,]*\d|[\w^]|[^\S\n]?[-+*/×x÷=–][^\S\n]?\W?\d)"
)
_OPERAND = re.compile(
    r"(?<![\d.,])(?:(?<=[-+*/×x÷–])|(?<=[-+*/×x÷–] )|(?<=[-+*/×x÷–] \$)"
    rf"|(?=[\d.,]+(?: [a-z]+){{0,3}} ?[-+*/×x÷–] ?\W?\d)){NUMBER}"
)
_BEGINS = re.compile(
    r"\W*(?:first(?:ly)?|step (?:1|one)|to (?:find|solve|calculate|get)|let|we start)\b", re.IGNORECASE
)
_VALUE_FIRST = re.compile(r"[\W_]*(?:\d|\$|\\)")
ENDING = 2
"""last sentences that may hold the calculation of the result"""
VALUE_WORDS = 3
"""words of a value with its unit, which is no sentence"""


def opens_solution(statement: str, value: str | None, rest: str, kind: Kind) -> bool:
    """Checks whether the statement only begins a solution: what follows it arrives at another value by a
    calculation or a conclusion, and never at this one.

    statement: the first sentence behind a label, with the value that was read from it; rest: what follows."""
    if value is None or not DIGIT.search(rest) or _EXPLAINS.match(rest):
        return False
    if "=" not in statement and _VALUE_FIRST.match(statement) and count_words(statement) <= VALUE_WORDS:
        return False
    end = last_statement(rest[-MOST_GUESSED:], kind)
    if end is None or decide(end, value).equal or _arrives_at(value, rest):
        return False
    last = "\n".join(islice((s for s, _ in sentences_upwards(rest.rstrip()) if CONTENT.search(s)), ENDING))
    if _BEGINS.match(statement):
        return True
    return "=" in last or any(map(concludes, last.splitlines())) or _CALCULATES.search(last) is not None


def _arrives_at(value: str, rest: str) -> bool:
    """Checks whether a calculation has the value as its result, or results add up to it, and no other one
    goes on from it."""
    own = numbers_of(value)
    if not own or own[-1] in [n for operand in _OPERAND.findall(rest) for n in numbers_of(operand)]:
        return False
    results = [n for result in _RESULT.findall(rest) for n in numbers_of(result)]
    return own[-1] in results or sum(results) == own[-1]
