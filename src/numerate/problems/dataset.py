"""Declaration of a dataset: its splits, their locations, and the conversion of a row to a Problem."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Literal

from numerate.problems.files import read_rows
from numerate.problems.hub import INSTALL, Hub, is_installed, read_hub
from numerate.problems.row import Row
from numerate.types import Problem

SplitKind = Literal["train", "validation", "test"]
VARIABLE = "NUMERATE_DATA"
CHECKED_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Split:
    files: tuple[str, ...] = ()
    """below $NUMERATE_DATA; several are read one after the other"""
    hub: tuple[Hub, ...] = ()
    """where the same rows are on the hub; several are read one after the other"""
    kind: SplitKind = "test"
    """test: for measuring only, callers refuse to train on it"""
    keep: Callable[[Row], bool] | None = None
    """which rows belong to the split; None keeps all"""
    without: Split | None = None
    """drop the questions of that split"""
    usable: Callable[[Row], bool] | None = None
    """which rows become problems; the others are left out and counted (`Dataset.left_out`)"""


@dataclass(frozen=True, slots=True)
class Dataset:
    name: str
    about: str
    splits: Mapping[str, Split]
    read: Callable[[Row], Problem]
    default: str = ""
    """the split that the bare name means; empty: the caller must name one"""
    configure: Callable[[Mapping[str, str]], Dataset] | None = None
    """returns the set with options, as in `gsm8k-programs(tool_format=mario)`"""

    @property
    def kinds(self) -> dict[str, SplitKind]:
        return {name: split.kind for name, split in self.splits.items()}

    def problems(self, split: str, start: int = 0, stop: int | None = None) -> list[Problem]:
        """Returns the problems [start, stop) of a split in the source's order."""
        part = self.splits[split]
        dropped = {self.read(row).question for row in self.rows(part.without)} if part.without else set[str]()
        rows = filter(part.usable, self.rows(part))
        problems = (problem for problem in map(self.read, rows) if problem.question not in dropped)
        return with_ids(islice(problems, start, stop), self.name)

    def check(self, split: str) -> None:
        """Checks cheaply that the files exist and their first rows are well-formed, or that the hub is
        reachable.

        Raises ValueError with what to set or install."""
        local = self.local(self.splits[split])
        if not local:
            self._need_hub(self.splits[split])
        for path in local:
            rows = filter(self.splits[split].usable, islice(read_rows(path), CHECKED_ROWS))
            if not [self.read(row) for row in rows]:
                raise ValueError(f"{path} has no problems: replace the file, or unset {VARIABLE}")

    def left_out(self, split: str) -> int:
        """Returns the number of rows that are no problems because they contradict themselves."""
        part = self.splits[split]
        return sum(not part.usable(row) for row in self.rows(part)) if part.usable else 0

    def at_hand(self, split: str) -> bool:
        """Checks whether the split's files are on this machine."""
        return bool(os.environ.get(VARIABLE)) and bool(self.local(self.splits[split]))

    def local(self, split: Split) -> list[Path]:
        """Returns the split's files below $NUMERATE_DATA; empty where one of them is missing."""
        folder = os.environ.get(VARIABLE)
        if not folder:
            return []
        if not Path(folder).is_dir():
            raise ValueError(f"{VARIABLE} is set to {folder!r}, which is not a folder: correct or unset it")
        paths = [Path(folder, name) for name in split.files]
        return paths if all(path.is_file() for path in paths) else []

    def rows(self, split: Split) -> Iterator[Row]:
        """Yields the rows of a split, from local files or the hub."""
        local = self.local(split)
        if not local:
            self._need_hub(split)
        sources = [read_rows(path) for path in local] or [read_hub(at) for at in split.hub]
        for rows in sources:
            yield from rows if split.keep is None else filter(split.keep, rows)

    def _need_hub(self, split: Split) -> None:
        if split.hub and is_installed():
            return
        folder = os.environ.get(VARIABLE)
        names = " and ".join(split.files)
        remedy = f"set {VARIABLE} to a folder with {names}"
        if split.hub:
            remedy += f", or {INSTALL} to fetch it from the hub ({split.hub[0].id})"
        raise ValueError(f"{self.name}: {names} is not in {VARIABLE} ({folder or 'not set'}): {remedy}")


def kind_of(split: str) -> SplitKind:
    """Returns the purpose of a split of another dataset, by its name."""
    if re.match(r"test|math500|heldout|held-out", split):
        return "test"
    return "validation" if re.match(r"dev|val", split) else "train"


def with_ids(problems: Iterable[Problem], prefix: str) -> list[Problem]:
    """Adds an id derived from its contents to a problem without one: the same row has the same id wherever it
    stands. Exact repeats are numbered.

    Raises ValueError where two problems come with the same id of their own: streams and results go by id."""
    seen: dict[str, int] = {}
    out: list[Problem] = []
    for problem in problems:
        if not problem.id:
            key = f"{prefix}-{content_hash((problem,))[:12]}"
            seen[key] = seen.get(key, 0) + 1
            problem = replace(problem, id=key if seen[key] == 1 else f"{key}-{seen[key]}")
        elif problem.id in seen:
            raise ValueError(
                f"{prefix}: two problems have the id {problem.id!r}: make ids unique, or leave the column out"
            )
        else:
            seen[problem.id] = 1
        out.append(problem)
    return out


def content_hash(problems: Sequence[Problem]) -> str:
    """Returns SHA-256 in hex over all fields of the problems in their order."""
    digest = sha256()
    for problem in problems:
        values = {field.name: getattr(problem, field.name) for field in fields(problem)}
        text = json.dumps(values, sort_keys=True, ensure_ascii=False)
        digest.update(text.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
