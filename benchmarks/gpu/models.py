"""Random models of these shapes."""

from __future__ import annotations

from typing import Any

import torch
import transformers

from benchmarks import random_model as made
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.shapes import Shape, shape_of

LOGIT_STD = 3.0
"""of the random logits: about the entropy of a trained model, so that rounding shows"""

EMBEDDING = 0.2
"""factor of the embedding, which is the vocabulary head too: a model would repeat its last token otherwise"""


def random_model(shape: Shape, device: torch.device, dtype: torch.dtype, ends: int = 0) -> Any:
    """Returns a model whose logits are as spread as those of a trained one. ends: its texts end after so many
    tokens on average; 0: hardly ever."""
    config = getattr(transformers, f"{shape.family}Config")(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        pad_token_id=made.PAD,
        bos_token_id=made.BOS,
        eos_token_id=made.EOS,
    )
    torch.manual_seed(0)
    with torch.device(device):
        net = getattr(transformers, f"{shape.family}ForCausalLM")(config).eval()
    net.set_attn_implementation("sdpa")
    spread_logits(net, shape.vocabulary)
    if ends:
        made.let_end(net, ends)
    for parameter in net.parameters():  # and no buffer: rotary embedding needs its float32
        parameter.data = parameter.data.to(dtype)
    return net


@torch.no_grad()
def spread_logits(net: Any, vocabulary: int) -> None:
    net.get_input_embeddings().weight.mul_(EMBEDDING)
    ids = torch.randint(3, vocabulary, (2, 32), device=net.device)
    net.model.norm.weight.mul_(LOGIT_STD / net(ids).logits.float().std())


def random_policy(name: str, settings: Settings, dtype: torch.dtype, ends: int = 0) -> Any:
    """Returns a policy of this shape with words for tokens."""
    from numerate.models.policy import Policy

    shape = shape_of(name)
    net = random_model(shape, torch.device(settings.device), dtype, ends)
    return Policy(net, made.tokenizer(shape.vocabulary), name)
