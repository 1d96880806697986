"""Disk space that a run needs: models and checkpoints that do not exist yet. No torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from numerate import methods
from numerate.config.schema import Recipe, StageRecipe
from numerate.models import locate
from numerate.store import RunFolder, file_sizes

FLOAT = 4
"""bytes: what is trained is kept and saved in float32, whatever the format of the base"""
CHECKPOINT = 3
"""a checkpoint holds a weight and the optimizer's two moments of it"""
KEPT = 2
"""checkpoints of a loop; while a third is written both are there"""

LAYER = re.compile(r"\.(\d+)\.")
"""in the name of a weight, the number of its layer"""


def needed_bytes(recipe: Recipe, run: RunFolder) -> int:
    """Returns the bytes that the stages will still write, at the moment when they need most; 0 where the base
    is not on this disk and so not known. Rollouts and reports are small beside models and left out."""
    missing = 0
    writing = 0
    for name, stage in recipe.stages.items():
        weights, trained = _weights(recipe, stage)
        kept, part = _stage(stage, weights, trained)
        present = sum(file_sizes(run.stage(name)).values()) + _checkpoints(run.stage(name))
        missing += max(0, kept - present)
        writing = max(writing, part if kept > present else 0)
    return missing + writing


def _checkpoints(stage: Path) -> int:
    files = [file for folder in stage.rglob("checkpoints") for file in folder.rglob("*")]
    return sum(file.stat().st_size for file in files if file.is_file())


def _stage(stage: StageRecipe, weights: int, trained: int) -> tuple[int, int]:
    """Returns the bytes that a stage leaves, and those in addition while its last checkpoint is written."""
    if "policy" not in (left := methods.leaves(stage.method)) and not left & {"evaluator", "judge"}:
        return 0, 0
    loops = stage.options.steps if hasattr(stage.options, "restart_from") else 1
    of_rounds = loops if hasattr(stage.options, "restart_from") else 0  # each keeps its own model
    validate: Any = getattr(stage.options, "validate", None)
    best = loops if getattr(validate, "keep", "") == "best" else 0
    models = 1 + of_rounds + best
    return weights * models + trained * CHECKPOINT * KEPT * loops, max(weights, trained * CHECKPOINT)


def _weights(recipe: Recipe, stage: StageRecipe) -> tuple[int, int]:
    """Returns the bytes of a saved model, and of its trained parameters."""
    name = getattr(stage.options, "encoder", None) or recipe.model
    path = locate.locate_model(name)
    if not isinstance(path, Path):
        return 0, 0
    shapes = {
        key: tensor["shape"]
        for file in sorted(path.glob("*.safetensors"))
        for key, tensor in locate.tensor_headers(name, file).items()
    }
    weights = FLOAT * sum(map(prod, shapes.values()))
    rank = getattr(getattr(stage.options, "fit", None), "lora_rank", 0)
    adapters = FLOAT * sum(rank * sum(shape) for shape in shapes.values() if len(shape) == 2)
    return weights, (min(weights, adapters) if rank else weights) + _branch(stage, shapes)


def _branch(stage: StageRecipe, shapes: Mapping[str, list[int]]) -> int:
    """Returns the bytes of PPO's value branch: copies of the top layers. Its norm and its head are small
    beside them."""
    value = getattr(stage.options, "value", None)
    numbered = {name: int(match[1]) for name in shapes if (match := LAYER.search(name))}
    first = max(numbered.values(), default=-1) + 1 - getattr(value, "layers", 0)
    return FLOAT * sum(prod(shapes[name]) for name, number in numbered.items() if value and number >= first)
