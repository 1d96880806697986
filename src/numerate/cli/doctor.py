"""numerate doctor: checks of this machine, with remedies."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from numerate.cli import table, terminal
from numerate.cli.app import app
from numerate.cli.extras import known_extras, missing_modules
from numerate.cli.options import Json
from numerate.progress import count_of

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    status: str
    """ok, warn, or - for optional and absent parts"""
    value: str
    remedy: str = ""


@app.command("doctor")
def run_doctor(json_file: Json = None) -> None:
    """Check this machine's installation, with remedies.

    Checks Python, torch, the device and its data type, threads, memory, disk, data, the bundled model, the
    isolation of programs and the optional packages. The status is ok, warn (with a remedy), or - (optional
    and absent). Changes nothing.
    """
    findings = [
        python_finding(),
        *torch_findings(),
        compiled_finding(),
        memory_finding(),
        disk_finding(Path.cwd()),
        data_finding(),
        pico_finding(),
        *programs_findings(),
        *map(extra_finding, known_extras()),
    ]
    to_stderr = str(json_file) == "-"
    table.print_table(
        [[f.check, f.status, f.value] for f in findings],
        ["check", "status", "value"],
        ["status", "value"],
        to_stderr=to_stderr,
    )
    remedies = [f"  {f.check}: {f.remedy}" for f in findings if f.remedy]
    if remedies:
        terminal.echo("\n" + "\n".join(["Remedies:", *remedies]), err=to_stderr)
    rows = [{"check": f.check, "status": f.status, "value": f.value, "remedy": f.remedy} for f in findings]
    table.save_json(json_file, rows)


def compiled_finding() -> Finding:
    from numerate.kernels.build import load_library

    lib, message = load_library()
    if lib is not None:
        return Finding("compiled code", "ok", message)
    return Finding("compiled code", "-", message, "install a C compiler (gcc or clang) for faster sampling")


def python_finding() -> Finding:
    from numerate import __version__

    version = platform.python_version()
    message = f"{version} on {platform.system()} {platform.machine()}, numerate {__version__}"
    old = sys.version_info < (3, 11)
    return Finding("python", "warn" if old else "ok", message, "install Python 3.11 or newer" if old else "")


def torch_findings() -> list[Finding]:
    if missing_modules("train"):
        absent = ", ".join(missing_modules("train"))
        return [
            Finding(
                "torch",
                "warn",
                f"not installed: {absent}",
                "to train or sample: pip install 'numerate[train]'",
            )
        ]
    import torch

    from numerate.models.policy import pick_device

    device = pick_device()
    threads = torch.get_num_threads()
    cores = os.cpu_count() or 1
    return [
        Finding("torch", "ok", torch.__version__),
        Finding("device", "ok", f"{device.type}{gpu_name(device)}"),
        Finding(
            "threads",
            "ok" if threads <= cores else "warn",
            f"{threads} on {cores} cores",
            "" if threads <= cores else f"set OMP_NUM_THREADS={cores}",
        ),
        number_format(device),
        *([matmul_finding(threads)] if device.type == "cpu" else []),
    ]


def matmul_finding(threads: int) -> Finding:
    """Measures the speed of matrix products, with all threads and in 16 bits, at a small model's size."""
    import torch

    from numerate.models.gemm_benchmark import measure_gemm

    single = measure_gemm(torch.float32, 1)
    all_ = measure_gemm(torch.float32, threads) if threads > 1 else single
    half = measure_gemm(torch.bfloat16, threads)
    of_all = count_of(threads, "thread")
    faster = f", {all_:.0f} GFLOP/s ({of_all})" if threads > 1 else ""
    message = f"float32 {single:.0f} GFLOP/s (1 thread){faster}, bfloat16 {half:.0f} GFLOP/s ({of_all})"
    if threads > 1 and all_ < 0.8 * single:
        return Finding(
            "matmul",
            "warn",
            message,
            f"{threads} threads are slower than 1, because other processes use the cores: "
            "set OMP_NUM_THREADS=1",
        )
    return Finding("matmul", "ok", message)


