"""Table of the known problem sets, and the functions that read, check and audit a set by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module

from numerate.problems.dataset import Dataset
from numerate.problems.descriptions import Audit, audit_problems
from numerate.problems.mix import mix_sets, shuffle_problems
from numerate.problems.resolve import Files, Known, Loader, ProblemSource, resolve_source
from numerate.problems.spec import Part, parse_spec
from numerate.types import Problem

SETS = (
    "stories_set.SET",
    "gsm8k.SET",
    "math.SET",
    "math.MATH500",
    "svamp.SET",
    "mawps.SET",
    "mawps.ADDSUB",
    "mawps.SINGLEEQ",
    "mawps.SINGLEOP",
    "mawps.MULTIARITH",
    "aqua.SET",
    "commonsense_qa.SET",
    "prm800k.SET",
    "code_solutions.GSM8K_PROGRAMS",
    "code_solutions.TORA",
    "code_solutions.MARIO_SHOTS",
)
"""the known sets, in files of `problems/sets`"""


def read_table(names: Sequence[str]) -> dict[str, Loader]:
    """Returns name of a set -> the set."""
    files = (import_module(f"numerate.problems.sets.{name.partition('.')[0]}") for name in names)
    loaders = [getattr(file, name.partition(".")[2]) for file, name in zip(files, names, strict=True)]
    return {loader.name: loader for loader in loaders}


TABLE: dict[str, Loader] = read_table(SETS)
"""name -> loader of a known set"""


def load(
    name: str, *, split: str | None = None, limit: int | None = None, seed: int | None = None
) -> list[Problem]:
    """Returns the problems of a set, with ids that are unique among them.

    Args:
        name: a known set, a file, a hub dataset, a slice or a mix.
        split: for names without a split.
        limit: the largest number of problems, after the shuffle.
        seed: shuffles; None keeps the source's order.

    Raises:
        ValueError: the name, a file or a row is wrong, or no problem is left.
    """
    parts = parse_spec(name)
    first = (
        limit if len(parts) == 1 and seed is None else None
    )  # else all are needed to know which come first
    problems = mix_sets([(part.name, _read(part, split, first, seed), part.weight) for part in parts])[:limit]
    if not problems:
        raise ValueError(f"problem set {name!r} is empty: check its limit, slice and file")
    return problems


def check(name: str, *, split: str | None = None) -> None:
    """Checks a set quickly, before anything long starts: names and splits exist, files exist, and the first
    1,000 rows of each are well-formed; of a hub dataset only that the hub can be reached.

    Raises:
        ValueError: with the remedy.
    """
    for source in _sources(name, split):
        source.check()


def at_hand(name: str, *, split: str | None = None) -> bool:
    """Checks whether every part of the set can be read without the hub."""
    return all(source.at_hand() for source in _sources(name, split))


def is_generated(name: str, *, split: str | None = None) -> bool:
    """Checks whether the problems of the set depend on this package's code alone, on no file."""
    sources = [resolve_source(part.name, split, TABLE) for part in parse_spec(name)]
    return all(isinstance(each, Known) and getattr(each.loader, "generated", False) for each in sources)


def is_test_split(name: str, *, split: str | None = None) -> bool:
    """Checks whether any part of the set is for evaluation only; training on it must be refused."""
    return any(source.kind == "test" for source in _sources(name, split))


def audit(name: str, *, against: str = "", limit: int | None = None) -> Audit:
    """Returns duplicates of a set, overlap with another set (by default every test split of the known sets on
    this machine), and wrong answers."""
    return audit_problems(load(name, limit=limit), tests_beside(name, [against] if against else []))


def tests_beside(name: str, against: Sequence[str]) -> dict[str, Sequence[Problem]]:
    """Returns the sets to compare a set with: those named, else every test split of the known sets on this
    machine, except its own."""
    if against:
        return {other: load(other) for other in against}
    own = {f"{source.loader.name}/{source.split}" for source in _sources(name) if isinstance(source, Known)}
    loaders = {f"{loader.name}/{loader.default}": loader for loader in TABLE.values() if loader.default}
    return {
        other: loader.problems(loader.default)
        for other, loader in loaders.items()
        if other not in own and loader.at_hand(loader.default)
    }


def left_out(name: str) -> int:
    """Returns how many rows of known sets became no problems, because their solution's answer is another than
    theirs."""
    loaders = ((each.loader, each.split) for each in _sources(name) if isinstance(each, Known))
    return sum(loader.left_out(split) for loader, split in loaders if isinstance(loader, Dataset))


def origins(name: str) -> list[str]:
    """Returns file and line of every problem, in order, for a set that is read from files; else none."""
    (part, *more) = parse_spec(name)
    source = resolve_source(part.name, None, TABLE)
    return source.origins(part.start, part.stop) if isinstance(source, Files) and not more else []


def _sources(name: str, split: str | None = None) -> Iterator[ProblemSource]:
    return (resolve_source(part.name, split, TABLE) for part in parse_spec(name))


def _read(part: Part, split: str | None, first: int | None, seed: int | None) -> list[Problem]:
    """Returns a part of the set, shuffled where a seed is given; only its first problems where that is
    enough."""
    stops = [stop for stop in (part.stop, None if first is None else part.start + first) if stop is not None]
    problems = resolve_source(part.name, split, TABLE).problems(part.start, min(stops, default=None))
    return problems if seed is None else shuffle_problems(problems, seed)
