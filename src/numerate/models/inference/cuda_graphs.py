"""The lean step on a GPU, recorded once and played back.

A step is some thirty kernels per layer, and on a small batch starting one takes longer than running it. A
CUDA graph starts all of them at once, but knows one size and one place in memory only. So sizes are rounded
up to few, what changes from step to step is copied to where the recording reads it, and recordings are thrown
away when the caches of keys and values move. The vocabulary head stays outside: its output is the one large
tensor.

Only recording itself needs a GPU (`record`); everything around it is tested without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from warnings import warn

import torch
from torch import Tensor
from torch.nn import functional as F

from numerate.models.inference.kv_cache import Plan, Sizes
from numerate.models.inference.torch import FastForward
from numerate.models.inference.weights import Weights

WORTH = 4
"""steps of one size before it is recorded: recording costs about as much as two of them"""

Replay = Callable[[], Tensor]


@dataclass(frozen=True, slots=True)
class Recording:
    token_B: Tensor
    plan: Plan
    replay: Replay

    def __call__(self, token_B: Tensor, plan: Plan) -> Tensor:
        """Replays the step; the next call overwrites its result."""
        self.token_B.copy_(token_B)
        for field in fields(Plan):
            getattr(self.plan, field.name).copy_(getattr(plan, field.name))
        return self.replay()


class GraphForward(FastForward):
    """Computes the numbers of FastForward up to rounding."""

    def __init__(
        self,
        weights: Weights,
        rows: int = 0,
        tokens: int = 0,
        record: Callable[[Replay], Replay] | None = None,
    ) -> None:
        super().__init__(weights, rows, tokens)
        self.record: Callable[[Replay], Replay] | None = record or Recorder(weights.embed.device)
        self.recordings: dict[Sizes, Recording] = {}
        self.seen: Counter[Sizes] = Counter()
        self.places: tuple[int, ...] = ()

    def step(self, token_B: Tensor) -> Tensor:
        rows = len(token_B)
        sizes = self.rows.sizes().rounded()
        self.rows.make_prompt_room(sizes.prompts, sizes.columns)
        plan = self.prepare(sizes)
        token_B = F.pad(token_B, (0, sizes.rows - rows))
        replay = self.recording(token_B, plan, sizes)
        x_Bd = replay(token_B, plan) if replay else self.run(token_B, plan, sizes)
        self.rows.grow()
        return self.logits(x_Bd[:rows])

    def recording(self, token_B: Tensor, plan: Plan, sizes: Sizes) -> Recording | None:
        """Returns the step of this size; None where that is too rare yet, or can't be recorded."""
        self.forget_moved()
        self.seen[sizes] += 1
        if self.record and sizes not in self.recordings and self.seen[sizes] > WORTH:
            try:
                replay = self.record(lambda: self.run(token_B, plan, sizes))
            except RuntimeError as error:
                warn(f"sampling continues without CUDA graphs: {error}", RuntimeWarning, stacklevel=2)
                self.record = None
            else:
                self.recordings[sizes] = Recording(token_B, plan, replay)
        return self.recordings.get(sizes)

    def forget_moved(self) -> None:
        """Drops the recordings after memory was moved: they read and write at the old addresses."""
        rows = self.rows
        kept = (rows.prompt_k, rows.prompt_v, rows.suffix_k, rows.suffix_v, self.rotation_table)
        places = tuple(cache.data_ptr() for cache in kept)
        if places != self.places:
            self.recordings.clear()
            self.places = places


class Recorder:
    """Records on the device of the weights, which need not be the current one. All recordings of one recorder
    share their memory, so only one of them may be in use at a time."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.pool = torch.cuda.graph_pool_handle()

    def __call__(self, step: Replay) -> Replay:
        with torch.cuda.device(self.device):
            aside = side_stream(self.device)
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                step()  # libraries take their workspaces at the first call, which may not be recorded
            torch.cuda.current_stream().wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self.pool, stream=aside):
                out = step()

        def replay() -> Tensor:
            with torch.cuda.device(self.device):
                graph.replay()
            return out

        return replay


@cache
def side_stream(device: torch.device) -> torch.cuda.Stream:
    """Returns the stream of all recordings on a device: cuBLAS keeps a workspace, 32 MiB on some cards, for
    every stream it ran on."""
    return torch.cuda.Stream(device)
