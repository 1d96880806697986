"""Sets of labelled steps by name: known ones, files, and hub datasets.

    load("prm800k/train-phase1")      load("processbench/gsm8k")      load("data/mine.jsonl", limit=100)

They train and measure process reward models. ProcessBench's problems are test problems (its GSM8K part those
of GSM8K test), PRM800K's are MATH's without MATH-500."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from numerate.problems.dataset import Dataset, Split, kind_of
from numerate.problems.files import ENDINGS, read_rows
from numerate.problems.hub import Hub, read_hub
from numerate.problems.labelled.labelled_formats import read_marked
from numerate.problems.row import Row
from numerate.problems.sets import prm800k
from numerate.types import LabelledSolution, Problem

HUB_SPLIT = re.compile(r"([\w.-]+/[\w.-]+)(?::([\w.-]+))?/([\w.-]+)")


def _problem(row: Row) -> Problem:
    return next(read_marked(row)).problem


def _set(name: str, about: str, splits: Mapping[str, Split]) -> Dataset:
    return Dataset(name=name, about=about, splits=splits, read=_problem)


def _processbench(split: str) -> Split:
    return Split((f"processbench/{split}.jsonl",), (Hub("Qwen/ProcessBench", split),))


SETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        prm800k.SET,
        _set(
            "processbench",
            "solutions with the index of their first wrong step, for evaluation only",
            {split: _processbench(split) for split in ("gsm8k", "math", "olympiadbench", "omnimath")},
        ),
        _set(
            "math_shepherd",
            "solutions of GSM8K and MATH with labels from completions of every prefix",
            {
                "train": Split(
                    ("math_shepherd/train.jsonl",), (Hub("peiyi9979/Math-Shepherd", "train"),), "train"
                )
            },
        ),
        _set(
            "stepverify",
            "solutions of GSM8K train with the first wrong step by human annotators",
            {"train": Split(("stepverify/stepverify.jsonl",), kind="train")},
        ),
        _set(
            "bigbench_mistake",
            "arithmetic in steps with the index of the first mistake",
            {"multistep_arithmetic": Split(("bigbench_mistake/multistep_arithmetic.jsonl",))},
        ),
    )
}


def load(name: str, *, limit: int | None = None, paths: bool = False) -> Iterator[LabelledSolution]:
    """Yields the labelled solutions of a set in its order.

    Args:
        name: set/split, the path of a file, or a hub dataset as org/name/split.
        limit: the largest number of solutions, a fixed choice among all: sets are ordered by problem or kind.
        paths: PRM800K's chosen solutions with all their labels, in place of rated alternatives with one label
            each.

    Raises:
        ValueError: the name, a file or a row is wrong, or a file has no labelled solutions.
    """
    rows = _rows(name)  # complains before anything is read
    solutions = _marked(name, rows, paths)
    return solutions if limit is None else iter(_chosen(solutions, limit))


def _chosen(rows: Iterable[LabelledSolution], limit: int) -> list[LabelledSolution]:
    """Returns so many solutions at random, in their order (Vitter 1985, algorithm R), without holding the
    others."""
    draw = random.Random(0)
    kept: list[tuple[int, LabelledSolution]] = []
    for index, row in enumerate(rows):
        if len(kept) < limit:
            kept.append((index, row))
        elif (slot := draw.randrange(index + 1)) < limit:
            kept[slot] = (index, row)
    return [row for _, row in sorted(kept, key=lambda pair: pair[0])]


def check_set(name: str) -> None:
    """Checks that the set exists and its first row has labelled steps; sets on the hub are not read.

    Raises:
        ValueError: with the remedy.
    """
    rows = _rows(name)
    if set_files(name):
        next(_marked(name, rows))
    elif name.partition("/")[0] in SETS:
        SETS[name.partition("/")[0]].check(name.partition("/")[2])


def is_test(name: str) -> bool:
    """Checks whether a set is for evaluation only."""
    head, _, split = name.partition("/")
    if not Path(name).expanduser().is_file() and head in SETS:
        return SETS[head].kinds[split] == "test"
    return kind_of(Path(split or head).name) == "test"


def set_files(name: str) -> list[Path]:
    """Returns the files of a set on this machine; none for a set on the hub."""
    path = Path(name).expanduser()
    if path.is_file():
        return [path]
    head, _, split = name.partition("/")
    return SETS[head].local(SETS[head].splits[split]) if head in SETS else []


def _marked(name: str, rows: Iterator[Row], paths: bool = False) -> Iterator[LabelledSolution]:
    empty = True
    for row in rows:
        for marked in read_marked(row, paths):
            empty = False
            yield marked
    if empty:
        raise ValueError(f"{name} has no labelled steps: name a set with one row per labelled solution")


def _rows(name: str) -> Iterator[Row]:
    head, _, split = name.partition("/")
    path = Path(name).expanduser()
    if path.is_file():
        return read_rows(path)
    if head in SETS:
        return _known(SETS[head], split)
    hub = HUB_SPLIT.fullmatch(name)
    if hub and path.suffix not in ENDINGS:
        return read_hub(Hub(hub[1], hub[3], hub[2]))
    raise ValueError(
        f"there is no set of labelled steps {name!r}: known are {', '.join(SETS)}; or name the path "
        "of a JSONL or Parquet file, or a hub dataset as org/name/split"
    )


def _known(dataset: Dataset, split: str) -> Iterator[Row]:
    if split not in dataset.splits:
        named = f"it has no split {split!r}" if split else "name one of its splits"
        raise ValueError(f"labelled steps {dataset.name!r}: {named}; it has {', '.join(dataset.splits)}")
    return dataset.rows(dataset.splits[split])
