"""Parity of attention over packed rows: each kernel against plain attention, then the learner's packed rows
against padded ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from benchmarks import random_model as made
from benchmarks.gpu.meter import Row, guarded, median_seconds
from benchmarks.gpu.models import random_model
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.shapes import Shape, shallow, shape_of
from numerate.training import packed_attention, packed_attention_gpu
from numerate.training.batch import PromptGroup
from numerate.training.packed_attention import Layout
from numerate.types import Example

BOUND = {torch.float32: 1e-3, torch.bfloat16: packed_attention_gpu.CLOSE}
LOGPROBS = {torch.float32: 1e-3, torch.bfloat16: 0.5}
LAYERS = 4
"""of the model whose packed and padded rows are compared"""


def parity_attention(name: str, settings: Settings) -> Iterator[Row]:
    """The section: kernels by format, with their time, and the model."""
    shape = shape_of(name)
    for dtype in BOUND:
        short = str(dtype).removeprefix("torch.")
        for kernel in ("blocks", "flex", "flash"):
            row: Row = {"what": f"{kernel} attention", "dtype": short}
            yield guarded(row, lambda d=dtype, k=kernel: kernel_row(k, shape, d, settings), settings.device)
    yield guarded({"what": "the learner's choice"}, lambda: choice_row(shape, settings), settings.device)
    for dtype in BOUND:
        row = {"what": "packed - padded rows", "dtype": str(dtype).removeprefix("torch.")}
        yield guarded(row, lambda d=dtype: packed_row(shape, d, settings), settings.device)


def prompt_groups(settings: Settings) -> tuple[PromptGroup, ...]:
    if settings.on_card:
        return (PromptGroup(100, (40, 130, 7, 64)), PromptGroup(70, (200,)), PromptGroup(300, (33, 90)))
    return (PromptGroup(9, (4, 13, 1)), PromptGroup(7, (20,)))


def kernel_row(kernel: str, shape: Shape, dtype: torch.dtype, settings: Settings) -> Row:
    groups = prompt_groups(settings)
    tokens = sum(group.prompt + sum(group.own) for group in groups)
    device = torch.device(settings.device)
    torch.manual_seed(0)
    inputs = [
        torch.randn(1, heads, tokens, shape.head_dim, device=device).to(dtype).requires_grad_()
        for heads in (shape.heads, shape.kv_heads, shape.kv_heads)
    ]
    attend = make_kernel(kernel, groups, dtype, settings)
    if isinstance(attend, str):
        return {"skipped": attend}
    dense = packed_attention_gpu.visibility_mask(packed_attention_gpu.make_spots(groups, device), None)
    at = torch.arange(tokens, device=device)
    sees = dense(at, at, at[:, None], at)
    weight = torch.linspace(-1, 1, tokens * shape.heads * shape.head_dim, device=device)
    gradients = kernel != "flex" or settings.on_card  # FlexAttention has none on a CPU
    ours = with_gradients(attend, inputs, weight, gradients)
    wide = [x.detach().float().requires_grad_() for x in inputs]
    plain = with_gradients(lambda q, k, v: dense_attention(q, k, v, sees), wide, weight, gradients)
    errors = [float((a.float() - b).abs().max() / b.abs().max()) for a, b in zip(ours, plain, strict=True)]
    row: Row = {"forward": errors[0], "bound": BOUND[dtype], "passes": max(errors) <= BOUND[dtype]}
    if gradients:
        row["gradient"] = max(errors[1:])
    seconds = median_seconds(lambda: with_gradients(attend, inputs, weight, gradients), settings)
    return row | {"ms": 1000 * seconds}


def make_kernel(
    kernel: str, groups: Sequence[PromptGroup], dtype: torch.dtype, settings: Settings
) -> Callable[..., Tensor] | str:
    """Returns a kernel over the line, or why there is none here. On a CPU flash-attention is a plain loop and
    FlexAttention is not compiled: what is tried is the arithmetic around them."""
    device = torch.device(settings.device)
    if kernel == "blocks":
        layout = Layout(groups, device)
        return lambda q, k, v: packed_attention.in_blocks(q, k, v, layout, 0.0, None, None)
    if kernel == "flex":
        mask = packed_attention_gpu.block_mask(groups, None, device)
        flex = (
            packed_attention_gpu.compiled_flex() if settings.on_card else packed_attention_gpu.flex_attention
        )
        return packed_attention_gpu.flex_kernel(mask, None, flex)
    if dtype == torch.float32 and settings.on_card:
        return "flash-attention computes in 16 bits"
    flash = packed_attention_gpu.flash_varlen() if settings.on_card else varlen_loop
    if flash is None:
        return "flash-attn is not installed"
    sequences = packed_attention_gpu.make_sequences(groups, device)
    return packed_attention_gpu.varlen_kernel(sequences, flash, 0.0, None, None)


def varlen_loop(
    q: Tensor, k: Tensor, v: Tensor, q_ends: Tensor, k_ends: Tensor, most_q: int, most_k: int, **_: Any
) -> Tensor:
    """flash_attn_varlen_func without a window: the last query of a sequence is at its last key."""
    out: list[Tensor] = []
    for i in range(len(q_ends) - 1):
        own = q[q_ends[i] : q_ends[i + 1]].transpose(0, 1)[None]
        keys, values = (x[k_ends[i] : k_ends[i + 1]].transpose(0, 1)[None] for x in (k, v))
        last = torch.arange(own.shape[2])[:, None] + keys.shape[2] - own.shape[2]
        seen = dense_attention(own, keys, values, torch.arange(keys.shape[2]) <= last)
        out.append(seen[0].to(q.dtype))
    return torch.cat(out)


def dense_attention(q: Tensor, k: Tensor, v: Tensor, sees: Tensor) -> Tensor:
    """[1, N, H, D], with all scores in memory."""
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
    score = (q @ k.transpose(2, 3)).float() * q.shape[-1] ** -0.5
    return (score.masked_fill(~sees, -torch.inf).softmax(-1).to(v.dtype) @ v).transpose(1, 2)


def with_gradients(
    attend: Callable[..., Tensor], inputs: Sequence[Tensor], weight: Tensor, gradients: bool
) -> list[Tensor]:
    if not gradients:
        with torch.no_grad():
            return [attend(*(x.detach() for x in inputs))]
    seen = attend(*inputs)
    value = (weight.view_as(seen) * seen.float()).sum()
    return [seen.detach(), *torch.autograd.grad(value, inputs)]


def kernel_name(shape: Shape, settings: Settings, dtype: torch.dtype = torch.bfloat16) -> str:
    """Returns which kernel the learner takes for packed rows."""
    if not settings.on_card:
        return "CPU"
    flash = packed_attention_gpu.flash_varlen() if dtype.itemsize == 2 else None
    if flash and shape.head_dim <= packed_attention_gpu.LARGEST_HEAD:
        return "flash"
    sizes = (shape.heads, shape.kv_heads, shape.head_dim)
    return "flex" if packed_attention_gpu.flex_works(*sizes, dtype, settings.card) else "blocks"


def choice_row(shape: Shape, settings: Settings) -> Row:
    """By format; and what FlexAttention's trial measures, or raises."""
    row: Row = {"attention": {str(d).removeprefix("torch."): kernel_name(shape, settings, d) for d in BOUND}}
    if settings.on_card:
        sizes = (shape.heads, shape.kv_heads, shape.head_dim)
        row["flex_error"] = packed_attention_gpu.flex_error(*sizes, torch.bfloat16, settings.card)
    return row


