"""Numbers of a text, and which of them follow from others."""

from __future__ import annotations

from fractions import Fraction

import pytest

from numerate.answers.extraction.derivations import comes_from, numbers_of, small_words

READ = [
    ("3/4", [Fraction(3, 4)]),
    ("30/5 = 6", [30, 5, 6]),
    ("12,5 kg", [Fraction(25, 2)]),
    ("1,500 and 2,250.5", [1500, Fraction(4501, 2)]),
    ("x2 and 7", [7]),
    ("有20个", [20]),
]


@pytest.mark.parametrize(("text", "numbers"), READ)
def test_numbers_in_digits_are_read_with_their_commas(text: str, numbers: list[Fraction]) -> None:
    assert numbers_of(text) == numbers


def test_small_words_have_their_values() -> None:
    assert small_words("half of a dozen, one twice") == [Fraction(1, 2), 12, 1, 2]
    assert comes_from(Fraction(6), Fraction(12), small_words("half"))
