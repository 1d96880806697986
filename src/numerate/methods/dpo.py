"""Iterative direct preference optimization (Rafailov et al. 2023, arXiv:2305.18290; iterated and over the
turns of episodes: Xiong et al. 2024, arXiv:2409.02392, M-DPO, eq. 14 and algorithm 1).

for each step:  o_1 .. o_N ~ pi_old(. | q), graded;  pairs (o_w, o_l) of a problem: right before wrong
    u(o) = sum_t log pi(o_t | q, o_<t) / pi_ref(o_t | q, o_<t)        over the tokens that the policy wrote
    L    = - mean log sigma(beta (u(o_w) - u(o_l))) - nll mean log pi(o_w | q) / |o_w|

pi_ref is pi_old, renewed with every step, or a fixed model. Outputs of programs are no tokens of the policy,
so one file does single turns and episodes. The paper samples 30 rollouts per problem and takes one pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.methods.shared.preferences import (
    PairRule,
    PreferenceOptions,
    PreferenceStep,
    Slopes,
    train_on_preferences,
)
from numerate.options import AtLeast1, config
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
    """rounds of sampling and learning; the paper's 3 take 20,000 problems each"""
    pairs: PairRule = "random"
    """pairs of a problem: random, each rollout in one at most; all, right with wrong; best_worst, the highest
    reward with the lowest"""
    pairs_per_problem: AtLeast1 = 1
    """maximum of pairs of a problem"""


def rows_of_pairs(
    pairs: Sequence[Sequence[tuple[Example, Example]]],
) -> tuple[list[Example], dict[float, list[float]]]:
    """Returns every row of the pairs once, with the column `chosen`, and the rejected rows of each chosen
    one, by their `index`."""
    rows: dict[float, Example] = {}
    rejected: dict[float, list[float]] = {}
    for chosen, other in (pair for problem in pairs for pair in problem):
        rows[chosen.columns["index"]] = chosen.with_columns(chosen=1.0)
        rows[other.columns["index"]] = other.with_columns(chosen=0.0)
        rejected.setdefault(chosen.columns["index"], []).append(other.columns["index"])
    return [rows[index] for index in sorted(rows)], rejected


def slopes_of_pairs(rejected: dict[float, list[float]], beta: float) -> Slopes:
    def slopes(rows: Sequence[Example], log_ratios: Sequence[float]) -> tuple[list[float], Stats]:
        number = {row.columns["index"]: i for i, row in enumerate(rows)}
        pairs = [(number[win], number[loss]) for win in number for loss in rejected.get(win, [])]
        each = [credit.dpo(log_ratios[win], log_ratios[loss], beta) for win, loss in pairs]
        by_row = [0.0] * len(rows)
        for (win, loss), (_, slope) in zip(pairs, each, strict=True):
            by_row[win] += slope / len(pairs)
            by_row[loss] -= slope / len(pairs)
        margins = [log_ratios[win] - log_ratios[loss] for win, loss in pairs]
        stats = {
            "loss": sum(value for value, _ in each) / len(pairs),
            "margin": beta * sum(margins) / len(pairs),
            "pair_accuracy": sum(margin > 0 for margin in margins) / len(pairs),
        }
        return by_row, stats

    return slopes


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    def prepare(step: PreferenceStep) -> tuple[Sequence[Example], Slopes]:
        rows, rejected = rows_of_pairs(step.pairs(cfg.pairs, cfg.pairs_per_problem))
        step.loop.stats["data/pairs"] = float(sum(map(len, rejected.values())))
        return rows, slopes_of_pairs(rejected, cfg.beta)

    return train_on_preferences(run, job, cfg, prepare)
