"""Recipes: YAML text -> checked records. All that can be known before a long job starts is checked here, in
well under two seconds and without torch.

    recipe = load("quickstart", ["sft.limit=200", "seed=1"])      # or a path to a YAML file
    print(resolved_yaml(recipe))                                  # every default written out
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from numerate import recipes
from numerate.config.build import build_recipe
from numerate.config.check import check_recipe
from numerate.config.eval_recipe import check_model, make_eval_recipe
from numerate.config.evaluations import Evaluation, evaluation_recipe
from numerate.config.messages import suggest_word
from numerate.config.override import apply_overrides, unused_sets
from numerate.config.read import Tree, read_file, read_text
from numerate.config.schema import EngineOptions, Evaluate, ProblemSet, Recipe, StageRecipe
from numerate.config.write import json_schema, resolved_yaml

__all__ = [
    "EngineOptions",
    "Evaluate",
    "Evaluation",
    "ProblemSet",
    "Recipe",
    "StageRecipe",
    "check_model",
    "evaluation_recipe",
    "json_schema",
    "load",
    "make_eval_recipe",
    "resolved_yaml",
]


RUNS = Path("runs")
"""the folder of runs, unless a person says otherwise"""


def load(name: str, overrides: Sequence[str] = (), *, out: Path = RUNS, trust: Sequence[str] = ()) -> Recipe:
    """Returns the recipe of that name or path, with `stage.key=value` overrides, every check passed.

    name: a shipped recipe, a YAML file, or the folder of a run (its recipe.yaml). out: the folder of runs.
    trust: modules outside this package that may be imported for the functions that the recipe names.
    Raises ValueError with one line per mistake: file:line, key, what is wrong, what to do."""
    tree = read_recipe(name)
    apply_overrides(tree, overrides)
    recipe = build_recipe(tree, of_run=name not in recipes.recipe_names() and Path(name).is_dir())
    if unused := unused_sets(tree, recipe):
        raise ValueError("\n".join(unused))
    check_recipe(recipe, tree, out, trust)
    return recipe


def run_folder(source: str, name: str, overrides: Sequence[str], out: Path) -> Path:
    """Returns the folder of the run of a recipe called `name`: `source` itself where it is a run's folder,
    unless the overrides rename the run or `out` is not the default."""
    going_on = source not in recipes.recipe_names() and Path(source).is_dir() and out == RUNS
    renamed = any(change.partition("=")[0].strip() == "name" for change in overrides)
    return Path(source) if going_on and not renamed else out / name


def read_recipe(name: str) -> Tree:
    if name in recipes.recipe_names():
        return read_text(recipes.recipe_text(name), f"{name}.yaml")
    path = Path(name)
    if path.is_dir():
        if not (path / "recipe.yaml").is_file():
            raise ValueError(
                f"{path}: a folder without recipe.yaml: name a recipe file, or the folder of a run"
            )
        path = path / "recipe.yaml"
    if path.is_file():
        return read_file(path)
    if len(path.parts) > 1 or path.suffix in (".yaml", ".yml"):
        raise ValueError(f"{path}: there is no such file; `numerate recipes` lists the shipped recipes")
    raise ValueError(
        f"no shipped recipe and no file is called {name!r}{suggest_word(name, recipes.recipe_names())}"
    )
