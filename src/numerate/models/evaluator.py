"""An evaluator: a causal language model whose next word after a question about a solution, ` correct` or
` incorrect`, is its judgement. On disk a language model like any other, with `judge.json` beside it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from numerate.models.judge_config import WORDS, Card, write_card
from numerate.models.lora import Lora
from numerate.models.policy import Policy
from numerate.models.reward_model import EncodedSolution
from numerate.prompts import evaluation_prompt
from numerate.store import replace_folder
from numerate.types import Problem, Prompt, Turn


class EvaluatorModel:
    """Evaluator: a language model with the configuration in `judge.json`. Raises ValueError where the
    tokenizer cuts one of the two words into pieces."""

    def __init__(self, policy: Policy, card: Card) -> None:
        self.policy = policy
        self.name = policy.name
        self.card = card
        self.words = word_ids(policy)
        self.room = min(card.max_length, policy.context or card.max_length)

    @property
    def model(self) -> Any:
        return self.policy.model

    @property
    def pad_id(self) -> int:
        return self.policy.pad_id

    @property
    def device(self) -> torch.device:
        return self.policy.device

    @property
    def compute(self) -> torch.dtype:
        return self.policy.compute

    def autocast(self) -> AbstractContextManager[Any]:
        return self.policy.autocast()

    def adapt(self, lora: Lora | None) -> None:
        self.policy.add_lora(lora)

    def encode_solution(self, problem: Problem, steps: Sequence[str]) -> EncodedSolution:
        """Returns the tokens of the question about a solution; the judgement is read at the last one. Late
        steps are dropped until it fits; a solution of which nothing fits has no position to be read at."""
        for kept in range(len(steps), 0, -1):
            common, rest = evaluation_prompt(problem, "\n".join(steps[:kept]))
            prompt_ids = self.policy.encode_prompt(Prompt(problem.id, (Turn("user", common),)))
            ids = prompt_ids + self.policy.encode_target(rest)[:-1]
            if len(ids) <= self.room:
                return EncodedSolution(ids, len(prompt_ids), (len(ids) - 1,), len(steps) - kept)
        return EncodedSolution([], 0, (), len(steps))

    def save(self, directory: str | Path) -> Path:
        """Saves the language model (LoRA merged) and its card; the directory appears at once and whole."""
        target = Path(directory)
        with replace_folder(target) as fresh:
            self.policy.save_files(fresh)
            write_card(fresh, self.card)
        return target


def word_ids(policy: Policy) -> tuple[int, int]:
    """Returns the tokens of ` correct` and ` incorrect`."""
    encoded = [policy.encode_target(word)[:-1] for word in WORDS]
    for word, ids in zip(WORDS, encoded, strict=True):
        if len(ids) != 1:
            pieces = " + ".join(repr(policy.decode([i])) for i in ids)
            raise ValueError(
                f"model {policy.name!r}: its tokenizer splits {word!r} into {pieces}, and an "
                "evaluator needs one token: choose another model, or train an outcome_reward_model"
            )
    return encoded[0][0], encoded[1][0]
