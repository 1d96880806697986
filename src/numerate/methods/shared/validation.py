"""Validation during a stage, and its best model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate.methods.shared.options import Validate
from numerate.types import Engine, Stats

if TYPE_CHECKING:
    from numerate import training
    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job
    from numerate.training.stage import Savable


def validate(
    run: training.Stage,
    job: Job,
    policy: Policy,
    cfg: Validate,
    engine: Engine | None = None,
    saved: Savable | None = None,
) -> Stats:
    """Returns the validation accuracy of a policy. Where the best is kept and none before was as good, saves
    it in `best`. engine: one that has its weights; saved: what is saved in place of the policy."""
    accuracy = job.validate(run, policy, cfg.limit, engine)
    if cfg.keep == "best" and accuracy > run.state.get("best", -1.0):
        run.state["best"] = accuracy
        run.save(saved or policy, "best")
    return {"validation/accuracy": accuracy}


def has_best(run: training.Stage, cfg: Validate) -> bool:
    """Checks whether the stage leaves the model in `best` in place of the last one."""
    return cfg.keep == "best" and "best" in run.state
