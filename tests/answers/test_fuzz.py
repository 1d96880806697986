"""Random pairs and solutions: no exception, no error, both sides the same, never more than the budget."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks.fuzz_grader import Report, examine
from benchmarks.fuzzing import Fuzz, corpus
from numerate.answers import equal


def fuzz(data_dir: Path, seed: int, rows: int) -> Report:
    return examine(Fuzz(*corpus(data_dir), seed), range(rows), limit=math.inf)


def test_random_rows_have_verdicts(data_dir: Path) -> None:
    report = fuzz(data_dir, 7, 1_500)
    assert report.findings == []
    equal = sum(report.hows[how] for how in ("string", "number", "structure", "symbolic"))
    assert equal > 100 and report.hows["no_match"] > 500  # the rows are neither all noise nor all alike


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_random_rows_have_verdicts(data_dir: Path, seed: int) -> None:
    assert fuzz(data_dir, 100 + seed, 10_000).findings == []


def test_a_row_depends_on_its_number_alone() -> None:
    answers = ["\\frac{1}{2}", "x+1", "(1,2)"]
    first = [Fuzz(answers, seed=3).row(number) for number in range(20)]
    again = Fuzz(answers, seed=3)
    assert first[::-1] == [again.row(number) for number in range(19, -1, -1)]


@pytest.mark.parametrize("pair", [("u^2-u^2=0", "\\cos u-u=1"), ("u+1-(u-13)=14", "\\sin u+u=2")])
def test_an_identity_equals_no_equation(pair: tuple[str, str]) -> None:
    one_side, other_side = pair
    assert not equal(one_side, other_side) and not equal(other_side, one_side)
