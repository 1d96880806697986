"""What counts as the answer of a solution that marks none: a whole expression, or nothing."""

from __future__ import annotations

import pytest

from numerate.answers import GUESSES, extract, find, grade
from numerate.types import Kind, Problem

WHOLE = [
    ("The slope equals -2/3.", "-2/3"),
    ("The ratio is 3:4.", "3:4"),
    ("Therefore the area is 9π square units.", "9π"),
    ("The point is (3, -2).", "(3, -2)"),
    ("So in interval notation: [2, ∞)", "[2, ∞)"),
    ("Therefore, the complex number is 3 + 4i.", "3 + 4i"),
    ("The equation is y = 2x + 1.", "y = 2x + 1"),
    ("So the solutions are $x = 1$ and $x = 2$.", "x = 1, x = 2"),
    ("Hence x = 1 or x = 2.", "x = 1 or x = 2"),
    ("It equals 1.5 × 10^{-3} in the end.", "1.5 × 10^{-3}"),
    ("The time is 3:45 PM.", "3:45 PM"),
    ("The remainder is 3 (mod 7).", "3 (mod 7)"),
    ("Thus, $f(x) = x^2 + 1$ for all real $x$.", "f(x) = x^2 + 1"),
    ("The minimum value is $5$, attained at $x=2$.", "5"),
    ("Then\n\\[\n8 + 18 + 15 = 41\n\\]\nTherefore, the score is **41 points**.", "41"),
]


@pytest.mark.parametrize(("text", "answer"), WHOLE)
def test_the_last_expression_is_taken_whole(text: str, answer: str) -> None:
    assert extract(text) == answer


NUMBERS = [
    ("She needs to pay $40 + $24 = $64 for the 16 glasses.", "$64"),
    ("Altogether, she sold 72 clips: 48 in April and 24 in May.", "72"),
    ("It takes 2 hours and 15 minutes.", "2 hours and 15 minutes"),
    ("She has 12 or 13 left.", "12 or 13"),
    ("The total is 1 234 crates.", "1 234"),
    ("So Tom has 12 apples. That's 5 more than Ann, who has 7.", "12"),
    ("Thus, **36 students** walk. Do you want 2 more examples?", "36"),
    ("The farmer is left with twenty-seven hens.", "twenty-seven"),
]


@pytest.mark.parametrize(("text", "answer"), NUMBERS)
def test_the_last_number_has_all_that_belongs_to_it(text: str, answer: str) -> None:
    assert extract(text, "number") == answer


NOTHING = [
    "There isn't enough information to determine it. We only know that 90 were sold.",
    "The cost of the shirts is $30. The total cost is $30 +",
    "Then 40 - 24 = 16. Next, we multiply 16 by",
    "We know that Peter has 17 cars. We need to find how many he has now.",
    "Suppose x = 12. Then x + 5 = 17, so x = 12 fails.",
    "The answer is not 5.",
    "We have 5 apples. " * 6,
]


@pytest.mark.parametrize("text", NOTHING)
def test_a_text_that_concludes_nothing_has_no_answer(text: str) -> None:
    assert extract(text, "number") is None


def test_a_trainer_may_refuse_to_pay_guesses() -> None:
    problem = Problem("p", "", "7", kind="number")
    guess = grade("So she has 7 apples.", problem)
    assert guess.correct and guess.source in GUESSES
    assert grade("So she has 7 apples.", problem, fallback="none").how == "no_answer"
    assert grade("The answer is 7.", problem, fallback="none").correct
    assert grade("#### 7", problem, fallback="none").source not in GUESSES


def test_the_number_alone_may_be_asked_for() -> None:
    assert find("Hence $x = 3 + 4 = 7$.", fallback="number") == ("7", "last")


@pytest.mark.parametrize("kind", ["math", "number"])
@pytest.mark.parametrize("unit", ["cm^2", "ft^3", "km^{2}", "units^2", "\\text{ cm}^2"])
def test_the_exponent_of_a_unit_is_no_answer(kind: Kind, unit: str) -> None:
    for text in (f"The area is 50 {unit}.", f"So she needs 50 {unit} of it."):
        assert grade(text, Problem("", "", "50", kind=kind)).correct
        assert not grade(text, Problem("", "", "2", kind=kind)).correct


@pytest.mark.parametrize("kind", ["math", "number"])
def test_a_ratio_in_words_is_whole(kind: Kind) -> None:
    assert extract("The ratio is 3 to 4.", kind) == "3 to 4"
    assert extract("So the probability is 1 in 6.", kind) == "1 out of 6"
    assert grade("So the probability is 1 in 6.", Problem("", "", "1/6", kind=kind)).correct


def test_a_misspelt_option_is_refused_and_pays_nothing() -> None:
    expected = "fallback 'None' must be one of number, expression, none"
    with pytest.raises(ValueError, match=expected):
        grade("So she has 7 apples.", "7", fallback="None")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=expected):
        find("So she has 7 apples.", fallback="None")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="kind 'maths' must be one of number, math, choice"):
        find("7", "maths")  # pyright: ignore[reportArgumentType]


def test_a_solution_is_a_text_a_number_or_none() -> None:
    assert grade(7, "7").correct and find(7).answer == "7"  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"the solution is \['7'\]: give a text or a number"):
        grade(["7"], "7")  # pyright: ignore[reportArgumentType]


