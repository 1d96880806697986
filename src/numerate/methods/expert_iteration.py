"""Expert iteration (Havrilla et al. 2024, arXiv:2403.04642, section 3 "EI"; Anthony et al. 2017; one round
of it is rejection sampling fine-tuning, Yuan et al. 2023, arXiv:2308.01825).

for i = 1 .. steps:
    R_i  = { (q, o) : o ~ pi_{i-1}(. | q), K per problem, r(q, o) >= threshold }, without duplicates
    D_i  = R_i  with  D_{i-1}                  (cumulative; D_0 = worked solutions, when with_solutions)
    pi_i = argmin - sum_{D_i} log pi(o | q), started again from the base: the reset is crucial

The paper samples K = 96; 4 to 16 need more rounds and end a few points lower. It drops exact duplicates;
`trace` keeps one rollout per sequence of calculations instead (METHODS: the metric "trace diversity").
The paper takes the same problems in each step; `sample.problems` takes new ones, which teach more for the
same number of rollouts where problems are plenty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Literal

from numerate import training
from numerate.curricula import PrefixedProblem
from numerate.methods import sft
from numerate.methods.shared import rollout_metrics
from numerate.methods.shared.options import Reinforcement, RowFit, Sample, Validate
from numerate.methods.shared.sampling import reward_function, sample_groups
from numerate.options import AtLeast1, ModelName, config
from numerate.problems.consistency import usable_demonstrations
from numerate.rewards.compose import CORRECT, RewardList
from numerate.steps import trace
from numerate.types import Example, Group, Problem, Rollout, Scored

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 5
BY_DEFAULT = Validate(every=1)


@config
class Config(Reinforcement):
    steps: AtLeast1 = 2
    """n, rounds of sampling and fine-tuning; the paper uses 2 after supervised fine-tuning and up to 5
    without"""
    rewards: RewardList = (CORRECT,)
    """reward functions: `correct`, functions by dotted path, each with a weight"""
    sample: Sample = Sample(problems=None, rollouts=96)
    """sampling of a step: K rollouts per problem; each step takes the next `problems` problems, in a cycle"""
    threshold: float = 1.0
    """smallest reward of the kept rollouts"""
    restart_from: ModelName | None = "base"
    """initial model of every fine-tuning: `base`, a stage, or null for the model of the previous step"""
    cumulative: bool = True
    """also train on the rollouts of earlier steps"""
    dedupe: Literal["exact", "trace", "none"] = "exact"
    """one rollout per text, per sequence of calculations, or all"""
    keep_per_problem: AtLeast1 | None = None
    """maximum of rollouts per problem in the data of a step, the oldest first"""
    with_solutions: bool = False
    """also train on the problems' demonstrations (D_0), those that end in the problem's answer"""
    solutions_limit: AtLeast1 | None = None
    """number of problems, from the first on, with demonstrations in the data"""
    fit: RowFit = sft.Config().fit
    """optimization of a step"""
    validate: Validate = BY_DEFAULT
    """greedy accuracy on the problem set `validation`, where the recipe has one"""
    stop_after: AtLeast1 | None = None
    """number of steps without a rise of the validation accuracy after which the stage stops; null: never. The
    paper stops at saturation (1); null is the default because the problem set `validation` is optional"""

    UNUSED: ClassVar = frozenset({"sample.ahead"})

    def __post_init__(self) -> None:
        self.sample.require_not_ahead()
        if self.stop_after and not self.validate.every:
            raise ValueError("stop_after needs validate.every, the steps between two validations")


def duplicate_key(rollout: Rollout, dedupe: str) -> object:
    """Returns a rollout's key; rollouts with the same key are duplicates."""
    keys = {"exact": rollout.solution.strip(), "trace": trace(rollout.solution), "none": id(rollout)}
    return keys[dedupe]


def correct_rollouts(rollouts: Iterable[Scored], cfg: Config) -> list[Rollout]:
    """Returns the rollouts that pass the threshold; a reward that could not be measured does not."""
    rewards = ((s.rollout, s.reward.value) for s in rollouts)
    return [rollout for rollout, reward in rewards if reward is not None and reward >= cfg.threshold]


def dedupe(rollouts: Iterable[Rollout], cfg: Config) -> list[Rollout]:
    """Returns the right rollouts of one problem that are kept, oldest first."""
    kept: dict[object, Rollout] = {}
    for rollout in rollouts:
        kept.setdefault(duplicate_key(rollout, cfg.dedupe), rollout)
    return list(kept.values())[: cfg.keep_per_problem]


