"""Rows in, one optimizer step out. Names are loaded on first use, so that a method file (and with it the
checking of a recipe) imports without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import lazy

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
        word_logprobs,
    )
    from numerate.training.learner import Learner
    from numerate.training.logprobs import (
        hidden_states,
        logprobs_and_values,
        logprobs_of,
        token_logprobs,
        token_values,
    )
    from numerate.training.loss_weights import set_loss_weights, set_read_weights
    from numerate.training.old_logprobs import (
        add_old_logprobs,
        compute_column,
        recompute_logprobs,
        sampler_logprobs,
    )
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
    from numerate.training.rows import (
        demonstration_row,
        drop_overlong,
        rollout_row,
        tagged_row,
    )
    from numerate.training.schedule import batch_rows, cosine, epoch_slice, linear, minibatch
    from numerate.training.stage import Stage
    from numerate.training.trackers import open_tracker
else:
    __getattr__, __dir__ = lazy.exports(
        __name__,
        objectives="",
        batch="Batch micro_batches pack_rows prompt_of",
        head_scores="head_logits keep_rows labelled_row labelled_steps "
        "read_scores score_row score_rows word_logprobs",
        learner="Learner",
        loss_weights="set_loss_weights set_read_weights",
        logprobs="hidden_states logprobs_and_values logprobs_of token_logprobs token_values",
        old_logprobs="add_old_logprobs compute_column recompute_logprobs sampler_logprobs",
        policy_gradient="clipped_surrogate kl policy_shift_stats "
        "ratio sequence_ratio subtract_kl token_means",
        reference="Reference",
        rows="demonstration_row drop_overlong rollout_row tagged_row",
        schedule="batch_rows cosine epoch_slice linear minibatch",
        stage="Stage",
        trackers="open_tracker",
    )

__all__ = [
    "Batch",
    "Learner",
    "Reference",
    "Stage",
    "add_old_logprobs",
    "batch_rows",
    "clipped_surrogate",
    "compute_column",
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
    "minibatch",
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
