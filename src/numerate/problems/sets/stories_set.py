"""Dataset `stories`: problems of the embedded world, made on request.

    stories/train      stories(magnitude=3, solution=program, tool_format=mario)/train

There are as many as anyone needs, so a bare split is a stretch of a fixed size from its beginning, and a
slice such as `stories/train[20000:30000]` may lie anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from numerate.problems.dataset import SplitKind, kind_of
from numerate.types import Problem

if TYPE_CHECKING:
    from numerate.problems.stories import Knobs
    from numerate.problems.stories.programs import Variables

SIZES = {"train": 2000, "validation": 200, "test": 500, "test-templates": 500, "test-longer": 200}
REMEMBERED = 12_000
"""problems that are kept in memory, so that slices that overlap make each of theirs once; 50 MB"""


@lru_cache(REMEMBERED)
def make_problem(
    split: str, index: int, knobs: Knobs | None = None, tool_format: str = "", variables: Variables = "words"
) -> Problem:
    """Returns one problem of a split: the same object wherever it is asked for again. knobs: None for the
    split's own. tool_format, variables: of a solution with a program; empty for one in text."""
    from numerate.problems.stories import generate

    problem = next(generate(split, index, 1, knobs=knobs))
    if not tool_format:
        return problem
    from numerate.problems.stories.programs import with_program

    return with_program(problem, tool_format, variables)


@dataclass(frozen=True, slots=True)
class Stories:
    knobs: tuple[tuple[str, Any], ...] = ()
    """those that differ from the split's own"""
    tool_format: str = ""
    """of solutions with programs; empty: solutions are text"""
    variables: Variables = "words"
    """names in programs"""
    name: str = "stories"
    about: str = "generated word problems with solutions and labels of every step"
    default: str = "test"
    generated: bool = True
    """the problems depend on the code alone"""

    @property
    def kinds(self) -> dict[str, SplitKind]:
        return {split: kind_of(split) for split in SIZES}

    def problems(self, split: str, start: int = 0, stop: int | None = None) -> list[Problem]:
        """Returns the problems [start, stop) of the split's endless sequence; without stop, up to the split's
        size."""
        end = max(start, SIZES[split]) if stop is None else stop
        knobs = self._knobs(split)
        made = (
            make_problem(split, index, knobs, self.tool_format, self.variables) for index in range(start, end)
        )
        return list({problem.id: problem for problem in made}.values())  # short stories may come twice

    def configure(self, options: Mapping[str, str]) -> Stories:
        """Returns the stories with knobs, or with programs as solutions.

        Raises ValueError for an unknown option or value."""
        left = dict(options)
        solution, tool_format = left.pop("solution", "text"), left.pop("tool_format", "")
        if solution not in ("text", "program"):
            raise ValueError(f"stories: solution={solution}: give text or program")
        if tool_format not in ("", "mario", "tora") or (tool_format and solution == "text"):
            raise ValueError(f"stories: tool_format={tool_format}: give mario or tora, and solution=program")
        variables = left.pop("variables", "words")
        if variables not in ("words", "letters") or (variables == "letters" and solution == "text"):
            raise ValueError(f"stories: variables={variables}: give words or letters, and solution=program")
        made = replace(
            self,
            variables=variables,
            knobs=tuple((key, _knob(key, text)) for key, text in left.items()),
            tool_format=(tool_format or "tora") if solution == "program" else "",
        )
        made._knobs("train")
        return made

    def _knobs(self, split: str) -> Knobs | None:
        from numerate.problems.stories import DEFAULTS

        return replace(DEFAULTS[split], **dict(self.knobs)) if self.knobs else None

    def check(self, split: str) -> None:
        """Checks nothing: stories are generated."""

    def at_hand(self, split: str) -> bool:
        return True


def _knob(key: str, text: str) -> Any:
    """Returns the value of a knob: steps as 2-4 or 3."""
    from numerate.problems.stories import Knobs

    known = [field.name for field in fields(Knobs)]
    if key not in known:
        options = ", ".join([*known, "solution", "tool_format", "variables"])
        raise ValueError(f"stories: there is no option {key!r}: choose from {options}")
    try:
        if key == "steps":
            low, _, high = text.partition("-")
            return int(low), int(high or low)
        return {"magnitude": int, "distractors": float}.get(key, str)(text)
    except ValueError as error:
        raise ValueError(f"stories: {key}={text}: give a number, or 2-4 for steps") from error


SET = Stories()
