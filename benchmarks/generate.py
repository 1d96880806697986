"""Sampling with transformers' generate, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


@torch.no_grad()
def generate(
    net: Any, prompts: Sequence[Sequence[int]], samples: int, tokens: int, pad: int, eos: Sequence[int]
) -> int:
    """Samples at temperature 1, all rows in one batch, prompts padded on the left. Returns the number of
    tokens up to EOS. eos: may be empty, then every row has all its tokens."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[pad] * (longest - len(row)) + list(row) for row in prompts], device=net.device)
    seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in prompts], device=net.device)
    if not eos:
        net.generation_config.eos_token_id = None  # an argument of None means the one listed there
    out = net.generate(
        input_ids=ids,
        attention_mask=seen,
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        max_new_tokens=tokens,
        num_return_sequences=samples,
        pad_token_id=pad,
        eos_token_id=list(eos) or None,
    )[:, longest:]
    ends = torch.isin(out, torch.tensor(list(eos), dtype=out.dtype, device=out.device)).int()
    return int((ends.cumsum(1) == ends).sum())
