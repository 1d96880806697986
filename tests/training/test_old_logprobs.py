"""pi_old: recorded and recomputed agree, what drifts is found, and nothing is made up."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from numerate.models import Policy, load
from numerate.prompts import render
from numerate.rollouts.local import LocalEngine
from numerate.training import (
    Learner,
    add_old_logprobs,
    pack_rows,
    rollout_row,
    sampler_logprobs,
    set_loss_weights,
    token_logprobs,
)
from numerate.training.batch import Batch
from numerate.training.old_logprobs import logprob_drift, recompute_logprobs, spread_indices
from numerate.types import Example, Rollout, Sampling, Stats, Turn
from tests import tiny
from tests.methods import toy
from tests.training.test_batch import nll, policy, rows, siblings, slow_logprobs


class World:
    """The toy problems, sampled by the local engine: four attempts at each."""

    def __init__(self, folder: Path, dtype: Any = "float32") -> None:
        tiny.make(folder / "base", spread=8.0)
        self.policy: Policy = load(str(folder / "base"), dtype=dtype, trained=True)
        self.run = toy.stage(folder / "run")
        self.said: list[str] = []
        self.run.progress.say = self.said.append  # pyright: ignore
        self.learner = Learner(self.policy, micro_tokens=200)
        prompts = [render(problem, "plain") for problem in toy.PROBLEMS]
        params = Sampling(max_tokens=12)
        self.rollouts = list(LocalEngine(self.policy, slots=8).sample(prompts, 4, params))
        self.rows = [rollout_row(rollout) for rollout in self.rollouts]
        self.told = [sampler_logprobs(rollout) for rollout in self.rollouts]

    def old(self, told: Any = None, **options: Any) -> tuple[list[Example], Stats]:
        return add_old_logprobs(self.run, self.learner, self.rows, told or self.told, **options)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("packed", [True, False])
def test_recomputed_are_those_of_single_rows(kind: str, packed: bool) -> None:
    one, some = policy(kind), [*rows(5), *siblings(), Example([5, 6], [False, False])]
    found = recompute_logprobs(Learner(one, micro_tokens=40, packed=packed), some)
    for row, logps in zip(some, found, strict=True):
        assert logps == pytest.approx(slow_logprobs(one.model, row), abs=2e-5)


def test_what_the_sampler_recorded_is_taken_as_it_is(world: World) -> None:
    found, stats = world.old()
    assert [row.token["old_logp"] for row in found] == world.told
    assert 0 < stats["drift/max"] < 1e-4 and stats["drift/off"] == 0 == stats["drift/recomputed"]
    assert not world.said


def test_a_drifting_sampler_is_found_told_once_and_recomputed(world: World) -> None:
    off = [[p - 0.01 * bool(p) for p in logps or []] for logps in world.told]
    right = recompute_logprobs(world.learner, world.rows)
    for _ in range(2):
        found, stats = world.old(off)
        assert [row.token["old_logp"] for row in found] == right
        assert stats["drift/recomputed"] == 1 == stats["drift/off"]
        assert stats["drift/max"] == pytest.approx(0.01, rel=0.02)
    assert len(world.said) == 1 and "0.01" in world.said[0]
    found, stats = world.old(off, source="sampler")
    assert [row.token["old_logp"] for row in found] == off and stats["drift/mean"] > 0.009
    assert world.old(off, tolerance=0.02)[1]["drift/recomputed"] == 0


def test_the_switch_recomputes(world: World) -> None:
    found, stats = world.old(source="recompute")
    assert [row.token["old_logp"] for row in found] == recompute_logprobs(world.learner, world.rows)
    assert stats["drift/recomputed"] == 1 and 0 < stats["drift/max"] < 1e-4 and not world.said


@pytest.mark.parametrize("source", ["auto", "sampler", "recompute"])
def test_without_a_record_all_are_recomputed(world: World, source: Any) -> None:
    bare = replace(world.rollouts[3], turns=tuple(replace(t, logprobs=()) for t in world.rollouts[3].turns))
    told = [*world.told[:3], sampler_logprobs(bare), *world.told[4:]]
    found, stats = world.old(told, source=source)
    assert [row.token["old_logp"] for row in found] == recompute_logprobs(world.learner, world.rows)
    assert stats == {"drift/recomputed": 1.0}
    assert len(world.said) == (source != "recompute")


def test_no_record_is_not_a_record_of_zeros() -> None:
    def said(ids: tuple[int, ...], logprobs: tuple[float, ...]) -> Rollout:
        return Rollout(
            "p", 0, (Turn("user", "a", (5, 6)), Turn("assistant", "b", ids, logprobs, trained=True))
        )

    assert sampler_logprobs(said((7, 8), (-1.0, -2.0))) == [0.0, 0.0, -1.0, -2.0]
    assert sampler_logprobs(said((7, 8), ())) is None
    assert sampler_logprobs(said((7, 8), (-1.0, -math.inf))) is None
    assert sampler_logprobs(said((7, 8), (-1.0, math.nan))) is None
    assert sampler_logprobs(said((), ())) == [0.0, 0.0]  # a prompt that left no room for an answer
    with pytest.raises(AssertionError, match="1 logprobs for 2 ids"):
        sampler_logprobs(said((7, 8), (-1.0,)))


def test_drift_worked_by_hand() -> None:
    """d = 0, ln 2, -ln 2: ratios 1, 2, 1/2; k3 = 0, 1 - ln 2, ln 2 - 1/2, mean 1/6."""
    sampler = np.array([-1.0, -1.0, -1.0])
    stats = logprob_drift(sampler, sampler + np.log([1, 2, 0.5]), tolerance=0.6)
    assert stats["drift/max"] == pytest.approx(math.log(2))
    assert stats["drift/mean"] == pytest.approx(2 / 3 * math.log(2))
    assert stats["drift/kl"] == pytest.approx(1 / 6)
    assert stats["drift/off"] == pytest.approx(1 / 3)
    assert logprob_drift(np.zeros(0), np.zeros(0))["drift/max"] == 0


def test_checked_rows_are_spread_over_the_step() -> None:
    assert spread_indices(8, 4) == [1, 3, 5, 7]
    assert spread_indices(3, 16) == [0, 1, 2]
    assert spread_indices(100, 3) == [16, 50, 83]


def test_dropout_is_off_while_recomputing_and_on_again_after(world: World) -> None:
    world.policy.model.train()
    world.policy.model.config.attention_dropout = 0.5
    for layer in world.policy.model.model.layers:
        layer.self_attn.attention_dropout = 0.5
    assert recompute_logprobs(world.learner, world.rows) == recompute_logprobs(world.learner, world.rows)
    assert world.policy.model.training


def test_16_bits_drift_more_and_are_allowed_to(tmp_path: Path) -> None:
    world = World(tmp_path, "bfloat16")
    stats = world.old()[1]
    assert 1e-3 < stats["drift/max"] < 0.2 and stats["drift/recomputed"] == 0
    assert world.old(tolerance=1e-3)[1]["drift/recomputed"] == 1


def clipped(model: nn.Module, batch: Batch) -> tuple[Tensor, Stats]:
    """PPO's clipped surrogate (arXiv 1707.06347, eq. 7)."""
    logp_BT = token_logprobs(model, batch)
    ratio, advantage = (logp_BT - batch.token["old_logp"]).exp(), batch.token["advantage"]
    gain = torch.minimum(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage)
    weight = batch.token["weight"]
    return -(weight * gain).sum(), {"ratio": (weight * ratio).sum().item()}


