"""A recipe that trains nothing: one model, some problem sets. What `numerate eval` runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numerate.config.build import build_recipe
from numerate.config.check import base_errors, check_recipe, device_errors, engine_errors, prompt_errors
from numerate.config.read import Path_, Tree
from numerate.config.schema import EngineOptions, Recipe


def make_eval_recipe(
    name: str,
    model: str,
    problems: Sequence[str],
    limit: int | None,
    settings: Mapping[str, Any],
    *,
    out: Path = Path("runs"),
) -> Recipe:
    """Returns the checked recipe. settings: other keys of a recipe, such as seed and evaluate.

    Raises ValueError like `load`."""
    sets: dict[str, Any] = {}
    arguments = engine_arguments(settings.get("engine", {}))
    if guided := settings.get("evaluate", {}).get("guided"):
        arguments["evaluate", "guided"] = f"--guided-by {guided['judge']}"
    for source in problems:
        name_ = set_name(source, sets)
        sets[name_] = {"source": source, "limit": limit}
        arguments["problems", name_] = f"-p {source}"
    measured = {**settings.get("evaluate", {}), "models": ["base"], "problems": list(sets)}
    values = {**settings, "name": name, "model": model, "problems": sets, "evaluate": measured}
    tree = Tree(values, "command line", arguments=arguments)
    recipe = build_recipe(tree)
    if not recipe.evaluate.greedy and not recipe.evaluate.samples:
        raise ValueError("--no-greedy with 0 samples evaluates nothing: use greedy decoding or samples")
    check_recipe(recipe, tree, out)
    return recipe


def engine_arguments(engine: Mapping[str, Any]) -> dict[Path_, str]:
    """Returns where the kind and the tools of an engine stand on the command line, as `Tree.arguments`."""
    arguments: dict[Path_, str] = {}
    if kind := engine.get("kind"):
        arguments["engine", "kind"] = f"--engine {kind}"
    if tools := engine.get("tools"):
        arguments["engine", "tools"] = f"--tools {tools['format']}"
    return arguments


def set_name(source: str, taken: Mapping[str, Any]) -> str:
    """Returns stories-test of stories/test; a number is added where two sources would get the same name."""
    plain = (
        re.sub(r"[^A-Za-z0-9_]+", "-", source.removesuffix(".jsonl")).strip("-")[-60:].strip("-")
        or "problems"
    )
    name, n = plain, 1
    while name in taken:
        n += 1
        name = f"{plain}-{n}"
    return name


def check_model(
    model: str, prompt: str, engine: Mapping[str, Any], device: str = "auto", dtype: str = "auto"
) -> EngineOptions:
    """Returns the checked options of an engine. Raises ValueError where there is no such model, style of
    prompt, engine, device or number format."""
    values = {"name": "solve", "model": model, "prompt": prompt, "engine": engine}
    values |= {"device": device, "dtype": dtype}
    recipe = build_recipe(Tree(values, "command line", arguments=engine_arguments(engine)))
    complaints = [
        *base_errors(recipe),
        *prompt_errors(prompt),
        *device_errors(device),
        *engine_errors(recipe),
    ]
    if complaints:
        raise ValueError("\n".join(message for _, message in complaints))
    return recipe.engine
