"""Execution of transcripts that data have: their programs run anew, with the outputs that they have now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from numerate.interpreter import Executor
from numerate.rollouts.tool_options import ToolOptions
from numerate.tool_formats import get_format, parse_turn, shown_output, split_transcript
from numerate.types import Problem

AT_ONCE = 16
"""transcripts whose programs run at the same time"""


@dataclass(frozen=True, slots=True)
class RunTranscript:
    """A solution whose programs ran."""

    problem: Problem
    """with the transcript of this run as its solution"""
    statuses: tuple[str, ...]
    """how each program ended"""

    @property
    def executes(self) -> bool:
        """Checks whether there is a program, and all of them ended well."""
        return bool(self.statuses) and set(self.statuses) == {"ok"}


def run_transcripts(
    executor: Executor, options: ToolOptions, problems: Sequence[Problem]
) -> Iterator[RunTranscript]:
    """Yields the problems in order, each with the transcript of its programs' present outputs."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda problem: run_transcript(executor, options, problem), problems)


def run_transcript(executor: Executor, options: ToolOptions, problem: Problem) -> RunTranscript:
    """Runs the programs of a solution, in one session; `meta["tool_format"]` names its format.

    Raises ValueError where that is missing."""
    format = get_format(problem.meta.get("tool_format"))
    parts: list[str] = []
    statuses: list[str] = []
    session = executor.session()
    try:
        for part, written in split_transcript(format, problem.solution):
            if not written:
                continue
            parts.append(part)
            called = part.endswith(format.stop)
            code = parse_turn(format, part, called).code
            if code:
                execution = session.submit(code).result()
                output = shown_output(execution.stdout, execution.error_line, options.output)
                parts.append(format.insert(output))
                statuses.append(execution.status)
    finally:
        session.close()
    return RunTranscript(replace(problem, solution="".join(parts)), tuple(statuses))
