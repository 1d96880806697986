"""Every row of every set at hand, against the counts that the data's own description gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from numerate.problems import TABLE, at_hand, check, fingerprint, is_test_split, load

COUNTS = {
    "gsm8k/train": 7473,
    "gsm8k/test": 1319,
    "gsm8k/test-socratic": 1319,
    "math/train": 7500,
    "math/test": 5000,
    "math/train-12k": 12_000,
    "math500": 500,
    "svamp": 1000,
    "mawps/cv": 1743,
    "multiarith": 600,
    "addsub": 395,
    "singleeq": 508,
    "singleop": 562,
    "aqua/dev": 254,
    "commonsense_qa/train": 9741,
    "commonsense_qa/dev": 1221,
    "prm800k/train-phase1": 942,
    "prm800k/train-2pct": 1818,
}
NUMBERS = ["gsm8k/train", "gsm8k/test", "svamp", "mawps/cv", "multiarith", "addsub", "singleeq", "singleop"]


@pytest.mark.parametrize("name", COUNTS)
def test_every_row_becomes_a_problem_with_its_own_id_a_question_and_an_answer(name: str, data_dir: Path):
    problems = load(name)
    assert len(problems) == COUNTS[name]
    assert len({problem.id for problem in problems}) == len(problems)
    assert all(problem.question.strip() and problem.answer.strip() for problem in problems)
    assert len({problem.kind for problem in problems}) == 1
    check(name)


@pytest.mark.parametrize("name", NUMBERS)
def test_answers_of_number_sets_are_plain_numbers(name: str, data_dir: Path):
    problems = load(name)
    assert {problem.kind for problem in problems} == {"number"}
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", problem.answer) for problem in problems)


def test_gsm8k_answers_are_what_the_last_line_of_the_solution_says_without_commas(data_dir: Path):
    problems = load("gsm8k/train") + load("gsm8k/test") + load("gsm8k/test-socratic")
    for problem in problems:
        assert problem.solution.split("\n")[-1].removeprefix("#### ").replace(",", "") == problem.answer
    assert any("," in problem.solution.split("\n")[-1] for problem in problems)


def test_a_gsm8k_problem_says_how_many_steps_its_solution_has(data_dir: Path):
    first = load("gsm8k/train", limit=1)[0]  # two sentences, then #### 72
    assert (first.answer, first.meta["steps"]) == ("72", 2)


def test_math_levels_are_numbers_and_two_training_rows_have_none(data_dir: Path):
    levels = [problem.meta["level"] for problem in load("math/train")]
    assert {level for level in levels if level is not None} == {1, 2, 3, 4, 5}
    assert levels.count(None) == 2


def test_the_two_empty_boxes_of_math_mean_that_there_is_none(data_dir: Path):
    problems = {problem.id: problem for problem in load("math/train")}
    for number in (7115, 7117):
        problem = problems[f"train/number_theory/{number}.json"]
        assert problem.answer == "0"
        assert "\\boxed{0}" in problem.solution


def test_the_12k_of_math_and_math500_share_no_question(data_dir: Path):
    questions = {problem.question for problem in load("math500")}
    assert not any(problem.question in questions for problem in load("math/train-12k"))


def test_the_folds_of_mawps_divide_it(data_dir: Path):
    whole = {problem.id for problem in load("mawps/cv")}
    folds = [{problem.id for problem in load(f"mawps/test-{fold}")} for fold in range(5)]
    assert sum(map(len, folds)) == len(whole) == 1743
    assert set().union(*folds) == whole
    assert {problem.id for problem in load("mawps/train-3")} == whole - folds[3]
    assert load("mawps/train") == load("mawps/train-0")


def test_choices_are_letters_and_texts_without_the_letter(data_dir: Path):
    aqua = load("aqua", limit=1)[0]
    assert aqua.choices == (("A", "32400"), ("B", "6000"), ("C", "600"), ("D", "60000"), ("E", "10"))
    assert (aqua.kind, aqua.answer) == ("choice", "A")
    for name in ("aqua", "commonsense_qa/train", "commonsense_qa/dev"):
        for problem in load(name):
            assert problem.answer in dict(problem.choices)


def test_prm800k_solutions_follow_the_chosen_path_and_keep_every_rating(data_dir: Path):
    problems = load("prm800k/train-phase1")
    rated = [
        item
        for problem in problems
        for step in problem.meta["labelled_steps"]
        for item in step["completions"]
    ]
    assert len(rated) == 49_494
    first = problems[0]
    assert first.solution.split("\n")[0] == "7.8 minutes is the same as 7 minutes and 0.8 minutes."
    flat = [step["completions"] for p in load("prm800k/train-2pct") for step in p.meta["labelled_steps"]]
    assert sum(map(len, flat)) == 10_801


def test_which_splits_are_for_measuring_only(data_dir: Path):
    held_out = {
        f"{name}/{split}"
        for name, loader in TABLE.items()
        for split in loader.kinds
        if is_test_split(f"{name}/{split}")
    }
    assert {
        "gsm8k/test",
        "math/test",
        "math500/test",
        "svamp/test",
        "mawps/test-2",
        "stories/test-longer",
    } <= held_out
    assert not {"gsm8k/train", "math/train-12k", "mawps/train-2", "mawps/cv", "stories/train"} & held_out
    assert is_test_split("svamp") and is_test_split("gsm8k") and is_test_split("2*gsm8k/train + addsub")
    assert is_test_split(str(data_dir / "gsm8k" / "test.jsonl"))
    assert is_test_split(str(data_dir / "svamp" / "svamp.jsonl"))
    assert not is_test_split(str(data_dir / "gsm8k" / "train.jsonl"))


def test_the_fingerprint_changes_with_any_content_and_with_the_order(data_dir: Path):
    problems = load("addsub", limit=3)
    assert fingerprint(problems) == fingerprint(load("addsub", limit=3))
    assert fingerprint(problems) != fingerprint(problems[::-1])
    assert fingerprint(problems) != fingerprint(problems[:2])


def test_at_hand_is_what_needs_no_hub(data_dir: Path):
    assert at_hand("gsm8k/train") and at_hand("gsm8k/train + stories/train")
    assert not at_hand("aqua/test")
    assert not at_hand("openai/gsm8k:main/train")


def test_a_slice_of_stories_lies_anywhere_and_a_limit_takes_the_first():
    few = load("stories/train[5:8]")
    assert few == load("stories/train", limit=8)[5:]
    assert load("stories/train[1000000:1000001]")[0].kind == "number"
    assert {problem.source for problem in load("stories", limit=2)} == {"stories/test"}
