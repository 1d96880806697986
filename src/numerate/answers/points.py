"""Objects named by their points, such as an angle ABC: letters that are a name there and no product."""

from __future__ import annotations

import re

_READ_BACKWARDS = frozenset(
    {"angle", "overline", "overleftrightarrow", "widehat", "overarc", "wideparen", "arc"}
)
_IN_ANY_ORDER = frozenset({"triangle"})
OBJECTS = _READ_BACKWARDS | _IN_ANY_ORDER | {"overrightarrow", "vec"}
_POINTS = re.compile(r"\s*(?:\{\s*([A-Z](?:\s?[A-Z]){1,5})\s*\}|([A-Z]{2,6})(?![A-Za-z]))")


def named(command: str, text: str, at: int) -> tuple[str, int] | None:
    r"""The name of what `\angle ABC` or `\overline{AB}` draws and where it ends; None where no points follow.

    Angle ABC is angle CBA, a triangle is its three points. Two triangles that are similar or congruent keep
    the order of theirs, which says what corresponds; a ray and a vector have a direction."""
    match = _POINTS.match(text, at)
    if match is None:
        return None
    letters = "".join((match[1] or match[2]).split())
    if command in _READ_BACKWARDS:
        letters = min(letters, letters[::-1])
    elif command in _IN_ANY_ORDER and "\\sim" not in text and "cong" not in text:
        letters = "".join(sorted(letters))
    return f"{command} {letters}", match.end()
