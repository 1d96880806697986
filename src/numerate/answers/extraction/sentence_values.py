"""The value of a sentence in a text that marks no answer."""

from __future__ import annotations

import re
from enum import Enum, auto
from itertools import pairwise

from numerate.answers.extraction.asides import concludes
from numerate.answers.extraction.clauses import CONTENT, DIGIT, NEAR, WORD, main_clause
from numerate.answers.extraction.derivations import comes_from, numbers_of, small_words
from numerate.answers.extraction.expressions import MathRun, math_runs
from numerate.answers.extraction.main_number import TOTAL, candidate_numbers, main_number
from numerate.answers.extraction.spelled_numbers import number_words
from numerate.answers.extraction.statement_expressions import last_expression, subject_of
from numerate.answers.extraction.statement_numbers import (
    calculated_number,
    denied_behind,
    number_runs,
    ratio_in,
    whole_number,
    without_definitions,
)
from numerate.answers.extraction.worded_values import concluding_clause, value_in_words
from numerate.answers.text.formulas import hide_formulas
from numerate.answers.text.markdown import bold_parts, without_bullet, without_emphasis
from numerate.types import Kind


class Doubt(Enum):
    """Why a sentence with values has none."""

    OPEN = auto()
    """it has several numbers of which none is its point"""


OPEN = Doubt.OPEN
Value = str | Doubt | None
"""of a sentence: its value, OPEN, or None where it has none"""
_ENUMERATOR = re.compile(
    r"\W{0,12}(?:(?:Step|Part|Case|Question|Problem|Exercise|Example|Section"
    r"|Schritt|Paso|Étape|Шаг|步骤|第) ?#?\d{1,3}(?:步)?(?=[:.)\s]|$)[:.)]?"
    r"|\(?\d{1,2}[.)](?=\s+[^\W\d_]))\s*",
    re.IGNORECASE,
)
_BOLD_LABEL = re.compile(r"^[\s>*+•-]*\*\*[^*\n]{1,60}(?::\*\*|\*\*:)\s*(?=.*\d)", re.DOTALL)
"""`**Step 2:** 5 + 3 = 8`"""
_JOINS_PARTS = re.compile(r"\b(?:and|plus|y|et|und|e|и)\b|,|\+|และ")


CORRECTS = re.compile(
    r"\b(?:scratch that|correction|actually|wait|no,|sorry|oops|round\w*|make that|rather)\b", re.IGNORECASE
)
_ONLY = re.compile(
    r",? but only (?P<kept>[^.,;]*?[\d$][^.,;]*?) (?:is|are|satisf\w+|works?|lies|fits|counts"
    r"|makes sense|can be|remains)\b",
    re.IGNORECASE,
)


def value_of(sentence: str, kind: Kind, last: bool = False) -> Value:
    """Returns the value of a sentence, OPEN where it has several and none is its point, None where it has
    none.

    last: it ends the text, so that its value may be a word."""
    sentence = _without_frame(sentence)
    if kind == "math" or _ROUGHLY.match(sentence):
        sentence = _last_form(_behind_reason(sentence))
    if date := _DATE.search(sentence):
        if not _AMOUNT_BEFORE.search(sentence, 0, date.start()):
            return date["date"]
        sentence = sentence[: date.start()]
    bold = [part for part in bold_parts(sentence) if not part.rstrip().endswith(":")]
    with_digits = [part for part in bold if DIGIT.search(part)]
    if kind == "math" and len(with_digits) > 1 and (joined := _JOINED_BOLD.search(sentence)):
        with_digits = [joined.group()]
    text = without_emphasis(with_digits[-1] if with_digits else without_enumerator(sentence)).strip()
    text = _before_breakdown(text)
    return _value_in_math(text, bold, last) if kind == "math" else _number_of(text, last)


def _without_frame(sentence: str) -> str:
    """Returns the cell of a table, the main clause of a sentence with bold type, or what it keeps of several
    values, without the label that opens it."""
    if "**" in sentence:
        sentence = _BOLD_LABEL.sub("", sentence)
    if sentence.startswith("|"):
        sentence = next((cell for cell in reversed(sentence.split("|")) if DIGIT.search(cell)), "")
    if bold_parts(sentence) and not _BOLD_RESTATED.search(sentence):
        sentence = main_clause(sentence, DIGIT)
    only = _ONLY.search(sentence) if "but only" in sentence else None
    return only["kept"] if only else sentence


