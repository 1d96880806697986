"""A whole step of GRPO per processor second, beside TRL's GRPOTrainer with its defaults, and a step of PPO.

python -m benchmarks.grpo_step --peer PYTHON [--size 5m] [--rounds 3] [--json FILE]

8 problems of GSM8K, 8 rollouts each, up to 128 new tokens at temperature 1; the same random model and
tokenizer, one thread; see `grpo_sides`. Texts end by chance, after some 60 tokens in the mean.

PYTHON belongs to an environment with trl (`pip install trl datasets accelerate`); without it only Numerate is
measured. TRL's defaults: eight rows at a time, gradient checkpointing. `--plain` switches the checkpointing
off. PPO learns from as many rollouts in one optimizer step, with a value branch of two layers and a KL
penalty to the reference policy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from benchmarks import random_model as made
from benchmarks.grpo_sides import RATE, Step, grpo_config, time_stage, time_trainer
from benchmarks.inputs import JsonFile, Rounds, check_peer, choices
from benchmarks.sitting import call, sit, table, write
from benchmarks.texts import bpe, gsm8k

STEP = Step(problems=8, rollouts=8, max_tokens=128, steps=3)


def grpo(size: str) -> None:
    from numerate.methods import grpo

    measure(size, lambda run, job: grpo.train(run, grpo_config(STEP), job))


def ppo(size: str) -> None:
    from numerate.methods import ppo
    from numerate.methods.ppo.value_network import Value
    from numerate.methods.shared.options import PolicyFit, Sample

    sample = Sample(problems=STEP.problems, rollouts=STEP.rollouts, max_tokens=STEP.max_tokens)
    cfg = ppo.Config(steps=STEP.steps + 1, sample=sample, fit=PolicyFit(lr=RATE), value=Value(layers=2))
    measure(size, lambda run, job: ppo.train(run, cfg, job))


def measure(size: str, train: Callable[[Any, Any], Any]) -> None:
    from numerate.models import process_tuning
    from numerate.models.policy import Policy

    process_tuning.tune_process()  # as the command line does
    time_stage(train, lambda: Policy(made.model(size), bpe(gsm8k(), made.SHAPES[size][-1])), STEP)


def theirs(size: str, plain: bool) -> None:
    """Runs in the peer's environment."""
    options = {"gradient_checkpointing": False} if plain else {}
    tokenizer = bpe(gsm8k(), made.SHAPES[size][-1])
    time_trainer(made.model(size), tokenizer, STEP, bf16=False, **options)


def main(
    peer: Annotated[str, typer.Option(callback=check_peer, help="a Python with trl")] = "",
    size: Annotated[str, typer.Option(help="of the random model: 1m, 5m or 25m parameters")] = "5m",
    rounds: Rounds = 3,
    plain: Annotated[bool, typer.Option(help="TRL without gradient checkpointing")] = False,
    json_file: JsonFile = None,
) -> None:
    """Compare a step of GRPO, Numerate and TRL in turn; a step of PPO beside them."""
    [size] = choices("--size", size, made.SHAPES)[:1]
    entries = [call(name, f"grpo_step.{name}", size) for name in ("grpo", "ppo")]
    if peer:
        entries.append(call("TRL's grpo", "grpo_step.theirs", size, plain, python=peer))
    results = sit(entries, rounds)
    print(f"\n{size}\n{table(results, ratio_of=('rollouts/cpu s', 'rollouts/s'))}\n")
    write(json_file, {size: results})


if __name__ == "__main__":
    typer.run(main)
