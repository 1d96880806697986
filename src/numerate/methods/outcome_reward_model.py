"""Outcome reward model (ORM: Cobbe et al. 2021, arXiv:2110.14168; Havrilla et al. 2024, arXiv:2403.04642,
section 3; one of the two reward models of arXiv:2311.05821).

p_k = sigmoid(w . h_k)         h_k: hidden state at the end of step k
L   = - mean_k [ c log p_k + (1 - c) log (1 - p_k) ]      c = 1[final answer right], the same for all k

Havrilla et al. predict the outcome from every prefix; we ask at the ends of steps, where a judge is read
later (`at: tokens` asks after every token, `at: last` at the end only, as arXiv:2311.05821). Neither paper
gives its optimizer: the settings are ours. Texts that repeat count once.

`likelihood`: p_k = sigmoid(w . h_k + a log pi(y_1 .. y_k | x) + b log pi(y_k | x, y_1 .. y_k-1)), with the
judge's own language model pi, trained through the two terms as well. Yuan et al. 2024 (arXiv:2412.01981)
train sigmoid(a log pi / pi_ref) on outcomes; we keep the head, and what pi believed before.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from numerate import training
from numerate.judges.step_split import SplitSolution, split_solution
from numerate.methods.shared.options import JudgeFit
from numerate.models.judge_config import Card
from numerate.options import RolloutsName, config
from numerate.rollouts.load_rollouts import without_repeats
from numerate.types import Example, Group, LabelledSolution, Rollout, Stats

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.evaluator import EvaluatorModel
    from numerate.models.reward_model import EncodedSolution, ScoreModel

    Loss = Callable[[Any, training.Batch], tuple[Tensor, Stats]]
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"judge"})
VERSION = 2
FIT = JudgeFit(epochs=2, batch=32, lr=1e-5, final_lr=0.0, warmup=0.1, max_length=512)
At = Literal["steps", "last", "tokens"]
Row = TypeVar("Row", bound="Example | tuple[Example, ...]")
Judge = TypeVar("Judge", "ScoreModel", "EvaluatorModel")
OUTPUTS = "outputs"
"""key of `LabelledSolution.meta`: see `output_starts`"""


@config
class Config:
    rollouts: RolloutsName
    """stage with the rollouts to train on"""
    at: At = "steps"
    """positions of the prediction: the ends of steps, the end of the solution, or every token"""
    likelihood: bool = False
    """also feed the head the solution's log-probability under the reward model's own language model"""
    encoder: str | None = None
    """encoder (BERT, DeBERTa) as the initial model, in place of the stage's: a directory or a hub id"""
    fit: JudgeFit = FIT
    """optimization of the reward model"""


def label_outcomes(groups: Sequence[Group]) -> list[LabelledSolution]:
    """Returns every rollout with its final correctness at all of its steps; one that could not be graded, or
    has no text, is left out."""
    labelled: list[LabelledSolution] = []
    for group in map(without_repeats, groups):
        for scored in group.rollouts:
            solution = split_solution(scored.rollout.solution)
            if solution.texts and scored.reward.value is not None:
                labels = (1 if scored.reward.value >= 1 else -1,) * len(solution.texts)
                meta = {OUTPUTS: output_starts(scored.rollout, solution)}
                labelled.append(LabelledSolution(group.problem, solution.texts, labels, meta=meta))
    return labelled


def output_starts(rollout: Rollout, solution: SplitSolution) -> list[tuple[int, int]]:
    """Returns the steps that a tool wrote, whole or from a character of their text on: index, character."""
    at, starts = len(rollout.prefix), list[tuple[int, int]]()
    for turn in rollout.completion_turns:
        first, last = at + len(turn.text) - len(turn.text.lstrip()), at + len(turn.text.rstrip())
        for index, step in enumerate(solution.steps if turn.role == "tool" else ()):
            if step.start < last and step.end > first:
                starts.append((index, max(0, first - step.start)))
        at += len(turn.text)
    return starts


def outcome_row(encoded: EncodedSolution, labels: Sequence[int | None], at: At) -> Example | None:
    """Returns the row of an outcome, whose score is read where `at` says; None for a truncated solution,
    which has no end to read it at."""
    targets = [None if label is None else float(label > 0) for label in labels]
    if at == "tokens" and encoded.ends and targets[0] is not None:
        places = range(encoded.prompt, encoded.ends[-1] + 1)
        return training.score_row(encoded, dict.fromkeys(places, targets[0]))
    if at == "last":
        targets = [None] * (len(targets) - 1) + targets[-1:]
    return training.labelled_row(encoded, targets)


