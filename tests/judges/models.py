"""Tiny score models and attempts with labelled steps, for the tests of judges and of the methods that train
them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers

from numerate.models import reward_model
from numerate.models.judge_config import Card
from numerate.models.policy import load
from numerate.models.reward_model import ScoreModel
from numerate.steps import split
from numerate.store import write_rollouts
from numerate.types import Problem, Reward, Rollout, Scored, Step, Turn
from tests import tiny

ENCODERS = ("bert", "deberta")


def encoder(path: Path, kind: str = "bert") -> Path:
    """Writes a tiny random encoder: <s> is its [CLS], </s> its [SEP]."""
    size: dict[str, Any] = {
        "vocab_size": 272,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
    }
    size |= {"intermediate_size": 64, "max_position_embeddings": 128, "pad_token_id": 0}
    more: dict[str, Any] = {
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_buckets": 16,
    }
    torch.manual_seed(0)
    config = (
        transformers.BertConfig(**size) if kind == "bert" else transformers.DebertaV2Config(**size, **more)
    )
    transformers.AutoModel.from_config(config).save_pretrained(path)
    words = tiny.tokenizer(bos=False)
    words.cls_token, words.sep_token = "<s>", "</s>"
    words.save_pretrained(path)
    return path


def scored_by(folder: Path, network: str = "llama", seed: int = 1, **card: Any) -> ScoreModel:
    """A tiny score model whose head says something. network: one of tiny.KINDS, or of ENCODERS."""
    path, settings = folder / network, {"kind": "process", "max_length": 120, **card}
    if network in ENCODERS:
        made = reward_model.on_encoder(str(encoder(path, network)), Card(**settings, encoder=True))
    else:
        made = reward_model.on_policy(load(str(tiny.make(path, network, context=256))), Card(**settings))
    torch.manual_seed(seed)
    with torch.no_grad():
        made.model.head.weight.normal_(std=0.5)
    made.model.eval()
    return made


def base_with_words(folder: Path, context: int = 256) -> Path:
    """A tiny Llama whose tokenizer holds ` correct` and ` incorrect` whole."""
    path = tiny.make(folder / "base", vocab=280, context=context)
    words = tiny.tokenizer()
    words.add_tokens([" correct", " incorrect"])
    words.save_pretrained(path)
    return path


def written(problem: Problem) -> list[tuple[str, float, list[str]]]:
    """(solution, reward, labels of its steps): two right ones, of which one repeats, and two wrong ones."""
    right, wrong = problem.answer, str(int(problem.answer) + 2)
    good = (f"We add\nSo it is {right}\n#### {right}", 1.0, ["unverifiable", "right"])
    return [
        good,
        good,
        (f"Sure\nYes\n#### {right}", 1.0, ["unverifiable", "right"]),
        (f"Hmm\nIt may be {wrong}\n#### {wrong}", 0.0, ["unverifiable", "wrong"]),
        (f"Hmm\nNo\n#### {wrong}", 0.0, ["wrong", "wrong"]),
    ]


def leave_attempts(stage: Path, problems: list[Problem]) -> None:
    """What a stage of attempts leaves behind, every step with its label."""
    rows: list[Scored] = []
    for problem in problems:
        for index, (text, reward, labels) in enumerate(written(problem)):
            found = [
                Step(s.start, s.end, s.text, label=label)  # pyright: ignore[reportArgumentType]
                for s, label in zip(split(text), labels, strict=True)
            ]
            turns = (Turn("user", problem.question), Turn("assistant", text, trained=True))
            rows.append(Scored(Rollout(problem.id, index, turns, steps=tuple(found)), Reward(reward)))
    write_rollouts(stage / "rollouts" / "part-00000.parquet", rows)
