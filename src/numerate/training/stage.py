"""A stage of a run: folder, seed, log, and the loop of rounds that resumes, seeds and saves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from numerate.metrics import health
from numerate.processes import is_main, process_count
from numerate.progress import Progress
from numerate.store import append_row, make_folder
from numerate.training import checkpoint, distributed, resuming
from numerate.training.learner import Learner
from numerate.training.trackers import Tracker
from numerate.types import Stats


class Savable(Protocol):
    def save(self, directory: Path, /) -> object: ...


class Stage:
    """A stage: folder, seed, log, `state` (small JSON values saved with every checkpoint)."""

    SAVE_SECONDS = 30.0
    """between two checkpoints"""

    def __init__(
        self,
        folder: Path,
        seed: int,
        progress: Progress,
        save_seconds: float | None = None,
        tracker: Tracker | None = None,
        parent: Stage | None = None,
    ):
        self.folder = folder
        self.seed = seed
        self.progress = progress
        self.save_seconds = self.SAVE_SECONDS if save_seconds is None else save_seconds
        self.tracker = tracker
        self.round = 0
        self.state: dict[str, Any] = {}
        self.paused = 0.0
        """seconds of this round that were spent in `untimed`"""
        self.parent = parent
        self.working: Stage | None = None
        """the part of this stage, or itself, whose loop runs"""
        self.unit = "round"
        """the name of one pass through the loop"""
        make_folder(folder)

    def sub(self, name: str) -> Stage:
        """Returns a part of this stage that resumes by itself, in a folder of its own."""
        return Stage(self.folder / name, self.seed, self.progress, self.save_seconds, self.tracker, self)

    def rounds(self, n: int, learner: Learner | None = None, label: str = "rounds") -> Iterator[int]:
        """Yields the rounds 0 .. n-1 that are not completed.

        Everything random in a round follows from (seed, round), and only the learner, `state` and files are
        carried over; so a resumed loop repeats the uninterrupted one bit for bit, wherever it was killed.
        With a learner it saves every `save_seconds` and at the end, else after every round. To stop early,
        leave the loop after `finish()`.
        """
        self._restore(learner, n)
        self.unit = label.removesuffix("s")
        self._works(self)
        saved = time.monotonic()
        with self.progress.task(self.label, total=n, unit=label) as task:
            task.advance(min(self.round, n))
            while self.round < n and not self.state.get("finished"):
                np.random.seed((self.seed * 1_000_003 + self.round) % 2**32)
                torch.manual_seed(self.seed * 1_000_003 + self.round)
                began, self.paused = time.perf_counter(), 0.0
                yield self.round
                self._time(time.perf_counter() - began - self.paused)
                self.round += 1
                task.advance(1)
                ended = self.round == n or self.state.get("finished")
                if learner is None or ended or time.monotonic() - saved > self.save_seconds:
                    self._save(learner)
                    saved = time.monotonic()
        if self.parent:
            self.parent._works(self.parent)

    def _works(self, stage: Stage) -> None:
        self.working = stage
        if self.parent:
            self.parent._works(stage)

    @property
    def position(self) -> str:
        """Returns the position of the stage, for messages: `stage rl, step 7`."""
        at = self.working
        if at is None:
            return f"stage {self.label}, before its first step"
        return f"stage {at.label}, {at.unit} {at.round}"

    @contextmanager
    def untimed(self) -> Iterator[None]:
        """Excludes its time, such as a validation's, from the round's."""
        began = time.perf_counter()
        yield
        self.paused += time.perf_counter() - began

    @property
    def label(self) -> str:
        parts = self.folder.parts
        return "/".join(parts[parts.index("stages") + 1 :]) if "stages" in parts else self.folder.name

    def finish(self) -> None:
        """Marks this round as the last one."""
        self.state["finished"] = True

    def log(self, stats: Stats, **notes: Any) -> None:
        """Appends a line to metrics.jsonl with the round and, as `health`, the conditions of `metrics.health`
        that hold in it; a new condition is a line on the terminal. notes: JSON values that are no curves;
        trackers do not get them."""
        self.state["health"], holds, begins = health.check_row(self.state.get("health"), stats)
        for name in begins:
            self.progress.warn(f"HEALTH, {self.position}: {health.condition_line(name, holds[name])}")
        if is_main():
            row = {"round": self.round, **stats, **notes} | ({"health": holds} if holds else {})
            append_row(self.folder / "metrics.jsonl", row)
            if self.tracker:
                more = {f"health/{name}": value for name, value in holds.items()}
                self.tracker.log(self.label, self.round, stats | more)

    def save(self, model: Savable, name: str) -> None:
        """Saves a model in this stage's folder; the main process writes it, and the others wait."""
        distributed.run_on_main(lambda: model.save(self.folder / name))

    def _time(self, seconds: float) -> None:
        """Appends a line to times.jsonl, apart from the log, which is the same in every run."""
        if is_main():
            append_row(self.folder / "times.jsonl", {"round": self.round, "seconds": seconds})

    def _save(self, learner: Learner | None) -> None:
        if learner:
            learner.check()
        distributed.run_on_main(lambda: self._write(learner))

    def _write(self, learner: Learner | None) -> None:
        tensors = learner.state() if learner else {}
        state = {
            "facts": self.state,
            **resuming.checkpoint_surroundings(self.folder, process_count()),
        }
        checkpoint.save_checkpoint(self.folder / "checkpoints", self.round, tensors, state)

    def _restore(self, learner: Learner | None, n: int) -> None:
        """Takes the newest checkpoint that can be used; without a learner, begins anew where none can: what
        is on disk is read, not made again."""
        folder = self.folder / "checkpoints"
        check = resuming.checkpoint_check(self.folder, process_count(), n)
        choice = checkpoint.load_checkpoint(folder, check)
        loaded = choice.loaded
        if choice.rejected and loaded is None and learner:
            raise ValueError(resuming.refusal_message(folder, choice.rejected))
        if loaded:
            self.round, self.state = loaded.step, loaded.state["facts"]
            if learner:
                learner.load_state(loaded.tensors)
        distributed.barrier()  # all processes have read what is there
        distributed.run_on_main(lambda: resuming.tidy(self.folder, choice, self.progress))
