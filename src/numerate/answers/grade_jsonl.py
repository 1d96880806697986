"""The work behind `numerate grade`: JSONL in, one verdict per line out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from numerate.answers import choice, faults
from numerate.answers.grading import grade
from numerate.answers.references import problems_of
from numerate.answers.sources import Fallback, check_options
from numerate.answers.strict import decide_strict
from numerate.types import Problem

EXTRA_CELLS = "cells without a column"
"""the field of a table's row that has more cells than there are columns"""
_WHERE = "row"
"""the place in messages about a row, which the number of its line replaces"""


def grade_lines(
    lines: Iterable[str], strict: bool = False, fallback: Fallback = "expression", unfinished: bool = False
) -> Iterator[dict[str, Any]]:
    """Grades rows {"id"?, "reference", "candidate" or "solution", "kind"?, "choices"?}; yields {"id",
    "correct", "answer", "how"}.

    A reference may be a list of accepted answers, or a worked solution that marks its answer. A candidate is
    an answer as it stands; a solution is a text to find the answer in, and "source" then
    says where it was. A row that can't be read becomes {"id"?, "line", "error"} and the stream goes on;
    blank lines are skipped. Lines are numbered from 1. A fault of the grader is a wrong answer with "how":
    "error", the "exception" and the texts, cut. Raises ValueError for an unknown fallback."""
    check_options("math", fallback)
    return _graded_rows(lines, strict, fallback, unfinished)


def _graded_rows(
    lines: Iterable[str], strict: bool, fallback: Fallback, unfinished: bool
) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row: dict[str, Any] = {}
        try:
            row = _object(line)
            verdict = _grade_row(row, strict, fallback, unfinished)
            yield verdict if verdict["how"] != "error" else _fault(row, verdict)
        except (ValueError, RecursionError) as error:
            yield {
                **({"id": row["id"]} if "id" in row else {}),
                "line": number,
                "error": str(error).removeprefix(f"{_WHERE}: "),
            }
        except Exception as error:
            faults.note_fault(error, line)
            yield _fault(row, {"id": row.get("id"), "correct": False, "answer": None, "how": "error"})


def _fault(row: Mapping[str, Any], verdict: dict[str, Any]) -> dict[str, Any]:
    """Returns the verdict of an error, with the exception and its texts."""
    fault = faults.latest_fault()
    texts = {
        name: faults.shorten_text(row[name]) for name in ("reference", "candidate", "solution") if name in row
    }
    return {**verdict, "exception": fault.exception if fault else "", **texts}


def _object(line: str) -> dict[str, Any]:
    try:
        row = json.loads(line.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    if not isinstance(row, dict):
        raise ValueError(
            f'expected an object such as {{"reference": "5", "candidate": "5"}}, found {line.strip()[:60]}'
        )
    return cast(dict[str, Any], row)


def _grade_row(row: Mapping[str, Any], strict: bool, fallback: Fallback, unfinished: bool) -> dict[str, Any]:
    if extra := row.get(EXTRA_CELLS):
        raise ValueError(
            f"{extra[0]} cells under {extra[1]} columns: put quotes around a cell that holds the delimiter"
        )
    problems = problems_of(_reference(row), row.get("kind"), row.get("choices"), _WHERE)
    if not problems:
        raise ValueError('"reference" is empty; expected text or a number, or a list of accepted spellings')
    text = _text(row, "solution" if "solution" in row else "candidate")
    verdict: dict[str, Any] = {}
    for problem in problems:
        if "solution" in row:
            verdict = _solution(text, problem, strict, fallback, unfinished)
        else:
            verdict = _candidate(text, problem, strict)
        if verdict["correct"]:
            break
    return {"id": row.get("id"), **verdict}


def _reference(row: Mapping[str, Any]) -> Any:
    """Returns the answers that the row accepts: a text, a number, or a list of them; worked solutions are
    reduced later."""
    value = row.get("reference")
    if value in (None, []) or isinstance(value, bool) or value != value:
        what = f"is missing{_fields(row)}" if value is None else f"is {value!r}"
        raise ValueError(f'"reference" {what}; expected text or a number, or a list of accepted spellings')
    return value


def _solution(
    solution: str, problem: Problem, strict: bool, fallback: Fallback, unfinished: bool
) -> dict[str, Any]:
    done = grade(solution, problem, strict, fallback, unfinished)
    return {"correct": done.correct, "answer": done.answer, "how": done.how, "source": done.source}


def _candidate(candidate: str, problem: Problem, strict: bool) -> dict[str, Any]:
    reference = problem.answer
    if problem.kind == "choice" and problem.choices:
        letter = choice.letter_of(candidate, problem.choices)
        if letter is None:
            return {"correct": False, "answer": candidate, "how": "no_answer"}
        candidate, reference = letter, choice.letter_of(reference, problem.choices) or reference
    verdict = decide_strict(candidate, reference, problem.kind, strict)
    return {"correct": verdict.equal, "answer": candidate, "how": verdict.how}


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        what = f"is missing{_fields(row)}" if value is None else f"is {value!r}"
        also = ' (or a "solution" to find the answer in)' if field == "candidate" else ""
        raise ValueError(f'"{field}" {what}; expected text or a number{also}')
    return value if isinstance(value, str) else json.dumps(value)


def _fields(row: Mapping[str, Any]) -> str:
    """Names the fields of a row that have a value, for a message about one that has none."""
    names = [name for name, value in row.items() if value is not None]
    return f" (the row has {', '.join(names)[:120]})" if names else ""
