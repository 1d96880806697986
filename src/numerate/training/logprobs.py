"""Log-probabilities of the trained tokens, without the whole [tokens, vocabulary] in memory; their values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from numerate.models.matmul import matrix_product
from numerate.models.value_head import Captured, Joint, capture_activations
from numerate.training.batch import Batch
from numerate.training.packed_attention import Layout, use_packed

HEAD_MIB = 256
"""logits held at once, by default; more are recomputed in pieces in the backward pass"""
_head_bytes: ContextVar[int] = ContextVar("head_bytes", default=HEAD_MIB * 2**20)
FLOAT32_OUT = "dtype" in torch.ops.aten.mm.overloads()
"""whether this torch multiplies matrices of 16 bits into float32 on a GPU"""


@contextmanager
def head_memory(mib: int) -> Iterator[None]:
    """Limits the logits that `token_logprobs` holds at once to so many MiB, in this thread."""
    before = _head_bytes.set(mib * 2**20)
    try:
        yield
    finally:
        _head_bytes.reset(before)


def unwrapped_lm(model: nn.Module) -> Any:
    """Returns the causal LM itself, without the wrapper that LoRA puts around it (its layers stay in
    place)."""
    inner = getattr(model, "get_base_model", None)
    return inner() if inner else model


def hidden_states(model: nn.Module, batch: Batch) -> Tensor:
    """Returns the last hidden states, [B, T, D], the input of the vocabulary head.

    Rows on lines of their own are padded on the right, which a causal model ignores: no mask is needed.
    """
    lm = unwrapped_lm(model)
    kwargs: dict[str, Any] = {}
    if batch.groups is not None:
        use_packed(lm)
        made = torch.zeros(1, 1, 1, 1, device=batch.ids_BT.device)  # four axes: "use it as it is"
        layout = Layout(batch.groups, batch.ids_BT.device)
        kwargs = {"position_ids": batch.position_BT, "attention_mask": made, "layout": layout}
    return lm.base_model(input_ids=batch.ids_BT, use_cache=False, **kwargs).last_hidden_state


def vocabulary_logits(h_ND: Tensor, weight_VD: Tensor, dtype: torch.dtype) -> Tensor:
    """Returns h W^T of both rounded to `dtype`, summed and returned in float32: 16 bits are too few for
    logits."""
    h_ND, weight_VD = h_ND.to(dtype), weight_VD.to(dtype)
    if dtype == torch.float32:
        return matrix_product(h_ND, weight_VD.t())
    if h_ND.device.type == "cuda":
        wide: dict[str, Any] = {"out_dtype": torch.float32} if FLOAT32_OUT else {}
        return torch.mm(h_ND, weight_VD.t(), **wide).float()
    return h_ND.float() @ weight_VD.float().t()


class _PlainHead(torch.autograd.Function):
    """log softmax(h W^T)[id] with one [N, V] buffer, which the backward pass turns into its own gradient;
    without `keep` it is forgotten in between, and computed again."""

    @staticmethod
    def forward(ctx: Any, h_ND: Tensor, weight_VD: Tensor, ids_N: Tensor, keep: bool) -> Tensor:  # pyright: ignore
        ctx.dtype, ctx.keep = product_dtype(h_ND), keep
        share_NV, total_N1, logp_N = softmax_parts(h_ND, weight_VD, ids_N, ctx.dtype)
        ctx.save_for_backward(h_ND, weight_VD, ids_N)
        ctx.made = (share_NV, total_N1) if keep else None
        return logp_N

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_N: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:  # pyright: ignore
        h_ND, weight_VD, ids_N = ctx.saved_tensors
        assert not ctx.keep or ctx.made, "this graph was already walked back"
        share_NV, total_N1 = ctx.made or softmax_parts(h_ND, weight_VD, ids_N, ctx.dtype)[:2]
        slope_NV = share_NV.mul_(-grad_N[:, None] / total_N1)
        ctx.made = None
        slope_NV[torch.arange(len(ids_N), device=ids_N.device), ids_N] += grad_N
        slope_NV = slope_NV.to(ctx.dtype)
        need_h, need_weight = ctx.needs_input_grad[:2]
        to_h = matrix_product(slope_NV, weight_VD.to(ctx.dtype)).to(h_ND.dtype) if need_h else None
        to_weight = (
            matrix_product(slope_NV.t(), h_ND.to(ctx.dtype)).to(weight_VD.dtype) if need_weight else None
        )
        return to_h, to_weight, None, None


def softmax_parts(
    h_ND: Tensor, weight_VD: Tensor, ids_N: Tensor, dtype: torch.dtype
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns exp(logit - largest) [N, V], its sums [N, 1], and the log-probabilities of the ids [N]."""
    with torch.autocast(h_ND.device.type, enabled=False):
        share_NV = vocabulary_logits(h_ND, weight_VD, dtype)
    chosen_N = share_NV.gather(-1, ids_N[:, None])[:, 0]
    top_N1 = share_NV.amax(-1, keepdim=True)
    total_N1 = share_NV.sub_(top_N1).exp_().sum(-1, keepdim=True)
    return share_NV, total_N1, chosen_N - (top_N1 + total_N1.log())[:, 0]


