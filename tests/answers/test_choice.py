"""Letters of choices in running text and in extracted answers."""

from __future__ import annotations

from time import perf_counter

import pytest

from numerate.answers import extract
from numerate.answers.choice import (
    NONE_CHOSEN,
    asserted_letter,
    last_letter,
    leading_letter,
    letter_of,
)
from numerate.answers.extraction.statements import letter_mentions
from numerate.answers.text.letters import is_bracketed_letter
from tests.answers import choices_in_languages
from tests.answers.choices_left_open import NOTHING
from tests.answers.choices_made import CHOSEN

WORDS = (("A", "garage"), ("B", "cupboard"), ("C", "attic"), ("D", "disturb"), ("E", "barge"))
NUMBERS = (("A", "3"), ("B", "4"), ("C", "5"))
LABELLED_BY_NUMBER = (("1", "10"), ("2", "5"), ("3", "2"))


@pytest.mark.parametrize(("text", "letter"), [*CHOSEN, *choices_in_languages.CHOSEN])
def test_a_text_chooses_what_it_asserts(text: str, letter: str) -> None:
    choices = NUMBERS if text.startswith("N:") else WORDS
    text = text.removeprefix("N:")
    assert (last_letter(text, choices) or letter_of(text, choices)) == letter
    assert letter_of(text, choices) in (letter, None)


@pytest.mark.parametrize("text", [*NOTHING, *choices_in_languages.NOTHING])
def test_a_text_that_hedges_or_rejects_chooses_nothing_also_as_an_extracted_answer(text: str) -> None:
    choices = NUMBERS if text.startswith("N:") else WORDS
    text = text.removeprefix("N:")
    assert last_letter(text, choices) is None
    assert letter_of(text, choices) is None


@pytest.mark.parametrize(
    "unit", ["A ", "(A) or ", "the answer is ", "B.\n", "is ", " ", "answer:", "\\boxed{", "so "]
)
def test_time_is_linear_in_the_text(unit: str) -> None:
    start = perf_counter()
    asserted_letter(unit * 20_000 + "B", WORDS)
    assert perf_counter() - start < 1.0


def test_a_hedge_is_told_apart_from_a_text_without_letters() -> None:
    assert asserted_letter("It is A or C.", WORDS) == NONE_CHOSEN
    assert asserted_letter("It floats on water.", WORDS) is None


@pytest.mark.parametrize(
    ("value", "letter"),
    [
        ("4", "B"),
        ("4.0", "B"),
        ("\\frac{8}{2}", "B"),
        ("6", None),
        ("B", "B"),
        ("(b)", "B"),
        ("B) 4", "B"),
        ("B) 5", None),
        ("3, 4", None),
        ("3 or 4", None),
        ("D", None),
    ],
)
def test_a_number_is_the_choice_of_that_value(value: str, letter: str | None) -> None:
    assert letter_of(value, NUMBERS) == letter


@pytest.mark.parametrize(
    ("value", "letter"),
    [("1", "1"), ("(1)", "1"), ("option 3", "3"), ("10", "1"), ("2", None), ("5", "2"), ("4", None)],
)
def test_a_label_that_is_a_number_is_read_unless_it_is_the_text_of_another_choice(
    value: str, letter: str | None
) -> None:
    assert letter_of(value, LABELLED_BY_NUMBER) == letter


def test_numbers_in_a_text_are_no_labels_unless_they_are_called_the_answer() -> None:
    choices = (("1", "red"), ("2", "blue"), ("3", "green"))
    assert last_letter("1 + 2 = 3 apples, so the answer is 2.", choices) == "2"
    assert last_letter("We add 1 and 2.", choices) is None
    assert last_letter("The answer is 2 or 3.", choices) is None


def test_without_choices_letters_are_read_all_the_same() -> None:
    assert last_letter("So the answer is (C).", ()) == "C"
    assert last_letter("So the answer is C or D.", ()) is None


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("D \\text{ (none of the above)}", "D"),
        ("B, not A", "B"),
        ("A, maybe E", None),
        ("(B) 12", "B"),
        ("Bob", None),
    ],
)
def test_the_letter_that_opens_an_answer_is_alone_in_it(answer: str, letter: str | None) -> None:
    assert leading_letter(answer) == letter


def test_only_a_letter_in_brackets_is_a_choice_beyond_doubt() -> None:
    assert is_bracketed_letter("(B)") and is_bracketed_letter("\\text{(E)}")
    assert not any(map(is_bracketed_letter, ("B", "(x)", "(BC)", "f(B)", "(1)")))


def test_articles_pronouns_and_variables_are_no_letters() -> None:
    text = "A garage is wide. I think so. Here D + 1 = 3. Vitamin-C helps Bob."
    assert not list(letter_mentions(text, tuple("ABCDE")))


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A) too small: incorrect.\nB) correct.\nC) incorrect.", "B"),
        ("A: no\nB: no\nC: yes", "C"),
        ("A is no. B is no. C is yes.", "C"),
        ("A is true. B is true. C is false.", None),
        ("A) true.\nB) false.\nBut I chose C.", "C"),
        ("A cat has no tail. B is wrong.", None),
        ("A) The garage is too small. B) The cupboard would need the sum to be", None),
        ("Option B (cupboard) may be right, but without the picture I can't tell.", None),
        ("Where it is dry and high, i.e. attic.", "C"),
        ("Most people would choose B because it is big. So the answer isn't B.", None),
        ("Option A is too small. Option C, 1815, is", None),
        ("Among the answer choices A through E, the best one is E, barge.", "E"),
    ],
)
def test_verdicts_withdrawals_and_ends_in_the_middle(text: str, letter: str | None) -> None:
    assert extract(text, "choice", WORDS) == letter
