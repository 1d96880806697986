"""Problems -> graded groups, stored part by part so that a killed collection goes on where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from numerate.progress import Progress, Task
from numerate.prompts import render, with_prefix
from numerate.rewards.correct import score_rollout
from numerate.rollouts.sharing import write_part
from numerate.store import read_rollouts
from numerate.types import Engine, Group, Problem, Prompt, Rollout, Sampling, Scored

T = TypeVar("T")
PART_ROLLOUTS = 1024
"""rollouts per file; a part is always sampled as a whole, so that a resumed collection is the same bit for
bit"""

NOTHING: Mapping[str, str] = MappingProxyType({})
Annotate = Callable[[Problem, Rollout], Rollout]
Reward = Callable[[Sequence[Problem], Sequence[Scored]], list[Scored]]


def collect(
    folder: Path,
    engine: Engine,
    problems: Sequence[Problem],
    n: int,
    params: Sampling,
    style: str,
    progress: Progress,
    annotate: Annotate | None = None,
    label: str = "sampling",
    reward: Reward | None = None,
    beginnings: Mapping[str, str] | None = None,
    grade_truncated: bool = False,
) -> Iterator[Group]:
    """Samples n rollouts per problem, grades and stores them in `folder`, and yields one group per problem in
    order.

    Parts that are already there are read instead of sampled. annotate: adds steps to a graded rollout before
    it is stored. reward: gives the graded rollouts of a part their rewards, with the problem of each.
    grade_truncated: truncated rollouts may be right, see `rewards.correct`. With several processes each
    samples its share of every part, and all of them yield all groups.
    """
    parts = split_parts(folder, problems, n)
    missing = [(name, chunk) for name, chunk in parts if not name.exists()]
    with progress.task(label, total=len(problems) * n, unit="rollouts") as task:
        task.advance(n * (len(problems) - sum(len(chunk) for _, chunk in missing)))

        def make(problems: Sequence[Problem]) -> list[Scored]:
            done = sample_part(
                engine, problems, n, params, style, annotate, task, beginnings or {}, grade_truncated
            )
            by_id = {problem.id: problem for problem in problems}
            sampled = [by_id[scored.rollout.problem_id] for scored in done]
            return reward(sampled, done) if reward else done

        for name, chunk in missing:
            write_part(name, chunk, make)
    for name, chunk in parts:
        yield from whole_groups(name, n, group_rows(chunk, list(read_rollouts(name))))


def split_parts(folder: Path, items: Sequence[T], n: int) -> list[tuple[Path, Sequence[T]]]:
    """Returns the file of every part, with the items of which it holds n rollouts each."""
    size = max(1, PART_ROLLOUTS // n)
    return [
        (folder / f"part-{i:05d}.parquet", items[start : start + size])
        for i, start in enumerate(range(0, len(items), size))
    ]


def whole_groups(part: Path, n: int, groups: Iterable[Group]) -> Iterator[Group]:
    """Yields the groups of a part. Raises ValueError where a group has another number of rollouts than
    requested."""
    for group in groups:
        if len(group.rollouts) != n:
            raise ValueError(
                f"{part}: {len(group.rollouts)} of {n} rollouts of {group.problem.id!r}; delete it "
                "and run again to sample its part anew"
            )
        yield group


def sample_part(
    engine: Engine,
    problems: Sequence[Problem],
    n: int,
    params: Sampling,
    style: str,
    annotate: Annotate | None,
    task: Task,
    beginnings: Mapping[str, str] = NOTHING,
    grade_truncated: bool = False,
) -> list[Scored]:
    """Returns graded rollouts of some problems, in the order of the problems and their indices."""
    by_id = {problem.id: problem for problem in problems}
    order = {id_: i for i, id_ in enumerate(by_id)}
    done: list[Scored] = []
    right = 0.0
    for rollout in engine.sample(
        [make_prompt(problem, style, beginnings) for problem in problems], n, params
    ):
        problem = by_id[rollout.problem_id]
        scored = score_rollout(problem, rollout, grade_truncated=grade_truncated)
        if annotate:
            scored = replace(scored, rollout=annotate(problem, scored.rollout))
        done.append(scored)
        right += scored.reward.value or 0.0
        task.advance(1, right=f"{right / len(done):.0%}")
    return sorted(done, key=lambda s: (order[s.rollout.problem_id], s.rollout.index))


def make_prompt(problem: Problem, style: str, beginnings: Mapping[str, str]) -> Prompt:
    prompt, prefix = render(problem, style), beginnings.get(problem.id)
    return with_prefix(prompt, prefix) if prefix else prompt


def group_rows(problems: Sequence[Problem], rows: Sequence[Scored]) -> Iterator[Group]:
    """Yields one group per problem, in the order of the problems."""
    rollouts: dict[str, list[Scored]] = defaultdict(list)
    for row in rows:
        rollouts[row.rollout.problem_id].append(row)
    for problem in problems:
        yield Group(problem, tuple(rollouts[problem.id]))


def greedy_accuracy(
    engine: Engine, problems: Sequence[Problem], max_tokens: int, style: str, progress: Progress
) -> float:
    """Returns the share of the problems whose greedy rollout is right, as evaluation grades it; nothing is
    stored."""
    params = Sampling(temperature=0.0, max_tokens=max_tokens)
    with progress.task("validating", total=len(problems), unit="problems") as task:
        done = sample_part(engine, problems, 1, params, style, None, task, grade_truncated=True)
    return sum(s.reward.value or 0.0 for s in done) / len(done)
