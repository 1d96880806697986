"""Preferences between the rollouts of a problem: which are chosen, which rejected, and the steps on them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from numerate import credit, training
from numerate.methods.shared.on_policy import OnPolicyLoop, reward_of, rows_by_group
from numerate.methods.shared.options import Kl, PolicyFit, PolicyGradient, Sample
from numerate.options import NotNegative, Positive, config
from numerate.types import Example, Rollout, RunStopped, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job

PairRule = Literal["random", "all", "best_worst"]
Slopes = Callable[[Sequence[Example], Sequence[float]], tuple[list[float], Stats]]
"""rows of an optimizer step and their log-ratios u -> dL/du of each row, and statistics with `loss`"""


@config
class PreferenceOptions(PolicyGradient):
    """Options of the methods that learn from preferences between a problem's rollouts."""

    sample: Sample = Sample(problems=256, rollouts=8)
    """sampling of a step; the paper samples 30 per problem"""
    fit: PolicyFit = PolicyFit(batch=64, old_logprobs="recompute", correction="none")
    """optimization of a step; the paper's learning rates are 2e-7 to 4e-7 for 7 B parameters"""
    beta: Positive = 0.1
    """how strongly the policy is held to the reference policy (eta in the paper)"""
    kl: Kl = Kl()
    """reference: the reference policy, a stage or `base`; null: of each step the policy that sampled it, as
    the paper finds better"""
    threshold: float = 1.0
    """smallest reward of a rollout that may be chosen; those below may be rejected"""
    nll: NotNegative = 0.0
    """weight of the chosen rollouts' negative log-likelihood per token, beside the objective"""

    UNUSED: ClassVar = frozenset(
        {"sample.ahead", "kl.coef", "kl.estimator", "kl.placement", "fit.correction", "fit.cap", "fit.floor"}
    )

    def __post_init__(self) -> None:
        self.sample.require_group_of_two()
        self.sample.require_not_ahead()
        if self.fit.correction != "none":
            raise ValueError("fit.correction: importance weights are not part of this objective: set none")

    def reference_model(self, initial: str) -> str | None:
        return self.kl.reference


class PreferencePair(NamedTuple):
    """Numbers of two rows of a problem."""

    chosen: int
    rejected: int


def ends_after_error(rollout: Rollout) -> bool:
    """Checks whether the last program of an episode failed: the paper does not choose such rollouts, whose
    answer owes nothing to it."""
    outputs = [turn for turn in rollout.turns if turn.role == "tool"]
    return bool(outputs) and outputs[-1].status not in ("", "ok")


def choose_pairs(
    rewards: Sequence[float], may_win: Sequence[bool], threshold: float, rule: PairRule, most: int, seed: str
) -> list[PreferencePair]:
    """Returns pairs of a problem's rollouts, at most `most` of them. random: a right and a wrong one, each at
    most once; all: each right one with each wrong one; best_worst: the highest reward with the lowest."""
    right = [i for i, r in enumerate(rewards) if r >= threshold and may_win[i]]
    wrong = [i for i, r in enumerate(rewards) if r < threshold]
    if rule == "best_worst":
        able = [i for i in range(len(rewards)) if may_win[i]]
        if not able:
            return []
        best = max(able, key=lambda i: rewards[i])
        worst = min(range(len(rewards)), key=lambda i: rewards[i])
        return [PreferencePair(best, worst)] if rewards[best] > rewards[worst] else []
    r = random.Random(seed)
    r.shuffle(right)
    r.shuffle(wrong)
    if rule == "random":
        return [PreferencePair(*sides) for sides in zip(right, wrong, strict=False)][:most]
    every = [PreferencePair(*sides) for sides in product(right, wrong)]
    r.shuffle(every)
    return every[:most]


def log_ratio_sums(rows: Sequence[Example], logps: Sequence[Sequence[float]]) -> list[float]:
    """Returns u of each row: the sum of log pi - log pi_ref over its trained tokens."""
    return [
        math.fsum(
            credit.k1(*(credit.gather_trained(row.mask, each) for each in (logp, row.token["ref_logp"])))
        )
        for row, logp in zip(rows, logps, strict=True)
    ]


