"""One rule for every method that grades rollouts: a truncated one is not right, even where its text already
holds the answer, unless an option says otherwise."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from numerate import methods
from numerate.methods import evaluator_training as evaluator
from numerate.methods import expert_iteration as ei
from numerate.methods import outcome_reward_model as orm
from numerate.methods import return_conditioned as rc
from numerate.methods import step_labels
from numerate.methods.shared.options import Sample
from numerate.rollouts.job import Job
from numerate.store import read_rollouts
from numerate.types import Problem, Prompt, Rollout, Sampling
from tests.methods.test_step_labels import Continuing
from tests.methods.test_step_labels import work as with_attempts
from tests.methods.toy import PROBLEMS, Scripted, job, stage

SAMPLED = {"rollouts": 4}
GROUPS = {"problems": 4, "rollouts": 4}


class Truncated(Scripted):
    """Every rollout answers and runs on; every other one is truncated there."""

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        for rollout in super().sample(prompts, n, params):
            yield replace(rollout, finish="length") if rollout.index % 2 else rollout


def right(problem: Problem, index: int, params: Sampling) -> str:
    return f"It is {problem.answer}\n#### {problem.answer}\nA pen"


def work(folder: Path) -> Job:
    return job(folder, engine=lambda policy: Truncated(policy, right))


def logged(folder: Path) -> dict[str, float]:
    return json.loads((folder / "metrics.jsonl").read_text().splitlines()[0])


def options(name: str, pays: bool) -> Mapping[str, Any]:
    """One round of a method, with the option that grades truncated rollouts or without."""
    switch = {"grade_truncated": pays}
    if name == "ppo":
        return {"steps": 1, "sample": GROUPS | switch, "value": {"layers": 1}}
    if name == "expert_iteration":
        return {"steps": 1, "sample": SAMPLED | switch, "dedupe": "none", "fit": {"epochs": 1}}
    if name == "sample":
        return {"sample": SAMPLED | switch}
    return {"steps": 1, "sample": GROUPS | switch, "fit": {"lr": 1e-5}}


LEARNING = ("grpo", "dr_grpo", "gspo", "cispo", "rloo", "reinforce_pp", "ppo", "expert_iteration", "sample")


@pytest.mark.parametrize("pays", [False, True])
@pytest.mark.parametrize("name", LEARNING)
def test_truncated_rollouts_count_only_where_the_option_says_so(
    tmp_path: Path, name: str, pays: bool
) -> None:
    """Every text holds the answer, half of them are truncated; the log says so in either case."""
    method = methods.get_method(name)
    method.train(stage(tmp_path / "run"), method.Config(**options(name, pays)), work(tmp_path))
    log = logged(tmp_path / "run")
    assert log["rollouts/accuracy"] == (1 if pays else 0.5)
    assert (log["rollouts/truncated"], log["rollouts/truncated_right"]) == (0.5, 0.5)
    for scored in read_rollouts(tmp_path / "run" / "rollouts"):
        assert scored.reward.value == float(pays or not scored.rollout.truncated)
    if name == "expert_iteration":
        assert log["data/rows"] == (32 if pays else 16)


def test_every_method_that_samples_has_the_option() -> None:
    for name in methods.METHODS:
        config = methods.get_method(name).Config
        options = {field.name: field.default for field in fields(config)}
        assert "max_tokens" not in options and isinstance(options.get("sample", Sample()), Sample), name


def test_every_method_hands_the_option_on() -> None:
    """Wherever it has rollouts graded: by `collect`, or as continuations."""
    calls = [
        (path.name, {keyword.arg for keyword in node.keywords})
        for path in Path(methods.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", None))
        in ("collect", "continuation_successes")
    ]
    assert len(calls) == 2
    assert [name for name, keywords in calls if "grade_truncated" not in keywords] == []


def test_what_learns_from_stored_rollouts_takes_the_verdict_over(tmp_path: Path) -> None:
    method = methods.get_method("sample")
    method.train(stage(tmp_path / "left"), method.Config(sample={"rollouts": 2}), work(tmp_path))
    later = replace(work(tmp_path), stage_folder=lambda _: tmp_path / "left")
    group = later.rollouts("left")[0]
    assert [s.rollout.truncated for s in group.rollouts] == [False, True]
    apart = replace(group, rollouts=(group.rollouts[1],))
    assert {label for marked in orm.label_outcomes([apart]) for label in marked.labels} == {-1}
    assert evaluator.sort_solutions(apart, None).right == ()
    assert rc.step_returns(group.rollouts[1], "outcome") == [0.0]
    assert ei.correct_rollouts(group.rollouts, ei.Config()) == [group.rollouts[0].rollout]


class RunningOn(Continuing):
    """Continuations that answer, all of them truncated behind the answer."""

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        for rollout in super().sample(prompts, n, params):
            yield replace(rollout, finish="length")


@pytest.mark.parametrize("pays", [False, True])
def test_a_truncated_continuation_labels_no_step_right(tmp_path: Path, pays: bool) -> None:
    cfg = step_labels.Config(rollouts="attempts", sample=Sample(rollouts=3, grade_truncated=pays))
    step_labels.train(stage(tmp_path / "run"), cfg, with_attempts(tmp_path, RunningOn([])))
    log = logged(tmp_path / "run")
    assert (log["rollouts/truncated"], log["rollouts/truncated_right"]) == (1, pytest.approx(2 / 9))
    labels = {step.label for s in read_rollouts(tmp_path / "run" / "rollouts") for step in s.rollout.steps}
    assert ("right" in labels) is pays


def test_a_validation_grades_the_text_as_evaluation_does(tmp_path: Path) -> None:
    """Index 0 of every request is truncated too, and right by its text."""

    class All(Truncated):
        def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
            for rollout in super().sample(prompts, n, params):
                yield replace(rollout, finish="length")

    asked = job(tmp_path, engine=lambda policy: All(policy, right), validation=PROBLEMS)
    assert asked.validate(stage(tmp_path / "run"), asked.load("base")) == 1
