"""A scorer on the stored samples of every measured model: rows for `metrics.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from numerate.metric_rows import Row, share_row
from numerate.progress import Progress
from numerate.reranking.judges import selection_results
from numerate.reranking.score_rollouts import Stored, score_stored
from numerate.reranking.scores import labels_of
from numerate.reranking.steps import Labels, step_results, threshold_on
from numerate.rollouts.sharing import run_on_main
from numerate.store import identity_hash, keep_if_same, read_json
from numerate.types import Problem, Scorer

VALIDATION = "validation"
"""the problem set that K, N and the threshold are chosen on, where a recipe measures it"""
THRESHOLD = 0.5


@dataclass(frozen=True)
class Judge:
    name: str
    """in the rows"""
    identity: str
    """changes with anything that could change its scores"""
    load: Callable[[], Scorer]
    how: str
    """the way from step scores to one score, see numerate.credit.aggregate"""
    steps: bool = False
    """it scores every step, so it can be held against the oracle"""


def rerank_models(
    judge: Judge,
    models: Sequence[str],
    sets: Mapping[str, Sequence[Problem]],
    folder_of: Callable[[str, str], Path],
    each: int,
    progress: Progress,
) -> list[Row]:
    """Scores what is not scored yet, then every strategy for every model and problem set.

    sets: the problems that were sampled. folder_of: the folder of a model's samples at a set. each: samples
    per problem. Scores go to the folder `scores` beside the samples."""
    scorer = cache(judge.load)
    rows: list[Row] = []
    for model in models:
        scored: dict[str, Stored] = {}
        for name, problems in sets.items():
            label = f"{judge.name} scores {model} on {name}"
            scored[name] = score_samples(
                judge, scorer, folder_of(model, name), problems, each, progress, label
            )
        for name, stored in scored.items():
            validation = scored.get(VALIDATION) if name != VALIDATION else None
            about = {"model": model, "problems": name}
            rows += [about | row for row in judge_rows(judge, stored, validation)]
    return rows


def score_samples(
    judge: Judge,
    scorer: Callable[[], Scorer],
    all_samples: Path,
    problems: Sequence[Problem],
    each: int,
    progress: Progress,
    label: str,
) -> Stored:
    """Returns the samples in a model's folder with their scores; scores what is not scored yet."""
    folder = all_samples / "scores" / judge.name
    samples_identity = read_json(all_samples / "identity.json")["identity"]
    run_on_main(partial(keep_if_same, folder, identity_hash([judge.identity, samples_identity])))
    return score_stored(all_samples / "samples", folder, problems, scorer, progress, each=each, label=label)


def judge_rows(judge: Judge, stored: Stored, validation: Stored | None) -> list[Row]:
    """Returns selection with the scorer's scores, how many samples were too long for it, and its step scores
    against the oracle's labels where the samples have some."""
    chosen_on = (validation.groups, validation.scores) if validation else None
    rows = selection_results(
        stored.groups, stored.scores, judge=judge.name, how=judge.how, validation=chosen_on
    )
    cut = [key in stored.overlong for key in stored.scores]
    rows.append(share_row("overlong", cut) | {"judge": judge.name})
    labels = whole_labels(stored)
    if judge.steps and labels:
        threshold = threshold_on(whole_labels(validation), validation.scores) if validation else None
        at = THRESHOLD if threshold is None else threshold
        rows += step_results(labels, stored.scores, judge=judge.name, threshold=at)
    return rows


def whole_labels(stored: Stored) -> Labels:
    """Returns the oracle's labels of the samples that fit into the scorer's context."""
    return {key: labels for key, labels in labels_of(stored.groups).items() if key not in stored.overlong}
