"""Files of sampled solutions: the shapes that are read alike, and what is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from numerate.problems import sample_files

# two problems, three attempts each: (pred, correct, score)
TOLD: dict[str, list[tuple[str | None, bool, float]]] = {
    "a": [("5", True, 0.9), ("6", False, 0.2), ("5.0", True, 0.8)],
    "b": [("1/2", False, 0.1), (None, False, 0.4), ("0.25", True, 0.7)],
}
GOLD = {"a": "5", "b": "1/4"}


def text(pred: str | None) -> str:
    return "" if pred is None else f"So it is.\nThe answer is {pred}."


def attempts(*names: str) -> dict[str, list[dict[str, Any]]]:
    """names: of pred, correct, score and response; another name follows behind `=`."""
    wanted = [name.partition("=")[::2] for name in names]
    found: dict[str, list[dict[str, Any]]] = {}
    for id, many in TOLD.items():
        rows = [{"pred": p, "correct": c, "score": s, "response": text(p)} for p, c, s in many]
        found[id] = [{other or name: row[name] for name, other in wanted} for row in rows]
    return found


def nested(name: str, *names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"id": id, "answer": GOLD[id], name: many} | more for id, many in attempts(*names).items()]


def flat(*names: str, reference: str = "", id: str = "id") -> list[dict[str, Any]]:
    gold = {key: {reference: value} if reference else {} for key, value in GOLD.items()}
    return [{id: key} | gold[key] | one for key, many in attempts(*names).items() for one in many]


def columns(**named: str) -> list[dict[str, Any]]:
    """What each column is called -> the column."""
    rows = attempts("pred", "correct", "score", "response")
    return [
        {"idx": id, "gt": GOLD[id]} | {name: [one[what] for one in many] for name, what in named.items()}
        for id, many in rows.items()
    ]


WHOLE = {
    "nested": nested("samples", "pred", "correct", "score"),
    "nested, other names": nested("attempts", "pred=prediction", "correct=is_correct", "score=reward"),
    "nested, answers and a reference": nested("candidates", "pred=answer", "correct", "score", kind="number"),
    "an attempt per line": flat("pred", "correct", "score"),
    "an attempt per line, verdicts by a reference": flat("pred", "score", reference="reference"),
    "an attempt per line, answer is the reference": flat("pred", "score", "response", reference="answer"),
    "an attempt per line, answer is what was found": flat("pred=answer", "correct", "score", id="problem_id"),
    "columns": columns(preds="pred", correct="correct", scores="score"),
    "columns, texts beside": columns(responses="response", preds="pred", correct="correct", rewards="score"),
    "columns in a field of their own": [
        {
            "id": row["idx"],
            "gold": row["gt"],
            "samples": {k: v for k, v in row.items() if k not in ("idx", "gt")},
        }
        for row in columns(pred="pred", correct="correct", score="score")
    ],
    "columns, singular names": columns(response="response", pred="pred", correct="correct", score="score"),
}
BARE = {
    "texts to find answers in": nested("responses", "response=completion"),
    "lists of texts": columns(completions="response"),
    "lists of answers": columns(predictions="pred"),
    "verdicts that are called scores": columns(code="response", pred="pred", score="correct"),
    "verdicts in words": [row | {"correct": str(row["correct"])} for row in flat("pred", "correct")],
    "a text per line": flat("response", reference="ground_truth"),
    "an unknown kind": [row | {"kind": "gsm"} for row in flat("pred", reference="gold")],
}


def write(path: Path, rows: list[Any], ending: str = ".jsonl") -> Path:
    path = path.with_suffix(ending)
    if ending == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif ending == ".json":
        path.write_text(json.dumps(rows))
    else:
        path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows))
    return path


def check(found: sample_files.Sampled, scores: bool) -> None:
    assert [group.problem.id for group in found.groups] == ["a", "b"] and not found.fewer
    for group in found.groups:
        told = TOLD[group.problem.id]
        assert [scored.rollout.index for scored in group.rollouts] == [0, 1, 2]
        assert [bool(scored.reward.value) for scored in group.rollouts] == [c for _, c, _ in told]
        for scored, (pred, _, _) in zip(group.rollouts, told, strict=True):
            assert scored.rollout.answer == pred
    keys = [(id, i) for id in TOLD for i in range(3)]
    assert found.scores == ({key: (TOLD[key[0]][key[1]][2],) for key in keys} if scores else {})


@pytest.mark.parametrize("shape", WHOLE)
@pytest.mark.parametrize("ending", [".jsonl", ".json", ".parquet"])
def test_shapes_with_scores_say_the_same(tmp_path: Path, shape: str, ending: str) -> None:
    check(sample_files.load([write(tmp_path / "f", WHOLE[shape], ending)]), scores=True)


@pytest.mark.parametrize("shape", BARE)
def test_what_is_missing_is_worked_out(tmp_path: Path, shape: str) -> None:
    check(sample_files.load([write(tmp_path / "f", BARE[shape])]), scores=False)


def test_attempts_at_a_problem_are_put_together_over_files(tmp_path: Path) -> None:
    """Three systems with an attempt each, in orders of their own."""
    rows = flat("pred", "correct", "score")
    files = [write(tmp_path / f"s{i}", rows[i::3][:: (-1) ** i]) for i in range(3)]
    check(sample_files.load(files), scores=True)


def test_problems_with_fewer_attempts_are_left_out_and_named(tmp_path: Path) -> None:
    rows = [*flat("pred", "correct"), {"id": "c", "pred": "1", "correct": True}]
    found = sample_files.load([write(tmp_path / "f", rows)])
    assert [g.problem.id for g in found.groups] == ["a", "b"] and found.fewer == ["c"]
    more = [{"id": f"d{i}", "pred": "1", "correct": True} for i in range(3)]
    with pytest.raises(ValueError, match=r"have 1, 3 samples, and only 2 of 6 have 3: name files"):
        sample_files.load([write(tmp_path / "f", rows + more)])


def test_numbers_of_programs_are_answers_and_what_is_none_is_none(tmp_path: Path) -> None:
    preds = [51.0, 0.5, 7, None, "", " ", float("nan"), float("inf"), True, [1, 2], 1e300]
    rows = [{"id": 1, "samples": [{"code": "ans = ...", "pred": pred, "correct": False} for pred in preds]}]
    [group] = sample_files.load([write(tmp_path / "f", rows)]).groups
    found = [scored.rollout.answer for scored in group.rollouts]
    assert found[:8] == ["51", "0.5", "7", None, None, None, None, None]
    assert found[8:10] == ["true", "[1, 2]"] and float(str(found[10])) == 1e300
    assert [scored.rollout.text for scored in group.rollouts] == ["ans = ..."] * len(preds)


def test_who_is_called_right_has_an_answer(tmp_path: Path) -> None:
    """Some sources leave out the answers that are words; one that is called wrong stays without."""
    rows = [
        {"id": i, "pred": "", "correct": i == 0, "response": "to the \\boxed{\\text{east}}"} for i in range(2)
    ]
    first, second = sample_files.load([write(tmp_path / "f", rows)]).groups
    assert first.rollouts[0].rollout.answer == "\\text{east}"
    assert second.rollouts[0].rollout.answer is None


def test_equal_answers_with_different_verdicts_are_found(tmp_path: Path) -> None:
    rows = [
        *flat("pred", "correct"),
        *({"id": "c", "pred": p, "correct": p == "2"} for p in ("2", "2.0", "3")),
    ]
    found = sample_files.load([write(tmp_path / "f", rows)])
    assert sample_files.contradictory_problems(found.groups) == ["c"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no samples; write one line per problem or sample"),
        (["{]"], "line 1: expected one JSON object per line"),
        ([[1]], "line 1: expected a JSON object with a field per column, found list"),
        (
            [{"pred": "1", "correct": True}],
            "line 1, field 'problem_id' or 'id': expected an id of the problem",
        ),
        ([{"id": 1}], "line 1, field 'pred' or 'response': expected the answer of the sample"),
        (
            [{"id": 1, "answer": "5"}],
            "field 'correct' or 'is_correct' or 'right' or 'label': expected true or false",
        ),
        ([{"id": 1, "pred": "5"}], "expected true or false, or a reference to grade the sample by"),
        ([{"id": 1, "pred": "5", "correct": "maybe"}], "expected true or false, found str 'maybe'"),
        ([{"id": 1, "pred": "5", "correct": 0.5}], "expected true or false, found float 0.5"),
        ([{"id": 1, "code": "print(5)", "answer": "5"}], "expected the answer of the sample, or its text"),
        ([{"id": 1, "answer": "5", "samples": []}], "line 1, field 'samples': expected at least one sample"),
        ([{"id": 1, "answer": "5", "samples": "5"}], "line 1, field 'correct'"),
        ([{"id": 1, "answer": "5", "samples": [{"text": 5}, {"x": 1}]}], "line 1, sample 2, field 'pred'"),
        ([{"id": 1, "preds": ["5", "6"], "correct": [True]}], "line 1: 2 preds and 1 correct: give one per"),
        ([{"id": 1, "pred": "5", "correct": True, "score": "high"}], "expected a number, or one per step"),
        (
            [{"id": 1, "pred": "5", "correct": True, "score": float("nan")}],
            "expected a number, or one per step",
        ),
        (
            [{"id": 1, "correct": True, "pred": "5", "score": 1.0}, {"id": 1, "correct": True, "pred": "5"}],
            "sample 2 of problem '1' has no score, and others have: score all samples, or none",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path: Path, rows: list[Any], said: str) -> None:
    file = write(tmp_path / "f", rows)
    with pytest.raises(ValueError) as error:
        sample_files.load([file])
    assert said in str(error.value)
