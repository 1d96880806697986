"""How the methods turn rewards into advantages, worked by hand. GRPO's and the like are in tests/credit."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from numerate import training
from numerate.methods import dapo, dr_grpo, on_policy_distillation, reinforce_pp, rloo
from numerate.methods.shared import on_policy
from numerate.methods.shared.group_policy_gradient import group_advantages
from numerate.methods.shared.options import Kl, Sample
from numerate.types import Example, Rollout, Turn


def rewarded(*told: tuple[float, float]) -> list[Example]:
    """Rows of (group, reward)."""
    return [Example([1, 2], [False, True], {"group": g, "reward": r}) for g, r in told]


def test_questions_are_not_compared_with_each_other() -> None:
    """1 0 and 3 3 1 1: means 1/2 and 2, spreads 1/2 and 1."""
    rows = rewarded((0, 1), (0, 0), (1, 3), (1, 3), (1, 1), (1, 1))
    assert group_advantages(rows) == pytest.approx([1, -1, 1, 1, -1, -1], abs=1e-5)
    assert dr_grpo.advantages(rows) == [0.5, -0.5, 1, 1, -1, -1]


def test_the_correction_multiplies_the_advantage_and_none_is_left_out() -> None:
    rows = [row.with_token(correction=[1.0, 0.5]) for row in rewarded((0, 1), (0, 0), (0, 1))]
    given = on_policy.with_advantages(rows, [2.0, None, [0.0, 3.0]])
    assert [row.token["advantage"] for row in given] == [[0, 1], [0, 1.5]]


def test_the_teacher_minus_the_student() -> None:
    row = rewarded((0, 0))[0].with_token(teacher_logp=[0, -0.5], old_logp=[0, -2.0])
    assert on_policy_distillation.advantages([row]) == [[0, 1.5]]


def test_reinforce_pp_credits_by_hand() -> None:
    """Plain, beta 1/2: r = 1 with log-ratios .2 .4 to the reference gives .7 .8; r = 0 with -.2 gives .1.
    Their mean is 1.6 / 3. With the group's baseline 1/2, the KL elsewhere: 1/2 1/2 and -1/2, mean 1/6."""
    rows = [
        Example([1, 2, 3], [False, True, True], {"group": 0.0, "reward": 1.0}, {"old_logp": [0, -1.0, -1.0]}),
        Example([1, 2], [False, True], {"group": 0.0, "reward": 0.0}, {"old_logp": [0, -1.0]}),
    ]
    rows = [rows[0].with_token(ref_logp=[0, -1.2, -1.4]), rows[1].with_token(ref_logp=[0, -0.8])]

    def normal(numbers: list[float]) -> list[float]:
        return [(x - statistics.fmean(numbers)) / statistics.pstdev(numbers) for x in numbers]

    in_reward, in_loss = Kl(0.5, "k1", placement="reward"), Kl(0.5, "k2")
    for baseline, kl, raw in (("none", in_reward, [0.7, 0.8, 0.1]), ("group", in_loss, [0.5, 0.5, -0.5])):
        cfg = reinforce_pp.Config(baseline=baseline, kl=kl)  # pyright: ignore
        first, second = reinforce_pp.advantages(rows, cfg)
        assert [first[0], second[0]] == [0, 0]
        assert [*first[1:], second[1]] == pytest.approx(normal(raw), abs=1e-4)


def test_rloo_pays_the_kl_in_the_reward() -> None:
    """beta 1/2, log-ratios of the attempts .6 and -.2: R = 1 - .3 and 0 + .1, so A = .6 and -.6."""
    columns = [([0, -1.0, -1.0], [0, -1.2, -1.4]), ([0, -1.0, 0.0], [0, -0.8, 0.0])]
    rows = [
        Example(
            [1, 2, 3], [False, True, True], {"group": 0.0, "reward": r}, {"old_logp": old, "ref_logp": ref}
        )
        for r, (old, ref) in zip((1.0, 0.0), columns, strict=True)
    ]
    assert rloo.advantages(rows, 0.5) == pytest.approx([0.6, -0.6])
    assert rloo.advantages(rows, 0.0) == [1, -1]


def test_dapo_punishes_length_after_it_has_chosen_the_questions() -> None:
    """At most 10 tokens, 4 of them the cache, half the punishment: 8 tokens lose 1/4, 10 lose 1/2."""
    cfg = dapo.Config(sample=Sample(max_tokens=10), overlong_cache=4)
    rows = [Example([1] * (n + 1), [False] + [True] * n, {"group": 0.0, "reward": 1.0}) for n in (6, 8, 10)]
    assert [dapo.shaped_reward(row, cfg) for row in rows] == [1, 0.75, 0.5]
    whole, never = replace(cfg, overlong_cache=64), replace(cfg, overlong_cache=0)
    assert [dapo.shaped_reward(row, whole) for row in rows] == pytest.approx([0.7, 0.6, 0.5])
    assert [dapo.shaped_reward(row, never) for row in rows] == [1, 1, 1]


@pytest.mark.parametrize(("own", "calculated"), [(10, 0), (7, 3), (5, 5)])
def test_dapo_punishes_the_length_that_max_tokens_counts(own: int, calculated: int) -> None:
    """Whoever wrote the tokens. Tags between the lines count for neither."""
    cfg = dapo.Config(sample=Sample(max_tokens=10), overlong_cache=4)
    turns = (
        Turn("user", "?", (1,)),
        Turn("assistant", "a", (5,) * own, trained=True),
        Turn("assistant", "b", (6,) * calculated),
        Turn("user", "[GOOD]", (7, 7)),
    )
    rollout = Rollout("p", 0, turns, "length")
    row = training.rollout_row(rollout).with_columns(reward=0.0)
    assert dapo.shaped_reward(row.with_columns(**on_policy.row_identity(0, 0, rollout)), cfg) == -0.5
    assert (
        dapo.shaped_reward(
            training.rollout_row(replace(rollout, turns=turns[:3])).with_columns(reward=0.0), cfg
        )
        == -0.5
    )
