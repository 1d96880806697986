"""The attempts that any stage leaves behind, for the judges that learn from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from numerate import methods
from numerate.answers import grade
from numerate.methods import outcome_reward_model as orm
from numerate.methods.shared.options import Sample
from numerate.rollouts.job import Job
from numerate.types import Problem
from tests.methods.arms import PATH
from tests.methods.toy import PROBLEMS, job, stage

SAMPLE = Sample(problems=4, rollouts=4, max_tokens=24)
CASES: dict[str, dict[str, Any]] = {
    "grpo": {"steps": 3, "sample": SAMPLE, "fit": {"lr": 1e-4}, "rewards": (PATH, "correct")},
    "ppo": {"steps": 3, "sample": {"problems": 4, "rollouts": 4}, "value": {"layers": 1}},
    "expert_iteration": {"steps": 2, "sample": {"rollouts": 4}, "fit": {"epochs": 1}},
    "sample": {"sample": {"rollouts": 4}},
}


def left_by(folder: Path, name: str) -> Job:
    """The job of a later stage."""
    method = methods.get_method(name)
    work = job(folder)
    method.train(stage(folder / "left"), method.Config(**CASES[name]), work)
    return replace(work, stage_folder=lambda _: folder / "left")


@pytest.mark.parametrize("name", CASES)
def test_a_judge_learns_from_the_rollouts_of_any_stage(tmp_path: Path, name: str) -> None:
    """Whatever reward a policy was trained with there, an attempt is right as the grader says."""
    work = left_by(tmp_path, name)
    groups = work.rollouts("left")
    by_id = {problem.id: problem for problem in PROBLEMS}
    attempts = [s for group in groups for s in group.rollouts]
    assert len(attempts) >= 12
    for scored in attempts:
        right = grade(scored.rollout.text, by_id[scored.rollout.problem_id]).correct
        assert scored.reward.value == float(right)
    assert {scored.reward.value for scored in attempts} == {0.0, 1.0}
    cfg = orm.Config(rollouts="left", fit=replace(orm.FIT, epochs=1, batch=8, max_length=200))
    orm.train(stage(tmp_path / "orm"), cfg, work)
    assert (tmp_path / "orm" / "metrics.jsonl").read_text()


def test_problems_that_a_stage_never_asked_have_no_group(tmp_path: Path) -> None:
    work = left_by(tmp_path, "sample")
    more = [*PROBLEMS, Problem("never", "?", "1")]
    assert [g.problem.id for g in replace(work, problems=more).rollouts("left")] == [p.id for p in PROBLEMS]


def test_every_method_that_stores_rollouts_may_be_named() -> None:
    stores = {
        name
        for name in methods.METHODS
        if any(
            word in Path(str(methods.get_method(name).__file__)).read_text()
            for word in (
                "sample_groups(",
                "sample_groups_with_signal(",
                "train_on_groups(",
                "train_on_preferences(",
                "write_rollouts",
            )
        )
    }
    assert stores == set(methods.leaving("rollouts"))