def _value_in_math(text: str, bold: list[str], last: bool) -> Value:
    """Returns the value of a sentence of kind math: a word, a number of running text, or an expression."""
    if last and (word := value_in_words(concluding_clause(text))):
        return word
    return _number_of(text, last) if _holds_plain_numbers(text) else _expression_of(text, bold, last)


_PLAIN_RUN = re.compile(r"[\d\s.,$€£%+*/×÷=-]+")


def _holds_plain_numbers(text: str) -> bool:
    """Checks whether `text` is running text with numbers, and calculations of them, but no other
    mathematics."""
    if not DIGIT.search(text) or "\\" in text:
        return False
    runs = math_runs(text)
    if any(run.formula or not _PLAIN_RUN.fullmatch(run.text) for run in runs):
        return False
    return (
        not any(_LISTS.fullmatch(text[a.end : b.start]) for a, b in pairwise(runs))
        and WORD.search(text) is not None
    )


_LISTS = re.compile(r",?(?: and| or)? ?")


_COUNT = re.compile(r"\b(?:is|are|there are|has|have) \$?(?P<number>\d{1,2})\$?(?: [^\d:]*)?$")
_MEMBERS = re.compile(r",? and |, ")


def _before_breakdown(text: str) -> str:
    """Returns the whole without the parts behind a colon: `24 students: 10 boys and 14 girls`."""
    whole, _, parts = text.partition(":")
    if (
        parts[:1].isspace()
        and (count := _COUNT.search(whole))
        and len(_MEMBERS.split(parts)) == int(count["number"]) > 1
    ):
        return whole
    if not DIGIT.search(whole) or not parts[:1].isspace() or ":" in parts or "=" in parts:
        return text
    digits = [digit.start() for digit in DIGIT.finditer(parts)]
    return whole if digits and _JOINS_PARTS.search(parts, digits[0], digits[-1]) else text


_BUT_ACTUALLY = re.compile(
    r"^[^\d\n]*+\d.*\bbut (?:\w+ ){0,2}(?:actually|really|in fact)\b(?=.*\d)"
    r"|^(?>.*?\b(?:planned|wanted|expected|hoped|meant|thought|intended|guessed)\b)"
    r"[^\d\n]*+\d.*, but (?=.*\d)"
)
"""what was only planned or thought"""
_ASIDE = re.compile(r"(?<=[\w%]) \((?!\d[\d.,]*\))[^()=]*\d[^()=]*\)")
"""`5 apples (and 3 pears)`"""


_CHECK_BEHIND = re.compile(r" \([^()]*\d[^()=]*=[^()]*\)$")
_REASON_FIRST = re.compile(
    r"\W*(?:Since|Because|As|Given that|Considering|Knowing|Seeing|Da|Weil|Como|Puisque|Comme|Siccome)\b"
    r"(?:[^,=]|,(?=\d))*, (?=(?![^,]*\b(?:and|each|per)\b).*\d)"
)
_SO_WITHIN = re.compile(r"[,;] (?:and )?(?:so|thus|hence|therefore) (?!that\b)(?=[^=]*\d)(?![^=]*=)")


_KNOWN = re.compile(r"\b(?:the|these|those) \$?$", re.IGNORECASE)
_DATE = re.compile(
    r"\b(?:on|is|until|by|to|be) (?:\w+day, )?(?P<date>(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?"
    r"|Apr(?:il)?|May|June?|July?"
    r"|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?) \d{1,2}(?:st|nd|rd"
    r"|th)?(?:, \d{4})?)[.!*]*$"
)
_AMOUNT_BEFORE = re.compile(r"\d%?(?: [a-z]+){0,2} $")
"""`$540 on May 5`"""
_JOINED_BOLD = re.compile(r"\*\*[^*\n]+\*\*(?:(?:,| and| or|, and|, or) \*\*[^*\n]+\*\*)+")
_BOLD_RESTATED = re.compile(r"(?:i\.e\.|that is),? \*\*[^*]*\d[^*]*\*\*[.!]?$")
_RESTATED = re.compile(r"[,;] (?:i\.e\.|that is),? (?P<value>[^,;]*[\d\\][^;]*)$")
_REDUCIBLE = re.compile(r"=|[A-Za-z]\^|²|\*\*|^\W*(?:Roughly|About|Approximately)\b", re.IGNORECASE)
_ROUGHLY = re.compile(r"\W*(?:Roughly|About|Approximately)\b", re.IGNORECASE)


