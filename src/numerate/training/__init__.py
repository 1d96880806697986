"""Rows in, one optimizer step out. Names are loaded on first use, so that a method file (and with it the
checking of a recipe) imports without torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numerate.training import objectives
    from numerate.training.batch import Batch, micro_batches, pack, prompt_of
    from numerate.training.denominators import weigh
    from numerate.training.judged import (
        ask_rows,
        asking,
        kept,
        labelled,
        labelled_steps,
        read,
        readings,
        verdicts,
        weigh_reads,
    )
    from numerate.training.learner import Learner
    from numerate.training.logprobs import hidden_states, logprobs_of, token_logprobs
    from numerate.training.old import recompute, recorded, with_old
    from numerate.training.policy_gradient import kl, less_kl, moved, ratio, sequence_ratio, shares, surrogate
    from numerate.training.reference import Reference
    from numerate.training.rows import attempt, fitting, tagged, worked
    from numerate.training.schedule import cosine, epoch_slice, linear
    from numerate.training.stage import Stage
    from numerate.training.trackers import open_tracker
    from numerate.training.values import logprobs_and_values, token_values

HOME = {
    "Batch": "batch",
    "ask_rows": "judged",
    "asking": "judged",
    "attempt": "rows",
    "fitting": "rows",
    "hidden_states": "logprobs",
    "kept": "judged",
    "labelled": "judged",
    "labelled_steps": "judged",
    "logprobs_and_values": "values",
    "logprobs_of": "logprobs",
    "read": "judged",
    "readings": "judged",
    "verdicts": "judged",
    "weigh_reads": "judged",
    "worked": "rows",
    "Learner": "learner",
    "Reference": "reference",
    "Stage": "stage",
    "cosine": "schedule",
    "epoch_slice": "schedule",
    "kl": "policy_gradient",
    "less_kl": "policy_gradient",
    "linear": "schedule",
    "micro_batches": "batch",
    "moved": "policy_gradient",
    "open_tracker": "trackers",
    "pack": "batch",
    "prompt_of": "batch",
    "recompute": "old",
    "ratio": "policy_gradient",
    "recorded": "old",
    "sequence_ratio": "policy_gradient",
    "shares": "policy_gradient",
    "surrogate": "policy_gradient",
    "tagged": "rows",
    "token_logprobs": "logprobs",
    "token_values": "values",
    "weigh": "denominators",
    "with_old": "old",
}
__all__ = [
    "Batch",
    "Learner",
    "Reference",
    "Stage",
    "ask_rows",
    "asking",
    "attempt",
    "cosine",
    "epoch_slice",
    "fitting",
    "hidden_states",
    "kept",
    "kl",
    "labelled",
    "labelled_steps",
    "less_kl",
    "linear",
    "logprobs_and_values",
    "logprobs_of",
    "micro_batches",
    "moved",
    "objectives",
    "open_tracker",
    "pack",
    "prompt_of",
    "ratio",
    "read",
    "readings",
    "recompute",
    "recorded",
    "sequence_ratio",
    "shares",
    "surrogate",
    "tagged",
    "token_logprobs",
    "token_values",
    "verdicts",
    "weigh",
    "weigh_reads",
    "with_old",
    "worked",
]


def __getattr__(name: str) -> Any:
    if name == "objectives":
        return import_module("numerate.training.objectives")
    if name not in HOME:
        raise AttributeError(f"module 'numerate.training' has no attribute {name!r}")
    return getattr(import_module(f"numerate.training.{HOME[name]}"), name)
