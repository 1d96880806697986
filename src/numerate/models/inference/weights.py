"""The weights of a Llama-shaped model, laid out for a lean forward pass.

q|k|v and gate|up become one matrix each. In float32 the gains of the norms are folded into the matrices
that follow them: norm(x) * g @ W' = norm(x) @ (W * g)'. The rows of q and k are put in an order where the
two numbers that rotary embedding turns together are neighbours, so that the turn is one complex product.
Adapters are merged in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from numerate.models.inference.matrices import Layout, Matrix, PlainMatrix

FAMILIES = ("LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM")
STATIC_ROPE = ("default", "linear", "llama3")
"""kinds of rotary embedding whose frequencies don't change with the length of the text"""


@dataclass(frozen=True, slots=True)
class Layer:
    qkv: Matrix
    """[(H + 2 K) D, d]: H query heads, K key heads, K value heads of D numbers"""
    qkv_bias: Tensor | None
    out: Matrix
    gate_up: Matrix
    down: Matrix
    norm: Tensor | None
    """gain of the norm before attention, None where it is folded in"""
    mlp_norm: Tensor | None
    head_norm: Tensor | None
    """[H + K, D], gains of the norms that Qwen3 gives each query and key, None where there are none"""


@dataclass(frozen=True, slots=True)
class Weights:
    embed: Tensor
    layers: list[Layer]
    norm: Tensor | None
    head: Matrix
    heads: int
    kv_heads: int
    head_dim: int
    eps: float
    frequency: Tensor
    """[D / 2], radians per token"""


@torch.no_grad()
def read_weights(
    model: Any,
    dtype: torch.dtype | None = None,
    more: Tensor | None = None,
    layout: Layout = PlainMatrix,
) -> Weights | None:
    """Returns the weights of a causal language model as they are now, in `dtype` or their own format; None
    where its shape is not the one known here. more: rows below those of the vocabulary head, which read the
    same hidden state. layout: makes a matrix of a weight, one at a time."""
    base = model.get_base_model() if hasattr(model, "peft_config") else model
    if not knows_shape(base):
        return None
    config, body = base.config, base.model
    heads, kv_heads = config.num_attention_heads, config.num_key_value_heads
    head_dim = body.layers[0].self_attn.head_dim
    own: torch.dtype = body.embed_tokens.weight.dtype
    dtype = dtype or own
    fold = dtype == torch.float32
    norm = body.norm.weight.detach().to(dtype)
    head = _matrix(base.lm_head, dtype)
    if more is not None:
        head = torch.cat([head, more.detach().to(head)])
    return Weights(
        embed=body.embed_tokens.weight.detach().to(dtype),
        layers=[_layer(layer, heads, kv_heads, head_dim, dtype, layout) for layer in body.layers],
        norm=None if fold else norm,
        head=layout(head * norm if fold else head),
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        eps=config.rms_norm_eps,
        frequency=body.rotary_emb.inv_freq.detach().float(),
    )


def knows_shape(base: Any) -> bool:
    """Checks whether this is one of FAMILIES and computes just what the lean pass does."""
    if type(base).__name__ not in FAMILIES:
        return False
    config, body = base.config, base.model
    rope = getattr(config, "rope_parameters", None) or {}
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    linears = [module for module in base.modules() if hasattr(module, "in_features")]
    attention = body.layers[0].self_attn
    return (
        config.hidden_act == "silu"
        and rope.get("rope_type", "default") in STATIC_ROPE
        and 2 * len(body.rotary_emb.inv_freq) == attention.head_dim
        and (window is None or window >= config.max_position_embeddings)
        and type(body.embed_tokens) is nn.Embedding
        and all(type(module) is nn.Linear or _is_plain_lora(module) for module in linears)
        and all(getattr(layer.self_attn.o_proj, "bias", None) is None for layer in body.layers)
        and all(getattr(layer.mlp.down_proj, "bias", None) is None for layer in body.layers)
    )


def _is_plain_lora(module: Any) -> bool:
    """Checks whether the module is a linear layer with adapters that add (alpha / r) B A, and nothing
    else."""
    base = getattr(module, "base_layer", None)
    return (
        type(base) is nn.Linear
        and hasattr(module, "get_delta_weight")
        and not any((getattr(module, "use_dora", None) or {}).values())
    )


def _matrix(module: Any, dtype: torch.dtype) -> Tensor:
    """Returns a linear layer's weight with its active adapters added, rounded to `dtype` last."""
    if type(module) is nn.Linear:
        return module.weight.detach().to(dtype)
    weight = module.base_layer.weight.detach()
    if not (module.merged or module.disable_adapters):
        for name in module.active_adapters:
            if name in module.lora_A:
                weight = weight + module.get_delta_weight(name).detach()
    return weight.to(dtype)


def _layer(layer: Any, heads: int, kv_heads: int, head_dim: int, dtype: torch.dtype, layout: Layout) -> Layer:
    fold = dtype == torch.float32
    attention, mlp = layer.self_attn, layer.mlp
    parts = (attention.q_proj, attention.k_proj, attention.v_proj)
    sizes = (heads, kv_heads, kv_heads)
    matrices = [_matrix(part, dtype) for part in parts]
    biases = [getattr(part, "base_layer", part).bias for part in parts]
    qkv = _joined(matrices, sizes, head_dim)
    bias = None
    if biases[0] is not None:
        bias = _joined([b.detach()[:, None].to(dtype) for b in biases], sizes, head_dim)[:, 0]
    gate_up = torch.cat([_matrix(mlp.gate_proj, dtype), _matrix(mlp.up_proj, dtype)])
    norms = (layer.input_layernorm, layer.post_attention_layernorm)
    norm, mlp_norm = (module.weight.detach().to(dtype) for module in norms)
    return Layer(
        qkv=layout(qkv * norm if fold else qkv),
        qkv_bias=bias,
        out=layout(_matrix(attention.o_proj, dtype)),
        gate_up=layout(gate_up * mlp_norm if fold else gate_up),
        down=layout(_matrix(mlp.down_proj, dtype)),
        norm=None if fold else norm,
        mlp_norm=None if fold else mlp_norm,
        head_norm=_head_norm(attention, heads, kv_heads, dtype),
    )


def _head_norm(attention: Any, heads: int, kv_heads: int, dtype: torch.dtype) -> Tensor | None:
    """Returns the gains of the heads' norm in the order of `_joined`."""
    if not hasattr(attention, "q_norm"):
        return None
    q, k = (
        norm.weight.detach().to(dtype).view(2, -1).t().reshape(1, -1)
        for norm in (attention.q_norm, attention.k_norm)
    )
    return torch.cat([q.expand(heads, -1), k.expand(kv_heads, -1)])


def _joined(parts: Sequence[Tensor], heads: tuple[int, int, int], head_dim: int) -> Tensor:
    """Returns q, k and v in one; rows of q's and k's heads in the order 0, D/2, 1, D/2 + 1, ... (HF keeps
    halves apart)."""
    q, k = (
        part.reshape(n, 2, head_dim // 2, -1).transpose(1, 2).reshape(n * head_dim, -1)
        for part, n in zip(parts[:2], heads[:2], strict=True)
    )
    return torch.cat([q, k, parts[2]])
