r"""\boxed{...}: its contents, braces counted, in one pass over the text."""

from __future__ import annotations

import re
from typing import NamedTuple

_BOX = re.compile(r"\\(?:boxed|fbox|framebox)(?![a-zA-Z])\s{0,8}")
_GLUE = re.compile(r"[$\s,;.&]|\\[()\[\],;: ]|\\(?:quad|qquad|text|textbf|mathrm)(?![a-zA-Z])|[{}]")


class Box(NamedTuple):
    start: int
    end: int
    inner: str


def closing(text: str, at: int) -> int:
    """The index of the brace that closes the one at `at`, or -1."""
    depth = 0
    for match in re.compile(r"\\[{}\\]|[{}]").finditer(text, at):
        brace = match.group()
        if len(brace) == 2:
            continue
        depth += 1 if brace == "{" else -1
        if depth == 0:
            return match.start()
    return -1


def last_boxes(text: str) -> list[Box]:
    r"""The last \boxed and those right before it that belong to the same answer (`\boxed{1} and
    \boxed{2}`)."""
    starts = [m.span() for m in _BOX.finditer(text)][-16:]
    found: list[Box] = []
    for start, end in reversed(starts):
        box = _read(text, start, end)
        if found and box.end <= found[0].start and not _joined(text[box.end : found[0].start]):
            break
        if found and box.end > found[0].start:
            found = [box] if box.end >= found[-1].end else found  # a box around boxes
            continue
        found.insert(0, box)
    return found


def _read(text: str, start: int, end: int) -> Box:
    if text[end : end + 1] != "{":
        word = re.compile(r"[^\s$.]{0,40}").match(text, end)
        return Box(start, word.end(), word.group()) if word else Box(start, end, "")
    close = closing(text, end)
    if close < 0:  # cut off: what there is
        stop = min((i for i in (text.find("\n", end), text.find("$", end)) if i >= 0), default=len(text))
        return Box(start, stop, text[end + 1 : stop])
    return Box(start, close + 1, text[end + 1 : close])


def _joined(between: str) -> bool:
    """True for the little that may stand between two boxes of one answer."""
    if len(between) > 60:
        return False
    rest = _GLUE.sub(" ", between).split()
    return len(rest) <= 2 and (not rest or rest[-1] in ("and", "or"))


def unbox(text: str) -> str:
    """The contents of the last box or boxes in the text, joined by commas; the text itself where there is
    none."""
    for _ in range(8):
        if "box" not in text:
            break
        found = last_boxes(text)
        if not found:
            break
        text = ", ".join(box.inner for box in found)
    return text


def unboxed(text: str) -> str:
    """The text with every box replaced by what it holds."""
    for match in reversed(list(_BOX.finditer(text))):
        box = _read(text, *match.span())
        text = text[: box.start] + box.inner + text[box.end :]
    return text
