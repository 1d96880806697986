"""Record of an answer: its text and the forms in which it is compared, each made once, at first use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache

from numerate.answers.budget import measure_steps, spend_steps
from numerate.answers.compare import cases, parametric
from numerate.answers.expr import angles
from numerate.answers.expr.tree import Node, Unreadable, number_node
from numerate.answers.parse.parser import parse_answer
from numerate.answers.text import code_literals, number_words
from numerate.answers.text.boxes import box_contents
from numerate.answers.text.normalize import normalize_text, plain_words
from numerate.answers.text.rewrite import rewrite_notations

CACHED = 200
"""characters; longer texts are read anew, so that the cache stays below some 50 MB whatever comes"""


class Answer:
    """An answer as it is written, without its box, in normal form, in words and as a tree.

    normal: given for a text that is in normal form already."""

    __slots__ = ("_tree", "_words", "content", "normal", "raw")

    def __init__(self, raw: str, normal: str | None = None):
        self.raw = raw
        self.content = box_contents(raw) if normal is None else normal
        self.normal = normalize_text(self.content) if normal is None else normal
        self._words: tuple[str | None] | None = None
        self._tree: tuple[Node | None, int] | None = None

    @property
    def words(self) -> str | None:
        """Returns the words in lower case where it is prose, None for mathematics."""
        if self._words is None:
            self._words = (plain_words(self.normal),)
        return self._words[0]

    def in_digits(self) -> Answer:
        """Returns the answer with the number that its words say in digits, itself where they say none."""
        digits = number_words.read_number_words(self.normal, self.words)
        return Answer(digits, digits) if digits else self

    @property
    def tree(self) -> Node | None:
        """Returns the answer as a tree, None where it is no mathematics that we can read. Costs its steps at
        each use."""
        if self._tree is None:
            normal = self.normal
            self._tree = _short_tree(normal) if len(normal) <= CACHED else measure_steps(_tree, normal)
        spend_steps(self._tree[1])
        return self._tree[0]

    @property
    def has_degrees(self) -> bool:
        return has_degrees(self.normal)

    @property
    def in_radians(self) -> Node | None:
        """Returns the answer as a tree with what is in degrees in radians."""
        normal = _DEGREE_WORD.sub(r"^\\circ ", self.normal) if "degree" in self.normal else self.normal
        return _parse(normal, angles.in_radians)


def as_text(value: object, what: str) -> str:
    """Returns a number as JSON writes it. Raises ValueError for what is no answer."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"the {what} is {value!r:.60}: give a text or a number")
    return json.dumps(value)


def parse_tree(normal: str) -> Node | None:
    """Returns a text in normal form as a tree, None where it is no mathematics that we can read."""
    return Answer(normal, normal).tree


@lru_cache(maxsize=4096)
def _short_tree(normal: str) -> tuple[Node | None, int]:
    return measure_steps(_tree, normal)


_STYLED_WORD = re.compile(r"\\(?:text|mathrm)\{(\w+)\}")
_LETTER_DIGITS = re.compile(r"(\d[\dA-Fa-f]*|[A-Fa-f]\d[\dA-Fa-f]*)_ ?\{? ?(1[1-6]) ?\}?")
_DEGREE_WORD = re.compile(r"(?<=\d) ?(?:\\text ?\{ ?)?degrees? ?\}?")


def _tree(normal: str) -> Node | None:
    if normal[:2] in ("0x", "0X") and (hexadecimal := code_literals.hexadecimal_digits(normal)):
        if hexadecimal.isdigit():  # 0x10 is not the 10 that 10_{16} may be written as
            return None
        normal = f"{hexadecimal}_{{16}}"
    if "_" in normal and (digits := _LETTER_DIGITS.fullmatch(_STYLED_WORD.sub(r"\1", normal))):
        return Node("base", (digits[1].upper(), number_node(int(digits[2]))))
    return _parse(normal, angles.without_degrees)


def has_degrees(normal: str) -> bool:
    return "circ" in normal or "degree" in normal


def _parse(normal: str, turn_degrees: Callable[[Node], Node]) -> Node | None:
    normal, parameter = parametric.split_parameter(normal) if "\\whole" in normal else (normal, None)
    try:
        if cases.holds_cases(normal) and (node := cases.read_cases(normal, parse_tree)):
            return node
        node = parse_answer(rewrite_notations(normal))
        if has_degrees(normal):
            node = turn_degrees(node)
        return parametric.spread_family(node, parameter) if parameter else node
    except Unreadable:
        return None
