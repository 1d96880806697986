"""What can neither begin nor end an expression in running text: loose signs, lone
letters, single brackets."""

from __future__ import annotations

import re

MOST_TRAILING = 200
"""loose signs at the end that are taken off"""
_LEADING = re.compile(
    r"(?:[\s,:;&~'!%°*=×·/≈≡_<>^]|[-−+](?:\s|$)(?<![=:(,]\s[-−]\s)|[aAI](?= +[-−]?[\d(\\$€£.]| *$))+"
)
_TRAILING = re.compile(r"(?:\\[ ,;:!]|[\s,:;&~=+\-−*×·/<>_^$|\\]|(?<=[\w)}\]]\s)[aAI](?=[\s,]*$))++$")


def without_loose_edges(text: str, low: int, high: int) -> tuple[int, int]:
    """Returns (start, end) without lone letters, loose signs and brackets that have no partner at the
    edges."""
    if leading := _LEADING.match(text, low, high):
        low = leading.end()
    if trailing := _TRAILING.search(text, max(low, high - MOST_TRAILING), high):
        high = trailing.start()
    unopened, unclosed = _unbalanced(text[low:high])
    if unopened is not None:  # `which is 5)`: the longer side of a bracket without its partner
        cut = low + unopened
        low, high = (low, cut) if cut - low >= high - cut - 1 else (cut + 1, high)
    elif unclosed is not None:
        cut = low + unclosed
        low, high = (cut + 1, high) if high - cut - 1 >= cut - low else (low, cut)
    return low, high


def _unbalanced(part: str) -> tuple[int | None, int | None]:
    """Returns (index of the first closing bracket without its partner, index of the first opening one)."""
    stack: list[int] = []
    for k, c in enumerate(part):
        if c in "([{":
            stack.append(k)
        elif c in ")]}":
            if not stack:
                return k, None
            stack.pop()
    return None, stack[0] if stack else None
