"""Choice of the rollouts that the page embeds, and the facts shown of each.

A run may hold hundreds of thousands; the page takes at most CAP of them and SIZE bytes. The choice is
stratified and needs no luck: every source (model x problem set x greedy or samples x round) gives in turn;
within a source the problems come in the order of a hash of their id, the same in every source, so that models
can be compared on the same problems; and each problem gives one right and one wrong rollout before it gives a
second of either."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from markupsafe import Markup

from numerate.answers import grade
from numerate.report.read import RunRecord, SourceRecord
from numerate.report.results import finite_number
from numerate.report.turns import call_outcome, clip_text, join_turns, prompt_text, text_pieces
from numerate.types import Problem

CAP = 2000  # rollouts on a page
SIZE = 4_000_000  # bytes of their JSON, roughly
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True, slots=True)
class Pick:
    """One row of one Parquet file, known by the light columns only."""

    source: int
    file: Path
    row: int
    problem_id: str
    index: int
    right: bool | None
    """None: the reward is missing"""


@dataclass(frozen=True, slots=True)
class Embedded:
    rows: tuple[dict[str, Any], ...]
    """JSON values with the short keys of page.js"""
    problems: tuple[dict[str, Any], ...]
    total: int
    """rollouts on disk"""
    by_source: Mapping[SourceRecord, tuple[int, int]]
    """(embedded, on disk)"""


def embed_rollouts(run: RunRecord, cap: int = CAP, size: int = SIZE) -> Embedded:
    """Selects the rollouts that the page contains. Raises ValueError naming the file where a Parquet file
    can't be read."""
    strata = [_scan(index, source) for index, source in enumerate(run.sources)]
    chosen = [pick for turn in zip_longest(*map(_spread, strata)) for pick in turn if pick is not None][:cap]
    by_key = {
        key: (name, problem) for name, members in run.problems.items() for key, problem in members.items()
    }
    problems: dict[str, dict[str, Any]] = {}
    rows: list[tuple[Pick, dict[str, Any]]] = []
    used = 0
    for pick, record in _records(chosen):
        set_name, problem = by_key.get(pick.problem_id, ("", None))
        row = _row(run.sources[pick.source], pick, record, problem)
        used += len(data_block(row))
        if pick.problem_id not in problems:
            name = run.sources[pick.source].problems or set_name
            problems[pick.problem_id] = _problem(pick.problem_id, name, problem)
            used += len(data_block(problems[pick.problem_id]))
        if used > size:
            break
        rows.append((pick, row))
    rows.sort(key=lambda item: _reading_order(run.sources[item[0].source], item[0]))
    places = {key: index for index, key in enumerate(problems)}
    taken = Counter(pick.source for pick, _ in rows)
    return Embedded(
        rows=tuple({**row, "p": places[pick.problem_id]} for pick, row in rows),
        problems=tuple(problems.values()),
        total=sum(map(len, strata)),
        by_source={source: (taken[index], len(strata[index])) for index, source in enumerate(run.sources)},
    )


def _scan(index: int, source: SourceRecord) -> list[Pick]:
    """Returns every rollout of a source, from three columns of its files."""
    picks: list[Pick] = []
    for file in sorted(source.path.glob("*.parquet")):
        try:
            with pq.ParquetFile(file) as parquet:
                light = parquet.read(columns=["problem_id", "index", "reward"]).to_pylist()
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"{file}: not a file of rollouts ({error}): delete it and run again") from error
        for row, columns in enumerate(light):
            reward = finite_number(columns["reward"])
            right = None if reward is None else reward > 0.5
            picks.append(
                Pick(index, file, row, str(columns["problem_id"]), int(columns["index"] or 0), right)
            )
    return picks


def _rank(problem_id: str) -> bytes:
    return hashlib.blake2b(problem_id.encode("utf-8", "replace"), digest_size=8).digest()


