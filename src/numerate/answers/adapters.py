"""The grader as a reward of other training code: `trl_reward` for TRL, `verl_compute_score` for verl.

Both give 1.0 or 0.0, take no part in training, and may be called from any thread or process. A reference may
be the bare answer, a number, a list of accepted spellings, or a worked solution that marks its answer
(`... #### 72`, `\\boxed{72}`), as in the raw columns of GSM8K and MATH. What cannot be graded raises
ValueError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from numerate.answers.grading import grade
from numerate.answers.references import content_text, problems_of
from numerate.answers.sources import Fallback, check_options
from numerate.types import Problem

Message = Mapping[str, Any]
"""one turn of a conversation: {"role": ..., "content": ...}"""
Completion = str | Message | Sequence[Message] | None
TrlReward = Callable[..., list[float | None]]
ANSWERS = ("answer", "ground_truth", "solution")
"""columns that may hold the reference; of a row the first that holds an answer counts"""


def trl_reward(
    prompts: Sequence[str | Sequence[Message]],
    completions: Sequence[Completion],
    fallback: Fallback = "expression",
    **columns: Any,
) -> list[float | None]:
    """Returns one reward per completion, each a text or a list of messages: `reward_funcs=trl_reward`.

    Columns read, one value per row: `answer`, `ground_truth` or `solution`, the reference (None or empty:
    the row's reward is None, which TRL leaves out); `kind`, one of number, math, choice (by default choice
    where there are choices, else math); `choices`, the (letter, text) pairs of a choice problem. Others are
    ignored. fallback: as in `grade`; `reward_funcs=trl_reward_with(fallback="none")` pays no guesses. Raises
    ValueError for a missing or too short column, an unknown kind or fallback, and a reference that nothing
    can equal."""
    check_options("math", fallback)
    rows = len(completions)
    names = [name for name in ANSWERS if columns.get(name) is not None] or ["answer"]
    references = list(zip(*(_column(name, columns, rows) for name in names), strict=True))
    kinds = _column("kind", columns, rows, default="")
    choices = _column("choices", columns, rows, default=())
    return [
        _reward(
            completions[row],
            _problems(references[row], kinds[row], choices[row], row),
            f"row {row}",
            fallback,
        )
        for row in range(rows)
    ]


def trl_reward_with(fallback: Fallback) -> TrlReward:
    """Returns `trl_reward` with another fallback. TRL logs a reward under its function's name, which
    `functools.partial` has not: `trl_reward_none`."""
    check_options("math", fallback)

    def reward(
        prompts: Sequence[str | Sequence[Message]], completions: Sequence[Completion], **columns: Any
    ) -> list[float | None]:
        return trl_reward(prompts, completions, fallback=fallback, **columns)

    reward.__name__ = reward.__qualname__ = f"trl_reward_{fallback}"
    reward.__doc__ = trl_reward.__doc__
    return reward


def verl_compute_score(
    data_source: str,
    solution_str: str | None,
    ground_truth: Any,
    extra_info: Mapping[str, Any] | None = None,
    fallback: Fallback = "expression",
    **_: Any,
) -> float:
    """Returns verl's custom reward: `custom_reward_function.path` is this file, `.name` is
    verl_compute_score.

    extra_info may hold `kind` (number, math or choice; else choice where there are choices, number where the
    source's name has gsm8k in it, and math) and `choices`. fallback (`custom_reward_function.reward_kwargs`):
    as in `grade`. Raises ValueError for a ground truth that is empty or that nothing can equal: a reward of 0
    for all would pass unseen."""
    more, where = extra_info or {}, f"data_source {data_source!r}"
    kind = more.get("kind")
    if kind is None and not more.get("choices") and "gsm8k" in str(data_source).lower():
        kind = "number"
    problems = problems_of(ground_truth, kind, more.get("choices"), where)
    value = _reward(solution_str, problems, where, fallback)
    if value is None:
        raise ValueError(f"{where}: ground_truth is empty ({ground_truth!r}); give the reference answer")
    return value


def assistant_texts(completion: Completion, where: str = "completion") -> list[str]:
    """Returns what the assistant says in a completion, message by message, leaving out the empty ones.

    Raises ValueError for what is neither text nor messages."""
    if completion is None or isinstance(completion, str):
        return [completion] if completion else []
    messages = [completion] if isinstance(completion, Mapping) else completion
    if not isinstance(cast("object", messages), list | tuple):
        raise _unreadable(where, completion)
    texts: list[str] = []
    for message in messages:
        if not isinstance(cast("object", message), Mapping) or not message.keys() & _MESSAGE_FIELDS:
            raise _unreadable(where, message)
        if message.get("role", "assistant") != "assistant":
            continue
        text = content_text(message.get("content"))
        if text is None:
            raise _unreadable(where, message)
        texts.append(text)
    return [text for text in texts if text.strip()]


_MESSAGE_FIELDS = frozenset({"role", "content"})


def _unreadable(where: str, value: Any) -> ValueError:
    return ValueError(
        f"{where}: the completion holds {str(value)[:80]!r} ({type(value).__name__}); expected a text, or "
        'messages such as {"role": "assistant", "content": "..."}'
    )


def _problems(references: Sequence[Any], kind: Any, choices: Any, row: int) -> list[Problem]:
    """Returns the problems of the first column that holds an answer; of several, one that is no answer is
    passed over."""
    refused: ValueError | None = None
    for reference in references:
        try:
            if problems := problems_of(reference, kind, choices, f"row {row}"):
                return problems
        except ValueError as error:
            refused = refused or error
    if refused is not None:
        raise refused
    return []


def _reward(
    completion: Completion, problems: Sequence[Problem], where: str, fallback: Fallback
) -> float | None:
    """Returns 1.0 where the completion ends in any of the accepted answers; None where there is none."""
    texts = assistant_texts(completion, where)
    if not problems:
        return None
    return float(any(_is_right(texts, problem, fallback) for problem in problems))


def _is_right(texts: Sequence[str], problem: Problem, fallback: Fallback) -> bool:
    """Grades the last message, and where it has no answer all of them as one text."""
    last = grade(texts[-1] if texts else "", problem, fallback=fallback)
    if last.answer is not None or len(texts) < 2:
        return last.correct
    return grade("\n".join(texts), problem, fallback=fallback).correct


def _column(name: str, columns: Mapping[str, Any], rows: int, default: Any = None) -> Sequence[Any]:
    values = columns.get(name)
    if values is None:
        if default is None:
            names = ", ".join(sorted(columns)) or "none"
            raise ValueError(
                f"column {name!r} is missing (given: {names}): add it, or one of {', '.join(ANSWERS)}, "
                "to the dataset's rows"
            )
        return [default] * rows
    if isinstance(values, str) or not hasattr(values, "__len__") or len(values) != rows:
        raise ValueError(f"column {name!r} must hold one value for each of the {rows} completions")
    return values
