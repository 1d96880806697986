"""Files of samples from any model: samples of problems, their answers, verdicts and scores.

    {"id", "answer", "samples": [{"pred", "correct", "score"}, ...]}        a problem per line
    {"id", "responses": [...], "correct": [...], "scores": [...]}           the same in columns
    {"id", "response", "pred", "correct", "score"}                          a sample per line, or per file

Common names of columns are known (below); a missing field is derived where possible, else it is an error.
Answers and verdicts of the source are kept; without them the answer is extracted from the text, and graded
against the reference."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from numerate.answers import cluster, equal, extract
from numerate.problems.files import read_rows
from numerate.problems.row import Row
from numerate.selection import NO_ANSWER
from numerate.types import Group, Kind, Problem, Reward, Rollout, Scored, Turn

ID = ("problem_id", "id", "question_id", "unique_id", "task_id", "idx", "index")
QUESTION = ("question", "problem", "prompt")
REFERENCE = ("reference", "ground_truth", "gold", "gt", "target", "expected_answer")
"""and `answer`, where something else holds what was sampled"""
PREDICTION = ("pred", "prediction", "predicted_answer", "model_answer", "candidate", "extracted_answer")
PREDICTIONS = ("preds", "predictions", "candidates", "answers", *PREDICTION)
TEXT = ("response", "completion", "solution", "output", "generation", "text")
CODE = ("code", "program")
SAMPLES = ("samples", "attempts", *(f"{name}s" for name in TEXT[:-1]), *TEXT, *CODE)
VERDICT = ("correct", "is_correct", "right", "label")
SCORE = ("score", "reward", "scores")
COLUMNS = {"pred": PREDICTIONS, "correct": VERDICT, "score": (*SCORE, "rewards")}
"""columns with one value per sample, and their names in a sample of its own"""


@dataclass(frozen=True, slots=True)
class SampledAnswer:
    """One sample of a problem."""

    problem: Problem
    """its answer is empty without a reference"""
    text: str
    answer: str | None
    correct: bool
    scores: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Sampled:
    """Samples of several problems, with their scores."""

    groups: list[Group]
    """all with the same number of samples"""
    scores: dict[tuple[str, int], tuple[float, ...]]
    """(problem id, index) -> a score, or one per step; empty where the files have none"""
    fewer: list[str]
    """problems that were left out because they have fewer samples than others"""


def load(files: Sequence[Path]) -> Sampled:
    """Reads files and groups the samples of each problem, in the order of files and lines.

    Raises:
        ValueError: with file and line: a row cannot be read or lacks a field, only some samples have scores,
            or hardly any problem has as many samples as the others.
    """
    by_problem: dict[str, list[SampledAnswer]] = {}
    for file in files:
        for row in read_rows(file):
            for sample in read_samples(row):
                by_problem.setdefault(sample.problem.id, []).append(sample)
    if not by_problem:
        raise ValueError(f"{' and '.join(map(str, files))}: no samples; write one line per problem or sample")
    most = max(map(len, by_problem.values()))
    whole = {id: samples for id, samples in by_problem.items() if len(samples) == most}
    if 2 * len(whole) < len(by_problem):
        sizes = sorted({len(samples) for samples in by_problem.values()})
        raise ValueError(
            f"the problems have {', '.join(map(str, sizes))} samples, and only {len(whole)} of "
            f"{len(by_problem)} have {most}: name files with the same number of samples per problem"
        )
    return Sampled(
        [make_group(samples) for samples in whole.values()],
        dict(scores_by_sample(whole)),
        [id for id in by_problem if id not in whole],
    )


def make_group(samples: Sequence[SampledAnswer]) -> Group:
    problem = next((sample.problem for sample in samples if sample.problem.answer), samples[0].problem)
    return Group(
        problem,
        tuple(
            Scored(
                Rollout(
                    problem.id, index, (Turn("assistant", sample.text, trained=True),), answer=sample.answer
                ),
                Reward(float(sample.correct)),
            )
            for index, sample in enumerate(samples)
        ),
    )


def scores_by_sample(
    samples: Mapping[str, Sequence[SampledAnswer]],
) -> Iterator[tuple[tuple[str, int], tuple[float, ...]]]:
    """Yields the scores of every sample by problem and index. Raises ValueError where some samples have
    scores and others have not."""
    without = [
        (id, i) for id, many in samples.items() for i, sample in enumerate(many) if sample.scores is None
    ]
    if without and len(without) < sum(map(len, samples.values())):
        raise ValueError(
            f"sample {without[0][1] + 1} of problem {without[0][0]!r} has no score, and others have: "
            "score all samples, or none"
        )
    for id, many in samples.items():
        for index, sample in enumerate(many):
            if sample.scores is not None:
                yield (id, index), sample.scores


def contradictory_problems(groups: Sequence[Group]) -> list[str]:
    """Returns the problems at which equal answers have different verdicts: their source graded other texts
    than these answers."""
    ids: list[str] = []
    for group in groups:
        clusters = cluster([scored.rollout.answer for scored in group.rollouts], group.problem.kind)
        verdicts = {
            (c, s.reward.value) for c, s in zip(clusters, group.rollouts, strict=True) if c != NO_ANSWER
        }
        if len(verdicts) > len({c for c, _ in verdicts}):
            ids.append(group.problem.id)
    return ids


def read_samples(row: Row) -> Iterator[SampledAnswer]:
    """Yields the samples of a line. Raises ValueError for a line that has none, or not what they need."""
    row = flatten_columns(row)
    several = [name for name in (*SAMPLES, *PREDICTIONS) if isinstance(row.fields.get(name), list)]
    rows = list(list_rows(row, several[0])) if several else [row]
    if not rows:
        raise row.wrong(several[0], "at least one sample")
    problem = row_problem(row, several=bool(several))
    for sample in rows:
        yield read_sample(sample, problem, own=not several)


def flatten_columns(row: Row) -> Row:
    """Flattens {"samples": {"pred": [...], "correct": [...]}}: the inner columns are beside the others."""
    inner = [name for name in SAMPLES if isinstance(row.fields.get(name), dict)]
    rest = {name: value for name, value in row.fields.items() if name not in inner}
    return Row(row.where, rest | {k: v for name in inner for k, v in row.fields[name].items()})


def list_rows(row: Row, name: str) -> Iterator[Row]:
    """Yields the samples of a problem's line, each as a row of its own."""
    items = cast("list[Any]", row.fields[name])
    columns: dict[str, list[Any]] = {}
    for key, names in COLUMNS.items():
        column = next((n for n in names if n != name and isinstance(row.fields.get(n), list)), None)
        if column is not None:
            columns[key] = row.fields[column]
            if len(columns[key]) != len(items):
                raise ValueError(
                    f"{row.where}: {len(items)} {name} and {len(columns[key])} {column}: give one per sample"
                )
    plain = "pred" if name in PREDICTIONS else "response"
    for number, item in enumerate(items):
        fields = dict(cast("dict[str, Any]", item)) if isinstance(item, dict) else {plain: item}
        fields |= {key: values[number] for key, values in columns.items()}
        yield Row(f"{row.where}, sample {number + 1}", fields)


