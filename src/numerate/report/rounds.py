"""Rollouts of each training round: how many are right, and how different they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from numerate import metrics
from numerate.report.read import RunRecord, SourceRecord
from numerate.report.results import finite_number
from numerate.report.turns import join_turns

MOST = 8000  # rollouts looked at per round; whole files, so that no problem is cut


@dataclass(frozen=True, slots=True)
class Round:
    stage: str
    round: int
    accuracy: float | None
    """share of the graded rollouts that is right"""
    exact: float | None
    """different texts per problem, the mean; None where no problem has two rollouts"""
    trace: float | None
    """different calculation traces per problem, the mean"""
    seen: int
    total: int
    """rollouts looked at, and on disk"""


def training_rounds(run: RunRecord) -> list[Round]:
    return [_round(source) for source in run.sources if source.round is not None]


def _round(source: SourceRecord) -> Round:
    texts: dict[str, list[str]] = defaultdict(list)
    right: list[bool] = []
    seen = 0
    for file in sorted(source.path.glob("*.parquet")):
        if seen < MOST:
            for problem_id, reward, text in _rows(file):
                seen += 1
                texts[problem_id].append(text)
                if reward is not None:
                    right.append(reward > 0.5)
    total = sum(pq.read_metadata(file).num_rows for file in source.path.glob("*.parquet"))
    spread = [metrics.diversity(shares) for shares in texts.values() if len(shares) > 1]
    return Round(
        stage=source.model,
        round=source.round or 0,
        accuracy=sum(right) / len(right) if right else None,
        exact=sum(shares["exact"] for shares in spread) / len(spread) if spread else None,
        trace=sum(shares["trace"] for shares in spread) / len(spread) if spread else None,
        seen=seen,
        total=total,
    )


def _rows(file: Path) -> Iterator[tuple[str, float | None, str]]:
    """Yields (problem id, reward, completion), without reading tokens."""
    with pq.ParquetFile(file) as parquet:
        leaves = [parquet.schema.column(index).path for index in range(len(parquet.schema))]
        columns = [
            leaf
            for leaf in leaves
            if leaf.startswith("turns.") and leaf.endswith((".role", ".text", ".trained"))
        ]
        table = parquet.read(columns=["problem_id", "reward", *columns])
    for row in table.to_pylist():
        written = "".join(turn["text"] for turn in join_turns(row["turns"] or []) if turn["trained"])
        yield row["problem_id"], finite_number(row["reward"]), written
