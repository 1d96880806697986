"""The ladder of equivalence: string, exact number, structure, symbolic. The first rung that finds two
answers equal decides; the last one that can't tell calls them different."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from numerate.answers import choice, faults
from numerate.answers.budget import LIMIT, BudgetExceeded, measure_steps, spend_steps
from numerate.answers.compare import cases, chains, conclusions, parametric, sentences
from numerate.answers.compare.structure import same_structure
from numerate.answers.expr import angles
from numerate.answers.expr.calculus import decide as calculus
from numerate.answers.expr.tree import Node, Undecided, Unreadable, number_node
from numerate.answers.parse.parser import parse_answer
from numerate.answers.text import (
    code_literals,
    digit_groups,
    money,
    number_words,
    phrases,
    remarks,
    times,
    units,
    vocabulary,
)
from numerate.answers.text.boxes import box_contents
from numerate.answers.text.normalize import LONGEST, normalize_text, plain_number, plain_words
from numerate.answers.text.rewrite import rewrite_notations
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
    for nothing else: a fault of the grader is the verdict "error"."""
    try:
        a, b = plain_number(candidate), plain_number(reference)  # pyright: ignore[reportArgumentType]
    except (TypeError, AttributeError):
        wanted = as_text(reference, "reference")
        return NO_ANSWER if candidate is None else decide(as_text(candidate, "candidate"), wanted, kind)
    assert candidate is not None
    if a is not None and b is not None:
        return _numbers(candidate, reference, a, b)
    return decide_guarded(_compared, candidate, reference, kind)


def decide_guarded(work: Callable[..., Verdict], candidate: str, reference: str, *more: Any) -> Verdict:
    """The verdict of `work` within its budget, whatever happens inside."""
    try:
        with LIMIT:
            return work(candidate, reference, *more)
    except BudgetExceeded:
        return TOO_LONG
    except Exception as error:
        faults.note_fault(error, candidate, reference)
        return ERROR