def product_dtype(x: Tensor) -> torch.dtype:
    """Returns the data type of products of `x` under autocast, where it is on."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else x.dtype


def plain_head(lm: Any) -> Tensor | None:
    """Returns the weights [V, D] of a vocabulary head that is one matrix and nothing else."""
    head, config = lm.get_output_embeddings(), lm.config
    bent = any(
        getattr(config, name, None) for name in ("logit_scale", "logits_scaling", "final_logit_softcapping")
    )
    return head.weight if type(head) is nn.Linear and head.bias is None and not bent else None


def head_logprobs(lm: Any, h_ND: Tensor, ids_N: Tensor, keep: bool = True) -> Tensor:
    """Returns log p(id | h) under the model's vocabulary head, in float32, [N]; without `keep` the logits are
    computed again in the backward pass."""
    if (weight_VD := plain_head(lm)) is not None:
        return _PlainHead.apply(h_ND, weight_VD, ids_N, keep)  # pyright: ignore
    if not keep and torch.is_grad_enabled():
        return checkpoint(bent_logprobs, lm, h_ND, ids_N, use_reentrant=False)  # pyright: ignore
    return bent_logprobs(lm, h_ND, ids_N)


def bent_logprobs(lm: Any, h_ND: Tensor, ids_N: Tensor) -> Tensor:
    """Returns log p(id | h) for a head that is not one plain matrix."""
    logits_NV = lm.get_output_embeddings()(h_ND).float()
    if scale := getattr(lm.config, "logit_scale", None):
        logits_NV = logits_NV * scale
    if divisor := getattr(lm.config, "logits_scaling", None):
        logits_NV = logits_NV / divisor
    if cap := getattr(lm.config, "final_logit_softcapping", None):
        logits_NV = torch.tanh(logits_NV / cap) * cap
    return logits_NV.gather(-1, ids_N[:, None])[:, 0] - logits_NV.logsumexp(-1)


def greedy_logprobs(model: nn.Module, h_ND: Tensor) -> Tensor:
    """Returns max_v log p(v | h), in float32, [N]; the choice of v has no gradient."""
    lm = unwrapped_lm(model)
    piece = max(1, _head_bytes.get() // (4 * lm.config.get_text_config().vocab_size))
    weight_VD, dtype = plain_head(lm), product_dtype(h_ND)
    parts: list[Tensor] = []
    for h in h_ND.split(piece):
        with torch.no_grad(), torch.autocast(h.device.type, enabled=False):
            scores_NV = (
                lm.get_output_embeddings()(h) if weight_VD is None else vocabulary_logits(h, weight_VD, dtype)
            )
            best_N = scores_NV.argmax(-1)
        parts.append(head_logprobs(lm, h, best_N, keep=len(h_ND) <= piece))
    return torch.cat(parts) if parts else h_ND.new_zeros(0, dtype=torch.float32)


def token_logprobs(model: nn.Module, batch: Batch) -> Tensor:
    """Returns `log p(token t | its row before t)` at position t, [B, T] float32.

    Exactly 0 off the trained tokens: a ratio there is 1, and no exp can overflow behind a mask.
    """
    return logprobs_of(model, batch, hidden_states(model, batch), batch.mask_BT)


def logprobs_of(model: nn.Module, batch: Batch, h_BTD: Tensor, mask_BT: Tensor) -> Tensor:
    """Returns the same for the tokens in `mask`, from hidden states."""
    lm = unwrapped_lm(model)
    line_N, at_N = mask_BT.nonzero(as_tuple=True)
    h_ND = h_BTD[line_N, batch.before_BT[line_N, at_N]]
    ids_N = batch.ids_BT[line_N, at_N]
    piece = max(1, _head_bytes.get() // (4 * lm.config.get_text_config().vocab_size))
    parts = [
        head_logprobs(lm, h, i, keep=len(ids_N) <= piece)
        for h, i in zip(h_ND.split(piece), ids_N.split(piece), strict=True)
    ]
    logp_N = torch.cat(parts) if parts else h_ND.new_zeros(0, dtype=torch.float32)
    return batch.scatter((line_N, at_N), logp_N)


# -- values ----------------------------------------------------------------------
def logprobs_and_values(model: nn.Module, batch: Batch, detach: bool = True) -> tuple[Tensor, Tensor]:
    """Returns `log pi(token t)` and `V(the row before token t)` at position t, [B, T] each; exactly 0 off the
    trained tokens."""
    with capture_activations() as captured:
        logp_BT = token_logprobs(model, batch)
    return logp_BT, values(model, batch, captured, detach)


def token_values(model: nn.Module, batch: Batch, detach: bool = True) -> Tensor:
    """Returns the values alone."""
    with capture_activations() as captured:
        hidden_states(model, batch)
    return values(model, batch, captured, detach)


def values(model: nn.Module, batch: Batch, captured: Captured, detach: bool) -> Tensor:
    assert isinstance(model, Joint), "this network has no value branch"
    line_N, at_N = batch.mask_BT.nonzero(as_tuple=True)
    value_N = model.value(captured, line_N, batch.before_BT[line_N, at_N], detach)
    return batch.scatter((line_N, at_N), value_N)
