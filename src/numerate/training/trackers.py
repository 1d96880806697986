"""The curves of metrics.jsonl, also in TensorBoard, Weights & Biases or Trackio."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from numerate.types import Stats

PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "trackio": "trackio"}


class Tracker(Protocol):
    def log(self, name: str, step: int, stats: Stats) -> None:
        """Logs a row. name: the stage, a prefix of every curve's name."""
        ...

    def close(self) -> None: ...


class Board:
    """TensorBoard event files in `folder`."""

    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder))

    def log(self, name: str, step: int, stats: Stats) -> None:
        for key, value in stats.items():
            self.writer.add_scalar(f"{name}/{key}", value, step)
        self.writer.flush()

    def close(self) -> None:
        self.writer.close()


class Service:
    """Weights & Biases, or Trackio, which has the same interface: one x-axis per stage."""

    def __init__(self, package: Any, project: str, settings: dict[str, Any]) -> None:
        self.package = package
        package.init(project="numerate", name=project, config=settings)

    def log(self, name: str, step: int, stats: Stats) -> None:
        self.package.log({f"{name}/{key}": value for key, value in stats.items()} | {f"{name}/round": step})

    def close(self) -> None:
        self.package.finish()


def open_tracker(kind: str, folder: Path, run: str, settings: dict[str, Any]) -> Tracker | None:
    """Returns the tracker, None for `none`.

    Raises:
        ValueError: the tracker's package is not installed.
    """
    if kind == "none":
        return None
    try:
        package = import_module(PACKAGES[kind])
    except ModuleNotFoundError as error:
        remedy = f"pip install {PACKAGES[kind]}, or numerate[trackers], or report_to: none"
        raise ValueError(f"report_to: {kind} needs a package that is not installed: {remedy}") from error
    return Board(folder / "tensorboard") if kind == "tensorboard" else Service(package, run, settings)
