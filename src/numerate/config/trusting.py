"""The functions that a recipe names, and whether whoever starts the run trusts their modules; the variable of
the environment that it sends to a server, and whether they trust that server with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numerate.config.read import Path_
from numerate.config.schema import Recipe
from numerate.rewards import compose, trust
from numerate.rollouts.options import EngineOptions

Complaint = tuple[Path_, str]
"""path in the recipe, message"""


def reward_functions(recipe: Recipe) -> dict[Path_, compose.RewardList]:
    """Maps the keys of a recipe that list rewards to the lists."""
    lists: dict[Path_, compose.RewardList | None] = {}
    for name, stage in recipe.stages.items():
        lists["stages", name, "rewards"] = getattr(stage.options, "rewards", None)
    return {path: rewards for path, rewards in lists.items() if rewards is not None}


def untrusted_functions(recipe: Recipe, trusted: Sequence[str]) -> Iterator[Complaint]:
    """Yields one complaint that names all functions outside Numerate whose modules are not trusted, one for
    each that may not run in any case, one for a key that would be sent. Imports nothing."""
    paths = {path: compose.outside_paths(rewards) for path, rewards in reward_functions(recipe).items()}
    for path, names in paths.items():
        for name in names:
            if message := trust.refusal_reason(name):
                yield path, f"reward {name!r}: {message}"
    refused = {path: trust.outside_code(names, trusted) for path, names in paths.items()}
    first = next((path for path, names in refused.items() if names), None)
    if first is not None:
        names = list(dict.fromkeys(name for each in refused.values() for name in each))
        yield first, trust.trust_question(names, trusted)
    if message := key_question(recipe.engine, trusted):
        yield ("engine", "key_variable"), message


def key_question(engine: EngineOptions, trusted: Sequence[str]) -> str:
    """Returns the line that names a variable of the environment and the server that it would be sent to;
    empty where nothing is sent, or to a server of this machine, or where it is trusted to."""
    secret = engine.secret()
    if secret is None:
        return ""
    variable, server = secret
    consent = f"{variable}@{server}"
    if consent in trust.consents(trusted):
        return ""
    return (
        f"this recipe sends the environment variable {variable} to {server}; where that "
        f"server may have it, start with --trust {consent} (or {trust.VARIABLE}={consent})"
    )


def check_trust(recipe: Recipe, trusted: Sequence[str]) -> None:
    """Raises ValueError where the recipe names functions that may not run, or a key that may not be sent."""
    if messages := [message for _, message in untrusted_functions(recipe, trusted)]:
        raise ValueError("\n".join(messages))
