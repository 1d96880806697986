"""Recipes: YAML text -> checked records. All that can be known before a long job starts is checked here, in
well under two seconds and without torch.

    recipe = load("quickstart", ["sft.limit=200", "seed=1"])      # or a path to a YAML file
    print(resolved(recipe))                                       # every default written out
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from numerate import recipes
from numerate.config.build import build
from numerate.config.check import check
from numerate.config.evaluations import Evaluation, evaluation
from numerate.config.measuring import check_model, measuring
from numerate.config.override import override, unused_sets
from numerate.config.read import Tree, read_file, read_text
from numerate.config.records import EngineOptions, Evaluate, ProblemSet, Recipe, Stage
from numerate.config.words import suggest
from numerate.config.write import resolved, schema

__all__ = [
    "EngineOptions",
    "Evaluate",
    "Evaluation",
    "ProblemSet",
    "Recipe",
    "Stage",
    "check_model",
    "evaluation",
    "load",
    "measuring",
    "resolved",
    "schema",
]


RUNS = Path("runs")
"""the folder of runs, unless a person says otherwise"""


def load(name: str, overrides: Sequence[str] = (), *, out: Path = RUNS, trust: Sequence[str] = ()) -> Recipe:
    """The recipe of that name or path, with `stage.key=value` overrides, every check passed.

    name: a shipped recipe, a YAML file, or the folder of a run (its recipe.yaml). out: the folder of runs.
    trust: modules outside this package that may be imported for the functions that the recipe names.
    Raises ValueError with one line per mistake: file:line, key, what is wrong, what to do."""
    tree = read(name)
    override(tree, overrides)
    recipe = build(tree, of_run=name not in recipes.names() and Path(name).is_dir())
    if unused := unused_sets(tree, recipe.problem_sets):
        raise ValueError("\n".join(unused))
    check(recipe, tree, out, trust)
    return recipe


def place(given: str, name: str, overrides: Sequence[str], out: Path) -> Path:
    """The folder of the run of a recipe called `name`: where a run's folder was given that one, unless the
    overrides give it another name or `out` says where runs are."""
    going_on = given not in recipes.names() and Path(given).is_dir() and out == RUNS
    renamed = any(change.partition("=")[0].strip() == "name" for change in overrides)
    return Path(given) if going_on and not renamed else out / name


def read(name: str) -> Tree:
    if name in recipes.names():
        return read_text(recipes.text(name), f"{name}.yaml")
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
    raise ValueError(f"no shipped recipe and no file is called {name!r}{suggest(name, recipes.names())}")
