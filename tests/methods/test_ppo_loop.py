"""The loop of PPO: it learns, stops, resumes, and refuses what makes no sense."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.judges import Oracle
from numerate.methods import judge, ppo
from numerate.models.policy import Policy
from numerate.progress import QuietProgress
from numerate.rollouts.local import LocalEngine
from numerate.training import Stage, checkpoint
from numerate.types import Problem, StepScores
from tests.judges.models import scored_by
from tests.methods.toy import PROBLEMS, job, same, stage

SMALL = {"rounds": 3, "problems_per_round": 4, "samples": 4, "epochs": 2, "batch": 8, "lr": 1e-3}


def config(**more: Any) -> ppo.Config:
    return ppo.Config(**({**SMALL, "value": {"layers": 1}} | more))


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


class Digits:
    """The share of an attempt's characters that are digits: anybody can learn that."""

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return [StepScores((sum(c.isdigit() for c in text) / max(1, len(text)),)) for text in solutions]


def digits(rounds: int) -> ppo.Config:
    return config(
        rounds=rounds,
        problems_per_round=8,
        samples=8,
        max_tokens=6,
        temperature=1.0,
        batch=16,
        lr=5e-3,
        kl={"beta": 0.0},
        reward={"correct": 0.0, "alpha": 1.0, "scores": "end", "without_end": "pay"},
    )


def test_it_learns_to_write_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 4 % of a random model's characters to most of them."""
    monkeypatch.setattr("numerate.methods.judge.find", lambda *_, **__: Digits())
    ppo.train(stage(tmp_path / "run"), digits(20), job(tmp_path, engine=LocalEngine))
    rewards = [row["reward/mean"] for row in log(tmp_path / "run")]
    assert max(rewards[:2]) < 0.15 and min(rewards[-2:]) > 0.6


def test_the_value_learns_what_an_attempt_will_earn(tmp_path: Path) -> None:
    """Attempt 0 and 1 are right and the others wrong, and they differ in their first words."""
    cfg = config(rounds=12, problems_per_round=8, lr=1e-9, value={"layers": 1, "lr": 1e-2, "clip": 10.0})
    ppo.train(stage(tmp_path / "run"), cfg, job(tmp_path))
    rows = log(tmp_path / "run")
    assert rows[0]["value/explained_variance"] == 0 and rows[-1]["value/explained_variance"] > 0.5


def test_while_the_value_warms_up_the_policy_does_not_move(tmp_path: Path) -> None:
    value = {"layers": 1, "detach": False, "warmup": 2}
    cfg = config(rounds=2, weight_decay=0.1, value=value)
    work = job(tmp_path)
    assert same(ppo.train(stage(tmp_path / "a"), cfg, work), work.load("base"))
    moved = ppo.train(stage(tmp_path / "b"), config(rounds=3, weight_decay=0.1, value=value), work)
    assert not same(moved, work.load("base"))
    assert log(tmp_path / "a")[1]["value/mean"] != 0


def test_a_ratio_far_from_one_ends_the_learning_from_a_collection(tmp_path: Path) -> None:
    ppo.train(stage(tmp_path / "a"), config(rounds=1, max_ratio=0.5), job(tmp_path))
    assert log(tmp_path / "a")[0]["train/steps"] == 1  # any ratio is above 0.5 after the first step
    ppo.train(stage(tmp_path / "b"), config(rounds=1, max_ratio=None), job(tmp_path))
    assert log(tmp_path / "b")[0]["train/steps"] == 4  # 16 attempts, 8 a step, twice


def test_the_best_k_of_n_are_learned_from(tmp_path: Path) -> None:
    """4 problems, 4 attempts each, the best 2 of them: 8 rows, one step of 8. Both are right: every return is
    1, and the value begins at 0."""
    cfg = config(rounds=1, epochs=1, learn_from=2, lam=1.0, kl={"beta": 0.0})
    ppo.train(stage(tmp_path / "a"), cfg, job(tmp_path))
    [row] = log(tmp_path / "a")
    assert row["train/steps"] == 1 and row["rollouts/accuracy"] == 0.5
    assert row["value/loss"] == pytest.approx(0.5)


def test_the_coefficient_of_the_penalty_is_adapted(tmp_path: Path) -> None:
    """No divergence in the first round: 20 % off for 16 attempts of a horizon of 160, 2 % in all."""
    kl = {"beta": 0.1, "target": 5.0, "horizon": 160}
    run = stage(tmp_path / "a")
    ppo.train(run, config(rounds=2, kl=kl), job(tmp_path))
    assert [row["kl/beta"] for row in log(tmp_path / "a")] == pytest.approx([0.1, 0.098])
    assert run.facts["beta"] < 0.098


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "adaptive": {"kl": {"beta": 0.1, "target": 0.01, "horizon": 50}},
    "adapters": {"lora_rank": 2, "value": {"layers": 2, "lr": 1e-2, "warmup": 1}},
    "attached": {"value": {"layers": 0, "detach": False}, "judge": "oracle", "learn_from": 3},
}


