"""Training steps of a real pretrained model: SFT beside a plain transformers loop, GRPO beside TRL.

python -m benchmarks.real_steps FOLDER DATA [--peer PYTHON] [--rounds 3] [--threads 1,2]
    [--dtypes float32,bfloat16] [--what sft,grpo] [--json FILE]

FOLDER: a model in Hugging Face layout. DATA: the folder of the datasets, with gsm8k/train.jsonl. One step
warms up, then `--steps` are timed.

SFT: a step on 16 demonstrations of GSM8K, the loss on the solutions. Numerate takes the step of `method:
sft`: float32 weights, products in the dtype. The transformers loop has the weights in the dtype; it pads all
rows to the longest, then one forward pass with labels, one backward pass, AdamW, zero_grad. "tokens/s" counts
prompts and solutions, without padding.

GRPO: 4 questions, 8 rollouts each, up to 96 new tokens at temperature 1; see `grpo_sides`. Both have float32
weights and products in the dtype (TRL: `bf16`), TRL its defaults otherwise: eight rows at a time, gradient
checkpointing. Lengths are random, so "tokens/s" counts the sampled tokens of a whole step per second.
PYTHON belongs to an environment with trl; without it only Numerate is measured.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.grpo_sides import RATE, Step, grpo_config, time_stage, time_trainer
from benchmarks.inputs import JsonFile, Rounds, check_model, check_peer, choices, counts
from benchmarks.meter import time_each
from benchmarks.sitting import Entry, call, sit, table, write
from benchmarks.texts import gsm8k

SPEED = ("s/step", "tokens/s")
DTYPES = ("float32", "bfloat16")
KINDS = ("sft", "grpo")


def load_trained(folder: str, dtype: str) -> Any:
    """Returns a policy as a recipe's stage loads it."""
    from numerate.models import policy

    return policy.load(folder, device="cpu", dtype=dtype, trained=True)  # pyright: ignore


def load_transformers(folder: str, dtype: str) -> Any:
    import torch
    import transformers

    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))


def sft_rows(encode: Any, texts: Iterable[tuple[str, str]]) -> list[Any]:
    """Returns demonstrations as rows. encode: a policy, for its tokenizer."""
    from numerate.types import Example, Prompt, Turn

    rows: list[Any] = []
    for question, solution in texts:
        prompt = encode.encode_prompt(Prompt("", (Turn("user", question),)))
        target = encode.encode_target(solution)
        rows.append(Example([*prompt, *target], [False] * len(prompt) + [True] * len(target)))
    return rows


def time_sft(step: Callable[[Any], Any], policy: Any, count: int, steps: int) -> None:
    """Prints the numbers of a side's steps. step: takes an optimizer step on rows."""
    texts = gsm8k(count * (steps + 1))
    if len(texts) < count * (steps + 1):
        raise SystemExit(f"{len(texts)} demonstrations, {count * (steps + 1)} needed: fewer rows or steps")
    batches = [sft_rows(policy, texts[i : i + count]) for i in range(0, len(texts), count)]
    seconds = time_each(step, batches)[1:]
    cpu, wall = (sum(column) for column in zip(*seconds, strict=True))
    tokens = sum(len(row.ids) for rows in batches[1:] for row in rows)
    speed = {"tokens/s": tokens / wall, "tokens/cpu s": tokens / cpu, "s/step": wall / steps}
    print(json.dumps(speed | {"tokens": tokens / steps}))


def sft_numerate(folder: str, dtype: str, rows: int, steps: int) -> None:
    from numerate.models import process_tuning

    process_tuning.tune_process()  # as the command line does, before torch is imported
    from numerate.methods import sft
    from numerate.training import Learner, set_loss_weights

    policy = load_trained(folder, dtype)
    learner = Learner(policy, **sft.Config().fit.learner_options())
    time_sft(lambda some: learner.step(set_loss_weights(some), sft.loss, RATE), policy, rows, steps)


