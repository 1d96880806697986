"""Tiny random models in the Hugging Face layout, for tests: `make(tmp_path / "m")` takes milliseconds.

The tokenizer is byte-level with a handful of merges: any text round-trips, digits stay single, and some
tokens hold several characters, so that a stop string can begin or end inside one. Llama and Mistral put a BOS
before a text; Qwen2 and GPT-2 don't.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

SPECIAL = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}
MERGES = (
    ("t", "h"), ("th", "e"), ("Ġ", "the"), ("Ġ", "a"), ("h", "a"), ("ha", "s"), ("Ġ", "has"),
    ("=", "="), ("#", "#"), ("##", "##"), ("I", "t"), ("<", "<"), (">", ">"),
)  # fmt: skip
CHAT = (
    "{% for m in messages %}{{ '<' + m['role'] + '>' + m['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)
KINDS = ("llama", "qwen2", "qwen3", "mistral", "gpt2", "opt")


def tokenizer(bos: bool = True) -> Any:
    """A byte-level tokenizer of 272 tokens: pad 0, BOS 1, EOS 2."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*SPECIAL.values(), *alphabet, *(left + right for left, right in MERGES)]
    bpe = models.BPE(vocab={w: i for i, w in enumerate(words)}, merges=list(MERGES))
    raw = Tokenizer(bpe)
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    if bos:
        raw.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, **SPECIAL)
    made.chat_template = CHAT
    return made


def config(
    kind: str, vocab: int = 272, hidden: int = 32, layers: int = 2, context: int = 256, **more: Any
) -> Any:
    """The configuration of a tiny model; `more` goes to transformers' own class."""
    common: dict[str, Any] = {
        "vocab_size": vocab,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
        **more,
    }
    if kind == "gpt2":
        dropout = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
        return transformers.GPT2Config(
            n_embd=hidden, n_layer=layers, n_head=4, n_positions=context, **dropout, **common
        )
    if kind == "opt":
        width: dict[str, Any] = {"hidden_size": hidden, "ffn_dim": 2 * hidden, "word_embed_proj_dim": hidden}
        size = {
            "dropout": 0.0,
            "num_hidden_layers": layers,
            "num_attention_heads": 4,
            "max_position_embeddings": context,
        }
        return transformers.OPTConfig(**(width | size | common))
    shape = {
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": context,
        "tie_word_embeddings": True,
    }
    names = ("llama", "Llama"), ("qwen2", "Qwen2"), ("qwen3", "Qwen3"), ("mistral", "Mistral")
    if kind == "qwen3":  # the others divide the width by the heads themselves
        shape["head_dim"] = hidden // 4
    classes = {name: f"{family}Config" for name, family in names}
    return getattr(transformers, classes[kind])(**(shape | common))


def model(kind: str = "llama", seed: int = 0, spread: float = 1.0, **options: Any) -> Any:
    """A random model in evaluation mode. `spread` multiplies the output layer: larger is surer."""
    torch.manual_seed(seed)
    made = transformers.AutoModelForCausalLM.from_config(config(kind, **options)).eval()
    with torch.no_grad():
        made.get_output_embeddings().weight.mul_(spread)
        for name, weight in made.named_parameters():
            if name.endswith("bias"):  # zero at birth: a forgotten bias would pass unseen
                weight.normal_(std=0.2)
            elif "norm" in name or ".ln_" in name:  # one at birth
                weight.uniform_(0.5, 1.5)
    return made


def make(path: Path, kind: str = "llama", seed: int = 0, spread: float = 1.0, **options: Any) -> Path:
    """Writes a tiny random model of one of KINDS and its tokenizer to `path`, and returns it."""
    made = model(kind, seed, spread, **options)
    made.save_pretrained(path)
    tokenizer(bos=kind in ("llama", "mistral")).save_pretrained(path)
    return path
