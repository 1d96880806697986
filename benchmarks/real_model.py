"""Sampling from a real pretrained model, beside transformers' generate: tokens per second and memory.

python -m benchmarks.real_model FOLDER QUESTIONS [--rounds 3] [--rows 64,256] [--threads 1,2] [--json FILE]

FOLDER: a model in Hugging Face layout. QUESTIONS: JSON Lines with `question`. 8 questions, sampled rows / 8
times each with up to 96 new tokens at temperature 1, in float32 and bfloat16. `product`: GFLOP/s of a plain
product of so many rows, the better of torch's and Numerate's, at the model's widest matrix; `of product`: the
share of it that sampling reaches, with two operations for each number of a matrix and token.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.sitting import ROOT

QUESTIONS = 8
MAX_TOKENS = 96


def read_questions(file: str) -> list[str]:
    lines = Path(file).read_text(encoding="utf-8").splitlines()[:QUESTIONS]
    return [json.loads(line)["question"] for line in lines]


def numerate(folder: str, file: str, rows: int, dtype: str) -> None:
    from numerate.models import policy, process_tuning
    from numerate.rollouts.local import LocalEngine
    from numerate.types import Prompt, Sampling, Turn

    process_tuning.tune_process()  # as the command line does
    model = policy.load(folder, device="cpu", dtype=dtype)  # pyright: ignore
    engine = LocalEngine(model, slots=rows)
    asked = [Prompt(str(i), (Turn("user", text),)) for i, text in enumerate(read_questions(file))]

    def work(each: int, tokens: int) -> int:
        done = engine.sample(asked, each, Sampling(1.0, max_tokens=tokens))
        return sum(len(rollout.turns[-1].ids) for rollout in done)

    measure(work, model.model, rows, dtype)


def transformers(folder: str, file: str, rows: int, dtype: str) -> None:
    import torch

    from numerate.models import policy
    from numerate.types import Prompt, Turn

    model = policy.load(folder, device="cpu", dtype=dtype)  # pyright: ignore
    ids = [list(model.encode_prompt(Prompt("", (Turn("user", text),)))) for text in read_questions(file)]
    longest, pad = max(map(len, ids)), model.pad_id
    left = torch.tensor([[pad] * (longest - len(row)) + row for row in ids])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids])

    @torch.no_grad()
    def work(each: int, tokens: int) -> int:
        out = model.model.generate(
            input_ids=left,
            attention_mask=mask,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=tokens,
            num_return_sequences=each,
            pad_token_id=pad,
            eos_token_id=list(model.eos_ids),
        )[:, longest:]
        ends = torch.isin(out, torch.tensor(model.eos_ids)).int().cumsum(1)
        return int((ends - torch.isin(out, torch.tensor(model.eos_ids)).int() == 0).sum())

    measure(work, model.model, rows, dtype)


def measure(work: Callable[[int, int], int], model: Any, rows: int, dtype: str) -> None:
    """After a few tokens of every question to warm up."""
    work(1, 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu = time.perf_counter(), time.process_time()
    tokens = work(rows // QUESTIONS, MAX_TOKENS)
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    rate = product_rate(model, rows, dtype)
    numbers = sum(p.numel() for p in model.parameters() if p.ndim == 2)
    print(
        json.dumps(
            {
                "tokens/s": tokens / wall,
                "tokens/cpu s": tokens / used,
                "tokens": tokens,
                "more MB": more / 1024,
                "product": rate / 1e9,
                "of product": tokens / wall * 2 * numbers / rate,
            }
        )
    )


def product_rate(model: Any, rows: int, dtype: str, seconds: float = 1.0) -> float:
    """Operations per second of a plain product of so many rows with a matrix of the model's shape, the best
    of many calls with several matrices in turn, which are not in the cache."""
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
    folder: Path,
    questions: Path,
    rounds: int = 3,
    rows: str = "64",
    threads: str = "1,2",
    dtypes: str = "float32,bfloat16",
    sides: str = "numerate,transformers",
    json_file: Annotated[Path | None, typer.Option("--json")] = None,
) -> None:
    """Compare sampling from a real model, each side in a process of its own, in turn; medians."""
    results: dict[str, dict[str, float]] = {}
    for count in map(int, rows.split(",")):
        for dtype in dtypes.split(","):
            for number in map(int, threads.split(",")):
                runs: dict[str, list[dict[str, float]]] = {side: [] for side in sides.split(",")}
                for _ in range(rounds):
                    for side in runs:
                        runs[side].append(one_run(side, str(folder), str(questions), count, dtype, number))
                for side, found in runs.items():
                    key = f"{side}, {count} rows, {dtype}, {number} thread{'s' * (number > 1)}"
                    results[key] = {name: statistics.median(run[name] for run in found) for name in found[0]}
                    values = ", ".join(f"{name} {value:.3g}" for name, value in results[key].items())
                    print(f"{key}: {values}", flush=True)
    if json_file:
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def one_run(side: str, folder: str, file: str, rows: int, dtype: str, threads: int) -> dict[str, float]:
    call = f"import benchmarks.real_model as b; b.{side}({folder!r}, {file!r}, {rows}, {dtype!r})"
    counts = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", call],
        capture_output=True,
        text=True,
        env={**os.environ, **counts, "PYTHONPATH": path},
        cwd=ROOT,
    )
    if done.returncode:
        raise SystemExit(f"{side} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    typer.run(main)
