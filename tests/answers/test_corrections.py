"""Answers that the text behind them takes back, and labels with a whole solution behind them."""

from __future__ import annotations

import pytest

from numerate.answers import equal, find, grade, parallel
from numerate.answers.adapters import trl_reward
from numerate.types import Kind, Problem

CORRECTED: list[tuple[str, Kind]] = [
    ("The answer is 16. I mean 12.", "number"),
    ("The answer is 16. No, 12.", "number"),
    ("The answer is 16. No! It's 12.", "number"),
    ("The answer is 16. Edit: 12.", "number"),
    ("The answer is 16 (corrected: 12)", "number"),
    ("The answer is ~~16~~ 12", "number"),
    ("The answer is 16. Or rather 12.", "number"),
    ("The answer is 16. Hmm, 4 * 3 is 12, though.", "number"),
    ("The answer is 16. That is right? Hold on. 4*3 is 12, not 16", "number"),
    ("The answer is 16. However, we forgot to subtract 4. So it's 12.", "number"),
    ("La respuesta es 16. No, espera, es 12.", "number"),
    ("La réponse est 16. Non, attendez, c'est 12.", "number"),
    ("Die Antwort ist 16. Nein, warte, es sind 12.", "number"),
    ("Ответ: 16. Нет, подождите, 12.", "number"),
    ("答案是16。不对,应该是12。", "number"),
    ("答えは16です。いや、12です。", "number"),
    ("정답은 16입니다. 아니, 12입니다.", "number"),
    ("$\\boxed{16}$\n\nWait, I made a mistake. $x=3$, so $4\\cdot 3=12$.", "math"),
    ("$\\boxed{16}$\n\nCorrection: it's $12$.", "math"),
    ("\\boxed{16} was my first guess. The correct answer is 12.", "math"),
    ("A common wrong answer is $\\boxed{16}$, but the correct value is $12$. The answer is 12.", "math"),
    ("\\boxed{12}。不是\\boxed{16}。", "math"),
]


@pytest.mark.parametrize(("text", "kind"), CORRECTED)
def test_a_correction_counts_and_the_value_before_it_does_not(text: str, kind: Kind) -> None:
    assert grade(text, Problem("x", "", "12", kind=kind)).correct
    assert not grade(text, Problem("x", "", "16", kind=kind)).correct


CONFIRMED = [
    "The answer is 12. Wait, is that right? 4 * 3 = 12. Yes.",
    "The answer is 12. Wait, let me double check: 4*3=12. Good.",
    "The final answer is: 12. No, there is no remainder: 24/2=12.",
    "\\boxed{12}. No need to round, since 24/2 has no remainder 1.",
]


@pytest.mark.parametrize("text", CONFIRMED)
def test_a_doubt_that_comes_to_nothing_changes_nothing(text: str) -> None:
    assert grade(text, Problem("x", "", "12", kind="number")).correct


OPENINGS = [
    "{} Roger started with 5 balls. 2 cans of 3 tennis balls each is 6 tennis balls. 5 + 6 = 11.",
    "{} Olivia had 23 dollars. 5 bagels for 3 dollars each will be 5 x 3 = 15 dollars. 26 - 15 is 11.",
    "{} First 4 + 3 = 7. Then 7 + 4 = 11.",
    "{} She sold 16 - 3 - 4 = 9 eggs.\nShe keeps 9 + 2 = 11 eggs.",
]


@pytest.mark.parametrize("text", OPENINGS)
@pytest.mark.parametrize("label", ["A:", "Answer:", "Final Answer:", "Réponse :", "Antwort:", "答：", "####"])
def test_a_solution_behind_a_label_has_its_answer_at_the_end(text: str, label: str) -> None:
    text = text.format(label)
    assert grade(text, Problem("x", "", "11", kind="number")).correct
    assert find(text, "number", fallback="none").answer is None, "its end is a guess"


