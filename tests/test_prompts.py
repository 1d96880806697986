"""Prompts and the targets that go with them."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import numerate.prompts
from numerate.answers import grade
from numerate.problems import load
from numerate.prompts import STYLES, evaluation_prompt, render, style_of, target
from numerate.types import Problem, Turn

SUM = Problem("s", "What is 2+3?", "5", solution="2+3=<<2+3=5>>5\n#### 5", kind="number")
SHOT = Problem("t", "What is 1+1?", "2", solution="1+1=2", kind="number")
ENDS = {
    **dict.fromkeys(("plain", "qa", "cot"), "#### {}"),
    **dict.fromkeys(("boxed", "chat"), "\\boxed{{{}}}"),
    "mario": "Final Answer: {}",
}
PICK = Problem("p", "Which is prime?", "B", solution="Five.", kind="choice", choices=(("A", "4"), ("B", "5")))


def test_the_examples_in_the_docstrings_hold():
    results = doctest.testmod(numerate.prompts)
    assert (results.attempted, results.failed) == (12, 0)


def test_a_plain_row_is_the_question_a_line_break_and_the_solution():
    assert render(SUM).text + target(SUM) == "What is 2+3?\n2+3=<<2+3=5>>5\n#### 5"


def test_choices_are_shown_in_every_style():
    for style in STYLES:
        assert "Which is prime?\n(A) 4\n(B) 5" in render(PICK, style).text
    assert "the letter of the right choice" in render(PICK, "boxed").text
    assert target(PICK) == "Five.\n#### B"
    assert target(PICK, "chat") == "Five.\n\\boxed{B}"


def test_a_qa_prompt_ends_without_a_space_and_its_target_begins_with_it():
    assert (
        render(SUM, "qa").text + target(SUM, "qa") == "Question: What is 2+3?\nAnswer: 2+3=<<2+3=5>>5\n#### 5"
    )
    assert render(SUM, "qa").text.endswith("Answer:")


def test_shots_are_rows_of_the_same_style():
    assert render(SUM, shots=[SHOT]).text == "What is 1+1?\n1+1=2\n#### 2\n\nWhat is 2+3?\n"
    qa = render(SUM, "qa", shots=[SHOT]).text
    assert qa == "Question: What is 1+1?\nAnswer: 1+1=2\n#### 2\n\nQuestion: What is 2+3?\nAnswer:"
    with pytest.raises(ValueError, match=r"problem 'x' .* has no solution to train on"):
        render(SUM, shots=[Problem("x", "?", "1")])


def test_a_chat_prompt_has_turns_of_its_speakers_and_none_is_trained():
    prompt = render(SUM, "chat", shots=[SHOT], system="Be brief.")
    asked = "What is 1+1?\n\nReason step by step. Put the final answer into \\boxed{}."
    assert prompt.chat and prompt.problem_id == "s"
    assert prompt.turns[:3] == (
        Turn("system", "Be brief."),
        Turn("user", asked),
        Turn("assistant", "1+1=2\n\\boxed{2}"),
    )
    assert [turn.role for turn in prompt.turns] == ["system", "user", "assistant", "user"]
    assert not any(turn.trained for turn in prompt.turns)


def test_a_conversation_keeps_its_earlier_turns_in_a_chat():
    history = [{"role": "system", "content": "Old."}, {"role": "user", "content": "Hi"}]
    problem = Problem("c", "And?", "1", meta={"history": history})
    assert [turn.text for turn in render(problem, "chat").turns][:2] == ["Old.", "Hi"]
    assert [turn.text for turn in render(problem, "chat", system="New.").turns][:2] == ["New.", "Hi"]


@pytest.mark.parametrize(
    ("style", "before"),
    [
        ("plain", "Be brief.\n\nWhat is 2+3?\n5\n\nTwice {}?\n"),
        ("qa", "Be brief.\n\nQuestion: What is 2+3?\nAnswer: 5\n\nQuestion: Twice {}?\nAnswer:"),
        ("cot", "Be brief.\n\nWhat is 2+3?\n5\n\nTwice {}?\n\nReason"),
        ("boxed", "Be brief.\n\nWhat is 2+3?\n5\n\nTwice {}?\n\nReason"),
    ],
)
def test_a_conversation_keeps_its_earlier_turns_as_text(style: str, before: str):
    turns = [("system", "Be brief."), ("user", "What is 2+3?"), ("assistant", "5")]
    history = [{"role": role, "content": text} for role, text in turns]
    problem = Problem("c", "Twice {}?", "10", meta={"history": history})
    assert render(problem, style).text.startswith(before)
    shot = Problem("s", "1+1?", "2", solution="1+1=2")
    shown = render(problem, style, [shot]).text
    assert shown.index("1+1?") < shown.index("Be brief.")
    assert style_of(style, [shot, problem]) != style_of(style, [shot]) == style


def test_an_evaluator_reads_the_earlier_turns_too():
    problem = Problem(
        "c", "And twice?", "10", meta={"history": [{"role": "user", "content": "What is 2+3?"}]}
    )
    assert "problem: What is 2+3?\nAnd twice?. Here is" in evaluation_prompt(problem, "10")[0]


@pytest.mark.parametrize(
    "solution",
    [
        "Half is \\boxed{3}. Then double it and add 1, which gives 7.",
        "Half is \\boxed{3}",
        "So it is 5.\n#### 5",
        "#### 5",
        "\\boxed{\\frac{6}{2}} and \\fbox{4} make seven.",
        "\\boxed{\\boxed{3} + 4}",
        "It is \\boxed{7}. The final answer is 8.",
        "3+4",
    ],
)
@pytest.mark.parametrize("style", STYLES)
def test_a_target_ends_in_the_problems_answer_whatever_the_solution_marks(solution: str, style: str):
    problem = Problem("p", "?", "7", solution)
    text = target(problem, style)
    assert text.endswith(ENDS[style].format(7))
    assert grade(text, problem).correct


def test_a_mark_that_holds_the_answer_stays_as_it_is_written():
    half = Problem("p", "?", "0.5", "It is \\boxed{\\frac{1}{2}}, a half.")
    assert target(half, "boxed") == half.solution
    two = Problem("p", "?", "1, 2", "\\boxed{1} and \\boxed{2}")
    assert target(two, "boxed") == two.solution


def test_the_answer_is_added_only_where_its_mark_is_missing():
    commas = Problem("s", "?", "1080", solution="1000+80\n#### 1,080\n")
    assert target(commas) == "1000+80\n#### 1,080"
    latex = Problem("m", "?", "\\frac12", solution="So it is $\\boxed{\\frac12}$.")
    assert target(latex) == "So it is $\\boxed{\\frac12}$.\n#### \\frac12"
    assert target(latex, "boxed") == latex.solution
    assert target(commas, "boxed") == "1000+80\n\\boxed{1080}"
    early = Problem("s", "?", "5", solution="#### 4 was wrong\nso 5")
    assert target(early) == "#### 4 was wrong\nso 5\n#### 5"


def test_what_cannot_be_asked_for_is_named():
    with pytest.raises(
        ValueError, match=r"no prompt style 'plane': choose one of plain, qa, cot, boxed, chat"
    ):
        render(SUM, "plane")
    with pytest.raises(ValueError, match=r"style 'plain' has no system message: use the style chat"):
        render(SUM, system="x")
    with pytest.raises(ValueError, match=r"problem 'x' \(mine\) has no solution to train on: choose"):
        target(Problem("x", "?", "1", source="mine"))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", ["gsm8k/train", "math/train", "aqua"])
def test_every_solution_at_hand_ends_with_a_mark_that_the_grader_reads(name: str, style: str, data_dir: Path):
    from numerate.answers import grade

    problems = load(name, limit=150, seed=0)
    assert sum(grade(target(problem, style), problem).correct for problem in problems) >= 0.98 * len(problems)


TRANSCRIPTS = {
    "mario": "<code>\n#### 9\nprint('\\\\boxed{9}',7)\n</code>\n<output>\n#### 8\n\\boxed{8} 7\n</output>\n",
    "tora": "So \\boxed{6}?\n```python\n#### 9\nprint(3+4)\n```\n```output\n#### 8\n7\n```\n",
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", TRANSCRIPTS)
@pytest.mark.parametrize(
    "last", ["", "#### 7", "Final Answer: 7", "It is $\\boxed{7}$.", "\n\nSo 5.\n#### 5", "Final Answer: $5$"]
)
def test_a_transcript_keeps_programs_and_outputs_and_ends_in_the_answer(name: str, style: str, last: str):
    solution = f"{TRANSCRIPTS[name]}{last}".strip()
    text = target(Problem("p", "?", "7", solution, meta={"tool_format": name}), style)
    assert text.startswith(STYLES[style].lead + TRANSCRIPTS[name])
    assert text.endswith(ENDS[style].format(7)) or (last.endswith("$.") and style in ("boxed", "chat"))
    assert grade(text, Problem("p", "?", "7")).correct


def test_the_mark_comes_behind_a_program_that_nothing_ran():
    problem = Problem("p", "?", "7", "<code>\n#### 9\n</code>", meta={"tool_format": "mario"})
    assert target(problem) == "<code>\n#### 9\n</code>\n#### 7"
    with pytest.raises(ValueError, match="no tool format 'react': choose mario, tora or chat"):
        target(Problem("p", "?", "7", "7", meta={"tool_format": "react"}))


def test_a_mario_target_that_ends_in_its_answer_stays():
    problem = Problem("p", "?", "24", "<p>\nHalf of 48.\nFinal Answer: $24$", kind="number")
    assert target(problem, "mario") == problem.solution
    assert render(problem, "mario").text == "Question: ?\n\nSolution:\n\n"
