"""math-verify's side of what is measured on solutions, with the settings of its README.

Runs in an environment with math-verify in it, and needs nothing of Numerate's."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

from benchmarks.real_solutions import load_solutions


def time_extraction(every: int) -> None:
    """Prints how many of every so many solutions it parses in a second."""
    from math_verify import parse  # pyright: ignore

    texts = [text for _, text in load_solutions()][::every]
    began, cpu = time.perf_counter(), time.process_time()
    for text in texts:
        parse(text)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"solutions/s": len(texts) / wall, "solutions/cpu s": len(texts) / cpu}))


def print_verdicts() -> None:
    """Reads rows, and prints a verdict on each, a line each."""
    for line in sys.stdin:
        print(json.dumps(is_accepted(json.loads(line))), flush=True)


def is_accepted(row: Mapping[str, Any]) -> bool:
    """The verdict with the reference as it stands or between dollars, whichever accepts. A choice is a string
    among the letters; an answer without a text around it stands between dollars."""
    from math_verify import StringExtractionConfig, parse, verify  # pyright: ignore

    reference = str(row["reference"])
    text = row["solution"] if "solution" in row else f"${row['candidate']}$"
    if choices := row.get("choices"):
        letters = texts_by_letter(choices)
        gold = next((letter for letter in letters if letters[letter] == reference), reference.strip("() ."))
        config = [StringExtractionConfig(strings=tuple(letters))]
        return bool(verify(parse(gold, extraction_config=config), parse(text, extraction_config=config)))
    answer = parse(text)
    return any(verify(parse(gold), answer) for gold in (f"${reference}$", reference))


def texts_by_letter(choices: Any) -> dict[str, str]:
    """Choices from {"A": text}, [["A", text]] or [text, text]."""
    if isinstance(choices, Mapping):
        return {str(letter): str(text) for letter, text in choices.items()}
    items = zip(ascii_uppercase, choices, strict=False)
    pairs = [item if isinstance(item, list) else [letter, item] for letter, item in items]
    return {str(letter): str(text) for letter, text in pairs}
