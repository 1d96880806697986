"""Checks of an engine's tools against the methods of a recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

from numerate.config.read import Path_
from numerate.config.schema import EngineOptions, Recipe
from numerate.tool_formats import FORMATS
from numerate.types import Problem


def tool_errors(engine: EngineOptions, method: ModuleType) -> Iterator[str]:
    """Yields why a method cannot sample with the tools of an engine, as sentences about the method."""
    for option in tool_conflicts(engine, method):
        yield f"samples in its own way, without tools: leave out engine.{option}"
    if message := transcripts_error(engine, method):
        yield message


def tool_conflicts(engine: EngineOptions, method: ModuleType) -> list[str]:
    """Returns the options of tools that a method cannot sample with: it samples line by line, or with its own
    token sampler."""
    options = [option for option in ("calculator", "tools") if getattr(engine, option, None)]
    if getattr(method, "LINE_BY_LINE", False):
        return options
    return [option for option in options if option == "tools" and hasattr(method, "ENGINES")]


def transcripts_error(engine: EngineOptions, method: ModuleType) -> str | None:
    """Returns why a method that makes transcripts and trains on them cannot do so with this engine."""
    if not getattr(method, "TRANSCRIPTS", False):
        return None
    if engine.tools is None:
        return "needs an engine that runs programs: set engine.tools"
    if engine.tools.tool_format.template:
        others = " or ".join(name for name, format in FORMATS.items() if not format.template)
        return (
            f"trains on transcripts, whose outputs the format {engine.tools.format} cannot mark: set "
            f"engine.tools.format: {others}"
        )
    return None


def transcript_format_errors(
    recipe: Recipe, beginning: Callable[[str], list[Problem]]
) -> Iterator[tuple[Path_, str]]:
    """Checks that the transcripts that stages read are in the format of the engine: a policy that learned
    another writes calls that never run. beginning: the first problems of a set."""
    if recipe.engine.tools is None:
        return
    wanted = recipe.engine.tools.format
    for name in dict.fromkeys(stage.problems for stage in recipe.stages.values()):
        source = recipe.problems[name].source
        formats = {
            problem.meta["tool_format"] for problem in beginning(source) if "tool_format" in problem.meta
        }
        if others := sorted(formats - {wanted}):
            yield (
                ("problems", name),
                f"its solutions have programs in the format {others[0]}, and the engine runs those of "
                f"{wanted}: set engine.tools.format: {others[0]}, or choose transcripts in {wanted}",
            )
