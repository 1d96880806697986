"""The grader behind the reward signatures of TRL and verl."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from numerate.answers import grade, grade_lines
from numerate.answers.adapters import assistant_texts, trl_reward, trl_reward_with, verl_compute_score


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
def test_columns_that_cannot_be_used_are_named(columns: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        trl_reward(["q", "q"], ["#### 1", "#### 2"], **columns)


def test_references_may_be_worked_solutions() -> None:
    raw = ["She sold 48/2=<<48/2=24>>24.\n#### 24", "So $x = \\boxed{\\frac{1}{2}}$.", "$3$"]
    said = ["#### 24", "The answer is 0.5", "\\boxed{3}"]
    for column in ("answer", "solution", "ground_truth"):
        columns: dict[str, Any] = {column: raw}
        assert trl_reward(["q"] * 3, said, **columns) == [1.0] * 3
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


class Scalar:
    """A number of numpy, or a tensor of one, in what matters here."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def tolist(self) -> Any:
        return self.value


GSM8K = "Mia has 4*6=<<4*6=24>>24 rolls.\nShe eats none.\n#### 24"
RIGHT = [
    "24",
    24,
    24.0,
    Decimal("24.00"),
    Fraction(48, 2),
    Scalar(24),
    Scalar([24, 25]),
    ["24", "twenty-four"],
    ("7", "24"),
    [24],
    [["7"], ["24"]],
    ["7", None, "24"],
    GSM8K,
    [GSM8K],
    "So it is $\\boxed{24}$.",
    "We add.\nThe answer is 24.",
    [{"type": "text", "text": "24"}],
    [{"type": "text", "text": "4*6=24\n"}, {"type": "text", "text": "#### 24"}],
]


@pytest.mark.parametrize("reference", RIGHT)
def test_a_reference_in_any_of_its_shapes_is_met_by_its_answer_and_no_other(reference: Any) -> None:
    assert verl_compute_score("m", "4*6=24\n#### 24", reference) == 1.0
    assert verl_compute_score("m", "4*6=26\n#### 26", reference) == 0.0
    assert trl_reward(["q"], ["#### 24"], answer=[reference]) == [1.0]
    assert trl_reward(["q"], ["#### 26"], solution=[reference]) == [0.0]


REFUSED = [
    (True, "is of type bool"),
    (float("inf"), "is of type float"),
    ({"target": 24}, "is of type dict"),
    (b"24", "is of type bytes"),
    ("nan", "is no answer that anything can equal"),
    ("null", "is no answer that anything can equal"),
    ("None", "is what programs print for a missing value"),
    ("-Infinity", "is what programs print for a missing value"),
    ("$ $", "is no answer that anything can equal"),
    ("4*6=24\n#### ", "marks an empty answer"),
    ("So \\boxed{}.", "marks an empty answer"),
    ("3 crates of 8 make the total.", "is a text that marks no answer"),
    ("3 crates of 8.\nThat makes many.", "is a text that marks no answer"),
    (["24", True], "is of type bool"),
]


@pytest.mark.parametrize(("reference", "why"), REFUSED)
def test_what_nothing_can_equal_is_refused_with_what_was_given_and_what_to_do(
    reference: Any, why: str
) -> None:
    for call in (
        lambda: verl_compute_score("m", "#### 24", reference),
        lambda: trl_reward(["q"], ["#### 24"], answer=[reference]),
    ):
        with pytest.raises(
            ValueError, match=rf"(?s)the reference .*{why}.*give the final answer, or a solution"
        ):
            call()


@pytest.mark.parametrize("reference", [None, "", "  ", [], [None], float("nan"), Scalar(float("nan"))])
def test_a_missing_reference_leaves_the_row_out_of_trl_and_stops_verl(reference: Any) -> None:
    assert trl_reward(["q"], ["#### 24"], answer=[reference]) == [None]
    with pytest.raises(ValueError, match="ground_truth is empty"):
        verl_compute_score("m", "#### 24", reference)


@pytest.mark.parametrize(
    "text",
    [
        "no real solutions",
        "x is any real number except 2.",
        "The train travels 180 miles.",
        "x is between 2 and 5, inclusive.",
        "none",
        "Tuesday",
        "x = 2\\ny = 3",
        "x = 2, y = 3",
    ],
)
def test_an_answer_in_words_is_no_worked_solution(text: str) -> None:
    assert trl_reward(["q"], [f"\\boxed{{{text}}}"], answer=[text]) == [1.0]


def test_a_solution_without_a_mark_does_not_shadow_the_answer_of_another_column() -> None:
    worked = ["3 crates of 8 make the total."]
    assert trl_reward(["q"], ["#### 24"], solution=worked, ground_truth=["24"]) == [1.0]
    assert trl_reward(["q"], ["#### 24"], answer=worked, ground_truth=["24"]) == [1.0]
    assert trl_reward(["q"], ["#### 24"], answer=[None], solution=["#### 24"]) == [1.0]
    rewards = trl_reward(["q"] * 2, ["#### 24", "#### 25"], answer=[None, "25"], ground_truth=["24", None])
    assert rewards == [1.0, 1.0]


