"""The learner: a policy, its optimizer, and one optimizer step over any number of micro-batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite, isnan

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler

from numerate.models.cpu_layers import make_lean
from numerate.models.finite_weights import check_weights
from numerate.processes import process_count, rank
from numerate.training import distributed
from numerate.training.activation_checkpointing import Checkpointing, Switch
from numerate.training.batch import Batch, group_by_prompt, micro_batches, pack_rows, pad_rows
from numerate.training.gradients import Gradients, Loss
from numerate.training.logprobs import HEAD_MIB, head_memory, unwrapped_lm
from numerate.training.packed_attention import can_pack, use_packed
from numerate.training.trainable import Trainable
from numerate.types import Example, NotFinite, Stats

SCALER = ("scale", "_growth_tracker")
"""what the scaling of float16's losses remembers from step to step"""
SMALLEST_SCALE = 1.0
"""of float16's losses: where a gradient overflows at this scale it is the gradient, not the scaling"""


class Learner:
    """A policy and its AdamW (or other optimizers, whose groups may scale the learning rate by `lr_scale`).

    A step is the same for any micro-batches, packing and number of processes, except for rounding."""

    def __init__(
        self,
        policy: Trainable,
        *,
        betas: tuple[float, float] = (0.9, 0.95),
        weight_decay: float = 0.0,
        max_norm: float = 1.0,
        micro_tokens: int = 2048,
        micro_rows: int | None = None,
        packed: bool | None = None,
        activation_checkpointing: Switch = "auto",
        head_mib: int = HEAD_MIB,
        dropout: bool = False,
        optimizers: Callable[[dict[str, nn.Parameter]], list[torch.optim.Optimizer]] | None = None,
    ):
        """Creates a learner. micro_tokens, micro_rows: largest part of a step that is held in memory at once;
        packed: rows lie in one line and share equal prompts, False puts rows of like length below each other,
        padded (None: packed where the model can); activation_checkpointing: compute each layer again in the
        backward pass, by default where the memory does not suffice; head_mib: MiB of logits that a
        micro-batch holds at once; max_norm: gradients are clipped to it; dropout: what the model's
        configuration has of it is on during a step. Off, a step sees the log-probabilities that `recompute`
        and the sampler see, whatever the micro-batches.

        Weights that are trained become float32; products are computed in the policy's `compute`."""
        self.policy = policy
        self.head_mib = head_mib
        self.max_norm = max_norm
        self.dropout = dropout
        self.micro_tokens = micro_tokens
        self.micro_rows = micro_rows
        policy.model.eval()  # and only a step with dropout leaves this mode
        make_lean(policy.model)
        lm = unwrapped_lm(policy.model)
        self.packed = can_pack(lm) if packed is None else packed
        if self.packed:
            use_packed(lm)  # here, before several threads run the model
        for p in policy.model.parameters():
            if p.requires_grad and p.dtype.itemsize < 4:
                p.data = p.data.float()
        self.named = {name: p for name, p in policy.model.named_parameters() if p.requires_grad}
        self.gradients = Gradients(policy.model, self.named.values(), dropout)
        self.checkpointing = Checkpointing(policy, activation_checkpointing, self.gradients.workers, dropout)
        self.scaler = GradScaler(policy.device.type, enabled=policy.compute == torch.float16)
        self.scaler.scale(torch.zeros((), device=policy.device))  # before several threads scale their losses
        if optimizers:
            self.optimizers = optimizers(self.named)
        else:
            fused = self.policy.device.type in ("cpu", "cuda")
            self.optimizers: list[torch.optim.Optimizer] = [
                torch.optim.AdamW(
                    self.named.values(), lr=0.0, betas=betas, weight_decay=weight_decay, fused=fused
                )
            ]

    def hold(self, held: Callable[[str], bool]) -> None:
        """Freezes parameters by name from the next step on: they have no gradient, so no share in the clipped
        norm, and no moments in the optimizer."""
        self.gradients.parameters = [p for name, p in self.named.items() if not held(name)]

    def step(self, rows: Sequence[Example], loss: Loss, lr: float) -> Stats:
        """Takes one optimizer step on all the rows. Returns the sums of the loss's statistics, `loss` and
        `grad_norm`.

        In float16 a step whose gradient overflows is skipped while the scale of the loss can still decrease.

        Raises:
            NotFinite: the loss or the gradient is not finite; in every process, before the weights change.
        """
        self.policy.model.train(self.dropout)
        for p in self.named.values():
            p.grad = None  # of a step that was not applied
        totals: Stats = defaultdict(float)
        scale = self.scaler.get_scale()
        self.checkpointing.decide(rows, self.micro_tokens, self.head_mib)
        for value, stats in self.gradients.add(self.batches(rows), self.scaled(loss)):
            for name, number in {"loss": value / scale, **stats}.items():
                totals[name] += number
        distributed.sum_gradients(self.named.values())
        for optimizer in self.optimizers:
            self.scaler.unscale_(optimizer)
        norm = nn.utils.clip_grad_norm_(self.named.values(), self.max_norm).item()
        stats = {**distributed.sum_stats(dict(totals)), "grad_norm": norm}
        scaled = scale if self.scaler.is_enabled() else None
        apply = check_step(stats["loss"], norm, lr, scaled, self.policy.compute)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr * group.get("lr_scale", 1.0)
            if apply:
                self.scaler.step(optimizer)
            optimizer.zero_grad(set_to_none=True)
        self.scaler.update()
        if not apply and self.scaler.get_scale() >= scale:  # the norm overflowed, and no number of it
            self.scaler.update(scale / 2)
        self.policy.model.eval()
        return stats

    def scaled(self, loss: Loss) -> Loss:
        """Returns the loss with products in the policy's number format; in float16 scaled up, so that small
        gradients are not rounded to 0."""

        def run(model: nn.Module, batch: Batch) -> tuple[Tensor, Stats]:
            with self.computing():
                value, stats = loss(model, batch)
            return self.scaler.scale(value), stats

        return run

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Opens the context in which log-probabilities are computed, here and wherever they have to be the
        same."""
        with self.policy.autocast(), head_memory(self.head_mib):
            yield

    def batches(self, rows: Sequence[Example]) -> Iterator[Batch]:
        """Returns this process's share of the rows, in micro-batches. A process without a row repeats one at
        weight 0, so that all processes report the same statistics."""
        some = self.share(rows)
        if not some:
            some = [rows[0].with_token(**{k: [0.0] * len(rows[0].ids) for k in rows[0].token})]
        return self.cut(some)

    def share(self, rows: Sequence[Example]) -> list[Example]:
        """Returns this process's rows. Those of one prompt stay together where there are enough prompts."""
        groups = group_by_prompt(rows) if self.packed else []
        if len(groups) < process_count():
            groups = [[i] for i in range(len(rows))]
        return [rows[i] for numbers in groups[rank() :: process_count()] for i in numbers]

    def cut(self, rows: Sequence[Example]) -> Iterator[Batch]:
        """Returns the rows in micro-batches."""
        lay = pack_rows if self.packed else pad_rows
        for part in micro_batches(rows, self.micro_tokens, self.micro_rows, self.packed):
            yield lay(part, self.policy.pad_id, self.policy.device)

    def check(self) -> None:
        """Checks the trained weights.

        Raises:
            NotFinite: a trained weight is NaN or infinite.
        """
        check_weights(self.named.items(), "what is trained")

    def state(self) -> dict[str, Tensor]:
        """Returns the state for a resumed run, as named tensors."""
        out = {f"model/{name}": p.detach() for name, p in self.named.items()}
        for name, p in self.named.items():
            for optimizer in self.optimizers:
                for key, value in optimizer.state.get(p, {}).items():
                    out[f"optimizer/{key}/{name}"] = value
        for key in SCALER if self.scaler.is_enabled() else ():
            out[f"scaler/{key}"] = torch.tensor(self.scaler.state_dict()[key])
        return out

    @torch.no_grad()
    def load_state(self, state: dict[str, Tensor]) -> None:
        for name, p in self.named.items():
            p.copy_(state[f"model/{name}"])
        for optimizer in self.optimizers:
            groups = {id(p): group for group in optimizer.param_groups for p in group["params"]}
            for name, p in self.named.items():
                if group := groups.get(id(p)):
                    optimizer.state[p] = optimizer_moments(
                        state, name, p.device, step_device(group, p.device)
                    )
        if self.scaler.is_enabled():
            scaler = {key: state[f"scaler/{key}"].item() for key in SCALER}
            self.scaler.load_state_dict(self.scaler.state_dict() | scaler)


