"""The process of a section: python -m benchmarks.gpu.worker KIND SHAPE SETTINGS FILE."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.gpu.card import environment
from benchmarks.gpu.meter import Row
from benchmarks.gpu.parity_attention import parity_attention
from benchmarks.gpu.parity_optimizer import parity_optimizer
from benchmarks.gpu.parity_sampling import parity_sampling
from benchmarks.gpu.sampling import sampling, vllm
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.update import update

KINDS: dict[str, Callable[[str, Settings], Iterator[Row]]] = {
    "environment": environment,
    "parity sampling": parity_sampling,
    "parity attention": parity_attention,
    "parity optimizer": parity_optimizer,
    "sampling": sampling,
    "update": update,
    "vllm": vllm,
}


def rounded(value: Any) -> Any:
    """Numbers to five digits; NaN and infinity, which JSON lacks, as text."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else str(value)
    return value


def write_rows(kind: str, shape: str, settings: Settings, out: Path) -> None:
    with out.open("w", encoding="utf-8") as file:
        for row in KINDS[kind](shape, settings):
            file.write(json.dumps(rounded(row)) + "\n")
            file.flush()


def main() -> None:
    from numerate.models import process_tuning

    process_tuning.tune_process()  # as the command line does
    kind, shape, settings, out = sys.argv[1:]
    write_rows(kind, shape, Settings.read(settings), Path(out))


if __name__ == "__main__":
    main()
