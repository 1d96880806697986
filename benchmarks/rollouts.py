"""Tokens sampled per processor second, beside transformers' generate or vLLM, on random models, one thread.

python -m benchmarks.rollouts [--sizes 1m,5m] [--samples 8,32] [--rounds 3] [--beside vllm] [--json FILE]

Both sample from the same weights: up to 128 tokens, temperature 1, prompts of 40 to 120 tokens, texts of 64
tokens on average. Numerate also decodes the texts and records the logprobs, with vLLM too.
The ceiling is the matrix product alone: a fraction of 1 would be a decoder that does nothing else.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from typing import Annotated, Any

import typer

from benchmarks import random_model as made
from benchmarks.generate import generate
from benchmarks.inputs import JsonFile, Rounds, choices, counts
from benchmarks.sitting import call, sit, table, write

MAX_TOKENS = 128
ROWS = 256
"""live rows, for both"""


def questions(samples: int) -> int:
    """As many as keep the rows busy for a while."""
    return max(16, 3 * ROWS // samples)


def mine(size: str, samples: int) -> None:
    from numerate.models import process_tuning
    from numerate.rollouts.local import LocalEngine

    process_tuning.tune_process()  # as the command line does
    measure_engine(lambda policy: LocalEngine(policy, slots=ROWS), size, samples)


def vllm(size: str, samples: int) -> None:
    from numerate.rollouts.vllm import VllmEngine

    measure_engine(lambda policy: VllmEngine(policy, max_seqs=ROWS), size, samples)


def measure_engine(make: Callable[[Any], Any], size: str, samples: int) -> None:
    from numerate.models.policy import Policy
    from numerate.types import Sampling

    net = made.model(size)
    vocabulary = net.config.vocab_size
    engine = make(Policy(net, made.tokenizer(vocabulary)))

    def work(count: int) -> int:
        prompts = made.word_prompts(count, vocabulary)
        done = engine.sample(prompts, samples, Sampling(1.0, max_tokens=MAX_TOKENS))
        return sum(len(rollout.turns[-1].ids) for rollout in done)

    measure(work, samples, 2 * made.matrix_parameters(net))


def theirs(size: str, samples: int) -> None:
    net = made.model(size)

    def work(count: int) -> int:
        prompts = list(made.prompts(count, net.config.vocab_size))
        at_once = max(1, ROWS // samples)
        parts = (prompts[i : i + at_once] for i in range(0, count, at_once))
        return sum(generate(net, part, samples, MAX_TOKENS, made.PAD, (made.EOS,)) for part in parts)

    measure(work, samples, 2 * made.matrix_parameters(net))


def measure(work: Callable[[int], int], samples: int, operations: int) -> None:
    """Once on a few questions to warm up, then on all of them."""
    work(max(1, 64 // samples))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu = time.perf_counter(), time.process_time()
    tokens = work(questions(samples))
    rate = tokens / (time.process_time() - cpu)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    numbers = {
        "tokens/cpu s": rate,
        "tokens/s": tokens / (time.perf_counter() - began),
        "of ceiling": rate * operations / made.gemm_rate(),
        "more MB": (after - before) / 1024,
    }
    print(json.dumps(numbers))


def main(
    sizes: Annotated[str, typer.Option(help="of the random model: 1m, 5m, 25m parameters")] = "1m,5m",
    samples: Annotated[str, typer.Option(help="of each question: K")] = "8,32",
    rounds: Rounds = 3,
    beside: Annotated[str, typer.Option(help="transformers or vllm")] = "transformers",
    json_file: JsonFile = None,
) -> None:
    """Compare sampling, Numerate's local engine and the other in turn."""
    others = {"transformers": "theirs", "vllm": "vllm"}
    [beside] = choices("--beside", beside, others)[:1]
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size in choices("--sizes", sizes, made.SHAPES):
        for k in counts("--samples", samples):
            sides = (("numerate", "mine"), (beside, others[beside]))
            entries = [call(name, f"rollouts.{function}", size, k) for name, function in sides]
            key = f"{size} K={k}"
            results[key] = sit(entries, rounds)
            print(f"\n{key}\n{table(results[key], ratio_of=('tokens/cpu s', 'tokens/s'))}\n")
    write(json_file, results)


if __name__ == "__main__":
    typer.run(main)
