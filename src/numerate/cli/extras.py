"""The optional parts of the installation, and what to type where one is missing."""

from __future__ import annotations

from importlib.util import find_spec

EXTRAS = {
    "train": (
        "torch",
        "transformers",
        "safetensors",
        "tokenizers",
        "accelerate",
        "peft",
        "datasets",
        "httpx2",
    ),
    "tools": ("sympy",),
    "report": ("jinja2", "matplotlib"),
    "trackers": ("tensorboard", "trackio", "wandb"),
}
"""extra of this package -> the modules that it brings; those of engines stand in their options"""


def known_extras() -> dict[str, tuple[str, ...]]:
    """Returns EXTRAS and the packages of the engines that have an extra of their own."""
    from numerate.rollouts.engines import ENGINES, options_class

    needs = [needs for kind in ENGINES if (needs := options_class(kind).needs)]
    return EXTRAS | {extra: (package,) for package, extra in needs if extra not in EXTRAS}


def missing_modules(extra: str) -> list[str]:
    return [module for module in known_extras()[extra] if find_spec(module) is None]


def need_extras(*extras: str) -> None:
    """Checks before a long job that its imports are installed. Raises ValueError with the command that
    helps."""
    needed = extras or ("train", "report")
    lacking = {extra: modules for extra in needed if (modules := missing_modules(extra))}
    if lacking:
        modules = ", ".join(module for missing in lacking.values() for module in missing)
        raise ValueError(f"this needs {modules}: pip install 'numerate[{','.join(lacking)}]'")
