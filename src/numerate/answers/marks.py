"""Marks that models put around a final answer: `#### 18`, `**Answer:** 294`, `<answer>540</answer>`."""

from __future__ import annotations

import re

_HASHES = re.compile(r"\s*#{3,4}\s*(?=\S)")
_TAGGED = re.compile(r"\s*<(answer|final_answer|ans)>(.*)</\1>\s*", re.DOTALL | re.IGNORECASE)
_BOLD_LABEL = re.compile(r"\s*\*\*([^*\n]{1,60}?)\*\*(?=.*\S)", re.DOTALL)


def taken_off(text: str) -> str:
    """The answer without such a mark; the text itself where it begins with none."""
    start = text[:12].lstrip()[:1]
    if start == "#":
        return _HASHES.sub("", text, count=1) if _HASHES.match(text) else text
    if start == "<" and (tagged := _TAGGED.fullmatch(text)):
        return tagged[2].strip()
    if start == "*" and (label := _BOLD_LABEL.match(text)) and label[1].rstrip().endswith(":"):
        return label[1] + text[label.end() :]
    if start == "*" and (label := _BOLD_LABEL.match(text)) and text[label.end() :].lstrip().startswith(":"):
        return label[1] + text[label.end() :]
    return text


_BESIDE = r"\s.,;:!?)=$"
_STRONG = re.compile(
    rf"(?<![^\s=(:$])(?:\*\*(?=\S)([^*\n]{{1,200}})(?<=\S)\*\*"
    rf"|__(?=\S)([^_\n]{{1,200}})(?<=\S)__)(?![^{_BESIDE}])"
)
_ITALIC = re.compile(r"(?<![^\s=(:$])\*(?=[^\s*])([^*\n]{1,200})(?<=\S)\*$")


def unemphasised(text: str) -> str:
    """Without Markdown's bold and italics. `**` is Python's power when something stands right before it."""
    text = _ITALIC.sub(r"\1", _STRONG.sub(r"\1\2", text.rstrip()))
    return text.replace("**", "") if text.lstrip(" $").startswith("**") else text
