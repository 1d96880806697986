"""Attention over packed rows by a compiled function, for float32 on a CPU.

A prompt's keys are laid out once for all rows that continue it, and no place of a grid stays empty."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from numerate import kernels
from numerate.kernels.build import Attention
from numerate.models.threads import in_parts


class Packed(torch.autograd.Function):
    """query [N, H, D], key and value [N, K, D] and the line's blocks [S, 4] -> [N, H, D]."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, blocks: Tensor, scale: float) -> Tensor:  # pyright: ignore
        q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
        seen, top = torch.empty_like(q), q.new_empty(q.shape[:2])
        call_compiled(False, scale, block=blocks, q=q, k=k, v=v, seen=seen, top=top)
        ctx.save_for_backward(q, k, v, blocks, seen, top)
        ctx.scale = scale
        return seen

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        q, k, v, blocks, seen, top = ctx.saved_tensors
        back = {"dq": torch.zeros_like(q), "dk": torch.zeros_like(k), "dv": torch.zeros_like(v)}
        slope = grad.contiguous()
        call_compiled(True, ctx.scale, block=blocks, q=q, k=k, v=v, seen=seen, top=top, slope=slope, **back)
        return back["dq"], back["dk"], back["dv"], None, None


def call_compiled(back: bool, scale: float, **tensors: Tensor) -> None:
    q, k = tensors["q"], tensors["k"]
    arguments = Attention(heads=q.shape[1], kv_heads=k.shape[1], size=q.shape[2], scale=scale)
    arguments.blocks = len(tensors["block"])
    for name, tensor in tensors.items():
        setattr(arguments, name, tensor.data_ptr())
    lib = kernels.compiled_library()
    assert lib is not None, "there are no compiled functions here"

    def part(first: int, last: int) -> None:
        if lib.packed(ctypes.addressof(arguments), int(back), first, last):
            raise MemoryError("no memory for attention")

    in_parts(k.shape[1], part, least=1)


def fits_compiled(query: Tensor, key: Tensor, value: Tensor) -> bool:
    """Checks, before any computation, whether the compiled function has this case."""
    plain = all(x.dtype == torch.float32 and x.device.type == "cpu" for x in (query, key, value))
    alike = key.shape == value.shape and query.shape[-1] == key.shape[-1]
    return plain and alike and kernels.compiled_library() is not None
