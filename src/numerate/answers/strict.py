"""Strict mode: what `decide` finds equal and one side left something out of is not strictly equal.

A unit, a percent sign and a name (`x =`) must stand on both sides or on neither, 28% is 0.28 and never 28,
and a decimal means its digits and nothing near them."""

from __future__ import annotations

import re
from fractions import Fraction

from numerate.answers.answer import Answer, as_text
from numerate.answers.budget import LIMIT
from numerate.answers.compare.relations import named_value
from numerate.answers.compare.structure import same_structure
from numerate.answers.equivalence import NO_MATCH, Verdict, compare_structure, decide, decide_guarded
from numerate.answers.expr.tree import Node, Undecided
from numerate.answers.text import times, units, vocabulary
from numerate.answers.text.normalize import LONGEST
from numerate.types import Kind

_PERCENT = re.compile(
    r"\\?%|(?<![a-z])(?:" + "|".join(sorted(vocabulary.PERCENT_WORDS)) + r")(?![a-z])", re.I
)
_CURRENCY = re.compile(r"\\\$|[€£¥₹]")
_STYLE = re.compile(r"\\(?:text[a-z]*|mathrm|mbox)|[{}]")
_LAST_WORD = re.compile(r"(?<=[\d}) ])([A-Za-z]+)[\^{}\d]*[ .]*$")
_KNOWN = (
    vocabulary.FUNCTIONS
    | vocabulary.NAMES
    | vocabulary.SEPARATORS
    | vocabulary.PERCENT_WORDS
    | set(vocabulary.MULTIPLIERS)
)


def decide_strict(
    candidate: str | None, reference: str, kind: Kind = "math", strict: bool = False
) -> Verdict:
    """Decides in either mode. strict: a part that one answer has and the other lacks is a difference;
    letters of choices are as they are."""
    if not strict:
        return decide(candidate, reference, kind)
    with LIMIT:
        verdict = decide(candidate, reference, kind)
        if verdict.how == "choice" or not verdict.equal:
            return verdict
        complete = decide_guarded(_complete, as_text(candidate, "candidate"), as_text(reference, "reference"))
        return verdict if complete.equal else complete


def equal(candidate: str | None, reference: str, kind: Kind = "math", strict: bool = False) -> bool:
    """Checks whether two answers are the same mathematical object. `decide` also returns the rule.

    Args:
        candidate: an answer, as text or number. None, `extract`'s result without an answer, equals nothing.
        reference: the reference answer.
        kind: number, math or choice.
        strict: a unit, a percent sign, a name or digits on one side only are a difference.

    Raises:
        ValueError: an argument is neither text nor number; never for the content of a text.
    """
    return decide_strict(candidate, reference, kind, strict).equal


def _complete(candidate: str, reference: str) -> Verdict:
    return Verdict(True, "string") if nothing_left_out(candidate, reference) else NO_MATCH


def nothing_left_out(candidate: str, reference: str) -> bool:
    """Checks whether two answers that are equal are strictly so. Symmetric."""
    if len(candidate) > LONGEST or len(reference) > LONGEST:
        return candidate == reference
    a, b = Answer(candidate), Answer(reference)
    if times.same_instant(a.normal, b.normal):
        return True
    if counted_unit(a) != counted_unit(b):
        return False
    if bool(_PERCENT.search(a.normal)) != bool(_PERCENT.search(b.normal)):
        return compare_structure(percent_as_number(a), percent_as_number(b)) is not None
    left, right = a.tree, b.tree
    if left is None or right is None:
        return True
    named = [node.kind == "rel" and named_value(node) is not None for node in (left, right)]
    return named[0] == named[1] and same_digits(left, right)


def counted_unit(answer: Answer) -> object:
    """Returns the unit that is counted: a known one in one spelling, any other word behind a number, a
    currency, or None."""
    if _CURRENCY.search(answer.raw):
        return units.Unit(frozenset({("dollar", 1)}), frozenset())
    normal = answer.normal
    if not any(c.isdigit() for c in normal):
        return None
    if unit := units.unit_of(normal):
        return unit
    word = _LAST_WORD.search(_STYLE.sub(" ", normal[-120:]))
    if word is None or word[1].lower() in _KNOWN:
        return None
    return (
        word[1].lower().removesuffix("s")
        if len(word[1]) >= 4 or word[1].lower() in vocabulary.UNITS
        else None
    )


def percent_as_number(answer: Answer) -> Answer:
    """Returns a percentage as the number that it is."""
    if not _PERCENT.search(answer.normal):
        return answer
    number = f"({_PERCENT.sub('', answer.normal)})/100"
    return Answer(number, number)


def same_digits(left: Node, right: Node) -> bool:
    """Checks whether they are equal when long decimals are read to their last digit."""
    exact = exact_numbers(left), exact_numbers(right)
    if exact == (left, right):
        return True
    try:
        return same_structure(*exact) is not None
    except (Undecided, ArithmeticError):
        return False


def exact_numbers(node: Node) -> Node:
    if node.kind == "float":
        return Node("num", Fraction(node.value[0]))
    return node._replace(args=tuple(exact_numbers(arg) for arg in node.args))
