"""Sentences of a text from the last to the first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from numerate.answers.formulas import hide_formulas

MOST_LINES = 40


LONGEST = 1_000
"""characters of a sentence; of a longer one only the end is read"""


_END_OF_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\bvs\.)(?<!\bapprox\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\b[A-Z][a-z]\.)\s+(?!\d+\s*$)|(?<=[。！？।])"
)


def sentences_upwards(text: str) -> Iterator[tuple[str, bool]]:
    """(sentence, whether another one stands before it on its line)."""
    for line in _lines_upwards(text):
        hidden = hide_formulas(line)
        ends = [match.end() for match in _END_OF_SENTENCE.finditer(hidden)]
        for start, end in zip(reversed([0, *ends]), reversed([*ends, len(line)]), strict=True):
            if line[start:end].strip():
                yield line[max(start, end - LONGEST) : end].strip(), start > 0


def _lines_upwards(text: str) -> Iterator[str]:
    """Lines from the last to the first; a displayed formula is one line with what stands around it."""
    end = len(text)
    for _ in range(MOST_LINES):
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end]
        for opener, closer in (("\\[", "\\]"), ("$$", "$$"), ("\\begin{", "\\end{")):
            if closer in line and (opener not in line or (opener == "$$" and line.count("$$") % 2)):
                above = text.rfind(opener, 0, start)
                start = text.rfind("\n", 0, above) + 1 if above >= 0 else start
                line = text[start:end]
        if line.strip():
            yield line
        if start == 0:
            return
        end = start - 1
