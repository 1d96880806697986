"""Shared options that a method does not use: a recipe may have them, and they are left out with a note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from numerate.methods.shared.options import Reinforcement
from numerate.methods.shared.reinforcement import SharedOptions


def defaults_of(kind: Any) -> dict[str, Any]:
    return {field.name: field.default for field in fields(kind)}


SHARED = defaults_of(SharedOptions)


def known_names(kind: Any) -> set[str]:
    """Returns the options that a recipe may have with a method. kind: its Config."""
    return set(defaults_of(kind)) | (set(SHARED) if issubclass(kind, Reinforcement) else set())


def split_unused(kind: Any, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the options of a stage that its method uses, and the shared ones that it does not. What is no
    option of any method stays in the former. kind: the Config of the method."""
    used, unused = dict(options), dict[str, Any]()
    own = defaults_of(kind)
    for key in SHARED.keys() & options.keys() if issubclass(kind, Reinforcement) else ():
        value = options[key]
        if key not in own:
            unused[key] = used.pop(key)
        elif isinstance(value, Mapping) and is_dataclass(own[key]):
            inner = {word: value[word] for word in unused_words(kind, key, value)}
            used[key] = {word: each for word, each in value.items() if word not in inner}
            unused |= {key: inner} if inner else {}
    return used, unused


def unused_words(kind: Any, key: str, record: Mapping[str, Any]) -> Iterator[str]:
    """Yields the keys of a shared record that a method does not use; one with the method's only value is."""
    own, shared = defaults_of(kind)[key], defaults_of(type(SHARED[key]))
    for word in shared.keys() & record.keys():
        fixed = f"{key}.{word}" in kind.UNUSED
        if not hasattr(own, word) or (fixed and record[word] != getattr(own, word)):
            yield word


def note(method: str, kind: Any, unused: Mapping[str, Any]) -> str:
    """Returns the sentence that names the unused options; empty where there are none. An option that is null
    is as good as absent."""
    places = [
        f"{key}.{word}" if key in defaults_of(kind) else key
        for key in SHARED
        if unused.get(key) is not None
        for word in (sorted(unused[key]) if key in defaults_of(kind) else [""])
    ]
    return f"{method} does not use {', '.join(dict.fromkeys(places))}" if places else ""
