"""Equivalence of answers by four comparisons in order: string, exact number, structure, symbolic. The first
that shows two answers equal decides; where the last is undecided they are different."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from numerate.answers import choice, faults
from numerate.answers.answer import Answer, as_text, parse_tree
from numerate.answers.budget import LIMIT, BudgetExceeded
from numerate.answers.compare import chains, conclusions, sentences
from numerate.answers.compare.structure import same_structure
from numerate.answers.expr.calculus import decide as calculus
from numerate.answers.expr.tree import Node, Undecided
from numerate.answers.sources import check_options
from numerate.answers.text import (
    digit_groups,
    letters,
    money,
    number_words,
    phrases,
    times,
    units,
    vocabulary,
)
from numerate.answers.text.boxes import box_contents
from numerate.answers.text.normalize import LONGEST, plain_number
from numerate.answers.text.phrases import is_nothing
from numerate.types import Kind


class Verdict(NamedTuple):
    equal: bool
    how: str
    """string, number, structure, symbolic or choice where equal; where not, no_match, no_answer, undecided
    (an integral, a limit or an infinite sum has no value that we can compute), too_long (more steps than a
    comparison may take) or error (a fault of the grader, kept in `faults`)"""


NO_MATCH = Verdict(False, "no_match")
UNDECIDED = Verdict(False, "undecided")
NO_ANSWER = Verdict(False, "no_answer")
TOO_LONG = Verdict(False, "too_long")
ERROR = Verdict(False, "error")


def decide(candidate: str | None, reference: str, kind: Kind = "math") -> Verdict:
    """Decides whether two answers are the same, and by which rung. Symmetric but for kind "choice".

    A candidate may be None, which is no answer. Raises ValueError for what is neither text nor a number, and
    an unknown kind: a fault of the grader is the verdict "error"."""
    if kind != "math":
        check_options(kind, "none")
    try:
        a, b = plain_number(candidate), plain_number(reference)  # pyright: ignore[reportArgumentType]
    except (TypeError, AttributeError):
        expected = as_text(reference, "reference")
        return NO_ANSWER if candidate is None else decide(as_text(candidate, "candidate"), expected, kind)
    assert candidate is not None
    if a is not None and b is not None:
        return _numbers(candidate, reference, a, b)
    return decide_guarded(_compare, candidate, reference, kind)


def decide_guarded(work: Callable[..., Verdict], candidate: str, reference: str, *more: Any) -> Verdict:
    """Returns the verdict of `work` within its budget, whatever happens inside."""
    try:
        with LIMIT:
            return work(candidate, reference, *more)
    except BudgetExceeded:
        return TOO_LONG
    except Exception as error:
        faults.note_fault(error, candidate, reference)
        return ERROR


def _compare(candidate: str, reference: str, kind: Kind = "math") -> Verdict:
    if is_nothing(candidate) or is_nothing(reference):
        none = phrases.says_none(candidate) and phrases.says_none(reference)
        return Verdict(True, "string") if none else NO_ANSWER
    if candidate == reference:
        return Verdict(True, "string")
    if kind == "choice":
        return _choices(candidate, reference)
    if len(candidate) > LONGEST or len(reference) > LONGEST:
        return NO_MATCH
    a, b = Answer(candidate), Answer(reference)
    verdict = _climb(a, b)
    if verdict.how not in ("no_match", "undecided"):
        return verdict
    return _read_anew(a, b) or verdict


def _read_anew(a: Answer, b: Answer) -> Verdict | None:
    """Returns the verdict on what several statements conclude, or on the value in a sentence; None where
    there are none."""
    if "dozen" in a.normal + b.normal and (counts := _counts_of_dozens(a, b)):
        return _climb(*counts)
    ends = _conclusion(a), _conclusion(b)
    if "" in ends:
        return None
    if any(ends) and not money.currencies_differ(a.content, b.content, ends[0] or "", ends[1] or ""):
        verdict = _climb(*(Answer(end, end) if end else x for x, end in zip((a, b), ends, strict=True)))
        if verdict.equal:
            return verdict
    values = sentences.replace_sentence(a.content, b.content)
    return _climb(*map(Answer, values)) if values else None


_DOZEN = re.compile(r"(?<!\s)\s*+\b(?<!half a )(?<!an )(?<!a )dozens?\b(?: of)?", re.IGNORECASE)


def _counts_of_dozens(a: Answer, b: Answer) -> tuple[Answer, Answer] | None:
    """Returns the pair without the word where one side counts dozens and the other is a bare number: a
    problem may ask for the number of dozens, so `5 dozen` is 5 as well as 60."""
    if plain_number(a.raw) is None and plain_number(b.raw) is None:
        return None
    return Answer(_DOZEN.sub("", a.content)), Answer(_DOZEN.sub("", b.content))


def _conclusion(answer: Answer) -> str | None:
    if answer.content.count("=") < 2 and not _TWICE.search(answer.content):
        return None
    if len(money.named_currencies(answer.content) - {"percent"}) > 1:
        return None
    try:
        return conclusions.concluded_value(answer.normal, parse_tree, _equal)
    except (Undecided, ArithmeticError, RecursionError):
        return None


def _equal(a: str, b: str) -> bool:
    return not units.units_differ(a, b) and compare_structure(Answer(a, a), Answer(b, b)) is not None


_TWICE = re.compile(r"(?<![A-Za-z])or(?![A-Za-z])|i\.e|that is|equivalent")


def _numbers(candidate: str, reference: str, a: str, b: str) -> Verdict:
    if a == b:
        return Verdict(True, "string" if candidate == reference else "number")
    if (len(a) < 14 and len(b) < 14) or len(a) + len(b) >= LONGEST:
        return NO_MATCH
    return decide_guarded(_compare, candidate, reference)


def _choices(candidate: str, reference: str) -> Verdict:
    letter = choice.leading_letter(box_contents(reference))
    if letter is not None and letter == choice.leading_letter(box_contents(candidate)):
        return Verdict(True, "choice")
    return NO_MATCH


def _climb(a: Answer, b: Answer) -> Verdict:
    a, b = _in_dollars(a, b), _in_dollars(b, a)
    if is_nothing(a.normal) or is_nothing(b.normal):
        return NO_ANSWER
    if money.currencies_differ(a.content, b.content, a.normal, b.normal):
        return NO_MATCH
    if a.normal == b.normal:
        return Verdict(True, "string")
    if letters.is_letters(a.content) or letters.is_letters(b.content):
        return _letters(a, b)
    a, b = a.in_digits(), b.in_digits()
    prose = _same_prose(a, b)
    if prose is not None:
        return prose
    if units.units_differ(a.normal, b.normal) and times.same_time(a.normal, b.normal) is None:
        rung = _same_angles(a, b) if units.only_angles_differ(a.normal, b.normal) else None
    else:
        rung = compare_structure(a, b)
    if rung:
        return Verdict(True, rung)
    in_order = sorted((a, b), key=lambda answer: answer.normal)  # for the same steps either way round
    return UNDECIDED if any(map(_is_undecided, in_order)) else NO_MATCH


def _in_dollars(amount: Answer, other: Answer) -> Answer:
    """Returns the answer in dollars, where it is in cents and the other one in dollars."""
    dollars = money.in_dollars(amount.content, other.content)
    return Answer(dollars) if dollars else amount


_OPERATOR = re.compile(r"\\(?:int|lim|sum|prod|partial)(?![a-z])|(?<![a-zA-Z])d ?[\^}]|'")


def _is_undecided(answer: Answer) -> bool:
    if not _OPERATOR.search(answer.normal) or len(answer.normal) > LONGEST_OPERATOR:
        return False
    node = answer.tree
    return node is not None and calculus.is_undecided(node)


LONGEST_OPERATOR = 1_000


def _letters(candidate: Answer, reference: Answer) -> Verdict:
    a, b = (
        letters.several_letters(x) or letters.remarked_letter(x) or choice.leading_letter(x)
        for x in (candidate.content, reference.content)
    )
    return Verdict(True, "choice") if a is not None and a == b else NO_MATCH


def _same_prose(a: Answer, b: Answer) -> Verdict | None:
    """Decides when either is words without a number; equal words are equal in any case."""
    if (
        a.words
        and b.words
        and number_words.in_digits(a.words) == number_words.in_digits(b.words)
        and not units.units_differ(a.normal, b.normal)
    ):
        return Verdict(True, "string")
    return NO_MATCH if _is_prose(a) or _is_prose(b) else None


def _is_prose(answer: Answer) -> bool:
    """Checks whether the answer consists of words without digits of which one is longer than a product of
    letters or the name of a function."""
    normal = answer.normal
    if answer.words is None or any(c.isdigit() for c in answer.words):
        return False
    names = vocabulary.FUNCTIONS | vocabulary.NAMES | vocabulary.SEPARATORS
    return any(
        len(w) >= 4 and w not in names
        for w in re.findall(r"[a-z]+", re.sub(r"\\[a-z]+", " ", normal).lower())
    ) and not re.search(r"[\\^_=+*/]", re.sub(r"\\[a-z]+\{", "", normal))


_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_CONSTANT = re.compile(r".*\+ ?([CcKk])")


def _same_constant(a: str, b: str) -> str | None:
    """Returns the second of `x^2 + C` and `x^2 + c` with the first one's constant of integration."""
    if a[-1:] not in "CcKk" or b[-1:] not in "CcKk" or a[-1:] == b[-1:]:
        return None
    first, second = _CONSTANT.fullmatch(a), _CONSTANT.fullmatch(b)
    if first is None or second is None or a.count(a[-1]) + b.count(b[-1]) != 2 or a[-1] in b or b[-1] in a:
        return None
    return b[:-1] + a[-1]


