"""Supervised fine-tuning on step-by-step solutions (SSFT: Liu et al. 2023, arXiv:2310.10047, eq. 3;
hyper-parameters of Havrilla et al. 2024, arXiv:2403.04642, section 3).

L = - sum_t w_t log p(y_t | x, y_<t)        w_t = 1 / trained tokens of the optimizer step

The paper averages over a batch of solutions without saying per what; we average per token, so that long
solutions are not taught more weakly than short ones.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from numerate import training
from numerate.problems.consistency import demonstrations
from numerate.rollouts.job import Job
from numerate.typed import AtLeast0, AtLeast1, Betas, NotNegative, Positive, Share, config
from numerate.types import Example, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Lora, Policy

NEEDS = frozenset({"solution"})
LEAVES = frozenset({"policy"})
VERSION = 5


@config
class Config:
    epochs: AtLeast1 = 4
    """times that every row is seen"""
    batch: AtLeast1 = 128
    """rows per optimizer step at most: those of an epoch are spread evenly over its steps"""
    lr: Positive = 2e-5
    """peak learning rate; 10 to 50 times higher suits models under 10 M parameters"""
    final_lr: NotNegative = 2e-7
    """learning rate at the end of the cosine"""
    warmup: Share = 0.03
    """share of the steps with a rising learning rate"""
    betas: Betas = (0.9, 0.95)
    """AdamW's, per step; neither paper names any, and torch takes 0.9 and 0.999: 0.95 adapts within the few
    hundred steps of a fit"""
    weight_decay: NotNegative = 0.0
    """AdamW's, per step"""
    max_norm: Positive = 1.0
    """gradients are clipped to this norm"""
    max_steps: AtLeast1 | None = None
    """stop after so many optimizer steps; the schedule ends there"""
    max_length: AtLeast1 = 1024
    """tokens; longer rows are left out and counted"""
    micro_tokens: AtLeast1 = 2048
    """tokens held in memory at once; never changes the result"""
    head_mib: AtLeast1 = 256
    """MiB of logits that a micro-batch holds at once; never changes the result"""
    activation_checkpointing: Literal["auto", "on", "off"] = "auto"
    """compute every layer again in the backward pass instead of keeping what it computed; `auto` does where
    the memory would not suffice; never changes the result"""
    dropout: bool = False
    """learn with the dropout that the model's configuration has; the paper names none, and off a step is the
    same whatever its micro-batches"""
    lora_rank: AtLeast0 = 0
    """0 trains all weights; 8 to 128 trains low-rank adapters, merged when the model is saved"""
    lora_alpha: Positive | None = None
    """scale of the adapters, by default twice the rank"""
    validate_every: AtLeast0 = 0
    """epochs between validations; 0 never validates"""
    validation_limit: AtLeast1 | None = None
    """problems per validation; default all"""
    keep: Literal["last", "best"] = "last"
    """`last` or `best` by validation accuracy (needs validate_every); Liu et al. take the best, `last` is the
    default as a recipe need not have a validation set"""

    def __post_init__(self) -> None:
        if self.keep == "best" and not self.validate_every:
            raise ValueError("keep: best needs validate_every, the epochs between two validations")
        if self.validate_every > self.epochs:
            raise ValueError(
                f"validate_every: {self.validate_every} epochs of {self.epochs}, so it would never validate: "
                "1 does after every epoch"
            )


def loss(model: nn.Module, batch: training.Batch) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    return -(batch.token["weight"] * logp_BT).sum(), {}


def batches(count: int, size: int, step: int, seed: int) -> list[int]:
    """The rows of one optimizer step: every epoch is a new shuffle, spread evenly over its steps."""
    epoch, part = training.epoch_slice(count, size, step)
    order = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return order[part]


def fit(
    run: training.Stage,
    cfg: Config,
    policy: Policy,
    rows: Sequence[Example],
    validate: Callable[[Policy], float] | None = None,
    overlong: int = 0,
) -> Policy:
    """The loop, shared with every method that fine-tunes on chosen rows. overlong: rows that were left out,
    for the log. Returns the policy, trained in place."""
    per_epoch = math.ceil(len(rows) / cfg.batch)
    steps = min(per_epoch * cfg.epochs, cfg.max_steps or per_epoch * cfg.epochs)
    learner = training.Learner(
        policy,
        betas=cfg.betas,
        weight_decay=cfg.weight_decay,
        max_norm=cfg.max_norm,
        micro_tokens=cfg.micro_tokens,
        head_mib=cfg.head_mib,
        activation_checkpointing=cfg.activation_checkpointing,
        dropout=cfg.dropout,
    )
    for step in run.rounds(steps, learner, label="steps"):
        chosen = [rows[i] for i in batches(len(rows), cfg.batch, step, run.seed)]
        lr = training.cosine((step + 1) / steps, cfg.lr, cfg.final_lr, cfg.warmup)
        stats = learner.step(training.weigh(chosen, per="token"), loss, lr)
        stats = {f"train/{name}": value for name, value in stats.items()} | {"train/lr": lr}
        if step == 0:
            stats |= {"data/rows": float(len(rows)), "data/overlong": float(overlong)}
        epochs, rest = divmod(step + 1, per_epoch)
        if validate and cfg.validate_every and rest == 0 and epochs % cfg.validate_every == 0:
            stats["validation/accuracy"] = validate(policy)
            remember_best(run, policy, stats["validation/accuracy"], cfg)
        run.log(stats)
    if cfg.keep == "best" and "best" in run.facts:
        policy.reload(run.folder / "best")
    return policy


def remember_best(run: training.Stage, policy: Policy, accuracy: float, cfg: Config) -> None:
    if cfg.keep == "best" and accuracy > run.facts.get("best", -1.0):
        run.facts["best"] = accuracy
        run.save(policy, "best")


def adapters(cfg: Config) -> Lora | None:
    from numerate.models.policy import Lora

    if not cfg.lora_rank:
        return None
    return Lora(r=cfg.lora_rank, alpha=cfg.lora_alpha or 2 * cfg.lora_rank)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    """Fine-tune the stage's model on the reference solutions of its problems."""
    if cfg.validate_every and not job.validation:
        raise ValueError(
            "validate_every is set, but the recipe has no problem set named `validation`: add one"
        )
    problems, others = demonstrations(job.problems)
    if not problems:
        raise ValueError(f"there is no worked solution to learn from: {others}; take other problems")
    if others:
        run.progress.warn(others)
    policy = job.load(job.model)
    rows, overlong = training.fitting(
        (training.worked(policy, problem, job.style) for problem in problems), cfg.max_length
    )
    if not rows:
        raise ValueError(
            f"all {overlong} solutions are longer than max_length={cfg.max_length} tokens: raise it"
        )
    if overlong:
        run.progress.warn(
            f"{overlong} of {overlong + len(rows)} rows are longer than {cfg.max_length} tokens: left out"
        )
    policy.adapt(adapters(cfg))
    validate = (lambda p: job.validate(run, p, cfg.validation_limit)) if job.validation else None
    return fit(run, cfg, policy, rows, validate, overlong)
