"""Interface of a forward pass for the local engine; `models.inference.torch` and `.hf` implement it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class KeepingBackend(Protocol):
    """A backend that keeps the keys and values of rows outside its batch."""

    def take_out(self, row: int) -> Any:
        """Returns a row with its keys and values; the caller drops it from the batch."""
        ...

    def put_back(self, kept: Any) -> None:
        """Adds such a row at the end of the batch."""
        ...

    def free_kept(self, kept: Any) -> None:
        """Frees what is kept of a row that will not come back."""
        ...


class Backend(Protocol):
    """Rows of a running batch, each a sample: a prompt, run once, and what was written after it."""

    join_at: float
    """new rows are let in once this share of the slots is free; 0: at once"""
    mixes: bool
    """whether rows of different prompts may share the batch"""
    shares_prompts: bool
    """whether the rows of a prompt hold its keys and values once"""

    def prefill(self, ids: Sequence[int]) -> tuple[Any, Tensor]:
        """Runs a prompt. Returns what `join` takes, and the logits after its last token, [V]."""
        ...

    def join(self, prompt: Any, rows: int) -> None:
        """Adds so many rows at the end of the batch, each at the end of the prompt."""
        ...

    def close(self, prompt: Any) -> None:
        """Marks a prompt as complete: no more rows of it will be added."""
        ...

    def step(self, token_B: Tensor) -> Tensor:
        """Appends one token to every row; returns the logits after it, [B, V]."""
        ...

    def drop(self, gone: Sequence[int]) -> list[int]:
        """Removes rows (numbers in ascending order). Returns the former number of each row that is left."""
        ...