COMPLETIONS: list[tuple[Any, float]] = [
    (None, 0.0),
    ("", 0.0),
    ([], 0.0),
    ([{"role": "assistant", "content": None}], 0.0),
    ([{"role": "assistant", "content": "#### 24"}], 1.0),
    ({"role": "assistant", "content": "#### 24"}, 1.0),
    ([{"role": "assistant", "content": [{"type": "text", "text": "#### 24"}]}], 1.0),
    ([{"role": "assistant", "content": [{"type": "image"}, {"type": "text", "text": "#### 24"}]}], 1.0),
    (
        [
            {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "add"}}]},
            {"role": "tool", "name": "add", "content": "#### 26"},
            {"role": "assistant", "content": "So\n#### 24"},
        ],
        1.0,
    ),
    ([{"role": "tool", "content": "#### 24"}], 0.0),
    ([{"content": "#### 24"}], 1.0),
]


@pytest.mark.parametrize(("completion", "reward"), COMPLETIONS)
def test_a_completion_in_any_of_its_shapes_is_what_the_assistant_says(completion: Any, reward: float) -> None:
    assert trl_reward(["q"], [completion], answer=["24"]) == [reward]


@pytest.mark.parametrize(
    "completion",
    [
        24,
        [24],
        ["#### 24"],
        [{"role": "assistant", "content": 24}],
        [{"role": "assistant", "content": [3]}],
        [[{"role": "assistant"}]],
        [{"text": "24"}],
    ],
)
def test_what_is_no_completion_is_refused(completion: Any) -> None:
    with pytest.raises(ValueError, match=r"row 0: the completion holds .*expected a text, or messages"):
        trl_reward(["q"], [completion], answer=["24"])
    assert assistant_texts("as it is") == ["as it is"]


@pytest.mark.parametrize(
    "choices",
    [
        [("A", "3"), ("B", "4")],
        [["A", "3"], ["B", "4"]],
        ["3", "4"],
        {"A": "3", "B": "4"},
        {"label": ["A", "B"], "text": ["3", "4"]},
    ],
)
@pytest.mark.parametrize("reference", ["B", "(B)", "4", 4, "b", "\\text{(B)}"])
def test_choices_and_their_reference_come_in_many_shapes(choices: Any, reference: Any) -> None:
    for completion, reward in (
        ("It is (B).", 1.0),
        ("The answer is 4.", 1.0),
        ("The answer is A or B.", 0.0),
    ):
        assert trl_reward(["q"], [completion], answer=[reference], choices=[choices]) == [reward]
        assert verl_compute_score("m", completion, reference, {"choices": choices}) == reward


def test_a_reference_that_is_none_of_the_choices_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"row 0: the reference 'E' is none of the choices: give one of A, B"
    ):
        trl_reward(["q"], ["E"], answer=["E"], choices=[["3", "4"]])


def test_a_letter_in_brackets_is_a_choice_and_a_letter_alone_an_answer() -> None:
    assert trl_reward(["q"] * 2, ["So option B is correct, not A."] * 2, answer=["(B)", "(A)"]) == [1.0, 0.0]
    assert trl_reward(["q"], ["\\boxed{x}"], answer=["x"]) == [1.0]


@pytest.mark.parametrize("column", [24, "24", 2.5])
def test_a_column_must_be_a_list(column: Any) -> None:
    with pytest.raises(ValueError, match="one value for each of the 2"):
        trl_reward(["q", "q"], ["#### 24", "#### 24"], answer=column)


# -- plain references elsewhere ----------------------------------------------------------------------
@pytest.mark.parametrize("reference", ["24", 24, 24.0, GSM8K])
def test_a_plain_reference_stands_in_for_a_problem(reference: str | float) -> None:
    assert grade("It is 24.", reference).correct
    assert not grade("It is 25.", reference).correct


def test_a_plain_letter_in_brackets_is_graded_as_a_choice() -> None:
    assert grade("So option B is correct, not A.", "(B)").correct
    assert not grade("The answer is either A or B.", "(B)").correct


@pytest.mark.parametrize("reference", ["", "nan", float("nan"), float("inf")])
def test_a_plain_reference_that_is_no_answer_is_refused(reference: str | float) -> None:
    with pytest.raises(ValueError, match="reference"):
        grade("It is 24.", reference)


def graded(**row: Any) -> dict[str, Any]:
    return next(iter(grade_lines([json.dumps(row)])))