def sft_transformers(folder: str, dtype: str, rows: int, steps: int) -> None:
    import torch

    policy = load_trained(folder, dtype)  # for its tokenizer: both sides have the same tokens
    model = load_transformers(folder, dtype).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)

    def step(some: Sequence[Any]) -> None:
        model(**padded(some, policy.pad_id)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    time_sft(step, policy, rows, steps)


def padded(rows: Sequence[Any], pad: int) -> dict[str, Any]:
    """Returns the arguments of a forward pass on all rows, padded to the longest."""
    import torch

    longest = max(len(row.ids) for row in rows)
    spare = [longest - len(row.ids) for row in rows]
    labels = [[i if trained else -100 for i, trained in zip(r.ids, r.mask, strict=True)] for r in rows]
    return {
        "input_ids": torch.tensor([[*row.ids, *[pad] * n] for row, n in zip(rows, spare, strict=True)]),
        "attention_mask": torch.tensor([[1] * (longest - n) + [0] * n for n in spare]),
        "labels": torch.tensor([[*row, *[-100] * n] for row, n in zip(labels, spare, strict=True)]),
    }


def grpo_numerate(folder: str, dtype: str, *sizes: int) -> None:
    from numerate.models import process_tuning

    process_tuning.tune_process()
    from numerate.methods import grpo

    step = Step(*sizes)
    config = grpo_config(step)
    time_stage(lambda run, job: grpo.train(run, config, job), lambda: load_trained(folder, dtype), step)


def grpo_trl(folder: str, dtype: str, *sizes: int) -> None:
    """Runs in the peer's environment."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    time_trainer(load_transformers(folder, "float32"), tokenizer, Step(*sizes), bf16=dtype == "bfloat16")


def main(
    folder: Annotated[Path, typer.Argument(help="a model in Hugging Face layout")],
    data: Annotated[Path, typer.Argument(help="with gsm8k/train.jsonl in it")],
    peer: Annotated[str, typer.Option(callback=check_peer, help="a Python with trl")] = "",
    rounds: Rounds = 3,
    threads: Annotated[str, typer.Option(help="each number in turn")] = "1,2",
    dtypes: Annotated[str, typer.Option(help="number formats")] = "float32,bfloat16",
    what: Annotated[str, typer.Option(help="kinds of steps")] = "sft,grpo",
    rows: Annotated[int, typer.Option(min=1, help="of an SFT step")] = 16,
    questions: Annotated[int, typer.Option(min=1, help="of a GRPO step")] = 4,
    rollouts: Annotated[int, typer.Option(min=1, help="per question")] = 8,
    tokens: Annotated[int, typer.Option(min=1, help="of a rollout, at most")] = 96,
    steps: Annotated[int, typer.Option(min=1, help="that are timed, per round")] = 1,
    json_file: JsonFile = None,
) -> None:
    """Compare training steps of a real model, each side in a process of its own, in turn; medians."""
    os.environ["NUMERATE_DATA"] = str(data.resolve())
    check_model(folder)
    gsm8k(1)  # raises where there is no such file
    model = str(folder.resolve())

    def entries(kind: str, dtype: str) -> list[Entry]:
        if kind == "sft":
            sides = ("numerate", "transformers")
            return [call(side, f"real_steps.sft_{side}", model, dtype, rows, steps) for side in sides]
        sizes = (model, dtype, questions, rollouts, tokens, steps)
        own = call("numerate", "real_steps.grpo_numerate", *sizes)
        return [own, call("TRL", "real_steps.grpo_trl", *sizes, python=peer)] if peer else [own]

    results: dict[str, dict[str, dict[str, float]]] = {}
    for kind in choices("--what", what, KINDS):
        for dtype in choices("--dtypes", dtypes, DTYPES):
            for number in counts("--threads", threads):
                key = f"{kind}, {dtype}, {number} thread{'s' * (number > 1)}"
                results[key] = sit(entries(kind, dtype), rounds, number)
                print(f"\n{key}\n{table(results[key], ratio_of=SPEED)}\n", flush=True)
    write(json_file, results)


if __name__ == "__main__":
    typer.run(main)