@pytest.mark.parametrize("die_after", [5, 20, 40])
@pytest.mark.parametrize("case", CASES)
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, case: str, die_after: int) -> None:
    """The policy, the value branch, what the optimizer remembers, and the log."""
    cfg = config(**CASES[case])

    def often(folder: str) -> Stage:
        return Stage(tmp_path / folder, 0, QuietProgress(), save_seconds=0.0)

    whole = ppo.train(often("whole"), cfg, job(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        ppo.train(often("cut"), cfg, job(tmp_path, die_after=[die_after]))
    resumed = ppo.train(often("cut"), cfg, job(tmp_path))
    assert same(whole, resumed)
    assert log(tmp_path / "whole") == log(tmp_path / "cut")
    one, other = (checkpoint.load(tmp_path / name / "checkpoints") for name in ("whole", "cut"))
    assert one and other and one[1] == other[1] and one[0].keys() == other[0].keys()
    assert all(torch.equal(x, other[0][name]) for name, x in one[0].items())
    assert any(name.startswith("optimizer/exp_avg/value.") for name in one[0])


def test_resumed_from_an_older_checkpoint_it_meets_its_own_attempts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the fourth round with nothing saved but the attempts of the rounds so far: these are read,
    and the same weights follow from them."""

    class Dying(Digits):
        left = 4

        def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            return super().score(problems, solutions)

    work = job(tmp_path, engine=LocalEngine)
    judges = iter([Digits(), Dying(), Digits()])
    monkeypatch.setattr("numerate.methods.judge.find", lambda *_, **__: next(judges))
    whole = ppo.train(stage(tmp_path / "whole"), digits(5), work)
    with pytest.raises(KeyboardInterrupt):
        ppo.train(stage(tmp_path / "cut"), digits(5), work)
    assert same(whole, ppo.train(stage(tmp_path / "cut"), digits(5), work))
    assert log(tmp_path / "whole") == log(tmp_path / "cut")


def test_the_best_round_by_validation_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = iter([0.5, 0.4, 0.3])
    monkeypatch.setattr("numerate.rollouts.job.Job.validate", lambda *_: next(marks))
    work = job(tmp_path, validation=PROBLEMS)
    best = ppo.train(stage(tmp_path / "a"), config(validate_every=1, keep="best"), work)
    assert same(best, ppo.train(stage(tmp_path / "b"), config(rounds=1), work))


def test_a_judge_is_the_oracle_a_stage_or_a_folder(tmp_path: Path) -> None:
    """A trained judge of steps, asked by its stage's name and by its folder, scores alike."""
    scored_by(tmp_path).save(tmp_path / "stages" / "prm" / "model")
    work = job(tmp_path, stage_folder=lambda name: tmp_path / "stages" / name)
    found = [judge.find(name, work) for name in ("prm", f"{tmp_path}/stages/prm/model")]
    scores = [one.score(PROBLEMS[:1], ["a\nb\nc"])[0].scores for one in found if one]
    assert len(scores) == 2 and scores[0] == scores[1] and len(scores[0]) == 3
    assert isinstance(judge.find("oracle", work), Oracle) and judge.find(None, work) is None
    cfg = config(rounds=1, judge="prm", reward={"correct": 0.0, "alpha": 1.0, "without_end": "pay"})
    ppo.train(stage(tmp_path / "run"), cfg, work)
    [row] = log(tmp_path / "run")
    assert row["reward/mean"] == pytest.approx(row["judge/score"] * row["rollouts/steps"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kl": {"place": "loss"}}, "take estimator: k3"),
        ({"kl": {"beta": 0.0, "target": 1.0}}, "cannot be adapted"),
        ({"learn_from": 9}, "learn_from 9 of 4 samples"),
        ({"keep": "best"}, "needs validate_every"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        config(**options)


def test_what_is_missing_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    def never(_: str) -> Policy:
        raise AssertionError("loaded a model")

    bare = [Problem("p", "?", "1")]
    with pytest.raises(ValueError, match="no problem set named `validation`"):
        ppo.train(stage(tmp_path / "a"), config(validate_every=1), job(tmp_path, load=never))
    with pytest.raises(ValueError, match="needs worked solutions"):
        dense = config(reward={"reference_steps": 0.5})
        ppo.train(stage(tmp_path / "b"), dense, job(tmp_path, load=never, problems=bare))
