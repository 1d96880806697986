"""PRM800K (Lightman et al. 2023, arXiv 2305.20050): solutions of MATH problems with a human label on every
step.

Read as published (one JSON object per solution with `question` and `label.steps[].completions[]`) and in the
flattened shapes (`steps[].completions[]`, or `steps[].{text, rating}` where only the chosen path was kept).
`meta["labelled_steps"]` holds the published shape: per step its completions with a rating in -1, 0, 1 or
null, the index that was chosen (null where a person's text was taken instead) and that person's text.

It covers the MATH test set except MATH-500: a model trained on it may be measured on math500 only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from numerate.answers import grade
from numerate.problems.dataset import Dataset, Split
from numerate.problems.row import Row, plain_json
from numerate.types import LabelledSolution, Problem

TAKEN = ("id", "question", "answer", "steps", "source", "label", "meta")


def fits_prm800k(row: Row) -> bool:
    """Checks whether a row has one of PRM800K's shapes."""
    if isinstance(row.value("question"), Mapping):
        return isinstance(row.value("label"), Mapping)
    steps = row.value("steps")
    if not row.has("question") or not isinstance(steps, list | tuple) or not steps:
        return False
    first = cast("list[Any]", steps)[0]
    return isinstance(first, Mapping) and ("completions" in first or "rating" in first)


def read_problem(row: Row) -> Problem:
    """Reads the problem of a labelled solution. Its solution is the chosen path, where that is a
    demonstration (`is_demonstration`), else empty."""
    problem = read_labelled(row)
    return problem if is_demonstration(problem) else replace(problem, solution="")


def is_demonstration(problem: Problem) -> bool:
    """Checks whether the chosen path is a solution: finished, no step of it rated wrong, its answer the
    problem's. Many are none: the labelling stopped at an error, or the generator was wrong. Where no answer
    can be read the labellers must have called it a solution."""
    steps = problem.meta["labelled_steps"]
    if not steps or chosen_text(steps[-1]) is None:
        return False
    rated = [step["completions"][step["chosen"]]["rating"] for step in steps if step["chosen"] is not None]
    if -1 in rated:
        return False
    verdict = grade(problem.solution, problem)
    return verdict.correct or (verdict.answer is None and problem.meta.get("finish_reason") == "solution")


def read_labelled(row: Row) -> Problem:
    """Returns a labelled solution with the chosen path in any case: right, wrong or unfinished."""
    if isinstance(row.value("question"), Mapping):
        row = _flat(row)
    steps = [_step(row, step) for step in cast("list[Any]", row.value("steps"))]
    return Problem(
        id=row.maybe("id"),
        question=row.text("question"),
        answer=row.text("answer").strip(),
        solution="\n".join(text for text in map(chosen_text, steps) if text),
        kind="math",
        source=row.maybe("source"),
        meta={**row.rest(*TAKEN), "labelled_steps": steps},
    )


def chosen_text(step: Mapping[str, Any]) -> str | None:
    """Returns the text that the solution went on with; None where the labelling stopped at this step."""
    if step["chosen"] is not None:
        return step["completions"][step["chosen"]]["text"]
    return step["human"]


def rated_alternatives(problem: Problem) -> Iterator[LabelledSolution]:
    """Yields every rated completion with its history, as the paper's reward model was trained on. Steps [[A,
    B, C] chose A], [D], [E, F] give A | B | C | A D | A D E | A D F.

    Only the last step has a label: the others have theirs in their own rows. meta: `chosen`, was this the
    completion that the solution went on with, and the solution's `finish_reason`. Nothing comes from
    solutions that are no judgement of steps (`is_judged`) and from completions without a rating.
    """
    if not is_judged(problem):
        return
    history: tuple[str, ...] = ()
    for step in problem.meta["labelled_steps"]:
        for index, completion in enumerate(step["completions"]):
            if completion["rating"] is not None:
                steps = (*history, completion["text"])
                labels = (*(None for _ in history), completion["rating"])
                facts = _facts(problem, chosen=index == step["chosen"])
                yield LabelledSolution(problem, steps, labels, problem.source, facts)
        text = chosen_text(step)
        if text is None:
            return
        history = (*history, text)


