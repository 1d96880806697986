"""The names of problem sets, taken apart.

gsm8k/train            a known set and its split        data/mine.jsonl        a file (or a folder)
gsm8k/train[:500]      the first 500 of it              org/set:config/train   a set on the hub
stories(magnitude=3)/train   a known set with options
a + b                  both, every problem once         2*a + b, 0.7*a + 0.3*b two shares of a to one of b
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

WEIGHT = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*\*\s*(.+)", re.DOTALL)
SLICE = re.compile(r"(.+?)\s*\[\s*(\d*)\s*:\s*(\d*)\s*\]\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """One set of a mix, or the only one."""

    name: str
    """set and split, path or hub id, as written"""
    weight: Fraction | None = None
    """None: no weight was given"""
    start: int = 0
    stop: int | None = None
    """[start, stop) of the source's order"""


def parse_spec(name: str) -> list[Part]:
    """Returns the parts of a name, at least one.

    Raises ValueError where a part is empty, a weight is not positive or a slice is empty."""
    if name.strip() and Path(name).exists():  # a path may hold any of the signs below
        return [Part(name)]
    return [_part(text, name) for text in name.split("+")]


def _part(text: str, whole: str) -> Part:
    weighted = WEIGHT.fullmatch(text)
    weight = Fraction(weighted[1]) if weighted else None
    body = (weighted[2] if weighted else text).strip()
    sliced = SLICE.fullmatch(body)
    if not body or weight == 0:
        raise ValueError(
            f"problem set {whole!r}: expected sets joined by +, each with a weight above 0 or with none"
        )
    if not sliced:
        return Part(body, weight)
    start, stop = int(sliced[2] or 0), int(sliced[3]) if sliced[3] else None
    if stop is not None and stop <= start:
        raise ValueError(f"problem set {whole!r}: the slice [{start}:{stop}] is empty")
    return Part(sliced[1], weight, start, stop)
