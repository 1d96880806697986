"""No pattern that is searched begins with a run that it tries from every character of it."""

from __future__ import annotations

import re

import pytest

from benchmarks.searched_patterns import BOUNDED, all_uses
from tests.answers.pattern_starts import begins_with_run

ENDS_AS_IT_BEGINS = frozenset({"extraction.clauses.SENTENCE_END"})
"""the empty line: a run that holds its end twice matches, any other is tried once"""
USES = {use.name: use for use in all_uses()}


def test_no_searched_pattern_begins_with_a_run() -> None:
    searched = [use for use in USES.values() if "sub" in use.methods]
    assert len(searched) > 200
    slow = {use.name for use in searched if begins_with_run(use.pattern)}
    assert slow - BOUNDED.keys() - ENDS_AS_IT_BEGINS == set()


def test_the_exceptions_are_patterns_of_the_answers() -> None:
    assert BOUNDED.keys() | ENDS_AS_IT_BEGINS <= USES.keys()


@pytest.mark.parametrize(
    "pattern",
    [
        r"\s*x",
        r"[ $]*(?:a|b)",
        r"(?:\s|,)+x",
        r"[.!?\n]\s*no",
        r"(?:^|[;:] ?)\W*we",
        r"(?:\s+|,\s*)who",
        r"\w*n't",
    ],
)
def test_a_run_at_the_start_is_noticed(pattern: str) -> None:
    assert begins_with_run(re.compile(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?<!\s)\s*+x",
        r"(?:[.!?]\s*+|\n[^\S\n]*+)no",
        r"\s+",
        r"\d+(?:,\d)?",
        r",\s*x",
        r" {0,9}x",
        r"\b\w+ly",
    ],
)
def test_a_guarded_run_is_none(pattern: str) -> None:
    assert not begins_with_run(re.compile(pattern))
