"""A game that a tiny model learns in a few steps: the real engine, and a reward for letters from a to m."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numerate.models.policy import Policy
from numerate.rollouts.job import Job
from numerate.rollouts.local import LocalEngine
from numerate.types import Engine, Prompt, Sampling
from tests import tiny
from tests.methods.toy import job

PATH = "tests.methods.arms.early_letters"


def early_letters(completions: Sequence[str], **columns: Any) -> list[float]:
    """The share of characters that are letters from a to m."""
    return [len(re.findall("[a-m]", text)) / max(1, len(text)) for text in completions]


def often_early(completions: Sequence[str], **columns: Any) -> list[float]:
    """Right where more than a tenth of the characters are letters from a to m."""
    return [float(share > 0.1) for share in early_letters(completions)]


class Mortal:
    """The local engine, until it has been asked so many times."""

    def __init__(self, policy: Policy, asked: list[int] | None) -> None:
        self.engine, self.asked = LocalEngine(policy, slots=64), asked

    def sync(self, policy: Policy) -> None:
        self.engine.sync(policy)

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Any:
        if self.asked:
            self.asked[0] -= 1
            if not self.asked[0]:
                raise KeyboardInterrupt
        return self.engine.sample(prompts, n, params)


def game(folder: Path, die_after: list[int] | None = None, **more: Any) -> Job:
    if not (folder / "base").exists():
        tiny.make(folder / "base", spread=4.0)
        tiny.make(folder / "teacher", seed=1, spread=8.0)

    def engine(policy: Policy) -> Engine:
        return Mortal(policy, die_after)

    return replace(job(folder, **more), engine=engine)
