"""Sentences of a text from the last to the first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from numerate.answers.text.formulas import hide_formulas

MOST_LINES = 40
_DISPLAYS = (("\\[", "\\]"), ("$$", "$$"), ("\\begin{", "\\end{"))
LONGEST = 1_000
"""characters of a sentence; of a longer one only the end is read"""
_END_OF_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\bvs\.)(?<!\bapprox\.)(?<!\be\.g\.)(?<!\bi\.e\.)"
    r"(?<!\b[A-Z][a-z]\.)\s+(?!\d+\s*$)|(?<=[。！？।])"
)


_SEMICOLON = re.compile(r"(?<=;) (?=[^;]{0,200}?[^\W\d_]{3})(?![^(\[{]{0,200}[)\]}])")
"""between clauses with words, outside of brackets"""


def sentences_upwards(text: str) -> Iterator[tuple[str, bool]]:
    """Yields (sentence, whether another one that a full stop ends stands before it on its line)."""
    for line in _lines_upwards(text):
        hidden = hide_formulas(line)
        ends = [match.end() for match in _END_OF_SENTENCE.finditer(hidden)]
        if "; " in hidden:
            ends = sorted([*ends, *(match.end() for match in _SEMICOLON.finditer(hidden))])
        for start, end in zip(reversed([0, *ends]), reversed([*ends, len(line)]), strict=True):
            if line[start:end].strip():
                stopped = start > 0 and not line[:start].rstrip().endswith(";")
                yield line[max(start, end - LONGEST) : end].strip(" \t\n;"), stopped


def _lines_upwards(text: str) -> Iterator[str]:
    """Yields lines from the last to the first; a displayed formula is one line with what stands around it."""
    end = len(text)
    for _ in range(MOST_LINES):
        start = _start_of_line(text, end)
        line = text[start:end]
        if line.strip():
            yield line
        if start == 0:
            return
        end = start - 1


def _start_of_line(text: str, end: int) -> int:
    start = text.rfind("\n", 0, end) + 1
    for opener, closer in _DISPLAYS:
        line = text[start:end]
        if closer in line and (opener not in line or (opener == "$$" and line.count("$$") % 2)):
            above = text.rfind(opener, 0, start)
            start = text.rfind("\n", 0, above) + 1 if above >= 0 else start
    return start
