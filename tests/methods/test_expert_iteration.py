from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from numerate import training
from numerate.methods import expert_iteration as ei
from numerate.methods import sft
from numerate.store import read_rollouts
from numerate.types import Group, Reward, Rollout, Scored, Turn
from tests.methods.toy import PROBLEMS, job, same, stage

FIT = replace(sft.Config().fit, epochs=2, batch=4, lr=5e-3)


def config(**more: Any) -> ei.Config:
    return ei.Config(**({"steps": 2, "sample": {"rollouts": 4}, "fit": FIT} | more))


def said(text: str) -> Rollout:
    return Rollout("p", 0, (Turn("assistant", text, trained=True),))


def graded(text: str, reward: float | None) -> Scored:
    return Scored(said(text), Reward(reward))


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_filter_of_the_paper(vectors: dict[str, Any]) -> None:
    case = vectors["havrilla"]["ei_filter"]
    attempts = [graded(text, float(reward)) for text, reward in case["samples"]]
    [kept] = ei.gather_rollouts(
        [[Group(PROBLEMS[0], tuple(attempts))]], config(threshold=float(case["threshold"]))
    )
    assert [[s.rollout for s in attempts].index(k) for k in kept] == case["kept_indices"]


def test_duplicates_exact_by_trace_or_not_at_all() -> None:
    """a and b differ in words only, c in the order of its operands, d in blanks at the end only."""
    a, b = "6 is 2*3=<<2*3=6>>6\n#### 6", "It is 2*3=<<2 * 3 = 6>>6\n#### 6"
    c, d = "3*2=<<3*2=6>>6\n#### 6", "6 is 2*3=<<2*3=6>>6\n#### 6\n "
    rollouts = [said(text) for text in (a, b, c, d)]
    kept = {
        how: [r.text for r in ei.dedupe(rollouts, config(dedupe=how))] for how in ("exact", "trace", "none")
    }
    assert kept == {"exact": [a, b, c], "trace": [a, c], "none": [a, b, c, d]}


def test_unmeasured_and_wrong_attempts_are_not_kept() -> None:
    assert ei.correct_rollouts([graded("a", None), graded("b", 0.0), graded("c", 0.5)], config()) == []
    assert [r.text for r in ei.correct_rollouts([graded("c", 0.5)], config(threshold=0.5))] == ["c"]


def test_every_round_starts_from_the_base_again(tmp_path: Path) -> None:
    """The second round's model is exactly the base fine-tuned on the second round's data: nothing of the
    weights of the first round is left in it. Without the reset it is another model."""
    work = job(tmp_path)
    tuned = ei.train(stage(tmp_path / "run"), config(), work)
    rounds = [list(ei.sample_round(stage(tmp_path / "run"), config(), work, tuned, r)) for r in range(2)]
    rows = [training.rollout_row(r) for found in ei.gather_rollouts(rounds, config()) for r in found]
    direct = sft.fit_rows(stage(tmp_path / "direct"), FIT, work.load("base"), rows)
    assert same(tuned, direct)
    leaking = ei.train(stage(tmp_path / "leaking"), config(restart_from=None), work)
    assert not same(leaking, direct)


@pytest.mark.parametrize(("cumulative", "expected"), [(True, [8, 16]), (False, [8, 16])])
def test_data_of_the_rounds_counted_by_hand(tmp_path: Path, cumulative: bool, expected: list[int]) -> None:
    """Round 0: one distinct right text for each of 8 problems. Round 1: the same one again, and a new one."""
    ei.train(stage(tmp_path / "run"), config(cumulative=cumulative), job(tmp_path))
    rows = log(tmp_path / "run")
    assert [row["data/rows"] for row in rows] == expected
    assert [row["rollouts/accuracy"] for row in rows] == [2 / 4, 3 / 4]


def test_new_problems_in_each_round_and_the_first_again_after_the_last(tmp_path: Path) -> None:
    """8 problems, 3 per round: 0 1 2, then 3 4 5, then 6 7 0. A right text each, in later rounds one more;
    problem 0 comes twice with the same first text."""
    ei.train(stage(tmp_path / "run"), config(steps=3, sample={"rollouts": 4, "problems": 3}), job(tmp_path))
    asked = [
        [
            row.rollout.problem_id
            for row in read_rollouts(tmp_path / f"run/rollouts/round-{r:03d}/part-00000.parquet")
        ]
        for r in range(3)
    ]
    assert [list(dict.fromkeys(ids)) for ids in asked] == [
        [f"sum-{i}" for i in three] for three in ((0, 1, 2), (3, 4, 5), (6, 7, 0))
    ]
    rows = log(tmp_path / "run")
    assert [row["data/problems"] for row in rows] == [3, 6, 8]
    assert [row["data/rows"] for row in rows] == [3, 3 + 6, 3 + 6 + 5]


def test_only_cumulative_data_remembers_an_earlier_round(tmp_path: Path) -> None:
    """Right in round 0 only: nothing is left for a second round that forgets."""

    def once(problem: Any, index: int, params: Any) -> str:
        return f"#### {problem.answer if params.round == 0 else 'none'}"

    ei.train(stage(tmp_path / "a"), config(), job(tmp_path, once))
    assert [row["data/rows"] for row in log(tmp_path / "a")] == [8, 8]
    with pytest.raises(ValueError, match="none of 32 rollouts was right"):
        ei.train(stage(tmp_path / "b"), config(cumulative=False), job(tmp_path, once))


def test_worked_solutions_join_the_data_when_asked(tmp_path: Path) -> None:
    ei.train(stage(tmp_path / "a"), config(steps=1, with_solutions=True, solutions_limit=3), job(tmp_path))
    assert log(tmp_path / "a")[0]["data/rows"] == 8 + 3


def test_it_stops_when_validation_no_longer_rises_and_keeps_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = iter([0.5, 0.4, 0.3, 0.9])
    monkeypatch.setattr("numerate.rollouts.job.Job.validate", lambda *_: next(marks))
    cfg = config(steps=4, stop_after=2, validate={"every": 1, "keep": "best"})
    work = job(tmp_path, validation=PROBLEMS)
    best = ei.train(stage(tmp_path / "run"), cfg, work)
    assert [row["validation/accuracy"] for row in log(tmp_path / "run")] == [0.5, 0.4, 0.3]
    assert same(best, work.load("run/round-000/model"))


def test_stopping_by_validation_needs_a_validation_set(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no problem set named `validation`"):
        ei.train(stage(tmp_path / "run"), config(stop_after=1), job(tmp_path))