def chosen_path(problem: Problem) -> LabelledSolution:
    """Returns the solution that was chosen, with its labels; a person's step has none. Where the labelling
    stopped at a wrong step, that step is the last: the completion with the lowest rating, the first of
    equals."""
    steps: list[str] = []
    labels: list[int | None] = []
    for step in problem.meta["labelled_steps"]:
        chosen = step["chosen"]
        rated = [i for i, each in enumerate(step["completions"]) if each["rating"] is not None]
        ends = chosen is None and not step["human"]
        if ends and rated:
            chosen = min(rated, key=lambda index: step["completions"][index]["rating"])
        if chosen is not None:
            steps.append(step["completions"][chosen]["text"])
            labels.append(step["completions"][chosen]["rating"])
        elif not ends:
            steps.append(step["human"])
            labels.append(None)
        if ends:
            break
    return LabelledSolution(problem, tuple(steps), tuple(labels), problem.source, _facts(problem))


def is_judged(problem: Problem) -> bool:
    """Checks whether a problem has a complete labelling and is no check of the labellers."""
    meta = problem.meta
    return meta.get("finish_reason") not in ("bad_problem", "give_up") and not (
        meta.get("is_quality_control_question") or meta.get("is_initial_screening_question")
    )


def _facts(problem: Problem, **more: Any) -> dict[str, Any]:
    reason = problem.meta.get("finish_reason")
    return more | ({"finish_reason": reason} if reason is not None else {})


def _flat(row: Row) -> Row:
    """Returns the published nesting, one level down."""
    question, label = (
        cast("Mapping[str, Any]", row.value("question")),
        cast("Mapping[str, Any]", row.value("label")),
    )
    fields = {
        **row.rest("question", "label"),
        "question": question.get("problem"),
        "answer": question.get("ground_truth_answer"),
        "steps": label.get("steps"),
        "pre_generated_answer": question.get("pre_generated_answer"),
        "finish_reason": label.get("finish_reason"),
    }
    flat = Row(row.where, fields)
    if not isinstance(fields["steps"], list | tuple):
        raise flat.wrong("steps", "a list of labelled steps")
    return flat


def _step(row: Row, step: Any) -> dict[str, Any]:
    if not isinstance(step, Mapping):
        raise row.wrong("steps", "steps with 'completions', or with 'text' and 'rating'")
    fields = cast("Mapping[str, Any]", step)
    if "completions" not in fields:
        return {"completions": [_completion(row, fields)], "chosen": 0, "human": None}
    completions = [_completion(row, item) for item in fields["completions"] or ()]
    chosen = fields.get("chosen", fields.get("chosen_completion"))
    if chosen is not None and not (isinstance(chosen, int) and 0 <= chosen < len(completions)):
        raise row.wrong("steps", f"an index below {len(completions)} in 'chosen', not {chosen!r}")
    return {"completions": completions, "chosen": chosen, "human": _human(fields.get("human_completion"))}


def _completion(row: Row, item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise row.wrong("steps", "completions with 'text' and 'rating'")
    fields = cast("Mapping[str, Any]", item)
    if not isinstance(fields.get("text"), str) or fields.get("rating") not in (-1, 0, 1, None):
        raise row.wrong("steps", "completions with a 'text' and a 'rating' of -1, 0, 1 or null")
    return {"text": fields["text"], "rating": fields.get("rating"), **_more(fields)}


def _more(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: plain_json(value)
        for key, value in fields.items()
        if key not in ("text", "rating") and value is not None
    }


def _human(value: Any) -> str | None:
    """Returns the person's text: as it stands, or inside the object that some published rows have."""
    if isinstance(value, Mapping):
        value = cast("Mapping[str, Any]", value).get("text")
    return value if isinstance(value, str) else None


SET = Dataset(
    name="prm800k",
    about="solutions of MATH problems with a human label on every step",
    splits={
        "train-phase1": Split(("prm800k/phase1_train.jsonl",), kind="train"),
        "train-2pct": Split(("prm800k/train_val2pct.jsonl",), kind="train"),
    },
    read=read_problem,
)
