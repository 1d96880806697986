"""Scores JSONL of solutions, a block of lines at a time: the work of `numerate judge`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from numerate.credit import aggregate
from numerate.judges.step_split import split_solution
from numerate.types import Problem, Scorer, StepScores

BLOCK = 256
"""lines that are scored together: always the same ones, so that resuming changes no number"""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SolutionLine:
    id: str | int
    problem: Problem
    solution: str


def score_lines(
    lines: Iterable[str],
    judge: Callable[[], Scorer],
    how: str,
    problems: Mapping[str, Problem],
    done: Collection[int] = (),
) -> Iterator[tuple[int, list[Row]]]:
    """Yields (lines read, rows) per block: {"id", "scores", "steps", "score"}, and "note" where a solution is
    empty, has no steps, or is too long ("dropped" is the number of late steps without a score).

    A line has an id of its own, a solution, and a question, or the problem_id of one of `problems` (its own
    id where it has neither). A line that cannot be read, or repeats an id, becomes {"id"?, "line", "error"}.
    judge: loads the scorer; not called where nothing is to be scored. how: the aggregate of step scores.
    done: keys (`key_of`) of completed rows; of these only lines that cannot be read are yielded again."""
    seen: set[int] = set()
    numbered = enumerate(lines, start=1)
    while block := list(islice(numbered, BLOCK)):
        entries = [read_line(line, number, problems, seen) for number, line in block if line.strip()]
        unscored = [
            key_of({"id": entry.id} if isinstance(entry, SolutionLine) else entry) not in done
            for entry in entries
        ]
        solutions = [entry for entry in entries if isinstance(entry, SolutionLine)] if any(unscored) else []
        results = (
            judge().score([entry.problem for entry in solutions], [entry.solution for entry in solutions])
            if solutions
            else []
        )
        scored = {entry.id: row_of(entry, each, how) for entry, each in zip(solutions, results, strict=True)}
        rows = [
            scored[entry.id] if isinstance(entry, SolutionLine) else entry
            for entry, want in zip(entries, unscored, strict=True)
            if want or not isinstance(entry, SolutionLine)
        ]
        yield len(block), rows


def key_of(row: Row) -> int:
    """Returns a key of a row of the output, small enough to keep for millions: a line that could not be read
    goes by its number, because its id may be missing or another's."""
    return hash(("line", row["line"]) if "error" in row else ("id", json.dumps(row["id"])))


def read_line(line: str, number: int, problems: Mapping[str, Problem], seen: set[int]) -> SolutionLine | Row:
    row: Row = {}
    try:
        row = _object(line)
        solution = SolutionLine(_id(row), _problem(row, problems), clean_surrogates(_text(row, "solution")))
        key = key_of({"id": solution.id})
        if key in seen:
            raise ValueError(
                f"the id {solution.id!r} is already on an earlier line: give each solution its own id"
            )
        seen.add(key)
        return solution
    except (ValueError, RecursionError) as error:
        identifier = {"id": row["id"]} if isinstance(row.get("id"), str | int) else {}
        return {**identifier, "line": number, "error": str(error)}


def _object(line: str) -> Row:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    if not isinstance(row, dict):
        shown = line.strip()[:60]
        raise ValueError(
            f'expected an object such as {{"id": 1, "question": "...", "solution": "..."}}, found {shown}'
        )
    return cast(Row, row)


def _id(row: Row) -> str | int:
    value = row.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f'"id" is {_shown(value)}; expected text or a whole number')
    return value


def _problem(row: Row, problems: Mapping[str, Problem]) -> Problem:
    if "question" in row:
        question = clean_surrogates(_text(row, "question"))
        if not question.strip():
            raise ValueError('"question" is empty')
        return Problem(str(row["id"]), question, answer="")
    problem_id = str(row.get("problem_id", row["id"]))
    if problem_id in problems:
        return problems[problem_id]
    if not problems:
        raise ValueError('"question" is missing; write it, or name the set of the problem (--problems)')
    raise ValueError(
        f'no problem of the set has the id {problem_id!r}: write it as "problem_id", or a "question"'
    )


def _text(row: Row, field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str):
        raise ValueError(f'"{field}" is {_shown(value)}; expected text')
    return value


def _shown(value: Any) -> str:
    return "missing" if value is None else repr(value)[:60]


def clean_surrogates(text: str) -> str:
    """Replaces halves of surrogate pairs, which JSON can hold and no tokenizer accepts, by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def row_of(line: SolutionLine, scored: StepScores, how: str) -> Row:
    """Returns one line of the output. A solution without scores has score 0."""
    row: Row = {
        "id": line.id,
        "scores": list(scored.scores),
        "steps": [step.text for step in scored.steps],
        "score": aggregate(scored.scores, how),
    }
    solution = split_solution(line.solution)
    if not solution.texts:
        return row | {"note": "empty"}
    if scored.dropped:
        return row | {"note": "overlong", "dropped": scored.dropped}
    return row if solution.steps else row | {"note": "no_steps"}
