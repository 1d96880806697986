"""The recipes that come with the package: YAML files whose first comment says what they do."""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files


def recipe_names() -> list[str]:
    entries = (file.name for file in files(__name__).iterdir())
    return sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))


def recipe_text(name: str) -> str:
    """Returns the file as it is shipped. Raises ValueError where there is none of that name."""
    if name not in recipe_names():
        near = get_close_matches(name, recipe_names(), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(recipe_names())}"
        raise ValueError(f"there is no recipe {name!r}; {hint}")
    return (files(__name__) / f"{name}.yaml").read_text(encoding="utf-8")


def recipe_summary(name: str) -> str:
    """Returns the first paragraph of its comment, on one line."""
    lines: list[str] = []
    for line in recipe_text(name).splitlines():
        text = line.removeprefix("#").strip()
        if not line.startswith("#") or not text:
            break
        lines.append(text)
    return " ".join(lines)
