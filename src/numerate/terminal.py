"""Text for a terminal. Its control characters, from models, data and servers, are shown, never
interpreted."""

from __future__ import annotations

import re

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1: escape sequences begin with these
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks, overrides and isolates of writing direction
    "\u2028\u2029\ufeff\ud800-\udfff]"  # other ends of lines, byte order mark, halves of characters
)


def printable_text(text: str) -> str:
    r"""Returns a text with `\uXXXX` for every character that a terminal would interpret rather than show. In
    JSON these are the same values; a line feed that ends a line stays.

    >>> printable_text("2+3=\x1b[31m5\r\n")
    '2+3=\\u001b[31m5\n'
    """
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text.replace("\r\n", "\n"))