def packed_row(shape: Shape, dtype: torch.dtype, settings: Settings) -> Row:
    """Log-probabilities and the norm of the gradient of the same rows, of a few layers."""
    from numerate.methods import sft
    from numerate.models.policy import Policy
    from numerate.training import Learner, recompute_logprobs, set_loss_weights
    from numerate.training.old_logprobs import logprob_drift, trained_columns

    few, rows = shallow(shape, LAYERS), set_loss_weights(shared_rows(shape, settings))
    logps: list[list[list[float]]] = []
    norms: list[float] = []
    for packed in (True, False):
        net = random_model(few, torch.device(settings.device), torch.float32)
        policy = Policy(net, made.tokenizer(shape.vocabulary), compute=dtype)
        learner = Learner(policy, packed=packed)
        logps.append(recompute_logprobs(learner, rows))
        norms.append(learner.step(rows, sft.loss, 1e-8)["grad_norm"])
    apart = abs(norms[0] - norms[1]) / norms[1]
    drift = logprob_drift(*trained_columns(rows, *logps))
    return {
        "max": drift["drift/max"],
        "mean": drift["drift/mean"],
        "gradient": apart,
        "bound": LOGPROBS[dtype],
        "passes": drift["drift/max"] <= LOGPROBS[dtype] and apart <= BOUND[dtype],
    }


def shared_rows(shape: Shape, settings: Settings) -> list[Example]:
    r = random.Random(3)
    rows: list[Example] = []
    for prompt in made.prompts(settings.prompts, shape.vocabulary):
        for _ in range(3):
            length = r.randint(1, 2 * settings.tokens)
            ids = [*prompt, *(r.randrange(3, shape.vocabulary) for _ in range(length))]
            rows.append(Example(ids, [False] * len(prompt) + [True] * length))
    return rows