def gather_rollouts(rounds: Iterable[Iterable[Group]], cfg: Config) -> list[list[Rollout]]:
    """Returns the kept rollouts of each problem over some rounds; duplicates between rounds count as one."""
    by_problem: dict[str, list[Rollout]] = {}
    for group in chain.from_iterable(rounds):
        by_problem.setdefault(group.problem.id, []).extend(correct_rollouts(group.rollouts, cfg))
    return [dedupe(rollouts, cfg) for rollouts in by_problem.values()]


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    if cfg.stop_after or cfg.validate != BY_DEFAULT:
        cfg.validate.require(job.validation)
    for step in run.rounds(cfg.steps, label="steps"):
        # 1. sample from the policy of the step before
        policy = job.load_dir(run.folder / f"round-{step - 1:03d}" / "model") if step else job.load(job.model)
        groups = list(sample_round(run, cfg, job, policy, step))
        # 2. keep what is right, once
        earlier = [sample_round(run, cfg, job, policy, i) for i in range(0 if cfg.cumulative else step, step)]
        kept = gather_rollouts([*earlier, groups], cfg)
        # 3. fine-tune, from the base again
        fitted = job.load(cfg.restart_from) if cfg.restart_from else policy
        fitted.read_as(policy)
        rows = [
            *solution_rows(cfg, job, fitted),
            *(training.rollout_row(r) for rollouts in kept for r in rollouts),
        ]
        if not rows:
            raise ValueError(
                f"step {step}: none of {len(groups) * cfg.sample.rollouts} rollouts was right, there are no "
                "training rows: start from a fine-tuned model, choose easier problems, or raise "
                "sample.rollouts"
            )
        rows, overlong = training.drop_overlong(rows, cfg.fit.max_length)
        fitted = sft.fit_rows(run.sub(f"round-{step:03d}/fit"), cfg.fit, fitted, rows)
        run.save(fitted, f"round-{step:03d}/model")
        # 4. look, and stop when it no longer helps
        stats = round_stats(groups, kept) | {"data/rows": float(len(rows)), "data/overlong": float(overlong)}
        if job.validation and cfg.validate.due(step + 1):
            stats["validation/accuracy"] = job.validate(run, fitted, cfg.validate.limit)
            update_best_round(run, cfg, step, stats["validation/accuracy"])
        run.log(stats)
    last = run.state.get("best_round", run.round - 1) if cfg.validate.keep == "best" else run.round - 1
    return job.load_dir(run.folder / f"round-{last:03d}" / "model")


def sample_round(run: training.Stage, cfg: Config, job: Job, policy: Policy, step: int) -> Iterator[Group]:
    """Yields the graded rollouts of a step; those that are on disk are read, not sampled again."""
    problems = [
        PrefixedProblem(problem) for problem in round_problems(job.problems, cfg.sample.problems, step)
    ]
    reward = reward_function(run, job, cfg.sample, cfg.rewards)
    folder = f"round-{step:03d}"
    return sample_groups(run, job, job.engine(policy), problems, cfg.sample, step, folder, reward)


def round_problems(problems: Sequence[Problem], per_round: int | None, round_: int) -> list[Problem]:
    """Returns the problems of a round."""
    if per_round is None or per_round >= len(problems):
        return list(problems)
    start = round_ * per_round
    return [problems[i % len(problems)] for i in range(start, start + per_round)]


def solution_rows(cfg: Config, job: Job, policy: Policy) -> list[Example]:
    if not cfg.with_solutions:
        return []
    problems, _ = usable_demonstrations(job.problems[: cfg.solutions_limit])
    return [training.demonstration_row(policy, problem, job.style) for problem in problems]


def round_stats(groups: Sequence[Group], kept: Sequence[Sequence[Rollout]]) -> dict[str, float]:
    scored = [s for group in groups for s in group.rollouts]
    return rollout_metrics.ending_stats(scored) | {
        "rollouts/count": float(len(scored)),
        "rollouts/accuracy": sum(map(bool, map(rollout_metrics.is_correct, scored))) / len(scored),
        "rollouts/solved": sum(any(map(rollout_metrics.is_correct, g.rollouts)) for g in groups)
        / len(groups),
        "data/problems": float(sum(bool(rollouts) for rollouts in kept)),
        "data/distinct_right": sum(len(rollouts) for rollouts in kept) / len(kept),
    }


def update_best_round(run: training.Stage, cfg: Config, round_: int, accuracy: float) -> None:
    """Records the best round, and ends the loop after `stop_after` rounds without a better one."""
    if accuracy > run.state.get("best", -1.0):
        run.state |= {"best": accuracy, "best_round": round_}
    if cfg.stop_after and round_ - run.state["best_round"] >= cfg.stop_after:
        run.finish()
