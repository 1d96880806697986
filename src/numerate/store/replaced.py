# pyright: strict
"""Results that were made from something else by now: set aside until their successor is done, and what
changed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from numerate.store.files import move_path, remove_path
from numerate.store.json_files import read_object, write_json
from numerate.store.paths import hidden_sibling

SHOWN = 60
"""characters of a value in a message"""
_HASH = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24,}\b")


def set_aside(folder: Path, replaced: Path, mark: str) -> None:
    """Moves `folder` to `replaced`. A link is moved as it is.

    mark: the file that a finished folder holds. A finished folder that was set aside before is kept, and
    `folder` is removed, where that one is unfinished. Afterwards there is nothing at `folder`: what cannot be
    moved or removed raises OSError."""
    if not os.path.lexists(folder):
        return
    if (replaced / mark).exists() and not (folder / mark).exists():
        remove_path(folder)
    else:
        remove_path(replaced)
        move_path(folder, replaced)
    if os.path.lexists(folder):
        raise OSError(f"{folder} could not be moved away: remove it by hand and run again")


def take_back(folder: Path, replaced: Path, mark: str) -> None:
    """Moves `replaced` to `folder`, and `folder`, where it is finished, in its place."""
    aside = hidden_sibling(folder, "old")
    if os.path.lexists(folder):
        move_path(folder, aside)
    move_path(replaced, folder)
    if (aside / mark).exists():
        move_path(aside, replaced)
    else:
        remove_path(aside)


def keep_if_same(
    folder: Path, identity: str, made_from: Mapping[str, Any] | None = None, replaced: Path | None = None
) -> list[str]:
    """Empties a folder whose contents were made from something else; `identity` is that of what they
    are made from now.

    made_from: the parts of that identity, by name. replaced: where the old contents go, in place of being
    deleted. Returns what differs; nothing where the contents stay, or there were none. Contents that cannot
    be moved or removed raise OSError."""
    mark = folder / "identity.json"
    before = read_object(mark) if mark.exists() else {}
    if before.get("identity") == identity:
        return []
    had = folder.exists() and any(folder.iterdir())
    if replaced is None:
        remove_path(folder)
    else:
        set_aside(folder, replaced, mark.name)
    write_json(mark, {"identity": identity, **({"made_from": made_from} if made_from else {})})
    return (describe_differences(before.get("made_from"), made_from or {}) or [UNKNOWN]) if had else []


UNKNOWN = "its origin is unknown"


def describe_differences(before: object, now: Mapping[str, Any], path: str = "") -> list[str]:
    """Lists the keys that differ, `key: old -> new`, with dots for keys of keys and hashes by their first
    eight digits. Nothing where `before` is no mapping."""
    if not isinstance(before, Mapping):
        return []
    old = cast(Mapping[str, Any], before)
    lines: list[str] = []
    for key in dict.fromkeys([*old, *now]):
        a, b = old.get(key), now.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            lines += describe_differences(cast(object, a), cast(Mapping[str, Any], b), f"{path}{key}.")
        elif a != b:
            lines.append(f"{path}{key}: {_short(cast(object, a))} -> {_short(cast(object, b))}")
    return lines


def _short(value: object) -> str:
    text = "none" if value is None else _HASH.sub(r"\1", " ".join(str(value).split()))
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