def loss(model: Any, batch: training.Batch) -> tuple[Tensor, Stats]:
    logits_NC, where = training.head_logits(model, batch)
    weight_N, target_N = batch.token["weight"][where], batch.token["target"][where]
    right_N = (logits_NC[:, 0] > 0) == (target_N > 0.5)
    value = training.objectives.binary(logits_NC[:, 0], target_N, weight_N)
    return value, {"right": (weight_N * right_N).sum().item()}


def fit_judge(
    run: training.Stage,
    cfg: JudgeFit,
    judge: Judge,
    rows: Sequence[Row],
    loss: Loss,
    weigh: Callable[[Sequence[Row]], list[Example]],
) -> Judge:
    """Fits a judge: the loop of every method that trains one. weigh: selects the rows of an optimizer step,
    with their denominators. Returns the judge, trained in place."""
    judge.adapt(cfg.adapters())
    bundles = by_problem(rows) if cfg.together else [[i] for i in range(len(rows))]
    per_epoch = cfg.steps_per_pass(len(rows))
    steps = min(per_epoch * cfg.epochs, cfg.max_steps or per_epoch * cfg.epochs)
    packed = False if judge.card.encoder else None
    learner = training.Learner(judge, packed=packed, **cfg.learner_options())
    if steps == 1 and (note := cfg.single_step_note()):
        run.progress.warn(note)
    for step in run.rounds(steps, learner, label="steps"):
        chosen = [rows[i] for i in step_rows(bundles, per_epoch, step, run.seed)]
        lr = training.cosine((step + 1) / steps, cfg.lr, cfg.rate_at_end(), cfg.warmup)
        stats = learner.step(weigh(chosen), loss, lr)
        run.log({f"train/{name}": number for name, number in stats.items()} | {"train/lr": lr})
    return judge


def by_problem(rows: Sequence[Example | tuple[Example, ...]]) -> list[list[int]]:
    """Returns the numbers of the rows, or of pairs of rows, those at the same problem together."""
    indices: dict[tuple[int, ...], list[int]] = {}
    for i, row in enumerate(rows):
        indices.setdefault(training.prompt_of(row[0] if isinstance(row, tuple) else row), []).append(i)
    return list(indices.values())


def step_rows(bundles: Sequence[Sequence[int]], parts: int, step: int, seed: int) -> list[int]:
    """Returns the rows of one optimizer step, of `parts` per epoch: every epoch shuffles the bundles anew,
    lays them one after the other and spreads them evenly over its steps."""
    epoch, part = training.epoch_slice(sum(map(len, bundles)), parts, step)
    order = list(bundles)
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return [i for bundle in order for i in bundle][part]


def make_judge(job: Job, card: Card, encoder: str | None) -> ScoreModel:
    """Returns the untrained judge: on the stage's model, or on an encoder."""
    from numerate.models import reward_model

    if encoder:
        return reward_model.on_encoder(encoder, card, device=job.device, dtype=job.dtype)
    return reward_model.on_policy(job.load(job.model), card)


def usable_rows(run: training.Stage, rows: Sequence[Example | None], what: str) -> list[Example]:
    """Returns the rows with labels to learn. Raises ValueError where all labels are the same."""
    if not rows:
        raise ValueError(f"none of the solutions has a labelled step: provide {what}")
    kept, empty = training.keep_rows(rows)
    seen = {t for row in kept for t, r in zip(row.token["target"], row.token["read"], strict=True) if r}
    if len(seen) < 2:
        fault = "have no label" if not seen else f"carry the same label ({seen.pop():g})"
        raise ValueError(
            f"all {len(rows)} solutions {fault}, and a reward model needs both labels: provide {what}"
        )
    if empty:
        run.progress.warn(
            f"{empty} of {len(rows)} solutions have no labelled step within max_length: left out"
        )
    return kept


def train(run: training.Stage, cfg: Config, job: Job) -> ScoreModel:
    """Trains on the graded rollouts of an earlier stage."""
    # 1. rollouts with their outcomes
    data = label_outcomes(job.rollouts(cfg.rollouts))
    # 2. the outcome, read at every prefix
    card = Card(
        "outcome",
        likelihood=cfg.likelihood,
        encoder=bool(cfg.encoder),
        reads="prefixes" if cfg.at == "last" else "whole",
        style=job.style,
        max_length=cfg.fit.max_length,
    )
    judge = make_judge(job, card, cfg.encoder)
    rows = [
        outcome_row(judge.encode_solution(solution.problem, solution.steps), solution.labels, cfg.at)
        for solution in data
    ]
    # 3. fit
    rows = usable_rows(run, rows, "right and wrong rollouts")
    return fit_judge(run, cfg.fit, judge, rows, loss, training.set_read_weights)
