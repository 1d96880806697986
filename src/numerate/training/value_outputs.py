"""Values of the trained tokens, and their log-probabilities, from one forward pass of the trunk."""

from __future__ import annotations

from torch import Tensor, nn

from numerate.models.value_head import Captured, Joint, capture_activations
from numerate.training.batch import Batch
from numerate.training.logprobs import hidden_states, token_logprobs


def logprobs_and_values(model: nn.Module, batch: Batch, detach: bool = True) -> tuple[Tensor, Tensor]:
    """Returns `log pi(token t)` and `V(the row before token t)` at position t, [B, T] each; exactly 0 off the
    trained tokens."""
    with capture_activations() as heard:
        logp_BT = token_logprobs(model, batch)
    return logp_BT, values(model, batch, heard, detach)


def token_values(model: nn.Module, batch: Batch, detach: bool = True) -> Tensor:
    """Returns the values alone."""
    with capture_activations() as heard:
        hidden_states(model, batch)
    return values(model, batch, heard, detach)


def values(model: nn.Module, batch: Batch, heard: Captured, detach: bool) -> Tensor:
    assert isinstance(model, Joint), "this network has no value branch"
    line_N, at_N = batch.mask_BT.nonzero(as_tuple=True)
    value_N = model.value(heard, line_N, batch.before_BT[line_N, at_N], detach)
    return batch.scatter((line_N, at_N), value_N)
