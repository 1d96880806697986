"""Stepwise outcome reward model (SORM: GLoRe, arXiv:2402.10963; Havrilla et al. 2024, arXiv:2403.04642).

p_k = sigmoid(w . h_k)
L   = - mean_k [ c_k log p_k + (1 - c_k) log (1 - p_k) ]     c_k = V*(q, s_1 .. s_k)

The loss is that of the outcome model. What differs is the label, which step_labels finds by sampling: whether
the steps so far can still reach the answer, instead of whether this rollout did. And it is no process label:
after an error c stays 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import training
from numerate.methods import outcome_reward_model as orm
from numerate.methods.process_reward_model import label_steps, labelled_rows
from numerate.methods.shared.options import JudgeFit
from numerate.models.judge_config import Card, Reads
from numerate.options import RolloutsName, config

if TYPE_CHECKING:
    from numerate.models.reward_model import ScoreModel
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"judge", "step_judge"})
VERSION = 2


def needs_step_labels(cfg: Config) -> bool:
    return True


@config
class Config:
    rollouts: RolloutsName
    """stage of method step_labels with the labelled rollouts to train on"""
    encoder: str | None = None
    """encoder (BERT, DeBERTa) as the initial model, in place of the stage's: a directory or a hub id"""
    reads: Reads = "whole"
    """input of an encoder for the score of a step, in training and later: `prefixes`, the solution up to that
    step, one row per step; `whole`, all of it"""
    fit: JudgeFit = orm.FIT
    """optimization of the reward model"""


def train(run: training.Stage, cfg: Config, job: Job) -> ScoreModel:
    """Trains on the rollouts that an earlier stage labelled."""
    # 1. labelled steps
    data = list(label_steps(job.rollouts(cfg.rollouts), "stored"))
    # 2. rows
    encoder = bool(cfg.encoder)
    card = Card(
        "stepwise-outcome",
        encoder=encoder,
        reads=cfg.reads,
        style=job.style,
        max_length=cfg.fit.max_length,
    )
    judge = orm.make_judge(job, card, cfg.encoder)
    rows = labelled_rows(judge, data, 2, "drop")
    # 3. fit
    rows = orm.usable_rows(run, rows, "steps that succeed and steps that don't")
    return orm.fit_judge(run, cfg.fit, judge, rows, orm.loss, training.set_read_weights)
