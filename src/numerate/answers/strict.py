"""Strict mode: what `decide` finds equal and one side left something out of is not strictly equal.

A unit, a percent sign and a name (`x =`) must stand on both sides or on neither, 28% is 0.28 and never 28,
and a decimal means its digits and nothing near them."""

from __future__ import annotations

import re
from fractions import Fraction

from numerate.answers.budget import LIMIT
from numerate.answers.compare.relations import named_value
from numerate.answers.compare.structure import same_structure
from numerate.answers.equivalence import (
    NO_MATCH,
    Verdict,
    as_text,
    compare_structure,
    decide,
    decide_guarded,
    parse_tree,
)
from numerate.answers.expr.tree import Node, Undecided
from numerate.answers.text import times, units, vocabulary
from numerate.answers.text.boxes import box_contents
from numerate.answers.text.normalize import LONGEST, normalize_text
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
    """`decide`, in either mode. strict: and nothing that one answer has is left out of the other; letters of
    choices are as they are."""
    if not strict:
        return decide(candidate, reference, kind)
    with LIMIT:
        verdict = decide(candidate, reference, kind)
        if verdict.how == "choice" or not verdict.equal:
            return verdict
        complete = decide_guarded(_complete, as_text(candidate, "candidate"), as_text(reference, "reference"))
        return verdict if complete.equal else complete


def equal(candidate: str | None, reference: str, kind: Kind = "math", strict: bool = False) -> bool:
    """Returns True for two answers that are the same mathematical object. `decide` also says which rung of
    the ladder decided. strict: and neither leaves out a unit, a percent sign, a name or digits that the
    other has.

    None, which `extract` gives where it finds no answer, equals nothing; numbers may stand for text. Raises
    ValueError for anything else that is no text, and never for what a text says."""
    return decide_strict(candidate, reference, kind, strict).equal


def _complete(candidate: str, reference: str) -> Verdict:
    return Verdict(True, "string") if nothing_left_out(candidate, reference) else NO_MATCH


def nothing_left_out(candidate: str, reference: str) -> bool:
    """Whether two answers that are equal are strictly so. Symmetric."""
    if len(candidate) > LONGEST or len(reference) > LONGEST:
        return candidate == reference
    a, b = normalize_text(box_contents(candidate)), normalize_text(box_contents(reference))
    if times.same_instant(a, b):
        return True
    if counted_unit(candidate, a) != counted_unit(reference, b):
        return False
    if bool(_PERCENT.search(a)) != bool(_PERCENT.search(b)):
        a, b = percent_as_number(a), percent_as_number(b)
        return compare_structure(a, b) is not None
    left, right = parse_tree(a), parse_tree(b)
    if left is None or right is None:
        return True
    named = [node.kind == "rel" and named_value(node) is not None for node in (left, right)]
    return named[0] == named[1] and same_digits(left, right)


def counted_unit(text: str, normal: str) -> object:
    """What is counted: a known unit in one spelling, any other word behind a number, a currency, or None."""
    if _CURRENCY.search(text):
        return units.Unit(frozenset({("dollar", 1)}), frozenset())
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


def percent_as_number(normal: str) -> str:
    """A percentage as the number that it is."""
    return f"({_PERCENT.sub('', normal)})/100" if _PERCENT.search(normal) else normal


def same_digits(left: Node, right: Node) -> bool:
    """Equal also when long decimals are read to their last digit."""
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
