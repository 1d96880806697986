"""Checkpoints: tensors as safetensors, the rest as JSON, in a folder that appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor


def save(folder: Path, step: int, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write `folder/step-<step>` and drop the older ones: the new one is complete before they go."""
    part = folder / f"step-{step}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file({k: v.contiguous().cpu() for k, v in tensors.items()}, part / "state.safetensors")
    (part / "state.json").write_text(json.dumps({"step": step, **facts}, indent=1))
    for path in part.iterdir():
        with path.open("rb") as f:
            os.fsync(f.fileno())
    final = folder / f"step-{step}"
    shutil.rmtree(final, ignore_errors=True)
    part.rename(final)
    for older in steps(folder)[:-1]:
        shutil.rmtree(folder / f"step-{older}")


def steps(folder: Path) -> list[int]:
    """Steps of the complete checkpoints, ascending."""
    names = [p.name.removeprefix("step-") for p in folder.glob("step-*")]
    return sorted(int(name) for name in names if name.isdigit())


def load(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """The newest complete checkpoint: tensors and facts, or None."""
    found = steps(folder)
    if not found:
        return None
    newest = folder / f"step-{found[-1]}"
    return load_file(newest / "state.safetensors"), json.loads((newest / "state.json").read_text())
