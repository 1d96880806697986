"""Generative evaluator of solution clusters (SCR: Liu et al. 2023, arXiv:2310.10047, section 3.2).

p_cls(w) = p_M(w | T(P, X)),  w in { correct, incorrect}                                              (5-6)
S        = p_cls(correct) / (p_cls(correct) + p_cls(incorrect))                                         (7)
margin   L = max(0, log S(X_inc) - log S(X_cor) + log 2), the mean over pairs                           (8)
xent     L = - log p_cls(label), the mean over solutions                                                (9)
joint    L + alpha L_mle, L_mle the mean over the tokens of the problems' worked solutions          (12, 13)

Eq. 8 takes the normalized S, eq. 9 the probability in the whole vocabulary; `space: two_way` puts S into
eq. 9 (its printed second term has the wrong sign). Data as in the paper: up to 10 pairs per problem for the
margin, all solutions for xent, which converge within an epoch. Ours: equal texts count once, which the paper
blames for that; pairs are distinct and sampled by problem; learning rate and batch, which it does not give.

The paper gives up eq. 12 and 13, whose terms are hard to balance, and trains a generator, an evaluator and a
generator again one after the other (the recipe solution-clusters); so `joint` is 0 by default. Eq. 10
and 11, which it argues against, are in `training/objectives.py` only.

The margin is summed in two passes: where it is 0 is found first, without gradients, and then a pair is a
difference of two rows. So its solutions need not lie in one micro-batch, and one of several pairs is run
once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from numerate import credit, training
from numerate.judges.oracle import Oracle, has_graph
from numerate.judges.step_split import split_solution
from numerate.methods import outcome_reward_model as orm
from numerate.methods.shared.options import JudgeFit
from numerate.models.judge_config import WORDS, Card
from numerate.options import AtLeast1, NotNegative, RolloutsName, config
from numerate.problems.consistency import usable_demonstrations
from numerate.rollouts.load_rollouts import without_repeats
from numerate.types import Example, Group, Problem, Scored, Stats

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.evaluator import EvaluatorModel

    Judging = Callable[..., tuple[Tensor, Stats]]
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"evaluator"})
WHOLE_TOKENS = WORDS
VERSION = 2


@config
class Config:
    rollouts: RolloutsName
    """stage with the rollouts to train on"""
    objective: Literal["margin", "xent"] = "margin"
    """margin: ranking of right above wrong solutions; xent: cross-entropy of the verdict word"""
    space: Literal["vocab", "two_way"] = "vocab"
    """of xent: the word's probability among all tokens, or among the two words"""
    pairs: AtLeast1 = 10
    """pairs of a right and a wrong solution per problem, for the margin"""
    labels: Literal["grader", "oracle"] = "grader"
    """criterion of a right solution: its answer, or for stories also the oracle's labels of its steps"""
    joint: NotNegative = 0.0
    """alpha, weight of the loss on demonstrations of the same problems; 0 trains the evaluation alone"""
    fit: JudgeFit = replace(orm.FIT, epochs=1, lr=5e-6, max_length=1024)
    """optimization; a batch has pairs, or solutions"""


@dataclass(frozen=True, slots=True)
class Sorted:
    """The different solutions of one problem."""

    problem: Problem
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    number: int = 0
    """among the problems of the stage"""


def sort_solutions(group: Group, oracle: Oracle | None, number: int = 0) -> Sorted:
    """Sorts the solutions of each problem into right and wrong ones; ungraded and empty ones are left out."""
    once = [s for s in without_repeats(group).rollouts if s.rollout.solution.strip()]
    graded = [
        (s.rollout.solution, is_correct(group.problem, s, oracle)) for s in once if s.reward.value is not None
    ]
    return Sorted(
        group.problem,
        tuple(text for text, good in graded if good),
        tuple(text for text, good in graded if not good),
        number,
    )


def is_correct(problem: Problem, scored: Scored, oracle: Oracle | None) -> bool:
    """Checks whether a solution is right, by its grade and, with an oracle, its steps. Raises ValueError
    where the oracle has to label a problem that is no story."""
    good = (scored.reward.value or 0.0) >= 1
    if oracle is None:
        return good
    if not has_graph(problem):
        raise ValueError(
            f"problem {problem.id!r} is not a story, and the oracle scores stories only: set labels: grader"
        )
    return good and all(
        step.label != "wrong" for step in oracle.judge(problem, scored.rollout.solution).steps
    )


def draw_pairs(right: int, wrong: int, pairs: int, seed: str) -> list[tuple[int, int]]:
    """Returns different pairs of a right and a wrong solution, by number; all there are where these are
    few."""
    chosen = random.Random(seed).sample(range(right * wrong), min(pairs, right * wrong))
    return [divmod(number, wrong) for number in chosen]


