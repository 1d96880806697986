"""Expert iteration (Havrilla et al. 2024, arXiv:2403.04642, section 3 "EI"; Anthony et al. 2017; one round
of it is rejection sampling fine-tuning, Yuan et al. 2023, arXiv:2308.01825).

for i = 1 .. rounds:
    R_i  = { (q, o) : o ~ pi_{i-1}(. | q), K per question, r(q, o) >= threshold }, without duplicates
    D_i  = R_i  with  D_{i-1}                  (cumulative; D_0 = worked solutions, when with_solutions)
    pi_i = argmin - sum_{D_i} log pi(o | q), started again from the base: the reset is crucial

The paper samples K = 96; 4 to 16 need more rounds and end a few points lower. It drops exact duplicates;
`trace` keeps one attempt per sequence of calculations instead (METHODS: the metric "trace diversity").
The paper asks the same questions in each round; `problems_per_round` takes new ones, which teach more for the
same number of attempts where questions are plenty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Literal

from numerate import training
from numerate.methods import sft, watching
from numerate.problems.consistency import demonstrations
from numerate.rollouts.collect import collect
from numerate.rollouts.job import Job
from numerate.steps import trace
from numerate.typed import AtLeast0, AtLeast1, ModelName, Positive, Share, config
from numerate.types import Example, Group, Problem, Rollout, Sampling, Scored

if TYPE_CHECKING:
    from numerate.models.policy import Policy

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 5


@config
class Config:
    rounds: AtLeast1 = 2
    """n; the paper uses 2 after supervised fine-tuning and up to 5 without"""
    problems_per_round: AtLeast1 | None = None
    """every round samples the next so many problems, from the start again after the last; null: all of them
    in each round"""
    samples: AtLeast1 = 96
    """K, attempts per question and round"""
    temperature: Positive = 1.0
    """of the sampling"""
    top_p: Share = 1.0
    """of the sampling"""
    top_k: AtLeast0 = 0
    """of the sampling; 0 keeps all tokens"""
    max_tokens: AtLeast1 = 256
    """longest rollout; longer ones are truncated, and wrong unless grade_truncated"""
    grade_truncated: bool = False
    """a rollout truncated at max_tokens may be right by its text, and teaches without an EOS; otherwise it
    never is"""
    threshold: float = 1.0
    """smallest reward that is kept"""
    restart_from: ModelName | None = "base"
    """model that every round is fine-tuned from: `base`, a stage, or null to go on from the round before"""
    cumulative: bool = True
    """keep what earlier rounds found"""
    dedupe: Literal["exact", "trace", "none"] = "exact"
    """one attempt per text, per sequence of calculations, or all"""
    keep_per_problem: AtLeast1 | None = None
    """at most so many attempts per problem in the data of a round, first found first"""
    with_solutions: bool = False
    """the problems' own worked solutions are part of the data (D_0), where they have one that ends in their
    answer"""
    solutions_limit: AtLeast1 | None = None
    """only the first so many problems give their solutions"""
    fit: sft.Config = sft.Config()
    """how a round is fine-tuned"""
    stop_after: AtLeast1 | None = None
    """stop when the validation accuracy has not risen for so many rounds; null runs all rounds. The paper
    stops when it saturates: 1 does; null is the default as a recipe need not have a validation set"""
    keep: Literal["last", "best"] = "last"
    """which round's model is the result; `best` by validation accuracy, as the paper has it; `last` is the
    default for the same reason"""


def key(rollout: Rollout, dedupe: str) -> object:
    """Two attempts with the same key are duplicates."""
    keys = {"exact": rollout.solution.strip(), "trace": trace(rollout.solution), "none": id(rollout)}
    return keys[dedupe]


def right(attempts: Iterable[Scored], cfg: Config) -> list[Rollout]:
    """What passes the threshold; a reward that could not be measured does not."""
    rewards = ((s.rollout, s.reward.value) for s in attempts)
    return [rollout for rollout, reward in rewards if reward is not None and reward >= cfg.threshold]


def distinct(rollouts: Iterable[Rollout], cfg: Config) -> list[Rollout]:
    """What is kept of the right attempts at one problem, oldest first."""
    kept: dict[object, Rollout] = {}
    for rollout in rollouts:
        kept.setdefault(key(rollout, cfg.dedupe), rollout)
    return list(kept.values())[: cfg.keep_per_problem]


def gather(rounds: Iterable[Iterable[Group]], cfg: Config) -> list[list[Rollout]]:
    """The kept attempts of each problem over some rounds; duplicates between rounds count as one."""
    found: dict[str, list[Rollout]] = {}
    for group in chain.from_iterable(rounds):
        found.setdefault(group.problem.id, []).extend(right(group.attempts, cfg))
    return [distinct(rollouts, cfg) for rollouts in found.values()]


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    if (cfg.stop_after or cfg.keep == "best") and not job.validation:
        raise ValueError(
            "stop_after and keep: best need a problem set named `validation` in the recipe: add one"
        )
    for round_ in run.rounds(cfg.rounds):
        # 1. sample from the policy of the round before
        policy = (
            job.load_dir(run.folder / f"round-{round_ - 1:03d}" / "model") if round_ else job.load(job.model)
        )
        groups = list(sample(run, cfg, job, policy, round_))
        # 2. keep what is right, once
        first = 0 if cfg.cumulative else round_
        earlier = [sample(run, cfg, job, policy, r) for r in range(first, round_)]
        kept = gather([*earlier, groups], cfg)
        # 3. fine-tune, from the base again
        fitted = job.load(cfg.restart_from) if cfg.restart_from else policy
        fitted.read_as(policy)
        rows = [*solutions(cfg, job, fitted), *(training.attempt(r) for found in kept for r in found)]
        if not rows:
            raise ValueError(
                f"round {round_}: none of {len(groups) * cfg.samples} attempts was right, there is nothing "
                "to learn from: start from a fine-tuned model, take easier problems, or raise `samples`"
            )
        rows, overlong = training.fitting(rows, cfg.fit.max_length)
        fitted.adapt(sft.adapters(cfg.fit))
        fitted = sft.fit(run.sub(f"round-{round_:03d}/fit"), cfg.fit, fitted, rows)
        run.save(fitted, f"round-{round_:03d}/model")
        # 4. look, and stop when it no longer helps
        stats = describe(groups, kept) | {"data/rows": float(len(rows)), "data/overlong": float(overlong)}
        if job.validation:
            stats["validation/accuracy"] = job.validate(run, fitted)
            judge(run, cfg, round_, stats["validation/accuracy"])
        run.log(stats)
    last = run.facts["best_round"] if cfg.keep == "best" else run.round - 1
    return job.load_dir(run.folder / f"round-{last:03d}" / "model")


def sample(run: training.Stage, cfg: Config, job: Job, policy: Policy, round_: int) -> Iterator[Group]:
    """The graded attempts of a round; those that are on disk are read, not sampled again."""
    params = Sampling(cfg.temperature, cfg.top_p, cfg.top_k, cfg.max_tokens, seed=run.seed, round=round_)
    folder = run.folder / "rollouts" / f"round-{round_:03d}"
    engine = job.engine(policy)
    asked = turn(job.problems, cfg.problems_per_round, round_)
    return collect(
        folder,
        engine,
        asked,
        cfg.samples,
        params,
        job.style,
        run.progress,
        grade_truncated=cfg.grade_truncated,
    )


def turn(problems: Sequence[Problem], per_round: int | None, round_: int) -> list[Problem]:
    """The problems of a round."""
    if per_round is None or per_round >= len(problems):
        return list(problems)
    start = round_ * per_round
    return [problems[i % len(problems)] for i in range(start, start + per_round)]


def solutions(cfg: Config, job: Job, policy: Policy) -> list[Example]:
    if not cfg.with_solutions:
        return []
    problems, _ = demonstrations(job.problems[: cfg.solutions_limit])
    return [training.worked(policy, problem, job.style) for problem in problems]


def describe(groups: Sequence[Group], kept: Sequence[Sequence[Rollout]]) -> dict[str, float]:
    attempts = [s for group in groups for s in group.attempts]
    return watching.ends(attempts) | {
        "rollouts/attempts": float(len(attempts)),
        "rollouts/accuracy": sum(s.reward.value or 0.0 for s in attempts) / len(attempts),
        "rollouts/solved": sum(any(s.reward.value for s in g.attempts) for g in groups) / len(groups),
        "data/problems": float(sum(bool(found) for found in kept)),
        "data/distinct_right": sum(len(found) for found in kept) / len(kept),
    }


def judge(run: training.Stage, cfg: Config, round_: int, accuracy: float) -> None:
    """Remember the best round; end the loop after `stop_after` rounds without a better one."""
    if accuracy > run.facts.get("best", -1.0):
        run.facts |= {"best": accuracy, "best_round": round_}
    if cfg.stop_after and round_ - run.facts["best_round"] >= cfg.stop_after:
        run.finish()
