"""The work behind `numerate grade`: JSONL in, one verdict per line out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast, get_args

from numerate.answers import choice, faults
from numerate.answers.grading import grade_and_source
from numerate.answers.strict import judge
from numerate.types import Kind, Problem

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def grade_lines(lines: Iterable[str], strict: bool = False) -> Iterator[dict[str, Any]]:
    """Rows {"id"?, "reference", "candidate" or "solution", "kind"?, "choices"?} to {"id", "correct",
    "answer", "how"}.

    A candidate is an answer as it stands; a solution is a text to find the answer in, and "source" then
    says where it was. A row that can't be read becomes {"id"?, "line", "error"} and the stream goes on;
    blank lines are skipped. Lines are numbered from 1. A fault of the grader is a wrong answer with "how":
    "error", the "exception" and the texts, cut."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row: dict[str, Any] = {}
        try:
            row = _object(line)
            verdict = _graded(row, strict)
            yield verdict if verdict["how"] != "error" else _fault(row, verdict)
        except (ValueError, RecursionError) as error:
            yield {**({"id": row["id"]} if "id" in row else {}), "line": number, "error": str(error)}
        except Exception as error:
            faults.note(error, line)
            yield _fault(row, {"id": row.get("id"), "correct": False, "answer": None, "how": "error"})


def _fault(row: Mapping[str, Any], verdict: dict[str, Any]) -> dict[str, Any]:
    """The verdict with what happened and the texts that it happened with."""
    fault = faults.latest()
    texts = {name: faults.cut(row[name]) for name in ("reference", "candidate", "solution") if name in row}
    return {**verdict, "exception": fault.exception if fault else "", **texts}


def _object(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    if not isinstance(row, dict):
        raise ValueError(
            f'expected an object such as {{"reference": "5", "candidate": "5"}}, found {line.strip()[:60]}'
        )
    return cast(dict[str, Any], row)


def _graded(row: Mapping[str, Any], strict: bool) -> dict[str, Any]:
    kind = row.get("kind", "choice" if row.get("choices") else "math")
    if kind not in get_args(Kind):
        raise ValueError(f'"kind" is {kind!r}; it must be one of {", ".join(get_args(Kind))}')
    problem = Problem(
        id=str(row.get("id", "")),
        question="",
        answer=_text(row, "reference"),
        kind=kind,
        choices=_choices(row.get("choices")),
    )
    if "solution" in row:
        solution = _text(row, "solution")
        done, source = grade_and_source(solution, problem, strict)
        verdict = {"correct": done.correct, "answer": done.answer, "how": done.how}
        return {"id": row.get("id"), **verdict, "source": source}
    return {"id": row.get("id"), **_candidate(_text(row, "candidate"), problem, strict)}


def _candidate(candidate: str, problem: Problem, strict: bool) -> dict[str, Any]:
    reference = problem.answer
    if problem.kind == "choice" and problem.choices:
        candidate = choice.letter_of(candidate, problem.choices) or candidate
        reference = choice.letter_of(reference, problem.choices) or reference
    verdict = judge(candidate, reference, problem.kind, strict)
    return {"correct": verdict.equal, "answer": candidate, "how": verdict.how}


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        what = "is missing" if value is None else f"is {value!r}"
        also = ' (or a "solution" to find the answer in)' if field == "candidate" else ""
        raise ValueError(f'"{field}" {what}; expected text or a number{also}')
    return value if isinstance(value, str) else json.dumps(value)


def _choices(value: Any) -> tuple[tuple[str, str], ...]:
    """Letters and texts from {"A": text}, [["A", text]], or [text, text]."""
    if value is None:
        return ()
    if isinstance(value, dict):
        return tuple((str(k), str(v)) for k, v in cast(dict[Any, Any], value).items())
    if not isinstance(value, list):
        raise ValueError(
            f'"choices" is {value!r}; expected a list of texts or of [letter, text], or an object'
        )
    items = cast(list[Any], value)
    if len(items) > len(_LETTERS):
        raise ValueError(f'"choices" has {len(items)} entries; at most {len(_LETTERS)} have letters')
    return tuple(_choice(item, letter) for item, letter in zip(items, _LETTERS, strict=False))


def _choice(item: Any, letter: str) -> tuple[str, str]:
    pair: list[Any] = cast(list[Any], item) if isinstance(item, list) else [letter, item]
    if len(pair) != 2:
        raise ValueError(f'"choices" holds {pair!r}; expected a text or [letter, text]')
    return str(pair[0]), str(pair[1])
