"""Rows in, one optimizer step out. Names are loaded on first use, so that a method file (and with it the
checking of a recipe) imports without torch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numerate.training import objectives
    from numerate.training.batch import Batch, micro_batches, pack_rows, prompt_of
    from numerate.training.head_scores import (
        head_logits,
        keep_rows,
        labelled_row,
        labelled_steps,
        read_scores,
        score_row,
        score_rows,
        set_read_weights,
        word_logprobs,
    )
    from numerate.training.learner import Learner
    from numerate.training.logprobs import hidden_states, logprobs_of, token_logprobs
    from numerate.training.loss_weights import set_loss_weights
    from numerate.training.old_logprobs import add_old_logprobs, recompute_logprobs, sampler_logprobs
    from numerate.training.policy_gradient import (
        clipped_surrogate,
        kl,
        policy_shift_stats,
        ratio,
        sequence_ratio,
        subtract_kl,
        token_means,
    )
    from numerate.training.reference import Reference
    from numerate.training.rows import demonstration_row, drop_overlong, rollout_row, tagged_row
    from numerate.training.schedule import cosine, epoch_slice, linear
    from numerate.training.stage import Stage
    from numerate.training.trackers import open_tracker
    from numerate.training.value_outputs import logprobs_and_values, token_values

HOME = {
    "Batch": "batch",
    "score_rows": "head_scores",
    "score_row": "head_scores",
    "rollout_row": "rows",
    "drop_overlong": "rows",
    "hidden_states": "logprobs",
    "keep_rows": "head_scores",
    "labelled_row": "head_scores",
    "labelled_steps": "head_scores",
    "logprobs_and_values": "value_outputs",
    "logprobs_of": "logprobs",
    "read_scores": "head_scores",
    "head_logits": "head_scores",
    "word_logprobs": "head_scores",
    "set_read_weights": "head_scores",
    "demonstration_row": "rows",
    "Learner": "learner",
    "Reference": "reference",
    "Stage": "stage",
    "cosine": "schedule",
    "epoch_slice": "schedule",
    "kl": "policy_gradient",
    "subtract_kl": "policy_gradient",
    "linear": "schedule",
    "micro_batches": "batch",
    "policy_shift_stats": "policy_gradient",
    "open_tracker": "trackers",
    "pack_rows": "batch",
    "prompt_of": "batch",
    "recompute_logprobs": "old_logprobs",
    "ratio": "policy_gradient",
    "sampler_logprobs": "old_logprobs",
    "sequence_ratio": "policy_gradient",
    "token_means": "policy_gradient",
    "clipped_surrogate": "policy_gradient",
    "tagged_row": "rows",
    "token_logprobs": "logprobs",
    "token_values": "value_outputs",
    "set_loss_weights": "loss_weights",
    "add_old_logprobs": "old_logprobs",
}
__all__ = [
    "Batch",
    "Learner",
    "Reference",
    "Stage",
    "add_old_logprobs",
    "clipped_surrogate",
    "cosine",
    "demonstration_row",
    "drop_overlong",
    "epoch_slice",
    "head_logits",
    "hidden_states",
    "keep_rows",
    "kl",
    "labelled_row",
    "labelled_steps",
    "linear",
    "logprobs_and_values",
    "logprobs_of",
    "micro_batches",
    "objectives",
    "open_tracker",
    "pack_rows",
    "policy_shift_stats",
    "prompt_of",
    "ratio",
    "read_scores",
    "recompute_logprobs",
    "rollout_row",
    "sampler_logprobs",
    "score_row",
    "score_rows",
    "sequence_ratio",
    "set_loss_weights",
    "set_read_weights",
    "subtract_kl",
    "tagged_row",
    "token_logprobs",
    "token_means",
    "token_values",
    "word_logprobs",
]


def __getattr__(name: str) -> Any:
    if name == "objectives":
        return import_module("numerate.training.objectives")
    if name not in HOME:
        raise AttributeError(f"module 'numerate.training' has no attribute {name!r}")
    return getattr(import_module(f"numerate.training.{HOME[name]}"), name)
