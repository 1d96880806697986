# pyright: strict
"""Packages whose names are loaded on first use (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def exports(package: str, /, **modules: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Returns `__getattr__` and `__dir__` of a package. modules: module -> the names that it exports,
    separated by blanks; `find=find_safely` exports one under another name. The modules are exported too.

    `dir` lists what the package holds, as of a plain module, and all exported names; it imports nothing."""
    homes: dict[str, tuple[str, str]] = dict.fromkeys(modules, ("", ""))
    for module, names in modules.items():
        for name, _, own in (entry.partition("=") for entry in names.split()):
            homes[name] = (module, own or name)

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, own = homes[name]
        home = import_module(f"{package}.{module or name}")
        return getattr(home, own) if module else home

    return load, lambda: sorted({*vars(sys.modules[package]), *homes})