def step_device(group: dict[str, object], device: torch.device) -> torch.device:
    """Returns where AdamW counts the steps of a parameter: beside it where the steps are fused, whose kernel
    reads the count; else on the CPU."""
    beside = group.get("fused") or group.get("capturable")
    return device if beside else torch.device("cpu")


def optimizer_moments(
    state: dict[str, Tensor], name: str, device: torch.device, step: torch.device
) -> dict[str, Tensor]:
    """Returns the moments that an optimizer keeps of one parameter, and its count of steps on `step`."""
    kept = {}
    for full, value in state.items():
        kind, _, rest = full.partition("/")
        key, _, owner = rest.partition("/")
        if kind == "optimizer" and owner == name:
            kept[key] = value.to(step if key == "step" else device)
    return kept


def check_step(loss: float, norm: float, lr: float, scale: float | None, compute: torch.dtype) -> bool:
    """Checks whether a step is applied, by the loss and the gradient's norm of all processes: not where
    float16's scale has to fall first. Raises NotFinite where either is not finite.

    scale: of the loss in float16, None in other formats."""
    if isfinite(loss) and isfinite(norm):
        return True
    if scale is not None and scale > SMALLEST_SCALE and not isnan(loss):  # the scaled loss may overflow too
        return False
    quantity, value = ("gradient norm", norm) if isfinite(loss) else ("loss", loss)
    wider = "" if compute == torch.float32 else f", set dtype: float32 in place of {str(compute)[6:]}"
    raise NotFinite(
        f"the {quantity} is {value:g}: this step was not applied. Lower the learning rate (now "
        f"{lr:g}){wider}, or check the model, the rewards and the data for wrong numbers"
    )
