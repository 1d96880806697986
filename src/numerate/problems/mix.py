"""Several problem sets as one.

Without weights every problem of every set is taken once. With weights, they are shares of the mixture:
`2*a+b` has two problems of a for each one of b (a set without a weight weighs 1), `0.7*a+0.3*b` has 70 % of
a. The mixture ends where the first set is used up, so that no problem comes twice.

The sets are interleaved evenly: every beginning of the mixture has about the same shares, and a limit keeps
them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from hashlib import blake2b

from numerate.types import Problem


def shuffle_problems(problems: Sequence[Problem], seed: int) -> list[Problem]:
    """Returns the problems in an order that depends on the seed and each problem's id only: the same on any
    machine; problems that are added to the set don't change the order of the others."""
    return sorted(
        problems, key=lambda problem: blake2b(f"{seed}:{problem.id}".encode(), digest_size=16).digest()
    )


def mix_sets(sets: Sequence[tuple[str, Sequence[Problem], Fraction | None]]) -> list[Problem]:
    """Returns the mixture of (name, problems, weight) sets; a problem that is the same in several sets is
    taken once."""
    if len(sets) == 1:
        return list(sets[0][1])
    counts = _counts([len(problems) for _, problems, _ in sets], [weight for _, _, weight in sets])
    placed = [
        ((2 * index + 1) / (2 * count), number, problem)
        for number, ((_, problems, _), count) in enumerate(zip(sets, counts, strict=True))
        for index, problem in enumerate(problems[:count])
    ]
    placed.sort(key=lambda item: item[:2])
    return _unique([(sets[number][0], problem) for _, number, problem in placed])


def _counts(sizes: Sequence[int], weights: Sequence[Fraction | None]) -> list[int]:
    """Returns how many problems to take of each set."""
    if all(weight is None for weight in weights):
        return list(sizes)
    shares = [Fraction(1) if weight is None else weight for weight in weights]
    unit = min(size / share for size, share in zip(sizes, shares, strict=True))
    return [int(share * unit) for share in shares]


def _unique(named: Sequence[tuple[str, Problem]]) -> list[Problem]:
    """Makes ids unique: the same id with the same question is the same problem; with another question, or a
    solution of another kind (text, or a tool format), the set's name is added."""
    kept: dict[str, Problem] = {}
    for name, problem in named:
        same = kept.get(problem.id)
        if same is None:
            kept[problem.id] = problem
        elif (same.question, _format(same)) != (problem.question, _format(problem)):
            fresh = f"{name}:{problem.id}"
            kept[fresh] = replace(problem, id=fresh)
    return list(kept.values())


def _format(problem: Problem) -> object:
    return problem.meta.get("tool_format")
