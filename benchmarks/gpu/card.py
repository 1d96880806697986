"""The card: what it is, what it could do, and what its plainest products reach."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache

import torch

from benchmarks.gpu.meter import Row, guarded, timed
from benchmarks.gpu.settings import Settings

PEAKS = {  # of the data sheets: dense TFLOP/s in bfloat16 with sums in float32, GB/s of the memory
    "H200": (989.0, 4800.0),
    "H100 NVL": (835.0, 3900.0),
    "H100 PCIe": (756.0, 2000.0),
    "H100": (989.0, 3350.0),
    "A100-SXM4-40GB": (312.0, 1555.0),
    "A100-PCIE-40GB": (312.0, 1555.0),
    "A100": (312.0, 2039.0),
    "L40S": (362.0, 864.0),
    "4090": (165.2, 1008.0),
}
"""by a part of the card's name, the first that fits"""
PACKAGES = ("torch", "transformers", "triton", "flash-attn", "vllm", "numerate")
QUERY = "driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.limit,temperature.gpu"


def card_name(device: str) -> str:
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine()


def known_peak(name: str) -> tuple[float, float] | None:
    return next((peak for part, peak in PEAKS.items() if part.lower() in name.lower()), None)


def peak_flops(settings: Settings) -> float:
    """Operations per second by `--peak`, else the table, else of a product measured here."""
    if settings.peak:
        return settings.peak * 1e12
    known = known_peak(card_name(settings.device)) if settings.on_card else None
    return known[0] * 1e12 if known else measured_flops(settings.device)


def peak_bytes(settings: Settings) -> float:
    """Bytes per second by the table, else of a copy measured here."""
    known = known_peak(card_name(settings.device)) if settings.on_card else None
    return known[1] * 1e9 if known else measured_bytes(settings.device)


@cache
def measured_flops(device: str, dtype: torch.dtype = torch.bfloat16) -> float:
    """Of the product of two square matrices, the best of some."""
    on_card = torch.device(device).type == "cuda"
    size = (8192 if dtype.itemsize == 2 else 4096) if on_card else 256
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    return 2 * size**3 / min(timed(lambda: a @ b, device) for _ in range(10))


@cache
def measured_bytes(device: str) -> float:
    """Of a copy, which reads and writes."""
    source = torch.ones(2**28 if torch.device(device).type == "cuda" else 2**22, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / min(timed(lambda: target.copy_(source), device) for _ in range(10))


def environment(name: str, settings: Settings) -> Iterator[Row]:
    """The section: machine, versions, peaks."""
    yield guarded({"what": "device"}, lambda: device_row(settings), settings.device)
    yield {"what": "versions", "python": platform.python_version(), **versions()}
    yield {"what": "nvidia-smi", **driver_row()}
    yield guarded({"what": "reached"}, lambda: reached_row(settings), settings.device)


def device_row(settings: Settings) -> Row:
    row: Row = {"device": card_name(settings.device)}
    known = known_peak(row["device"]) if settings.on_card else None
    if settings.on_card:
        facts = torch.cuda.get_device_properties(settings.device)
        row["memory_gib"] = facts.total_memory / 2**30
        row["free_gib"] = torch.cuda.mem_get_info(settings.device)[0] / 2**30
        row["capability"] = f"{facts.major}.{facts.minor}"
        row["cuda"] = torch.version.cuda or torch.version.hip
    if settings.peak or known:
        row["peak_tflops"] = settings.peak or (known or (0.0, 0.0))[0]
    if known:
        row["peak_gbs"] = known[1]
    return row


def versions() -> Row:
    out: Row = {}
    for package in PACKAGES:
        try:
            out[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            out[package] = None
    return out


def driver_row() -> Row:
    """Reads what the driver reports; sets nothing."""
    if not (program := shutil.which("nvidia-smi")):
        return {"skipped": "there is no nvidia-smi"}
    command = [program, f"--query-gpu={QUERY}", "--format=csv,noheader"]
    try:
        out = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return {"error": str(error)}
    values = out.splitlines()[0].split(", ") if out.strip() else []
    return dict(zip(QUERY.split(","), values, strict=False))


def reached_row(settings: Settings) -> Row:
    reached = {
        str(dtype).removeprefix("torch."): measured_flops(settings.device, dtype) / 1e12
        for dtype in (torch.bfloat16, torch.float32)
    }
    return {"measured_tflops": reached, "measured_gbs": measured_bytes(settings.device) / 1e9}
