"""The best model of a stage, by its validation accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate.methods.shared.options import Validate
from numerate.rollouts.job import Job

if TYPE_CHECKING:
    from numerate import training
    from numerate.models.policy import Policy
    from numerate.training.stage import Savable


def keep_best(run: training.Stage, policy: Savable, accuracy: float, cfg: Validate) -> None:
    """Saves the policy in `best` where it is kept by its accuracy and none before was as good."""
    if cfg.keep == "best" and accuracy > run.state.get("best", -1.0):
        run.state["best"] = accuracy
        run.save(policy, "best")


def result(run: training.Stage, job: Job, policy: Policy, cfg: Validate) -> Policy:
    """Returns the policy that the stage leaves: the last one, or the best."""
    return job.load_dir(run.folder / "best") if cfg.keep == "best" and "best" in run.state else policy
