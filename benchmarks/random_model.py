"""Random Llama-shaped models that end their texts by chance, and prompts for them: work without meaning."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

PAD, BOS, EOS = 0, 1, 2
SHAPES = {  # width, layers, heads, key-value heads, inner width, vocabulary
    "1m": (128, 4, 4, 2, 352, 2048),
    "5m": (256, 6, 8, 4, 688, 4096),
    "25m": (512, 8, 8, 4, 1376, 8192),
}
MEAN_LENGTH = 64
"""tokens until a text ends, on average: lengths are geometric, as uneven as real ones"""


def model(size: str, seed: int = 0, mean_length: int = MEAN_LENGTH) -> Any:
    width, layers, heads, kv_heads, inner, vocabulary = SHAPES[size]
    torch.manual_seed(seed)
    net = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=inner,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            num_key_value_heads=kv_heads,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            pad_token_id=PAD,
            bos_token_id=BOS,
            eos_token_id=EOS,
        )
    ).eval()
    let_end(net, mean_length)
    return net


@torch.no_grad()
def let_end(net: Any, mean_length: int) -> None:
    """Every token carries the same feature, which EOS reads: P(EOS) is near 1 / mean_length everywhere. Its
    strength is found by halving an interval."""
    embed = net.get_input_embeddings().weight
    embed[:, 0] = 1.0
    hidden = net.model(torch.randint(3, len(embed), (8, 64)).to(embed.device)).last_hidden_state[:, 8:]
    logits = net.lm_head(hidden).double()
    low, high = -50.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        logits[..., EOS] += middle * hidden[..., 0]
        share = logits.softmax(-1)[..., EOS].mean().item()
        logits[..., EOS] -= middle * hidden[..., 0]
        low, high = (middle, high) if share < 1 / mean_length else (low, middle)
    embed[EOS, 0] += (low + high) / 2


def tokenizer(vocabulary: int) -> PreTrainedTokenizerFast:
    """Words w3, w4, ...: a token each."""
    words = {"<pad>": PAD, "<s>": BOS, "</s>": EOS} | {f"w{i}": i for i in range(3, vocabulary)}
    tok = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    tok.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tok.decoder = decoders.WordPiece()
    return PreTrainedTokenizerFast(tokenizer_object=tok, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


def prompts(
    count: int, vocabulary: int, low: int = 40, high: int = 120, seed: int = 1
) -> Iterator[list[int]]:
    r = random.Random(seed)
    for _ in range(count):
        yield [BOS, *(r.randrange(3, vocabulary) for _ in range(r.randint(low, high) - 1))]


def word_prompts(count: int, vocabulary: int, seed: int = 1) -> list[Any]:
    """Returns the same prompts for an engine, which encodes their words."""
    from numerate.types import Prompt, Turn

    return [
        Prompt(str(i), (Turn("user", "<s>" + "".join(f" w{t}" for t in ids[1:])),))
        for i, ids in enumerate(prompts(count, vocabulary, seed=seed))
    ]


def matrix_parameters(net: Any) -> int:
    """Numbers that every token is multiplied with: two operations each."""
    return sum(p.numel() for p in net.parameters() if p.ndim == 2)


def gemm_rate(seconds: float = 2.0) -> float:
    """Operations per processor second of a matrix product with 256 rows, the best of many: of torch's and
    Numerate's, since one of them may use half the width of the processor."""
    from numerate.models.matmul import matrix_product

    a, b = torch.randn(256, 256), torch.randn(256, 688)
    best, began = 0.0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for multiply in (torch.mm, matrix_product):
            start = time.process_time()
            for _ in range(20):
                multiply(a, b)
            best = max(best, 20 * 2 * 256 * 256 * 688 / (time.process_time() - start))
    return best
