"""The recipes that come with the package: YAML files whose first comment says what they do."""

from __future__ import annotations

from importlib.resources import files

from numerate.options import did_you_mean, near_words


def recipe_names() -> list[str]:
    entries = (file.name for file in files(__name__).iterdir())
    return sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))


def recipe_text(name: str) -> str:
    """Returns the file as it is shipped. Raises ValueError where there is none of that name."""
    if name not in recipe_names():
        near = near_words(name, recipe_names(), cutoff=0.5)
        hint = did_you_mean(near) if near else f"there are: {', '.join(recipe_names())}"
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
