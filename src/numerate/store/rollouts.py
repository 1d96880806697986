"""Scored rollouts as Parquet. Reading gives back exactly what was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from numerate.store.files import replace_file
from numerate.types import Reward, Rollout, Scored, Step, Turn

BATCH = 512
"""rollouts in memory at once, while writing and while reading"""

FORMAT = "scored rollouts 3"
"""marks our files, so that another Parquet file is refused by name"""
ADDED = {"choices": "scored rollouts 2", "status": "scored rollouts 3"}
"""columns of a turn (token classes, status of a tool's turn) -> the first format that has them; files of all
formats are read"""

LOGPROBS = "turns.list.element.logprobs.list.element"
REPEATED = [
    "problem_id",
    "policy",
    "finish",
    "answer",
    "turns.list.element.role",
    "turns.list.element.status",
    "parts.key_value.key",
]


def _arrow(module: str = "pyarrow") -> Any:
    """Imports pyarrow, which has no types of its own and is slow to load, where it is used."""
    return import_module(module)


@cache
def rollout_schema(format: str = FORMAT) -> Any:
    """Returns the pyarrow.Schema of a format: one row per rollout. Log-probs are float64, so that any float
    is read as it was written: those from float32 tensors have zeros in their lower bytes, which compress to
    nothing once the bytes are split."""
    pa = _arrow()
    added = {"choices": pa.list_(pa.int8()), "status": pa.string()}
    turn = {
        "role": pa.string(),
        "text": pa.string(),
        "ids": pa.list_(pa.int32()),
        "logprobs": pa.list_(pa.float64()),
        "trained": pa.bool_(),
    }
    turn |= {name: kind for name, kind in added.items() if ADDED[name] <= format}
    step = {
        "start": pa.int32(),
        "end": pa.int32(),
        "text": pa.string(),
        "score": pa.float64(),
        "label": pa.string(),
    }
    row = {
        "problem_id": pa.string(),
        "index": pa.int32(),
        "policy": pa.string(),
        "seed": pa.int64(),
        "finish": pa.string(),
        "answer": pa.string(),
        "turns": pa.list_(pa.struct(list(turn.items()))),
        "steps": pa.list_(pa.struct(list(step.items()))),
        "reward": pa.float64(),
        "parts": pa.map_(pa.string(), pa.float64()),
    }
    return pa.schema(list(row.items()), metadata={"numerate": format})


class Foreign(ValueError):
    """A Parquet file of something else."""


GARBLED = (ValueError, TypeError, KeyError, OverflowError, MemoryError)
"""what pyarrow and Python raise for a file whose bits were flipped"""


def write_rollouts(path: Path, rows: Iterable[Scored]) -> None:
    """Writes one compressed Parquet file, which appears whole or not at all.

    Raises ValueError where a value does not fit its column, such as a token id beyond 32 bits.
    """
    pa, pq = _arrow(), _arrow("pyarrow.parquet")
    options: dict[str, Any] = {"use_dictionary": REPEATED, "use_byte_stream_split": [LOGPROBS]}
    options |= {"compression": "zstd", "write_page_checksum": True}
    rest = iter(rows)
    with replace_file(path) as part, pq.ParquetWriter(part, rollout_schema(), **options) as writer:
        while batch := list(islice(rest, BATCH)):
            try:
                table = pa.Table.from_pylist([_row(scored) for scored in batch], rollout_schema())
            except (pa.ArrowException, OverflowError) as error:
                raise ValueError(f"{path}: a rollout cannot be stored: {error}") from error
            writer.write_table(table)


def read_rollouts(path: Path) -> Iterator[Scored]:
    """Yields the rollouts of a file, or of all Parquet files in and below a folder in the order of their
    names; streamed.

    Raises ValueError for a path that is missing or holds no Parquet file, at once, and for a file that is
    cut short, damaged or not ours, when it is reached.
    """
    return (_scored(row) for file in _parts(path) for row in _rows(file))


def read_rewards(path: Path) -> Iterator[tuple[str, float | None]]:
    """Yields (problem id, reward) of each rollout, without reading the other columns. Path and errors as for
    `read_rollouts`."""
    rows = (row for file in _parts(path) for row in _rows(file, ["problem_id", "reward"]))
    return ((row["problem_id"], row["reward"]) for row in rows)


def _parts(path: Path) -> list[Path]:
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise ValueError(f"{path}: no rollouts; name a Parquet file of a run, or a folder with some")
    return files


def _rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    pa, pq = _arrow(), _arrow("pyarrow.parquet")
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if not _ours(file.schema_arrow):
                raise Foreign(f"{path}: a Parquet file, but not one of scored rollouts of this version")
            count = 0
            for batch in file.iter_batches(BATCH, columns=columns):
                yield from batch.to_pylist(maps_as_pydicts="strict")
                count += len(batch)
            if count != file.metadata.num_rows:
                raise ValueError(f"{count} of {file.metadata.num_rows} rows")
    except Foreign:
        raise
    except (pa.ArrowException, OSError, *GARBLED) as error:
        remedy = "delete it and run again to sample its part anew"
        raise ValueError(f"{path}: truncated or damaged ({error}); {remedy}") from error


def _ours(schema: Any) -> bool:
    marks: dict[bytes, bytes] = schema.metadata or {}
    mark = marks.get(b"numerate", b"").decode(errors="replace")
    return mark in ("scored rollouts 1", *ADDED.values()) and schema.equals(rollout_schema(mark))


def _row(scored: Scored) -> dict[str, Any]:
    rollout = scored.rollout
    return {
        "problem_id": rollout.problem_id,
        "index": rollout.index,
        "policy": rollout.policy,
        "seed": rollout.seed,
        "finish": rollout.finish,
        "answer": rollout.answer,
        "turns": [
            {
                "role": t.role,
                "text": t.text,
                "ids": t.ids,
                "logprobs": t.logprobs,
                "trained": t.trained,
                "choices": t.token_classes,
                "status": t.status,
            }
            for t in rollout.turns
        ],
        "steps": [
            {"start": s.start, "end": s.end, "text": s.text, "score": s.score, "label": s.label}
            for s in rollout.steps
        ],
        "reward": scored.reward.value,
        "parts": list(scored.reward.parts.items()),
    }


def _scored(row: dict[str, Any]) -> Scored:
    turns = tuple(
        Turn(
            role=t["role"],
            text=t["text"],
            ids=tuple(t["ids"]),
            logprobs=tuple(t["logprobs"]),
            trained=t["trained"],
            token_classes=tuple(t.get("choices", ())),
            status=t.get("status", ""),
        )
        for t in row["turns"]
    )
    steps = tuple(Step(**step) for step in row["steps"])
    rollout = Rollout(
        problem_id=row["problem_id"],
        index=row["index"],
        turns=turns,
        finish=row["finish"],
        answer=row["answer"],
        steps=steps,
        seed=row["seed"],
        policy=row["policy"],
    )
    return Scored(rollout, Reward(row["reward"], row["parts"]))
