"""Column conventions of other projects' datasets."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from numerate.problems.columns import read_problem
from numerate.problems.row import Row
from numerate.types import Problem


def read(**columns: Any) -> Problem:
    return read_problem(Row("mine.jsonl line 7", columns))


def test_a_problem_written_as_json_is_read_back_as_it_was():
    problem = Problem(
        "a-1",
        "Which?",
        "B",
        "It is B.",
        "choice",
        (("A", "one"), ("B", "two")),
        "here",
        {"level": 3, "graph": [["x", 1]], "license": "MIT"},
    )
    again = read(**json.loads(json.dumps(asdict(problem))))
    assert asdict(again) | {"choices": (("A", "one"), ("B", "two"))} == asdict(problem)


def test_the_answer_of_a_gsm8k_shaped_row_stands_behind_the_hashes():
    problem = read(question="How many?", answer="1000+80=1080\n#### 1,080")
    assert (problem.answer, problem.kind) == ("1080", "number")
    assert problem.solution == "1000+80=1080\n#### 1,080"


def test_the_answer_of_a_math_shaped_row_stands_in_its_last_box_unless_it_has_a_column():
    solution = "First $\\boxed{1}$, then $\\boxed{\\frac{\\sqrt{2}}{3}}$."
    assert read(problem="?", solution=solution).answer == "\\frac{\\sqrt{2}}{3}"
    assert read(problem="?", solution=solution, answer="x").answer == "x"
    assert read(problem="?", solution="$\\boxed 7$").answer == "7"


def test_a_number_that_is_typed_as_one_makes_a_number_problem():
    problem = read(question="2.5*2?", answer=5.0)
    assert (problem.answer, problem.kind) == ("5", "number")
    assert read(question="2.5*2?", answer="5").kind == "math"
    assert read(question="2.5*2?", answer="5", kind="number").kind == "number"


def test_messages_ask_with_the_last_user_turn_and_are_solved_by_the_last_assistant_turn():
    problem = read(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "1+1?"},
            {"role": "assistant", "content": "2"},
            {"role": "user", "content": [{"type": "text", "text": "And one more?"}]},
            {"role": "assistant", "content": "That is \\boxed{3}."},
        ]
    )
    assert (problem.question, problem.solution, problem.answer) == (
        "And one more?",
        "That is \\boxed{3}.",
        "3",
    )
    assert [turn["role"] for turn in problem.meta["history"]] == ["system", "user", "assistant"]
    assert "messages" not in problem.meta


def test_a_completion_is_the_solution_and_needs_no_answer():
    problem = read(prompt="Tell me.", completion="Well.")
    assert (problem.question, problem.solution, problem.answer) == ("Tell me.", "Well.", "")
    chat = read(
        prompt=[{"role": "user", "content": "2+2?"}], completion=[{"role": "assistant", "content": "#### 4"}]
    )
    assert (chat.question, chat.solution, chat.answer) == ("2+2?", "#### 4", "4")


def test_a_preference_keeps_both_sides_and_has_no_reference_solution():
    problem = read(prompt="2+2?", chosen="4", rejected="5", answer="4")
    assert problem.meta == {"chosen": "4", "rejected": "5"}
    assert (problem.solution, problem.answer) == ("", "4")


def test_only_a_good_unpaired_completion_is_a_solution():
    good = read(prompt="2+2?", completion="2+2=4\n#### 4", label=True)
    bad = read(prompt="2+2?", completion="2+2=5\n#### 5", label=False)
    assert (good.solution, good.answer, good.meta["label"]) == ("2+2=4\n#### 4", "4", True)
    assert (bad.solution, bad.answer) == ("", "")
    assert (bad.meta["completion"], bad.meta["label"]) == ("2+2=5\n#### 5", False)


def test_stepwise_rows_keep_a_label_per_step():
    problem = read(prompt="2+2+2?", completions=["2+2=4", "4+2=7"], labels=[True, False])
    assert problem.meta == {"completions": ["2+2=4", "4+2=7"], "labels": [True, False]}
    with pytest.raises(ValueError, match=r"line 7, field 'labels': expected a list of 2 labels"):
        read(prompt="2+2+2?", completions=["2+2=4", "4+2=7"], labels=[True])


def test_a_verl_row_is_asked_as_it_stands():
    problem = read(
        data_source="openai/gsm8k",
        prompt=[{"role": "user", "content": 'How many? End with "####".'}],
        ability="math",
        reward_model={"style": "rule", "ground_truth": "72"},
        extra_info={"split": "train", "index": 0},
    )
    assert (problem.question, problem.answer) == ('How many? End with "####".', "72")
    assert problem.source == "openai/gsm8k"
    assert problem.meta["extra_info"] == {"split": "train", "index": 0}


def test_a_prompt_with_an_answer_is_a_problem():
    assert read(prompt="2+2?", answer="4").answer == "4"
    assert read(prompt="2+2?", ground_truth="4").answer == "4"
    assert read(prompt="2+2?", solution="2+2=\\boxed{4}").answer == "4"


@pytest.mark.parametrize(
    "answer",
    [float("nan"), float("inf"), None, "nan", "NaN", " null ", "N/A", "<NA>", "", "2+2=4\n####", "####  "],
)
def test_an_answer_that_is_missing_is_refused_in_every_convention(answer: Any):
    for columns in (
        {"question": "2+2?", "answer": answer},
        {"problem": "2+2?", "expected_answer": answer},
        {"prompt": "2+2?", "reward_model": {"ground_truth": answer}},
    ):
        if answer != answer or "####" not in str(answer) or "question" in columns:
            with pytest.raises(ValueError, match=r"^mine.jsonl line 7"):
                read(**columns)


def test_a_solution_whose_mark_is_empty_is_refused():
    for columns in (
        {"question": "2+2?", "solution": "2+2=4\n####"},
        {"prompt": "2+2?", "completion": "2+2=4\n#### "},
        {"instruction": "2+2?", "output": "So \\boxed{}"},
        {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "4\n####"}]},
    ):
        with pytest.raises(ValueError, match=r"^mine.jsonl line 7, field .*####"):
            read(**columns)


def test_the_nan_of_a_table_is_a_missing_value_beside_an_answer():
    nan = float("nan")
    problem = read(id=nan, question="?", answer=nan, solution="2+2=4\n#### 4", level=nan)
    assert (problem.id, problem.answer, problem.meta) == ("", "4", {})
    assert read(question="?", answer="none").answer == "none"


def test_columns_of_other_tools_are_read():
    alpaca = read(instruction="Add the numbers.", input="4 and 9", output="4+9=13\n#### 13")
    assert (alpaca.question, alpaca.answer) == ("Add the numbers.\n\n4 and 9", "13")
    assert (alpaca.solution, alpaca.meta) == ("4+9=13\n#### 13", {})
    assert read(instruction="Add 1 and 2.", input="", output="\\boxed{3}").question == "Add 1 and 2."
    assert read(instruction="Add 1 and 2.", input="", output="1+2=3. The answer is 3.").answer == "3"
    assert read(instruction="Add 1 and 2.", input="", output="**Answer:** 3").answer == "3"
    assert read(instruction="Name a city.", input="", output="Paris has 20 districts.").answer == ""
    assert read(instruction="How?", input="", output="The answer is simple: rest every day.").answer == ""
    turns = [
        {"from": "system", "value": "Be brief."},
        {"from": "human", "value": "2+3?"},
        {"from": "gpt", "value": "2+3=5\n#### 5"},
    ]
    sharegpt = read(conversations=turns)
    assert (sharegpt.question, sharegpt.answer) == ("2+3?", "5")
    assert [turn["role"] for turn in sharegpt.meta["history"]] == ["system"]
    for column in ("expected_answer", "final_answer", "ground_truth"):
        problem = read(problem="2+2?", **{column: "4"})
        assert (problem.answer, problem.meta) == ("4", {})
        assert read(question="2+2?", answer="5", **{column: "4"}).answer == "5"


def test_a_speaker_that_nobody_knows_is_named():
    with pytest.raises(ValueError, match=r"field 'conversations': expected turns with 'value' and 'from'"):
        read(conversations=[{"from": "narrator", "value": "Once"}])


def test_columns_that_no_field_takes_stay_in_meta():
    problem = read(id=5, question="?", answer="1", level="Level 2", empty=None, source="s")
    assert (problem.id, problem.source, problem.meta) == ("5", "s", {"level": "Level 2"})


def test_half_a_character_is_replaced():
    assert read(question="caf\ud83d?", answer="1").question == "caf\ufffd?"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"question": "?"},
            r"field 'answer': expected the final answer.*found nothing; the columns are 'question'",
        ),
        ({"question": "?", "answer": "  "}, r"field 'answer': expected .*found str '  '"),
        (
            {"question": 3, "answer": ["4"]},
            r"field 'answer': expected a text or a number, found list \['4'\]",
        ),
        (
            {"question": "", "answer": "4"},
            r"field 'question' or 'problem' or 'prompt': expected a text that is not",
        ),
        ({"text": "?"}, r"unknown columns 'text'; supported are: .*question, answer"),
        ({"messages": "hi"}, r"field 'messages': expected a list of messages .*found str 'hi'"),
        (
            {"messages": [{"role": "bot", "content": "x"}]},
            r"messages with a role among system, user, assistant, tool",
        ),
        ({"messages": [{"role": "assistant", "content": "x"}]}, r"expected messages in which a user's turn"),
        (
            {"prompt": "?", "completion": "x", "label": "yes"},
            r"field 'label': expected true or false, found str 'yes'",
        ),
        (
            {"prompt": "?", "reward_model": "4"},
            r"field 'reward_model': expected an object with 'ground_truth'",
        ),
        (
            {"question": "?", "choices": ["x", "y"], "answer": "C"},
            r"field 'answer': expected one of the letters A, B",
        ),
        (
            {"question": "?", "choices": [["A", "x"], ["A", "y"]], "answer": "A"},
            r"field 'choices': .*each letter once",
        ),
        ({"question": "?", "answer": "1", "kind": "essay"}, r"field 'kind': expected number, math or choice"),
        (
            {"question": "?", "answer": "1", "steps": [{"text": "A", "rating": 5}]},
            r"a 'rating' of -1, 0, 1 or null",
        ),
    ],
)
def test_a_malformed_row_is_told_where_it_is_what_was_found_and_what_was_expected(
    columns: dict[str, Any], message: str
):
    with pytest.raises(ValueError, match=r"^mine.jsonl line 7.*" + message):
        read(**columns)


@pytest.mark.parametrize(
    "answer", ["nan%", "\\text{nan}", "[null]", "<NA>", "NaT", "#N/A", "#DIV/0!", "$\\mathrm{NaN}$", "NA"]
)
def test_a_placeholder_in_any_style_is_refused_with_its_line(answer: str) -> None:
    with pytest.raises(ValueError, match=r"a\.csv line 7, field 'answer'"):
        read_problem(Row("a.csv line 7", {"question": "2+3?", "answer": answer}))
