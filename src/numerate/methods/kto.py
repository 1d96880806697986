"""Iterative Kahneman-Tversky optimization (Ethayarajh et al. 2024, arXiv:2402.01306; iterated and over the
turns of episodes: Xiong et al. 2024, arXiv:2409.02392, M-KTO, eq. 15).

for each step:  o_1 .. o_N ~ pi_old(. | q), graded: right ones are desirable, wrong ones undesirable
    u(o) = sum_t log pi(o_t | q, o_<t) / pi_ref(o_t | q, o_<t)        over the tokens that the policy wrote
    z    = max(0, mean u of rollouts read after the prompt of another problem), without gradient
    L    = mean { w_d (1 - sigma(beta (u - z))) of desirable,  w_u (1 - sigma(beta (z - u))) of undesirable }

z is of an optimizer step, whatever its micro-batches. The paper prints beta twice; the KTO paper and its code
have it once, as here. By default a problem gives as many right rollouts as wrong ones, so that both classes
weigh the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.methods.shared.on_policy import reward_of
from numerate.methods.shared.preferences import (
    PreferenceOptions,
    PreferenceStep,
    Slopes,
    log_ratio_sums,
    train_on_preferences,
)
from numerate.options import AtLeast1, NotNegative, config
from numerate.types import Example, Stats

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 1


@config
class Config(PreferenceOptions):
    steps: AtLeast1 = 3
    """rounds of sampling and learning"""
    balanced: bool = True
    """take as many right as wrong rollouts of a problem, at most `per_class`; false: all rollouts"""
    per_class: AtLeast1 = 1
    """right rollouts of a problem, and wrong ones, where they are balanced"""
    desirable: NotNegative = 1.0
    """w_d, weight of right rollouts. With unequal classes the KTO paper advises w_d n_d / (w_u n_u) between 1
    and 4/3"""
    undesirable: NotNegative = 1.0
    """w_u, weight of wrong rollouts"""


def mismatched_rows(rows: Sequence[Example]) -> list[Example]:
    """Returns each row's prompt with the rollout of the next row of another problem; none where all rows are
    of one problem."""
    made: list[Example] = []
    for i, row in enumerate(rows):
        later = (rows[(i + k) % len(rows)] for k in range(1, len(rows)))
        other = next((each for each in later if each.columns["group"] != row.columns["group"]), None)
        if other is None:
            return []
        prompt, skipped = training.prompt_of(row), len(training.prompt_of(other))
        ids, mask = [*prompt, *other.ids[skipped:]], [False] * len(prompt) + list(other.mask[skipped:])
        made.append(Example(ids, mask))
    return made


def labelled_rows(step: PreferenceStep, cfg: Config) -> list[Example]:
    """Returns the rows to learn from, with the column `chosen`."""
    if not cfg.balanced:
        able = [row for row in step.rows if reward_of(row) < cfg.threshold or row.columns["may_win"]]
        return [row.with_columns(chosen=float(reward_of(row) >= cfg.threshold)) for row in able]
    both = [pair for problem in step.pairs("random", cfg.per_class) for pair in problem]
    rows = [row.with_columns(chosen=1.0 - side) for pair in both for side, row in enumerate(pair)]
    return sorted(rows, key=lambda row: row.columns["index"])


def slopes_of_labels(step: PreferenceStep, rows: Sequence[Example], cfg: Config) -> Slopes:
    """Returns the slopes of the rows; reads them after other prompts under the reference policy."""
    bare = mismatched_rows(rows)
    others = {
        row.columns["index"]: other.with_token(ref_logp=logp)
        for row, other, logp in zip(rows, bare, step.reference_logprobs(bare), strict=bool(bare))
    }

    def slopes(part: Sequence[Example], log_ratios: Sequence[float]) -> tuple[list[float], Stats]:
        beside = [others[row.columns["index"]] for row in part] if others else []
        logps = training.recompute_logprobs(step.loop.learner, beside) if beside else []
        z = credit.kto_kl(log_ratio_sums(beside, logps))
        weights = {True: cfg.desirable, False: cfg.undesirable}
        each = [
            credit.kto(u, z, cfg.beta, bool(row.columns["chosen"]), weights[bool(row.columns["chosen"])])
            for row, u in zip(part, log_ratios, strict=True)
        ]
        count = len(part)
        stats = {"loss": sum(loss for loss, _ in each) / count, "kl": z}
        return [slope / count for _, slope in each], stats

    return slopes


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    def prepare(step: PreferenceStep) -> tuple[Sequence[Example], Slopes]:
        rows = labelled_rows(step, cfg)
        step.loop.stats["data/desirable"] = sum(row.columns["chosen"] for row in rows)
        step.loop.stats["data/undesirable"] = len(rows) - step.loop.stats["data/desirable"]
        return rows, slopes_of_labels(step, rows, cfg)

    return train_on_preferences(run, job, cfg, prepare)
