"""Markdown around an answer: emphasis, back ticks, bullets, headings."""

from __future__ import annotations

import re

_EMPHASIS = re.compile(
    r"(?<![\w)*\\}])\*{1,3}(?=[^\s*])|(?<=[^\s*(^])\*{1,3}(?![\w(*\\{])"
    r"|(?<![\w\\])__(?=\S)|(?<=\S)__(?!\w)|(?<!`)`{1,2}(?!`)"
    r"|</?(?:b|strong|em|i|u|mark|span|p|br)\s?/?>"
)
_BOLD = re.compile(
    r"\*\*(?=\S)([^*\n]{1,200}?)(?<=\S)\*\*|__(?=\S)([^_\n]{1,200}?)(?<=\S)__(?!\w)"
    r"|<(?:b|strong)>([^<\n]{1,200})</(?:b|strong)>"
)
_START = re.compile(r"(?:[ \t]*(?:[-*+•>✅☑✔→➡⇒🎯📝]|#{1,6}(?=\s)|️)[ \t]*)*")


def without_emphasis(text: str) -> str:
    """Returns the text without marks of emphasis; a sign of multiplication or of a power stays."""
    return _EMPHASIS.sub("", text) if "*" in text or "__" in text or "`" in text or "<" in text else text


_ANNOTATION = re.compile(r"<<[^<>\n]{0,200}>>")


def without_annotations(text: str) -> str:
    """Returns the text without the notes of a calculator, `<<4*7=28>>`."""
    return _ANNOTATION.sub("", text) if "<<" in text else text


def bold_parts(text: str) -> list[str]:
    """Returns what is set in bold type."""
    if "**" not in text and "__" not in text and "<b>" not in text and "<strong>" not in text:
        return []
    return ["".join(filter(None, match)) for match in _BOLD.findall(text)]


def without_bullet(line: str) -> str:
    """Returns a line without the marks that open it."""
    match = _START.match(line)
    return line[match.end() :] if match else line
