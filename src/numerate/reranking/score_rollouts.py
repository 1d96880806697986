"""Scores of stored rollouts, stored beside them part by part, so that a stopped scoring is resumed and a
second call costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from numerate.progress import Progress
from numerate.rollouts.collect import group_rows
from numerate.rollouts.sharing import barrier, shard
from numerate.store import read_jsonl, read_rollouts, write_jsonl
from numerate.types import Group, Problem, Scored, Scorer

REMEMBERED = 32
"""parts in memory: some 30,000 rollouts without their texts"""


@dataclass(frozen=True, slots=True)
class Stored:
    """The samples of one model at one problem set, without their texts, and their scores."""

    groups: list[Group]
    scores: dict[tuple[str, int], tuple[float, ...]]
    overlong: set[tuple[str, int]]
    """samples whose late steps did not fit the scorer's context"""


def score_stored(
    samples: Path,
    folder: Path,
    problems: Sequence[Problem],
    scorer: Callable[[], Scorer],
    progress: Progress,
    *,
    each: int,
    label: str,
) -> Stored:
    """Scores the samples in `samples`, a file in `folder` for each of theirs; those that are there are read.

    scorer: loads the scorer; not called where nothing is missing. each: samples per problem. A part is always
    scored as a whole, so a resumed scoring gives the same numbers bit for bit. With several processes each
    scores its share of the parts."""
    parts = [(part, folder / f"{part.stem}.jsonl") for part in sorted(samples.glob("part-*.parquet"))]
    by_id = {problem.id: problem for problem in problems}
    missing = [(part, target) for part, target in parts if not target.exists()]
    done = sum(1 for _, target in parts if target.exists() for _ in read_jsonl(target))
    with progress.task(label, total=len(problems) * each, unit="solutions") as task:
        task.advance(done)
        for part, target in shard(missing):
            rollouts = [scored.rollout for scored in read_rollouts(part)]
            about = [by_id[rollout.problem_id] for rollout in rollouts]
            results = scorer().score(about, [rollout.solution for rollout in rollouts])
            rows = [
                {"problem_id": r.problem_id, "index": r.index, "scores": s.scores, "dropped": s.dropped}
                for r, s in zip(rollouts, results, strict=True)
            ]
            write_jsonl(target, rows)
            task.advance(len(rows))
    barrier()
    rows = [row for _, target in parts for row in read_jsonl(target)]
    return Stored(
        light_groups(samples, problems),
        {(row["problem_id"], row["index"]): tuple(row["scores"]) for row in rows},
        {(row["problem_id"], row["index"]) for row in rows if row["dropped"]},
    )


def light_groups(samples: Path, problems: Sequence[Problem]) -> list[Group]:
    """Returns stored samples without their turns, which are most of their size."""
    read_rollouts(samples)  # raises ValueError where there are none
    parts = sorted(samples.glob("part-*.parquet"))
    stats = [part.stat() for part in parts]
    read = [light_rows(part, stat.st_size, stat.st_mtime_ns) for part, stat in zip(parts, stats, strict=True)]
    return list(group_rows(problems, [scored for rows in read for scored in rows]))


@lru_cache(REMEMBERED)
def light_rows(part: Path, size: int, changed: int) -> tuple[Scored, ...]:
    """Returns the rollouts of a part without their turns, read once for all scorers as long as its size and
    time of change are the same."""
    return tuple(replace(s, rollout=replace(s.rollout, turns=())) for s in read_rollouts(part))
