"""The part of a response in which its final answer may stand: behind the thought, before a runaway turn,
without code and the output of tools.

Regions are found by their marks alone, in one pass each, whatever language the response is in."""

from __future__ import annotations

import re
from typing import NamedTuple

from numerate.answers.extraction.tool_output import without_tools
from numerate.answers.extraction.turns import own_turns


class Region(NamedTuple):
    text: str
    """what the response says to its reader"""
    thinking: bool = False
    """True where a thought was begun and never finished: only a marked answer before it counts"""
    output: str = ""
    """what the last tool printed, empty where it failed"""
    after_output: int = 0
    """where in `text` the last tool output stood; 0 where there is none"""


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
        text, thinking = _final_channel(text)
    elif marked or ("K" in text and "THINK]" in text) or (not text.isascii() and "◁" in text):
        text, thinking = _behind_thoughts(own_turns(text))
    if (marked and "<" in text) or ("`" in text and "```" in text) or _has_tools(text):
        text, output, index = without_tools(text)
        return Region(text, thinking, output, index)
    return Region(text, thinking)


def _has_tools(text: str) -> bool:
    """Checks whether the text has marks of tools. The search for one rare letter first costs little."""
    if "[asy]" in text:
        return True
    return "O" in text and ("\nObservation:" in text or "[TOOL" in text)


# -- thoughts, by the marks around them ----------------------------------------------------------------------
_NAMES = r"think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|analysis|inner_monologue|seed:think"
_THOUGHT = re.compile(
    rf"<(?:(?P<close>/)\s?)?(?:{_NAMES})(?:\s[^<>\n]{{0,40}})?>"
    r"|<\|(?:(?P<end>end_of_|end_|/)|begin_of_|start_)?(?:thought|thinking|think)\|>",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[(?P<close>/)?THINK(?:ING)?\]|◁(?P<end>/)?think▷")
_FINAL_CHANNEL = "<|channel|>final<|message|>"
_CHANNEL = re.compile(r"<\|channel\|>\w{1,20}<\|message\|>")


def _final_channel(text: str) -> tuple[str, bool]:
    """Returns what a model of several channels says in the final one; and whether it never came to that."""
    _, channel, final = text.rpartition(_FINAL_CHANNEL)
    return own_turns(final) if channel else "", not channel


def _behind_thoughts(text: str) -> tuple[str, bool]:
    """Returns what stands behind the last finished thought, up to an unfinished one; and whether there is
    such a one."""
    pattern = _BRACKETED if "THINK" in text or "◁" in text else None
    marks = [m for p in (_THOUGHT, pattern) if p for m in p.finditer(text)]
    if not marks:
        return text, False
    marks.sort(key=lambda mark: mark.start())
    depth = start = end = 0
    opener: int | None = None
    for mark in marks:
        if mark["close"] or mark["end"]:
            depth = max(depth - 1, 0)
            start, opener = (mark.end(), None) if depth == 0 else (start, opener)
        elif depth == 0 or text[end : mark.start()].strip():  # a template's mark and the model's own are one
            depth += 1
            opener = mark.start() if depth == 1 else opener
        end = mark.end()
    return text[start:opener], opener is not None


def without_openers(text: str) -> str:
    """Takes off the marks that open a thought, so that an unfinished one reads as the answer."""
    for pattern in (_THOUGHT, _BRACKETED):
        text = pattern.sub(lambda mark: mark[0] if mark["close"] or mark["end"] else "", text)
    return _CHANNEL.sub("", text)
