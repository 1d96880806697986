"""Makes `numerate/pico` from nothing: python -m numerate.assets.make_pico [--out DIR] [--steps N] [--gsm8k]

A Llama of 1.4 M parameters and its tokenizer, on documents of numerate.assets.corpus. Killed, it resumes
where it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from numerate.assets import corpus, muon, tokenizer
from numerate.models.policy import Policy
from numerate.problems import is_test_split, load
from numerate.progress import RichProgress
from numerate.training import Learner, Stage, set_loss_weights
from numerate.training.logprobs import token_logprobs
from numerate.types import Example, Problem

VOCABULARY = 2048
TOKENIZER_DOCUMENTS = 20_000
DOCUMENTS_PER_STEP = 64
PEAK, WARMUP, DECAY = 4e-3, 0.02, 0.3
"""learning rate, share of the steps in which it rises, share in which it falls to zero"""


def make_network(vocabulary: int, seed: int) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=128,
            intermediate_size=384,
            num_hidden_layers=6,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=1024,
            tie_word_embeddings=True,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
        )
    )


def learning_rate(progress: float) -> float:
    """Returns the learning rate: linear warmup, constant, linear decay to zero."""
    return PEAK * min(1.0, progress / WARMUP, (1 - progress) / DECAY)


def text_row(tok: PreTrainedTokenizerFast, text: str) -> Example:
    ids = [*tok(text)["input_ids"], tok.eos_token_id][:1024]
    return Example(ids, [False] + [True] * (len(ids) - 1))


def loss(model: torch.nn.Module, batch: object) -> tuple[torch.Tensor, dict[str, float]]:
    logp_BT = token_logprobs(model, batch)  # pyright: ignore
    return -(batch.token["weight"] * logp_BT).sum(), {}  # pyright: ignore


def texts_of(gsm8k: bool) -> Sequence[Problem]:
    """Returns GSM8K's training problems if asked for. Refuses what belongs to a test split."""
    if not gsm8k:
        return ()
    assert not is_test_split("gsm8k/train")
    return load("gsm8k/train")


def main(
    out: Annotated[Path, typer.Option(help="folder of the finished model")] = Path(__file__).parent / "pico",
    work: Annotated[Path, typer.Option(help="folder for checkpoints")] = Path("runs/make-pico"),
    steps: Annotated[int, typer.Option(help="optimizer steps")] = 3500,
    seed: int = 0,
    gsm8k: Annotated[bool, typer.Option(help="also read GSM8K's training texts")] = True,
) -> None:
    """Trains the tokenizer, then the model; writes both to OUT in Hugging Face layout."""
    torch.use_deterministic_algorithms(True)
    # What torch fills with NaN for this mode nobody reads here, and it takes 6 % of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore
    assert not is_test_split(f"stories/{corpus.SPLIT}")
    texts = texts_of(gsm8k)
    tok = tokenizer.train_tokenizer(
        (corpus.make_document(seed + 1, i, texts) for i in range(TOKENIZER_DOCUMENTS)), VOCABULARY
    )
    policy = Policy(make_network(len(tok), seed), tok, name="numerate/pico")
    run = Stage(work, seed, RichProgress(), save_seconds=120.0)
    learner = Learner(policy, micro_tokens=1024, optimizers=muon.split_parameters)
    for step in run.rounds(steps, learner, label="steps"):
        first = step * DOCUMENTS_PER_STEP
        rows = [
            text_row(tok, corpus.make_document(seed, first + i, texts)) for i in range(DOCUMENTS_PER_STEP)
        ]
        stats = learner.step(set_loss_weights(rows), loss, learning_rate((step + 1) / steps))
        run.log({"train/loss": stats["loss"], "train/perplexity": math.exp(stats["loss"])})
    policy.model.to(torch.bfloat16)
    policy.save(out)


if __name__ == "__main__":
    typer.run(main)
