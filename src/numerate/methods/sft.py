"""Supervised fine-tuning on step-by-step solutions (SSFT: Liu et al. 2023, arXiv:2310.10047, eq. 3;
hyper-parameters of Havrilla et al. 2024, arXiv:2403.04642, section 3).

L = - sum_t w_t log p(y_t | x, y_<t)        w_t = 1 / trained tokens of the optimizer step

The paper averages over a batch of solutions without saying per what; we average per token, so that long
solutions are not taught more weakly than short ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared import validation
from numerate.methods.shared.options import RowFit, Validate
from numerate.options import config
from numerate.problems.consistency import usable_demonstrations
from numerate.types import Example, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job

NEEDS = frozenset({"solution"})
LEAVES = frozenset({"policy"})
VERSION = 5
NEVER = Validate()


@config
class Config:
    fit: RowFit = RowFit(epochs=4, batch=128, lr=2e-5, final_lr=2e-7, warmup=0.03)
    """optimization"""
    validate: Validate = Validate()
    """greedy accuracy on the problem set `validation`, after so many epochs"""

    def __post_init__(self) -> None:
        every, epochs = self.validate.every, self.fit.epochs
        if every > epochs:
            raise ValueError(
                f"validate.every: {every} is larger than fit.epochs: {epochs}, so no validation is "
                "due: set 1 for every epoch"
            )


def loss(model: nn.Module, batch: training.Batch) -> tuple[Tensor, Stats]:
    logp_BT = training.token_logprobs(model, batch)
    return -(batch.token["weight"] * logp_BT).sum(), {}


def fit_rows(
    run: training.Stage,
    cfg: RowFit,
    policy: Policy,
    rows: Sequence[Example],
    validate: Validate = NEVER,
    job: Job | None = None,
    overlong: int = 0,
) -> Policy:
    """Fits a policy: the loop of every method that fine-tunes on selected rows. job: has the validation
    problems; overlong: number of rows that were left out, for the log. Returns the policy, trained in
    place."""
    policy.add_lora(cfg.adapters())
    per_epoch = cfg.steps_per_pass(len(rows))
    steps = min(per_epoch * cfg.epochs, cfg.max_steps or per_epoch * cfg.epochs)
    learner = training.Learner(policy, **cfg.learner_options())
    if steps == 1 and (note := cfg.single_step_note()):
        run.progress.warn(note)
    for step in run.rounds(steps, learner, label="steps"):
        chosen = [rows[i] for i in training.minibatch(len(rows), per_epoch, step, run.seed)]
        lr = training.cosine((step + 1) / steps, cfg.lr, cfg.rate_at_end(), cfg.warmup)
        stats = learner.step(training.set_loss_weights(chosen, per="token"), loss, lr)
        stats = {f"train/{name}": value for name, value in stats.items()} | {"train/lr": lr}
        if step == 0:
            stats |= {"data/rows": float(len(rows)), "data/overlong": float(overlong)}
        epochs, rest = divmod(step + 1, per_epoch)
        if job and rest == 0 and validate.due(epochs):
            stats |= validation.validate(run, job, policy, validate)
        run.log(stats)
    if validation.has_best(run, validate):
        policy.reload(run.folder / "best")
    return policy


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    """Fine-tunes the stage's model on the reference solutions of its problems."""
    cfg.validate.require(job.validation)
    problems, others = usable_demonstrations(job.problems)
    if not problems:
        raise ValueError(f"there are no demonstrations: {others}; choose other problems")
    if others:
        run.progress.warn(others)
    policy = job.load(job.model)
    rows, overlong = training.drop_overlong(
        (training.demonstration_row(policy, problem, job.style) for problem in problems), cfg.fit.max_length
    )
    if not rows:
        raise ValueError(
            f"all {overlong} solutions are longer than fit.max_length={cfg.fit.max_length} tokens: raise it"
        )
    if overlong:
        run.progress.say(
            f"{overlong} of {overlong + len(rows)} rows are longer than {cfg.fit.max_length} tokens: left out"
        )
    return fit_rows(run, cfg.fit, policy, rows, cfg.validate, job, overlong)