def _readings(a: Answer, b: Answer) -> Iterator[tuple[Answer, Answer]]:
    """Yields the pair as written, then with a comma between digits read as a separator or as a decimal
    point."""
    yield a, b
    for first, second in _other_readings(a.normal, b.normal):
        yield Answer(first, first) if first else a, Answer(second, second) if second else b


def _other_readings(a: str, b: str) -> Iterator[tuple[str | None, str | None]]:
    """Returns what each of the two may also mean, None where it means what is written."""
    both = a + b
    if ("(" in both or "[" in both or "\\{" in both or ", " in both) and _GROUPED.search(f"{a} {b}"):
        yield _GROUPED.sub(", ", a), _GROUPED.sub(", ", b)
    if "," in both:
        first, second = digit_groups.join_indian_groups(a), digit_groups.join_indian_groups(b)
        if first or second:
            yield first, second
    first, second = units.split_quantity(a), units.split_quantity(b)
    if (first or second) and not (first and second and first[1] != second[1]):
        yield first and first[0], second and second[0]
    if constant := _same_constant(a, b):
        yield None, constant
    first, second = digit_groups.decimal_comma(a), digit_groups.decimal_comma(b)
    if bool(first) != bool(second):
        yield first, second


def compare_structure(a: Answer, b: Answer) -> str | None:
    """Returns the rung on which two answers are the same mathematics, or None."""
    timed = times.same_time(a.normal, b.normal)
    if timed is not None:
        return "structure" if timed else None
    if _contradicts(a) or _contradicts(b):
        return None
    for first, second in _readings(a, b):
        left, right = first.tree, second.tree
        if left is None and right is None and first.normal.replace(" ", "") == second.normal.replace(" ", ""):
            return "string"
        if rung := _same_trees(left, right):
            return rung
    return _same_angles(a, b) if a.has_degrees or b.has_degrees else None


def _contradicts(answer: Answer) -> bool:
    return answer.normal.count("=") > 1 and chains.is_contradictory_chain(answer.normal, answer.tree)


def _same_trees(left: Node | None, right: Node | None) -> str | None:
    if left is None or right is None:
        return None
    try:
        return same_structure(left, right)
    except (Undecided, ArithmeticError):
        return None


def _same_angles(a: Answer, b: Answer) -> str | None:
    """Returns the rung on which two answers are the same once degrees are turned into radians."""
    return _same_trees(a.in_radians, b.in_radians)