def gpu_name(device: Any) -> str:
    import torch

    if device.type != "cuda":
        return ""
    facts = torch.cuda.get_device_properties(device)
    return f", {facts.name}, {facts.total_memory / GIB:.0f} GiB"


def number_format(device: Any) -> Finding:
    """Checks a product of two small matrices in the data type that `dtype: auto` selects."""
    import torch

    from numerate.models.matmul import multiplies_bfloat16
    from numerate.models.policy import pick_dtype

    dtype = pick_dtype("auto", device)
    name = str(dtype).removeprefix("torch.")
    try:
        ones = torch.ones(64, 64, device=device, dtype=dtype)
        right = bool(((ones @ ones) == 64).all())
    except RuntimeError as error:
        return Finding(
            "dtype", "warn", f"{name} fails: {str(error).splitlines()[0][:60]}", "run with device=cpu"
        )
    sampling = ", large models sample in bfloat16" if device.type == "cpu" and multiplies_bfloat16() else ""
    return Finding(
        "dtype",
        "ok" if right else "warn",
        f"auto selects {name}{sampling}",
        "" if right else "run with dtype=float32",
    )


def memory_finding() -> Finding:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # Windows has no sysconf
        return Finding("memory", "-", "unknown on this system")
    little = total < 3 * GIB
    remedy = "the quickstart needs 3 GiB: close other programs" if little else ""
    return Finding("memory", "warn" if little else "ok", f"{total / GIB:.1f} GiB", remedy)


def disk_finding(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    little = free < 2 * GIB
    remedy = "delete files, or run with --out on another disk" if little else ""
    return Finding(
        "disk", "warn" if little else "ok", f"{free / GIB:.1f} GiB free in this folder's file system", remedy
    )


def data_finding() -> Finding:
    from numerate.problems import TABLE
    from numerate.problems.dataset import VARIABLE

    folder = os.environ.get(VARIABLE)
    if not folder:
        return Finding(
            "data", "-", f"{VARIABLE} is not set: problem sets are downloaded from the Hugging Face Hub"
        )
    if not Path(folder).is_dir():
        return Finding("data", "warn", f"{VARIABLE} is not a folder", f"correct or unset {VARIABLE}")
    available = [
        name for name, dataset in TABLE.items() if any(dataset.at_hand(split) for split in dataset.kinds)
    ]
    return Finding("data", "ok", f"{VARIABLE} has {len(available)} of {len(TABLE)} known problem sets")


def pico_finding() -> Finding:
    from numerate.models import locate

    try:
        locate.check_loadable("numerate/pico")
    except ValueError as error:
        return Finding("pico", "warn", "numerate/pico, the bundled model, is damaged", str(error))
    return Finding("pico", "ok", "numerate/pico, the bundled model, is complete")


def programs_findings() -> list[Finding]:
    """Tries the layers that confine programs, and names what they do not cover."""
    from numerate.interpreter import isolation

    machine = isolation()
    holding = ", ".join(layer.name for layer in machine.layers if layer.holds) or "no layer holds"
    absent = "; ".join(f"{layer.name}: {layer.detail}" for layer in machine.layers if not layer.holds)
    remedy = "programs of models run only with interpreter.unconfined=true or on a server (docs/security.md)"
    findings = [
        Finding(
            "programs",
            "ok" if machine.confined else "warn",
            f"{'confined by' if machine.confined else 'NOT confined:'} {holding}",
            "" if machine.confined else f"{absent}: {remedy}",
        ),
        Finding("open to programs", "-", "; ".join(machine.gaps)),
    ]
    if find_spec("sympy") is None:
        missing = "not installed: programs cannot import it"
        findings.append(Finding("sympy", "-", missing, "pip install 'numerate[tools]'"))
    return findings


def extra_finding(name: str) -> Finding:
    absent = missing_modules(name)
    if not absent:
        return Finding(name, "ok", ", ".join(known_extras()[name]))
    optional = name not in ("train", "report")
    return Finding(
        name,
        "-" if optional else "warn",
        f"not installed: {', '.join(absent)}",
        "" if optional else f"pip install 'numerate[{name}]'",
    )
