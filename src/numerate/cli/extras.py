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
    "report": ("jinja2", "matplotlib"),
    "trackers": ("tensorboard", "trackio", "wandb"),
    "vllm": ("vllm",),
}
"""extra of this package -> the modules that it brings"""


def missing_modules(extra: str) -> list[str]:
    return [module for module in EXTRAS[extra] if find_spec(module) is None]


def need_extras(*extras: str) -> None:
    """Before a long job: what it will import is there. Raises ValueError with the command that helps."""
    wanted = extras or ("train", "report")
    lacking = {extra: modules for extra in wanted if (modules := missing_modules(extra))}
    if lacking:
        modules = ", ".join(module for missing in lacking.values() for module in missing)
        raise ValueError(f"this needs {modules}: pip install 'numerate[{','.join(lacking)}]'")
