"""Memory budget of sampling: the number of concurrent rollouts whose keys and values fit."""

from __future__ import annotations

from typing import Any

import torch

from numerate.models.inference.paged_kv_cache import BLOCK
from numerate.models.policy import Policy

GIB = 2**30


def token_bytes(policy: Policy) -> int:
    """Returns the bytes of keys and values of one token in all layers; on a CPU they are float32 in any data
    type."""
    config = policy.model.config
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    itemsize = 4 if policy.device.type == "cpu" else policy.sampling.itemsize
    return 2 * config.num_hidden_layers * heads * size * itemsize


def default_memory(device: Any) -> float:
    """Returns the GiB of a budget: 1, or a quarter of a GPU's memory."""
    if device.type != "cuda":
        return 1.0
    return torch.cuda.get_device_properties(device).total_memory / 4 / GIB


class Budget:
    """A budget in tokens. A rollout takes what it may come to, so that the budget holds to the end; its
    prompt counts once for all rollouts that share it, or with each of them."""

    def __init__(self, policy: Policy, memory: float | None) -> None:
        """Creates a budget. memory: GiB; None: the default."""
        memory = default_memory(policy.device) if memory is None else memory
        self.tokens = int(memory * GIB) // token_bytes(policy)
        self.taken = 0

    def rows(self, answer: int) -> int:
        """Returns how many rollouts of so many tokens fit, at least one."""
        return max(1, self.tokens // answer)

    def fitting(self, prompt: int, answer: int, shared: bool, counted: bool) -> int:
        """Returns how many rollouts of at most `answer` tokens at a prompt of so many still fit; counted: its
        prompt is counted already. At least one where nothing is taken, or that prompt alone: a rollout and
        its prompt may exceed the budget, and the next one waits for nobody."""
        once, each = self.cost(prompt, answer, shared)
        left = self.tokens - self.taken - (0 if counted else once)
        return max(left // each, 1 if self.taken == (once if counted else 0) else 0)

    def cost(self, prompt: int, answer: int, shared: bool) -> tuple[int, int]:
        """Returns the tokens for the prompt, and for each rollout."""
        prompt, answer = (-(-tokens // BLOCK) * BLOCK for tokens in (prompt, answer))
        return (prompt, answer) if shared else (0, prompt + answer)
