"""How the cost of sampling grows with the number of questions, the samples of each, the length and the model.

python -m benchmarks.growth [--of questions,samples,length,size] [--json FILE]

Each point is a process of its own with one thread: random models as in benchmarks.rollouts, 256 live rows.
"""

from __future__ import annotations

import json
import resource
import time
from typing import Annotated

import typer

from benchmarks import random_model as made
from benchmarks.inputs import JsonFile, Rounds, choices
from benchmarks.sitting import Entry, call, sit, table, write

ROWS = 256
USUAL = {"size": "1m", "questions": 256, "samples": 8, "length": 64}
"""length: of a text, on average; twice that at most"""
POINTS: dict[str, list[int | str]] = {
    "questions": [8, 64, 512, 4096, 10_000],
    "samples": [1, 4, 8, 32, 128],
    "length": [16, 64, 256],
    "size": ["1m", "5m", "25m"],
}
ALL_POINTS = ",".join(POINTS)
SAMPLES = 2048
"""in all, where the samples of a question vary"""


def point(size: str, questions: int, samples: int, length: int) -> None:
    from numerate.models import process_tuning
    from numerate.models.policy import Policy
    from numerate.rollouts.local import LocalEngine
    from numerate.types import Sampling

    process_tuning.tune_process()
    net = made.model(size, mean_length=length)
    vocabulary = net.config.vocab_size
    engine = LocalEngine(Policy(net, made.tokenizer(vocabulary)), slots=ROWS)

    def tokens(count: int) -> int:
        done = engine.sample(
            made.word_prompts(count, vocabulary), samples, Sampling(1.0, max_tokens=2 * length)
        )
        return sum(len(rollout.turns[-1].ids) for rollout in done)

    tokens(8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu = time.process_time()
    written = tokens(questions)
    cpu = time.process_time() - cpu
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    numbers = {
        "ms/sample": 1000 * cpu / (questions * samples),
        "tokens/cpu s": written / cpu,
        "more MB": more / 1024,
    }
    print(json.dumps(numbers))


def main(
    of: Annotated[str, typer.Option(help="what varies")] = ALL_POINTS,
    rounds: Rounds = 1,
    json_file: JsonFile = None,
) -> None:
    """Vary one thing at a time."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for what in choices("--of", of, POINTS):
        entries: list[Entry] = []
        for value in POINTS[what]:
            load = USUAL | {what: value}
            if what == "samples":
                load["questions"] = SAMPLES // int(value)
            entries.append(call(f"{what} {value}", "growth.point", *load.values()))
        results[what] = sit(entries, rounds)
        print(f"\n{table(results[what])}\n")
    write(json_file, results)


if __name__ == "__main__":
    typer.run(main)
