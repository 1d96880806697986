"""Words that announce an answer, in many languages, and what they don't announce."""

from __future__ import annotations

import pytest

from numerate.answers import extract, find

ANNOUNCED = [
    "La respuesta es 42.",
    "La réponse finale est **42**.",
    "Die Antwort lautet 42.",
    "Antwort: 42 Äpfel",
    "Ответ: 42 яблока.",
    "Ответ — 42.",
    "答案是42。",
    "答案：４２",
    "所以答案应该是42个。",
    "答えは42個です。",
    "정답은 42입니다.",
    "คำตอบคือ 42",
    "Jibu ni 42.",
    "উত্তর হল 42।",
    "సమాధానం 42.",
    "الجواب هو 42",
    "उत्तर: 42",
    "A resposta é 42.",
    "La risposta è 42.",
    "Cevap: 42",
    "Đáp án là 42.",
    "Odpowiedź: 42",
    "Het antwoord is 42.",
    "Ans. 42",
    "ANSWER: 42",
    "Answer - 42",
    "Answer — 42",
    "Answer -> 42",
    "So my answer would be 42.",
    "The answer comes out to 42.",
    "**Answer:** 42",
    "**Answer**: `42`",
    "✅ Final Answer: **42**",
    "## Answer\n42",
    "#### Final Answer\nShe has 42 jewels.",
    "The final result is 42.",
    "Answer:\n\n**42**",
    "> Answer: 42",
    "The answer is approximately 42.",
    "The answer is exactly 42.",
    "The answer is 42, which is 6 times 7.",
    "The answer is 42 (not 43).",
    "The correct answer is therefore 42, since 42 is even and 43 is not.",
    "The answer isn't 43, it's 42.",
    "答案不是43，而是42。",
    "The answer is 42!",
    "The answer is (C) 42.",
    'The answer (in words) is "42."',
    "My answer is correct. So 40 + 2 = 42.",
    "reasoning: 6 rows of 7\nanswer: 42\nconfidence: 0.8",
]


@pytest.mark.parametrize("text", ANNOUNCED)
def test_a_cue_announces_the_answer(text: str) -> None:
    assert str(extract(text, "number")).split()[0] in ("42", "42个", "42個")


NOT_ANNOUNCED = [
    "The answer is not 42.",
    "La respuesta no es 42.",
    "La réponse n'est pas 42.",
    "答案不是42。",
    "The answer isn't 42.",
    "A common wrong answer is 42.",
    "So the answer is 42 or 43.",
    "The answer is 42, or maybe 43.",
    "答案是42或者43。",
    "Die Antwort ist 42 oder 43.",
    "The answer is between 42 and 50.",
]


@pytest.mark.parametrize("text", NOT_ANNOUNCED)
def test_a_denied_or_doubted_value_is_not_the_answer(text: str) -> None:
    assert extract(text, "number") != "42"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("So $x=\\boxed{3}$ and $y=\\boxed{4}$.", "3, 4"),
        ("(a) \\boxed{3}\n(b) \\boxed{5}\n(c) \\boxed{7}", "3, 5, 7"),
        ("(a) The mean is $\\boxed{12}$. (b) The variance is $\\boxed{9}$.", "12, 9"),
        ("Thus $x = \\boxed{3}$. Substituting back, $y = \\boxed{-2}$.", "3, -2"),
        ("We get \\boxed{3}. Then, using this, the total is \\boxed{12}.", "12"),
        ("\\boxed{3}, no wait, that is wrong: \\boxed{4}", "4"),
        ("$\\boxed{2}$ is one root; the other is $\\boxed{3}$, but it is extraneous.", "2"),
        ("My guess was $\\boxed{4}$, but I could not find the correct value.", None),
    ],
)
def test_boxes_of_one_answer_are_joined(text: str, answer: str | None) -> None:
    assert extract(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("So it costs #### $13 to fill the pool.", "$13"),
        ("Janet has #### 13 eggs left over in the week", "13"),
        ("#### 13 (eggs)", "13"),
        ("####13 pieces of pie.", "13"),
        ("#### 23 and the reasoning above is consistent with step 2.", "23"),
        ("#### Step 1\n3+4=7\n#### Step 2\n7*2=14", "14"),
    ],
)
def test_hashes_before_words_mark_the_number(text: str, answer: str) -> None:
    assert extract(text, "number") == answer


def test_a_factorial_is_no_exclamation() -> None:
    assert find("Answer: 5!") == ("5!", "phrase")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("The answer is 3 hours and 20 minutes", "3 hours and 20 minutes"),
        ("The answer is 5 feet 3 inches.", "5 feet 3 inches"),
        ("The answer is three quarters", "three quarters"),
    ],
)
def test_a_value_of_several_parts_is_whole(text: str, whole: str) -> None:
    assert extract(text, "number") == whole


def test_a_supposed_answer_is_none() -> None:
    assert extract("If the answer is 5, then 2+2=5, which is false. So it's 4.", "number") == "4"
    assert extract("The answer is 7. Suppose that the answer is 5: too small.", "number") == "7"


@pytest.mark.parametrize("denial", ["Not", "It is not", "The answer cannot be", "It isn't"])
def test_a_denied_box_is_none(denial: str) -> None:
    assert extract(f"First \\boxed{{6}}. {denial} \\boxed{{5}}, as 5 is odd.") == "6"


def test_zeros_at_the_end_belong_to_the_number() -> None:
    assert extract("#### 1" + "0" * 40, "number") == "1" + "0" * 40
    assert extract("The answer is 0." + "3" * 60) == "0." + "3" * 60
