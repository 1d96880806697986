"""Pairs of rollouts, and gradient steps on them that are those of the papers' losses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import logsigmoid

from numerate import credit, methods, training
from numerate.methods import dpo, kto
from numerate.methods.shared.preferences import (
    PreferencePair,
    choose_pairs,
    ends_after_error,
    linear_loss,
    log_ratio_sums,
)
from numerate.progress import QuietProgress
from numerate.training import Learner, Stage
from numerate.types import Example, Rollout, RunStopped, Turn
from tests.methods.arms import game
from tests.training.test_batch import policy

FREE = [True] * 6


@pytest.mark.parametrize(
    ("rule", "most", "count"), [("random", 1, 1), ("random", 9, 2), ("all", 9, 8), ("all", 3, 3)]
)
def test_pairs_prefer_right_rollouts_to_wrong_ones(rule: Any, most: int, count: int) -> None:
    rewards = [1.0, 0.0, 0.5, 1.0, 0.0, 0.0]
    pairs = choose_pairs(rewards, FREE, 1.0, rule, most, "seed")
    assert len(pairs) == len(set(pairs)) == count
    assert all(rewards[pair.chosen] == 1 and rewards[pair.rejected] < 1 for pair in pairs)
    if rule == "random":
        assert len({i for pair in pairs for i in pair}) == 2 * count


def test_the_draw_of_pairs_follows_from_the_seed() -> None:
    rewards = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    draws = {seed: choose_pairs(rewards, FREE, 1.0, "random", 1, seed)[0] for seed in "abcdefghij"}
    assert len(set(draws.values())) > 3
    assert draws["a"] == choose_pairs(rewards, FREE, 1.0, "random", 1, "a")[0]


def test_best_against_worst_needs_different_rewards() -> None:
    assert choose_pairs([0.2, 0.9, 0.1], FREE[:3], 1.0, "best_worst", 1, "") == [PreferencePair(1, 2)]
    assert choose_pairs([0.2, 0.9, 0.1], [True, False, True], 1.0, "best_worst", 1, "") == [
        PreferencePair(0, 2)
    ]
    assert choose_pairs([0.5, 0.5], FREE[:2], 1.0, "best_worst", 1, "") == []


@pytest.mark.parametrize("rule", ["random", "all", "best_worst"])
@pytest.mark.parametrize("rewards", [[1.0, 1.0], [0.0, 0.0]])
def test_a_problem_that_is_solved_always_or_never_has_no_pair(rule: Any, rewards: list[float]) -> None:
    assert choose_pairs(rewards, FREE[:2], 1.0, rule, 4, "") == []


def test_a_rollout_whose_last_program_failed_is_not_chosen() -> None:
    def episode(*states: str) -> Rollout:
        turns = [Turn("tool", "", status=state) for state in states]
        return Rollout("p", 0, (*turns, Turn("assistant", "#### 1")), "stop")

    assert ends_after_error(episode("ok", "error")) and ends_after_error(episode("timeout"))
    assert not ends_after_error(episode("error", "ok")) and not ends_after_error(episode())
    assert choose_pairs([1.0, 1.0, 0.0], [False, True, True], 1.0, "all", 9, "") == [PreferencePair(1, 2)]


def make_rows(seed: int, count: int = 6) -> list[Example]:
    """Returns rows of three problems, each with an output in its middle that is not trained."""
    r = torch.Generator().manual_seed(seed)
    rows: list[Example] = []
    for i in range(count):
        ids = torch.randint(3, 30, (9 + i,), generator=r).tolist()
        mask = [False] * 3 + [True] * 2 + [False] * 2 + [True] * (len(ids) - 7)
        reference = (-3 * torch.rand(len(ids), generator=r, dtype=torch.float64)).tolist()
        columns = {"index": float(i), "group": float(i // 2), "chosen": float(i % 2 == 0)}
        rows.append(Example(ids, mask, columns, {"ref_logp": reference}))
    return rows


def log_ratios(model: nn.Module, learner: Learner, rows: Sequence[Example]) -> torch.Tensor:
    """Returns u of each row with a gradient, one row at a time."""
    sums: list[torch.Tensor] = []
    for row in rows:
        (batch,) = learner.cut([row])
        logp_BT = training.token_logprobs(model, batch)
        sums.append(((logp_BT - batch.token["ref_logp"]) * batch.mask_BT).sum())
    return torch.stack(sums)


@pytest.mark.parametrize("method", ["dpo", "kto"])
@pytest.mark.parametrize("micro_rows", [1, None])
def test_the_gradient_is_that_of_the_paper(method: str, micro_rows: int | None) -> None:
    learner = Learner(policy(), micro_rows=micro_rows)
    rows, beta, z = make_rows(1), 0.3, 0.2
    model = learner.policy.model
    parameters = list(learner.named.values())
    u = log_ratios(model, learner, rows)
    if method == "dpo":
        loss = -logsigmoid(beta * (u[0::2] - u[1::2])).mean()
    else:
        sign = torch.tensor([1.0, -1.0] * 3)
        loss = (1 - torch.sigmoid(sign * beta * (u - z))).mean()
    wanted = torch.autograd.grad(loss, parameters)

    sums = log_ratio_sums(rows, training.recompute_logprobs(learner, rows))
    if method == "dpo":
        slopes, stats = dpo.slopes_of_pairs({0.0: [1.0], 2.0: [3.0], 4.0: [5.0]}, beta)(rows, sums)
        assert stats["loss"] == pytest.approx(loss.item(), rel=1e-5)
    else:
        each = [credit.kto(u_i, z, beta, i % 2 == 0) for i, u_i in enumerate(sums)]
        slopes = [slope / len(rows) for _, slope in each]
    weighted = [
        row.with_token(advantage=credit.scatter_trained(row.mask, slope))
        for row, slope in zip(rows, slopes, strict=True)
    ]
    total = [torch.zeros_like(p) for p in parameters]
    for batch in learner.cut(weighted):
        value, _ = linear_loss(model, batch)
        for sum_, g in zip(total, torch.autograd.grad(value, parameters, allow_unused=True), strict=True):
            if g is not None:
                sum_ += g
    for mine, theirs in zip(total, wanted, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=2e-4, atol=2e-6)


def test_a_mismatched_row_has_the_rollout_of_another_problem() -> None:
    rows = make_rows(2)
    mismatched = kto.mismatched_rows(rows)
    for row, other in zip(rows, mismatched, strict=True):
        assert other.ids[:3] == tuple(row.ids[:3]) or list(other.ids[:3]) == list(row.ids[:3])
        (source,) = [each for each in rows if list(each.ids[3:]) == list(other.ids[3:])]
        assert source.columns["group"] != row.columns["group"]
        assert list(other.mask[3:]) == list(source.mask[3:]) and not any(other.mask[:3])
    assert kto.mismatched_rows(rows[:2]) == []


@pytest.mark.parametrize("name", ["dpo", "kto"])
@pytest.mark.parametrize(("threshold", "words"), [(-1.0, "4 have only right"), (2.0, "4 only wrong")])
def test_a_first_step_without_pairs_says_why(name: str, threshold: float, words: str, tmp_path: Path) -> None:
    method = methods.get_method(name)
    options = {"steps": 1, "threshold": threshold, "rewards": ("tests.methods.arms.early_letters",)}
    cfg = method.Config(sample={"problems": 4, "rollouts": 2, "max_tokens": 4}, **options)
    with pytest.raises(RunStopped, match=words):
        method.train(Stage(tmp_path / "run", 0, QuietProgress()), cfg, game(tmp_path))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample": {"rollouts": 1}}, "at least 2 rollouts"),
        ({"beta": 0.0}, "greater than 0"),
        ({"sample": {"ahead": 1}}, "on-policy"),
        ({"fit": {"correction": "truncate"}}, "not part of this objective"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], message: str) -> None:
    for method in (dpo, kto):
        with pytest.raises(ValueError, match=message):
            method.Config(**options)
