"""Checkpoints: tensors as safetensors, the rest as JSON, in a folder that appears whole or not at all. Two
are kept, so that one that was damaged later costs the work since the one before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from numerate.store import find_damage, read_object, remove_path, replace_folder

KEPT = 2
Check = Callable[[dict[str, Any]], str | None]
"""says why the state of a checkpoint cannot be used, None where it can"""


@dataclass(frozen=True)
class Loaded:
    step: int
    tensors: dict[str, Tensor]
    state: dict[str, Any]


@dataclass
class ResumeChoice:
    """The newest checkpoint that can be used, and the newer ones that cannot, with the reason."""

    loaded: Loaded | None = None
    rejected: dict[Path, str] = field(default_factory=dict[Path, str])


def save_checkpoint(folder: Path, step: int, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Writes `folder/step-<step>` and drops all but the two newest, once the new one is complete."""
    with replace_folder(folder / f"step-{step}") as part:
        save_file({k: v.contiguous().cpu() for k, v in tensors.items()}, part / "state.safetensors")
        (part / "state.json").write_text(json.dumps({"step": step, **facts}, indent=1), encoding="utf-8")
    for older in checkpoint_steps(folder)[:-KEPT]:
        remove_path(folder / f"step-{older}")


def checkpoint_steps(folder: Path) -> list[int]:
    """Returns the steps of the checkpoints, ascending."""
    names = [p.name.removeprefix("step-") for p in folder.glob("step-*")]
    return sorted(int(name) for name in names if name.isdecimal())


def load_checkpoint(folder: Path, check: Check = lambda state: None) -> ResumeChoice:
    """Reads the newest checkpoint that is whole and passes the check. Changes no file."""
    choice = ResumeChoice()
    for step in reversed(checkpoint_steps(folder)):
        path = folder / f"step-{step}"
        reason, state = _state(path, step)
        reason = reason or check(state)
        if reason is None:
            choice.loaded = Loaded(step, load_file(path / "state.safetensors"), state)
            break
        choice.rejected[path] = reason
    return choice


def _state(path: Path, step: int) -> tuple[str | None, dict[str, Any]]:
    """Checks a checkpoint's files, and returns its state."""
    if message := find_damage(path):
        return message, {}
    try:
        state = read_object(path / "state.json")
    except ValueError as error:
        return str(error), {}
    if state.get("step") != step or not isinstance(state.get("facts"), dict):
        return f"state.json is not the state of step {step}", {}
    return None, state
