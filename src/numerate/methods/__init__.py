"""The table of methods, and nothing else. A method module has a `Config`, `NEEDS`, `VERSION` and `train(run,
cfg, job)`."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

METHODS = {
    "expert_iteration": "numerate.methods.expert_iteration",
    "ppo": "numerate.methods.ppo",
    "sft": "numerate.methods.sft",
}


def get(name: str) -> ModuleType:
    """The module of a method. Raises ValueError with a suggestion when there is none of that name."""
    if name not in METHODS:
        near = get_close_matches(name, METHODS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(METHODS))}"
        raise ValueError(f"no method is called {name!r}; {hint}")
    return import_module(METHODS[name])
