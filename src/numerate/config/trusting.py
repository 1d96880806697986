"""The functions that a recipe names, and whether whoever starts the run trusts their modules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numerate.config.read import Path_
from numerate.config.records import Recipe
from numerate.rewards import compose, trust

Complaint = tuple[Path_, str]
"""where in the recipe, and what is wrong there"""


def functions(recipe: Recipe) -> dict[Path_, compose.Given]:
    """Where a recipe lists rewards -> the list."""
    lists: dict[Path_, compose.Given | None] = {}
    for name, stage in recipe.stages.items():
        lists["stages", name, "rewards"] = getattr(stage.options, "rewards", None)
    return {path: rewards for path, rewards in lists.items() if rewards is not None}


def untrusted(recipe: Recipe, trusted: Sequence[str]) -> Iterator[Complaint]:
    """One complaint that names all functions outside Numerate whose modules are not trusted, one for each
    that may not run in any case. Imports nothing."""
    paths = {path: compose.outside(rewards) for path, rewards in functions(recipe).items()}
    for path, names in paths.items():
        for name in names:
            if message := trust.refusal(name):
                yield path, f"reward {name!r}: {message}"
    refused = {path: trust.outside(names, trusted) for path, names in paths.items()}
    first = next((path for path, names in refused.items() if names), None)
    if first is not None:
        names = list(dict.fromkeys(name for each in refused.values() for name in each))
        yield first, trust.question(names, trusted)


def check(recipe: Recipe, trusted: Sequence[str]) -> None:
    """Raises ValueError where the recipe names functions that may not run."""
    if messages := [message for _, message in untrusted(recipe, trusted)]:
        raise ValueError("\n".join(messages))
