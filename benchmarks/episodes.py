"""Rollouts with calls of programs beside rollouts of the same policy without them, on the local engine.

python -m benchmarks.episodes FOLDER [--format tora] [--problems 100] [--rollouts 8] [--rounds 3]
    [--threads 1] [--json FILE]

FOLDER: a policy that calls programs, as the stage `code` of the recipe tool-use. Without tools it writes on
after a call until EOS. Lengths differ, so "tokens/s" counts all tokens of a completion, those of outputs
included. "instant": calls whose output is there at once; the rest of the difference is the interpreter's.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.inputs import JsonFile, Rounds, check_model
from benchmarks.sitting import call, sit, table, write
from numerate.interpreter import Execution, Executor, Interpreter
from numerate.types import Rollout


class Instant:
    """An executor whose programs all print 42 at once."""

    def submit(self, cell: str) -> Future[Execution]:
        future: Future[Execution] = Future()
        future.set_result(Execution("ok", "42\n"))
        return future

    def session(self) -> Instant:
        return self

    def close(self) -> None: ...


def sample(side: str, folder: str, format: str, count: int, n: int, threads: int) -> None:
    """Prints the speed of a side: plain, instant or episodes."""
    from numerate.models import process_tuning

    process_tuning.tune_process()
    import torch

    from numerate import problems
    from numerate.models import policy
    from numerate.prompts import render
    from numerate.rollouts.episodes import Episodes
    from numerate.rollouts.local import LocalEngine
    from numerate.rollouts.tool_options import ToolOptions
    from numerate.types import Sampling

    torch.set_num_threads(threads)
    loaded = policy.load(folder)
    engine = LocalEngine(loaded)
    prompts = [render(problem) for problem in problems.load("stories(magnitude=3)/test", limit=count)]
    params = Sampling(max_tokens=240, seed=1)
    executor: Executor = Interpreter() if side == "episodes" else Instant()
    options = ToolOptions(format=format)  # pyright: ignore[reportArgumentType] # checked by the record
    sampler = engine if side == "plain" else Episodes(engine, loaded, options, executor)
    list(sampler.sample(prompts[:4], n, params))
    began, cpu = time.perf_counter(), time.process_time()
    rollouts = list(sampler.sample(prompts, n, params))
    print(json.dumps(speed(rollouts, time.perf_counter() - began, time.process_time() - cpu)))
    executor.close()


def speed(rollouts: Sequence[Rollout], wall: float, cpu: float) -> dict[str, float]:
    calls = Counter(
        turn.status == "ok" for rollout in rollouts for turn in rollout.turns if turn.role == "tool"
    )
    tokens = sum(rollout.length for rollout in rollouts)
    return {
        "rollouts/s": len(rollouts) / wall,
        "tokens/s": tokens / wall,
        "cpu s": cpu,
        "tokens": tokens / len(rollouts),
        "calls": calls.total() / len(rollouts),
        "ok": calls[True] / max(1, calls.total()),
    }


def main(
    folder: Annotated[Path, typer.Argument(help="a policy that calls programs")],
    format: Annotated[str, typer.Option(help="of its calls: mario, tora or chat")] = "tora",
    problems: Annotated[int, typer.Option(min=1)] = 100,
    rollouts: Annotated[int, typer.Option(min=1, help="per problem")] = 8,
    threads: Annotated[int, typer.Option(min=1, help="of the engine")] = 1,
    rounds: Rounds = 3,
    json_file: JsonFile = None,
) -> None:
    """Compare rollouts with and without calls, each side in a process of its own, in turn; medians."""
    check_model(folder)
    sizes = (str(folder.resolve()), format, problems, rollouts, threads)
    entries = [call(side, "episodes.sample", side, *sizes) for side in ("episodes", "instant", "plain")]
    results = sit(entries, rounds, threads)
    print(table(results, ratio_of=["tokens/s"]))
    write(json_file, results)


if __name__ == "__main__":
    typer.run(main)
