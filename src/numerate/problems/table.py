"""Table of the known problem sets, and the functions that read, check and audit a set by its name."""

from __future__ import annotations

from numerate.problems.descriptions import Audit, tests_at_hand
from numerate.problems.descriptions import audit_problems as audit_with
from numerate.problems.mix import mix_sets, shuffle_problems
from numerate.problems.resolve import Files, Known, Loader, ProblemSource, resolve_source
from numerate.problems.sets import aqua, commonsense_qa, gsm8k, math, mawps, prm800k, stories_set, svamp
from numerate.problems.spec import Part, parse_spec
from numerate.types import Problem

TABLE: dict[str, Loader] = {
    loader.name: loader
    for loader in (
        stories_set.SET,
        gsm8k.SET,
        math.SET,
        math.MATH500,
        svamp.SET,
        mawps.SET,
        mawps.ADDSUB,
        mawps.SINGLEEQ,
        mawps.SINGLEOP,
        mawps.MULTIARITH,
        aqua.SET,
        commonsense_qa.SET,
        prm800k.SET,
    )
}


def load(
    name: str, *, split: str | None = None, limit: int | None = None, seed: int | None = None
) -> list[Problem]:
    """The problems of a set, with ids that are unique among them.

    seed: shuffles; None keeps the source's order. limit: this many at most, after the shuffle. split: for
    names without one. Raises ValueError where the name, a file or a row is wrong, and where nothing is
    left."""
    parts = parse_spec(name)
    first = (
        limit if len(parts) == 1 and seed is None else None
    )  # else all are needed to know which come first
    problems = mix_sets([(part.name, _read(part, split, first, seed), part.weight) for part in parts])[:limit]
    if not problems:
        raise ValueError(f"problem set {name!r} is empty: check its limit, slice and file")
    return problems


def check(name: str, *, split: str | None = None) -> None:
    """Cheap, for use before anything long starts: names and splits exist, files are there, and the first rows
    of each (1,000) are well-formed; of the hub only that it could be asked. Raises ValueError with the
    remedy."""
    for part in parse_spec(name):
        resolve_source(part.name, split, TABLE).check()


def at_hand(name: str, *, split: str | None = None) -> bool:
    """Whether every part of the set can be read without asking the hub."""
    return all(resolve_source(part.name, split, TABLE).at_hand() for part in parse_spec(name))


def is_test_split(name: str, *, split: str | None = None) -> bool:
    """Whether any part of the set is for measuring only; training on it must be refused."""
    return any(resolve_source(part.name, split, TABLE).kind == "test" for part in parse_spec(name))


def audit(name: str, *, against: str = "", limit: int | None = None) -> Audit:
    """What of a set comes twice in it, and what it shares with another set; by default with every test split
    of the known sets on this machine."""
    problems = load(name, limit=limit)
    if against:
        return audit_with(problems, {against: load(against)})
    own = {f"{source.loader.name}/{source.split}" for source in _sources(name) if isinstance(source, Known)}
    return audit_with(problems, tests_at_hand(TABLE, besides=own))


def origins(name: str) -> list[str]:
    """File and line of every problem of a set that is read from files, in order; empty for any other."""
    (part, *more) = parse_spec(name)
    source = resolve_source(part.name, None, TABLE)
    return source.origins(part.start, part.stop) if isinstance(source, Files) and not more else []


def _sources(name: str) -> list[ProblemSource]:
    return [resolve_source(part.name, None, TABLE) for part in parse_spec(name)]


def _read(part: Part, split: str | None, first: int | None, seed: int | None) -> list[Problem]:
    """A part of the set, shuffled where a seed is given; only its first problems where that is enough."""
    stops = [stop for stop in (part.stop, None if first is None else part.start + first) if stop is not None]
    problems = resolve_source(part.name, split, TABLE).problems(part.start, min(stops, default=None))
    return problems if seed is None else shuffle_problems(problems, seed)
