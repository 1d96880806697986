"""The local engine with its parts timed; on a CPU a recorder that records nothing replaces CUDA graphs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.gpu.meter import Row, timed
from benchmarks.gpu.settings import Settings


@dataclass
class Watch:
    """Seconds within the parts of a call of `sample`."""

    device: str
    seconds: dict[str, float] = field(default_factory=lambda: {"prefill": 0.0, "record": 0.0})
    calls: dict[str, int] = field(default_factory=lambda: {"prefill": 0, "record": 0})

    def wrap(self, backend: Any) -> Any:
        """Times the backend's passes over prompts, and its recordings where it makes any."""
        for part in self.seconds:
            if call := getattr(backend, part, None):
                setattr(backend, part, self.timing(part, call))
        return backend

    def timing(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any) -> Any:
            results: list[Any] = []
            self.seconds[part] += timed(lambda: results.append(call(*args)), self.device)
            self.calls[part] += 1
            return results[0]

        return run

    def row(self) -> Row:
        return {
            "prefill_s": self.seconds["prefill"],
            "recordings": self.calls["record"],
            "recording_s": self.seconds["record"],
        }


def open_backend(policy: Any, graphs: bool, settings: Settings) -> Callable[[int, int], Any]:
    """Returns what makes an empty batch, with CUDA graphs or without; the weights are read once."""
    from numerate.models.inference.cuda_graphs import GraphForward
    from numerate.models.inference.torch import FastForward
    from numerate.models.inference.weights import read_weights

    weights = read_weights(policy.model, policy.compute)
    assert weights is not None, "the lean forward pass does not know this shape"
    if not graphs:
        return lambda rows, tokens: FastForward(weights, rows, tokens)
    record = None if settings.on_card else lambda step: step
    return lambda rows, tokens: GraphForward(weights, rows, tokens, record)


def local_engine(policy: Any, rows: int, settings: Settings, graphs: bool = True) -> tuple[Any, Watch]:
    from numerate.rollouts.local import LocalEngine

    engine, watch = LocalEngine(policy, slots=rows), Watch(settings.device)
    make: Any = engine.open
    if not (graphs and settings.on_card):
        del engine.open, make  # the engine's own copy of the weights
        make = open_backend(policy, graphs, settings)
    engine.open = lambda rows, tokens: watch.wrap(make(rows, tokens))
    return engine, watch
