"""Pairs of answers, kind by kind: what is equal is so both ways round, what is not is not."""

from __future__ import annotations

from typing import Any

import pytest

from numerate.answers import cluster, equal
from tests.answers.pairs import (
    calculus,
    chains,
    currencies,
    everyday,
    marks,
    more_notations,
    near_misses,
    notations,
    objects,
    second_look,
    sentences,
    series_and_cases,
    signs,
    solved,
    units,
)

KINDS = (
    calculus, chains, currencies, everyday, marks, more_notations, near_misses, notations, objects, second_look,
    sentences, series_and_cases, signs, solved, units,
)  # fmt: skip


def pairs(table: str) -> list[Any]:
    """Every pair of this table, in the modules that have one."""
    made: list[Any] = []
    for kind in KINDS:
        rows: list[tuple[str, str]] = getattr(kind, table, [])
        made += [
            pytest.param(*row, id=f"{kind.__name__.rpartition('.')[2]}-{i}") for i, row in enumerate(rows)
        ]
    return made


@pytest.mark.parametrize(("one", "other"), pairs("SAME"))
def test_equal_both_ways_round_and_in_the_vote(one: str, other: str) -> None:
    assert equal(one, other) and equal(other, one)
    assert len(set(cluster([one, other]))) == 1


@pytest.mark.parametrize(("one", "other"), pairs("APART"))
def test_equal_both_ways_round(one: str, other: str) -> None:
    assert equal(one, other) and equal(other, one)


@pytest.mark.parametrize(("one", "other"), pairs("DIFFERENT"))
def test_near_misses_are_different(one: str, other: str) -> None:
    assert not equal(one, other) and not equal(other, one)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Yes, it is possible.", r"\text{Yes}", True),
        ("No, there is none", "no", True),
        ("Yes, it is possible.", "No", False),
        ("Yes, but only for 2", "Yes", False),
    ],
)
def test_yes_or_no_with_a_remark(one: str, other: str, expected: bool) -> None:
    assert equal(one, other) == equal(other, one) == expected
