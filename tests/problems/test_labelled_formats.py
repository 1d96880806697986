"""Labelled steps: every published shape, malformed rows, and every row of every set at hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from numerate.problems.labelled.labelled_formats import read_marked
from numerate.problems.labelled.labelled_steps import load
from numerate.problems.row import Row
from numerate.problems.sets.prm800k import chosen_path, read_problem
from numerate.types import LabelledSolution, Problem


def read(**columns: Any) -> list[LabelledSolution]:
    return list(read_marked(Row("mine.jsonl line 7", columns)))


def shepherd(*steps: tuple[str, str], tail: str = "", question: str = "How many?") -> dict[str, str]:
    body = "\n".join(f"Step {i}: {text} ки" for i, (text, _) in enumerate(steps, start=1))
    label = "\n".join(f"Step {i}: {text} {mark}" for i, (text, mark) in enumerate(steps, start=1))
    return {"input": f"{question} {body}{tail}", "label": f"{question} {label}{tail}", "task": "GSM8K"}


def test_every_alternative_of_prm800k_comes_with_its_history(vectors: dict[str, Any]):
    vector = vectors["prm_orm_ppo"]["prm800k_flatten"]
    steps = [
        {"completions": [{"text": t, "rating": 1} for t in step["completions"]], "chosen": step["chosen"]}
        for step in vector["steps"]
    ]
    found = read(question="2+2?", answer="4", steps=steps, finish_reason="solution", source="here")
    assert [list(marked.steps) for marked in found] == vector["training_prefixes"]
    assert all(set(marked.labels[:-1]) <= {None} and marked.labels[-1] == 1 for marked in found)
    assert [marked.meta["chosen"] for marked in found] == [True, False, False, True, True, False]
    assert {marked.meta["finish_reason"] for marked in found} == {"solution"}
    assert (found[0].problem.question, found[0].source) == ("2+2?", "here")


@pytest.mark.parametrize(
    "facts",
    [
        {"finish_reason": "bad_problem"},
        {"finish_reason": "give_up"},
        {"is_quality_control_question": True},
        {"is_initial_screening_question": True},
    ],
)
def test_what_is_no_judgement_of_steps_is_left_out(facts: dict[str, Any]):
    steps = [{"text": "A", "rating": 1}]
    assert len(read(question="?", answer="4", steps=steps)) == 1
    assert read(question="?", answer="4", steps=steps, **facts) == []


def test_the_chosen_path_of_prm800k_ends_with_the_error_that_was_found():
    steps = [
        {"completions": [{"text": "A", "rating": 0}, {"text": "B", "rating": 1}], "chosen": 1},
        {"completions": [{"text": "C", "rating": -1}], "chosen": None, "human_completion": "D"},
        {"completions": [{"text": "E", "rating": 1}, {"text": "F", "rating": -1}], "chosen": None},
        {"completions": [{"text": "G", "rating": 1}], "chosen": 0},
    ]
    marked = chosen_path(read_problem(Row("", {"question": "?", "answer": "4", "steps": steps})))
    assert (marked.steps, marked.labels) == (("B", "D", "F"), (1, None, -1))


def test_math_shepherd_marks_every_step():
    [marked] = read(**shepherd(("2+3 = 5.", "+"), ("5-1 = 4. The answer is: 4", "-")))
    assert marked.problem.question == "How many?"
    assert marked.steps == ("Step 1: 2+3 = 5.", "Step 2: 5-1 = 4. The answer is: 4")
    assert marked.labels == (1, -1)
    assert (marked.first_error, marked.meta) == (1, {"task": "GSM8K"})
    [again] = read(**shepherd(("1+1 = 2.", "+")))
    assert again.problem.id == marked.problem.id  # one question, one problem


def test_math_shepherd_signs_in_the_text_are_no_marks():
    [marked] = read(**shepherd(("7 - 2 + 1 = 6", "+"), ("6 - 6 + 0", "-"), ("6 - 6 + 0", "+")))
    assert marked.labels == (1, -1, 1)


def test_math_shepherd_as_its_card_shows_it():
    both = "How many? \n\nStep 1: 5+8 = <<5+8=13>>13. ки {} \n\nStep 2: #### 13 ки {}"
    [marked] = read(input=both.format("?", "?"), label=both.format("+", "-"))
    assert marked.steps == ("Step 1: 5+8 = <<5+8=13>>13.", "Step 2: #### 13")
    assert marked.labels == (1, -1)


def test_math_shepherd_text_after_the_last_mark_has_no_label():
    [marked] = read(**shepherd(("2+3 = 5.", "+"), tail=" Step 2: and so"))
    assert (marked.steps[1], marked.labels) == ("Step 2: and so", (1, None))
    assert marked.first_error is None


def test_stepwise_rows_of_trl():
    [marked] = read(prompt="Blue?", completions=["Yes.", "No.", "Hm."], labels=[True, False, None])
    assert (marked.problem.question, marked.steps) == ("Blue?", ("Yes.", "No.", "Hm."))
    assert marked.labels == (1, -1, None)
    turns = [{"role": "user", "content": "Blue?"}]
    [marked] = read(prompt=turns, completions=["Yes.", "No."], labels=[1, 0], id="mine-1")
    assert (marked.problem.id, marked.problem.question, marked.labels) == ("mine-1", "Blue?", (1, -1))


@pytest.mark.parametrize("name", ["label", "first_error", "mistake_index"])
def test_what_follows_the_first_error_has_no_label(name: str):
    row = {"problem": "?", "steps": ["a", "b", "c"], "generator": "m"}
    labels = {at: read(**row, **{name: at})[0].labels for at in (-1, 0, 1, 2)}
    assert labels == {-1: (1, 1, 1), 0: (-1, None, None), 1: (1, -1, None), 2: (1, 1, -1)}
    for at in (-1, 0, 1, 2):
        [marked] = read(**row, **{name: at})
        assert (marked.first_error, marked.meta) == (at, {"generator": "m"})
    assert read(**row, **{name: None})[0].first_error == -1


@pytest.mark.parametrize(
    "columns, complaint",
    [
        (
            {"question": "?", "answer": "4"},
            "no labelled steps in the columns 'question', 'answer'; supported",
        ),
        ({"question": "?", "steps": ["a"], "label": 1}, "field 'label'.*0 to 0, or -1 for none, found int 1"),
        ({"question": "?", "steps": ["a"], "label": True}, "field 'label'.*found bool True"),
        ({"question": "?", "steps": [3], "label": 0}, "field 'steps'.*a list of steps as text"),
        ({"question": "?", "steps": [], "label": 0}, "field 'steps'.*a list of steps as text"),
        (
            {"prompt": "?", "completions": ["a", "b"], "labels": [True]},
            "field 'labels'.*a list of 2 labels, one per step of 'completions'",
        ),
        ({"prompt": "?", "completions": ["a"], "labels": [-1]}, r"field 'labels'.*true or false \(1 or 0\)"),
        ({"input": "no steps", "label": "no steps"}, "field 'input'.*a question followed by 'Step 1:'"),
        ({"input": "Q? Step 1: a ки", "label": "Q? Step 1: a"}, "field 'label'.*behind step 1"),
        ({"input": "Q? Step 1: a ки", "label": "Q? Step 1: b +"}, "field 'label'.*behind step 1"),
        ({"input": "Step 1: a ки", "label": "Step 1: a +"}, "field 'input'.*a question followed by"),
    ],
)
def test_a_malformed_row_names_file_line_and_field(columns: dict[str, Any], complaint: str):
    with pytest.raises(ValueError, match=rf"mine.jsonl line 7.*{complaint}"):
        read(**columns)


def test_the_record_refuses_labels_that_do_not_fit():
    with pytest.raises(ValueError, match="1 labels for 2 steps"):
        LabelledSolution(Problem("p", "?", "4"), ("a", "b"), (1,))
    with pytest.raises(ValueError, match="a label is 1 right"):
        LabelledSolution(Problem("p", "?", "4"), ("a",), (2,))


def test_files_and_names(tmp_path: Path):
    file = tmp_path / "mine.jsonl"
    rows = [{"question": "?", "steps": ["a", "b"], "label": at} for at in (0, 1, -1)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [marked.first_error for marked in load(str(file))] == [0, 1, -1]
    assert len(list(load(str(file), limit=2))) == 2
    file.write_text("")
    with pytest.raises(ValueError, match=r"mine.jsonl has no labelled steps"):
        list(load(str(file)))
    for name, complaint in (
        ("procesbench", "no set of labelled steps 'procesbench': known are prm800k, processbench"),
        ("processbench", "name one of its splits; it has gsm8k, math"),
        ("processbench/gsm", "it has no split 'gsm'"),
        ("no/such/file.jsonl", "no set of labelled steps"),
    ):
        with pytest.raises(ValueError, match=complaint):
            load(name)


def test_every_labelled_step_at_hand(data_dir: Path):
    """822 of the 49,494 completions of PRM800K's phase 1 have no rating. Of ProcessBench's 400 solutions 207
    have an error, of BIG-Bench-Mistake's 300 there are 62 without one."""
    phase1 = Counter(marked.labels[-1] for marked in load("prm800k/train-phase1"))
    assert phase1 == {-1: 19_656, 1: 18_782, 0: 10_234}
    part = Counter(marked.labels[-1] for marked in load("prm800k/train-2pct"))
    assert part == {1: 8596, -1: 1566, 0: 639}
    errors = Counter(marked.first_error for marked in load("processbench/gsm8k"))
    assert (errors[-1], sum(errors.values())) == (193, 400)
    assert errors[0] == 37 and errors[1] == 61
    taught = list(load("stepverify/train"))
    assert len(taught) == 1002 and Counter(m.first_error for m in taught)[2] == 252
    assert all(m.steps[m.first_error or 0] and m.problem.solution for m in taught)
    mistakes = list(load("bigbench_mistake/multistep_arithmetic"))
    assert (sum(m.first_error == -1 for m in mistakes), len(mistakes)) == (62, 300)
    assert mistakes[1].problem.answer == "88"  # the target; the row's own answer, 12, is the model's


def test_a_limit_is_spread_over_the_set_in_its_order_and_always_the_same(tmp_path: Path):
    """50 of 1,000: every row has the same chance, so the mean place is 500 within some 5 of its deviations
    (289 / sqrt(50))."""
    file = tmp_path / "marks.jsonl"
    rows = ({"prompt": f"q{i}", "completions": ["a"], "labels": [i % 2 == 0]} for i in range(1000))
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    places = [int(one.problem.question[1:]) for one in load(str(file), limit=50)]
    assert len(set(places)) == 50 and places == sorted(places)
    assert abs(sum(places) / 50 - 500) < 200
    assert places == [int(one.problem.question[1:]) for one in load(str(file), limit=50)]
    assert [one.problem.question for one in load(str(file), limit=5000)] == [f"q{i}" for i in range(1000)]