def _last_form(sentence: str) -> str:
    """Returns the last form of a formula that a sentence restates: `0.5 s^2, i.e. 50 percent`."""
    match = _RESTATED.search(hide_formulas(sentence))
    if match is None or not _REDUCIBLE.search(sentence):
        return sentence
    return sentence[match.start("value") :]


def _behind_reason(sentence: str) -> str:
    """Returns what a sentence concludes from a reason before it: `Since 9 = 3^2, log_3 9 = 2`."""
    match = _REASON_FORMULA.match(hide_formulas(sentence))
    return sentence[match.end() :] if match else sentence


_REASON_FORMULA = re.compile(
    r"\W*(?:Since|Because|Given that|Knowing)\b[^,]*, (?=(?:[^,]|,(?=\d))*[=\d][^,]*$)", re.IGNORECASE
)


def _concluding_part(text: str) -> str:
    """Returns what a sentence says behind its reason: `an hour has 60 minutes, so it takes 1.5 hours`."""
    if reason := _REASON_FIRST.match(text):
        text = text[reason.end() :]
    conclusions = list(_SO_WITHIN.finditer(text))
    if not conclusions:
        return text
    part = text[conclusions[-1].end() :]
    known = all(_KNOWN.search(part, max(run.start - NEAR, 0), run.start) for run in number_runs(part))
    return text if known else part


def _without_asides(text: str) -> str:
    """Removes the withdrawn part of a sentence, and numbers in brackets behind its subject."""
    text = without_definitions(text)
    text = _concluding_part(_BUT_ACTUALLY.sub("", text) if "but " in text else text)
    if (
        text.count("=") == 1
        and text.endswith(")")
        and (check := _CHECK_BEHIND.search(text))
        and DIGIT.search(text, 0, check.start())
    ):
        text = text[: check.start()]
    if "(" not in text or "=" in text:
        return text
    rest = _ASIDE.sub("", text)
    return rest if DIGIT.search(rest) else text


_UNSOLVED = re.compile(
    r"(?<![\w.=])(?<!= )(?:\d*[a-z] ?[-+*/] ?\d+|\d+[a-z](?: ?[-+] ?\d+)?) ?= ?\d[\d.,]*(?![^\d]*[=\d])"
)
_SOLVES = re.compile(r"\b(?:equation|solve|solving)\b", re.IGNORECASE)
_CHECKED = re.compile(r"(?P<head>[^:=]*\b(?:needs?|more|enough)\b[^:=]*): (?P<check>[^:=]*\+[^:=]*=[^:=]*)")


def _before_check(text: str) -> str:
    """Returns what a calculation behind a colon only checks: `He needs 6 more: 44 + 6 = 50`."""
    parts = _CHECKED.fullmatch(text)
    if parts is None:
        return text
    head, (left, _, right) = numbers_of(parts["head"]), parts["check"].partition("=")
    checks = len(head) == 1 and head[0] in numbers_of(left) and head[0] not in numbers_of(right)
    return parts["head"] if checks else text


def _number_of(text: str, last: bool) -> Value:
    if "=" in text and _SOLVES.search(text) and _UNSOLVED.search(text):
        return OPEN
    text = _before_check(text.rstrip(" .!?"))
    text = _without_asides(text.rstrip(" .!?"))
    if stated := ratio_in(text) or calculated_number(text):
        return stated
    text = main_clause(text, DIGIT)
    runs = [run for run in number_runs(text) if not denied_behind(text, run)]
    if runs:
        *others, run = candidate_numbers(text, runs)
        value = whole_number(text, run, runs)
        if not others or not _is_open(text, others, run, value):
            return value
        subject = None if _COUNTS_MORE.search(text) else subject_of(text, runs)
        return whole_number(text, subject, runs) if subject else OPEN
    return number_words(text) if last else None


