"""Autograd functions of a layer's parts, each with its backward pass, in float32 on a CPU.

transformers writes a norm as five operations and a rotary embedding as eight, each a pass over memory, and
torch adds as many for the gradients. Here each is one pass, and only what cannot be had again is kept."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from numerate import kernels
from numerate.models.matmul import matrix_product
from numerate.models.threads import in_parts

BLOCK = 256
"""rows whose share of a norm's gradient is summed at once, so that the sum is the same for any threads"""
WORTH = 2**15
"""numbers that are worth a thread"""


def compiled_functions() -> ctypes.CDLL:
    lib = kernels.compiled_library()
    assert lib is not None, "there are no compiled functions here"
    return lib


class Linear(torch.autograd.Function):
    """x W^T (+ b), [N, D] -> [N, F]."""

    @staticmethod
    def forward(ctx: Any, x_ND: Tensor, weight_FD: Tensor, bias_F: Tensor | None) -> Tensor:  # pyright: ignore
        ctx.save_for_backward(x_ND if ctx.needs_input_grad[1] else None, weight_FD)
        out_NF = matrix_product(x_ND, weight_FD.t())
        return out_NF if bias_F is None else out_NF.add_(bias_F)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_NF: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        x_ND, weight_FD = ctx.saved_tensors
        need_x, need_weight, need_bias = ctx.needs_input_grad
        return (
            matrix_product(grad_NF, weight_FD) if need_x else None,
            matrix_product(grad_NF.t(), x_ND) if need_weight else None,
            grad_NF.sum(0) if need_bias else None,
        )


class Norm(torch.autograd.Function):
    """w x / rms(x) over the last axis."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:  # pyright: ignore
        x, lib = x.contiguous(), compiled_functions()
        width = x.shape[-1]
        rows = x.numel() // width
        y, scale = torch.empty_like(x), x.new_empty(rows)
        pointers = x.data_ptr(), weight.data_ptr(), y.data_ptr(), scale.data_ptr(), width, eps
        in_parts(rows, lambda first, last: lib.norm(*pointers, first, last))
        ctx.save_for_backward(x, weight, scale)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore
        x, weight, scale = ctx.saved_tensors
        grad, lib, width, rows = grad.contiguous(), compiled_functions(), x.shape[-1], len(scale)
        blocks = -(-rows // BLOCK)
        dx, dw = torch.empty_like(x), x.new_zeros(blocks, width)
        pointers = x.data_ptr(), weight.data_ptr(), scale.data_ptr(), grad.data_ptr(), dx.data_ptr()

        def part(first: int, last: int) -> None:
            for b in range(first, last):
                lib.norm_back(*pointers, dw[b].data_ptr(), width, b * BLOCK, min((b + 1) * BLOCK, rows))

        in_parts(blocks, part, least=1)
        return dx, dw.sum(0), None


class Gate(torch.autograd.Function):
    """silu(gate) up, the middle of a gated MLP (Shazeer 2020, arXiv 2002.05202)."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:  # pyright: ignore
        gate, up, lib = gate.contiguous(), up.contiguous(), compiled_functions()
        ctx.save_for_backward(gate, up)
        out = torch.empty_like(gate)
        pointers = gate.data_ptr(), up.data_ptr(), out.data_ptr()
        in_parts(gate.numel(), lambda first, last: lib.gate(*pointers, first, last), least=WORTH)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:  # pyright: ignore
        gate, up = ctx.saved_tensors
        grad, lib = grad.contiguous(), compiled_functions()
        dgate, dup = torch.empty_like(gate), torch.empty_like(up)
        pointers = gate.data_ptr(), up.data_ptr(), grad.data_ptr(), dgate.data_ptr(), dup.data_ptr()
        in_parts(gate.numel(), lambda first, last: lib.gate_back(*pointers, first, last), least=WORTH)
        return dgate, dup


class Rotation(torch.autograd.Function):
    """Rotary position embedding (Su et al. 2021, arXiv 2104.09864) of x [B, T, H, D] by the cosines and sines
    [B, T, D] of transformers. The backward pass rotates by the opposite
    angle."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:  # pyright: ignore
        ctx.save_for_backward(cosine, sine)
        return rotate_pairs(x, cosine, sine, 1.0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore
        cosine, sine = ctx.saved_tensors
        return rotate_pairs(grad, cosine, sine, -1.0), None, None


def rotate_pairs(x: Tensor, cosine: Tensor, sine: Tensor, sign: float) -> Tensor:
    x, lib = x.contiguous(), compiled_functions()
    rows, heads, size = x.shape[0] * x.shape[1], x.shape[2], x.shape[3]
    out = torch.empty_like(x)
    pointers = x.data_ptr(), cosine.data_ptr(), sine.data_ptr(), out.data_ptr(), heads, size, sign
    in_parts(rows, lambda first, last: lib.turn_halves(*pointers, first, last))
    return out
