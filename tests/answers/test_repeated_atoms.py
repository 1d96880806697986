"""Texts that repeat signs or words: extraction costs no more than its share of their length."""

from __future__ import annotations

import time

import pytest

from benchmarks.repeated_atoms import AROUND, KINDS, costs_of, is_superlinear
from numerate.answers import find

HANGING = [
    "So she has 5 apples. " + "?" * 1_000 + " 7",
    "What" + "?" * 1_000 + "5",
    "$?!" * 1_000 + " 7",
    "\n" * 8_000 + " So 5.",
    "#### 5\n" * 8_571,
    "####(and 3 pears) " * 3_500,
    "\\boxed{5} " + "because 5 A: ####" * 3_500,
    "x" + "#### 5\n\\boxed{5} 5. " * 2_300,
]


@pytest.mark.parametrize("text", HANGING, ids=range(len(HANGING)))
def test_a_text_of_repeated_signs_is_read_at_once(text: str) -> None:
    for kind in KINDS:
        began = time.process_time()
        find(text, kind)
        assert time.process_time() - began < 0.3


@pytest.mark.parametrize("atom", ["?", "\n", "5, ", "= ", "not ", "- 5\n"])
def test_the_cost_grows_with_the_length(atom: str) -> None:
    assert not is_superlinear(costs_of(atom, AROUND[1], "number"), growth=3)
