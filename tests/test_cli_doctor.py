from __future__ import annotations

import pytest
import torch

from numerate.cli.doctor import matmul_finding
from numerate.models.gemm_benchmark import measure_gemm


@pytest.mark.parametrize(("with_two", "status"), [(20.0, "warn"), (90.0, "ok")])
def test_it_says_when_threads_are_in_each_others_way(
    with_two: float, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {(torch.float32, 1): 60.0, (torch.float32, 2): with_two, (torch.bfloat16, 2): 7.0}
    monkeypatch.setattr(
        "numerate.models.gemm_benchmark.measure_gemm", lambda dtype, threads: rates[dtype, threads]
    )
    found = matmul_finding(2)
    assert found.status == status
    assert found.value == (
        f"float32 60 GFLOP/s (1 thread), {with_two:.0f} GFLOP/s (2 threads), bfloat16 7 GFLOP/s (2 threads)"
    )
    slower = "2 threads are slower than 1, because other processes use the cores: set OMP_NUM_THREADS=1"
    assert found.remedy == (slower if status == "warn" else "")


def test_with_one_thread_there_is_one_rate_per_number_format(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {torch.float32: 60.0, torch.bfloat16: 7.0}
    monkeypatch.setattr("numerate.models.gemm_benchmark.measure_gemm", lambda dtype, threads: rates[dtype])
    found = matmul_finding(1)
    assert (found.status, found.value) == (
        "ok",
        "float32 60 GFLOP/s (1 thread), bfloat16 7 GFLOP/s (1 thread)",
    )


def test_the_probe_leaves_the_threads_as_they_were() -> None:
    before = torch.get_num_threads()
    assert measure_gemm(torch.float32, before + 1) > 0
    assert torch.get_num_threads() == before
