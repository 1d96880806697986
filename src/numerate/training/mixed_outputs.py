"""Outputs of a mixed policy at the trained tokens, from one forward pass of the trunk."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from numerate.models.operator_head import HeadedModel
from numerate.models.value_head import capture_activations
from numerate.training.batch import Batch
from numerate.training.logprobs import greedy_logprobs, token_logprobs

RANGE = 2**53
"""of the whole numbers that a dropout mask is drawn from"""


class MixedOutputs(NamedTuple):
    """Of each trained token, in the order of `batch.mask_BT`."""

    logp_N: Tensor
    """log p_LM(y_t)"""
    greedy_N: Tensor
    """max_v log p_LM(v) where `greedy` is set, else log p_LM(y_t)"""
    class_NC: Tensor
    """logits of p_O"""
    baseline_N: Tensor


def mixed_outputs(
    model: nn.Module, batch: Batch, dropout: float, seed: int, greedy: bool = False
) -> MixedOutputs:
    """Computes the outputs of both heads. dropout: of the hidden state before each head. seed: of the step; a
    row's column `number` is its index in the step. greedy: also the log-probability of the
    likeliest token at each position."""
    assert isinstance(model, HeadedModel), "this network has no operator head"
    with capture_activations() as captured:
        logp_BT = token_logprobs(model, batch)
    assert captured.last_BTD is not None, "no forward pass was captured"
    where = batch.mask_BT.nonzero(as_tuple=True)
    h_ND = captured.last_BTD[where[0], batch.before_BT[where]]
    logp_N = logp_BT[where]
    greedy_N = greedy_logprobs(model, h_ND) if greedy else logp_N
    number_N = batch.columns["number"][batch.row_BT[where]].long()
    with torch.autocast(h_ND.device.type, enabled=False):
        states = [h_ND.float(), h_ND.float()]
        if dropout:
            masks = (
                dropout_mask(seed, head, number_N, batch.position_BT[where], h_ND.shape[1], dropout)
                for head in range(2)
            )
            states = [h * mask for h, mask in zip(states, masks, strict=True)]
        class_NC = model.heads.operator(states[0])
        baseline_N = model.heads.baseline(states[1])[:, 0]
    return MixedOutputs(logp_N, greedy_N, class_NC, baseline_N)


def dropout_mask(seed: int, head: int, row_N: Tensor, position_N: Tensor, width: int, p: float) -> Tensor:
    """Returns [N, D]: 0 with probability p, else 1 / (1 - p).

    Each number is a hash of (seed, head, row, position, column): torch's own dropout would make a step depend
    on how it is cut."""
    token_N = scramble_bits(torch.full_like(row_N, seed)) + (row_N << 32) + (position_N << 1) + head
    column_D = torch.arange(1, width + 1, device=row_N.device) * as_signed(0x9E3779B97F4A7C15)
    drawn_ND = (scramble_bits(scramble_bits(token_N)[:, None] + column_D) >> 11) & (RANGE - 1)
    return (drawn_ND >= int(p * RANGE)).float() / (1 - p)


def scramble_bits(x: Tensor) -> Tensor:
    """Computes the finalizer of SplitMix64 (Steele et al. 2014) on int64, with masks for logical shifts."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ ((x >> shift) & ((1 << (64 - shift)) - 1))) * as_signed(factor)
    return x ^ ((x >> 31) & ((1 << 33) - 1))


def as_signed(x: int) -> int:
    """Returns a 64-bit constant as int64 holds it."""
    return x - 2**64 if x >= 2**63 else x
