"""Pico's tokenizer: byte-level BPE in which every digit and every operator is a token of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

PAD, BOS, EOS, MASK = "<pad>", "<s>", "</s>", "<mask>"
CONTROL = (PAD, BOS, EOS, MASK)
TAGS = ("[GOOD]", "[BAD]", "<code>", "</code>", "<output>", "</output>")
SPARE = tuple(f"<spare_{i}>" for i in range(6))
WHOLE = ("<<", ">>", "####", "```python", "```output", "```")
"""kept whole like the tags: ordinary text of solutions"""

WORDS = r"\d|\n|[+\-*/=<>()$%.,?!:;#\"]| ?[A-Za-z]+('[a-z]+)?| "


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Trains the merges on some texts. ` correct` and ` incorrect` are single tokens whatever the texts
    hold."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[*CONTROL, *TAGS, *SPARE, *WHOLE],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(with_verdicts(texts), trainer)
    tokenizer = with_control(tokenizer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        mask_token=MASK,
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )


def with_control(tokenizer: Tokenizer) -> Tokenizer:
    """Makes only the tokens that control generation control tokens. The trainer marks all tokens passed to
    it, and marked tokens disappear from decoded text."""
    raw = json.loads(tokenizer.to_str())
    for token in raw["added_tokens"]:
        token["special"] = token["content"] in CONTROL
    return Tokenizer.from_str(json.dumps(raw))


def with_verdicts(texts: Iterable[str]) -> Iterator[str]:
    yield from texts
    for _ in range(500_000 // 100):
        yield " correct incorrect" * 100
