"""A small world for tests of methods: sums of two digits, and an engine whose attempts are written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from numerate.models.policy import Policy, load
from numerate.progress import QuietProgress
from numerate.rollouts.job import Job
from numerate.training import Stage
from numerate.training.trainable import Trainable
from numerate.types import Engine, Problem, Prompt, Rollout, Sampling, Turn
from tests import tiny

PROBLEMS = [
    Problem(
        id=f"sum-{i}",
        question=f"What is {i}+{i + 1}?",
        answer=str(2 * i + 1),
        solution=f"{i}+{i + 1}=<<{i}+{i + 1}={2 * i + 1}>>{2 * i + 1}\n#### {2 * i + 1}",
        kind="number",
    )
    for i in range(8)
]

Script = Callable[[Problem, int, Sampling], str]
"""what the engine answers: problem, index, params -> text"""


class Scripted:
    """An engine that does not look at the policy."""

    def __init__(self, policy: Policy, script: Script, die_after: list[int] | None = None):
        self.policy = policy
        self.script = script
        self.die_after = die_after

    def sync(self, policy: Any) -> None:
        self.policy = policy

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        by_id = {problem.id: problem for problem in PROBLEMS}
        for prompt in prompts:
            for index in range(n):
                if self.die_after:
                    self.die_after[0] -= 1
                    if self.die_after[0] == 0:
                        raise KeyboardInterrupt
                text = self.script(by_id[prompt.problem_id], index, params)
                asked = self.policy.encode_prompt(prompt)
                ids = self.policy.encode_target(text)
                *first, last = prompt.turns
                turns = (
                    *first,
                    replace(last, ids=tuple(asked)),
                    Turn("assistant", text, tuple(ids), (-1.0,) * len(ids), trained=True),
                )
                yield Rollout(prompt.problem_id, index, turns)


def often_right(problem: Problem, index: int, params: Sampling) -> str:
    """Index 0 and 1 are the same right solution, 2 another (in rounds after the first), the rest wrong."""
    right = int(problem.answer)
    texts = [f"It is {right}\n#### {right}"] * 2
    if params.round:
        texts.append(f"So round {params.round}: {right}\n#### {right}")
    return (texts + [f"#### {right + 1}"] * 9)[index]


def job(folder: Path, script: Script = often_right, die_after: list[int] | None = None, **more: Any) -> Job:
    """A job on a tiny random Llama, saved in `folder`/base."""
    base = folder / "base"
    if not base.exists():
        tiny.make(base)

    def engine(policy: Policy) -> Engine:
        return Scripted(policy, script, die_after)

    settings = {
        "model": "base",
        "problems": PROBLEMS,
        "validation": [],
        "style": "plain",
        "load": lambda name: load(str(folder / name)),
        "load_dir": lambda path: load(str(path)),
        "engine": engine,
        "max_tokens": 32,
    }
    return Job(**(settings | more))


def stage(folder: Path, seed: int = 0) -> Stage:
    return Stage(folder, seed, QuietProgress())


def same(a: Trainable, b: Trainable) -> bool:
    pairs = zip(a.model.state_dict().values(), b.model.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)
