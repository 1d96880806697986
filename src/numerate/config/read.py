"""YAML text -> plain values, remembering the line of every key so that an error can name its place.

Smaller than YAML on purpose: no aliases (which can blow up to any size), no tags, no dates, no key twice;
`yes` is text and 2e-5 is a number. Bounded in size and depth."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from numerate.rollouts.address import redact_logins

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
YAML = "tag:yaml.org,2002:"

Path_ = tuple[str, ...]
"""where a value sits: ("stages", "sft", "lr")"""


@dataclass
class Tree:
    """A recipe as read: plain values, and where each of them was written."""

    values: dict[str, Any]
    origin: str = "recipe"
    """the file, for errors about the whole"""
    places: dict[Path_, str] = field(default_factory=dict[Path_, str])
    """path -> `file.yaml:12` or the override that set it"""
    arguments: dict[Path_, str] = field(default_factory=dict[Path_, str])
    """path -> the argument of the command line that it comes from, such as `-p stories/test`"""

    def in_order(self, errors: Iterable[str]) -> list[str]:
        """Returns errors in the order of their lines in the file, behind those of the command line."""
        line = re.compile(re.escape(self.origin) + r":(\d+),")
        return sorted(errors, key=lambda error: int(match[1]) if (match := line.match(error)) else 0)

    def where(self, path: Iterable[str]) -> str:
        """Returns `quickstart.yaml:12, stages.sft.lr`; the nearest written parent gives the line of a
        default. What exists only because a key below it was written, as on the command line, is where that
        key is."""
        path = tuple(path)
        if source := next((self.arguments[p] for p in prefixes(path) if p in self.arguments), ""):
            return source
        known = path
        if path and path not in self.places:
            known = next((below for below in self.places if below[: len(path)] == path), path)
        while known and known not in self.places:
            known = known[:-1]
        origin = self.places.get(known, self.origin)
        return f"{origin}, {'.'.join(path)}" if path else origin


def prefixes(path: Path_) -> Iterator[Path_]:
    """Yields a path and the paths above it."""
    return (path[:length] for length in range(len(path), 0, -1))


class LineLoader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2 and without what makes a parse unbounded."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 # PyYAML's own name
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # pyright: ignore[reportUnknownMemberType]
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="an alias (*name): write the value out", problem_mark=mark)
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


TAGS: dict[str, Callable[[Any], Any]] = {
    f"{YAML}null": lambda text: None,
    f"{YAML}bool": lambda text: text.lower() == "true",
    f"{YAML}int": int,
    f"{YAML}float": float,
    f"{YAML}str": str,
    f"{YAML}seq": list,
    f"{YAML}map": dict,
}
"""every tag that is understood -> how its text is read"""

IMPLICIT = [
    (f"{YAML}{kind}", re.compile(rf"(?:{pattern})\Z"), first)
    for kind, pattern, first in (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        ("int", r"[-+]?[0-9]+", list("-+0123456789")),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    )
]
"""what plain text is taken for: (tag, pattern, possible first characters)"""

for tag, pattern, first in IMPLICIT:
    LineLoader.add_implicit_resolver(tag, pattern, first)


def read_file(path: Path) -> Tree:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"{path}: larger than {MAX_BYTES:,} bytes: this is not a recipe")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text (byte {error.start}): save the recipe as UTF-8") from error
    return read_text(text, str(path))


def read_text(text: str, origin: str) -> Tree:
    """Reads YAML text as plain values, with the line of every key. Raises ValueError with origin:line where
    the text is no YAML, has a key twice, or is no mapping."""
    tree = Tree({}, origin)
    values = plain_values(parse_yaml(text, origin), (), tree)
    if not isinstance(values, dict):
        fault = "is empty" if values is None else f"holds {describe_value(values)}"
        raise ValueError(
            f"{origin}: {fault}; a recipe maps keys to values, see `numerate recipes quickstart`"
        )
    tree.values = values
    return tree


def parse_yaml(text: str, origin: str) -> yaml.Node | None:
    try:
        loader = LineLoader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise ValueError(f"{origin}{line}: not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{origin}: not YAML: {error}") from error


def plain_values(node: yaml.Node | None, path: Path_, tree: Tree) -> Any:
    """Returns a node as plain values; notes the lines in `tree`."""
    if node is None:
        return None
    where = f"{tree.origin}:{node.start_mark.line + 1}"
    if node.tag not in TAGS:
        raise ValueError(f"{where}: the tag {node.tag} is not understood here: write a plain value")
    if isinstance(node, yaml.MappingNode):
        return convert_mapping(node, path, tree)
    if isinstance(node, yaml.SequenceNode):
        return [plain_values(child, (*path, str(i)), tree) for i, child in enumerate(node.value)]
    return scalar_value(node, where)


def convert_mapping(node: yaml.MappingNode, path: Path_, tree: Tree) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        where = f"{tree.origin}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise ValueError(f"{where}: a key must be a plain word")
        key = key_node.value
        inner = (*path, key)
        if key in values:
            first = tree.places[inner]
            raise ValueError(
                f"{where}, {'.'.join(inner)}: written twice (first at {first}): keep one of them"
            )
        tree.places[inner] = where
        values[key] = plain_values(value_node, inner, tree)
    return values


def scalar_value(node: yaml.Node, where: str) -> Any:
    try:
        value = TAGS[node.tag](node.value)
    except ValueError as error:
        raise ValueError(f"{where}: {describe_value(node.value)} is no number") from error
    if value in (math.inf, -math.inf):
        raise ValueError(f"{where}: {node.value} is too large a number")
    return value


def override_value(text: str) -> Any:
    """Returns the value of an override: 8, 2e-5, null, text, [1, 2]."""
    return plain_values(parse_yaml(text, "the value"), (), Tree({}, "the value"))


def describe_value(value: Any) -> str:
    """Describes a value in words, shortened: the text 'eight', the list [1, 2], nothing (null)."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"{str(value).lower()}"
    if isinstance(value, dict):
        return f"a mapping with the keys {', '.join(map(str, value))}"[:60] if value else "an empty mapping"
    words = {str: "the text ", list: "the list "}
    shown = redact_logins(repr(value))
    return words.get(type(value), "") + (shown if len(shown) <= 40 else shown[:37] + "...")
