"""Problems: the table of known sets, and reading any other.

    load("gsm8k/train", limit=500, seed=0)      load("stories/test")      load("data/mine.jsonl")
    load("math500")      load("openai/gsm8k:main/train")      load("2*gsm8k/train + stories/train")

A known set is read from $NUMERATE_DATA where that holds it, else from the hub. A bare name means its test
split; for training, name the split. See docs/problems.md for everything a name may say."""

from __future__ import annotations

from numerate.problems import aqua, commonsense_qa, embedded, gsm8k, math, mawps, prm800k, svamp
from numerate.problems.dataset import content_hash as fingerprint
from numerate.problems.mix import mixed, shuffled
from numerate.problems.names import Part, parse
from numerate.problems.resolve import Loader, resolve
from numerate.types import Problem

__all__ = ["TABLE", "check", "fingerprint", "is_test_split", "load"]

TABLE: dict[str, Loader] = {
    loader.name: loader
    for loader in (
        embedded.SET,
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
    sets = [(part.name, _read(part, split, limit, seed), part.weight) for part in parse(name)]
    problems = mixed(sets)[:limit]
    if not problems:
        raise ValueError(f"problem set {name!r} is empty: check its limit, slice and file")
    return problems


def check(name: str, *, split: str | None = None) -> None:
    """Cheap, for use before anything long starts: names and splits exist, files are there, and the first rows
    of each (1,000) are well-formed; of the hub only that it could be asked. Raises ValueError with the
    remedy."""
    for part in parse(name):
        resolve(part.name, split, TABLE).check()


def is_test_split(name: str, *, split: str | None = None) -> bool:
    """Whether any part of the set is for measuring only; training on it must be refused."""
    return any(resolve(part.name, split, TABLE).kind == "test" for part in parse(name))


def _read(part: Part, split: str | None, limit: int | None, seed: int | None) -> list[Problem]:
    source = resolve(part.name, split, TABLE)
    stop = part.stop
    if seed is None and limit is not None:  # reading the first ones is enough
        stop = part.start + limit if stop is None else min(stop, part.start + limit)
    problems = source.problems(part.start, stop)
    return problems if seed is None else shuffled(problems, seed)
