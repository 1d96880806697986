"""Graded rollouts in the folder of a stage, for every method that samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from numerate.curricula import PrefixedProblem
from numerate.methods.shared.options import OnPolicyOptions, Sample
from numerate.methods.shared.problem_sampler import prefixes_by_problem
from numerate.rewards.compose import CORRECT, RewardList, Rewards
from numerate.types import Engine, Group, Problem, Sampling, Scored

if TYPE_CHECKING:
    from numerate import training
    from numerate.methods.shared.ahead import AheadSampling
    from numerate.rollouts.job import Job

Reward = Callable[[Sequence[Problem], Sequence[Scored]], list[Scored]]


def params(cfg: Sample, job: Job, seed: int, round: int = 0) -> Sampling:
    temperature = cfg.temperature or (0.2 if job.model == "base" else 0.7)
    return Sampling(temperature, cfg.top_p, cfg.top_k, cfg.max_tokens, seed=seed, round=round)


def round_folder(draw: int) -> str:
    """Returns the folder of the rollouts of a draw."""
    return f"round-{draw:05d}"


def reward_function(run: training.Stage, job: Job, cfg: Sample, rewards: RewardList) -> Reward | None:
    """Returns what grades rollouts beyond their answers; None where a right answer is all that counts."""
    if rewards == (CORRECT,):
        return None
    return Rewards(rewards, job.style, cfg.grade_truncated, job.trust, lambda: run.position)


def sample_groups(
    run: training.Stage,
    job: Job,
    engine: Engine,
    problems: Sequence[PrefixedProblem],
    cfg: Sample,
    round: int,
    folder: str,
    reward: Reward | None = None,
) -> Iterator[Group]:
    """Yields graded rollouts at some problems; those that are on disk are read, not sampled again. folder:
    of the stage's rollouts, the one that these lie in."""
    return job.collect(
        run,
        engine,
        [chosen.problem for chosen in problems],
        cfg.rollouts,
        params(cfg, job, run.seed, round),
        folder,
        reward=reward,
        beginnings=prefixes_by_problem(problems),
        grade_truncated=cfg.grade_truncated,
    )


def open_ahead(run: training.Stage, job: Job, cfg: OnPolicyOptions, engine: Engine) -> AheadSampling:
    """Returns the engines of a stage whose sampling is ahead of learning."""
    from numerate.methods.shared.ahead import AheadSampling

    return AheadSampling(run, job, cfg, engine)
