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

import math
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from numerate import training
from numerate.judges.cut import cut
from numerate.models.card import Card
from numerate.models.options import Lora
from numerate.rollouts.job import Job
from numerate.rollouts.stored import without_repeats
from numerate.typed import AtLeast0, AtLeast1, Betas, NotNegative, Positive, RolloutsName, Share, config
from numerate.types import Example, Group, Marked, Stats

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.evaluator import EvaluatorModel
    from numerate.models.scorer import Laid, ScoreModel

    Loss = Callable[[Any, training.Batch], tuple[Tensor, Stats]]

NEEDS = frozenset[str]()
LEAVES = frozenset({"judge"})
VERSION = 2
At = Literal["steps", "last", "tokens"]
Row = TypeVar("Row", bound="Example | tuple[Example, ...]")
Judge = TypeVar("Judge", "ScoreModel", "EvaluatorModel")


@config
class Fit:
    epochs: AtLeast1 = 2
    """times that every row is seen"""
    batch: AtLeast1 = 32
    """solutions per optimizer step at most: those of an epoch are spread evenly over its steps"""
    lr: Positive = 1e-5
    """peak learning rate; 10 to 50 times higher suits models under 10 M parameters"""
    final_lr: NotNegative = 0.0
    """learning rate at the end of the cosine"""
    warmup: Share = 0.1
    """share of the steps with a rising learning rate"""
    betas: Betas = (0.9, 0.95)
    """AdamW's, per step; the papers name none, and torch takes 0.9 and 0.999: 0.95 adapts within the few
    hundred steps of a fit"""
    weight_decay: NotNegative = 0.0
    """AdamW's, per step"""
    max_norm: Positive = 1.0
    """gradients are clipped to this norm"""
    max_length: AtLeast1 = 512
    """tokens; late steps beyond are dropped whole, and counted"""
    micro_tokens: AtLeast1 = 2048
    """tokens held in memory at once; never changes the result"""
    dropout: bool = False
    """learn with the dropout that the model's configuration has, as Cobbe et al. do (0.2, on the residual
    stream); off, a step is the same whatever its micro-batches"""
    lora_rank: AtLeast0 = 0
    """0 trains all weights; 8 to 128 trains low-rank adapters, merged when the judge is saved"""
    lora_alpha: Positive | None = None
    """scale of the adapters, by default twice the rank"""
    together: bool = False
    """solutions of a problem go into the same step, which then reads the problem once"""


@config
class Config:
    rollouts: RolloutsName
    """the stage whose stored attempts are the data"""
    at: At = "steps"
    """where the outcome is predicted: at the ends of steps, at the end only, or after every token"""
    likelihood: bool = False
    """the head also sees how likely the solution is to the judge's own language model"""
    encoder: str | None = None
    """an encoder (BERT, DeBERTa) to start from in place of the stage's model: a directory or a hub id"""
    fit: Fit = Fit()
    """how the judge is trained"""


def outcomes(groups: Sequence[Group]) -> list[Marked]:
    """Every attempt with its final correctness at all of its steps; one that could not be graded, or has no
    text, is left out."""
    found: list[Marked] = []
    for group in map(without_repeats, groups):
        for scored in group.attempts:
            texts = cut(scored.rollout.solution).texts
            if texts and scored.reward.value is not None:
                label = 1 if scored.reward.value >= 1 else -1
                found.append(Marked(group.problem, texts, (label,) * len(texts)))
    return found


def row(laid: Laid, labels: Sequence[int | None], at: At) -> Example | None:
    """The outcome asked where `at` says. A solution that was cut short has no end to be asked at."""
    targets = [None if label is None else float(label > 0) for label in labels]
    if at == "tokens" and laid.ends and targets[0] is not None:
        places = range(laid.prompt, laid.ends[-1] + 1)
        return training.asking(laid, dict.fromkeys(places, targets[0]))
    if at == "last":
        targets = [None] * (len(targets) - 1) + targets[-1:]
    return training.labelled(laid, targets)


def loss(model: Any, batch: training.Batch) -> tuple[Tensor, Stats]:
    logits_NC, where = training.readings(model, batch)
    weight_N, target_N = batch.token["weight"][where], batch.token["target"][where]
    right_N = (logits_NC[:, 0] > 0) == (target_N > 0.5)
    value = training.objectives.binary(logits_NC[:, 0], target_N, weight_N)
    return value, {"right": (weight_N * right_N).sum().item()}


