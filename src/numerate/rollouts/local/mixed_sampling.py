"""Sampling from a mixed policy (arXiv:2307.08767): a class is drawn for every token, all else is greedy.

    p_O(. | h_t) = softmax(W_o h_t + b_o)                                        (1)
    y_t          = tok(o)                   o ~ p_O and o in {+, -, *, /}        (2a)
                 = argmax_v p_LM(v | h_t)   o = V                                (2b)

Of the tokens of a sign, as `+` and ` +`, the likelier is written. With the scope `inside_annotation` o is V
wherever an operator would not be arithmetic. Dropout on h_t belongs to training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from numerate.models.operator_head import Heads
from numerate.models.operators import CLASSES, OTHER, OUTSIDE, Operators
from numerate.rollouts.local.token_sampler import Choose, Chosen
from numerate.rollouts.slots import Slots


def abstract_logprobs(logits_NC: Tensor, acts_N: Tensor) -> Tensor:
    """Returns log p_O, eq. (1): logits in the order + - * / V. Where no operator acts, V is certain."""
    logp_NC = logits_NC.float().log_softmax(-1)
    certain_C = torch.full((CLASSES,), -torch.inf, device=logp_NC.device)
    certain_C[OTHER] = 0.0
    return torch.where(acts_N[:, None], logp_NC, certain_C)


def pick_class(logp_NC: Tensor, uniform_N: Tensor) -> Tensor:
    """Returns the class whose interval of the cumulative distribution holds the number in [0, 1)."""
    upto_NC = logp_NC.double().exp().cumsum(-1)
    target_N1 = (uniform_N * upto_NC[:, -1])[:, None]
    return torch.searchsorted(upto_NC, target_N1, right=True)[:, 0].clamp(max=CLASSES - 1)


def second_level(logits_NV: Tensor, class_N: Tensor, ids: Sequence[Tensor]) -> Tensor:
    """Returns the token of each class, eq. (2a) and (2b). ids: the tokens of each sign."""
    of_sign = [sign[logits_NV[:, sign].argmax(-1)] for sign in ids]
    token_NC = torch.stack([*of_sign, logits_NV.argmax(-1)], dim=1)
    return token_NC.gather(1, class_N[:, None])[:, 0]


class MixedSampling:
    """Implements `token_sampler.Steering`."""

    def __init__(self, heads: Heads, operators: Operators) -> None:
        self.heads = heads
        self.operators = operators

    @property
    def head(self) -> Tensor:
        return self.heads.operator.weight.detach()

    def begin(self, slots: Slots[Any]) -> Choose:
        operators, position_S = self.operators, np.zeros(slots.size, dtype=np.int8)
        bias_C = self.heads.operator.bias.detach().clone()
        ids = [torch.tensor(sign, device=bias_C.device) for sign in operators.ids]

        def choose(logits_BW: Tensor) -> Chosen:
            fresh_B, last_B = slots.last()
            slot_B = slots.slot_B
            position_S[slot_B] = np.where(fresh_B, OUTSIDE, operators.moves_SV[position_S[slot_B], last_B])
            device = logits_BW.device
            acts_B = torch.from_numpy(operators.acts(position_S[slot_B])).to(device)
            uniform_B = torch.from_numpy(slots.next_uniforms()).to(device)
            logp_BC = abstract_logprobs(logits_BW[:, -CLASSES:].float() + bias_C, acts_B)
            class_B = pick_class(logp_BC, uniform_B)
            token_B = second_level(logits_BW[:, :-CLASSES], class_B, ids)
            logp_B = logp_BC.gather(1, class_B[:, None])[:, 0]
            return Chosen(token_B, logp_B, class_B.to(torch.int8))

        return choose
