"""Tokens per second of an update: Numerate's learner, and a plain loop over padded rows of transformers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks import random_model as made
from benchmarks.gpu.card import peak_flops
from benchmarks.gpu.meter import Row, clear, guarded, median_seconds, used_mib
from benchmarks.gpu.models import random_model
from benchmarks.gpu.parity_attention import kernel_name
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.shapes import Shape, shape_of
from numerate.types import Example

DTYPE = torch.bfloat16
AT_ONCE = 8
"""rows of a batch of the plain loop"""
RATE = 1e-6
CLIP = 0.2


def update(name: str, settings: Settings) -> Iterator[Row]:
    """The section: steps of SFT and GRPO, Numerate with sizes of a micro-batch, then the plain loop."""
    for method in ("sft", "grpo"):
        rows = update_rows(method, name, settings)
        for tokens in settings.micro_tokens:
            row: Row = {"what": f"{method} step", "engine": "numerate", "micro_tokens": tokens}
            measure = partial(learner_row, method, rows, name, tokens, settings)
            yield guarded(row, measure, settings.device)
        row = {"what": f"{method} step", "engine": "transformers", "micro_rows": AT_ONCE}
        yield guarded(row, partial(plain_row, method, rows, name, settings), settings.device)


def update_rows(method: str, name: str, settings: Settings) -> list[Example]:
    """SFT: a prompt each and a completion of up to twice `tokens`; GRPO: `samples` completions of each
    prompt, their lengths geometric."""
    from numerate.training import set_loss_weights

    vocabulary, most = shape_of(name).vocabulary, 2 * settings.tokens
    r = random.Random(2)
    grpo = method == "grpo"
    rows: list[Example] = []
    for prompt in made.prompts(settings.prompts * (1 if grpo else 4), vocabulary):
        for _ in range(settings.samples if grpo else 1):
            length = min(most, 1 + int(r.expovariate(1 / settings.tokens))) if grpo else r.randint(1, most)
            written = [r.randrange(3, vocabulary) for _ in range(length)]
            row = Example([*prompt, *written], [False] * len(prompt) + [True] * length)
            rows.append(row.with_token(advantage=[r.gauss(0, 1)] * len(row.ids)))
    trained = sum(sum(row.mask) for row in rows)
    rows = [row.with_token(share=[m / trained for m in row.mask]) for row in rows]
    return set_loss_weights(rows)


def learner_row(method: str, rows: list[Example], name: str, micro: int, settings: Settings) -> Row:
    from numerate.methods import grpo, sft
    from numerate.models.policy import Policy
    from numerate.training import Learner
    from numerate.training.old_logprobs import old_column, recompute_logprobs

    shape = shape_of(name)
    net = random_model(shape, torch.device(settings.device), torch.float32)
    policy = Policy(net, made.tokenizer(shape.vocabulary), name, compute=DTYPE)
    clear(settings.device)
    before = used_mib(settings.device)
    learner = Learner(policy, micro_tokens=micro)
    loss: Any = sft.loss
    if method == "grpo":
        rows = old_column(rows, recompute_logprobs(learner, rows))
        loss = partial(grpo.loss, cfg=grpo.Config(kl={"coef": 0.0}))  # pyright: ignore[reportArgumentType]
    row = step_row(lambda: learner.step(rows, loss, RATE), rows, shape, settings)
    return row | {
        "more_mib": used_mib(settings.device, peak=True) - before,
        "attention": kernel_name(shape, settings),
        "checkpointing": learner.checkpointing.on,
    }


def step_row(step: Callable[[], Any], rows: Sequence[Example], shape: Shape, settings: Settings) -> Row:
    """Two steps to warm up: the first makes the optimizer's moments. The operations: three times a forward
    pass, a prompt once, logits at the trained tokens."""
    for _ in range(2):
        step()
    seconds = median_seconds(step, settings)
    trained = sum(sum(row.mask) for row in rows)
    prompts = {tuple(row.ids[: row.mask.index(True)]) for row in rows}
    needed = trained + sum(map(len, prompts))
    context = sum(len(row.ids) for row in rows) / len(rows) / 2
    operations = 3 * shape.forward_operations(needed, trained, context)
    return {
        "tokens_s": needed / seconds,
        "rows_s": len(rows) / seconds,
        "ms": 1000 * seconds,
        "mfu": operations / seconds / peak_flops(settings),
    }


def plain_row(method: str, rows: list[Example], name: str, settings: Settings) -> Row:
    """float32 weights, products in bfloat16 by autocast, fused AdamW, rows padded on the right."""
    shape = shape_of(name)
    device = torch.device(settings.device)
    net = random_model(shape, device, torch.float32).train()
    clear(settings.device)
    before = used_mib(settings.device)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    objective = {"sft": likelihood, "grpo": surrogate}[method]

    def step() -> None:
        for at in range(0, len(rows), AT_ONCE):
            with torch.autocast(device.type, DTYPE, cache_enabled=False):
                value = plain_loss(net, rows[at : at + AT_ONCE], objective)
            value.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    row = step_row(step, rows, shape, settings)
    return row | {"more_mib": used_mib(settings.device, peak=True) - before}


def plain_loss(net: Any, rows: Sequence[Example], objective: Callable[..., Tensor]) -> Tensor:
    width = max(len(row.ids) for row in rows)

    def column(cells: Sequence[Sequence[float]], dtype: torch.dtype) -> Tensor:
        padded = [[*cell, *[0] * (width - len(cell))] for cell in cells]
        return torch.tensor(padded, dtype=dtype, device=net.device)[:, 1:]

    ids = column([row.ids for row in rows], torch.long)
    first = torch.tensor([[row.ids[0]] for row in rows], device=net.device)
    real = column([[1.0] * len(row.ids) for row in rows], torch.long)
    whole = torch.cat([first, ids], 1)
    logits = net(input_ids=whole, attention_mask=F.pad(real, (1, 0), value=1), use_cache=False).logits[:, :-1]
    logp = -F.cross_entropy(logits.float().flatten(0, 1), ids.flatten(), reduction="none").view_as(ids)
    weight, advantage = (
        column([row.token[k] for row in rows], torch.float32) for k in ("weight", "advantage")
    )
    return -(weight * objective(logp, advantage)).sum()


def likelihood(logp: Tensor, advantage: Tensor) -> Tensor:
    return logp


def surrogate(logp: Tensor, advantage: Tensor) -> Tensor:
    ratio = (logp - logp.detach()).exp()
    return torch.minimum(ratio * advantage, ratio.clamp(1 - CLIP, 1 + CLIP) * advantage)
