"""Sampling that is ahead of learning by at most one step (`sample.ahead`): rollouts of the next step start in
slots that are free before the last rollout of a step ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared.options import OnPolicyOptions
from numerate.methods.shared.sampling import params, round_folder
from numerate.processes import is_distributed
from numerate.prompts import render
from numerate.rollouts.started import STARTED, AheadEngine, StartedRollout, StepEngine, read_started
from numerate.types import Engine, Problem, Rollout, Scored, Stats

if TYPE_CHECKING:
    from numerate.rollouts.job import Job


class AheadSampling:
    """Engines of a stage's draws, each of which continues the rollouts that the draw before started."""

    def __init__(self, run: training.Stage, job: Job, cfg: OnPolicyOptions, engine: Engine) -> None:
        """Raises ValueError where sampling cannot be ahead of learning."""
        if message := cfg.ahead_conflict():
            raise ValueError(f"sample.ahead: {message}")
        if not isinstance(engine, AheadEngine):
            raise ValueError("sample.ahead: 1 needs engine kind: local, and a policy without tags or heads")
        if is_distributed():
            raise ValueError("sample.ahead: 1 is for one process: set it to 0, or start one process")
        self.run, self.job, self.cfg, self.engine = run, job, cfg, engine
        self.older: dict[tuple[str, int], StartedRollout] = {}
        """what the policy of the step before sampled of this step's rollouts"""

    def step_engine(self, draw: int, problems: Sequence[Problem], following: Sequence[Problem]) -> StepEngine:
        """Returns the engine of a draw. following: the problems of the draw after it. The last step of a
        stage starts none of them."""
        begun = read_started(self.path(draw - 1)) if draw else []
        older = [rollout for rollout in begun if rollout.step != self.run.round and rollout.sampled]
        assert all(rollout.step == self.run.round - 1 for rollout in older), "rollouts of two steps before"
        self.older |= {(rollout.problem_id, rollout.index): rollout for rollout in older}
        more = following if self.run.round + 1 < self.cfg.steps else ()
        prompts = [render(problem, self.job.style) for problem in more]
        then = params(self.cfg.sample, self.job, self.run.seed, draw + 1)
        return StepEngine(
            self.engine,
            begun,
            [problem.id for problem in problems],
            prompts,
            then,
            self.path(draw),
            self.run.round,
        )

    def path(self, draw: int) -> Path:
        return self.run.folder / "rollouts" / round_folder(draw) / STARTED

    def older_tokens(self, rollout: Rollout) -> int:
        """Returns the number of tokens of a rollout that the policy of the step before sampled."""
        started = self.older.get((rollout.problem_id, rollout.index))
        if started is None:
            return 0
        ids = [i for turn in rollout.completion_turns for i in turn.ids[: len(started.ids)]]
        return started.sampled if tuple(ids[: len(started.ids)]) == started.ids else 0

    def stats(self, rollouts: Iterable[Scored]) -> Stats:
        """Returns the share of tokens that the policy of the step before sampled, and ends the step."""
        older = total = 0
        for scored in rollouts:
            older += self.older_tokens(scored.rollout)
            total += sum(scored.rollout.mask)
        self.older = {}
        return {"rollouts/off_policy_share": older / max(1, total)}
