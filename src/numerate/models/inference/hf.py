"""Any causal language model, through its own forward pass and cache, behind the engine's Backend interface.

The rows are right-aligned: each has blanks before it, hidden by the attention mask, so that every row's
next token goes to the same column. Rows that left are computed on until they are an eighth of the batch:
taking them out copies the whole cache. A model with another kind of cache (sliding windows, recurrent
states) samples one prompt at a time, where all rows have the same length and nothing is hidden."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from numerate.models.value_head import capture_activations


@dataclass(slots=True)
class PrefilledPrompt:
    cache: Any
    """of one row"""
    length: int


class PlainForward:
    """Backend over `model.forward`. It reads the model's live weights, adapters included."""

    shares_prompts = False

    def __init__(
        self,
        model: Any,
        within: Callable[[], AbstractContextManager[Any]] = nullcontext,
        more: Tensor | None = None,
    ) -> None:
        """Creates a forward pass. within: context of the model's calls, such as `Policy.autocast`. more: rows
        [C, D] of a further head, on a model whose activations `models.value_head.capture_activations`
        captures; its outputs follow the logits."""
        self.model = model
        self.within = within
        self.more = more
        base = model.get_base_model() if hasattr(model, "peft_config") else model
        self.takes = inspect.signature(base.forward).parameters.keys()
        self.device = next(model.parameters()).device
        self.mixes = False  # known after the first prompt
        self.join_at = 0.25
        self.cache: Any = None
        self.mask_BT = torch.ones(0, 0, dtype=torch.long, device=self.device)
        self.length_B = torch.zeros(0, dtype=torch.long, device=self.device)
        self.alive = torch.zeros(0, dtype=torch.long, device=self.device)
        """places in the batch of the rows that have not left"""

    def prefill(self, ids: Sequence[int]) -> tuple[PrefilledPrompt, Tensor]:
        out = self._forward(torch.tensor([list(ids)], device=self.device), {})
        cache = out.past_key_values
        layers = getattr(cache, "layers", None)
        self.mixes = bool(layers) and all(type(layer).__name__ == "DynamicLayer" for layer in layers)
        return PrefilledPrompt(cache, len(ids)), out.logits[0, -1]

    def _forward(self, input_ids: Tensor, options: dict[str, Any]) -> Any:
        if "logits_to_keep" in self.takes:
            options["logits_to_keep"] = 1
        with self.within(), capture_activations() if self.more is not None else nullcontext() as captured:
            out = self.model(input_ids=input_ids, use_cache=True, return_dict=True, **options)
        if self.more is not None:
            assert captured and captured.last_BTD is not None, (
                "no activation capture is active for this model"
            )
            behind = captured.last_BTD[:, -1:].to(self.more) @ self.more.t()
            out.logits = torch.cat([out.logits[:, -1:], behind.to(out.logits)], dim=-1)
        return out

    def join(self, prompt: PrefilledPrompt, rows: int) -> None:
        self._compact()
        before, columns = self.mask_BT.shape
        cache = copy.deepcopy(prompt.cache)
        cache.batch_repeat_interleave(rows)
        width = max(columns, prompt.length)
        if before:
            _append(self.cache, cache, width)
        else:
            self.cache = cache
        old_BT = F.pad(self.mask_BT, (width - columns, 0))
        new_NT = F.pad(old_BT.new_ones(rows, prompt.length), (width - prompt.length, 0))
        self.mask_BT = torch.cat([old_BT, new_NT])
        self.length_B = torch.cat([self.length_B, self.length_B.new_full((rows,), prompt.length)])
        self.alive = torch.arange(before + rows, device=self.device)

    def close(self, prompt: PrefilledPrompt) -> None:
        prompt.cache = None

    def step(self, token_B: Tensor) -> Tensor:
        token_N = torch.zeros_like(self.length_B)
        token_N[self.alive] = token_B.to(self.device)
        self.mask_BT = F.pad(self.mask_BT, (0, 1), value=1)
        options: dict[str, Any] = {"past_key_values": self.cache}
        if self.mixes:
            options["attention_mask"] = self.mask_BT
        if "position_ids" in self.takes:
            options["position_ids"] = self.length_B[:, None]
        out = self._forward(token_N[:, None], options)
        self.length_B += 1
        return out.logits[:, -1][self.alive]

    def drop(self, gone: Sequence[int]) -> list[int]:
        left = set(gone)
        order = [row for row in range(len(self.alive)) if row not in left]
        self.alive = self.alive[torch.tensor(order, dtype=torch.long, device=self.device)]
        if not order:
            self.cache, self.mask_BT, self.length_B = None, self.mask_BT[:0, :0], self.length_B[:0]
        elif len(order) < 0.875 * len(self.length_B):
            self._compact()
        return order

    def _compact(self) -> None:
        """Removes the dropped rows from the cache, and the columns without a user."""
        if len(self.alive) == len(self.length_B):
            return
        self.cache.batch_select_indices(self.alive)
        self.mask_BT, self.length_B = self.mask_BT[self.alive], self.length_B[self.alive]
        self.alive = torch.arange(len(self.alive), device=self.device)
        blank = int((self.mask_BT.sum(0) == 0).sum())
        if blank and self.mixes:
            self.mask_BT = self.mask_BT[:, blank:].contiguous()
            for layer in self.cache.layers:
                layer.keys, layer.values = layer.keys[:, :, blank:], layer.values[:, :, blank:]


def _append(cache: Any, more: Any, width: int) -> None:
    """Adds the rows of another cache, both padded on the left to `width` columns."""
    for layer, new in zip(cache.layers, more.layers, strict=True):
        layer.keys, layer.values = (
            torch.cat([F.pad(part, (0, 0, width - part.shape[2], 0)) for part in pair])
            for pair in ((layer.keys, new.keys), (layer.values, new.values))
        )