_RESULT = re.compile(
    r"(?:\b(?:(?:is|are|be|(?<=\d )ha(?:s|ve))(?: the same as| equal to)?|equals"
    r"|(?:makes?|gives?|leav(?:es?|ing)|brings?"
    r"|giving|making)(?: it| that| him| her| them| us| \w+ with)?"
    r"|means(?: that)?|(?:that|it)['’]s|i\.e\.,?|to get|to find|rounds? (?:up |down |off )?to"
    r"|rounded (?:up |down |off )?to|or|totals?"
    r"|comes (?:out )?to|becomes|(?:simplif(?:y|ies)|reduces?|amounts?|adds? up|works? out) to|results? in"
    r"|(?:a|the) (?:total|sum|product|difference|average) of|(?<!with )(?:a|the) remainder of"
    r"|the total(?: \w+){0,4} (?:is|are))|[:→≈]|->|=>)"
    r"(?: about| exactly| only| just| really| actually| approximately| a)?\s*\$?$"
)


_LEFT_BEHIND = re.compile(r"(?: \w+){0,3} (?:left|remain(?:ing|s)?|over)\b")


def _is_open(text: str, others: list[MathRun], run: MathRun, value: str) -> bool:
    """Checks whether nothing says that the last of several numbers is the point of a sentence: it neither
    comes from the others nor follows a word such as `is` or `makes`."""
    if "=" in text or any(other.text in value for other in others):
        return False
    if CORRECTS.search(text, others[-1].end, run.start) or _LEFT_BEHIND.match(text, run.end):
        return False
    if _OBJECT.match(text, 0, run.start + 1) and concludes(text):
        return False
    own, rest = numbers_of(run.text), numbers_of(text[: run.start])
    words = small_words(text)
    pairs = ((n, rest[:k] + rest[k + 1 :] + words) for k, n in enumerate(rest))
    if len(own) == 1 and any(comes_from(own[0], n, others) for n, others in pairs):
        return False
    states = _RESULT.search(text, max(run.start - NEAR, 0), run.start)
    return states is None or _are_parallel(text, others[-1], run)


_OBJECT = re.compile(
    r"\W*[A-Z]\w+,? \$?\d[\d.,]* (?:[a-z]+ ){1,3}?(?:(?:can|could|will|would) )?[a-z]+(?: the [a-z]+)?"
    r"(?: in| for)? [\d$]$"
)
"""`So 5 boxes hold 60`: what a number of things do"""
_COUNTS_MORE = re.compile(r"\d [^\d.]*(?:,| and| or) (?:\w+ )?\W?\d")
_COPULA = re.compile(r"\b(?:is|are|has|have) \$?$")
_PARALLEL = re.compile(
    r"(?: [^\d,.;:=]*?)?,? (?:and|while) (?:(?:the|his|her|their|its) )?[\w' ]* (?:is|are|has|have) \$?"
)


def _are_parallel(text: str, before: MathRun, run: MathRun) -> bool:
    """Checks whether two quantities stand side by side: `the area is 24 and the perimeter is 20`."""
    if not _COPULA.search(text, max(before.start - NEAR, 0), before.start):
        return False
    return _PARALLEL.fullmatch(text, before.end, run.start) is not None


def without_enumerator(sentence: str) -> str:
    """Returns a sentence without the bullet or number that opens it."""
    line = without_bullet(sentence)
    match = _ENUMERATOR.match(line)
    return line[match.end() :] if match else line


_SO_MANY = re.compile(r"[,;] (?:and )?so (?=there (?:are|is) (?:exactly |only )?\W{0,3}\d)")


def _expression_of(text: str, bold: list[str], last: bool) -> str | None:
    *_, so_many = (None, *_SO_MANY.finditer(text))
    text = text[so_many.end() :] if so_many else text
    if TOTAL.search(text) and (runs := number_runs(text)):
        return main_number(text, runs).text
    if last and bold and not CONTENT.search(bold[-1]):
        return bold[-1]
    if not (
        DIGIT.search(text)
        or CONTENT.search(text)
        or "=" in text
        or "$" in text
        or "\\[" in text
        or "\\(" in text
        or not text.isascii()
    ):
        return None
    return last_expression(main_clause(text, CONTENT).rstrip(" .!?"))
