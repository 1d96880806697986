"""Log-probabilities of the trained tokens, without ever holding [tokens, vocabulary] whole."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from numerate.models.products import product
from numerate.training.attention import Layout, use_packed
from numerate.training.batch import Batch

HEAD_BYTES = 256 * 2**20
"""logits held at once; more are recomputed in pieces in the backward pass"""


def network(model: nn.Module) -> Any:
    """The causal LM itself, without the wrapper that LoRA puts around it (its layers stay in place)."""
    inner = getattr(model, "get_base_model", None)
    return inner() if inner else model


def hidden_states(model: nn.Module, batch: Batch) -> Tensor:
    """Last hidden states, [B, T, D]: what the vocabulary head reads.

    Rows on lines of their own are padded on the right, where a causal model never looks: no mask is needed.
    """
    lm = network(model)
    told: dict[str, Any] = {}
    if batch.groups is not None:
        use_packed(lm)
        made = torch.zeros(1, 1, 1, 1, device=batch.ids_BT.device)  # four axes: "use it as it is"
        layout = Layout(batch.groups, batch.ids_BT.device)
        told = {"position_ids": batch.position_BT, "attention_mask": made, "layout": layout}
    return lm.base_model(input_ids=batch.ids_BT, use_cache=False, **told).last_hidden_state


class _PlainHead(torch.autograd.Function):
    """log softmax(h W^T)[id] with one [N, V] buffer, which the backward pass turns into its own gradient."""

    @staticmethod
    def forward(ctx: Any, h_ND: Tensor, weight_VD: Tensor, ids_N: Tensor) -> Tensor:  # pyright: ignore
        share_NV = product(h_ND, weight_VD.t()).float()
        chosen_N = share_NV.gather(-1, ids_N[:, None])[:, 0]
        top_N1 = share_NV.amax(-1, keepdim=True)
        total_N1 = share_NV.sub_(top_N1).exp_().sum(-1, keepdim=True)
        ctx.save_for_backward(h_ND, weight_VD, ids_N)
        ctx.share_NV, ctx.total_N1 = share_NV, total_N1
        return chosen_N - (top_N1 + total_N1.log())[:, 0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_N: Tensor) -> tuple[Tensor | None, Tensor | None, None]:  # pyright: ignore
        h_ND, weight_VD, ids_N = ctx.saved_tensors
        assert ctx.share_NV is not None, "this graph was already walked back"
        slope_NV = ctx.share_NV.mul_(-grad_N[:, None] / ctx.total_N1)
        ctx.share_NV = None
        slope_NV[torch.arange(len(ids_N), device=ids_N.device), ids_N] += grad_N
        slope_NV = slope_NV.to(h_ND.dtype)
        need_h, need_weight, _ = ctx.needs_input_grad
        return (
            product(slope_NV, weight_VD) if need_h else None,
            product(slope_NV.t(), h_ND) if need_weight else None,
            None,
        )


def plain_head(lm: Any) -> Tensor | None:
    """The weights [V, D] of a vocabulary head that is one matrix and nothing else."""
    head, config = lm.get_output_embeddings(), lm.config
    bent = any(
        getattr(config, name, None) for name in ("logit_scale", "logits_scaling", "final_logit_softcapping")
    )
    return head.weight if type(head) is nn.Linear and head.bias is None and not bent else None


def head_logprobs(lm: Any, h_ND: Tensor, ids_N: Tensor) -> Tensor:
    """log p(id | h) under the model's vocabulary head, in float32, [N]."""
    if (weight_VD := plain_head(lm)) is not None:
        return _PlainHead.apply(h_ND, weight_VD, ids_N)  # pyright: ignore
    logits_NV = lm.get_output_embeddings()(h_ND).float()
    if scale := getattr(lm.config, "logit_scale", None):
        logits_NV = logits_NV * scale
    if divisor := getattr(lm.config, "logits_scaling", None):
        logits_NV = logits_NV / divisor
    if cap := getattr(lm.config, "final_logit_softcapping", None):
        logits_NV = torch.tanh(logits_NV / cap) * cap
    return logits_NV.gather(-1, ids_N[:, None])[:, 0] - logits_NV.logsumexp(-1)


def token_logprobs(model: nn.Module, batch: Batch) -> Tensor:
    """log p(token t | its row before t) at position t, [B, T] float32.

    Exactly 0 off the trained tokens: a ratio there is 1, and no exp can overflow behind a mask.
    """
    lm = network(model)
    h_BTD = hidden_states(model, batch)
    line_N, at_N = batch.mask_BT.nonzero(as_tuple=True)
    h_ND = h_BTD[line_N, batch.before_BT[line_N, at_N]]
    ids_N = batch.ids_BT[line_N, at_N]
    piece = max(1, HEAD_BYTES // (4 * lm.config.get_text_config().vocab_size))
    if len(ids_N) <= piece or not torch.is_grad_enabled():
        parts = [head_logprobs(lm, h, i) for h, i in zip(h_ND.split(piece), ids_N.split(piece), strict=True)]
    else:
        parts = [
            checkpoint(head_logprobs, lm, h, i, use_reentrant=False)
            for h, i in zip(h_ND.split(piece), ids_N.split(piece), strict=True)
        ]
    out_BT = torch.zeros_like(batch.ids_BT, dtype=torch.float32)
    if not parts:
        return out_BT
    return out_BT.index_put((line_N, at_N), torch.cat(parts))  # pyright: ignore
