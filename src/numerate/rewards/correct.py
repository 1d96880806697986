"""The reward of a right final answer: 1 or 0, by the same grader that evaluation uses.

`score` rewards rollouts of this package. `correct` has the signature of TRL's reward functions and is
usable from any training code by its dotted path, `numerate.rewards.correct.correct`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from numerate.answers import grade
from numerate.types import Kind, Problem, Reward, Rollout, Scored

Message = Mapping[str, Any]
"""one turn of a conversation: {"role": ..., "content": ...}"""
KINDS: dict[str, Kind] = {"number": "number", "math": "math", "choice": "choice"}


def score(problem: Problem, rollout: Rollout) -> Scored:
    """The rollout with its final answer, and 1.0 where that equals the problem's, else 0.0; None where the
    problem has no answer."""
    verdict = grade(rollout.text, problem)
    value = float(verdict.correct) if problem.answer.strip() else None
    return Scored(replace(rollout, answer=verdict.answer), Reward(value, {"correct": value}))


def correct(
    prompts: Sequence[str | Sequence[Message]],
    completions: Sequence[str | Sequence[Message]],
    **columns: Any,
) -> list[float | None]:
    """One reward per completion, each a text or a list of messages.

    Columns read, one value per row: `answer`, the reference (None or empty: the row's reward is None);
    `kind`, one of number, math (default), choice; `choices`, the (letter, text) pairs of a choice problem.
    Others are ignored. Raises ValueError for a missing or too short column and an unknown kind.
    """
    answers = _column("answer", columns, len(completions))
    kinds = _column("kind", columns, len(completions), default="math")
    choices = _column("choices", columns, len(completions), default=())
    rows = zip(completions, answers, kinds, choices, strict=True)
    return [
        _reward(text_of(c), answer, kind, pairs, row) for row, (c, answer, kind, pairs) in enumerate(rows)
    ]


def text_of(completion: str | Sequence[Message]) -> str:
    """What the assistant says in a completion."""
    if isinstance(completion, str):
        return completion
    said = (m.get("content") for m in completion if m.get("role", "assistant") == "assistant")
    return "\n".join(content for content in said if isinstance(content, str))


def _column(name: str, columns: Mapping[str, Any], rows: int, default: Any = None) -> Sequence[Any]:
    values = columns.get(name)
    if values is None:
        if default is None:
            given = ", ".join(sorted(columns)) or "none"
            raise ValueError(f"column {name!r} is missing (given: {given}): add it to the dataset's rows")
        return [default] * rows
    if isinstance(values, str) or len(values) != rows:
        raise ValueError(f"column {name!r} must hold one value for each of the {rows} completions")
    return values


def _reward(text: str, answer: Any, kind: Any, choices: Any, row: int) -> float | None:
    if answer is None or not str(answer).strip():
        return None
    known = KINDS.get(str(kind or "math"))
    if known is None:
        raise ValueError(f"row {row}: kind {kind!r} is unknown: use number, math or choice")
    pairs = tuple((str(a), str(b)) for a, b in cast(Sequence[tuple[Any, Any]], choices or ()))
    return float(grade(text, Problem(str(row), "", str(answer), kind=known, choices=pairs)).correct)
