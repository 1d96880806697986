"""Solutions of about 1,000 characters, cut or joined from real ones. Needs nothing of Numerate's, so that it
runs in a peer's environment too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

SHORTEST, LONGEST = 900, 1_100
FOLDERS = {"number": "gsm8k_test", "math": "math500"}


def load_solutions() -> list[tuple[str, str]]:
    """(kind, text) of all, kinds mixed."""
    data = Path(os.environ.get("NUMERATE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    files = [(kind, file) for kind, name in FOLDERS.items() for file in (data / "samples" / name).glob("*")]
    if not files:
        raise SystemExit(f"no samples in {data}: set NUMERATE_DATA to the folder of the datasets")
    texts = [(kind, text) for kind, file in sorted(files) for text in join_responses(file)]
    return [texts[i * 7919 % len(texts)] for i in range(len(texts))]  # a prime: all of them, mixed


def join_responses(file: Path) -> Iterator[str]:
    """Consecutive responses together until they are long enough, and the end of those that are too long."""
    text = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        text += "\n\n" * bool(text) + str(json.loads(line)["response"])
        if len(text) >= SHORTEST:
            yield text if len(text) <= LONGEST else text[-(SHORTEST + LONGEST) // 2 :]
            text = ""
