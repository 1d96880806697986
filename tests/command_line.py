"""Commands called from tests, in this process and in one without torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from numerate.cli.app import app

REPOSITORY = Path(__file__).resolve().parent.parent
BLOCKED = (
    "torch",
    "transformers",
    "datasets",
    "accelerate",
    "peft",
    "safetensors",
    "tokenizers",
    "matplotlib",
)


def result(
    model: str, metric: str, value: float, low: float, high: float, k: int = 1, **more: Any
) -> dict[str, Any]:
    measured = {"model": model, "problems": "test", "metric": metric, "k": k}
    return measured | {"value": value, "low": low, "high": high, "n": 500} | more


METRICS = {
    "results": [
        result("base", "accuracy", 0.1, 0.08, 0.13),
        result("base", "pass_at_k", 0.6, 0.55, 0.65, k=32),
        result("sft", "accuracy", 0.421, 0.378, 0.465),
        result("sft", "accuracy_difference", 0.321, 0.27, 0.37, versus="base", p=0.0001),
    ],
    "run": {"name": "small"},
}


def call(*words: str, **more: Any) -> Any:
    return CliRunner().invoke(app, list(words), **more)


def in_a_process(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """`numerate ...` where torch and its friends cannot be imported."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({BLOCKED!r})); from numerate.cli import main; main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), **env}
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def processor_time_of_children() -> float:
    """Seconds; unlike the time on the clock, no other process makes it longer."""
    times = os.times()
    return times.children_user + times.children_system
