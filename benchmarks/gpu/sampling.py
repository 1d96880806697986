"""Tokens per second of sampling: Numerate's local engine, transformers' generate, vLLM."""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch

from benchmarks import random_model as made
from benchmarks.generate import generate
from benchmarks.gpu.card import peak_bytes, peak_flops
from benchmarks.gpu.engines import local_engine, open_backend
from benchmarks.gpu.meter import Row, clear, guarded, median_seconds, used_mib
from benchmarks.gpu.models import random_policy
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.shapes import shape_of

PROMPT = 80
"""tokens of a prompt on average"""
DTYPE = torch.bfloat16


def sampling(name: str, settings: Settings) -> Iterator[Row]:
    """The section: prefill, all rows live to the end at several numbers of them, then uneven ends."""
    policy = random_policy(name, settings, DTYPE)
    for tokens in settings.prefill:
        row: Row = {"what": "prefill", "engine": "numerate", "tokens": tokens}
        yield guarded(row, partial(prefill_row, policy, name, tokens, settings), settings.device)
    for rows in settings.rows:
        yield sampling_row(policy, name, rows, settings, "numerate", "sampling")
        yield sampling_row(policy, name, rows, settings, "transformers", "sampling")
    middle = settings.rows[len(settings.rows) // 2]
    yield sampling_row(policy, name, middle, settings, "numerate without graphs", "sampling")
    policy = None
    clear(settings.device)
    uneven = random_policy(name, settings, DTYPE, ends=settings.tokens // 2)
    for engine in ("numerate", "transformers"):
        yield sampling_row(uneven, name, middle, settings, engine, "uneven sampling")


def vllm(name: str, settings: Settings) -> Iterator[Row]:
    """The section: the same rows with vLLM, which starts once."""
    if importlib.util.find_spec("vllm") is None:
        yield {"what": "sampling", "engine": "vllm", "skipped": "vllm is not installed"}
        return
    from numerate.rollouts.vllm import VllmEngine

    policy = random_policy(name, settings, DTYPE)
    engine = VllmEngine(policy, max_seqs=max(settings.rows))
    for rows in settings.rows:
        row: Row = {"what": "sampling", "engine": "vllm", "rows": rows}
        work = engine_work(engine, name, rows, settings)
        work()
        yield guarded(row, partial(speed_row, work, name, rows, settings), settings.device)
    engine.close()


def sampling_row(policy: Any, name: str, rows: int, settings: Settings, engine: str, what: str) -> Row:
    def measure() -> Row:
        clear(settings.device)
        before = used_mib(settings.device)
        if engine == "transformers":
            generate_work(policy, name, rows, settings, tokens=2)()  # warms up; all of them take seconds
            work = generate_work(policy, name, rows, settings, settings.tokens)
            row = speed_row(work, name, rows, settings)
        else:
            local, watch = local_engine(policy, rows, settings, graphs=engine == "numerate")
            work = engine_work(local, name, rows, settings, queue=3 if what == "uneven sampling" else 1)
            work()
            row = speed_row(work, name, rows, settings) | last_call(watch, work)
        return row | {"more_mib": used_mib(settings.device, peak=True) - before}

    return guarded({"what": what, "engine": engine, "rows": rows}, measure, settings.device)


def last_call(watch: Any, work: Callable[[], int]) -> Row:
    """The parts of one further call."""
    for part in watch.seconds:
        watch.seconds[part], watch.calls[part] = 0.0, 0
    work()
    return watch.row()


def engine_work(engine: Any, name: str, rows: int, settings: Settings, queue: int = 1) -> Callable[[], int]:
    """Samples `rows` rollouts, or `queue` times as many, that take the slots of those that end."""
    from numerate.types import Sampling

    samples = min(settings.samples, rows)
    prompts = made.word_prompts(queue * rows // samples, shape_of(name).vocabulary)

    def work() -> int:
        rollouts = engine.sample(prompts, samples, Sampling(1.0, max_tokens=settings.tokens))
        return sum(len(rollout.turns[-1].ids) for rollout in rollouts)

    return work


def generate_work(policy: Any, name: str, rows: int, settings: Settings, tokens: int) -> Callable[[], int]:
    samples = min(settings.samples, rows)
    prompts = list(made.prompts(rows // samples, shape_of(name).vocabulary))
    return lambda: generate(policy.model, prompts, samples, tokens, made.PAD, (made.EOS,))


def speed_row(work: Callable[[], int], name: str, rows: int, settings: Settings) -> Row:
    """The median of calls after one that warmed up. mbu is of a step with all rows."""
    shape, written = shape_of(name), list[int]()
    seconds = median_seconds(lambda: written.append(work()), settings)
    rate = statistics.median(written) / seconds
    context = PROMPT + settings.tokens / 2
    kept = rows * (settings.tokens / 2 + PROMPT / min(settings.samples, rows))
    read = DTYPE.itemsize * (shape.body + shape.head) + kept * shape.token_bytes(DTYPE.itemsize)
    return {
        "tokens_s": rate,
        "ms": 1000 * rows / rate,
        "mfu": rate * shape.forward_operations(1, 1, context) / peak_flops(settings),
        "mbu": rate / rows * read / peak_bytes(settings),
    }


def prefill_row(policy: Any, name: str, tokens: int, settings: Settings, prompts: int = 16) -> Row:
    shape = shape_of(name)
    make = open_backend(policy, False, settings)
    backend = make(1, 1)
    texts = list(made.prompts(prompts, shape.vocabulary, tokens, tokens))

    @torch.no_grad()
    def work() -> None:
        for ids in texts:
            backend.close(backend.prefill(ids)[0])

    work()
    seconds = median_seconds(work, settings)
    needed = shape.forward_operations(tokens, 1, tokens / 2)
    return {
        "tokens_s": prompts * tokens / seconds,
        "ms": 1000 * seconds / prompts,
        "mfu": prompts * needed / seconds / peak_flops(settings),
    }
