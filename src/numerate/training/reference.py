"""Reference policy: log-probabilities of the same tokens under a frozen model."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from torch import nn

from numerate.training.learner import Learner
from numerate.training.old_logprobs import recompute_logprobs
from numerate.training.trainable import Trainable
from numerate.types import Example


class Reference:
    """A frozen policy. The base of a policy with trained adapters needs no second copy of the weights."""

    def __init__(self, frozen: Trainable | None, **settings: Any) -> None:
        """Creates a reference. frozen: a model of its own, without gradients; None: the learner's own without
        its adapters. settings: of the learner that holds it, for its memory."""
        self.own: Learner | None = None
        if frozen:
            frozen.model.requires_grad_(False)
            self.own = Learner(frozen, optimizers=lambda _: [], **settings)

    def logprobs(self, learner: Learner, rows: Sequence[Example]) -> list[list[float]]:
        """Returns log-probabilities of each row, one per id, 0 off the trained tokens."""
        if self.own:
            return recompute_logprobs(self.own, rows)
        with without_adapters(learner.policy.model):
            return recompute_logprobs(learner, rows)


def without_adapters(model: nn.Module) -> AbstractContextManager[None]:
    """Returns a context in which the model is computed without its adapters."""
    adapted: Any = next((m for m in model.modules() if hasattr(m, "peft_config")), None)
    assert adapted is not None, "a model without adapters needs a reference of its own"
    return adapted.disable_adapter()