def question_row(judge: EvaluatorModel, entry: Sorted, solution: str, right: bool) -> Example | None:
    """Returns the row of the question about a solution; None where it does not fit whole."""
    encoded = judge.encode_solution(entry.problem, split_solution(solution).texts)
    row = None if encoded.dropped else training.labelled_row(encoded, [float(right)])
    return row.with_columns(problem=float(entry.number)) if row else None


def log_share(
    model: Any, batch: training.Batch, words: tuple[int, int], h_BTD: Tensor | None = None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Returns log S of every solution, [N, 1]."""
    logp_N2, where = training.word_logprobs(model, batch, words, h_BTD)
    return training.objectives.log_share(logp_N2[:, 0], logp_N2[:, 1])[:, None], where


def xent_loss(
    model: Any, batch: training.Batch, words: tuple[int, int], space: str, h_BTD: Tensor | None = None
) -> tuple[Tensor, Stats]:
    logp_N2, where = training.word_logprobs(model, batch, words, h_BTD)
    weight_N, wrong_N = batch.token["weight"][where], (batch.token["target"][where] < 0.5).long()
    right_N = logp_N2.gather(-1, wrong_N[:, None])[:, 0]
    other_N = logp_N2.gather(-1, 1 - wrong_N[:, None])[:, 0]
    value_N = right_N if space == "vocab" else training.objectives.log_share(right_N, other_N)
    return -(weight_N * value_N).sum(), {"right": (weight_N * (right_N > other_N)).sum().item()}


def margin_loss(
    model: Any, batch: training.Batch, words: tuple[int, int], h_BTD: Tensor | None = None
) -> tuple[Tensor, Stats]:
    """Returns the sum of w log S + its part of the constant: over a step, the mean of eq. 8."""
    share_N1, where = log_share(model, batch, words, h_BTD)
    value = (batch.token["weight"][where] * share_N1[:, 0]).sum()
    return value + batch.token["offset"][where].sum(), {}


def joint_loss(model: Any, batch: training.Batch, judging: Judging, alpha: float) -> tuple[Tensor, Stats]:
    """Returns both losses from one pass through the network."""
    h_BTD = training.hidden_states(model, batch)
    value, stats = judging(model, batch, h_BTD=h_BTD)
    weight_BT = batch.token["lm_weight"]
    logp_BT = training.logprobs_of(model, batch, h_BTD, weight_BT > 0)
    written = training.objectives.mle(logp_BT, weight_BT)
    stats = stats | {"judging": value.item(), "lm": written.item()}
    return training.objectives.joint(value, written, alpha), stats


def add_demonstrations(rows: Sequence[Example], by_problem: Mapping[int, Example]) -> list[Example]:
    """Adds to the weighted rows of a step the demonstrations of their problems, each token with weight 1 /
    trained tokens. by_problem: demonstrations by problem number, the row column `problem`."""
    written = [
        by_problem[n] for n in dict.fromkeys(int(row.columns["problem"]) for row in rows) if n in by_problem
    ]
    share = 1 / max(1, sum(sum(row.mask) for row in written))
    demonstrations = [
        Example(
            row.ids,
            row.mask,
            row.columns,
            {name: [0.0] * len(row.ids) for name in rows[0].token}
            | {"lm_weight": credit.scatter_trained(row.mask, share)},
        )
        for row in written
    ]
    return [*(row.with_token(lm_weight=[0.0] * len(row.ids)) for row in rows), *demonstrations]


Pair = tuple[Example, Example]
"""a right and a wrong solution of one problem"""


def weigh_pairs(pairs: Sequence[Pair], judge: EvaluatorModel, tokens: int) -> list[Example]:
    """Returns every solution of the pairs once, its weight the sum over the pairs whose margin is not met: -1
    / pairs where it is the right one, +1 / pairs where it is the wrong one."""
    rows = list({id(row): row for pair in pairs for row in pair}.values())
    index = {id(row): i for i, row in enumerate(rows)}
    share = training.score_rows(judge, rows, tokens, partial(log_share, words=judge.words))
    weight, offset = [0.0] * len(rows), [0.0] * len(rows)
    for right, wrong in ((index[id(r)], index[id(w)]) for r, w in pairs):
        if training.objectives.margin(share[right], share[wrong]).item() > 0:
            weight[right] -= 1 / len(pairs)
            weight[wrong] += 1 / len(pairs)
            offset[right] += training.objectives.MARGIN / len(pairs)
    return [
        row.with_token(weight=[w * r for r in row.token["read"]], offset=[o * r for r in row.token["read"]])
        for row, w, o in zip(rows, weight, offset, strict=True)
    ]


def solution_rows(run: training.Stage, judge: EvaluatorModel, data: Sequence[Sorted]) -> list[Example]:
    """Returns the rows of all solutions, for xent."""
    right = [question_row(judge, entry, text, True) for entry in data for text in entry.right]
    wrong = [question_row(judge, entry, text, False) for entry in data for text in entry.wrong]
    return orm.usable_rows(run, [*right, *wrong], "right and wrong rollouts")


def pair_rows(run: training.Stage, cfg: Config, judge: EvaluatorModel, data: Sequence[Sorted]) -> list[Pair]:
    """Returns the rows of pairs for the margin; a solution of several pairs is one row. Problems that are
    always or never solved give none, and are counted; so are pairs that are too long."""
    pairs: list[Pair] = []
    overlong = 0
    for entry in data:
        right = [question_row(judge, entry, x, True) for x in entry.right]
        wrong = [question_row(judge, entry, x, False) for x in entry.wrong]
        chosen = draw_pairs(len(right), len(wrong), cfg.pairs, f"{run.seed}/{entry.problem.id}")
        both = ((right[r], wrong[w]) for r, w in chosen)
        fit = [(r, w) for r, w in both if r is not None and w is not None]
        pairs += fit
        overlong += len(chosen) - len(fit)
    lone = sum(not (entry.right and entry.wrong) for entry in data)
    if lone:
        run.progress.warn(
            f"{lone} of {len(data)} problems have right or wrong solutions only, and give no pair"
        )
    if overlong:
        run.progress.warn(f"{overlong} pairs are longer than max_length: left out")
    if not pairs:
        raise ValueError(
            f"none of {len(data)} problems has both a right and a wrong solution within max_length: "
            "sample more rollouts, or choose problems of medium difficulty"
        )
    return pairs


def demonstration_rows(
    run: training.Stage, judge: EvaluatorModel, data: Sequence[Sorted], cfg: Config, style: str
) -> dict[int, Example]:
    """Returns the worked solutions by the numbers of their problems; raises ValueError where there are
    none."""
    usable = {problem.id for problem in usable_demonstrations([entry.problem for entry in data])[0]}
    have = [entry for entry in data if entry.problem.id in usable]
    rows = {entry.number: training.demonstration_row(judge.policy, entry.problem, style) for entry in have}
    fit = {number: row for number, row in rows.items() if len(row.ids) <= cfg.fit.max_length}
    if not fit:
        raise ValueError(
            f"joint: {cfg.joint:g} needs demonstrations, and none of {len(data)} problems has one of "
            f"at most max_length={cfg.fit.max_length} tokens: leave it out, or choose other problems"
        )
    if len(fit) < len(data):
        run.progress.warn(f"{len(data) - len(fit)} problems have no usable demonstration within max_length")
    return {number: row.with_columns(problem=float(number)) for number, row in fit.items()}


def train(run: training.Stage, cfg: Config, job: Job) -> EvaluatorModel:
    """Trains the stage's model, which is the generator in the paper, as an evaluator."""
    from numerate.models.evaluator import EvaluatorModel

    policy = job.load(job.model)
    judge = EvaluatorModel(policy, Card("evaluator", style=job.style, max_length=cfg.fit.max_length))
    # 1. right and wrong solutions of every problem
    oracle = Oracle() if cfg.labels == "oracle" else None
    data = [sort_solutions(group, oracle, number) for number, group in enumerate(job.rollouts(cfg.rollouts))]
    demonstrations = demonstration_rows(run, judge, data, cfg, job.style) if cfg.joint else {}
    # 2. one epoch of words, or of pairs; and of worked solutions beside them
    if cfg.objective == "xent":
        rows = solution_rows(run, judge, data)
        loss = partial(xent_loss, words=judge.words, space=cfg.space)
        return orm.fit_judge(
            run,
            cfg.fit,
            judge,
            rows,
            *judging_with_writing(loss, training.set_read_weights, demonstrations, cfg.joint),
        )
    pairs = pair_rows(run, cfg, judge, data)
    loss = partial(margin_loss, words=judge.words)
    weigh = partial(weigh_pairs, judge=judge, tokens=cfg.fit.micro_tokens)
    return orm.fit_judge(
        run, cfg.fit, judge, pairs, *judging_with_writing(loss, weigh, demonstrations, cfg.joint)
    )


def judging_with_writing(
    loss: Judging,
    weigh: Callable[[Sequence[orm.Row]], list[Example]],
    by_problem: Mapping[int, Example],
    alpha: float,
) -> tuple[Judging, Callable[[Sequence[orm.Row]], list[Example]]]:
    """Returns loss and weights of judging, or of judging and writing."""
    if not by_problem:
        return loss, weigh
    return partial(joint_loss, judging=loss, alpha=alpha), lambda rows: add_demonstrations(
        weigh(rows), by_problem
    )
