"""Values in English words: read with their scale, sign and parts, or not at all."""

from __future__ import annotations

import pytest

from numerate.answers import equal, grade
from numerate.types import Kind, Problem

KINDS: tuple[Kind, ...] = ("number", "math")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "fragments"),
    [
        ("It is minus five degrees.", "5"),
        ("There are two point five left.", "5 2"),
        ("She ate two thirds of it.", "2 3"),
        ("She has twenty-five hundred left.", "25"),
        ("The answer is three over four.", "3 4"),
        ("The answer is two or three.", "2 3 5"),
        ("The answer is two and three.", "2 3 5"),
        ("She has two or three apples.", "3 2"),
        ("She has five apples and three pears.", "3 5"),
        ("The answer is at least five.", "5"),
        ("The answer is five or more.", "5"),
        ("The answer is seven remainder three.", "7 3"),
        ("The answer is two to three.", "2 3"),
        ("It is five below zero.", "5 0"),
        ("It is five degrees below zero.", "5 0"),
        ("The answer is five minus two.", "5 2 -2"),
        ("The answer is twelve times two.", "12 2"),
        ("The answer is half a million.", "1000000"),
        ("The answer is two million.", "2"),
        ("The answer is between two and three.", "2 3"),
        ("She has minus two and a half left.", "2.5 2"),
        ("The answer is twenty-first.", "20 21"),
        ("The answer is more than ten.", "10"),
        ("She has half a dozen left.", "12"),
        ("The answer is five hundredths.", "5 500"),
        ("The answer is five squared.", "5"),
        ("The answer is two hundred to three hundred.", "200 300"),
        ("He has two lakh rupees.", "2"),
    ],
)
def test_no_fragment_of_a_value_in_words_is_paid(text: str, fragments: str, kind: Kind) -> None:
    for fragment in fragments.split():
        assert not grade(text, Problem("x", "", fragment, kind=kind)).correct, fragment


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("She sold three dozen.", "36"),
        ("She sold three dozen eggs.", "36"),
        ("He needs 3 dozen eggs.", "36"),
        ("There are two and a half left.", "2.5"),
        ("There are two point five left.", "2.5"),
        ("It is minus five degrees.", "-5"),
        ("She has a hundred and one left.", "101"),
        ("She has one hundred twenty left.", "120"),
        ("The answer is half a million.", "500000"),
        ("The answer is five squared.", "25"),
        ("She has half a dozen left.", "6"),
        ("She sold twelve cakes.", "12"),
        ("There are twenty-one left.", "21"),
        ("The answer is two thirds.", "2/3"),
        ("The probability is a third.", "1/3"),
        ("The answer is negative twelve.", "-12"),
        ("She has two brothers. She has three left.", "3"),
        ("She has twenty-five hundred left.", "2500"),
        ("He has two lakh rupees.", "200000"),
        ("The answer is two and three quarters.", "2.75"),
        ("The answer is a dozen.", "12"),
        ("The answer is one.", "1"),
    ],
)
def test_a_value_in_words_is_read(text: str, reference: str) -> None:
    assert grade(text, Problem("x", "", reference, kind="number")).correct


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("twenty-five hundred", "2500"),
        ("one hundred two", "102"),
        ("five and a half", "5.5"),
        ("a hundred", "100"),
        ("a hundred and one", "101"),
        ("six cents", "6"),
        ("one and two thirds", "5/3"),
        ("one half", "1/2"),
        ("two-thirds", "2/3"),
        ("seven twelfths", "7/12"),
        ("two hundredths", "0.02"),
        ("one out of five", "1/5"),
        ("thirty percent", "30%"),
        ("zero", "0"),
        ("two pairs", "2"),
        ("a million", "1000000"),
        ("two million", "2000000"),
        ("forty-two thousand", "42000"),
        ("one quarter", "1/4"),
        ("three quarters", "3/4"),
        ("2 thirds", "2/3"),
        ("3 over 4", "3/4"),
        ("3 lakh", "300000"),
        ("3 lakhs", "300000"),
        ("2 crore", "20000000"),
        ("2 dozen", "24"),
        ("two dozen", "24"),
        ("three dozen eggs", "36"),
        ("3 dozen eggs", "36"),
        ("3 dozen", "36 eggs"),
        ("3 \\text{ dozen}", "36"),
        ("3 dozens", "36"),
        ("a dozen", "12"),
        ("half a dozen", "6"),
        ("1.5 dozen", "18"),
        ("5 factorial", "120"),
        ("5 squared", "25"),
        ("five squared", "25"),
        ("half a million", "500000"),
        ("half a million dollars", "$500000"),
        ("a quarter of a million", "250000"),
        ("two point five", "2.5"),
        ("two point two five", "2.25"),
        ("minus two point five", "-2.5"),
        ("minus five degrees", "-5"),
        ("negative twenty", "-20"),
        ("5 tenths", "0.5"),
        ("5 and three quarters", "5.75"),
        ("point 5", "0.5"),
        ("4 point 5", "4.5"),
        ("twelve cakes", "12"),
        ("twelve", "12"),
        ("3 quarters", "3"),
        ("5 pairs", "5"),
        ("5 cm", "5"),
        ("5 hundred", "500"),
        ("five cm", "5"),
        ("2 and a half", "2.5"),
        ("5 squared", "5^2"),
        ("5 square meters", "5"),
        ("5 meters squared", "5 m^2"),
        ("25 feet squared", "25"),
        ("three over four", "3/4"),
        ("1 half", "0.5"),
        ("5 months", "5"),
        ("6 moths", "6"),
        ("3 mammoths", "3"),
        ("5 cloths", "5"),
        ("2 baths", "2"),
        ("4 months", "4"),
        ("4 teeth", "4"),
        ("3 paths", "3"),
        ("seven paths", "7"),
        ("2 fifths", "2/5"),
        ("3 dozen", "3 dozen"),
        ("three dozen", "3 dozen"),
        ("two hundred fifty thousand three hundred six", "250306"),
        ("one thousand and one", "1001"),
        ("nine hundred ninety-nine", "999"),
    ],
)
def test_words_are_equal_to_their_value(words: str, digits: str) -> None:
    assert equal(words, digits) and equal(digits, words)


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("two and three", "5"),
        ("two three", "5"),
        ("two and three", "2"),
        ("nineteen eighty", "99"),
        ("two or three", "3"),
        ("three hundred hundred", "30000"),
        ("two thousand million", "2000"),
        ("two feet three inches", "2"),
        ("two feet three inches", "5"),
        ("seven twelfths", "7"),
        ("five twentieths", "5"),
        ("two hundredths", "2"),
        ("twenty first", "20"),
        ("five apples and two pears", "5"),
        ("five apples and two pears", "7"),
        ("one out of five", "1"),
        ("two to one", "2"),
        ("five score", "5"),
        ("five point", "5"),
        ("ten to the third", "10"),
        ("two minus one", "2"),
        ("two plus three", "2"),
        ("two times three", "2"),
        ("2 thirds", "2"),
        ("3 over 4", "3"),
        ("3 lakh", "3"),
        ("5 factorial", "5"),
        ("5 squared", "5"),
        ("half a million", "500"),
        ("two point five", "5"),
        ("two point five", "2"),
        ("minus five degrees", "5"),
        ("5 hundredths", "5"),
        ("5 and three quarters", "5"),
        ("7 and 1/2", "7"),
        ("point 5", "5"),
        ("5 plus", "5"),
        ("2 and a half", "2"),
        ("three over four", "3"),
        ("two-dimensional", "2"),
        ("1 half", "1"),
        ("5 thousandths", "5"),
    ],
)
def test_words_are_not_equal_to_a_part_of_their_value(words: str, digits: str) -> None:
    assert not equal(words, digits) and not equal(digits, words)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("5 dozen", "5"), ("5 dozens", "5"), ("three dozen eggs", "3"), ("5", "5 dozen")],
)
def test_a_count_of_dozens_is_also_the_bare_number_that_a_problem_may_ask_for(
    answer: str, reference: str
) -> None:
    assert equal(answer, reference)
    assert not equal(answer.replace("5", "6").replace("three", "four"), reference)
    assert not equal("5 dozen", "5 boxes")
    assert not equal("half a dozen", "0.5") and not equal("a dozen", "1")
