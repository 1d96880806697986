"""What is read out of a line of a solution."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from numerate.judges.oracle.arithmetic import (
    Item,
    apply_operator,
    fold_postfix,
    parse_number,
    read_items,
    to_postfix,
)
from numerate.judges.oracle.calculations import find_calculations
from numerate.judges.oracle.step_checker import Ledger
from numerate.steps import split


def run(program: tuple[Item, ...]) -> Fraction:
    def operand(item: Item) -> int | Fraction:
        assert not isinstance(item, str)
        return item

    return Fraction(fold_postfix(program, operand, apply_operator))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2+3*4", 14),
        ("(2+3)*4", 20),
        ("7-2-1", 4),
        ("24/4/2", 3),
        ("1.5*4", 6),
        ("-2*3", -6),
        ("2*(-3+1)", -4),
    ],
)
def test_expressions_have_the_usual_precedence(text: str, value: int) -> None:
    assert run(to_postfix(read_items(text))) == value


@pytest.mark.parametrize(
    "text", ["", "2+", "2 3", "(2", "2)", "*2", "2**3", "a$b", "1" * 16, "1+" * 40 + "1"]
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        to_postfix(read_items(text))


def test_numbers_are_exact() -> None:
    assert parse_number("1,200") == 1200
    assert parse_number("2.50") == Fraction(5, 2)
    assert parse_number("0.1") == Fraction(1, 10)
    assert parse_number("9" * 16) is None


@pytest.mark.parametrize(
    ("line", "left", "right"),
    [
        ("In May she sold 48/2 = 24 clips.", 24, 24),
        ("2 boxes * 6 apples = 12 apples", 12, 12),
        ("16 eggs - 3 for breakfast - 4 for muffins = 9 eggs", 9, 9),
        ("$1,200 / 4 = $300", 300, 300),
        ("- (48 + 24) × 2 = 144", 144, 144),
        ("2) **48 ÷ 2 = 24**", 24, 24),
        ("Step 3: 24 − 5 = 19.", 19, 19),
        ("48 divided by 2 is equal to 24", 24, 24),
        ("three times 24 equals 72", 72, 72),
        ("half of 48 is 24", 24, 24),
        ("two-thirds of 9 is 6", 6, 6),
        ("twice 24 makes 48", 48, 48),
        ("5 less than 24 is 19", 19, 19),
        ("25% of 48 = 12", 12, 12),
        ("3/4 of 48 is 36", 36, 36),
        ("2 x 3 = 6", 6, 6),
        (r"\frac{1}{2} \times 48 = 24", 24, 24),
        ("(2)(3) = 6", 6, 6),
        ("1 1/2 * 4 = 6", 6, 6),
        ("-5 + 8 = 3", 3, 3),
        ("$5/hour * 8 hours = $40", 40, 40),
        ("so that is 24 = 48/2", 24, 24),
        ("There are 7 days, so 7*2=15", 14, 15),
    ],
)
def test_a_calculation_is_found_however_it_is_written(line: str, left: int, right: int) -> None:
    (calculation,) = find_calculations(line).calculations
    assert (run(calculation.left), run(calculation.right)) == (left, right)


@pytest.mark.parametrize(
    "line",
    [
        "She has 24 clips.",
        "1 hour = 60 minutes",
        "2x + 3 = 27",
        "The 2-hour trip",
        "48/2",
        "x = 24",
        "A + 4 = 39",
        "",
    ],
)
def test_what_calculates_nothing_is_left_alone(line: str) -> None:
    assert find_calculations(line).calculations == ()


def test_an_annotation_counts_once_and_its_result_must_be_quoted() -> None:
    line = find_calculations("48/2=<<48/2=24>>24 clips")
    assert len(line.calculations) == 1
    assert not line.misquoted
    assert find_calculations("She sold <<48/2=24>>26 clips").misquoted


def test_several_calculations_and_chains_in_one_line() -> None:
    two = find_calculations("She sold 48/2 = 24 in May and 48+24 = 72 altogether.").calculations
    assert [run(c.left) for c in two] == [24, 72]
    chain = find_calculations("2*3=6+4=10").calculations
    assert [(run(c.left), c.first, c.linked) for c in chain] == [(6, 6, False), (10, 10, True)]


@pytest.mark.parametrize(
    "line", ["x + 24*2 = 50", "3*4 = 24 - x", "8 boxes = 5*8", "10/3 = 3 remainder 1", "1/2 a cup is 4"]
)
def test_what_may_be_meant_otherwise_is_not_called_false(line: str) -> None:
    assert Ledger(None).line(line) == "unverifiable"


@pytest.mark.parametrize(
    "line", ["48/2=25", "48/2=<<48/2=25>>25", "half of 48 is 25", "10/3 = 3.34", "5/0 = 0", "2+2=4+1=6"]
)
def test_false_arithmetic_is_wrong_in_any_problem(line: str) -> None:
    assert Ledger(None).line(line) == "wrong"


@pytest.mark.parametrize(
    "line", ["10/3 = 3.33", "2/3=0.6667", "4/10*100 = 40%", "60/200 = 30%", "48 + 24 = 24 + 48 = 72"]
)
def test_rounding_percentages_and_chains_are_true(line: str) -> None:
    assert Ledger(None).line(line) == "unverifiable"


def test_solutions_of_gsm8k_have_next_to_no_false_steps(data_dir: Path) -> None:
    """Its authors did slip now and then (`40*3=<<3=3>>`, `2*8 = 24 hours`): below 4 in 1,000 steps."""
    with (data_dir / "gsm8k" / "test.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["solution"] for line in lines]
    verdicts = [Ledger(None).line(step.text) for text in texts for step in split(text)]
    assert len(verdicts) > 4000
    assert verdicts.count("wrong") < 0.004 * len(verdicts)
