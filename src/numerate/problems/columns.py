"""Column conventions: maps a row of any dataset to a Problem. The first convention that fits is used.

What doesn't fit a Problem's fields stays in `meta` under the column's own name, so that nothing is lost:
`chosen`/`rejected` of preference rows, `completion`/`label` of unpaired rows, `completions`/`labels` of
stepwise rows, `labelled_steps` of PRM800K, `history` (the turns before the last question) of
conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from numerate.answers.references import is_letter, stands_for_nothing
from numerate.answers.text.boxes import ends_in_empty_mark, find_boxes
from numerate.problems.choices import read_choices, read_letter
from numerate.problems.conversation import Messages, question_of, read_completion, read_messages, read_prompt
from numerate.problems.reference_answer import marked_answer, stated_answer
from numerate.problems.row import NUMBER, Row, plain_number
from numerate.problems.sets import prm800k
from numerate.tool_formats import FORMATS
from numerate.tool_formats import NAMES as FORMAT_NAMES
from numerate.types import Kind, Problem

KNOWN = (
    "id",
    "unique_id",
    "question",
    "problem",
    "prompt",
    "answer",
    "final_answer",
    "expected_answer",
    "ground_truth",
    "solution",
    "kind",
    "choices",
    "source",
    "meta",
)


ANSWERS = ("answer", "final_answer", "expected_answer", "ground_truth")


def read_problem(row: Row) -> Problem:
    """Reads a row in any of the conventions below.

    Raises ValueError that lists them where none fits, or that names the field that is malformed."""
    for _, fits, read in CONVENTIONS:
        if fits(row):
            return read(row)
    columns = ", ".join(map(repr, row.fields)) or "none"
    supported = "; ".join(name for name, _, _ in CONVENTIONS)
    raise ValueError(f"{row.where}: unknown columns {columns}; supported are: {supported}")


def question_answer(row: Row) -> Problem:
    """Reads `question` or `problem`, with `answer`, `solution` or both; optionally `choices`.

    Where there is no solution of its own, an answer of the form `steps #### 24` is one. Where there is no
    answer of its own, it is that of another column in `ANSWERS`, or the one that the solution marks."""
    question = row.text("question", "problem", "prompt")
    if row.has("choices") and row.value("choices"):
        return _choice(row, question)
    solution = row.maybe("solution")
    answer = row.maybe("answer").strip()
    if not solution and "####" in answer:
        solution, answer = answer, ""
    answer = answer or row.maybe(*ANSWERS[1:]).strip() or marked_answer(solution) or ""
    if not answer:
        raise row.wrong("answer", "the final answer, or a solution that marks it with #### or \\boxed{}")
    return build_problem(row, question, answer, solution)


def build_problem(
    row: Row, question: str, answer: str, solution: str = "", history: Messages | None = None, **meta: Any
) -> Problem:
    """Returns a Problem with the row's own id, kind and source; its remaining columns go to `meta`.

    Raises ValueError where the answer is what programs write for a missing one."""
    if stands_for_nothing(answer):
        expected = f"the final answer, not {answer.strip()!r} (write it, or leave the row out)"
        raise row.wrong(tuple(filter(row.has, (*ANSWERS, "solution"))) or "answer", expected)
    own = cast("dict[str, Any]", dict(row.fields["meta"])) if isinstance(row.value("meta"), Mapping) else {}
    numeric = NUMBER.fullmatch(plain_number(answer)) is not None
    typed = isinstance(row.value("answer"), int | float)
    kind = _kind(row, "number" if numeric and (typed or "####" in solution) else "math")
    if kind == "choice" and answer.strip() and not is_letter(answer):
        raise row.wrong(
            tuple(filter(row.has, ANSWERS)) or "answer", "a letter, or the column 'choices' as well"
        )
    history_or_none = {"history": history} if history else {}
    return Problem(
        id=row.maybe("id", "unique_id"),
        question=question,
        answer=plain_number(answer) if kind == "number" else answer.strip(),
        solution=solution,
        kind=kind,
        source=row.maybe("source"),
        meta=_with_format(row, {**row.rest(*KNOWN), **own, **meta, **history_or_none}),
    )


def _with_format(row: Row, meta: dict[str, Any]) -> dict[str, Any]:
    """Returns the columns with a checked `tool_format`; an empty one is left out.

    Raises ValueError where it is no format's name."""
    name = meta.get("tool_format")
    if name is None or name == "":
        return {key: value for key, value in meta.items() if key != "tool_format"}
    if not isinstance(name, str) or name not in FORMATS:
        column = "tool_format" if row.has("tool_format") else "meta"
        raise row.wrong(column, f"{FORMAT_NAMES} as tool_format, or no such column for solutions in text")
    return meta


def _kind(row: Row, default: Kind) -> Kind:
    kind = row.maybe("kind") or default
    if kind not in ("number", "math", "choice"):
        raise row.wrong("kind", "number, math or choice")
    return kind


def _choice(row: Row, question: str) -> Problem:
    choices = read_choices(row, "choices")
    names = tuple(filter(row.has, (*ANSWERS, "answerKey"))) or ("answer",)
    letter = read_letter(row, choices, *names)
    return replace(
        build_problem(row, question, letter, row.maybe("solution")), kind="choice", choices=choices
    )


def _messages(row: Row) -> Problem:
    turns = read_messages(row, "messages")
    solution = turns.pop()["content"] if turns[-1]["role"] == "assistant" else ""
    question, history = question_of(row, "messages", turns)
    return _problem(row, question, history, solution, "messages")


