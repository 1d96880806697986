"""Return-conditioned RL (Havrilla et al. 2024, arXiv:2403.04642, section 3 "RCRL" and appendix A; after the
decision transformer, Chen et al. 2021, arXiv:2106.01345), offline.

for every rollout (q, s_1 .. s_L) of a stage, every step:
    R_k = mean_i 1[ o_i is right ],   o_1 .. o_K ~ pi(. | q, s_1 .. s_k)      (stage of method step_labels)
    g_k = [GOOD] if R_k >= T else [BAD]
as many right rollouts as wrong ones are kept, and the base learns to write s_k after g_k:
    L = - sum_t w_t log pi(a_t | q, g_1, s_1, .., g_k)      a_t in s_k;  tags are read, never written

Sampling puts [GOOD] before every line (`rollouts.conditioned`). A tag stands before every *line*, which is
what a sampler can see the end of: a step of several lines has its tag before each, and the line of the answer
that of the last step, whose return is whether the rollout is right. The loss is a mean over tokens, as
in sft.

Appendix A gives one label to the whole solution (`labels: outcome`) and varies the ratio of right to wrong
solutions: more right ones were better, and the gain over expert iteration marginal at best. The paper gives
no K. It has no further rounds, but the rollouts of a conditioned policy can be labelled and learned from.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Literal

from numerate import training
from numerate.methods import sft
from numerate.methods.shared.options import RowFit, Validate
from numerate.options import Positive, RolloutsName, Share, config
from numerate.prompts import render
from numerate.rollouts.load_rollouts import without_repeats
from numerate.types import Example, Problem, Scored

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy"})
LINE_BY_LINE = True
VERSION = 2

Pair = tuple[Problem, Scored]


def needs_step_labels(cfg: Config) -> bool:
    return cfg.labels == "stored"


@config
class Config:
    rollouts: RolloutsName
    """stage with the rollouts to train on: of method step_labels, or with labels: outcome any stage with
    rollouts"""
    labels: Literal["stored", "outcome"] = "stored"
    """return of a step: the share of right continuations stored by step_labels, or the outcome of the whole
    rollout"""
    threshold: Share = 0.5
    """T, the smallest return of a good step"""
    balance: Positive | None = 1.0
    """right rollouts per wrong one; surplus ones are left out; null keeps all"""
    tags: Literal["text", "tokens"] = "text"
    """text: tokenized as text; tokens: one token each, added to the vocabulary if missing"""
    ask: Literal["good", "bad"] = "good"
    """tag of the prompt at sampling; bad tests the effect of the tags"""
    fit: RowFit = sft.Config().fit
    """optimization of the policy"""
    validate: Validate = Validate()
    """greedy accuracy on the problem set `validation`, after so many epochs"""


def balance_pairs(pairs: Sequence[Pair], balance: float | None, seed: int) -> list[Pair]:
    """Returns all rollouts of the rarer kind and as many of the other as the ratio allows, sampled at random
    and kept in their order. Raises ValueError where nothing would be left."""
    if balance is None:
        return list(pairs)
    right = [i for i, (_, scored) in enumerate(pairs) if scored.reward.value]
    wrong = [i for i, (_, scored) in enumerate(pairs) if not scored.reward.value]
    most_right, most_wrong = int(balance * len(wrong)), int(len(right) / balance)
    draw = random.Random(f"{seed}/balance")
    kept = sorted(
        draw.sample(right, min(len(right), most_right)) + draw.sample(wrong, min(len(wrong), most_wrong))
    )
    if not kept:
        raise ValueError(
            f"balance: {balance} selects no rollout of {len(right)} right and {len(wrong)} wrong "
            "ones: choose problems with right and wrong rollouts, or set balance: null"
        )
    return [pairs[i] for i in kept]


def step_returns(scored: Scored, labels: str) -> list[float]:
    """Returns R_k of every step. Raises ValueError where a step has none."""
    rollout = scored.rollout
    if labels == "outcome":
        return [float(bool(scored.reward.value))] * max(1, len(rollout.steps))
    scores = [step.score for step in rollout.steps if step.score is not None]
    if len(scores) != len(rollout.steps):
        raise ValueError(
            f"rollout {rollout.index} of {rollout.problem_id!r}: a step has no share of right "
            "continuations; name a stage of method step_labels as rollouts"
        )
    return scores or [float(bool(scored.reward.value))]


def tagged_lines(policy: Policy, scored: Scored, cfg: Config) -> Iterator[tuple[bool, list[int], list[bool]]]:
    """Yields the whole solution line by line: whether the line is good, its tokens, and which of them are
    trained.

    Prefixes and tokens of a calculator are not the policy's own: these are read only."""
    from numerate.models.return_conditioning import token_lines

    rollout = scored.rollout
    prefix_ids = policy.encode_target(rollout.prefix)[:-1] if rollout.prefix else []
    written = prefix_ids + [i for turn in rollout.completion_turns for i in turn.ids]
    own = iter(
        [False] * len(prefix_ids) + [turn.trained for turn in rollout.completion_turns for _ in turn.ids]
    )
    good = [share >= cfg.threshold for share in step_returns(scored, cfg.labels)]
    starts = [step.start for step in rollout.steps][: len(good)]
    upto: list[int] = []
    for line in token_lines(policy, written):
        upto += line
        length = len(policy.decode(upto))
        reached = sum(start < length for start in starts)
        yield good[max(0, reached - 1)], line, list(islice(own, len(line)))


def conditioned_row(policy: Policy, problem: Problem, scored: Scored, cfg: Config, style: str) -> Example:
    conditioning = policy.conditioning
    assert conditioning is not None
    prompt = policy.encode_prompt(render(problem, style))
    return training.tagged_row(policy, prompt, tagged_lines(policy, scored, cfg), conditioning)


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    """Fine-tunes the stage's model on tagged rollouts of an earlier stage."""
    from numerate.models.return_conditioning import prepare_policy
    from numerate.models.return_tags import Conditioning, write_conditioning

    cfg.validate.require(job.validation)
    # 1. the labelled rollouts, each text once
    groups = [without_repeats(group) for group in job.rollouts(cfg.rollouts)]
    pairs = [
        (group.problem, scored)
        for group in groups
        for scored in group.rollouts
        if scored.reward.value is not None and any(scored.rollout.mask)
    ]
    # 2. as many right as wrong ones
    kept = balance_pairs(pairs, cfg.balance, run.seed)
    # 3. tags before the lines
    policy = job.load(job.model)
    conditioning = Conditioning(ask=cfg.ask)
    prepare_policy(policy, conditioning, tokens=cfg.tags == "tokens")
    write_conditioning(policy.model.config, conditioning)
    rows = [conditioned_row(policy, problem, scored, cfg, job.style) for problem, scored in kept]
    rows, overlong = training.drop_overlong(rows, cfg.fit.max_length)
    if not rows:
        raise ValueError(
            f"all {overlong} rollouts are longer than fit.max_length={cfg.fit.max_length} tokens"
        )
    run.progress.say(balance_summary(kept, pairs, overlong))
    # 4. fit
    return sft.fit_rows(run, cfg.fit, policy, rows, cfg.validate, job, overlong)


def balance_summary(kept: Sequence[Pair], pairs: Sequence[Pair], overlong: int) -> str:
    def right(some: Sequence[Pair]) -> int:
        return sum(bool(scored.reward.value) for _, scored in some)

    summary = f"{len(kept)} of {len(pairs)} rollouts are kept, {right(kept)} of {right(pairs)} right ones"
    return summary + (f"; {overlong} of them are too long and left out" if overlong else "")
