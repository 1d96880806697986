"""Environments that only lay out: an array of one cell, `aligned` with the steps of a calculation."""

from __future__ import annotations

import re

_ARRAY = re.compile(r"\\begin ?\{array\} ?(?:\{[lcr| ]{1,9}\})?([^&]*?)\\end ?\{array\}")
_NAMES = "aligned|align|gathered|gather|equation|split|center|displaymath|math"
_ROWS = re.compile(rf"[ $]*\\begin ?\{{({_NAMES})(\*?)\}}(.*)\\end ?\{{\1\2\}}[ $.]*", re.DOTALL)
_BREAK = re.compile(r"\\\\(?:\[\d{1,3}(?:pt|em|ex|mm|cm)\])?")


def flat(text: str) -> str:
    """The answer on one line, where its environment is all of it."""
    if (array := _ARRAY.fullmatch(text.strip(" $."))) and "\\\\" not in array[1]:
        return array[1].strip()
    rows = _ROWS.fullmatch(text)
    if rows is None or "\\begin" in rows[3]:
        return text
    parts = [part for row in _BREAK.split(rows[3]) if (part := row.replace("&", " ").strip(" ,"))]
    whole = parts[0] if parts else ""
    for part in parts[1:]:
        whole += f" {part}" if part[0] in "=+-" else f", {part}"
    return whole
