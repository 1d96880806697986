"""Solutions with labelled steps, in the published formats.

PRM800K             question, label.steps or steps[].completions      every rated alternative is one
Math-Shepherd       input, label (text with a mark behind every step) + right, - wrong
stepwise (TRL)      prompt, completions, labels                       true right, false wrong
first errors        question or problem, steps, and one of label (ProcessBench), first_error,
                    mistake_index: the first wrong step, -1 or null for none; what follows has no label
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, cast

from numerate.problems.conversation import read_prompt
from numerate.problems.row import Row
from numerate.problems.sets import prm800k
from numerate.types import LabelledSolution, Problem

SHEPHERD_MARK = "ки"
"""stands in Math-Shepherd's input where a step ends; its label column has + or - there"""
FIRST_ERROR = ("label", "first_error", "mistake_index")


def read_marked(row: Row, paths: bool = False) -> Iterator[LabelledSolution]:
    """Yields the labelled solutions of a row. paths: of rated alternatives, the solution that was chosen,
    whole.

    Raises ValueError that lists the conventions where none fits, or that names the malformed field."""
    for _, fits, read in CONVENTIONS:
        if fits(row):
            yield from _path(row) if paths and read is _alternatives else read(row)
            return
    columns = ", ".join(map(repr, row.fields)) or "none"
    supported = "; ".join(name for name, _, _ in CONVENTIONS)
    raise ValueError(f"{row.where}: no labelled steps in the columns {columns}; supported are: {supported}")


def read_stepwise(row: Row) -> LabelledSolution:
    """Reads TRL's stepwise supervision. Labels are true and false, or 1 and 0; null for unlabelled steps."""
    question, _ = read_prompt(row, "prompt")
    steps = _texts(row, "completions")
    labels = row.value("labels")
    if not isinstance(labels, list | tuple) or len(cast("list[Any]", labels)) != len(steps):
        raise row.wrong("labels", f"a list of {len(steps)} labels, one per step of 'completions'")
    signs: list[int | None] = []
    for label in cast("list[Any]", labels):
        if label is not None and not isinstance(label, bool) and label not in (0, 1):
            raise row.wrong("labels", "true or false (1 or 0) for every step, null for no label")
        signs.append(None if label is None else 1 if label else -1)
    used = ("prompt", "completions", "labels")
    return LabelledSolution(_problem(row, question, *used), steps, tuple(signs), row.maybe("source"))


def read_shepherd(row: Row) -> LabelledSolution:
    """Reads Math-Shepherd (Wang et al. 2023, arXiv 2312.08935): a step is right where some continuation of it
    is right. Steps keep their "Step 1: "; text after the last mark has no label."""
    *marked, rest = row.text("input").split(SHEPHERD_MARK)
    label, at = row.text("label"), 0
    steps: list[str] = []
    labels: list[int | None] = []
    for number, piece in enumerate(marked, start=1):
        text = piece.strip().removeprefix("?").strip()
        start = label.find(text, at)
        behind = label[start + len(text) :].lstrip().removeprefix(SHEPHERD_MARK).lstrip()
        if start < 0 or label[at:start].strip() or behind[:1] not in ("+", "-"):
            raise row.wrong("label", f"the text of 'input' with + or - behind step {number}")
        steps.append(text)
        labels.append(1 if behind[0] == "+" else -1)
        at = len(label) - len(behind) + 1
    rest = rest.strip().removeprefix("?").strip()
    if rest:
        steps.append(rest)
        labels.append(None)
    question, begin, first = steps[0].partition("Step 1:")
    if not begin or not question.strip():
        raise row.wrong("input", "a question followed by 'Step 1:'")
    steps[0] = begin + first
    problem = _problem(row, question.strip(), "input", "label")
    return LabelledSolution(
        problem, tuple(steps), tuple(labels), row.maybe("source"), row.rest("input", "label", "id")
    )


def read_first_error(row: Row) -> LabelledSolution:
    """Reads steps with the index of the first wrong one, as ProcessBench has them."""
    steps = _texts(row, "steps")
    name = next(name for name in FIRST_ERROR if name in row.fields)
    at = row.fields[name]
    if at is None:
        at = -1
    if isinstance(at, bool) or not isinstance(at, int) or not -1 <= at < len(steps):
        raise row.wrong(name, f"the index of the first wrong step, 0 to {len(steps) - 1}, or -1 for none")
    right = len(steps) if at < 0 else at
    labels = (*(1,) * right, *(-1,) * (right < len(steps)), *(None,) * (len(steps) - right - 1))
    question = row.text("question", "problem")
    used = ("question", "problem", "steps", "reference_solution", *FIRST_ERROR)
    problem = _problem(row, question, *used, solution=row.maybe("reference_solution"))
    facts = row.rest(*used, "id", "answer", "source", "license")
    return LabelledSolution(problem, steps, labels, row.maybe("source"), facts)


def _problem(row: Row, question: str, *used: str, solution: str = "") -> Problem:
    """Returns the problem of a row. Rows without an id have one derived from the question, so solutions of a
    problem share it."""
    made = f"q-{sha256(question.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
    return Problem(
        row.maybe("id") or made,
        question,
        row.maybe("target", "answer", "ground_truth").strip(),
        solution,
        source=row.maybe("source"),
    )


def _texts(row: Row, name: str) -> tuple[str, ...]:
    values = row.value(name)
    if not isinstance(values, list | tuple) or not values:
        raise row.wrong(name, "a list of steps as text")
    items = cast("list[Any]", values)
    if not all(isinstance(item, str) for item in items):
        raise row.wrong(name, "a list of steps as text")
    return tuple(cast("list[str]", items))


def _alternatives(row: Row) -> Iterator[LabelledSolution]:
    yield from prm800k.rated_alternatives(prm800k.read_labelled(row))


def _path(row: Row) -> Iterator[LabelledSolution]:
    problem = prm800k.read_labelled(row)
    if prm800k.is_judged(problem):
        yield prm800k.chosen_path(problem)


def _single(read: Callable[[Row], LabelledSolution]) -> Callable[[Row], Iterator[LabelledSolution]]:
    return lambda row: iter((read(row),))


def _has_first_error(row: Row) -> bool:
    return (
        row.has("steps")
        and row.value("question", "problem") is not None
        and any(name in row.fields for name in FIRST_ERROR)
    )


Convention = tuple[str, Callable[[Row], bool], Callable[[Row], Iterator[LabelledSolution]]]

CONVENTIONS: tuple[Convention, ...] = (
    ("PRM800K (question, label.steps)", prm800k.fits_prm800k, _alternatives),
    ("Math-Shepherd (input, label)", lambda row: row.has("input", "label"), _single(read_shepherd)),
    (
        "prompt, completions, labels",
        lambda row: row.has("prompt", "completions", "labels"),
        _single(read_stepwise),
    ),
    ("question, steps, and label, first_error or mistake_index", _has_first_error, _single(read_first_error)),
)
