"""Strict mode: what `decide` finds equal and one side left something out of is not strictly equal.

A unit, a percent sign and a name (`x =`) must stand on both sides or on neither, 28% is 0.28 and never 28,
and a decimal means its digits and nothing near them."""

from __future__ import annotations

import re
from fractions import Fraction

from numerate.answers import names, times, units
from numerate.answers.boxes import unbox
from numerate.answers.budget import LIMIT
from numerate.answers.ladder import NO_MATCH, Verdict, as_text, decide, guarded, structure, tree
from numerate.answers.normal import LONGEST, normalise
from numerate.answers.relations import named_value
from numerate.answers.shapes import same
from numerate.answers.tree import Node, Undecided
from numerate.types import Kind

_PERCENT = re.compile(r"\\?%|(?<![a-z])(?:" + "|".join(sorted(names.PERCENT_WORDS)) + r")(?![a-z])", re.I)
_CURRENCY = re.compile(r"\\\$|[€£¥₹]")
_STYLE = re.compile(r"\\(?:text[a-z]*|mathrm|mbox)|[{}]")
_LAST_WORD = re.compile(r"(?<=[\d}) ])([A-Za-z]+)[\^{}\d]*[ .]*$")
_KNOWN = names.FUNCTIONS | names.NAMES | names.SEPARATORS | names.PERCENT_WORDS | set(names.MULTIPLIERS)


def judge(candidate: str | None, reference: str, kind: Kind = "math", strict: bool = False) -> Verdict:
    """`decide`, in either mode. strict: and nothing that one answer has is left out of the other; letters of
    choices are as they are."""
    if not strict:
        return decide(candidate, reference, kind)
    with LIMIT:
        verdict = decide(candidate, reference, kind)
        if verdict.how == "choice" or not verdict.equal:
            return verdict
        complete = guarded(_complete, as_text(candidate, "candidate"), as_text(reference, "reference"))
        return verdict if complete.equal else complete


def _complete(candidate: str, reference: str) -> Verdict:
    return Verdict(True, "string") if nothing_left_out(candidate, reference) else NO_MATCH


def nothing_left_out(candidate: str, reference: str) -> bool:
    """Whether two answers that are equal are strictly so. Symmetric."""
    if len(candidate) > LONGEST or len(reference) > LONGEST:
        return candidate == reference
    a, b = normalise(unbox(candidate)), normalise(unbox(reference))
    if times.same_instant(a, b):
        return True
    if unit(candidate, a) != unit(reference, b):
        return False
    if bool(_PERCENT.search(a)) != bool(_PERCENT.search(b)):
        a, b = hundredths(a), hundredths(b)
        return structure(a, b) is not None
    left, right = tree(a), tree(b)
    if left is None or right is None:
        return True
    named = [node.kind == "rel" and named_value(node) is not None for node in (left, right)]
    return named[0] == named[1] and same_digits(left, right)


def unit(text: str, normal: str) -> object:
    """What is counted: a known unit in one spelling, any other word behind a number, a currency, or None."""
    if _CURRENCY.search(text):
        return units.Unit(frozenset({("dollar", 1)}), frozenset())
    if not any(c.isdigit() for c in normal):
        return None
    if found := units.unit_of(normal):
        return found
    word = _LAST_WORD.search(_STYLE.sub(" ", normal[-120:]))
    if word is None or word[1].lower() in _KNOWN:
        return None
    return word[1].lower().removesuffix("s") if len(word[1]) >= 4 or word[1].lower() in names.UNITS else None


def hundredths(normal: str) -> str:
    """A percentage as the number that it is."""
    return f"({_PERCENT.sub('', normal)})/100" if _PERCENT.search(normal) else normal


def same_digits(left: Node, right: Node) -> bool:
    """Equal also when long decimals are read to their last digit."""
    exact = exactly(left), exactly(right)
    if exact == (left, right):
        return True
    try:
        return same(*exact) is not None
    except (Undecided, ArithmeticError):
        return False


def exactly(node: Node) -> Node:
    if node.kind == "float":
        return Node("num", Fraction(node.value[0]))
    return node._replace(args=tuple(exactly(arg) for arg in node.args))
