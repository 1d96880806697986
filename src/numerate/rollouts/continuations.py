"""Rollouts that continue prefixes of solutions, stored part by part like those of `collect`.

A beginning is known by its text: the same one in two rollouts is continued once, and its samples are the
same in every run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from numerate.progress import Progress, Task
from numerate.prompts import render, with_prefix
from numerate.rewards.correct import score_rollout
from numerate.rollouts.collect import split_parts
from numerate.rollouts.sharing import write_part
from numerate.store import read_rollouts
from numerate.types import Engine, Problem, Prompt, Sampling, Scored


@dataclass(frozen=True, slots=True)
class Beginning:
    problem: Problem
    text: str
    """what is already written, as it was sampled"""

    @property
    def id(self) -> str:
        text = self.text.encode("utf-8", "surrogatepass")
        return f"{self.problem.id}/{blake2b(text, digest_size=8).hexdigest()}"

    def prompt(self, style: str) -> Prompt:
        """Returns the problem's prompt, with the beginning as an open turn of the assistant."""
        return replace(with_prefix(render(self.problem, style), self.text), problem_id=self.id)


def continuation_successes(
    folder: Path,
    engine: Engine,
    beginnings: Iterable[Beginning],
    n: int,
    params: Sampling,
    style: str,
    progress: Progress,
    grade_truncated: bool = False,
) -> Mapping[str, list[bool]]:
    """Returns id of a beginning -> whether each of its n continuations reaches the right answer.

    Parts that are already in `folder` are read instead of sampled. With several processes each samples its
    share of every part."""
    once = list({beginning.id: beginning for beginning in beginnings}.values())
    parts = split_parts(folder, once, n)
    missing = [(name, chunk) for name, chunk in parts if not name.exists()]
    with progress.task("continuing", total=len(once) * n, unit="rollouts") as task:
        task.advance(n * (len(once) - sum(len(chunk) for _, chunk in missing)))
        for name, chunk in missing:
            write_part(
                name,
                chunk,
                lambda part: sample_continuations(engine, part, n, params, style, task, grade_truncated),
            )
    successes: dict[str, list[bool]] = defaultdict(list)
    for name, _ in parts:
        for scored in read_rollouts(name):
            successes[scored.rollout.problem_id].append(bool(scored.reward.value))
    return successes


def sample_continuations(
    engine: Engine,
    beginnings: Sequence[Beginning],
    n: int,
    params: Sampling,
    style: str,
    task: Task,
    grade_truncated: bool = False,
) -> list[Scored]:
    """Returns the continuations of some beginnings, each graded as one solution with its beginning, in
    order."""
    by_id = {beginning.id: beginning for beginning in beginnings}
    order = {id_: i for i, id_ in enumerate(by_id)}
    done: list[Scored] = []
    for rollout in engine.sample([b.prompt(style) for b in beginnings], n, params):
        beginning = by_id[rollout.problem_id]
        solution = beginning.text + rollout.text
        done.append(
            score_rollout(beginning.problem, rollout, grade_truncated=grade_truncated, solution=solution)
        )
        task.advance(1)
    return sorted(done, key=lambda s: (order[s.rollout.problem_id], s.rollout.index))
