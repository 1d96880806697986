"""Texts of a rollout on the page, from its stored turns: pieces by step, program and output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from numerate.metrics.episodes import call_failed
from numerate.report.results import finite_number
from numerate.tool_formats import FORMATS

LONGEST = 6000  # characters of one text on the page


def call_outcome(turns: Sequence[Mapping[str, Any]]) -> str:
    """Returns "failed" where a call of the rollout failed, "ok" where it has others, "" where it has none.
    All of its turns count, also those behind the text that the page has."""
    statuses = [turn.get("status") for turn in turns if turn.get("role") == "tool"]
    return ("failed" if any(map(call_failed, statuses)) else "ok") if statuses else ""


def prompt_text(turns: Sequence[Mapping[str, Any]]) -> str:
    """Returns the part of the solution that stood there already, see `types.Rollout.prefix`."""
    first = next((index for index, turn in enumerate(turns) if turn.get("trained")), len(turns))
    before = takewhile(lambda turn: turn.get("role") == "assistant", reversed(turns[:first]))
    return "".join(turn.get("text") or "" for turn in reversed(list(before)))


def text_pieces(
    turns: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]]
) -> Iterator[list[Any]]:
    """Yields the text from the first turn that the policy wrote, cut at its steps. Offsets are Python's, so
    the cutting is done here; a tool's turn becomes one piece whose verdict is "tool", or "failed" where the
    program did not end well, the program before it one whose verdict is "code", the prefix that the policy
    continues one whose verdict is "prefix"."""
    prefix = prompt_text(turns)
    left, before = LONGEST, len(prefix)
    if prefix:
        yield [clip_text(prefix, left), "prefix", None]
    for turn in join_turns(turns):
        text = turn["text"]
        if left <= 0:
            break
        if turn["trained"]:
            code = program_start(text) if turn["called"] else len(text)
            yield from cut_at_steps(text[:code], list(inside_steps(text[:code], before, steps)), left)
            if text[code:] and left > code:
                yield [clip_text(text[code:], left - code), "code", None]
        else:
            yield [clip_text(text, left), "failed" if turn["failed"] else "tool", None]
        before += len(text) if turn["trained"] or turn["tool"] else 0
        left -= len(text)


def program_start(text: str) -> int:
    """Returns where the last program of a call begins, in any format of tools."""
    starts = [match.start() for format in FORMATS.values() for match in format.block.finditer(text)]
    return max(starts, default=len(text))


def inside_steps(text: str, before: int, steps: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yields the steps of a turn: those with positions in it, or in the whole solution, with the text
    `before` it."""
    for step in steps:
        for start in (step["start"], step["start"] - before):
            if start >= 0 and text[start : start + len(step["text"])] == step["text"]:
                yield {**step, "start": start, "end": start + len(step["text"])}
                break


def join_turns(turns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Joins the turns from the policy's first. A calculator's tokens are part of the answer's text:
    neighbouring turns of the assistant become one."""
    joined: list[dict[str, Any]] = []
    for turn in turns:
        text, own, tool = turn.get("text") or "", bool(turn.get("trained")), turn.get("role") == "tool"
        if joined and turn.get("role") == "assistant" and joined[-1]["trained"]:
            joined[-1]["text"] += text
        elif joined or own:
            failed = tool and call_failed(turn.get("status"))
            if joined and tool:
                joined[-1]["called"] = True
            joined.append({"text": text, "trained": own, "tool": tool, "failed": failed, "called": False})
    return joined


def cut_at_steps(text: str, steps: Sequence[Mapping[str, Any]], left: int) -> Iterator[list[Any]]:
    """Yields the first `left` characters of a turn: its steps with label and score, and what is between
    them. A step that is not whole within them is text."""
    at = 0
    shown = clip_text(text, left)
    for step in sorted(steps, key=lambda step: step["start"]):
        start, end = max(at, step["start"]), step["end"]
        if end <= start or end > min(len(text), left):
            continue
        if start > at:
            yield [text[at:start], None, None]
        yield [text[start:end], step.get("label") or "step", finite_number(step.get("score"))]
        at = end
    if shown[at:]:
        yield [shown[at:], None, None]


def clip_text(text: str, longest: int = LONGEST) -> str:
    """Returns at most `longest` characters, and the number of further ones."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]} … ({len(text) - longest:,} more characters, whole in the Parquet files)"
