"""The sections in their order, each in a process of its own with a limit of time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gpu.settings import SHOWN, Row, Settings
from benchmarks.sitting import ROOT

START = 15.0
"""seconds that a section needs at least: less is left alone"""
PARITY = ("qwen2-0.5b", "llama-0.5b", "qwen3-0.6b")
SPEED = ("qwen2-0.5b", "llama-1.5b", "llama-0.5b", "qwen2-1.5b")
LIMITS = {
    "environment": 90.0,
    "parity sampling": 150.0,
    "parity attention": 150.0,
    "parity optimizer": 90.0,
    "sampling": 150.0,
    "update": 150.0,
    "vllm": 240.0,
}
"""seconds"""


@dataclass(frozen=True)
class Section:
    kind: str
    shape: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind} {self.shape}".strip()


def planned(shapes: Sequence[str] = (), toy: bool = False) -> list[Section]:
    """What matters most comes first: the budget may end before the list."""
    parity, speed = shapes or PARITY, shapes or SPEED
    if toy:
        parity, speed = shapes or ("toy-llama", "toy-qwen2", "toy-qwen3"), shapes or ("toy-qwen2",)
    checks = [Section(kind, parity[0]) for kind in LIMITS if kind.startswith("parity")]
    more_checks = [Section("parity sampling", shape) for shape in parity[1:]]
    speeds = [Section(kind, shape) for shape in speed for kind in ("sampling", "update")]
    vllm = Section("vllm", speed[0])
    return [Section("environment"), *checks, *speeds[:4], vllm, *more_checks, *speeds[4:]]


def run_sections(
    sections: Sequence[Section],
    settings: Settings,
    budget: float,
    keep: Callable[[list[Row]], None],
    command: Callable[[Section, Settings, Path], Sequence[str]] | None = None,
) -> list[Row]:
    """Runs them within `budget` seconds; hands all entries so far to `keep` after each."""
    began, entries = time.monotonic(), list[Row]()
    for section in sections:
        left = budget - (time.monotonic() - began)
        if left < START:
            entries.append(
                {"name": section.name, "status": "skipped", "error": "the budget is spent", "rows": []}
            )
        else:
            print(f"{section.name} ...", file=sys.stderr, flush=True)
            limit = min(left, LIMITS[section.kind])
            entries.append(run_section(section, settings, limit, command or worker_command))
        keep(entries)
    return entries


def worker_command(section: Section, settings: Settings, out: Path) -> list[str]:
    worker = "benchmarks.gpu.worker"
    return [sys.executable, "-m", worker, section.kind, section.shape, settings.text(), str(out)]


def run_section(
    section: Section,
    settings: Settings,
    limit: float,
    command: Callable[[Section, Settings, Path], Sequence[str]],
) -> Row:
    """One process, which writes a line per row, so that the rows before its end are kept however it ends."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="numerate-gpu-") as folder:
        out, errors = Path(folder) / "rows.jsonl", Path(folder) / "stderr"
        status = run_process(command(section, settings, out), limit, errors)
        row: Row = {"name": section.name, "status": status, "seconds": round(time.monotonic() - began, 1)}
        if status == "timed out":
            row["error"] = f"it took more than {limit:.0f} s"
        elif status == "failed":
            row["error"] = errors.read_text(encoding="utf-8", errors="replace")[-SHOWN:].strip()
        return row | {"rows": list(read_rows(out))}


def run_process(command: Sequence[str], limit: float, errors: Path) -> str:
    """Runs a command with its children in a group of their own, which ends with it."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    with errors.open("w") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={**os.environ, "PYTHONPATH": path, "TOKENIZERS_PARALLELISM": "false"},
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            return "failed" if process.wait(limit) else "ok"
        except subprocess.TimeoutExpired:
            return "timed out"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def read_rows(file: Path) -> Iterator[Row]:
    """The lines that were written whole."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    for line in text.split("\n")[:-1]:
        row: Any = json.loads(line)
        yield row
