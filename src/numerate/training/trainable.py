"""Interface of the networks that the learner trains: a policy, a score model or an evaluator."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch


class Trainable(Protocol):
    name: str

    @property
    def model(self) -> Any: ...

    @property
    def pad_id(self) -> int: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def compute(self) -> torch.dtype: ...

    def autocast(self) -> AbstractContextManager[Any]: ...
