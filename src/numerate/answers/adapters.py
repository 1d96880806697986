"""The grader as a reward of other training code: `trl_reward` for TRL, `verl_compute_score` for verl.

Both give 1.0 or 0.0, take no part in training, and may be called from any thread or process. A reference may
be the bare answer or a worked solution that ends in one (`... #### 72`, `\\boxed{72}`), as in the raw columns
of GSM8K and MATH.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from numerate.answers.extract import find
from numerate.answers.grading import grade
from numerate.types import Kind, Problem

Message = Mapping[str, Any]
"""one turn of a conversation: {"role": ..., "content": ...}"""
ANSWERS = ("answer", "solution", "ground_truth")
"""columns that may hold the reference, the first that is there counts"""


def trl_reward(
    prompts: Sequence[str | Sequence[Message]],
    completions: Sequence[str | Sequence[Message]],
    **columns: Any,
) -> list[float | None]:
    """One reward per completion, each a text or a list of messages: `reward_funcs=trl_reward`.

    Columns read, one value per row: `answer`, `solution` or `ground_truth`, the reference (None or empty:
    the row's reward is None, which TRL leaves out); `kind`, one of number, math (default), choice;
    `choices`, the (letter, text) pairs of a choice problem. Others are ignored. Raises ValueError for a
    missing or too short column and an unknown kind.
    """
    rows = len(completions)
    answers = _column(next((name for name in ANSWERS if name in columns), "answer"), columns, rows)
    kinds = _column("kind", columns, rows, default="math")
    choices = _column("choices", columns, rows, default=())
    return [
        _reward(text_of(c), answer, kind, pairs, f"row {row}")
        for row, (c, answer, kind, pairs) in enumerate(zip(completions, answers, kinds, choices, strict=True))
    ]


def verl_compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    **_: Any,
) -> float:
    """verl's custom reward: `custom_reward_function.path` is this file, `.name` is verl_compute_score.

    extra_info may hold `kind` (number, math or choice; else number where the source's name has gsm8k in it,
    and math) and `choices`. Raises ValueError for an empty ground truth: a reward of 0 for all would pass
    unseen.
    """
    more = extra_info or {}
    kind = more.get("kind") or ("number" if "gsm8k" in data_source.lower() else "math")
    value = _reward(solution_str, ground_truth, kind, more.get("choices"), f"data_source {data_source!r}")
    if value is None:
        raise ValueError(f"data_source {data_source!r}: ground_truth is empty; give the reference answer")
    return value


def text_of(completion: str | Sequence[Message]) -> str:
    """What the assistant says in a completion."""
    if isinstance(completion, str):
        return completion
    said = (m.get("content") for m in completion if m.get("role", "assistant") == "assistant")
    return "\n".join(content for content in said if isinstance(content, str))


def reference(text: str, kind: Kind) -> str:
    """The answer itself, where `text` is a worked solution that marks it."""
    if "####" not in text and "\\boxed" not in text:
        return text
    found = find(text, kind)
    return found.answer if found.answer is not None and found.source in ("hash", "box") else text


def _reward(text: str, answer: Any, kind: Any, choices: Any, where: str) -> float | None:
    if answer is None or not str(answer).strip():
        return None
    if kind not in get_args(Kind):
        raise ValueError(f"{where}: kind {kind!r} is unknown: use {', '.join(get_args(Kind))}")
    pairs = tuple((str(a), str(b)) for a, b in cast(Sequence[tuple[Any, Any]], choices or ()))
    problem = Problem(where, "", reference(str(answer), kind), kind=kind, choices=pairs)
    return float(grade(text, problem).correct)


def _column(name: str, columns: Mapping[str, Any], rows: int, default: Any = None) -> Sequence[Any]:
    values = columns.get(name)
    if values is None:
        if default is None:
            given = ", ".join(sorted(columns)) or "none"
            raise ValueError(
                f"column {name!r} is missing (given: {given}): add it, or one of {', '.join(ANSWERS)}, "
                "to the dataset's rows"
            )
        return [default] * rows
    if isinstance(values, str) or len(values) != rows:
        raise ValueError(f"column {name!r} must hold one value for each of the {rows} completions")
    return values
