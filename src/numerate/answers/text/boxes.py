r"""Contents of \boxed{...}, braces counted, in one pass over the text."""

from __future__ import annotations

import re
from typing import NamedTuple

BOX = r"\\(?:boxed|fbox|framebox)(?![a-zA-Z])"
"""the commands of a box"""
_BOX = re.compile(BOX + r"\s{0,8}")
_EMPTY_MARK = re.compile(rf"(?:####\s*|(?:{BOX}\s?\{{\s*\}}|<answer>\s*</answer>)\W{{0,6}})\Z")
_BRACES = re.compile(r"\\[{}\\]|[{}]")
_UNBRACED = re.compile(r"[^\s$.]{0,40}(?<!,)")
_GLUE = re.compile(r"[$\s,;.&]|\\[()\[\],;: ]|\\(?:quad|qquad|text|textbf|mathrm)(?![a-zA-Z])|[{}]")


class Box(NamedTuple):
    start: int
    end: int
    inner: str
    closed: bool = True
    """False for a box in which the text ends"""


def closing_brace(text: str, at: int) -> int:
    """Returns the index of the brace that closes the one at `at`, or -1."""
    depth = 0
    for match in _BRACES.finditer(text, at):
        brace = match.group()
        if len(brace) == 2:
            continue
        depth += 1 if brace == "{" else -1
        if depth == 0:
            return match.start()
    return -1


def find_boxes(text: str, most: int | None = None) -> list[Box]:
    """Returns the boxes of a text in order, a box before those in it. most: of the last ones."""
    if "box" not in text:
        return []
    spans = [match.span() for match in _BOX.finditer(text)]
    return [_read_box(text, *span) for span in (spans if most is None else spans[-most:])]


def has_box(text: str) -> bool:
    """Checks whether `text` has the command of a box; it reads up to the first."""
    return "box" in text and _BOX.search(text) is not None


def ends_in_empty_mark(text: str) -> bool:
    """Checks whether `text` ends in `####`, an empty box or an empty tag."""
    return _EMPTY_MARK.search(text) is not None


def last_boxes(text: str) -> list[Box]:
    r"""Returns the last \boxed and those before it that belong to one answer: joined by a few words
    (`\boxed{1} and \boxed{2}`), of the parts (a), (b), ... of one problem, or of unknowns with different
    names."""
    boxes: list[Box] = []
    for box in reversed(find_boxes(text, MOST_BOXES)):
        if boxes and box.end <= boxes[0].start and not _belongs(text, box, boxes):
            break
        if boxes and box.end > boxes[0].start:
            boxes = [box] if box.end >= boxes[-1].end else boxes  # a box around boxes
            continue
        boxes.insert(0, box)
    return boxes


MOST_BOXES = 16
_PART = re.compile(
    r"(?:^|\n)[ \t]{0,3}(?:[-*•#]{1,4} ?)?\*{0,2}(?:[Pp]art ?)?\(?"
    r"(?P<label>[a-h]|i{1,3}|iv|vi{0,3}|(?<=[Pp]art )\d)\)[.:*]{0,3}[\s:]"
    r"|(?<=[\s.])\((?P<inline>[a-h]|i{1,3}|iv)\)(?=\s)"
    r"|(?:^|\n)[ \t]{0,3}\*{0,2}[Pp]art ?\(?(?P<part>[a-hA-H1-9])\)?\b"
)
_MAY_LABEL = re.compile(r"[a-hiv]\)|art")
"""what every label has in it; a cheap look"""
_NAME = re.compile(
    r"(?:^|[\s$({,])(?P<name>[a-zA-Z](?:_\{?\w\}?)?|\\(?:alpha|beta|theta))\s?(?:&\s?)?=\s?(?:\$|\\\("
    r"|\\\[)?\s?$"
)
_NAME_INSIDE = re.compile(r"\s*([a-zA-Z](?:_\{?\w\}?)?)\s*=")
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8}


