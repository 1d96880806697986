"""Sampling from a real pretrained model, beside transformers' generate: tokens per second and memory.

python -m benchmarks.real_model FOLDER QUESTIONS [--live] [--rounds 3] [--rows 64,256] [--threads 1,2]
    [--json FILE]

FOLDER: a model in Hugging Face layout. QUESTIONS: JSON Lines with `question`. Its first 8 are sampled
rows / 8 times each with up to 96 new tokens at temperature 1, in float32 and bfloat16. `--live`: no row ends
at EOS, so each has 96 tokens.

`beyond weights`: peak memory in MB less what the process holds with the model loaded; `more MB`: the part of
it that a few tokens of every question do not need. `product`: GFLOP/s of a plain product of so many rows, the
better of torch's and Numerate's, at the model's widest matrix; `of product`: the share of it that sampling
reaches, with two operations for each number of a matrix and token.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.inputs import JsonFile, Rounds, check_model, choices, counts, read_questions
from benchmarks.meter import peak_mb, reset_peak
from benchmarks.sitting import call, sit, table, write

QUESTIONS = 8
MAX_TOKENS = 96
DTYPES = ("float32", "bfloat16")
SIDES = ("numerate", "transformers")


def read_prompts(file: str) -> list[Any]:
    from numerate.types import Prompt, Turn

    questions = read_questions(Path(file), QUESTIONS)
    return [Prompt(str(i), (Turn("user", question),)) for i, question in enumerate(questions)]


def load(folder: str, dtype: str, live: bool) -> Any:
    """Returns the policy, its weights in memory; live: without a token that ends a text."""
    from numerate.models import policy

    loaded = policy.load(folder, device="cpu", dtype=dtype)  # pyright: ignore
    for weight in loaded.model.parameters():
        weight.sum()  # reads the pages of the file
    if live:
        loaded.eos_ids = ()
    return loaded


def numerate(folder: str, file: str, rows: int, dtype: str, live: bool) -> None:
    from numerate.models import process_tuning

    process_tuning.tune_process()  # as the command line does, before torch is imported
    from numerate.rollouts.local import LocalEngine
    from numerate.types import Sampling

    policy, prompts = load(folder, dtype, live), read_prompts(file)
    held = reset_peak()
    engine = LocalEngine(policy, slots=rows)

    def work(each: int, tokens: int) -> int:
        done = engine.sample(prompts, each, Sampling(1.0, max_tokens=tokens))
        return sum(len(rollout.turns[-1].ids) for rollout in done)

    measure(work, policy.model, rows, dtype, held)


def transformers(folder: str, file: str, rows: int, dtype: str, live: bool) -> None:
    from benchmarks.generate import generate

    policy = load(folder, dtype, live)
    prompts = [policy.encode_prompt(prompt) for prompt in read_prompts(file)]

    def work(each: int, tokens: int) -> int:
        return generate(policy.model, prompts, each, tokens, policy.pad_id, policy.eos_ids)

    measure(work, policy.model, rows, dtype, reset_peak())


def measure(work: Callable[[int, int], int], model: Any, rows: int, dtype: str, held: float) -> None:
    """Prints the numbers, after a few tokens of every question to warm up. held: MB before any work."""
    work(1, 2)
    before = peak_mb()
    began, cpu = time.perf_counter(), time.process_time()
    tokens = work(rows // QUESTIONS, MAX_TOKENS)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    peak = peak_mb()
    rate = product_rate(model, rows, dtype)
    weights = multiplied(model)
    numbers = {
        "tokens/s": tokens / wall,
        "tokens/cpu s": tokens / used,
        "tokens": tokens,
        "beyond weights": peak - held,
        "more MB": peak - before,
        "product": rate / 1e9,
        "of product": tokens / wall * 2 * weights / rate,
    }
    print(json.dumps(numbers))


def multiplied(model: Any) -> int:
    """Returns how many numbers of its matrices a token is multiplied by: not those of an embedding that is
    no vocabulary head as well."""
    looked_up = model.get_input_embeddings().weight
    tied = looked_up is model.get_output_embeddings().weight
    return sum(p.numel() for p in model.parameters() if p.ndim == 2 and (tied or p is not looked_up))


def product_rate(model: Any, rows: int, dtype: str, seconds: float = 1.0) -> float:
    """Returns the operations per second of a plain product of so many rows with a matrix of the
    model's shape: the best of many calls with several matrices in turn, which are not in the cache."""
    import torch

    from numerate import kernels
    from numerate.models.inference.matrices import PackedMatrix

    kind = {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype]
    width, inner = model.config.hidden_size, 2 * model.config.intermediate_size
    weights = [torch.randn(inner, width) for _ in range(16)]
    x, best, lib = torch.randn(rows, width), 0.0, kernels.compiled_library()
    ours = [PackedMatrix(lib, weight, kind) for weight in weights] if lib else []
    theirs, half = [weight.to(kind).t() for weight in weights], x.to(kind)
    began, number = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        number = (number + 1) % len(weights)
        for multiply in (
            *([lambda n=number: ours[n].product(x)] if ours else []),
            lambda n=number: half @ theirs[n],
        ):
            start = time.perf_counter()
            multiply()
            best = max(best, 2 * rows * width * inner / (time.perf_counter() - start))
    return best


def main(
    folder: Annotated[Path, typer.Argument(help="a model in Hugging Face layout")],
    questions: Annotated[Path, typer.Argument(help=f"JSON Lines with `question`, {QUESTIONS} at least")],
    rounds: Rounds = 3,
    rows: Annotated[str, typer.Option(help="live at the same time: multiples of 8")] = "64",
    threads: Annotated[str, typer.Option(help="each number in turn")] = "1,2",
    dtypes: Annotated[str, typer.Option(help="number formats")] = "float32,bfloat16",
    sides: Annotated[str, typer.Option(help="in this order")] = "numerate,transformers",
    live: Annotated[bool, typer.Option(help="no row ends at EOS")] = False,
    json_file: JsonFile = None,
) -> None:
    """Compare sampling from a real model, each side in a process of its own, in turn; medians."""
    check_model(folder)
    read_questions(questions, QUESTIONS)
    results: dict[str, dict[str, dict[str, float]]] = {}
    paths = str(folder.resolve()), str(questions.resolve())
    for count in counts("--rows", rows, multiple_of=QUESTIONS):
        for dtype in choices("--dtypes", dtypes, DTYPES):
            for number in counts("--threads", threads):
                entries = [
                    call(side, f"real_model.{side}", *paths, count, dtype, live)
                    for side in choices("--sides", sides, SIDES)
                ]
                key = f"{count} {'live ' * live}rows, {dtype}, {number} thread{'s' * (number > 1)}"
                results[key] = sit(entries, rounds, number)
                ratios = ("tokens/s", "beyond weights", "more MB")
                print(f"\n{key}\n{table(results[key], ratio_of=ratios)}\n", flush=True)
    write(json_file, results)


if __name__ == "__main__":
    typer.run(main)
