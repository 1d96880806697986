"""From a name to where its problems come from: a known set, local files, or the hub."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Protocol

from numerate.problems.columns import read_problem
from numerate.problems.dataset import CHECKED_ROWS, SplitKind, kind_of, with_ids
from numerate.problems.files import ENDINGS, ending_of, read_rows, splits_of, stem_of
from numerate.problems.hub import INSTALL, Hub, is_installed, read_hub, read_saved, saved_splits
from numerate.types import Problem

SPLIT_WORDS = ("train", "validation", "valid", "val", "dev", "test", "cv")
OPTIONS = re.compile(r"([\w-]+)\(([^()]*)\)(?:/(.*))?", re.DOTALL)
"""a known set with options: stories(magnitude=3)/train"""
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(:[\w.-]+)?(/[\w.-]+)?")


class Loader(Protocol):
    """An entry in the table of known sets."""

    @property
    def name(self) -> str: ...
    @property
    def about(self) -> str: ...
    @property
    def default(self) -> str: ...
    @property
    def kinds(self) -> Mapping[str, SplitKind]: ...
    def problems(self, split: str, start: int = 0, stop: int | None = None) -> list[Problem]: ...
    def check(self, split: str) -> None: ...
    def at_hand(self, split: str) -> bool: ...


class ProblemSource(Protocol):
    """A set and its split, found but not read yet."""

    @property
    def kind(self) -> SplitKind: ...
    def problems(self, start: int = 0, stop: int | None = None) -> list[Problem]: ...
    def check(self) -> None: ...
    def at_hand(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Known:
    loader: Loader
    split: str

    @property
    def kind(self) -> SplitKind:
        return self.loader.kinds[self.split]

    def problems(self, start: int = 0, stop: int | None = None) -> list[Problem]:
        return self.loader.problems(self.split, start, stop)

    def check(self) -> None:
        self.loader.check(self.split)

    def at_hand(self) -> bool:
        return self.loader.at_hand(self.split)


@dataclass(frozen=True, slots=True)
class Files:
    paths: tuple[Path, ...]
    prefix: str
    """of the ids made for rows without one"""
    kind: SplitKind

    def problems(self, start: int = 0, stop: int | None = None) -> list[Problem]:
        rows = (row for path in self.paths for row in read_rows(path))
        return with_ids(map(read_problem, islice(rows, start, stop)), self.prefix)

    def origins(self, start: int = 0, stop: int | None = None) -> list[str]:
        """Returns file and line of every problem."""
        rows = (row for path in self.paths for row in read_rows(path))
        return [row.where for row in islice(rows, start, stop)]

    def check(self) -> None:
        empty = True
        for path in self.paths:
            for row in islice(read_rows(path), CHECKED_ROWS):
                read_problem(row)
                empty = False
        if empty:
            raise ValueError(
                f"{', '.join(map(str, self.paths))}: no problems: name a file with one row per problem"
            )

    def at_hand(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class OnHub:
    at: Hub

    @property
    def kind(self) -> SplitKind:
        return kind_of(self.at.split)

    def problems(self, start: int = 0, stop: int | None = None) -> list[Problem]:
        return with_ids(map(read_problem, islice(read_hub(self.at), start, stop)), self.at.id.split("/")[-1])

    def check(self) -> None:
        if not is_installed():
            raise ValueError(f"reading the hub dataset {self.at} needs the datasets library: {INSTALL}")

    def at_hand(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Saved:
    """A folder written by `save_to_disk`."""

    folder: Path
    split: str

    @property
    def kind(self) -> SplitKind:
        return kind_of(self.split)

    def problems(self, start: int = 0, stop: int | None = None) -> list[Problem]:
        return with_ids(
            map(read_problem, islice(read_saved(self.folder, self.split), start, stop)), self.folder.name
        )

    def check(self) -> None:
        if not is_installed():
            raise ValueError(f"reading the saved dataset {self.folder} needs the datasets library: {INSTALL}")

    def at_hand(self) -> bool:
        return is_installed()


def resolve_source(name: str, split: str | None, table: Mapping[str, Loader]) -> ProblemSource:
    """Returns the source that a name without weight and slice stands for; `split` where the name has none.

    Raises ValueError with a suggestion where there is no such set, split or file."""
    head, _, tail = name.partition("/")
    path = Path(name).expanduser()
    if (named := OPTIONS.fullmatch(name)) and named[1] in table:
        return _known(with_options(table[named[1]], named[2]), named[3] or split or "")
    if head in table and (not tail or tail in table[head].kinds or not path.exists()):
        return _known(table[head], tail or split or "")
    if path.is_file():
        return Files((path,), stem_of(path), _kind_of_path(path, table))
    if path.is_dir():
        return _folder(path, split or "", table)
    if path.parent.is_dir() and len(path.parts) > 1 and not path.suffix:
        return _folder(path.parent, path.name, table)
    if ending_of(path) or path.is_absolute() or name.startswith((".", "~")):
        raise ValueError(f"there is no file or folder {name!r}: correct the path of this problem set")
    if HUB_ID.fullmatch(name) and tail not in SPLIT_WORDS:
        return _on_hub(name, split)
    raise _unknown(name, head, table)


def with_options(loader: Loader, text: str) -> Loader:
    """Returns a known set with options, written `key=value, key=value`.

    Raises ValueError where the set has none, or an option is unknown, malformed or repeated."""
    configure: Callable[[Mapping[str, str]], Loader] | None = getattr(loader, "configure", None)
    if configure is None:
        raise ValueError(f"problem set {loader.name!r} has no options: name it without ({text})")
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    options = {key.strip(): value.strip() for key, _, value in pairs}
    if len(options) < len(pairs) or not all(key and value for key, value in options.items()):
        raise ValueError(f"problem set {loader.name!r}: options ({text}): write each once, as key=value")
    return configure(options)


def _known(loader: Loader, split: str) -> Known:
    split = split or loader.default
    if split not in loader.kinds:
        named = f"it has no split {split!r}" if split else "name one of its splits"
        raise ValueError(f"problem set {loader.name!r}: {named}; it has {', '.join(loader.kinds)}")
    return Known(loader, split)


def _folder(folder: Path, split: str, table: Mapping[str, Loader]) -> ProblemSource:
    if (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file():
        return Saved(folder, _named(folder, split, saved_splits(folder)))
    splits = splits_of(folder)
    if not splits:
        raise ValueError(f"{folder} has no {', '.join(ENDINGS)} files: name a folder with one file per split")
    split = _named(folder, split, splits)
    return Files(tuple(splits[split]), folder.name, _kind_of_path(splits[split][0], table, split))


def _named(folder: Path, split: str, splits: Collection[str]) -> str:
    """Returns the split of this name; the only split needs no name."""
    if split not in splits and (split or len(splits) > 1):
        named = f"has no split {split!r}" if split else "has several splits, name one"
        raise ValueError(f"{folder} {named}: {', '.join(f'{folder}/{name}' for name in splits)}")
    return split or next(iter(splits))


def _kind_of_path(path: Path, table: Mapping[str, Loader], split: str = "") -> SplitKind:
    """Returns the split of a file: for a known set as the set defines it, else by the name of the file or its
    folder."""
    ending = "/".join(path.resolve().parts[-2:])
    for loader in table.values():
        for name, files in getattr(loader, "splits", {}).items():
            if ending in files.files and files.keep is None and files.without is None:
                return loader.kinds[name]
    return "test" if path.parent.name == "test" else kind_of(split or stem_of(path))


def _on_hub(name: str, split: str | None) -> OnHub:
    where, _, config = name.partition(":")
    parts = where.split("/")
    config, _, tail = config.partition("/")
    chosen = tail or (parts[2] if len(parts) > 2 else split)
    if not chosen:
        raise ValueError(f"problem set {name!r}: name the split of the hub dataset, such as {name}/train")
    return OnHub(Hub("/".join(parts[:2]), chosen, config or None))


def _unknown(name: str, head: str, table: Mapping[str, Loader]) -> ValueError:
    close = get_close_matches(head.partition("(")[0], table, n=2)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return ValueError(
        f"there is no problem set {name!r}: {hint}known are {', '.join(table)}; or name the path of a "
        "JSONL, CSV or Parquet file, or a hub dataset as org/name/split"
    )
