"""Matrix products of float32 on a CPU, by our own compiled function where that is faster.

The library behind torch computes them with half the width of an AMD processor that has AVX-512: ours took
45 % of its time on an EPYC of that kind. Elsewhere torch does the work."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from numerate import kernels
from numerate.models.threads import in_parts

LEAST = 32
"""rows and columns below which laying the numbers out costs more than is won"""


@cache
def uses_own_matmul() -> bool:
    """Checks whether this processor's products are better computed by us. Never measured: the same machine
    must give the same numbers."""
    lib = kernels.compiled_library()
    return lib is not None and lib.lanes() == 16 and "AuthenticAMD" in cpu_info()


@cache
def multiplies_bfloat16() -> bool:
    """Checks whether this processor multiplies bfloat16 faster than float32: by torch's library where it has
    a matrix unit, else by the compiled products."""
    lib = kernels.compiled_library()
    return "amx_bf16" in cpu_info() or (lib is not None and bool(lib.multiplies_pairs()))


def cpu_info() -> str:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ""


def matrix_product(a_MK: Tensor, b_KN: Tensor, out_MN: Tensor | None = None) -> Tensor:
    """Returns a b, added to `out` where there is one. Each is a matrix, or one transposed."""
    (m, k), n = a_MK.shape, b_KN.shape[1]
    alike = a_MK.dtype == b_KN.dtype == torch.float32 and a_MK.device.type == b_KN.device.type == "cpu"
    lib = kernels.compiled_library() if alike and min(m, n) >= LEAST and k > 0 and uses_own_matmul() else None
    if lib is None:
        return a_MK @ b_KN if out_MN is None else out_MN.addmm_(a_MK, b_KN)
    a = a_MK if 1 in a_MK.stride() and min(a_MK.stride()) > 0 else a_MK.contiguous()
    out = a_MK.new_empty(m, n) if out_MN is None else out_MN
    add = out_MN is not None
    assert out.is_contiguous(), "a product is added to a matrix that lies in one piece"

    def part(first: int, last: int) -> None:
        failed = lib.product(
            a.data_ptr(), *a.stride(), b_KN.data_ptr(), *b_KN.stride(), out.data_ptr(), n, k, add, first, last
        )
        if failed:
            raise MemoryError("no memory for a matrix product")

    in_parts(m, part)
    return out
