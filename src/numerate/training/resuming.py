"""State beside a checkpoint (log, rollouts, models), and its check when a stage is resumed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numerate.progress import Progress
from numerate.store import begins_with, cut_to, file_sizes, forget_rounds, log_extent, remove_path
from numerate.training.checkpoint import Check, ResumeChoice

LOG = "metrics.jsonl"
LASTING = (".parquet", ".safetensors", "/started.jsonl")
"""files that a stage leaves behind while it runs: rollouts, models of rounds, rollouts of the next round"""


def checkpoint_surroundings(stage: Path, processes: int) -> dict[str, Any]:
    """Returns what a checkpoint remembers beside the stage's `state`: the log so far, the rollouts and models
    so far with their sizes, and how many processes shared the work."""
    return {"processes": processes, "log": log_extent(stage / LOG), "files": _files(stage)}


def _files(stage: Path) -> dict[str, int]:
    kept = {name: size for name, size in file_sizes(stage).items() if name.endswith(LASTING)}
    return {name: size for name, size in kept.items() if not name.startswith("model/")}


def checkpoint_check(stage: Path, processes: int, rounds: int) -> Check:
    """Returns the check of a checkpoint's state against what is in the stage's folder."""
    present = _files(stage)

    def reason(state: dict[str, Any]) -> str | None:
        if (before := state.get("processes", processes)) != processes:
            return f"it belongs to a run with {before} processes, and this one has {processes}"
        if state["step"] > rounds:
            return f"it belongs to round {state['step']}, and the stage has {rounds}"
        if (log := state.get("log")) and not begins_with(stage / LOG, log):
            return f"{stage / LOG} is damaged before round {state['step']}"
        for name, size in state.get("files", {}).items():
            if present.get(name) != size:
                return f"{stage / name} is {'truncated' if name in present else 'missing'}"
        return None

    return reason


def refusal_message(folder: Path, rejected: Mapping[Path, str]) -> str:
    reasons = "; ".join(f"{path.name}: {reason}" for path, reason in rejected.items())
    return (
        f"no checkpoint in {folder} is usable ({reasons}): restore the file, or delete {folder} and "
        "run again: the stage then starts again"
    )


def tidy(stage: Path, choice: ResumeChoice, progress: Progress) -> None:
    """Removes checkpoints that cannot be used, with a message, and what was logged after the one that is."""
    if choice.rejected:
        step = choice.loaded.step if choice.loaded else 0
        for path, reason in choice.rejected.items():
            progress.warn(f"checkpoint {path} is unusable: {reason}; resuming from round {step}")
            remove_path(path)
    log = choice.loaded.state.get("log") if choice.loaded else None
    step = choice.loaded.step if choice.loaded else 0
    if log:
        cut_to(stage / LOG, log)
    else:
        forget_rounds(stage / LOG, step)
    forget_rounds(stage / "times.jsonl", step)