def _conversations(row: Row) -> Problem:
    turns = row.value("conversations")
    if not isinstance(turns, list | tuple):
        raise row.wrong("conversations", 'a list of turns such as [{"from": "human", "value": "..."}]')
    messages = [_message(row, turn) for turn in cast("list[Any]", turns)]
    rest = {key: value for key, value in row.fields.items() if key != "conversations"}
    return _messages(Row(row.where, {**rest, "messages": messages}))


SPEAKERS = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}


def _message(row: Row, turn: Any) -> dict[str, Any]:
    fields: Mapping[str, Any] = cast("Mapping[str, Any]", turn) if isinstance(turn, Mapping) else {}
    speaker = SPEAKERS.get(str(fields.get("from")))
    if speaker is None:
        raise row.wrong("conversations", f"turns with 'value' and 'from', one of {', '.join(SPEAKERS)}")
    return {"role": speaker, "content": fields.get("value")}


def _instruction(row: Row) -> Problem:
    question = "\n\n".join(filter(None, (row.text("instruction"), row.maybe("input"))))
    return _problem(row, question, [], row.text("output"), "output", "instruction", "input", "ground_truth")


def _completion(row: Row) -> Problem:
    question, history = read_prompt(row, "prompt")
    return _problem(row, question, history, read_completion(row, "completion"), "completion")


def _prompt_answer(row: Row) -> Problem:
    question, history = read_prompt(row, "prompt")
    return _problem(row, question, history, row.maybe("solution"), "solution", "ground_truth")


def _problem(row: Row, question: str, history: Messages, solution: str, *used: str) -> Problem:
    """Returns a question with a solution, whose answer is the row's own or the one that the solution marks or
    states. Text without problems has no answer."""
    answer = row.maybe(*ANSWERS) or marked_answer(solution) or stated_answer(solution)
    if not answer.strip() and _marks_nothing(solution):
        raise row.wrong(used[0], "a solution with an answer after #### or in \\boxed{}")
    problem = build_problem(row, question, answer, solution, history)
    return replace(problem, meta={key: value for key, value in problem.meta.items() if key not in used})


def _marks_nothing(solution: str) -> bool:
    return ends_in_empty_mark(solution) or any(not box.inner.strip() for box in find_boxes(solution))


def _unpaired(row: Row) -> Problem:
    label = row.value("label")
    if not isinstance(label, bool) and label not in (0, 1):
        raise row.wrong("label", "true or false")
    problem = _completion(row)
    completion = problem.solution
    good = problem if label else replace(problem, solution="", answer=row.maybe("answer"))
    return replace(good, meta={**good.meta, "completion": completion, "label": bool(label)})


def _preference(row: Row) -> Problem:
    question, history = read_prompt(row, "prompt")
    answer = row.maybe("answer", "ground_truth")
    meta = {"chosen": read_completion(row, "chosen"), "rejected": read_completion(row, "rejected")}
    return build_problem(row, question, answer, row.maybe("solution"), history, **meta)


def _stepwise(row: Row) -> Problem:
    question, _ = read_prompt(row, "prompt")
    steps, labels = row.value("completions"), row.value("labels")
    if not isinstance(steps, list | tuple) or not all(
        isinstance(step, str) for step in cast("list[Any]", steps)
    ):
        raise row.wrong("completions", "a list of steps as text")
    count = len(cast("list[Any]", steps))
    if not isinstance(labels, list | tuple) or len(cast("list[Any]", labels)) != count:
        raise row.wrong("labels", f"a list of {count} labels, one per step of 'completions'")
    return build_problem(row, question, row.maybe("answer", "ground_truth"), row.maybe("solution"))


def _verl(row: Row) -> Problem:
    """Reads verl's Parquet rows: the question is the unchanged prompt, with verl's instruction in it."""
    question, history = read_prompt(row, "prompt")
    model = row.value("reward_model")
    truth = cast("Mapping[str, Any]", model).get("ground_truth") if isinstance(model, Mapping) else None
    if truth is None:
        raise row.wrong("reward_model", "an object with 'ground_truth'")
    answer = Row(row.where, {"ground_truth": truth}).text("ground_truth")
    problem = build_problem(row, question, answer, "", history)
    return replace(problem, source=row.maybe("data_source"))


Convention = tuple[str, Callable[[Row], bool], Callable[[Row], Problem]]


def _needs(*columns: str) -> Callable[[Row], bool]:
    return lambda row: row.has(*columns)


CONVENTIONS: tuple[Convention, ...] = (
    ("PRM800K (question, label.steps)", prm800k.fits_prm800k, prm800k.read_problem),
    ("verl (prompt, reward_model.ground_truth)", _needs("prompt", "reward_model"), _verl),
    ("messages", _needs("messages"), _messages),
    ("conversations (from, value)", _needs("conversations"), _conversations),
    ("prompt, chosen, rejected", _needs("prompt", "chosen", "rejected"), _preference),
    ("prompt, completions, labels", _needs("prompt", "completions", "labels"), _stepwise),
    ("prompt, completion, label", _needs("prompt", "completion", "label"), _unpaired),
    ("prompt, completion", _needs("prompt", "completion"), _completion),
    ("question, answer", _needs("question"), question_answer),
    ("problem, solution, answer", _needs("problem"), question_answer),
    (
        "prompt, answer",
        lambda row: row.has("prompt") and row.value(*ANSWERS, "solution") is not None,
        _prompt_answer,
    ),
    ("instruction, output", _needs("instruction", "output"), _instruction),
)
