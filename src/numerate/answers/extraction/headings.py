"""Answers below a heading such as `# Answer`, and in bold type at the head of an explanation."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADING = re.compile(
    r"[ \t]*(?:#{1,6} *|\*\*)[^\n]{0,12}?"
    r"(?:(?:final |correct )?answer|final result|答案|答え|解答|ответ|respuesta|réponse|antwort)s?[ :*：#]*\n"
    r"(?P<below>.*?)(?=\n#|\n\*\*[^*\n]{1,40}\*\*:?\s*\n|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_ANSWER_FIRST = re.compile(
    r"\s*\*\*(?P<answer>[^*\n]{1,80})\*\*\s*\n+"
    r"\W*(?:here(?:'s| is)|explanation|reasoning|why|because|justification|steps|solution|let)",
    re.IGNORECASE,
)
_LINE = re.compile(r"\n(?=#|\*\*)")
_VALUE = re.compile(r"[\d\\$]")
_LEADS_ON = re.compile(r"(?:\b(?:is|are|be|to|of|equals)|:)[\s*]*\Z")


def blocks_below_headings(tail: str) -> Iterator[str]:
    """Yields what stands below each heading of an answer, from the last to the first."""
    for heading in reversed(list(_answer_headings(tail))):
        if block := _paragraph_with_value(heading["below"].strip()):
            yield block


def _answer_headings(tail: str) -> Iterator[re.Match[str]]:
    for start in (0, *(line.end() for line in _LINE.finditer(tail))):
        if heading := _HEADING.match(tail, start):
            yield heading


def _paragraph_with_value(block: str) -> str:
    """Returns the first paragraph below a heading that has a value, or the whole block."""
    for paragraph in block.split("\n\n")[:3]:
        if _VALUE.search(paragraph) and not _LEADS_ON.search(paragraph):
            return paragraph
    return block


def bold_opening(tail: str) -> str | None:
    """Returns the value in bold type with which a text begins that then explains it."""
    opening = _ANSWER_FIRST.match(tail)
    if opening is None or not _VALUE.search(opening["answer"]) or opening["answer"].rstrip().endswith(":"):
        return None
    return opening["answer"].rstrip(" .")
