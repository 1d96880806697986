"""Real text for benchmarks that need it: GSM8K, and a tokenizer made from it. Needs nothing of Numerate's, so
that it runs in a peer's environment too."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def gsm8k(count: int = 2000) -> list[tuple[str, str]]:
    """Returns the first questions of the training split and their solutions."""
    folder = Path(os.environ.get("NUMERATE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    file = folder / "gsm8k" / "train.jsonl"
    if not file.exists():
        raise SystemExit(f"no {file}: set NUMERATE_DATA to the folder of the datasets")
    with file.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line, _ in zip(lines, range(count), strict=False)]
    return [(row["question"] + "\n", row["solution"]) for row in rows]


def bpe(texts: Sequence[tuple[str, str]], vocabulary: int) -> Any:
    """Returns a byte-level tokenizer of so many tokens; pad 0, BOS 1, EOS 2."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator((question + solution for question, solution in texts), trainer)
    return PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