class PreferenceStep:
    """Rows of a step of sampling, with the log-probabilities of the reference policy."""

    def __init__(self, loop: OnPolicyLoop, cfg: PreferenceOptions) -> None:
        """Samples, grades, and makes the rows: column `may_win` beside those of `training_rows`."""
        self.loop, self.cfg = loop, cfg
        groups = loop.sample_groups()
        rollouts = [scored.rollout for group in groups for scored in group.rollouts]
        rows = loop.drop_truncated(loop.training_rows(groups))
        self.rows = [
            self.with_reference(row).with_columns(
                may_win=float(not ends_after_error(rollouts[int(row.columns["index"])]))
            )
            for row in rows
        ]

    def with_reference(self, row: Example) -> Example:
        return row.with_token(ref_logp=row.token["old_logp"]) if self.cfg.kl.reference is None else row

    def reference_logprobs(self, rows: Sequence[Example]) -> list[list[float]]:
        """Returns log pi_ref of further rows, before the first optimizer step of this one."""
        if self.cfg.kl.reference is None:
            return training.recompute_logprobs(self.loop.learner, rows)
        return self.loop.references["ref_logp"].logprobs(self.loop.learner, rows)

    def pairs(self, rule: PairRule, most: int) -> list[list[tuple[Example, Example]]]:
        """Returns the pairs of each problem that has some, (chosen, rejected). Raises ValueError where the
        first step has none; warns where a later one has none."""
        run, preferred = self.loop.run, list[list[tuple[Example, Example]]]()
        groups = list(rows_by_group(self.rows))
        for rows in groups:
            rewards, able = [reward_of(row) for row in rows], [bool(row.columns["may_win"]) for row in rows]
            seed = f"{run.seed}/{run.round}/{rows[0].columns['group']:g}"
            chosen = choose_pairs(rewards, able, self.cfg.threshold, rule, most, seed)
            if chosen:
                preferred.append([(rows[pair.chosen], rows[pair.rejected]) for pair in chosen])
        self.loop.stats["data/problems_with_pairs"] = len(preferred) / max(1, len(groups))
        if not preferred:
            message = self.without_pairs(groups)
            if run.round == 0:
                raise RunStopped(message)
            run.progress.warn(f"{message}; the policy does not change in this step")
        return preferred

    def without_pairs(self, groups: Sequence[Sequence[Example]]) -> str:
        """Returns a message on why no problem has a pair."""
        right = [[reward_of(row) >= self.cfg.threshold for row in rows] for rows in groups]
        solved, unsolved = sum(map(all, right)), sum(not any(row) for row in right)
        return (
            f"{self.loop.run.position}: none of {len(groups)} problems has both a right and a wrong "
            f"rollout ({solved} have only right ones, {unsolved} only wrong ones): choose problems of "
            "another difficulty, or raise sample.rollouts"
        )

    def learn(self, rows: Sequence[Example], slopes: Slopes) -> None:
        """Takes the optimizer steps of `fit.epochs` passes over the rows."""
        loop, cfg = self.loop, self.cfg
        progress = (loop.run.round + 1) / cfg.steps
        for part in loop.minibatches(rows):
            logps = training.recompute_logprobs(loop.learner, part)
            u = log_ratio_sums(part, logps)
            by_row, stats = slopes(part, u)
            chosen = [row.columns["chosen"] > 0 for row in part]
            nll = cfg.nll / max(1, sum(chosen))
            weighted = [
                row.with_token(
                    advantage=credit.scatter_trained(row.mask, slope - win * nll / max(1, sum(row.mask)))
                )
                for row, slope, win in zip(part, by_row, chosen, strict=True)
            ]
            before = len(loop.updates)
            loop.step(weighted, linear_loss, progress)
            for update in loop.updates[before:]:
                update |= stats | side_stats(part, logps, u)

    def log(self) -> None:
        learned = {row.columns["group"] for row in self.loop.trained_rows}
        self.loop.log(
            mean_abs_advantages=lambda: {
                group.problem.id: float(number in learned) for number, group in enumerate(self.loop.groups)
            }
        )


def side_stats(
    rows: Sequence[Example], logps: Sequence[Sequence[float]], log_ratios: Sequence[float]
) -> Stats:
    """Returns means over the chosen and over the rejected rows, before an optimizer step: both
    log-probabilities may fall while the loss does (arXiv:2402.13228)."""
    stats: Stats = {}
    for name, side in (("chosen", True), ("rejected", False)):
        each = [i for i, row in enumerate(rows) if (row.columns["chosen"] > 0) == side]
        if each:
            stats[f"{name}_logp"] = math.fsum(math.fsum(logps[i]) for i in each) / len(each)
            stats[f"{name}_log_ratio"] = math.fsum(log_ratios[i] for i in each) / len(each)
    return stats


def linear_loss(model: nn.Module, batch: training.Batch) -> tuple[Tensor, Stats]:
    """Returns sum_t s_t log pi(o_t), s the column `advantage`: its gradient is that of the objective."""
    logp_BT = training.token_logprobs(model, batch)
    return (batch.token["advantage"] * logp_BT).sum(), {}


def train_on_preferences(
    run: training.Stage,
    job: Job,
    cfg: PreferenceOptions,
    prepare: Callable[[PreferenceStep], tuple[Sequence[Example], Slopes]],
) -> Policy:
    """Returns the policy that a method trains. prepare: gives the rows of a step and their slopes; the column
    `chosen` of a row is 1 or 0."""
    loop = OnPolicyLoop(run, job, cfg)
    for _ in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. sample and grade, with log pi_ref of every rollout
        step = PreferenceStep(loop, cfg)
        # 2. decide which are preferred
        rows, slopes = prepare(step)
        # 3. passes of gradient steps
        step.learn(rows, slopes)
        step.log()
    return loop.result()
