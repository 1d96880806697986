"""Decode steps of some steps of sampling with `sample.ahead` 0 and 1: counts, no clocks. The weights stay the
same, so both sample the same rollouts.

python -m benchmarks.ahead [MODEL] [--problems 16] [--rollouts 8] [--steps 8] [--max-tokens 256] [--json FILE]
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer
from torch import Tensor

from benchmarks.inputs import JsonFile, callers_mistakes
from benchmarks.sitting import write
from numerate import problems, prompts
from numerate.models import policy
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.started import Lookahead, StartedRollout
from numerate.types import Prompt, Rollout, Sampling


@dataclass
class Count:
    steps: Annotated[int, typer.Option(min=1)] = 0
    """forward passes of one token per row"""
    rows: int = 0
    """tokens computed by these"""
    prefilled: int = 0
    """tokens of prompts and of continued rollouts"""
    tokens: int = 0
    """of the rollouts"""
    older: int = 0
    """of these, sampled one step before"""


def counting(engine: LocalEngine) -> Count:
    """Returns what the engine will count from now on."""
    count, open_batch = Count(), engine.open

    def opened(rows: int, tokens: int) -> Any:
        backend = open_batch(rows, tokens)
        step, prefill = backend.step, backend.prefill

        def counted_step(token_B: Tensor) -> Tensor:
            count.steps, count.rows = count.steps + 1, count.rows + len(token_B)
            return step(token_B)

        def counted_prefill(ids: Sequence[int]) -> Any:
            count.prefilled += len(ids)
            return prefill(ids)

        backend.step, backend.prefill = counted_step, counted_prefill
        return backend

    engine.open = opened
    return count


def run(
    engine: LocalEngine, steps: Sequence[Sequence[Prompt]], n: int, params: Sampling, ahead: bool
) -> tuple[Count, list[list[Rollout]]]:
    """Samples n rollouts per prompt of each step. Returns the counts, and the rollouts by step."""
    count, begun = counting(engine), list[StartedRollout]()
    sampled: list[list[Rollout]] = []
    for i, by_step in enumerate(steps):
        following = steps[i + 1] if ahead and i + 1 < len(steps) else ()
        look = Lookahead(begun, following, replace(params, round=i + 1))
        sampled.append(list(engine.sample_ahead(by_step, n, replace(params, round=i), look)))
        begun = look.started
        count.older += sum(rollout.sampled for rollout in begun)
    count.tokens = sum(rollout.length for rollouts in sampled for rollout in rollouts)
    return count, sampled


def main(
    model: Annotated[str, typer.Argument()] = "numerate/pico",
    problem_set: Annotated[str, typer.Option("--set")] = "stories/train",
    per_step: Annotated[int, typer.Option("--problems", min=1, help="of a step")] = 16,
    rollouts: Annotated[int, typer.Option(min=1, help="per problem")] = 8,
    steps: Annotated[int, typer.Option(min=1)] = 8,
    max_tokens: Annotated[int, typer.Option(min=1, help="of a rollout, at most")] = 256,
    json_file: JsonFile = None,
) -> None:
    """Count decode steps with and without sampling ahead."""
    with callers_mistakes():
        loaded = policy.load(model)
        rows = problems.load(problem_set, limit=per_step * steps)
    by_step = [
        [prompts.render(problem) for problem in rows[i * per_step : (i + 1) * per_step]] for i in range(steps)
    ]
    params = Sampling(max_tokens=max_tokens)
    counts = {
        f"ahead {int(ahead)}": run(LocalEngine(loaded), by_step, rollouts, params, ahead)[0].__dict__
        for ahead in (False, True)
    }
    print(json.dumps(counts, indent=1))
    write(json_file, counts)


if __name__ == "__main__":
    typer.run(main)