def test_no_guess_is_paid_before_a_further_question_or_among_choices() -> None:
    text = "She has 3+4 = 7 apples left now.\n\nQuestion: What is 1+1?\n#### 2"
    assert find(text, "number") == ("7", "last")
    assert find(text, "number", fallback="none").answer is None
    choices = [("A", "11"), ("B", "12")]
    text = "We add 5 and 7 and get a total of 12."
    assert find(text, "choice", choices) == ("B", "math")
    assert find(text, "choice", choices, fallback="none").answer is None


@pytest.mark.parametrize("text", ["2 hours and 15 minutes", "5 feet 3 inches", "1 hour 30 minutes"])
def test_a_marked_number_in_two_units_is_no_fragment(text: str) -> None:
    assert find(f"The answer is {text}.", "number").answer == text
    assert not grade(f"#### {text}", Problem("p", "", text[0], kind="number")).correct


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("After all of that I choose B", "B"),
        ("A garage is wide. So it must be A", "A"),
        ("neither A nor C, so D", "D"),
        ("Neither (A) nor (C) fits, so (B) remains", "B"),
        ("Let us see each. The last fits best because B is a", None),
    ],
)
def test_a_sentence_may_end_in_its_letter_without_a_full_stop(text: str, letter: str | None) -> None:
    assert find(text, "choice").answer == letter


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 42. But that counts the first day twice, so it should be 41.", "41"),
        ("The answer is 42, as it should be.", "42"),
        ("I first thought the answer is 12, but actually it is 15.", "15"),
        ("5 is not the answer", None),
        ("The answer is wrong: 5", None),
        ("The answer is not known. 5", None),
        ("5 <answer></answer>", None),
        ("There are 5 apples (and 3 pears).", "5"),
        ("He has 17 (20 - 3) apples.", "17"),
        ("Each row has eight (8) tulips.", "8"),
        ("The remainder when 51 is divided by 8, given that the sum is even, is 3.", "3"),
        ("The answer is 4, since the sum, which we know, is 12.", "4"),
        ("She has 4 apples, because the sum, 12, is 3 times 4.", "4"),
        ("The answer isn't 42, it's 43.", "43"),
        ("Some would say 72, but the answer is not 72, because two hens stopped laying.", None),
        ("I would multiply the side, which is 9 feet, by itself. Shall I?", None),
        ("Either 8 or 10 are left. Je ne sais pas laquelle des deux est la bonne.", None),
        ("Hence it takes the bus 5 hours to cover the 300 km.", "5 hours"),
        ("The share is 175 / 250 = 0.7, which means that 70% of them came.", "70%"),
        ("**Answer:** 250 g", "250 g"),
        ("That leaves Tom with 8 of his 20 coins.", "8"),
        ("In the end 8 of the 20 coins are left.", "8"),
        ("Together they have 30 apples, 12 of which are green.", "30"),
        ("So there are 24 students in the class, 10 boys and 14 girls.", "24"),
        ("10 boys and 14 girls make 24 students.", "24"),
        ("The farmer needs 12 m of fence for a 3 m by 3 m pen.", "12 m"),
        ("He walks 5 miles. It would be 45 if he had also walked on Sunday.", "5 miles"),
        ("So she earns $160. If she'd worked longer, she'd have earned $200.", "$160"),
        ("**9 kites** remain.\n\nHow: there were 20 kites, 7 tore and 4 were given away.", "9"),
        (
            "She keeps $1,260. With her savings she would own $1,560, but the problem asks only that.",
            "$1,260",
        ),
        ("x = 7. But the question asks for the number of wheels, which is 4x = 28.", "28"),
        ("En conclusión, la familia paga 400 euros al mes, no 480.", "400 euros"),
        ("Jonas liest in der Woche 64 Seiten, davon 40 am Samstag und 24 am Sonntag.", "64"),
        ("Il lit donc 64 pages par semaine, dont 24 seulement du lundi au vendredi.", "64"),
        ("Итак, Оле сейчас 13 лет, а маме 39.", "13"),
        ("The answer is half of 10.", "half of 10"),
        ("The answer is 10 more than 5.", "10 more than 5"),
        ("The answer is 10 more apples than Bob.", "10"),
    ],
)
def test_answers_that_are_taken_back_denied_or_still_to_be_calculated(text: str, answer: str | None) -> None:
    assert extract(text, "number") == answer


@pytest.mark.parametrize("kind", ["number", "math"])
@pytest.mark.parametrize(
    "text",
    [
        "The answer is 48. Hold on. I forgot a step. She has 42 apples.",
        "#### 48\nWait, I made a mistake. She has 42 apples left.",
        "Final answer: 48\nActually, wait. That gives 42 apples.",
        "**Answer:** 48. Scratch that. It comes to 42.",
        "So it is \\boxed{48}.\nWait, I made a mistake. She has 42 apples.",
        "The answer is 48. Oops, I misread the problem. So she has 42 apples.",
    ],
)
def test_a_correction_that_nothing_marks_is_a_guess(text: str, kind: Kind) -> None:
    guess = find(text, kind)
    assert guess.source in ("last", "math") and guess.answer is not None and "42" in guess.answer
    assert find(text, kind, fallback="none") == (None, "none"), "an answer that is taken back"


@pytest.mark.parametrize("kind", ["number", "math"])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is 48. Hold on. I forgot a step. The answer is 42.", "42"),
        ("#### 48\nWait, I made a mistake.\n#### 42", "42"),
        ("#### 48\nWait, I made a mistake. Final answer: 42", "42"),
        ("The answer is 48. Wait, let me check: 50 - 2 = 48. Yes, that is right.", "48"),
    ],
)
def test_a_correction_that_is_marked_is_no_guess(text: str, answer: str, kind: Kind) -> None:
    assert find(text, kind, fallback="none").answer == answer
