"""One policy update per processor second, beside TRL's layout of the same rows, on random models, one thread.

python -m benchmarks.update [--sizes 1m,5m] [--samples 8,32] [--rows 128] [--rounds 3] [--json FILE]

Both take a clipped-ratio step with AdamW on the same completions. TRL's layout: random order, eight rows at a
time, prompts padded on the left and completions on the right, the prompt computed again for each of its K
completions, no gradient checkpointing (which TRL's defaults add, and which costs more time).
"""

from __future__ import annotations

import json
import random
import resource
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import torch
import typer
from torch import Tensor

from benchmarks import random_model as made
from benchmarks.inputs import JsonFile, Rounds, choices, counts
from benchmarks.sitting import call, sit, table, write
from numerate.types import Example

MOST = 128
"""tokens of a completion"""
CLIP = 0.2
RATE = 1e-5


def sampled(vocabulary: int, samples: int, count: int) -> list[Example]:
    """`count` rows, K per prompt, completions of geometric lengths around 64."""
    r = random.Random(2)
    rows: list[Example] = []
    for prompt in made.prompts(max(1, count // samples), vocabulary):
        for _ in range(samples):
            length = 1
            while length < MOST and r.random() > 1 / made.MEAN_LENGTH:
                length += 1
            completion = [r.randrange(3, vocabulary) for _ in range(length)]
            row = Example([*prompt, *completion], [False] * len(prompt) + [True] * length)
            noise = [0.0] * len(prompt) + [r.gauss(0, 0.05) for _ in completion]
            rows.append(row.with_token(noise=noise, advantage=[r.gauss(0, 1)] * len(row.ids)))
    return rows


def clipped(logp: Tensor, old: Tensor, advantage: Tensor) -> Tensor:
    ratio = (logp - old).exp()
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - CLIP, 1 + CLIP) * advantage)


def mine(size: str, samples: int, count: int) -> None:
    from numerate.models import process_tuning
    from numerate.models.policy import Policy
    from numerate.training import Learner, set_loss_weights, token_logprobs

    process_tuning.tune_process()  # as the command line does
    net = made.model(size)
    rows = set_loss_weights(sampled(net.config.vocab_size, samples, count))
    learner = Learner(Policy(net, made.tokenizer(net.config.vocab_size)))

    def loss(model: Any, batch: Any) -> tuple[Tensor, dict[str, float]]:
        logp_BT = token_logprobs(model, batch)
        old_BT = logp_BT.detach() + batch.token["noise"]
        value = clipped(logp_BT, old_BT, batch.token["advantage"]) * batch.token["weight"]
        return value[batch.mask_BT].sum(), {}

    measure(lambda: learner.step(rows, loss, RATE), rows, 6 * made.matrix_parameters(net))


def theirs(size: str, samples: int, count: int, at_once: int = 8) -> None:
    net = made.model(size).train()
    rows = sampled(net.config.vocab_size, samples, count)
    total = sum(sum(row.mask) for row in rows)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, fused=True)

    def work() -> None:
        order = random.Random(3).sample(rows, len(rows))
        for at in range(0, len(order), at_once):
            padded_loss(net, order[at : at + at_once], total).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    measure(work, rows, 6 * made.matrix_parameters(net))


def padded_loss(net: Any, rows: Sequence[Example], total: int) -> Tensor:
    """Prompts end and completions begin in the same column."""
    prompt = [row.mask.index(True) for row in rows]
    left, right = max(prompt), max(len(row.ids) - p for row, p in zip(rows, prompt, strict=True))

    def column(cells: Sequence[Sequence[float]], dtype: torch.dtype) -> Tensor:
        out = torch.zeros(len(rows), left + right, dtype=dtype)
        for i, (numbers, p) in enumerate(zip(cells, prompt, strict=True)):
            out[i, left - p : left - p + len(numbers)] = torch.tensor(numbers, dtype=dtype)
        return out

    ids = column([row.ids for row in rows], torch.long)
    seen = column([[1] * len(row.ids) for row in rows], torch.long)
    logits = net(input_ids=ids, attention_mask=seen, logits_to_keep=right + 1, use_cache=False).logits[:, :-1]
    logp = logits.gather(-1, ids[:, left:, None])[..., 0] - logits.logsumexp(-1)
    noise = column([row.token["noise"] for row in rows], torch.float32)[:, left:]
    advantage = column([row.token["advantage"] for row in rows], torch.float32)[:, left:]
    value = clipped(logp, logp.detach() + noise, advantage)
    return (value * column([row.mask for row in rows], torch.float32)[:, left:]).sum() / total


def measure(work: Callable[[], Any], rows: Sequence[Example], operations: int) -> None:
    """One step to warm up, one that counts. The ceiling: a product for every token of every row, a prompt
    counted once."""
    work()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu = time.perf_counter(), time.process_time()
    work()
    seconds, wall = time.process_time() - cpu, time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    prompts = {tuple(row.ids[: row.mask.index(True)]) for row in rows}
    needed = sum(sum(row.mask) for row in rows) + sum(map(len, prompts))
    numbers = {
        "rows/cpu s": len(rows) / seconds,
        "rows/s": len(rows) / wall,
        "of ceiling": needed * operations / seconds / made.gemm_rate(),
        "peak MB": after / 1024,
        "more MB": (after - before) / 1024,
    }
    print(json.dumps(numbers))


def main(
    sizes: Annotated[str, typer.Option(help="of the random model: 1m, 5m, 25m parameters")] = "1m,5m",
    samples: Annotated[str, typer.Option(help="of each question: K")] = "8,32",
    rows: Annotated[int, typer.Option(min=1, help="of an update")] = 128,
    rounds: Rounds = 3,
    json_file: JsonFile = None,
) -> None:
    """Compare a policy update, Numerate and TRL's layout in turn."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size in choices("--sizes", sizes, made.SHAPES):
        for k in counts("--samples", samples):
            sides = (("numerate", "mine"), ("TRL's layout", "theirs"))
            entries = [call(name, f"update.{function}", size, k, rows) for name, function in sides]
            key = f"{size} K={k}"
            results[key] = sit(entries, rounds)
            print(f"\n{key}\n{table(results[key], ratio_of=('rows/cpu s', 'rows/s'))}\n")
    write(json_file, results)


if __name__ == "__main__":
    typer.run(main)
