"""Timed steps of GRPO with a model and questions of GSM8K: a stage of Numerate, and TRL's GRPOTrainer.

A step is all of it: sampling, the reward, log pi_old, one optimizer step; Numerate stores the rollouts, too.
The reward is the share of vowels, so that every group has rollouts with different rewards. Prints one JSON
object of numbers: "tokens" is the mean length of a rollout.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.texts import gsm8k

RATE = 1e-5
REWARD = "benchmarks.grpo_sides.vowels"


def vowels(completions: Sequence[str], **_: Any) -> list[float]:
    return [sum(letter in "aeiou" for letter in text) / max(1, len(text)) for text in completions]


@dataclass(frozen=True, slots=True)
class Step:
    """The rollouts of a step, and how many steps are timed, after one that warms up."""

    problems: int
    rollouts: int
    max_tokens: int
    steps: int


def time_stage(train: Callable[[Any, Any], Any], load: Callable[[], Any], step: Step) -> None:
    """Runs a stage as a recipe runs it; its steps are timed by their lines in the log."""
    from numerate.progress import QuietProgress
    from numerate.rollouts.job import Job
    from numerate.rollouts.local import LocalEngine
    from numerate.store import read_rollouts
    from numerate.training import Stage
    from numerate.types import Problem

    clock = Clock()
    texts = gsm8k(step.problems * (step.steps + 1))

    class TimedStage(Stage):
        def log(self, stats: Any, **notes: Any) -> None:
            super().log(stats, **notes)
            clock.tick()

    job = Job(
        model="base",
        problems=[Problem(str(i), question.strip(), "0", text) for i, (question, text) in enumerate(texts)],
        validation=[],
        style="plain",
        load=lambda _: load(),
        load_dir=lambda _: load(),
        engine=LocalEngine,
        max_tokens=step.max_tokens,
        trust=[REWARD.rpartition(".")[0]],
    )
    with tempfile.TemporaryDirectory() as folder:
        train(TimedStage(Path(folder), 0, QuietProgress(), save_seconds=1e9), job)
        rollouts = [scored.rollout for scored in read_rollouts(Path(folder) / "rollouts")]
    clock.report(step, [sum(rollout.mask) for rollout in rollouts])


def grpo_config(step: Step) -> Any:
    """Returns the options of Numerate's stage."""
    from numerate.methods import grpo
    from numerate.methods.shared.options import PolicyFit, Sample

    sample = Sample(problems=step.problems, rollouts=step.rollouts, max_tokens=step.max_tokens)
    return grpo.Config(steps=step.steps + 1, sample=sample, fit=PolicyFit(lr=RATE), rewards=(REWARD,))


def time_trainer(model: Any, tokenizer: Any, step: Step, **options: Any) -> None:
    """Runs TRL's trainer with its defaults, in its environment. options: of GRPOConfig."""
    import datasets  # pyright: ignore
    import transformers
    import trl  # pyright: ignore

    transformers.logging.set_verbosity_error()
    clock = Clock()
    rows = [{"prompt": question} for question, _ in gsm8k(step.problems * (step.steps + 1))]
    lengths: list[int] = []

    def reward(completions: Sequence[str], completion_ids: Sequence[Sequence[int]], **_: Any) -> list[float]:
        lengths.extend(map(len, completion_ids))
        return vowels(completions)

    class Ticking(transformers.TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            clock.tick()

    with tempfile.TemporaryDirectory() as folder:
        config = trl.GRPOConfig(
            output_dir=folder,
            max_steps=step.steps + 1,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=step.problems * step.rollouts // 8,
            num_generations=step.rollouts,
            max_completion_length=step.max_tokens,
            learning_rate=RATE,
            use_cpu=True,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            **options,
        )
        trainer = trl.GRPOTrainer(
            model=model,
            args=config,
            reward_funcs=reward,
            train_dataset=datasets.Dataset.from_list(rows),
            processing_class=tokenizer,
            callbacks=[Ticking()],
        )
        trainer.train()
    clock.report(step, lengths)


class Clock:
    """Times from the end of one step to the end of the next; the first step warms up."""

    def __init__(self) -> None:
        self.ticks: list[tuple[float, float]] = []

    def tick(self) -> None:
        self.ticks.append((time.process_time(), time.perf_counter()))

    def report(self, step: Step, lengths: Sequence[int]) -> None:
        """Prints the numbers. lengths: of the rollouts of all steps, in order."""
        count = step.problems * step.rollouts
        assert len(self.ticks) == step.steps + 1 and len(lengths) == count * (step.steps + 1)
        first, last = self.ticks[0], self.ticks[-1]
        cpu, wall = ((b - a) / step.steps for a, b in zip(first, last, strict=True))
        tokens = sum(lengths[count:]) / step.steps
        speed = {"rollouts/cpu s": count / cpu, "rollouts/s": count / wall, "tokens/s": tokens / wall}
        print(json.dumps(speed | {"cpu s/step": cpu, "s/step": wall, "tokens": tokens / count}))
