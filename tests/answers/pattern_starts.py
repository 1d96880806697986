"""How a regular expression begins: with a run of any length, where a search may begin anywhere within it.

Searching such a pattern over one long run is quadratic, unless what stands behind the run can't fail, or a
lookbehind refuses to begin within the run."""

from __future__ import annotations

import importlib
import re
from typing import Any

_parser: Any = importlib.import_module("re._parser")
_constants: Any = importlib.import_module("re._constants")
_REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
_ASSERTIONS = (_constants.ASSERT, _constants.ASSERT_NOT)
_CATEGORIES = {
    _constants.CATEGORY_SPACE: r"\s", _constants.CATEGORY_NOT_SPACE: r"\S",
    _constants.CATEGORY_WORD: r"\w", _constants.CATEGORY_NOT_WORD: r"\W",
    _constants.CATEGORY_DIGIT: r"\d", _constants.CATEGORY_NOT_DIGIT: r"\D",
}  # fmt: skip
REPEATED = frozenset(" \n\t,.;:-=!*?#$|>)5a_")
"""characters of which runs are tried"""

Items = list[tuple[Any, Any]]


def begins_with_run(pattern: re.Pattern[str]) -> bool:
    """Returns True where a search over a run of one character tries the whole run from all its characters."""
    return _begins(list(_parser.parse(pattern.pattern, pattern.flags)), REPEATED)


def _begins(items: Items, repeated: frozenset[str]) -> bool:
    """repeated: the characters of which all that stands before `items` may consist."""
    if not items or not repeated or _is_guard(items[0]):
        return False
    (kind, value), rest = items[0], items[1:]
    if kind in _ASSERTIONS:
        return _begins(rest, repeated)
    if kind in _REPEATS:
        return _begins_in_repeat(value, rest, repeated)
    if ways := _ways(items[0]):
        return any(_begins([*way, *rest], repeated) for way in ways)
    return _begins(rest, frozenset(filter(lambda c: _takes(items[0], c), repeated)))


def _begins_in_repeat(repeat: Any, rest: Items, repeated: frozenset[str]) -> bool:
    least, most, body = repeat
    if most is _constants.MAXREPEAT and _may_fail(rest) and any(_may_be(list(body), c) for c in repeated):
        return True
    return (least == 0 and _begins(rest, repeated)) or _begins([*body, *rest], repeated)


def _is_guard(item: tuple[Any, Any]) -> bool:
    """Returns True for a lookbehind and for a place such as a word's edge."""
    kind, value = item
    return kind is _constants.AT or (kind in _ASSERTIONS and value[0] < 0)


def _ways(item: tuple[Any, Any]) -> list[Items]:
    """Returns the branches of an alternation or of a group; none of anything else."""
    kind, value = item
    if kind is _constants.BRANCH:
        return [list(branch) for branch in value[1]]
    if kind is _constants.SUBPATTERN:
        return [list(value[-1])]
    return [list(value)] if kind is _constants.ATOMIC_GROUP else []


def _may_be(items: Items, c: str) -> bool:
    """Returns True where the character alone matches."""
    if len(items) != 1:
        return False
    ways = _ways(items[0])
    return any(_may_be(way, c) for way in ways) if ways else _takes(items[0], c)


def _takes(item: tuple[Any, Any], c: str) -> bool:
    kind, value = item
    if kind is _constants.LITERAL:
        return chr(value) == c
    if kind is _constants.NOT_LITERAL:
        return chr(value) != c
    if kind is not _constants.IN:
        return kind is _constants.ANY
    negated = value[0][0] is _constants.NEGATE
    return any(_is_member(member, c) for member in value[negated:]) != negated


def _is_member(member: tuple[Any, Any], c: str) -> bool:
    kind, value = member
    if kind is _constants.RANGE:
        return value[0] <= ord(c) <= value[1]
    return re.match(_CATEGORIES[value], c) is not None if kind is _constants.CATEGORY else chr(value) == c


def _may_fail(items: Items) -> bool:
    return any(map(_item_may_fail, items))


def _item_may_fail(item: tuple[Any, Any]) -> bool:
    if item[0] in _REPEATS:
        return item[1][0] > 0
    ways = _ways(item)
    return not ways or all(map(_may_fail, ways))
