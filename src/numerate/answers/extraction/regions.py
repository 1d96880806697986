"""The part of a response in which its final answer may stand: behind the thought, before a runaway turn,
without code and the output of tools.

Regions are found by their marks alone, in one pass each, whatever language the response is in."""

from __future__ import annotations

import re
from typing import NamedTuple

from numerate.answers.extraction.thoughts import behind_thoughts, final_channel
from numerate.answers.extraction.tool_output import without_tools
from numerate.answers.extraction.turns import own_turns


class Region(NamedTuple):
    text: str
    """what the response says to its reader"""
    thinking: bool = False
    """True where a thought was begun and never finished: only a marked answer before it counts"""
    output: str = ""
    """what the last tool printed"""
    after_output: int = 0
    """where in `text` the last tool output stood"""


_PROGRAM = re.compile(
    r"\s*(?:import \w|from \w+ import |def \w+\(|(?:#[^\n]*\n)?[a-z](?=\w*_)\w* = [^\n]+\n[a-z]\w* = )"
)
"""a response that is a program to be run, and says nothing itself"""
_MARKUP = re.compile(r"<[A-Za-z/|｜]")


def visible_region(response: str) -> Region:
    """Returns the response without thoughts, special tokens, further turns, code and tool output."""
    text, thinking = response, False
    if _PROGRAM.match(text):
        return Region("")
    marked = "<" in text and _MARKUP.search(text) is not None
    if marked and "<|channel|>" in text:
        text, thinking = final_channel(text)
    elif marked or ("K" in text and "THINK]" in text) or (not text.isascii() and "◁" in text):
        text, thinking = behind_thoughts(own_turns(text))
    if (marked and "<" in text) or ("`" in text and "```" in text) or _has_tools(text):
        text, output, index = without_tools(text)
        return Region(text, thinking, output, index)
    return Region(text, thinking)


def _has_tools(text: str) -> bool:
    """Returns True for marks of tools; to look for one rare letter first costs little."""
    if "[asy]" in text:
        return True
    return "O" in text and ("\nObservation:" in text or "[TOOL" in text)
