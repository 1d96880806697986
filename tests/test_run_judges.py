"""Whole runs with judges: their folders are there, what is done is kept, and a killed run ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from numerate import config, identities, judges, run
from numerate.judges.oracle import Judgement, Oracle
from numerate.progress import QuietProgress
from numerate.steps import split
from numerate.training.learner import Learner
from numerate.types import Problem
from tests.judges.models import base_with_words
from tests.test_run import outcome

RECIPE = """\
name: small
seed: 3
model: MODEL
problems: {train: "stories/train[:6]", test: "stories/test[:2]"}
stages:
  sft: {method: sft, fit: {epochs: 2, batch: 4, lr: 1e-3}}
  some: {method: sample, model: sft, sample: {rollouts: 3, max_tokens: 24}}
  prm: {method: process_reward_model, model: sft, rollouts: some, classes: 3, fit: {lr: 1e-3}}
  labels: {method: step_labels, model: sft, rollouts: some, sample: {rollouts: 2, max_tokens: 12}}
  again: {method: sft, model: sft, fit: {epochs: 1, batch: 4, lr: 1e-3}}
evaluate: {models: [again], samples: 0, max_tokens: 12}
"""


def recipe(folder: Path, *overrides: str) -> config.Recipe:
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "base").exists():
        base_with_words(folder, context=512)
    (folder / "r.yaml").write_text(RECIPE.replace("MODEL", str(folder / "base")))
    return config.load(str(folder / "r.yaml"), overrides, out=folder)


def by_length(self: Oracle, problem: Problem, solution: str) -> Judgement:
    steps = [replace(s, label="right" if len(s.text) % 2 else "wrong") for s in split(solution)]
    return Judgement(tuple(steps), (None,) * len(steps), False)


@pytest.fixture(scope="module", autouse=True)
def telling() -> Iterator[None]:
    """A random model writes no steps that the oracle could tell apart; here it goes by their length."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Oracle, "judge", by_length)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, telling: None) -> Path:
    """A small run from beginning to end."""
    folder = tmp_path_factory.mktemp("whole")
    run.run(recipe(folder), folder / "run", progress=QuietProgress())
    return folder


def test_a_run_with_judges_leaves_them_where_they_can_be_loaded(whole: Path) -> None:
    stages = whole / "run" / "stages"
    assert (stages / "some" / "DONE.json").exists() and not (stages / "some" / "model").exists()
    scores = judges.load(stages / "prm" / "model").score([Problem("p", "?", "1")], ["a\nb"])
    assert len(scores[0].scores) == 2
    sets = run.problem_sets(recipe(whole), QuietProgress())
    plan = identities.plan(recipe(whole), whole / "run", sets)
    assert {one.state for one in plan} == {"done"}


def test_what_a_judge_learned_from_is_part_of_its_identity(tmp_path: Path) -> None:
    def stage_identities(*overrides: str) -> dict[str, str]:
        plan = recipe(tmp_path, *overrides)
        sets = run.problem_sets(plan, QuietProgress())
        return {one.stage: one.identity for one in identities.plan(plan, tmp_path / "none", sets)}

    before, after = stage_identities(), stage_identities("some.sample.temperature=0.9")
    assert {name for name in before if before[name] != after[name]} == {"some", "prm", "labels"}


def test_the_judge_that_rewards_a_policy_is_part_of_its_identity(whole: Path) -> None:
    def identity(judge: str, *overrides: str) -> str:
        plan = recipe(whole, "again.method=ppo", f"again.judge={judge}", *overrides)
        sets = run.problem_sets(plan, QuietProgress())
        return next(
            one.identity for one in identities.plan(plan, whole / "none", sets) if one.stage == "again"
        )

    folder = f"{whole}/run/stages/prm/model"
    assert len({identity(name) for name in ("prm", "oracle", folder)}) == 3
    assert identity("prm") != identity("prm", "prm.fit.epochs=3")
    assert identity("oracle") == identity("oracle", "prm.fit.epochs=3")


def test_killed_and_resumed_equals_uninterrupted(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step, left = Learner.step, [6]

    def dying(self: Learner, *args: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return step(self, *args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Learner, "step", dying)
    with pytest.raises(KeyboardInterrupt):
        run.run(recipe(whole), whole / "cut", progress=QuietProgress())
    run.run(recipe(whole), whole / "cut", progress=QuietProgress())
    assert outcome(whole / "cut") == outcome(whole / "run")
    assert any("prm" in name for name in outcome(whole / "run"))
