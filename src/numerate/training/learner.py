"""The one place that holds an optimizer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from numerate.models.lean import make_lean
from numerate.training import devices
from numerate.training.attention import can_pack, use_packed
from numerate.training.batch import Batch, grouped, micro_batches, pack, pad
from numerate.training.gradients import Gradients, Loss
from numerate.training.logprobs import network
from numerate.types import Example, Stats


class Trained(Protocol):
    """A policy or a score model: what the learner asks of it."""

    @property
    def model(self) -> Any: ...

    @property
    def pad_id(self) -> int: ...

    @property
    def device(self) -> torch.device: ...


class Learner:
    """One policy and its AdamW (or other optimizers, whose groups may scale the learning rate by
    `lr_scale`). A step is the same whatever the micro-batch, the packing and the number of processes."""

    def __init__(
        self,
        policy: Trained,
        *,
        betas: tuple[float, float] = (0.9, 0.95),
        weight_decay: float = 0.0,
        max_norm: float = 1.0,
        micro_tokens: int = 2048,
        micro_rows: int | None = None,
        packed: bool | None = None,
        optimizers: Callable[[dict[str, nn.Parameter]], list[torch.optim.Optimizer]] | None = None,
    ):
        """micro_tokens, micro_rows: largest part of a step that is held in memory at once; packed: rows lie
        in one line and share equal prompts, False puts rows of like length below each other, padded (None:
        packed where the model can);
        max_norm: gradients are clipped to it."""
        self.policy = policy
        self.max_norm = max_norm
        self.micro_tokens = micro_tokens
        self.micro_rows = micro_rows
        make_lean(policy.model)
        lm = network(policy.model)
        self.packed = can_pack(lm) if packed is None else packed
        if self.packed:
            use_packed(lm)  # here, before several threads run the model
        self.named = {name: p for name, p in policy.model.named_parameters() if p.requires_grad}
        self.gradients = Gradients(policy.model, self.named.values())
        if optimizers:
            self.optimizers = optimizers(self.named)
        else:
            fused = self.policy.device.type in ("cpu", "cuda")
            self.optimizers: list[torch.optim.Optimizer] = [
                torch.optim.AdamW(
                    self.named.values(), lr=0.0, betas=betas, weight_decay=weight_decay, fused=fused
                )
            ]

    def step(self, rows: Sequence[Example], loss: Loss, lr: float) -> Stats:
        """One optimizer step on all the rows. Returns the sums of the loss's statistics, `loss` and
        `grad_norm`."""
        self.policy.model.train()
        totals: Stats = defaultdict(float)
        for value, stats in self.gradients.add(self.batches(rows), loss):
            for name, number in {"loss": value, **stats}.items():
                totals[name] += number
        devices.sum_gradients(self.named.values())
        norm = nn.utils.clip_grad_norm_(self.named.values(), self.max_norm).item()
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr * group.get("lr_scale", 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        return {**devices.sum_stats(dict(totals)), "grad_norm": norm}

    def batches(self, rows: Sequence[Example]) -> Iterator[Batch]:
        """This process's share of the rows, in micro-batches. Rows of one prompt stay together where there
        are enough prompts. A process without a row repeats one at weight 0, so that all of them report the
        same statistics."""
        groups = grouped(rows) if self.packed else []
        if len(groups) < devices.size():
            groups = [[i] for i in range(len(rows))]
        mine = [rows[i] for numbers in groups[devices.rank() :: devices.size()] for i in numbers]
        if not mine:
            mine = [rows[0].with_token(**{k: [0.0] * len(rows[0].ids) for k in rows[0].token})]
        lay = pack if self.packed else pad
        for part in micro_batches(mine, self.micro_tokens, self.micro_rows, self.packed):
            yield lay(part, self.policy.pad_id, self.policy.device)

    def state(self) -> dict[str, Tensor]:
        """Everything that a resumed run needs, as named tensors."""
        out = {f"model/{name}": p.detach() for name, p in self.named.items()}
        for name, p in self.named.items():
            for optimizer in self.optimizers:
                for key, value in optimizer.state.get(p, {}).items():
                    out[f"optimizer/{key}/{name}"] = value
        return out

    @torch.no_grad()
    def load_state(self, state: dict[str, Tensor]) -> None:
        for name, p in self.named.items():
            p.copy_(state[f"model/{name}"])
        for optimizer in self.optimizers:
            mine = {id(p) for group in optimizer.param_groups for p in group["params"]}
            for name, p in self.named.items():
                if id(p) in mine:
                    optimizer.state[p] = moments(state, name, p.device)


def moments(state: dict[str, Tensor], name: str, device: torch.device) -> dict[str, Tensor]:
    """What an optimizer remembers of one parameter; AdamW counts its steps on the CPU."""
    kept = {}
    for full, value in state.items():
        kind, _, rest = full.partition("/")
        key, _, owner = rest.partition("/")
        if kind == "optimizer" and owner == name:
            kept[key] = value.to("cpu" if key == "step" else device)
    return kept
