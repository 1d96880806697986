"""Parity of the optimizer: fused AdamW against the plain one over some steps, and a resumed learner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import random_model as made
from benchmarks.gpu.meter import Row, guarded
from benchmarks.gpu.models import random_model
from benchmarks.gpu.parity_attention import shared_rows
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.shapes import shallow, shape_of

RATE = 1e-4
BOUND = 0.02
"""of the distance that the weights went: Adam divides by the size of a gradient, which makes rounding of the
small ones count"""
LAYERS = 4


def parity_optimizer(name: str, settings: Settings) -> Iterator[Row]:
    """The section. Products in float32: in 16 bits the gradients' rounding would be compared."""
    weights: dict[str, list[Tensor]] = {}

    def compare(first: str, second: str) -> Row:
        for kind in ("start", first, second):
            if kind not in weights:
                weights[kind] = trained_weights(kind, name, settings)
        return distance_row(weights[first], weights[second], weights["start"])

    for first, second in (("fused", "plain"), ("fused and resumed", "fused")):
        row: Row = {"what": f"AdamW {first} - {second}", "steps": settings.optimizer_steps}
        yield guarded(row, lambda a=first, b=second: compare(a, b), settings.device)


def trained_weights(kind: str, name: str, settings: Settings) -> list[Tensor]:
    """The weights of a few layers before or after the steps."""
    from numerate.methods import sft
    from numerate.training import set_loss_weights

    rows = set_loss_weights(shared_rows(shape_of(name), settings))
    learner = make_learner(name, settings, plain_adamw if kind == "plain" else None)
    for step in range(0 if kind == "start" else settings.optimizer_steps):
        if kind == "fused and resumed" and step == settings.optimizer_steps // 2:
            state = {key: value.detach().cpu().clone() for key, value in learner.state().items()}
            learner = make_learner(name, settings, None)
            learner.load_state(state)
        learner.step(rows, sft.loss, RATE)
    return [p.detach().cpu() for p in learner.named.values()]


def make_learner(name: str, settings: Settings, optimizers: Callable[..., Any] | None) -> Any:
    from numerate.models.policy import Policy
    from numerate.training import Learner

    shape = shape_of(name)
    net = random_model(shallow(shape, LAYERS), torch.device(settings.device), torch.float32)
    return Learner(Policy(net, made.tokenizer(shape.vocabulary)), optimizers=optimizers)


def plain_adamw(named: dict[str, nn.Parameter]) -> list[torch.optim.Optimizer]:
    """The learner's settings without the fused kernel."""
    return [
        torch.optim.AdamW(
            named.values(), lr=0.0, betas=(0.9, 0.95), weight_decay=0.0, foreach=False, fused=False
        )
    ]


def distance_row(first: list[Tensor], second: list[Tensor], start: list[Tensor]) -> Row:
    def norm(others: list[Tensor]) -> float:
        return sum(float((a - b).double().square().sum()) for a, b in zip(first, others, strict=True)) ** 0.5

    relative = norm(second) / norm(start)
    most = max(float((a - b).abs().max()) for a, b in zip(first, second, strict=True))
    return {"relative": relative, "max": most, "bound": BOUND, "passes": relative <= BOUND}