@pytest.mark.parametrize("source", ["sampler", "recompute"])
def test_a_policy_gradient_step_on_packed_rows(world: World, source: Any) -> None:
    """At the old policy all ratios are 1, and the step is that of REINFORCE; after it the favoured rows are
    likelier."""
    advantage = [1.0 if i % 2 else -1.0 for i in range(len(world.rows))]
    old, _ = world.old(source=source)
    some = [
        row.with_token(advantage=[a * seen for seen in row.mask])
        for row, a in zip(set_loss_weights(old, "sequence"), advantage, strict=True)
    ]
    plain = Learner(world.policy.clone(), packed=False)
    signed = [
        row.with_token(weight=[w * a for w in row.token["weight"]])
        for row, a in zip(set_loss_weights(world.rows, "sequence"), advantage, strict=True)
    ]
    slow = plain.step(signed, nll, lr=1e-3)
    stats = world.learner.step(some, clipped, lr=1e-3)
    assert stats["ratio"] == pytest.approx(1, abs=1e-5)
    assert stats["grad_norm"] == pytest.approx(slow["grad_norm"], rel=1e-3)
    for a, b in zip(plain.policy.model.parameters(), world.policy.model.parameters(), strict=True):
        assert torch.isclose(a, b, atol=1e-4).float().mean() > 0.99
    with torch.no_grad():
        batch = pack_rows(some, 0)
        gained = token_logprobs(world.policy.model, batch) - batch.token["old_logp"]
        assert (gained * batch.token["advantage"]).sum() > 0
