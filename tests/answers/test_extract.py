"""Where the final answer of a solution is found."""

from __future__ import annotations

from typing import Any

import pytest

from numerate.answers import extract, find

FOUND = [
    ("48/2=<<48/2=24>>24\n#### 24", "24", "hash"),
    ("#### 1\nno, wait\n#### 2", "2", "hash"),
    ("#### Step 1: add\nSo \\boxed{3}.", "3", "box"),
    ("We get $\\boxed{\\frac{1}{\\sqrt{2}}}$.", "\\frac{1}{\\sqrt{2}}", "box"),
    ("\\boxed{1} was wrong; it is \\fbox{2}", "2", "box"),
    ("$x = \\boxed{1}$ or $x = 2$, that is $\\boxed{1}$ and $\\boxed{2}$", "1, 2", "box"),
    ("\\boxed{x+1} or \\boxed{1+x}", "x+1", "box"),
    ("\\boxed{7} so far. Final Answer: The final answer is $9$. I hope it is correct.", "$9$", "phrase"),
    ("The answer is 3. No: the answer is 1,000.", "1,000", "phrase"),
    ("Final answer: $\\frac{3}{4}$", "$\\frac{3}{4}$", "phrase"),
    ("Final Answer: The largest $n$ is 34.", "34", "phrase"),
    ("First we add.\n\n# Answer\n\n(1, 2)", "(1, 2)", "heading"),
    ("x^2+1", "x^2+1", "bare"),
    ("no real solutions", "no real solutions", "bare"),
    ("Hence it follows that we have $x \\ge 5$ here.", "x \\ge 5", "math"),
    ("So she has 3 + 4 = 7 apples left in the end.", "7", "math"),
]


@pytest.mark.parametrize(("text", "answer", "source"), FOUND)
def test_marks_win_in_the_order_of_the_docstring(text: str, answer: str, source: str) -> None:
    assert find(text) == (answer, source)


NUMBERS = [
    ("He pays $5.00.", "$5.00"),
    ("It took 1,250 steps in all.", "1,250"),
    ("She needs 3/4 cup of it.", "3/4"),
    ("The result was -12", "-12"),
    ("That makes = - 5", "-5"),
    ("We subtract 16 - 3", "16 - 3"),
    ("We subtract 16-3", "16-3"),
    ("The answer is 72 clips in May and June.", "72"),
    ("The answer is 20% of 50 = 10", "10"),
    ("That is 15%", "15%"),
    ("The answer is 5-7 days.", "5 to 7 days"),
    ("A: 1,250", "1,250"),
    ("a temperature of \u22124 degrees", "-4 degrees"),
]


@pytest.mark.parametrize(("text", "answer"), NUMBERS)
def test_the_last_number_keeps_its_sign_and_its_shape(text: str, answer: str) -> None:
    assert extract(text, "number") == answer


@pytest.mark.parametrize("text", ["", "  \n", "I have no idea", "####", "nothing here."])
def test_no_number_is_no_answer(text: str) -> None:
    assert extract(text, "number") is None


CHOICES = (("A", "a train"), ("B", "12 km"), ("C", "revolving door"), ("D", "none"))


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The answer is (B).", "B"),
        ("The answer is B. 12 km", "B"),
        ("So the final answer is: C", "C"),
        ("\\boxed{\\text{(D)}}", "D"),
        ("The answer is revolving door.", "C"),
        ("\\boxed{12\\text{ km}}", "B"),
        ("#### A", "A"),
        ("b", "B"),
        ("Neither (A) nor (C) fits, so (B) remains", "B"),
        ("The answer is a train.", "A"),
        ("A: a train\nB: 12 km\nNow 12 km is too far, so (C).", "C"),
    ],
)
def test_a_choice_is_found_by_letter_or_by_text(text: str, letter: str) -> None:
    assert extract(text, "choice", CHOICES) == letter


@pytest.mark.parametrize("text", ["(E)", "It cannot be told.", "The answer is (A) or (B)."])
def test_a_letter_that_is_no_choice_is_no_answer(text: str) -> None:
    assert extract(text, "choice", CHOICES) is None


def test_the_final_answer_of_a_turn_of_mario(vectors: dict[str, Any]) -> None:
    case = vectors["mario"]["final_parse"]
    assert extract(case["model_text"]) == case["final_answer"]
