"""Trusted code outside Numerate: the modules that a run may execute.

Names come from the caller (`--trust`, the argument `trust`) and from $NUMERATE_TRUST, never from a recipe. A
name covers a module, all modules below it, or a single function. The standard library is never covered, also
where a trusted module passes one of its functions on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

VARIABLE = "NUMERATE_TRUST"
READY = ("numerate.rewards.shaping", "numerate.answers.adapters")
"""modules of this package whose own functions a recipe may name"""
STANDARD = frozenset({*sys.stdlib_module_names, *sys.builtin_module_names})


def consents(trust: Sequence[str] = ()) -> tuple[str, ...]:
    """Returns all that is trusted: what the caller names, then what $NUMERATE_TRUST names."""
    if isinstance(trust, str):
        trust = (trust,)
    listed = [name.strip() for name in os.environ.get(VARIABLE, "").split(",")]
    return tuple(dict.fromkeys([*trust, *(name for name in listed if name)]))


def trusted_names(trust: Sequence[str] = ()) -> tuple[str, ...]:
    """Returns the names that cover code; those that hold an @ let a variable be sent, see `config.trusting`.

    Raises ValueError for what is no dotted name, and for the standard library."""
    names = tuple(name for name in consents(trust) if "@" not in name)
    for name in names:
        if not is_dotted(name):
            raise ValueError(f"trust {name!r}: write the name of a module, such as mine.rewards")
        if is_standard(name):
            raise ValueError(f"trust {name!r}: {STANDARD_REFUSED}")
    return names


STANDARD_REFUSED = (
    "that is Python's standard library, which recipes may not call: write a function of your own around it"
)


def is_dotted(name: str) -> bool:
    return all(word.isidentifier() for word in name.split("."))


def is_standard(name: str) -> bool:
    """Checks whether a dotted name begins in the standard library, whatever file of that name lies here."""
    return name.partition(".")[0] in STANDARD


def is_covered(name: str, names: Iterable[str]) -> bool:
    """Checks whether one of the names is this one or a beginning of it at a dot."""
    return any(name == trusted or name.startswith(f"{trusted}.") for trusted in names)


def refusal_reason(path: str) -> str:
    """Returns why the function at a path may not run whoever is trusted, empty where it may."""
    if is_standard(path):
        return STANDARD_REFUSED
    if path.partition(".")[0] == "numerate" and path.rpartition(".")[0] not in READY:
        return f"recipes may name functions of this package in {' and '.join(READY)} only"
    return ""


def outside_code(paths: Iterable[str], trust: Sequence[str] = ()) -> list[str]:
    """Returns the paths whose code is not trusted; imports nothing."""
    names = (*READY, *trusted_names(trust))
    return [path for path in dict.fromkeys(paths) if not refusal_reason(path) and not is_covered(path, names)]


def trust_question(paths: Sequence[str], trust: Sequence[str] = ()) -> str:
    """Returns the line that names the functions, how to trust their modules, and what is trusted instead."""
    modules = list(dict.fromkeys(path.rpartition(".")[0] for path in paths))
    flags = " ".join(f"--trust {module}" for module in modules)
    return (
        f"this recipe runs code outside Numerate: {', '.join(paths)}; review it, and to trust it "
        f"start with {flags} (or {VARIABLE}={','.join(modules)})"
        + (
            f"; {', '.join(names)} is trusted, and does not include them"
            if (names := trusted_names(trust))
            else ""
        )
    )


def check_home(function: Any, path: str, trust: Sequence[str] = ()) -> None:
    """Raises ValueError where the function at a path comes from a module that is not trusted."""
    origin = code_home(function)
    if origin is None:
        raise ValueError(f"reward {path!r} is a built-in: write a function of your own around it")
    module, _, name = origin.partition(":")
    if is_standard(module):
        raise ValueError(f"reward {path!r} is {module}.{name}: {STANDARD_REFUSED}")
    if path.startswith("numerate."):
        if module != path.rpartition(".")[0]:
            raise ValueError(
                f"reward {path!r} is not a function of that module: {refusal_reason('numerate')}"
            )
    elif not is_covered(f"{module}.{name}", trusted_names(trust)):
        raise ValueError(
            f"reward {path!r} is {module}.{name}, which is not trusted: start with --trust {module}"
        )


def code_home(function: Any) -> str | None:
    """Returns `module:name` of where the code of a callable comes from; None where it has no module."""
    while isinstance(function, partial):
        function = function.func
    function = getattr(function, "__func__", function)
    module = getattr(function, "__module__", None)
    named = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{module}:{named}" if isinstance(module, str) else None