def fit(
    run: training.Stage,
    cfg: Fit,
    judge: Judge,
    rows: Sequence[Row],
    loss: Loss,
    weigh: Callable[[Sequence[Row]], list[Example]],
) -> Judge:
    """The loop, shared with every method that trains a judge. weigh: what an optimizer step learns from, its
    denominators in it. Returns the judge, trained in place."""
    judge.adapt(adapters(cfg))
    bundles = by_problem(rows) if cfg.together else [[i] for i in range(len(rows))]
    steps = math.ceil(len(rows) / cfg.batch) * cfg.epochs
    learner = training.Learner(
        judge,
        betas=cfg.betas,
        weight_decay=cfg.weight_decay,
        max_norm=cfg.max_norm,
        micro_tokens=cfg.micro_tokens,
        packed=False if judge.card.encoder else None,
        dropout=cfg.dropout,
    )
    for step in run.rounds(steps, learner, label="steps"):
        chosen = [rows[i] for i in neighbours(bundles, cfg.batch, step, run.seed)]
        lr = training.cosine((step + 1) / steps, cfg.lr, cfg.final_lr, cfg.warmup)
        stats = learner.step(weigh(chosen), loss, lr)
        run.log({f"train/{name}": number for name, number in stats.items()} | {"train/lr": lr})
    return judge


def by_problem(rows: Sequence[Example | tuple[Example, ...]]) -> list[list[int]]:
    """The numbers of the rows, or of pairs of rows, those at the same problem together."""
    found: dict[tuple[int, ...], list[int]] = {}
    for i, row in enumerate(rows):
        found.setdefault(training.prompt_of(row[0] if isinstance(row, tuple) else row), []).append(i)
    return list(found.values())


def neighbours(bundles: Sequence[Sequence[int]], size: int, step: int, seed: int) -> list[int]:
    """The rows of one optimizer step: every epoch shuffles the bundles anew, lays them one after the other
    and spreads them evenly over its steps."""
    epoch, part = training.epoch_slice(sum(map(len, bundles)), size, step)
    order = list(bundles)
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return [i for bundle in order for i in bundle][part]


def adapters(cfg: Fit) -> Lora | None:
    return Lora(r=cfg.lora_rank, alpha=cfg.lora_alpha or 2 * cfg.lora_rank) if cfg.lora_rank else None


def begin(job: Job, card: Card, encoder: str | None) -> ScoreModel:
    """The untrained judge: on the stage's model, or on an encoder."""
    from numerate.models import scorer

    if encoder:
        return scorer.on_encoder(encoder, card, device=job.device, dtype=job.dtype)
    return scorer.on_policy(job.load(job.model), card)


def usable(run: training.Stage, rows: Sequence[Example | None], what: str) -> list[Example]:
    """The rows that have something to learn. Raises ValueError where all of them say the same."""
    if not rows:
        raise ValueError(f"none of the solutions has a step to be judged, or a label: give it {what}")
    found, empty = training.kept(rows)
    seen = {t for row in found for t, r in zip(row.token["target"], row.token["read"], strict=True) if r}
    if len(seen) < 2:
        said = "have no label" if not seen else f"carry the same label ({seen.pop():g})"
        raise ValueError(
            f"all {len(rows)} solutions {said}, and a judge learns from the difference: give it {what}"
        )
    if empty:
        run.progress.warn(f"{empty} of {len(rows)} solutions have no judged step within max_length: left out")
    return found


def train(run: training.Stage, cfg: Config, job: Job) -> ScoreModel:
    """Train on the graded attempts of an earlier stage."""
    # 1. attempts with their outcomes
    data = outcomes(job.attempts(cfg.rollouts))
    # 2. the outcome, asked at every prefix
    card = Card(
        "outcome",
        likelihood=cfg.likelihood,
        encoder=bool(cfg.encoder),
        reads="prefixes" if cfg.at == "last" else "whole",
        style=job.style,
        max_length=cfg.fit.max_length,
    )
    judge = begin(job, card, cfg.encoder)
    rows = [row(judge.lay(one.problem, one.steps), one.labels, cfg.at) for one in data]
    # 3. fit
    rows = usable(run, rows, "right and wrong attempts")
    return fit(run, cfg.fit, judge, rows, loss, training.weigh_reads)