def as_text(value: object, what: str) -> str:
    """A number as JSON writes it. Raises ValueError for what is no answer."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"the {what} is {value!r:.60}: give a text or a number")
    return json.dumps(value)


def _compared(candidate: str, reference: str, kind: Kind) -> Verdict:
    if is_nothing(candidate) or is_nothing(reference):
        none = phrases.says_none(candidate) and phrases.says_none(reference)
        return Verdict(True, "string") if none else NO_ANSWER
    if candidate == reference:
        return Verdict(True, "string")
    if kind == "choice":
        return _choices(candidate, reference)
    if len(candidate) > LONGEST or len(reference) > LONGEST:
        return NO_MATCH
    verdict = _climb(candidate, reference)
    if verdict.how not in ("no_match", "undecided"):
        return verdict
    return _read_anew(candidate, reference) or verdict


def _read_anew(candidate: str, reference: str) -> Verdict | None:
    """The verdict on what several statements conclude, or on the value in a sentence; None where there are
    none."""
    ends = _concluded(candidate), _concluded(reference)
    if "" in ends:
        return None
    if any(ends) and not money.currencies_differ(candidate, reference, ends[0] or "", ends[1] or ""):
        verdict = _climb(ends[0] or candidate, ends[1] or reference)
        if verdict.equal:
            return verdict
    values = sentences.one_sided(candidate, reference)
    return _climb(*values) if values else None


def _concluded(answer: str) -> str | None:
    if answer.count("=") < 2 and not _TWICE.search(answer):
        return None
    if len(money.named_currencies(answer) - {"percent"}) > 1:
        return None
    try:
        return conclusions.concluded_value(normalize_text(box_contents(answer)), parse_tree, _equal)
    except (Undecided, ArithmeticError, RecursionError):
        return None


def _equal(a: str, b: str) -> bool:
    return not units.units_differ(a, b) and compare_structure(a, b) is not None


_TWICE = re.compile(r"(?<![A-Za-z])or(?![A-Za-z])|i\.e|that is|equivalent")


def _numbers(candidate: str, reference: str, a: str, b: str) -> Verdict:
    if a == b:
        return Verdict(True, "string" if candidate == reference else "number")
    if len(a) < 14 and len(b) < 14:
        return NO_MATCH
    return decide_guarded(_climb, candidate, reference) if len(a) + len(b) < LONGEST else NO_MATCH


def is_nothing(text: str) -> bool:
    """True for an empty answer and for those that say there is none: nan, None, "I don't know"."""
    if len(text) > 60:
        return not text.strip()
    if "\\{" in text:  # \\{\\} is the empty set
        return False
    return text.strip(" $.\n\t").lower() in vocabulary.NO_ANSWER or not re.search(r"[^\s{}$\\.,;:]", text)


def _choices(candidate: str, reference: str) -> Verdict:
    wanted = choice.leading_letter(reference)
    if wanted is not None and wanted == choice.leading_letter(candidate):
        return Verdict(True, "choice")
    return NO_MATCH


def _climb(candidate: str, reference: str) -> Verdict:
    candidate, reference = money.in_dollars(box_contents(candidate), box_contents(reference))
    a, b = normalize_text(candidate), normalize_text(reference)
    if is_nothing(a) or is_nothing(b):
        return NO_ANSWER
    if money.currencies_differ(candidate, reference, a, b):
        return NO_MATCH
    if a == b:
        return Verdict(True, "string")
    if choice.is_letters(reference) or choice.is_letters(candidate):
        return _letters(candidate, reference)
    a, b = (number_words.read_number_words(x, plain_words(x)) or x for x in (a, b))
    prose = _same_prose(a, b)
    if prose is not None:
        return prose
    if units.units_differ(a, b) and times.same_time(a, b) is None:
        rung = same_angles(a, b) if units.only_angles_differ(a, b) else None
    else:
        rung = compare_structure(a, b)
    if rung:
        return Verdict(True, rung)
    return UNDECIDED if any(map(_undecided, sorted((a, b)))) else NO_MATCH


_OPERATOR = re.compile(r"\\(?:int|lim|sum|prod|partial)(?![a-z])|(?<![a-zA-Z])d ?[\^}]|'")


def _undecided(normal: str) -> bool:
    if not _OPERATOR.search(normal) or len(normal) > LONGEST_OPERATOR:
        return False
    node = parse_tree(normal)
    return node is not None and calculus.is_undecided(node)


LONGEST_OPERATOR = 1_000


def _letters(candidate: str, reference: str) -> Verdict:
    a, b = (
        choice.several_letters(x) or remarks.remarked_letter(x) or choice.leading_letter(x)
        for x in (candidate, reference)
    )
    return Verdict(True, "choice") if a is not None and a == b else NO_MATCH


def _same_prose(a: str, b: str) -> Verdict | None:
    """Decides when either is words without a number; equal words are equal in any case."""
    first, second = plain_words(a), plain_words(b)
    if (
        first
        and second
        and number_words.in_digits(first) == number_words.in_digits(second)
        and not units.units_differ(a, b)
    ):
        return Verdict(True, "string")
    if _is_prose(first, a) or _is_prose(second, b):
        return NO_MATCH
    return None


def _is_prose(extracted: str | None, normal: str) -> bool:
    """Words without digits of which one is longer than a product of letters or the name of a function."""
    if extracted is None or any(c.isdigit() for c in extracted):
        return False
    known = vocabulary.FUNCTIONS | vocabulary.NAMES | vocabulary.SEPARATORS
    return any(
        len(w) >= 4 and w not in known
        for w in re.findall(r"[a-z]+", re.sub(r"\\[a-z]+", " ", normal).lower())
    ) and not re.search(r"[\\^_=+*/]", re.sub(r"\\[a-z]+\{", "", normal))


_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_CONSTANT = re.compile(r".*\+ ?([CcKk])")


def _same_constant(a: str, b: str) -> str | None:
    """The second of `x^2 + C` and `x^2 + c` with the first one's constant of integration."""
    if a[-1:] not in "CcKk" or b[-1:] not in "CcKk" or a[-1:] == b[-1:]:
        return None
    first, second = _CONSTANT.fullmatch(a), _CONSTANT.fullmatch(b)
    if first is None or second is None or a.count(a[-1]) + b.count(b[-1]) != 2 or a[-1] in b or b[-1] in a:
        return None
    return b[:-1] + a[-1]


_DOZENS = re.compile(r"(\d{1,9}) ?(?:\\text ?\{ ?)?dozens?(?: ?\})?")


def _dozens(normal: str) -> str | None:
    """`5 dozen` as 60, None for anything else."""
    match = _DOZENS.fullmatch(normal) if "dozen" in normal else None
    return str(12 * int(match[1])) if match else None


