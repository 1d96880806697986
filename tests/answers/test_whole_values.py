"""A number is taken with all that changes it: a fragment of an answer is paid in no form."""

from __future__ import annotations

import pytest

from numerate.answers import find, grade
from numerate.types import Kind, Problem

MARKS = (
    "The answer is {}.",
    "#### {}",
    "<answer>{}</answer>",
    "**Answer:** {}",
    "Final answer: {}",
    "\\boxed{{{}}}",
)
KINDS: tuple[Kind, ...] = ("number", "math")


def is_paid(text: str, reference: str, kind: Kind, **options: str) -> bool:
    return grade(text, Problem("x", "", reference, kind=kind), **options).correct  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "fragments"),
    [
        # signs that are no ASCII
        ("1½ cups", "1 2"),
        ("3⅖", "3 2 5"),
        ("¾", "3 4"),
        ("7²", "7 2"),
        ("2⁻³", "2 3"),
        ("10⁶", "10 6"),
        ("25‰", "25"),
        ("9π", "9"),
        ("9 π", "9"),
        ("2π cm", "2"),
        ("3√5", "3 5"),
        ("∛8", "8"),
        ("1⁄2", "1 2"),
        ("0.\\overline{6}", "0 6"),
        ("1.2\\overline{3}", "1.2 3"),
        # two units, ratios, operations
        ("6 ft 2 in", "6 2"),
        ("5'11\"", "5 11"),
        ("7 lb 3 oz", "7 3"),
        ("3 : 4", "3 4"),
        ("3 x 4", "3 4"),
        ("3 over 4", "3 4"),
        ("12 pi", "12"),
        ("5 minus 2", "5 2"),
        ("2 to the power of 5", "2 5"),
        ("7 mod 3", "7 3"),
        ("the square root of 2", "2"),
        ("log 100", "100"),
        ("10% of 50", "10 50 10%"),
        ("5 and 3/4", "5 3 4"),
        ("4 point 5", "4 5"),
        ("5 degrees below zero", "5"),
        ("101 base 2", "101"),
        # bounds
        ("at least 5", "5"),
        ("at most 12 apples", "12"),
        ("no more than 12", "12"),
        ("over 12", "12"),
        ("up to 12", "12"),
        ("5+", "5"),
        ("12+ apples", "12"),
        ("<5", "5"),
        ("> 12", "12"),
        ("≥12", "12"),
        ("5 or more", "5"),
        ("12 apples or more", "12"),
        ("12 and above", "12"),
        # several values
        ("x=1 and x=2", "1 2"),
        ("x=3, y=4", "3 4"),
        ("2 and 3", "2 3"),
        ("2, 3", "2 3"),
        ("3; 4", "3 4"),
        ("3, 4 and 5", "3 4 5"),
        ("5 apples and 3 pears", "5 3 8"),
        ("$3 and $4", "3 4"),
        ("5 for Tom and 3 for Ann", "5 3"),
        ("7 remainder 3", "7 3"),
        ("7 R 3", "7 3"),
        ("7 boxes with a remainder of 3", "7 3"),
        ("between 2 and 3", "2 3"),
        ("3 to 4", "3 4"),
    ],
)
def test_no_fragment_of_a_marked_answer_is_paid(answer: str, fragments: str, kind: Kind) -> None:
    for mark in MARKS:
        for fragment in fragments.split():
            assert not is_paid(mark.format(answer), fragment, kind, fallback="none"), (mark, fragment)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("So she gets 3 to 4 apples.", "4"),
        ("So she gets at least 5.", "5"),
        ("So she gets 7 remainder 3.", "3"),
        ("So she gets 5 apples and 3 pears.", "3"),
        ("So it takes 2π hours.", "2"),
        ("So she gets x=1 and x=2.", "2"),
        ("So she gets 12+ apples.", "12"),
        ("So it is 1½ cups.", "1"),
    ],
)
def test_no_fragment_of_a_guess_is_paid(text: str, fragment: str, kind: Kind) -> None:
    assert not is_paid(text, fragment, kind)


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(
    ("answer", "reference"),
    [
        ("1½", "1.5"),
        ("½", "1/2"),
        ("5¾ cups", "5.75"),
        ("10⁶", "1000000"),
        ("9π", "9\\pi"),
        ("0.333...", "1/3"),
        ("minus $5", "-5"),
        ("about 12", "12"),
        ("5 hours and 30 minutes", "5 hours and 30 minutes"),
    ],
)
def test_whole_values_are_read(mark: str, answer: str, reference: str) -> None:
    if "boxed" not in mark or " " not in answer:
        assert is_paid(mark.format(answer), reference, "number", fallback="none")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("#### 13 miles on Wednesday.", "13"),
        ("The answer is 5 apples for 3 friends.", "5"),
        ("The answer is $12, which is 3 times 4.", "12"),
        ("The answer is 20, 5 more than Tom.", "20"),
        ("The answer is 20 students, 8 boys and 12 girls.", "20"),
        ("The answer is 2 hours, or 120 minutes.", "2 hours"),
        ("The answer is that she needs at least 5 boxes.", "5"),
        ("Jane must score at least 9 points.", "9"),
        ("The answer is 5 dollars and 25 cents.", "5.25"),
        ("The answer is 20 + 5 = 25.", "25"),
        ("The answer is 42 in 3 days.", "42"),
    ],
)
def test_what_only_describes_a_number_is_left_out(text: str, reference: str) -> None:
    assert is_paid(text, reference, "number")


def test_an_answer_of_one_sign_is_no_guess() -> None:
    assert find("½", "number", fallback="none").source == "bare"


def test_somebody_who_is_given_an_amount_is_no_exponent() -> None:
    assert is_paid("She gives a total of $15 + $3 = $18 to the delivery man.", "18", "number")
    assert not is_paid("The answer is 5 to the fourth.", "5", "number")
