"""The folder of an evaluation: one per model and settings, so that no evaluation replaces another's results.

`runs/eval-NAME` holds one model, measured with one choice of settings on any number of problem sets. Another
model of that name, or other settings, get a folder of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numerate.config.build import build_recipe
from numerate.config.eval_recipe import make_eval_recipe, set_name
from numerate.config.read import read_file
from numerate.config.schema import ProblemSet, Recipe
from numerate.config.write import plain_tree
from numerate.models import locate
from numerate.store import identity_hash

ADDED = ("models", "problems", "limit", "k", "rerank_with", "aggregate", "marked", "marked_limit", "guided")
"""keys of `evaluate` that add rows and replace none"""
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A checked recipe that measures one model, and the folder of its results."""

    recipe: Recipe
    """measures the problem sets of this command only"""
    folder: Path
    recorded: Recipe | None = None
    """what the folder holds, with these sets added; None where it holds nothing yet"""
    note: str = ""
    """why the folder is not eval-NAME, empty where it is"""


def evaluation_recipe(
    model: str, problems: Sequence[str], limit: int | None, settings: Mapping[str, Any], *, out: Path
) -> Evaluation:
    """Returns the recipe of `numerate eval` and its folder below `out`. Raises ValueError like `load`."""
    name = model_name(model, out)
    plain_name, note = f"eval-{name}", ""
    recipe = make_eval_recipe(plain_name, model, problems, limit, {**settings, "base_name": name}, out=out)
    if (out / plain_name / "recipe.yaml").exists() and (
        other := differing_settings(stored_recipe(out / plain_name), recipe)
    ):
        recipe = replace(recipe, name=f"{plain_name}-{identity_hash(settings_of(recipe))[:DIGITS]}")
        note = f"{out / plain_name} has other settings ({other}); these results: {out / recipe.name}"
    folder = out / recipe.name
    earlier = stored_recipe(folder)
    if earlier is None:
        return Evaluation(recipe, folder, None, note)
    note = note or replaced_rows(recipe, earlier)
    recipe, recorded = add_problem_sets(recipe, earlier)
    return Evaluation(recipe, folder, recorded, note)


def replaced_rows(recipe: Recipe, earlier: Recipe) -> str:
    """Returns what an evaluation of the same samples replaces: rows of judges whose step scores are now
    aggregated another way."""
    before, now = earlier.evaluate, recipe.evaluate
    judges = [judge for judge in now.rerank_with if judge in before.rerank_with]
    if not judges or now.aggregate == before.aggregate:
        return ""
    ways = [way or "each scorer's default" for way in (before.aggregate, now.aggregate)]
    return f"the rows of {', '.join(judges)} are replaced: aggregate was {ways[0]}, now {ways[1]}"


def model_name(model: str, out: Path) -> str:
    """Returns the name that a model has in rows and folders: of its path, with a few digits of a hash where
    `out` has results of another model of that name."""
    name = locate.name_of(model)
    earlier = stored_recipe(out / f"eval-{name}")
    if earlier is None or same_model(earlier.model, model):
        return name
    return f"{name}-{identity_hash(str(_resolved(model)))[:DIGITS]}"


def same_model(a: str, b: str) -> bool:
    return _resolved(a) == _resolved(b)


def _resolved(model: str) -> Path | str:
    path = locate.locate_model(model)
    return path.resolve() if isinstance(path, Path) else path


def stored_recipe(folder: Path) -> Recipe | None:
    """Returns the recipe of an evaluation's folder, None where there is none that this version can read."""
    if not (folder / "recipe.yaml").is_file():
        return None
    try:
        return build_recipe(read_file(folder / "recipe.yaml"))
    except ValueError:
        return None


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Returns what decides the samples of an evaluation, whatever the problems and the device."""
    sampling = {key: value for key, value in plain_tree(recipe.evaluate).items() if key not in ADDED}
    shared = ("base_name", "seed", "prompt", "dtype")
    return {
        **{key: getattr(recipe, key) for key in shared},
        "engine": recipe.engine.full_mark(),
        **sampling,
    }


def differing_settings(earlier: Recipe | None, recipe: Recipe) -> str:
    """Returns `temperature 0.7, now 1.0` for each setting that is another one, empty where all are equal."""
    if earlier is None:
        return "its recipe.yaml is unreadable"
    before, now = settings_of(earlier), settings_of(recipe)
    if before["engine"] != now["engine"]:
        before["engine"], now["engine"] = earlier.engine.short_title(), recipe.engine.short_title()
    return ", ".join(f"{key} {before[key]}, now {now[key]}" for key in now if before[key] != now[key])


def add_problem_sets(recipe: Recipe, earlier: Recipe) -> tuple[Recipe, Recipe]:
    """Returns the recipe with names that the folder does not use for other problems, and what the folder then
    holds."""
    sets = dict(earlier.problems)
    names = [set_label(problem_set, sets) for problem_set in recipe.problems.values()]
    own = {name: sets[name] for name in names}
    judges = tuple(dict.fromkeys([*earlier.evaluate.rerank_with, *recipe.evaluate.rerank_with]))
    guided = recipe.evaluate.guided or earlier.evaluate.guided
    whole = replace(recipe.evaluate, problems=tuple(sets), rerank_with=judges, guided=guided)
    measured = replace(recipe.evaluate, problems=tuple(own))
    return replace(recipe, problems=own, evaluate=measured), replace(recipe, problems=sets, evaluate=whole)


def set_label(problem_set: ProblemSet, sets: dict[str, ProblemSet]) -> str:
    """Returns the name under which `sets` has these problems; adds them where it does not."""
    for name, existing in sets.items():
        if existing == problem_set:
            return name
    name = set_name(problem_set.source, {})
    if name in sets:
        name = set_name(f"{name}-{problem_set.limit or 'all'}", sets)
    sets[name] = problem_set
    return name
