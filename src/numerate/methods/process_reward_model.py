"""Process reward model (PRM: Uesato et al. 2022, arXiv:2211.14275; Lightman et al. 2023, arXiv:2305.20050;
as the reward of arXiv:2311.05821).

two classes     p_k = sigmoid(w . h_k)                     L = mean_k BCE(p_k, label_k)
three classes   q_k = softmax(W h_k) over (-1, 0, +1)      L = - mean_k log q_k[label_k]
                p_k = q_k[+1] + q_k[0] where a neutral step counts as right

h_k is the hidden state at the end of step k; the mean is over all labelled steps of an optimizer step. Every
labelled alternative of a step is a row of its own, with its history: [[A, B, C] chose A], [D], [[E, F]] gives
A | B | C | A D | A D E | A D F. The papers predict a rating as a token of the vocabulary; we put a linear
head in its place. They give no settings of their optimizers: those here are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from numerate import training
from numerate.judges.oracle import Oracle, has_graph
from numerate.judges.step_split import split_solution
from numerate.methods import outcome_reward_model as orm
from numerate.methods.shared.options import JudgeFit
from numerate.models.judge_config import Aggregation, Card, Neutral, Reads
from numerate.options import AtLeast1, RolloutsName, config
from numerate.problems.labelled import labelled_steps
from numerate.rollouts.load_rollouts import without_repeats
from numerate.types import Example, Group, LabelledSolution, Stats, Verdict

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.reward_model import ScoreModel
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"judge", "step_judge"})
VERSION = 3
RATING: dict[Verdict, int] = {"right": 1, "unverifiable": 0, "wrong": -1}


def needs_step_labels(cfg: Config) -> bool:
    return cfg.rollouts is not None and cfg.labels == "stored"


@config
class Config:
    rollouts: RolloutsName | None = None
    """stage with the rollouts to train on"""
    marked: str | None = None
    """in place of rollouts: a set of labelled steps, such as prm800k/train-phase1, math_shepherd/train or a
    JSONL file"""
    marked_limit: AtLeast1 | None = None
    """number of labelled solutions of that set, a fixed choice"""
    labels: Literal["oracle", "stored"] = "oracle"
    """source of the step labels of rollouts: the oracle of the stories, or the labels stored with the
    rollouts"""
    classes: Literal[2, 3] = 2
    """2: right and wrong; 3: also neutral"""
    neutral: Neutral = "positive"
    """use of neutral steps, as right, as wrong, or left out: in the labels of two classes, in the score of
    three"""
    aggregate: Aggregation = "prod"
    """default aggregation of a solution's step scores"""
    likelihood: bool = False
    """also feed the head the steps' log-probabilities under the reward model's own language model"""
    encoder: str | None = None
    """encoder (BERT, DeBERTa) as the initial model, in place of the stage's: a directory or a hub id"""
    reads: Reads | None = None
    """input of an encoder for the score of a step, in training and later: `prefixes`, the solution up to that
    step, one row per labelled step; `whole`, all of it; null: prefixes for sets with labels of last steps
    only (PRM800K), else whole"""
    fit: JudgeFit = orm.FIT
    """optimization of the reward model"""


def label_steps(groups: Sequence[Group], labels: str) -> Iterator[LabelledSolution]:
    """Yields the steps of every rollout, each text once, with the oracle's or the stored labels.

    Raises ValueError where they say nothing."""
    oracle = Oracle()
    for group in map(without_repeats, groups):
        problem = group.problem
        if labels == "oracle" and not has_graph(problem):
            raise ValueError(
                f"problem {problem.id!r} is not a story, and the oracle labels stories only: set "
                "labels: stored"
            )
        for rollout in (scored.rollout for scored in group.rollouts):
            steps = oracle.judge(problem, rollout.solution).steps if labels == "oracle" else rollout.steps
            if steps:
                ratings = tuple(RATING[step.label] if step.label else None for step in steps)
                yield LabelledSolution(problem, split_solution(rollout.solution, steps).texts, ratings)


def head_targets(labels: Iterable[int | None], classes: int, neutral: Neutral) -> list[float | None]:
    """Returns the targets of the head: the rating itself, or 1 and 0."""
    if classes == 3:
        return [None if label is None else float(label) for label in labels]
    meaning = {1: 1.0, -1: 0.0, 0: {"positive": 1.0, "negative": 0.0, "drop": None}[neutral], None: None}
    return [meaning[label] for label in labels]


def reading_mode(data: Sequence[LabelledSolution], reads: Reads | None, encoder: bool) -> Reads:
    """Returns what a judge of these solutions reads when it scores a step. Raises ValueError where an encoder
    that reads whole solutions would have learned their last steps only."""
    ends_only = not any(label is not None for solution in data for label in solution.labels[:-1])
    if encoder and reads == "whole" and ends_only and any(len(solution.steps) > 1 for solution in data):
        raise ValueError(
            f"reads: whole needs labels before the last step, and none of {len(data)} solutions has "
            "one: set reads: prefixes"
        )
    return reads or ("prefixes" if ends_only else "whole")


def labelled_rows(
    judge: ScoreModel, data: Sequence[LabelledSolution], classes: int, neutral: Neutral
) -> list[Example | None]:
    """Returns the rows of labelled solutions, as the judge's card says that it reads them."""
    return [
        row
        for solution in data
        for row in training.labelled_steps(
            judge.card,
            judge.encode_solution(solution.problem, solution.steps),
            head_targets(solution.labels, classes, neutral),
        )
    ]


def loss(model: Any, batch: training.Batch, classes: int) -> tuple[Tensor, Stats]:
    if classes == 2:
        return orm.loss(model, batch)
    logits_N3, where = training.head_logits(model, batch)
    weight_N, rating_N = batch.token["weight"][where], batch.token["target"][where]
    right_N = logits_N3.argmax(-1) - 1 == rating_N
    value = training.objectives.ratings(logits_N3, rating_N, weight_N)
    return value, {"right": (weight_N * right_N).sum().item()}


def fit_step_judge(
    run: training.Stage, cfg: Config, job: Job, data: Iterable[LabelledSolution]
) -> ScoreModel:
    """Trains on labelled steps from any source."""
    data = list(data)
    card = Card(
        "process",
        classes=3 if cfg.classes == 3 else 1,
        neutral=cfg.neutral,
        aggregation=cfg.aggregate,
        likelihood=cfg.likelihood,
        encoder=bool(cfg.encoder),
        reads=reading_mode(data, cfg.reads, bool(cfg.encoder)),
        style=job.style,
        max_length=cfg.fit.max_length,
    )
    judge = orm.make_judge(job, card, cfg.encoder)
    rows = labelled_rows(judge, data, cfg.classes, cfg.neutral)
    rows = orm.usable_rows(run, rows, "right and wrong steps")
    return orm.fit_judge(
        run, cfg.fit, judge, rows, partial(loss, classes=cfg.classes), training.set_read_weights
    )


def train(run: training.Stage, cfg: Config, job: Job) -> ScoreModel:
    """Trains on the rollouts of an earlier stage, or on a set of labelled steps."""
    if cfg.marked is not None:
        paths = bool(cfg.encoder) and cfg.reads == "whole"
        return fit_step_judge(
            run, cfg, job, labelled_steps.load(cfg.marked, limit=cfg.marked_limit, paths=paths)
        )
    if cfg.rollouts is None:
        raise ValueError("a process reward model needs training data: set rollouts or marked, not both")
    return fit_step_judge(run, cfg, job, label_steps(job.rollouts(cfg.rollouts), cfg.labels))
