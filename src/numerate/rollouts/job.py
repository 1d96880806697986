"""The job of a method: the problems, models, engine and options that it works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from numerate.rollouts.collect import Reward, collect, greedy_accuracy
from numerate.rollouts.load_rollouts import load_groups
from numerate.types import Engine, Group, Problem, Sampling

if TYPE_CHECKING:
    from numerate.models.policy import Dtype, Policy
    from numerate.training import Stage


def no_stages(name: str) -> Path:
    raise ValueError(f"there is no stage {name!r} beside this job")


@dataclass(frozen=True)
class Job:
    model: str
    """the model that the stage starts from: `base` or an earlier stage"""
    problems: Sequence[Problem]
    validation: Sequence[Problem]
    style: str
    """how a problem is put to the model, see numerate.prompts"""
    load: Callable[[str], Policy]
    """a fresh copy of a model of this run by name, with the run's device and dtype"""
    load_dir: Callable[[Path], Policy]
    """a fresh copy of a model in a folder"""
    engine: Callable[[Policy], Engine]
    max_tokens: int
    """longest rollout in a validation"""
    has_tools: bool = False
    """whether its engines run programs within rollouts"""
    stage_folder: Callable[[str], Path] = no_stages
    """where an earlier stage of this run lies"""
    device: str = "auto"
    dtype: Dtype = "auto"
    """of models that are no policies"""
    trust: Sequence[str] = ()
    """modules outside this package whose functions may run, see numerate.rewards.trust"""

    def validate(
        self, run: Stage, policy: Policy, limit: int | None = None, engine: Engine | None = None
    ) -> float:
        """Returns the greedy accuracy on (the first `limit`) validation problems. engine: one that has the
        policy's weights; None makes one."""
        with run.untimed():
            sampler = engine or self.engine(policy)
            return greedy_accuracy(
                sampler, self.validation[:limit], self.max_tokens, self.style, run.progress
            )

    def collect(
        self,
        run: Stage,
        engine: Engine,
        problems: Sequence[Problem],
        n: int,
        params: Sampling,
        folder: str,
        reward: Reward | None = None,
        beginnings: Mapping[str, str] | None = None,
        grade_truncated: bool = False,
    ) -> Iterator[Group]:
        """Returns graded rollouts, n per problem, that are stored in a folder of the stage's rollouts: see
        `rollouts.collect`."""
        return collect(
            run.folder / "rollouts" / folder,
            engine,
            problems,
            n,
            params,
            self.style,
            run.progress,
            reward=reward,
            beginnings=beginnings,
            grade_truncated=grade_truncated,
        )

    def rollouts(self, stage: str) -> list[Group]:
        """Returns the graded rollouts of an earlier stage at this stage's problems."""
        return load_groups(self.stage_folder(stage) / "rollouts", self.problems)