def _readings(a: str, b: str) -> list[tuple[str, str]]:
    """The pair as written, then with a comma between digits read as a separator or as a decimal point."""
    pairs = [(a, b)]
    if _GROUPED.search(a) or _GROUPED.search(b):
        apart = _GROUPED.sub(", ", a), _GROUPED.sub(", ", b)
        if "(" in a + b or "[" in a + b or "\\{" in a + b or ", " in a + b:
            pairs.append(apart)
    if "," in a + b:
        first, second = digit_groups.join_indian_groups(a), digit_groups.join_indian_groups(b)
        if first or second:
            pairs.append((first or a, second or b))
    first, second = units.split_quantity(a), units.split_quantity(b)
    if (first or second) and not (first and second and first[1] != second[1]):
        pairs.append((first[0] if first else a, second[0] if second else b))
    dozens = _dozens(a), _dozens(b)
    if bool(dozens[0]) != bool(dozens[1]):
        pairs.append((dozens[0] or a, dozens[1] or b))
    if first := _same_constant(a, b):
        pairs.append((a, first))
    first, second = digit_groups.decimal_comma(a), digit_groups.decimal_comma(b)
    if bool(first) != bool(second):
        pairs.append((first or a, second or b))
    return pairs


def compare_structure(a: str, b: str) -> str | None:
    """The rung on which two texts in normal form are the same mathematics, or None."""
    timed = times.same_time(a, b)
    if timed is not None:
        return "structure" if timed else None
    if _contradicts(a) or _contradicts(b):
        return None
    for first, second in _readings(a, b):
        left, right = parse_tree(first), parse_tree(second)
        if left is None and right is None and first.replace(" ", "") == second.replace(" ", ""):
            return "string"
        if rung := _same_trees(left, right):
            return rung
    return same_angles(a, b) if _has_degrees(a) or _has_degrees(b) else None


def _contradicts(normal: str) -> bool:
    return normal.count("=") > 1 and chains.is_contradictory_chain(normal, parse_tree(normal))


def _same_trees(left: Node | None, right: Node | None) -> str | None:
    if left is None or right is None:
        return None
    try:
        return same_structure(left, right)
    except (Undecided, ArithmeticError):
        return None


def _has_degrees(normal: str) -> bool:
    return "circ" in normal or "degree" in normal


_DEGREE_WORD = re.compile(r"(?<=\d) ?(?:\\text ?\{ ?)?degrees? ?\}?")


def same_angles(a: str, b: str) -> str | None:
    """The rung on which two texts are the same once degrees are turned into radians."""
    worded = (_DEGREE_WORD.sub(r"^\\circ ", x) if "degree" in x else x for x in (a, b))
    return _same_trees(*(_parsed(x, angles.in_radians) for x in worded))


_STYLED_WORD = re.compile(r"\\(?:text|mathrm)\{(\w+)\}")
_LETTER_DIGITS = re.compile(r"(\d[\dA-Fa-f]*|[A-Fa-f]\d[\dA-Fa-f]*)_ ?\{? ?(1[1-6]) ?\}?")


def parse_tree(normal: str) -> Node | None:
    """The text as a tree, None where it is no mathematics that we can read."""
    node, steps = _short_tree(normal) if len(normal) <= CACHED else measure_steps(_tree, normal)
    spend_steps(steps)
    return node


def _tree(normal: str) -> Node | None:
    if normal[:2] in ("0x", "0X") and (hexadecimal := code_literals.hexadecimal_digits(normal)):
        if hexadecimal.isdigit():  # 0x10 is not the 10 that 10_{16} may be written as
            return None
        normal = f"{hexadecimal}_{{16}}"
    if "_" in normal and (digits := _LETTER_DIGITS.fullmatch(_STYLED_WORD.sub(r"\1", normal))):
        return Node("base", (digits[1].upper(), number_node(int(digits[2]))))
    return _parsed(normal, angles.without_degrees)


@lru_cache(maxsize=4096)
def _short_tree(normal: str) -> tuple[Node | None, int]:
    return measure_steps(_tree, normal)


CACHED = 200
"""characters; longer texts are read anew, so that the cache stays below some 50 MB whatever comes"""


def _parsed(normal: str, turn: Callable[[Node], Node]) -> Node | None:
    """turn: what becomes of degrees."""
    normal, parameter = parametric.split_parameter(normal) if "\\whole" in normal else (normal, None)
    try:
        if cases.holds_cases(normal) and (node := cases.read_cases(normal, parse_tree)):
            return node
        node = parse_answer(rewrite_notations(normal))
        if _has_degrees(normal):
            node = turn(node)
        return parametric.spread_family(node, parameter) if parameter else node
    except Unreadable:
        return None
