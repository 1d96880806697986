"""Identities of stages, models and sets of labelled steps: what a result was made from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from numerate import methods, states
from numerate.config import Recipe, StageRecipe
from numerate.config.write import plain_tree
from numerate.methods.shared import step_scorer as which
from numerate.models import locate
from numerate.options import named
from numerate.problems import fingerprint
from numerate.problems.labelled import labelled_steps
from numerate.prompts import style_of
from numerate.states import Planned
from numerate.store import RunFolder, file_hash, identity_hash
from numerate.types import Problem

Sets = Mapping[str, list[Problem]]


def plan(recipe: Recipe, folder: Path, sets: Sets, prints: Mapping[str, str] | None = None) -> list[Planned]:
    """Returns identity and state of every stage; writes nothing. prints: the fingerprints of the sets, where
    they are known."""
    by_stage = {"base": base_identity(recipe.model)}
    prints = prints or {name: fingerprint(problems) for name, problems in sets.items()}
    planned: list[Planned] = []
    for name, stage in recipe.stages.items():
        method = methods.get_method(stage.method)
        inputs = {
            other: by_stage.get(other) or base_identity(other)
            for other in sorted({stage.model, *other_stages(stage)})
        }
        made_from = {
            "stage": plain_tree(stage),
            "version": method.VERSION,
            "inputs": inputs | from_outside(stage),
            "problems": [prints[stage.problems], prints.get("validation")],
            "seed": recipe.seed,
            "prompt": style_of(recipe.prompt, sets[stage.problems]),
            "engine": recipe.engine.full_title(),
            "dtype": recipe.dtype,
        }
        by_stage[name] = identity_hash(made_from)
        planned.append(states.stage_state(RunFolder(folder), name, made_from))
    return planned


def other_stages(stage: StageRecipe) -> set[str]:
    """Returns the stages and models that a stage takes besides the model that it starts from."""
    judges = (name for _, name in named(stage.options, "judge") if which.judge_kind(name) == "stage")
    others = (name for what in ("model", "rollouts") for _, name in named(stage.options, what))
    return {*others, *judges}


def from_outside(stage: StageRecipe) -> dict[str, str]:
    """Returns identities of models and labelled steps that a stage takes from elsewhere."""
    encoder, judge = (getattr(stage.options, key, None) for key in ("encoder", "judge"))
    taken = {"encoder": encoder, "judge": judge if judge and which.judge_kind(judge) == "folder" else None}
    identities = {key: base_identity(path) for key, path in taken.items() if path}
    labels = getattr(stage.options, "marked", None)
    return identities | ({"labelled steps": marked_identity(labels)} if labels else {})


def base_identity(model: str) -> str:
    path = locate.locate_model(model)
    if not isinstance(path, Path):
        return identity_hash({"hub": path})
    files = sorted(p for p in path.iterdir() if p.suffix in (".json", ".safetensors", ".model", ".jinja"))
    return identity_hash({p.name: hashed(p, p.stat().st_size, p.stat().st_mtime_ns) for p in files})


@lru_cache
def hashed(file: Path, size: int, changed: int) -> str:
    """Returns the hash of a file, read once as long as its size and time of change are the same."""
    return file_hash(file)


def marked_identity(name: str) -> str:
    """Returns the identity of a set of labelled steps; that of one on the hub is its name."""
    return identity_hash([file_hash(file) for file in labelled_steps.set_files(name)] or [name])
