"""Recipes: YAML text -> checked records. Everything that can be known before a long job starts is checked here,
in well under two seconds and without torch."""

from numerate.config.records import EngineOptions, Evaluate, ProblemSet, Recipe, Stage

__all__ = ["EngineOptions", "Evaluate", "ProblemSet", "Recipe", "Stage"]