def _belongs(text: str, box: Box, later: list[Box]) -> bool:
    """Checks whether a box is part of the answer that the boxes behind it give."""
    between = text[box.end : later[0].start]
    if _are_joined(between):
        return True
    if _are_items(text, box, later[0]):
        return True
    names = [_name(text, other) for other in (box, *later)]
    if all(names) and len(set(names)) == len(names):
        return True
    following = _last_label(between)
    label = _last_label(text[: box.start]) if following else None
    return label is not None and following is not None and _follows(label, following)


_ITEM = re.compile(
    r"\s*(?:[-*•]\s+|\(?\d{1,2}[.)]\s+|\(?[a-h][.)]\s+|(?=[A-Z][A-Za-z ]{0,30}:))"
    r"(?!Step|step)[^\n\\$=]{0,40}(?:\$|\\\()?\s*"
)


def _are_items(text: str, box: Box, following: Box) -> bool:
    """Checks whether two boxes end consecutive items of one list: `1. The sum is \\boxed{9}`."""
    end_of_line = text.find("\n", box.end, following.start)
    if end_of_line < 0 or end_of_line - box.end > 8:
        return False
    lines = text[box.end : following.start].split("\n")
    if any(line.strip() for line in lines[1:-1]):
        return False
    first = text[text.rfind("\n", 0, box.start) + 1 : box.start]
    return _ITEM.fullmatch(first) is not None and _ITEM.fullmatch(lines[-1]) is not None


def _name(text: str, box: Box) -> str:
    """Returns the letter that a box names, before it or in it: `x = \\boxed{3}`, `\\boxed{x = 3}`."""
    if inside := _NAME_INSIDE.match(box.inner):
        return inside[1]
    match = _NAME.search(text[max(box.start - 24, 0) : box.start])
    return match["name"] if match else ""


def _last_label(text: str) -> str | None:
    """Returns the last label of a part, such as (a) or Part 2, at the beginning of a line."""
    if not _MAY_LABEL.search(text):
        return None
    labels = [match["label"] or match["inline"] or match["part"] for match in _PART.finditer(text)]
    return labels[-1].lower() if labels else None


def _follows(label: str, following: str) -> bool:
    if label in _ROMAN and following in _ROMAN:
        return _ROMAN[following] == _ROMAN[label] + 1
    return len(label) == len(following) == 1 and ord(following) == ord(label) + 1


def _read_box(text: str, start: int, end: int) -> Box:
    if text[end : end + 1] != "{":
        word = _UNBRACED.match(text, end)
        return Box(start, word.end(), word.group()) if word else Box(start, end, "")
    close = closing_brace(text, end)
    if close < 0:  # cut off: what there is
        stop = min((i for i in (text.find("\n", end), text.find("$", end)) if i >= 0), default=len(text))
        return Box(start, stop, text[end + 1 : stop], closed=False)
    return Box(start, close + 1, text[end + 1 : close])


_LINKING = frozenset({"and", "or", "for", "part", "case", "respectively", "also", "while", "is", "by"})
_NAMED = re.compile(r"\(?[a-z]\)|[a-zA-Z](?:_\d)? ?=")


def _are_joined(between: str) -> bool:
    """Checks whether `between` may stand between two boxes of one answer."""
    if len(between) > 80 or "\n\n" in between:
        return False
    rest = _GLUE.sub(" ", _NAMED.sub(" ", between)).split()
    if re.search(r"[.;](?:\s|$)", between.replace("$", "")) and not rest:
        return len(between) < 12
    if not rest or (len(rest) <= 2 and rest[-1].lower() in ("and", "or")):
        return True
    return len(rest) <= 4 and all(word.lower() in _LINKING for word in rest)


def box_contents(text: str) -> str:
    """Returns the contents of the last box or boxes in the text, joined by commas; the text itself where
    there is none."""
    for _ in range(8):
        boxes = last_boxes(text)
        if not boxes:
            break
        text = ", ".join(box.inner for box in boxes)
    return text


def without_boxes(text: str) -> str:
    """Returns the text with every box replaced by what it holds."""
    for match in reversed(list(_BOX.finditer(text))):  # those in a box before the box
        box = _read_box(text, *match.span())
        text = text[: box.start] + box.inner + text[box.end :]
    return text
