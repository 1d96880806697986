"""Problem sets by name: known sets, files and hub datasets.

    load("gsm8k/train", limit=500, seed=0)      load("stories/test")      load("data/mine.jsonl")
    load("stories(magnitude=3)/train")
    load("math500")      load("openai/gsm8k:main/train")      load("2*gsm8k/train + stories/train")

A known set is read from $NUMERATE_DATA where that holds it, else from the hub. A bare name means its test
split; for training, name the split. docs/problems.md describes the names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import lazy

if TYPE_CHECKING:
    from numerate.problems.dataset import content_hash as fingerprint
    from numerate.problems.descriptions import Audit, describe
    from numerate.problems.table import (
        TABLE,
        at_hand,
        audit,
        check,
        is_generated,
        is_test_split,
        left_out,
        load,
        origins,
    )
else:
    __getattr__, __dir__ = lazy.exports(
        __name__,
        dataset="fingerprint=content_hash",
        descriptions="Audit describe",
        table="TABLE at_hand audit check is_generated is_test_split left_out load origins",
    )

__all__ = [
    "TABLE",
    "Audit",
    "at_hand",
    "audit",
    "check",
    "describe",
    "fingerprint",
    "is_generated",
    "is_test_split",
    "left_out",
    "load",
    "origins",
]