def _spread(picks: Sequence[Pick]) -> list[Pick]:
    """Orders the rollouts in rounds over the problems: in each, one more right and one more wrong rollout of
    every problem."""
    seen: Counter[tuple[str, bool | None]] = Counter()
    turns: list[tuple[int, bytes, int, Pick]] = []
    for pick in sorted(picks, key=lambda pick: pick.index):
        key = (pick.problem_id, pick.right)
        turns.append((seen[key], _rank(pick.problem_id), pick.index, pick))
        seen[key] += 1
    return [turn[3] for turn in sorted(turns, key=lambda turn: turn[:3])]


def _reading_order(source: SourceRecord, pick: Pick) -> tuple[int, str, str, bytes, int, int]:
    """Returns evaluations before training rounds, greedy before samples, and the models side by side on each
    problem."""
    when = -1 if source.round is None else source.round
    return when, source.decoding, source.problems, _rank(pick.problem_id), pick.source, pick.index


def _records(chosen: Sequence[Pick]) -> Iterator[tuple[Pick, dict[str, Any]]]:
    """Yields the whole rows, in the order of the choice; every file is opened once, and only chosen rows are
    read."""
    by_file: dict[Path, list[Pick]] = defaultdict(list)
    for pick in chosen:
        by_file[pick.file].append(pick)
    records: dict[Pick, dict[str, Any]] = {}
    for file, picks in by_file.items():
        with pq.ParquetFile(file) as parquet:
            table = parquet.read().take([pick.row for pick in picks])
        records.update(zip(picks, table.to_pylist(), strict=True))
    for pick in chosen:
        yield pick, records.pop(pick)


def _problem(problem_id: str, name: str, problem: Problem | None) -> dict[str, Any]:
    if problem is None:
        return {"id": clip_text(problem_id, 200), "set": name, "q": "", "a": "", "s": ""}
    choices = "".join(f"\n({letter}) {text}" for letter, text in problem.choices)
    return {
        "id": clip_text(problem_id, 200),
        "set": name,
        "q": clip_text(problem.question + choices),
        "a": clip_text(problem.answer, 400),
        "s": clip_text(problem.solution),
    }


def _row(
    source: SourceRecord, pick: Pick, record: Mapping[str, Any], problem: Problem | None
) -> dict[str, Any]:
    """Returns a row of the page: m model, d decoding, o round, i index, r right, a answer, h how graded, g
    the present grade, f finish, c calls of programs (`turns.call_outcome`), w reward, x its parts, t the text
    in pieces [text, verdict, score], l log-probability [tokens, sum, mean, lowest]"""
    turns: list[dict[str, Any]] = record.get("turns") or []
    written = prompt_text(turns) + "".join(t["text"] for t in join_turns(turns) if t["trained"] or t["tool"])
    verdict = grade(written, problem) if problem is not None else None
    return {
        "m": source.model,
        "d": source.decoding,
        "o": source.round,
        "i": pick.index,
        "r": pick.right,
        "a": None if record.get("answer") is None else clip_text(str(record["answer"]), 400),
        "h": verdict.how if verdict else None,
        "g": verdict.correct if verdict else None,
        "f": str(record.get("finish") or ""),
        "c": call_outcome(turns),
        "w": finite_number(record.get("reward")),
        "x": [[clip_text(str(name), 100), finite_number(value)] for name, value in record.get("parts") or []],
        "t": list(text_pieces(turns, record.get("steps") or [])),
        "l": _logprobs(turns),
    }


def _logprobs(turns: Sequence[Mapping[str, Any]]) -> list[float] | None:
    """Returns [tokens, sum, mean, lowest] over the policy's tokens, None where none were recorded."""
    raw = [finite_number(p) for turn in turns if turn.get("trained") for p in turn.get("logprobs") or []]
    values = [p for p in raw if p is not None]
    if not values:
        return None
    total = sum(values)
    return [len(values), round(total, 3), round(total / len(values), 4), round(min(values), 3)]


def data_block(value: Any) -> Markup:
    """Returns JSON for a <script type="application/json"> element: it can't end that and holds ASCII only, so
    U+2028, NUL and lone surrogates are escapes too.

    Raises ValueError on NaN and infinities: `results.finite_number` keeps them out."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(ESCAPES))
