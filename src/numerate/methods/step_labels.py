"""Step labels by sampling (Havrilla et al. 2024, arXiv:2403.04642, section 3 "SORM"; GLoRe, arXiv:2402.10963;
Wang et al. 2023, arXiv:2312.08935).

for every rollout (q, s_1 .. s_L) of a stage, every k < L:
    o_1 .. o_K ~ pi(. | q, s_1 .. s_k)
    label_k = 1[ some o_i is right ]        V*(q, s_1 .. s_k): whether these steps can still reach the answer
label_L = 1[ the rollout is right ]

`threshold` asks for a share of right continuations instead of one. `monotone`: once 0, for ever 0, as V* is
and samples are not (ours). The rollout itself is not counted among its continuations. The papers give no K
for SORM; 8 is ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import Any

from numerate import training
from numerate.methods.shared.options import Sample
from numerate.methods.shared.sampling import params
from numerate.options import AtLeast1, RolloutsName, Share, config
from numerate.rewards.correct import truncation_stats
from numerate.rollouts.continuations import Beginning, continuation_successes
from numerate.rollouts.job import Job
from numerate.rollouts.load_rollouts import without_repeats
from numerate.rollouts.sharing import run_on_main
from numerate.steps import split
from numerate.store import read_rollouts, write_rollouts
from numerate.types import Group, Scored, Step

NEEDS = frozenset[str]()
LEAVES = frozenset({"rollouts", "step_labels"})
VERSION = 2


@config
class Config:
    rollouts: RolloutsName
    """stage with the rollouts to label; they are stored again, with step labels"""
    threshold: Share = 0.0
    """share of right continuations that makes a step good; 0: one is enough"""
    monotone: bool = True
    """label all steps after a bad step as bad"""
    per_problem: AtLeast1 | None = None
    """maximum of distinct rollouts to label per problem"""
    sample: Sample = Sample(problems=None, temperature=0.7)
    """sampling: K continuations from every step, for rollouts of the first `problems` problems"""

    def __post_init__(self) -> None:
        self.sample.require_not_ahead()


def prefix_labels(right: Sequence[Sequence[bool | int]], threshold: float, monotone: bool) -> list[bool]:
    """Labels prefixes as good or not. right: per prefix, whether each continuation is right."""
    good = [any(hits) and sum(hits) / len(hits) >= threshold for hits in right]
    return list(accumulate(good, lambda before, now: before and now)) if monotone else good


def step_prefixes(scored: Scored, group: Group) -> Iterator[Beginning]:
    """Returns the texts before the second, third, ... step: whole lines, so that a step cannot grow."""
    text = scored.rollout.solution
    for step in split(text)[1:]:
        yield Beginning(group.problem, text[: step.start].rstrip(" \t"))


def label_rollout(scored: Scored, group: Group, outcomes: Mapping[str, list[bool]], cfg: Config) -> Scored:
    """Returns the rollout with a label and a score, the share of right continuations, on each of its
    steps."""
    hits = [outcomes[prefix.id] for prefix in step_prefixes(scored, group)]
    steps = split(scored.rollout.solution)
    hits += [[bool(scored.reward.value)]] if steps else []
    good = prefix_labels(hits, cfg.threshold, cfg.monotone)
    marked = [label_step(*three) for three in zip(steps, hits, good, strict=True)]
    return replace(scored, rollout=replace(scored.rollout, steps=tuple(marked)))


def label_step(step: Step, hits: Sequence[bool], good: bool) -> Step:
    return replace(step, score=sum(hits) / len(hits), label="right" if good else "wrong")


def train(run: training.Stage, cfg: Config, job: Job) -> None:
    """Leaves the labelled rollouts in `rollouts/` and the continuations beside them; there is no model."""
    # 1. the rollouts, each text once
    groups = [without_repeats(group) for group in job.rollouts(cfg.rollouts)[: cfg.sample.problems]]
    pairs = [(scored, g) for g in groups for scored in g.rollouts[: cfg.per_problem]]
    # 2. continue from every step
    prefixes = [prefix for scored, group in pairs for prefix in step_prefixes(scored, group)]
    engine = job.engine(job.load(job.model))
    folder = run.folder / "continuations"
    for _ in run.rounds(1):
        outcomes = continuation_successes(
            folder,
            engine,
            prefixes,
            cfg.sample.rollouts,
            params(cfg.sample, job, run.seed),
            job.style,
            run.progress,
            grade_truncated=cfg.sample.grade_truncated,
        )
        # 3. label
        marked = [label_rollout(scored, group, outcomes, cfg) for scored, group in pairs]
        path = run.folder / "rollouts" / "part-00000.parquet"
        run_on_main(partial(write_rollouts, path, marked))
        run.log(
            label_stats(marked, len(prefixes), outcomes)
            | truncation_stats(read_rollouts(folder) if outcomes else ())
        )


def label_stats(
    marked: Sequence[Scored], prefixes: int, outcomes: Mapping[str, list[bool]]
) -> dict[str, Any]:
    steps = [step for scored in marked for step in scored.rollout.steps]
    return {
        "labels/rollouts": float(len(marked)),
        "labels/steps": float(len(steps)),
        "labels/good": sum(step.label == "right" for step in steps) / max(1, len(steps)),
        "labels/beginnings": float(prefixes),
        "labels/continued": float(len(outcomes)),
        "rollouts/count": float(sum(map(len, outcomes.values()))),
    }
