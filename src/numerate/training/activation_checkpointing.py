"""Activation checkpointing where memory is short: a layer's activations are dropped and computed
again in the backward pass. It costs a third more time and changes no bit of the result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from numerate.training.batch import prompt_of
from numerate.training.logprobs import unwrapped_lm
from numerate.training.trainable import Trainable
from numerate.types import Example

Switch = Literal["auto", "on", "off"]
SHARE = 0.8
"""of the free memory that a step may take without checkpointing"""
CGROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


class Checkpointing:
    """Decides once for the largest micro-batch seen so far; what is on stays on."""

    def __init__(self, policy: Trainable, switch: Switch, at_once: int = 1, dropout: bool = False) -> None:
        """Creates the option of a stage. at_once: how many micro-batches are computed at the same time.
        dropout: whether a step has dropout, so that a recomputed layer has to use the same random numbers."""
        self.policy, self.switch, self.at_once, self.dropout = policy, switch, at_once, dropout
        self.layers = [m for m in policy.model.modules() if isinstance(m, GradientCheckpointingLayer)]
        self.tokens = 0
        """of the largest micro-batch that was decided for"""
        if switch == "on" and not self.layers:
            raise ValueError(
                f"model {policy.name!r} has no layers to checkpoint: set activation_checkpointing: "
                "off, and a smaller micro_tokens"
            )
        self.on = False
        if switch == "on":
            self.start()

    def start(self) -> None:
        self.on = True
        for layer in self.layers:
            layer.forward = partial(checkpoint_layer, layer, keep_rng=self.dropout)

    def decide(self, rows: Sequence[Example], micro_tokens: int, head_mib: int) -> None:
        """Switches checkpointing on before a step on these rows, where `auto` estimates that they may not
        fit."""
        if (
            self.switch != "auto"
            or self.on
            or (tokens := largest_micro_batch(rows, micro_tokens)) <= self.tokens
        ):
            return
        self.tokens = tokens
        free = free_bytes(self.policy.device)
        if free is not None and self.needed(tokens, head_mib) > SHARE * free:
            self.start()

    def needed(self, tokens: int, head_mib: int) -> int:
        """Returns the bytes of a step beyond the weights: activations and logits, gradients, AdamW's two
        moments."""
        model, compute = self.policy.model, self.policy.compute
        config: Any = unwrapped_lm(model).config.get_text_config()
        logits = min(head_mib * 2**20, 4 * tokens * config.vocab_size)
        pass_bytes = activation_bytes(config, tokens, compute.itemsize) + logits
        if compute != torch.float32:  # every product keeps the rounded copy of its weights
            pass_bytes += compute.itemsize * sum(p.numel() for p in model.parameters())
        trained = sum(4 * p.numel() for p in model.parameters() if p.requires_grad)
        return self.at_once * (pass_bytes + trained) + 3 * trained


def checkpoint_layer(layer: nn.Module, *args: Any, keep_rng: bool, **options: Any) -> Any:
    """Runs a layer's forward pass, whose activations are recomputed in the backward pass. The mechanism of
    transformers is on in training mode only, and a step without dropout is in evaluation mode."""
    forward = partial(type(layer).forward, layer, **options)
    if not torch.is_grad_enabled():
        return forward(*args)
    return checkpoint(forward, *args, use_reentrant=False, preserve_rng_state=keep_rng)


def largest_micro_batch(rows: Sequence[Example], micro_tokens: int) -> int:
    """Returns an upper bound of the largest micro-batch's tokens: a row by itself may be over the budget."""
    prompts = {prompt_of(row) for row in rows}
    everything = sum(len(row.ids) - len(prompt_of(row)) for row in rows) + sum(map(len, prompts))
    return max(min(micro_tokens, everything), *(len(row.ids) for row in rows), 0)


def activation_bytes(config: Any, tokens: int, size: int = 4) -> int:
    """Returns the bytes that a decoder keeps of `tokens` tokens for its backward pass.

    A layer of width D with attention of width A = heads x size of a head (keys and values: K) and an MLP of
    width F keeps, per token: of each of its two norms what goes in, what is scaled and what comes out (6 D);
    queries, what attention saw and the same in a row for the product after it (3 A); keys and values, and
    their copies beside a shared prompt (4 K); in the MLP the gate, its activation, the other factor and the
    product (4 F). Products of `size` bytes; the stream and its norms in float32.

        bytes = tokens x layers x (4 x 6 D + size x (3 A + 4 K + 4 F))

    Measured on a CPU it is 0.7 to 1.9 times what Llama, GPT-2 and OPT take (most for OPT, whose MLP keeps two
    F; least where many short rows share a long prompt)."""
    heads = config.num_attention_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    keys = (getattr(config, "num_key_value_heads", None) or heads) * head
    inner = next(
        (n for name in ("intermediate_size", "ffn_dim", "n_inner") if (n := getattr(config, name, None))),
        4 * config.hidden_size,
    )
    per_token = 24 * config.hidden_size + size * (3 * heads * head + 4 * keys + 4 * inner)
    return tokens * config.num_hidden_layers * per_token


def free_bytes(device: torch.device) -> int | None:
    """Returns the free memory of a device, None where it is unknown."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    sizes = [free for free in (_of_machine(), _of_container()) if free is not None]
    return min(sizes, default=None)


def _of_machine() -> int | None:
    """Returns the memory that Linux could give without swapping."""
    if not MEMINFO.exists():
        return None
    fields = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines() if ":" in line)
    return int(fields["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in fields else None


def _of_container() -> int | None:
    """Returns the memory that the limit of a container leaves; unused pages of files are
    reclaimable."""
    limit, used, stat = (CGROUP / name for name in ("memory.max", "memory.current", "memory.stat"))
    if not (limit.exists() and used.exists()) or not (most := limit.read_text().strip()).isdigit():
        return None
    fields = dict(line.split() for line in stat.read_text().splitlines()) if stat.exists() else {}
    return int(most) - int(used.read_text()) + int(fields.get("inactive_file", 0))