def test_lines_may_hold_worked_solutions_and_lists_as_references() -> None:
    for reference in (GSM8K, ["twenty", "24"], [24], "\\boxed{24}"):
        assert graded(reference=reference, candidate="24")["correct"]
        assert graded(reference=reference, solution="It is\n#### 24")["correct"]
        assert not graded(reference=reference, candidate="25")["correct"]
    assert graded(reference="(B)", solution="So option B is correct, not A.")["correct"]
    assert graded(reference="B", choices=["3", "4"], candidate="B) 3") == {
        "id": None, "correct": False, "answer": "B) 3", "how": "no_answer",
    }  # fmt: skip


@pytest.mark.parametrize(
    "reference", [True, None, float("nan"), float("inf"), "", [], "nan", "1\n####", {"a": 1}]
)
def test_a_line_whose_reference_is_no_answer_is_an_error_of_that_line(reference: Any) -> None:
    assert "reference" in graded(reference=reference, candidate="24")["error"]


def test_a_byte_order_mark_is_no_part_of_a_line() -> None:
    (verdict,) = grade_lines(["\ufeff" + json.dumps({"reference": "7", "candidate": "7"})])
    assert verdict["correct"]


@pytest.mark.parametrize("fallback", ["None", "bogus", None])
def test_a_misspelled_fallback_pays_nothing_unseen(fallback: Any) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        trl_reward(["?"], ["so 5"], answer=["5"], fallback=fallback)
    with pytest.raises(ValueError, match="must be one of"):
        verl_compute_score("x", "so 5", "5", fallback=fallback)


def test_long_whole_numbers_are_references() -> None:
    assert trl_reward(["?"], ["#### 1" + "0" * 400], answer=[10**400]) == [1.0]


@pytest.mark.parametrize(
    "reference",
    ['{"a": 1}', "<NA>", "NaT", "#N/A", "nan%", "\\text{nan}", "$\\mathrm{NaN}$", "[null]", '["nan"]',
     "['4', '5']", "#DIV/0!", "\\boxed{\\text{null}}", "[None]", '[null, "nan"]', " NaN "],
)  # fmt: skip
def test_a_placeholder_in_any_style_is_refused(reference: str) -> None:
    for call in (
        lambda: trl_reward(["q"], ["The answer is 5."], answer=[reference]),
        lambda: verl_compute_score("x", "The answer is 5.", reference),
        lambda: grade("The answer is 5.", reference),
    ):
        with pytest.raises(ValueError, match="reference"):
            call()


@pytest.mark.parametrize(
    "reference", ['["4", "5"]', '["5", "4"]', '[null, "5"]', '[{"type": "text", "text": "5"}]']
)
def test_a_list_as_the_text_of_a_cell_is_a_list(reference: str) -> None:
    assert trl_reward(["q"] * 2, ["The answer is 5.", "The answer is 6."], answer=[reference] * 2) == [
        1.0,
        0.0,
    ]
    assert verl_compute_score("gsm8k", "#### 5", reference) == 1.0


@pytest.mark.parametrize(
    ("reference", "wrong"), [("[4, 5]", "(4, 5)"), ("[0, 1)", "[0, 1]"), ("{1, 2}", "{1, 3}")]
)
def test_brackets_of_mathematics_are_no_list(reference: str, wrong: str) -> None:
    done = trl_reward(["q"] * 2, [f"\\boxed{{{x}}}" for x in (reference, wrong)], answer=[reference] * 2)
    assert done == [1.0, 0.0]


@pytest.mark.parametrize("reference", ["Bee", "5", "the second"])
def test_a_choice_without_choices_needs_a_letter(reference: str) -> None:
    with pytest.raises(ValueError, match="no letter"):
        trl_reward(["q"], ["The answer is B."], answer=[reference], kind=["choice"])
    with pytest.raises(ValueError, match="no letter"):
        grade("The answer is B.", reference, kind="choice")
    assert trl_reward(["q"], ["The answer is B."], answer=["(b)"], kind=["choice"]) == [1.0]


def test_digits_as_labels_that_are_texts_of_others_are_named() -> None:
    with pytest.raises(ValueError, match="label of a choice and the text of another"):
        verl_compute_score("x", "1", "1", {"choices": [["1", "3"], ["2", "1"]]})


def test_a_reward_with_another_fallback_has_a_name() -> None:
    strict, guessing = trl_reward_with("none"), trl_reward_with(fallback="number")
    assert strict.__name__ == "trl_reward_none" and guessing.__name__ == "trl_reward_number"
    completions = ["She has 5 apples.", "#### 5"]
    assert strict(prompts=["q"] * 2, completions=completions, answer=["5"] * 2) == [0.0, 1.0]
    assert guessing(["q"] * 2, completions, answer=["5"] * 2, kind=["math"] * 2) == [1.0, 1.0]
    for misspelled in ("non", "None", ""):
        with pytest.raises(ValueError, match="expression, none"):
            trl_reward_with(misspelled)  # pyright: ignore[reportArgumentType]
        with pytest.raises(ValueError, match="expression, none"):
            trl_reward([], [], fallback=misspelled, answer=[])  # pyright: ignore[reportArgumentType]