ANSWERS_FIRST = [
    ("Answer: She has 5 apples. She had 3. She got 2.", "5"),
    ("Answer: 5 apples. She had 3 and 3+2=5.", "5"),
    ("Answer: The total is $64. 8*5 = 40 and 8*3 = 24.", "64"),
    ("Answer: x = 5. Substituting, 2*5 = 10.", "5"),
    ("Answer: The bill is $48. Explanation: 4 * 12 = 48, and with a tip of 10% it would be 52.80.", "48"),
]


@pytest.mark.parametrize(("text", "answer"), ANSWERS_FIRST)
def test_an_answer_before_its_explanation_stays(text: str, answer: str) -> None:
    assert grade(text, Problem("x", "", answer, kind="number")).correct


WORDED = [
    ("The answer is 20 minus 12, or 8.", "8"),
    ("The answer is 30 divided by 6, so 5.", "5"),
    ("The answer is 50% of 80, or 40.", "40"),
    ("The answer is 3 less than 12, i.e. 9.", "9"),
]


@pytest.mark.parametrize(("text", "answer"), WORDED)
def test_the_result_of_a_calculation_in_words_is_the_answer(text: str, answer: str) -> None:
    assert grade(text, Problem("x", "", answer, kind="number")).correct


LETTERS = [
    ("My answer is D. Sorry, I meant C.", "C"),
    ("The answer is D. Correction: C.", "C"),
    ("My final answer is D. Oops, I mean C.", "C"),
    ("$\\boxed{D}$. Wait, that's a mistake. The answer is C.", "C"),
    ("The best choice is C. D would be right if there were 20.", "C"),
    ("I'd go with C. B would be right for a square.", "C"),
    ("A ❌\nB ❌\nC ✅\nD ❌", "C"),
    ("A: ✗\nC: ✓\nD: ✗", "C"),
]


@pytest.mark.parametrize(("text", "letter"), LETTERS)
def test_the_letter_that_stands_at_the_end_is_chosen(text: str, letter: str) -> None:
    choices = tuple((label, f"choice {label}") for label in "ABCD")
    assert find(text, "choice", choices).answer == letter


def test_a_condition_behind_a_letter_leaves_it_and_names_no_other() -> None:
    text = "The answer is (C), unless the ends count, in which case it's (D)."
    assert find(text, "choice").answer != "D"


def test_a_letter_is_not_left_for_the_word_of_its_reason() -> None:
    assert grade("The answer is B, since A is wrong.", "B").correct


@pytest.mark.parametrize(
    ("text", "value"), [("5!=120", "120"), ("3!\\cdot 2!=12", "12"), ("4! = 24", "24"), ("4!=24", "24")]
)
def test_a_factorial_before_an_equals_sign_is_no_inequality(text: str, value: str) -> None:
    assert equal(text, value)
    assert not equal(text, f"{text.partition('=')[0].rstrip('!')}\\ne {value}")
    assert equal("x!=3", "x \\ne 3") and equal("5 != 120", "5 \\ne 120")


def test_the_last_message_is_graded_and_earlier_ones_only_where_it_has_no_answer() -> None:
    def said(*texts: str) -> list[dict[str, str]]:
        return [{"role": "assistant", "content": text} for text in texts]

    completions = [said("The answer is 5.", "So 6"), said("<think>so 7", "So 6"), said("So 6.", "Done.")]
    assert trl_reward(["q"] * 3, completions, answer=["6"] * 3, kind=["number"] * 3) == [1.0, 1.0, 1.0]
    assert trl_reward(["q"], completions[:1], answer=["5"]) == [0.0]


def test_pairs_come_from_any_iterables_but_not_from_one_text() -> None:
    assert parallel.equal_all(iter(["1/2", "3"]), iter(["0.5", "4"])) == [True, False]
    with pytest.raises(ValueError, match="one text is compared by `equal`"):
        parallel.equal_all(["5"], "5")