def row_problem(row: Row, several: bool) -> Problem:
    """Returns the problem of a line. several: the line holds a list of samples."""
    question = row.value(*QUESTION)
    question = question if isinstance(question, str) else ""
    id = row.maybe(*ID) or question
    if not id:
        raise row.wrong(ID[:2], "an id of the problem, or a question")
    kind: Kind = next((kind for kind in get_args(Kind) if kind == row.value("kind")), "math")
    names = (*REFERENCE, "answer") if several or answer_is_reference(row) else REFERENCE
    return Problem(id, question, row.maybe(*names), kind=kind)


def answer_is_reference(row: Row) -> bool:
    """Checks whether the `answer` of a line with one sample is the reference. It is the sample where there is
    another reference, or no other sample."""
    return not row.value(*REFERENCE) and any(name in row.fields for name in (*PREDICTION, *TEXT, *CODE))


def read_sample(row: Row, problem: Problem, own: bool) -> SampledAnswer:
    """Reads a sample. own: the row is a whole line, not one of the samples in it."""
    names = PREDICTION if own and answer_is_reference(row) else (*PREDICTION, "answer")
    text = row.maybe(*TEXT, *CODE)
    if any(name in row.fields for name in names):
        answer = answer_text(row.value(*names))
    elif any(name in row.fields for name in TEXT):
        answer = extract(text, problem.kind)
    else:
        raise row.wrong((PREDICTION[0], TEXT[0]), "the answer of the sample, or its text")
    right = row_verdict(row, answer, problem)
    if right and answer is None and any(name in row.fields for name in TEXT):
        answer = extract(text, problem.kind)  # who calls it right has seen an answer
    return SampledAnswer(problem, text, answer, right, row_score(row))


def answer_text(answer: Any) -> str | None:
    """Returns an answer as text; None for no answer, also written as NaN or infinity."""
    if answer is None or (isinstance(answer, float) and not math.isfinite(answer)):
        return None
    if isinstance(answer, float) and answer.is_integer():
        return str(int(answer))
    text = answer if isinstance(answer, str) else json.dumps(answer, default=str)
    return text if text.strip() else None


def row_verdict(row: Row, answer: str | None, problem: Problem) -> bool:
    """Returns the source's own verdict, else the grader's."""
    verdict = row.value(*VERDICT)
    verdict = verdict_as_score(row) if verdict is None else verdict
    if verdict is not None:
        verdicts = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
        if (word := str(verdict).lower()) not in verdicts:
            raise row.wrong(VERDICT, "true or false")
        return verdicts[word]
    if not problem.answer:
        raise row.wrong(VERDICT, "true or false, or a reference to grade the sample by")
    return answer is not None and equal(answer, problem.answer, problem.kind)


def verdict_as_score(row: Row) -> bool | None:
    """Returns a verdict from a column named score, as some graders write it."""
    score = row.value(*SCORE)
    return score if isinstance(score, bool) else None


def row_score(row: Row) -> tuple[float, ...] | None:
    score = row.value(*SCORE)
    if score is None or isinstance(score, bool):
        return None
    numbers = cast("list[Any]", score) if isinstance(score, list) else [score]
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise row.wrong(SCORE, "a number, or one per step")
    return tuple(map(float, numbers))
