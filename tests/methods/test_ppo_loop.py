"""The loop of PPO: its value, its penalty, its best of N, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.judges import Oracle
from numerate.methods import ppo
from numerate.methods.ppo import value_network
from numerate.methods.shared import step_scorer
from numerate.methods.shared.options import Fit
from numerate.models.policy import Policy, load
from numerate.progress import QuietProgress
from numerate.training import Learner, Stage, recompute_logprobs
from numerate.types import Example, Problem, Prompt, Rollout, Sampling
from tests import tiny
from tests.judges.models import scored_by
from tests.methods.toy import PROBLEMS, Scripted, job, often_right, same, stage

SMALL = {"sample": {"problems": 4, "rollouts": 4}, "fit": {"epochs": 2, "batch": 8, "lr": 1e-3}}


def config(**more: Any) -> ppo.Config:
    records = {key: small | more.pop(key, {}) for key, small in SMALL.items()}
    return ppo.Config(**({"steps": 3, "value": {"layers": 1}} | records | more))


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_the_value_learns_what_an_attempt_will_earn(tmp_path: Path) -> None:
    """Attempt 0 and 1 are right and the others wrong, and they differ in their first words."""
    cfg = config(
        steps=12, sample={"problems": 8}, fit={"lr": 1e-9}, value={"layers": 1, "lr": 1e-2, "clip": 10.0}
    )
    ppo.train(stage(tmp_path / "run"), cfg, job(tmp_path))
    rows = log(tmp_path / "run")
    assert rows[0]["value/explained_variance"] == 0 and rows[-1]["value/explained_variance"] > 0.5


def test_while_the_value_warms_up_the_policy_does_not_move(tmp_path: Path) -> None:
    value = {"layers": 1, "detach": False, "warmup": 2}
    cfg = config(steps=2, fit={"weight_decay": 0.1}, value=value)
    work = job(tmp_path)
    assert same(ppo.train(stage(tmp_path / "a"), cfg, work), work.load("base"))
    moved = ppo.train(stage(tmp_path / "b"), config(steps=3, fit={"weight_decay": 0.1}, value=value), work)
    assert not same(moved, work.load("base"))
    assert log(tmp_path / "a")[1]["value/mean"] != 0


def test_a_held_policy_leaves_no_trace_in_the_optimizer() -> None:
    """No moments and no steps counted while it is held; then the first step of it has the bias correction of
    a first step, and moves nothing where the policy has no gradient."""
    policy = Policy(tiny.model(seed=9, spread=3.0), tiny.tokenizer(), "tiny")
    learner = value_network.make_learner(policy, Fit(), value_network.Value(layers=1))
    weight = policy.model.model.layers[0].mlp.up_proj.weight
    before = weight.detach().clone()
    objective = partial(ppo.loss, cfg=ppo.Config(value=value_network.Value(layers=1, detach=False)))
    value_network.set_policy_trainable(learner, policy=False)
    held = [learner.step(collected(learner, advantage=a), objective, 0.0)["grad_norm"] for a in (1.0, 0.0)]
    assert held[0] == held[1] > 0  # what the policy would learn takes no part in the clipping
    learner.step(collected(learner, advantage=1.0), objective, 1e-3)
    assert torch.equal(weight, before) and not learner.optimizers[0].state.get(weight)
    kept = [key for key in learner.state() if key.startswith("optimizer/")]
    assert kept and all("/value." in key for key in kept)
    value_network.set_policy_trainable(learner, policy=True)
    learner.step(collected(learner, advantage=0.0), partial(ppo.loss, cfg=ppo.Config()), 1e-3)
    assert torch.equal(weight, before)
    assert learner.optimizers[0].state[weight]["step"] == 1


def collected(learner: Learner, advantage: float) -> list[Example]:
    bare = [Example([1, 40, 41, 50 + i, 60, 2], [False] * 3 + [True] * 3) for i in range(4)]
    old = recompute_logprobs(learner, bare)
    rows = [
        row.with_token(
            old_logp=logp,
            value=[0.0] * 6,
            returns=[0.5 * seen for seen in row.mask],
            advantage=[advantage * (-1) ** i * seen for seen in row.mask],
        ).with_columns(right=0.0)
        for i, (row, logp) in enumerate(zip(bare, old, strict=True))
    ]
    return ppo.set_row_weights(rows)


def test_the_penalty_is_not_adapted_while_the_policy_is_held(tmp_path: Path) -> None:
    """Its divergence is 0 then, which would wear the penalty away."""
    kl = {"coef": 0.1, "target": 5.0, "horizon": 10}
    cfg = config(steps=4, value={"layers": 1, "warmup": 2}, kl=kl)
    ppo.train(stage(tmp_path / "run"), cfg, job(tmp_path))
    betas = [row["kl/coef"] for row in log(tmp_path / "run")]
    assert betas[:3] == [0.1] * 3 and betas[3] < 0.1


def test_a_stop_within_or_after_the_warm_up_changes_nothing(tmp_path: Path) -> None:
    cfg = config(steps=3, value={"layers": 1, "warmup": 2})
    whole = ppo.train(stage(tmp_path / "a"), cfg, job(tmp_path))
    for rounds in (1, 2):
        folder = tmp_path / f"stopped-{rounds}"
        with pytest.raises(KeyboardInterrupt):
            ppo.train(
                Stage(folder, 0, QuietProgress(), save_seconds=0),
                cfg,
                job(tmp_path, die_after=[16 * rounds + 5]),
            )
        assert len(log(folder)) == rounds
        assert same(ppo.train(stage(folder), cfg, job(tmp_path)), whole)


def test_a_ratio_far_from_one_ends_the_learning_from_a_collection(tmp_path: Path) -> None:
    ppo.train(stage(tmp_path / "a"), config(steps=1, max_ratio=0.5), job(tmp_path))
    assert log(tmp_path / "a")[0]["train/updates"] == 1  # any ratio is above 0.5 after the first step
    ppo.train(stage(tmp_path / "b"), config(steps=1, max_ratio=None), job(tmp_path))
    assert log(tmp_path / "b")[0]["train/updates"] == 4  # 16 attempts, 8 a step, twice


def test_functions_of_ones_own_are_paid(tmp_path: Path) -> None:
    """Two of four attempts are right; a marked answer earns half a point more, and all mark theirs."""
    path = {"path": "numerate.rewards.shaping.answer_format", "weight": 0.5}
    ppo.train(stage(tmp_path / "a"), config(steps=1, rewards=("correct", path)), job(tmp_path))
    [row] = log(tmp_path / "a")
    assert (row["reward/mean"], row["reward/wrong"], row["rollouts/accuracy"]) == (1.0, 0.5, 0.5)


def test_the_learning_rate_falls_along_a_cosine(tmp_path: Path) -> None:
    """Two collections of 4 steps: after the first half of the way is done, and it ends where it should."""
    ppo.train(stage(tmp_path / "a"), config(steps=2, fit={"final_lr": 2e-4}), job(tmp_path))
    assert [row["train/lr"] for row in log(tmp_path / "a")] == pytest.approx([6e-4, 2e-4])
    ppo.train(stage(tmp_path / "b"), config(steps=2), job(tmp_path))
    assert [row["train/lr"] for row in log(tmp_path / "b")] == pytest.approx([1e-3, 1e-3])


def test_right_attempts_become_likelier_where_they_are_imitated(tmp_path: Path) -> None:
    """Nothing is paid and the value stays 0: all there is to learn is what was right."""
    still = {"process": {"outcome": 0.0}, "kl": {"coef": 0.0}, "value": {"layers": 1, "coef": 0.0}}
    ppo.train(stage(tmp_path / "a"), config(nll=1.0, **still), job(tmp_path))
    told = [row["policy/nll"] for row in log(tmp_path / "a")]
    assert told[0] > told[1] > told[2]


def test_truncated_rollouts_can_be_left_out_of_the_loss(tmp_path: Path) -> None:
    """The second of every two is truncated: of 16 rollouts 8 are one optimizer step of 8, all are two."""

    class Truncated(Scripted):
        def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
            for rollout in super().sample(prompts, n, params):
                yield replace(rollout, finish="length") if rollout.index % 2 else rollout

    for truncated, steps in (("learn", 2), ("mask", 1)):
        cfg = config(steps=1, fit={"epochs": 1, "truncated": truncated})
        work = job(tmp_path, engine=lambda policy: Truncated(policy, often_right))
        ppo.train(stage(tmp_path / truncated), cfg, work)
        [row] = log(tmp_path / truncated)
        assert row["train/updates"] == steps and row["rollouts/truncated"] == 0.5


def test_the_best_k_of_n_are_learned_from(tmp_path: Path) -> None:
    """4 problems, 4 attempts each, the best 2 of them: 8 rows, one step of 8. Both are right: every return is
    1, and the value begins at 0."""
    cfg = config(steps=1, fit={"epochs": 1}, learn_from=2, lam=1.0, kl={"coef": 0.0})
    ppo.train(stage(tmp_path / "a"), cfg, job(tmp_path))
    [row] = log(tmp_path / "a")
    assert row["train/updates"] == 1 and row["rollouts/accuracy"] == 0.5
    assert row["value/loss"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("start", "given", "drawn"), [("base", None, 0.2), ("sft", None, 0.7), ("base", 1.0, 1.0)]
)
def test_a_model_that_was_only_prompted_is_drawn_from_colder(
    tmp_path: Path, start: str, given: float | None, drawn: float
) -> None:
    seen = set[float]()

    def script(problem: Problem, index: int, params: Sampling) -> str:
        seen.add(params.temperature)
        return often_right(problem, index, params)

    work = job(tmp_path, script, model=start, load=lambda _: load(str(tmp_path / "base")))
    ppo.train(stage(tmp_path / "a"), config(steps=1, sample={"temperature": given}), work)
    assert seen == {drawn}


def test_the_coefficient_of_the_penalty_is_adapted(tmp_path: Path) -> None:
    """No divergence in the first round: 20 % off for 16 attempts of a horizon of 160, 2 % in all."""
    kl = {"coef": 0.1, "target": 5.0, "horizon": 160}
    run = stage(tmp_path / "a")
    ppo.train(run, config(steps=2, kl=kl), job(tmp_path))
    assert [row["kl/coef"] for row in log(tmp_path / "a")] == pytest.approx([0.1, 0.098])
    assert run.state["beta"] < 0.098


def test_the_best_round_by_validation_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = iter([0.5, 0.4, 0.3])
    monkeypatch.setattr("numerate.rollouts.job.greedy_accuracy", lambda *_: next(marks))
    work = job(tmp_path, validation=PROBLEMS)
    best = ppo.train(stage(tmp_path / "a"), config(validate={"every": 1, "keep": "best"}), work)
    assert same(best, ppo.train(stage(tmp_path / "b"), config(steps=1), work))


def test_a_judge_is_the_oracle_a_stage_or_a_folder(tmp_path: Path) -> None:
    """A trained judge of steps, asked by its stage's name and by its folder, scores alike."""
    scored_by(tmp_path).save(tmp_path / "stages" / "prm" / "model")
    work = job(tmp_path, stage_folder=lambda name: tmp_path / "stages" / name)
    found = [step_scorer.load_scorer(name, work) for name in ("prm", f"{tmp_path}/stages/prm/model")]
    scores = [one.score(PROBLEMS[:1], ["a\nb\nc"])[0].scores for one in found if one]
    assert len(scores) == 2 and scores[0] == scores[1] and len(scores[0]) == 3
    assert (
        isinstance(step_scorer.load_scorer("oracle", work), Oracle)
        and step_scorer.load_scorer(None, work) is None
    )
    cfg = config(
        steps=1, judge="prm", process={"outcome": 0.0, "weight": 1.0}, sample={"grade_truncated": True}
    )
    ppo.train(stage(tmp_path / "run"), cfg, work)
    [row] = log(tmp_path / "run")
    assert row["reward/mean"] == pytest.approx(row["judge/score"] * row["rollouts/steps"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kl": {"coef": 0.0, "target": 1.0}}, "cannot be adapted"),
        ({"learn_from": 9}, "learn_from: 9 of sample.rollouts: 4"),
        ({"validate": {"keep": "best"}}, "best needs `every`"),
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
        ppo.train(stage(tmp_path / "a"), config(validate={"every": 1}), job(tmp_path, load=never))
    with pytest.raises(ValueError, match="needs problems with solutions"):
        dense = config(reference_steps=0.5)
        ppo.train(stage(tmp_path / "b"), dense, job(tmp_path, load=never, problems=bare))
