"""Results in a run's folder that a repeated command need not compute again: problem sets that are generated,
and the rows of measurements. Each is known by what it was computed from, contents of files and code
included."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from numerate.config import Recipe
from numerate.config.schema import ProblemSet
from numerate.evaluate import Measured
from numerate.identities import Sets
from numerate.problems import fingerprint, is_generated, load
from numerate.processes import is_main
from numerate.progress import Progress
from numerate.rollouts.sharing import value_of_main
from numerate.store import (
    Kept,
    RunFolder,
    code_identity,
    contents_hash,
    file_hash,
    identity_hash,
    read_problems,
    write_problems,
)
from numerate.types import Problem

NO_ROOM = "no_room"
"""metric of rows that come with a warning: they are computed again, for the warning's sake"""


def problem_sets(recipe: Recipe, progress: Progress, kept: Kept | None = None) -> Sets:
    """Returns the problems that the stages and the measurement name, see `read_sets`."""
    return read_sets(recipe, recipe.problem_sets, progress, kept)


def read_sets(recipe: Recipe, names: Collection[str], progress: Progress, kept: Kept | None) -> Sets:
    """Returns some of the recipe's sets. Generated ones are read from the run's folder where they were made
    by the same code."""
    sets: dict[str, list[Problem]] = {}
    with progress.task("reading problems", total=len(names), unit="sets") as task:
        for name in sorted(names):
            spec = recipe.problems[name]
            stored = _stored_set(kept, name, spec) if kept else None
            sets[name] = stored or load(spec.source, limit=spec.limit, seed=spec.seed)
            task.advance(1)
    return sets


def _stored_set(kept: Kept, name: str, spec: ProblemSet) -> list[Problem] | None:
    if not is_generated(spec.source) or not _stored_print(kept, name, _set_identity(spec)):
        return None
    return read_problems(RunFolder(kept.folder).problems(name))


def _set_identity(spec: ProblemSet, contents: str = "") -> str:
    """Returns the identity of a set: that of generated problems is known before they are made, that of others
    is of their contents."""
    origin = code_identity() if is_generated(spec.source) else contents
    return identity_hash([spec.source, spec.limit, spec.seed, origin])


def _stored_print(kept: Kept, name: str, identity: str) -> str:
    """Returns the fingerprint of the set in the run's folder, empty where another is there."""
    file = RunFolder(kept.folder).problems(name)
    written = kept.get(f"problems {name}", identity)
    if written is None or not file.is_file() or file_hash(file) != written["file"]:
        return ""
    return written["fingerprint"]


def fingerprints(recipe: Recipe, sets: Sets, kept: Kept) -> dict[str, str]:
    """Returns the fingerprint of each set."""
    stored = {
        name: _stored_print(kept, name, _set_identity(recipe.problems[name]))
        for name in sets
        if is_generated(recipe.problems[name].source)
    }
    return {name: stored.get(name) or fingerprint(problems) for name, problems in sets.items()}


def write_sets(recipe: Recipe, sets: Sets, prints: Mapping[str, str], kept: Kept) -> None:
    """Writes the problem sets into the run's folder, those that are not there yet."""
    for name, problems in sets.items():
        identity = _set_identity(recipe.problems[name], prints[name])
        if not _stored_print(kept, name, identity):
            file = RunFolder(kept.folder).problems(name)
            write_problems(file, problems)
            kept.put(f"problems {name}", identity, {"file": file_hash(file), "fingerprint": prints[name]})
    kept.write()


def keep_measured(
    kept: Kept, model: str, name: str, made_from: object, measure: Callable[[], Measured]
) -> Measured:
    """Returns what `measure` returns. made_from: what it depends on besides the stored samples."""
    label = f"{model} on {name}"
    identity = partial(_identity_of_rows, kept, model, name, made_from)
    before = _kept_value(kept, label, identity)
    if before is not None:
        return Measured(before["rows"], before["right"])
    made = measure()
    if is_main() and not any(row["metric"] == NO_ROOM for row in made.rows):
        kept.put(label, identity(), {"rows": made.rows, "right": made.greedy_right})
    return made


def _kept_value(kept: Kept, label: str, identity: Callable[[], str]) -> Any:
    """Returns what the main process has kept, in all processes once all are here: they measure together, or
    none does."""
    return value_of_main(lambda: kept.get(label, identity()))


def _identity_of_rows(kept: Kept, model: str, name: str, made_from: object) -> str:
    folder = RunFolder(kept.folder).samples(model, name)
    files = [file for part in ("greedy", "samples") for file in (folder / part).glob("*.parquet")]
    return identity_hash([code_identity(), model, name, made_from, contents_hash(folder, files)])


def keep_rows(
    kept: Kept,
    label: str,
    made_from: object,
    folders: Sequence[Path],
    make: Callable[[], list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """Returns the rows that `make` returns. made_from: what they depend on besides the Parquet and JSON files
    in the folders."""

    def identity() -> str:
        files = [
            file
            for folder in folders
            for end in ("parquet", "json", "jsonl")
            for file in folder.glob(f"*.{end}")
        ]
        return identity_hash([code_identity(), made_from, contents_hash(kept.folder, files)])

    rows = _kept_value(kept, label, identity)
    if rows is None:
        rows = make()
        if is_main():
            kept.put(label, identity(), rows)
    return rows
