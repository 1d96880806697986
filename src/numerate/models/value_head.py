"""Value branch beside a policy: one network with a vocabulary head and a value head (Havrilla et al. 2024,
arXiv:2403.04642, figure 17: a value branch of four layers, its gradient kept from the trunk).

    trunk   layer 1 .. N-L ──┬── layer N-L+1 .. N ── norm ── vocabulary head        log pi(token)
                             └── copies of these  ── copy ── linear head            V(state)

The branch is called with what the policy's own top layers were called with, so it works for every model and
every layout of the rows; a forward pre-hook records those arguments. It is no part of the policy: saving the
policy saves the trunk."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_layers import GradientCheckpointingLayer

from numerate.models.policy import Policy
from numerate.models.with_heads import WithHeads


@dataclass(slots=True)
class Captured:
    """Activations of one forward pass of the trunk."""

    calls: dict[int, tuple[tuple[Any, ...], dict[str, Any]]] = field(
        default_factory=dict[int, tuple[tuple[Any, ...], dict[str, Any]]]
    )
    """number of a copied layer -> the arguments of its original"""
    last_BTD: Tensor | None = None
    """the last hidden states"""


_capture: ContextVar[Captured | None] = ContextVar("capture", default=None)


@contextmanager
def capture_activations() -> Iterator[Captured]:
    """Records the activations of a trunk's forward pass in this thread."""
    captured = Captured()
    before = _capture.set(captured)
    try:
        yield captured
    finally:
        _capture.reset(before)


def capture_layer_input(number: int, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if (captured := _capture.get()) is not None:
        captured.calls[number] = args, kwargs


def capture_output(_: nn.Module, args: object, output: Any) -> None:
    if (captured := _capture.get()) is not None:
        captured.last_BTD = output.last_hidden_state


class ValueBranch(nn.Module):
    """Copies of the top L layers with a linear head, in float32; L = 0 is the head alone."""

    def __init__(self, lm: Any, layers: int) -> None:
        """Creates a branch. lm: the causal LM before any adapters: the branch trains all of its own weights.

        Raises ValueError where the model has fewer layers."""
        super().__init__()
        own = [m for m in lm.modules() if isinstance(m, GradientCheckpointingLayer)]
        if layers > len(own):
            raise ValueError(
                f"a value branch of {layers} layers on a model with {len(own)}: set value.layers to "
                f"at most {len(own)}, or to 0 for a linear head"
            )
        top = own[len(own) - layers :]
        configs = [m.config for m in lm.modules() if hasattr(m, "config")]
        self.layers = nn.ModuleList(copy_module(layer, configs) for layer in top)
        self.norm = copy_module(last_norm(lm, own[-1]), configs) if layers else nn.Identity()
        config = lm.config.get_text_config()
        last = getattr(config, "word_embed_proj_dim", None) if not layers else None
        self.head = nn.Linear(int(last or config.hidden_size), 1, device=lm.device)
        nn.init.zeros_(self.head.weight)  # every value begins at 0, without a random number
        nn.init.zeros_(self.head.bias)
        self.float().requires_grad_(True)
        for number, layer in enumerate(top):
            layer.register_forward_pre_hook(partial(capture_layer_input, number), with_kwargs=True)
        if not layers:
            lm.base_model.register_forward_hook(capture_output)

    def forward(self, captured: Captured, line_N: Tensor, at_N: Tensor, detach: bool = True) -> Tensor:
        """Computes the values at some positions of the lines, [N] float32. detach: nothing flows back to the
        trunk."""
        h_BTD = captured.calls[0][0][0] if len(self.layers) else captured.last_BTD
        assert h_BTD is not None, "no forward pass was captured"
        h_BTD = h_BTD.detach() if detach else h_BTD
        for number, layer in enumerate(self.layers):
            args, kwargs = captured.calls[number]
            out = layer(h_BTD, *args[1:], **kwargs)
            h_BTD = out[0] if isinstance(out, tuple) else out
        h_ND = self.norm(h_BTD[line_N, at_N])
        with torch.autocast(h_ND.device.type, enabled=False):
            return self.head(h_ND.float())[:, 0]


def copy_module(module: nn.Module, shared: list[Any]) -> nn.Module:
    """Returns a copy that keeps the model's own configurations, in which the kind of attention is chosen."""
    return copy.deepcopy(module, {id(config): config for config in shared})


def last_norm(lm: Any, layer: nn.Module) -> nn.Module:
    """Returns the norm after the last layer, beside the list of layers."""
    for module in lm.modules():
        lists = [child for child in module.children() if isinstance(child, nn.ModuleList)]
        if any(layer in list(each) for each in lists):
            norms = [child for child in module.children() if "Norm" in type(child).__name__]
            return norms[-1] if norms else nn.Identity()
    return nn.Identity()


class Joint(WithHeads):
    """Trunk and branch."""

    value: ValueBranch

    def __init__(self, trunk: Any, value: ValueBranch) -> None:
        super().__init__(trunk, value=value)


def join_value_branch(policy: Policy, branch: ValueBranch) -> Policy:
    """Returns the network that the learner trains: it shares the policy's weights, and has the branch's
    too."""
    return Policy(Joint(policy.model, branch), policy.tokenizer, policy.name, policy.compute, policy.sampling)
