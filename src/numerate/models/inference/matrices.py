"""Matrices of a lean forward pass: as torch has them, or laid out once for the compiled products."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from numerate.kernels.build import PackedStruct
from numerate.models.matmul import matrix_product
from numerate.models.threads import in_parts

ALIGNMENT = 64
"""bytes: a line of the processor's cache"""


class Matrix(Protocol):
    def product(self, x_MK: Tensor, out_MN: Tensor | None = None) -> Tensor:
        """Returns x W^T, added to `out` where there is one."""
        ...


class PlainMatrix:
    """A weight [N, K] in torch's layout."""

    def __init__(self, weight_NK: Tensor) -> None:
        self.weight_NK = weight_NK

    def product(self, x_MK: Tensor, out_MN: Tensor | None = None) -> Tensor:
        return matrix_product(x_MK, self.weight_NK.t(), out_MN)


class PackedMatrix:
    """A weight [N, K] in the layout of packed.c, in float32 or bfloat16. Products are summed in float32, and
    a row of a product does not depend on the other rows nor on the number of threads."""

    def __init__(self, lib: ctypes.CDLL, weight_NK: Tensor, dtype: torch.dtype) -> None:
        weight_NK = weight_NK.float()
        self.lib, self.columns, self.numbers = lib, len(weight_NK), weight_NK.shape[1]
        self.pairs = dtype == torch.bfloat16
        depth = -(-self.numbers // 2) if self.pairs else self.numbers
        panels = -(-self.columns // (2 * lib.lanes()))
        self.memory, address = aligned_room(panels * 2 * lib.lanes() * depth)
        settings = *weight_NK.stride(), self.columns, self.numbers, self.pairs, address
        in_parts(panels, lambda a, b: lib.pack_panels(weight_NK.data_ptr(), *settings, a, b), least=1)
        self.struct = PackedStruct(panels=address, columns=self.columns, depth=depth, pairs=self.pairs)

    def product(self, x_MK: Tensor, out_MN: Tensor | None = None) -> Tensor:
        x = x_MK if x_MK.stride(1) == 1 else x_MK.contiguous()
        rows, out = len(x), x.new_empty(len(x), self.columns) if out_MN is None else out_MN
        assert x.dtype == out.dtype == torch.float32 and out.is_contiguous()
        failed = self.lib.multiply_packed(
            *(x.data_ptr(), x.stride(0), rows, self.numbers, ctypes.addressof(self.struct)),
            *(out.data_ptr(), self.columns, out_MN is not None, torch.get_num_threads()),
        )
        if failed:
            raise MemoryError("no memory for a matrix product")
        return out


Layout = Callable[[Tensor], Matrix]
"""makes the matrix of a weight [N, K]"""


def aligned_room(numbers: int) -> tuple[Tensor, int]:
    """Returns memory for so many numbers of four bytes, and the address in it that is a multiple of
    ALIGNMENT; what lies behind the numbers may be read for a line."""
    memory = torch.empty(numbers + 2 * ALIGNMENT // 4)
    return memory, -(-memory.data_ptr() // ALIGNMENT) * ALIGNMENT
