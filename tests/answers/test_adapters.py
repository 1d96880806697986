"""The grader behind the reward signatures of TRL and verl."""

from __future__ import annotations

import pytest

from numerate.answers.adapters import trl_reward, verl_compute_score


def test_the_function_takes_texts_and_messages_and_reads_its_columns() -> None:
    completions = [
        "#### 1,000",
        [{"role": "assistant", "content": r"so \boxed{\frac{1}{2}}"}],
        "The answer is B.",
        "#### 3",
    ]
    rewards = trl_reward(
        ["q"] * 4,
        completions,
        answer=["1000", "0.5", "B", None],
        kind=["number", "math", "choice", "number"],
        choices=[(), (), [("A", "red"), ("B", "blue")], ()],
        trainer_state=object(),
    )
    assert rewards == [1.0, 1.0, 1.0, None]


def test_only_the_assistant_speaks_in_a_completion() -> None:
    turns = [{"role": "tool", "content": "#### 5"}, {"role": "assistant", "content": "#### 6"}]
    assert trl_reward(["q"], [turns], answer=["6"]) == [1.0]
    assert trl_reward(["q"], [turns], answer=["5"]) == [0.0]


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({}, "'answer' is missing"),
        ({"answer": ["1"]}, "one value for each of the 2"),
        ({"answer": "12"}, "one value for each of the 2"),
        ({"answer": ["1", "2"], "kind": ["number", "poem"]}, "row 1: kind 'poem'"),
    ],
)
def test_columns_that_cannot_be_used_are_named(columns: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        trl_reward(["q", "q"], ["#### 1", "#### 2"], **columns)


def test_references_may_be_worked_solutions() -> None:
    raw = ["She sold 48/2=<<48/2=24>>24.\n#### 24", "So $x = \\boxed{\\frac{1}{2}}$.", "$3$"]
    said = ["#### 24", "The answer is 0.5", "\\boxed{3}"]
    for column in ("answer", "solution", "ground_truth"):
        assert trl_reward(["q"] * 3, said, **{column: raw}) == [1.0] * 3
    assert trl_reward(["q"], ["#### 48"], answer=raw[:1]) == [0.0]


def test_verl_reads_source_truth_and_extras() -> None:
    assert verl_compute_score("openai/gsm8k", "so 72\n#### 72", "72") == 1.0
    assert verl_compute_score("lighteval/MATH", "\\boxed{0.5}", r"\frac12", {"split": "test"}) == 1.0
    assert verl_compute_score("aqua", "It is (B).", "B", {"kind": "choice", "choices": [("B", "4")]}) == 1.0
    assert verl_compute_score("m", "#### 7", 7) == 1.0
    assert verl_compute_score("m", "", "7") == 0.0
    with pytest.raises(ValueError, match="ground_truth is empty"):
        verl_compute_score("m", "#### 7", "")
    with pytest.raises(ValueError, match="kind 'poem'"):
        verl_compute_score("m", "#### 7", "7", {"kind": "poem"})
