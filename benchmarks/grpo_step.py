"""A whole step of GRPO per processor second, beside TRL's GRPOTrainer with its defaults, and a step of PPO.

python -m benchmarks.grpo_step --peer PYTHON [--size 5m] [--rounds 3] [--json FILE]

8 problems of GSM8K, 8 rollouts each, up to 128 new tokens at temperature 1; the same random model and
tokenizer, one thread. A step is all of it: sampling, the reward, log pi_old, one optimizer step; Numerate
stores the rollouts, too. Texts end by chance, after some 60 tokens in the mean: "tokens" is the mean length
of a rollout. The reward is the share of vowels, so that every group has rollouts with different rewards.

PYTHON belongs to an environment with trl (`pip install trl datasets accelerate`); without it only Numerate is
measured. TRL's defaults: eight rows at a time, gradient checkpointing. `--plain` switches the checkpointing
off. PPO learns from as many rollouts in one optimizer step, with a value branch of two layers and a KL
penalty to the reference policy.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import random_model as made
from benchmarks.sitting import Entry, sit, table
from benchmarks.texts import bpe, gsm8k

PROBLEMS, ROLLOUTS, MAX_TOKENS = 8, 8, 128
STEPS = 3
RATE = 1e-5
REWARD = "benchmarks.grpo_step.vowels"


def vowels(completions: Sequence[str], **_: Any) -> list[float]:
    return [sum(letter in "aeiou" for letter in text) / max(1, len(text)) for text in completions]


def grpo(size: str) -> None:
    from numerate.methods import grpo
    from numerate.methods.shared.options import PolicyFit, Sample

    sample = Sample(problems=PROBLEMS, rollouts=ROLLOUTS, max_tokens=MAX_TOKENS)
    cfg = grpo.Config(steps=STEPS + 1, sample=sample, fit=PolicyFit(lr=RATE), rewards=(REWARD,))
    measure(size, lambda run, job: grpo.train(run, cfg, job))


def ppo(size: str) -> None:
    from numerate.methods import ppo
    from numerate.methods.ppo.value_network import Value
    from numerate.methods.shared.options import PolicyFit, Sample

    sample = Sample(problems=PROBLEMS, rollouts=ROLLOUTS, max_tokens=MAX_TOKENS)
    cfg = ppo.Config(steps=STEPS + 1, sample=sample, fit=PolicyFit(lr=RATE), value=Value(layers=2))
    measure(size, lambda run, job: ppo.train(run, cfg, job))


def measure(size: str, train: Callable[[Any, Any], Any]) -> None:
    """A stage as a recipe runs it; its steps are timed by their lines in the log."""
    from numerate.models import process_tuning
    from numerate.models.policy import Policy
    from numerate.progress import QuietProgress
    from numerate.rollouts.job import Job
    from numerate.rollouts.local import LocalEngine
    from numerate.store import read_rollouts
    from numerate.training import Stage
    from numerate.types import Problem

    process_tuning.tune_process()  # as the command line does
    texts = gsm8k()
    vocabulary = made.SHAPES[size][-1]
    problems = [Problem(str(i), asked.strip(), "0", told) for i, (asked, told) in enumerate(texts)]
    clock = Clock()

    class Timed(Stage):
        def log(self, stats: Any, **notes: Any) -> None:
            super().log(stats, **notes)
            clock.tick()

    job = Job(
        model="base",
        problems=problems[: PROBLEMS * (STEPS + 1)],
        validation=[],
        style="plain",
        load=lambda _: Policy(made.model(size), bpe(texts, vocabulary)),
        load_dir=lambda _: Policy(made.model(size), bpe(texts, vocabulary)),
        engine=LocalEngine,
        max_tokens=MAX_TOKENS,
    )
    with tempfile.TemporaryDirectory() as folder:
        train(Timed(Path(folder), 0, QuietProgress(), save_seconds=1e9), job)
        rollouts = [scored.rollout for scored in read_rollouts(Path(folder) / "rollouts")]
    lengths = [sum(rollout.mask) for rollout in rollouts]
    clock.tell(sum(lengths) / len(lengths))


def theirs(size: str, plain: bool) -> None:
    """Runs in the peer's environment."""
    import datasets  # pyright: ignore
    import transformers
    import trl  # pyright: ignore

    transformers.logging.set_verbosity_error()
    texts = gsm8k()
    net, tok = made.model(size), bpe(texts, made.SHAPES[size][-1])
    rows = [{"prompt": asked} for asked, _ in texts[: PROBLEMS * (STEPS + 1)]]
    lengths: list[int] = []
    clock = Clock()

    def reward(completions: Sequence[str], completion_ids: Sequence[Sequence[int]], **_: Any) -> list[float]:
        lengths.extend(map(len, completion_ids))
        return vowels(completions)

    class Ticking(transformers.TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.tick()

    with tempfile.TemporaryDirectory() as folder:
        more = {"gradient_checkpointing": False} if plain else {}
        options = trl.GRPOConfig(
            output_dir=folder,
            max_steps=STEPS + 1,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=PROBLEMS * ROLLOUTS // 8,
            num_generations=ROLLOUTS,
            max_completion_length=MAX_TOKENS,
            learning_rate=RATE,
            use_cpu=True,
            bf16=False,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            **more,
        )
        trainer = trl.GRPOTrainer(
            model=net,
            args=options,
            reward_funcs=reward,
            train_dataset=datasets.Dataset.from_list(rows),
            processing_class=tok,
            callbacks=[Ticking()],
        )
        trainer.train()
    clock.tell(sum(lengths) / len(lengths))


class Clock:
    """Times from the end of one step to the end of the next; the first step warms up."""

    def __init__(self) -> None:
        self.ticks: list[tuple[float, float]] = []

    def tick(self) -> None:
        self.ticks.append((time.process_time(), time.perf_counter()))

    def tell(self, tokens: float) -> None:
        assert len(self.ticks) == STEPS + 1
        first, last = self.ticks[0], self.ticks[-1]
        cpu, wall = ((b - a) / STEPS for a, b in zip(first, last, strict=True))
        rollouts = PROBLEMS * ROLLOUTS
        found = {"rollouts/cpu s": rollouts / cpu, "rollouts/s": rollouts / wall}
        print(json.dumps(found | {"cpu s/step": cpu, "s/step": wall, "tokens": tokens}))


def main(
    peer: Annotated[str, typer.Option(help="a Python with trl")] = "",
    size: str = "5m",
    rounds: int = 3,
    plain: Annotated[bool, typer.Option(help="TRL without gradient checkpointing")] = False,
    json_file: Annotated[Path | None, typer.Option("--json")] = None,
) -> None:
    """Compare a step of GRPO, Numerate and TRL in turn; a step of PPO beside them."""
    call = "import benchmarks.grpo_step as b; b."
    entries = [Entry(n, [sys.executable, "-c", f"{call}{n}({size!r})"]) for n in ("grpo", "ppo")]
    if peer:
        entries.append(Entry("TRL's grpo", [peer, "-c", f"{call}theirs({size!r}, {plain})"]))
    found = sit(entries, rounds)
    print(f"\n{size}\n{table(found, ratio_of=('rollouts/cpu s', 'rollouts/s'))}\n")
    if json_file:
        json_file.write_text(json.dumps({size: found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
