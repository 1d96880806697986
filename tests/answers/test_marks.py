"""Marks around an answer, labels before it, and whole sentences with one value in them."""

from __future__ import annotations

import pytest

from numerate.answers import equal

SAME = [
    # marks
    ("#### 36", "36"),
    ("#### x = 5", "5"),
    ("**Answer:** 77", "77"),
    ("**Final answer**: $\\frac12$", "0.5"),
    ("<answer>12</answer>", "12"),
    ("<answer> x+1 </answer>", "1+x"),
    (r"\underline{\underline{8}}", "8"),
    (r"\underline{\mathbf{\frac12}}", "0.5"),
    ("∴ y = 4", "4"),
    (r"\therefore n = 6", "6"),
    ("30 (thirty)", "30"),
    # labels
    (r"\text{Maximum value: } 20", "20"),
    ("Total area: 36", "36"),
    ("The largest value is $\\frac{3}{2}$", "1.5"),
    ("The least possible value is 5.", "5"),
    ("The roots are 2, -5 and 1/3.", r"-5, \frac13, 2"),
    ("the point (1, −4)", "(1,-4)"),
    # what a line of reasoning arrives at
    ("x = 9 (x = -1 is extraneous)", "9"),
    ("t = 3 (reject -2; t = -2 is rejected)", "3"),
    ("p=3, q=8, so p+q=11", "11"),
    ("a = 4, b = 6; therefore ab = 24", "24"),
    ("p+q+r=31", "31"),
    ("m + n = 17", "17"),
    # sentences
    (r"He earns \$45 every week.", "45"),
    ("The bus covers 240 miles.", "240"),
    ("There are 1,250 students in the school.", "1250"),
    ("Anna has 12 marbles left.", "12"),
]

DIFFERENT = [
    ("#### 36", "63"),
    ("#### -36", "36"),
    ("**Answer:** 77", "7"),
    ("**Answer:** not 77", "77"),
    ("<answer>12</answer>", "13"),
    ("<answer>12</answer> or 14", "12"),
    (r"\underline{\underline{8}}", "88"),
    (r"\underline{\mathbf{\frac12}}", "12"),
    ("∴ y = 4", "x = 4"),
    (r"\therefore n = 6", "5"),
    ("30 (thirteen)", "30"),
    ("30 (three)", "30"),
    (r"\text{Maximum value: } 20", r"\text{Minimum value: } 20"),
    (r"\text{Maximum value: } 20", "-20"),
    ("The value is at least $5$", "5"),
    ("The answer isn't 5", "5"),
    ("The roots are 2, -5 and 1/3.", r"-5, 2"),
    ("the point (1, −4)", "(-4, 1)"),
    ("x = 9 (x = 9 is extraneous)", "9"),
    ("x = 9 (x = -1 is extraneous)", "-1"),
    ("9 (extraneous)", "9"),
    ("p=3, q=8, so p+q=11", "8"),
    ("p=3, q=8, so p+q is not 11", "11"),
    ("x+y=11", "11"),
    ("m + m = 17", "17"),
    ("m + n = 17", "m = 17"),
    (r"He earns \$45 every week.", "54"),
    (r"He earns \$45 every week.", r"\pounds 45"),
    ("The bus covers 240 miles.", "240 km"),
    ("The bus covers 240 miles.", "The train covers 240 miles."),
    ("The bus doesn't cover 240 miles.", "240"),
    ("The bus covers at least 240 miles.", "240"),
    ("The bus covers less than 240 miles.", "240"),
    ("The bus covers half of 240 miles.", "240"),
    ("He earns 45 dollars or 50 dollars.", "45"),
    ("There are no solutions except 4.", "4"),
    ("It is the square root of 5.", "5"),
    ("It costs 5 million dollars.", "5"),
    ("He lost 5 dollars.", "5"),
    ("The temperature is -5 degrees.", "5"),
    ("Anna has 12 marbles and 3 pens left.", "12"),
    ("Every multiple of 4 works.", "4"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_both_ways_round(one: str, other: str) -> None:
    assert equal(one, other) and equal(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
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
