"""Compiles the C files beside it with the machine's own compiler, keeps the result, and loads it.

Nothing is asked of the user: without a compiler, or with NUMERATE_COMPILE=0, torch does the same work."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from numerate.store import file_hash
from numerate.store.files import flush_to_disk, move_path

HERE = Path(__file__).parent
SOURCES = tuple(
    HERE / f"{name}.c"
    for name in ("attention", "decode", "layers", "packed", "product", "prompt", "step", "team")
)
HEADERS = tuple(
    HERE / f"{name}.h"
    for name in ("attention", "decode", "packed", "phases", "team", "tile", "units", "vectors")
)
FLAGS = (
    "-O3", "-march=native", "-std=gnu11", "-ffp-contract=fast", "-fPIC", "-shared",
    # What -ffast-math is for here, without its change to how the whole process rounds tiny numbers.
    "-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros", "-fassociative-math", "-freciprocal-math",
)  # fmt: skip
SECONDS = 120
DIGITS = 32
"""of the checksum in a compiled file's name"""


def compiled_library() -> ctypes.CDLL | None:
    """Returns the compiled functions, None where there are none. The first call may take a second or two."""
    return load_library()[0]


def switched_off() -> bool:
    """Checks whether everything is to be left to torch, here and on a GPU."""
    return os.environ.get("NUMERATE_COMPILE") == "0"


@cache
def load_library() -> tuple[ctypes.CDLL | None, str]:
    """Returns the library and a line about it, for `numerate doctor`."""
    if switched_off():
        return None, "switched off by NUMERATE_COMPILE=0"
    compiler = next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)
    if sys.platform == "win32" or compiler is None:
        return None, "no C compiler found: torch does the same work, sampling and training take longer"
    try:
        file = build_library(compiler)
        return declare_functions(ctypes.CDLL(str(file))), f"compiled by {compiler}"
    except (OSError, subprocess.SubprocessError, AttributeError) as error:
        message = getattr(error, "stderr", "") or str(error)
        return None, f"{compiler} did not compile it ({message.strip()[:200]}): torch does the same work"


def build_library(compiler: str) -> Path:
    """Returns the shared library, from the cache where this source was compiled on this processor before."""
    texts = [file.read_text(encoding="utf-8") for file in (*SOURCES, *HEADERS)]
    what = [*texts, *FLAGS, compiler, processor_name()]
    name = f"kernels-{hashlib.sha256(chr(10).join(what).encode()).hexdigest()[:20]}"
    cache_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in sorted(cache_folder().glob(f"{name}-*.so")):
        if is_own_file(file):
            return file
        file.unlink()  # cut, or somebody else's: loading it would end the process, or run their code
    with tempfile.TemporaryDirectory(dir=cache_folder()) as where:
        made = Path(where) / f"{name}.so"
        subprocess.run(
            [compiler, *FLAGS, *map(str, SOURCES), "-o", str(made), "-lm", "-pthread"],
            check=True,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        flush_to_disk(made)
        target = cache_folder() / f"{name}-{file_hash(made)[:DIGITS]}.so"
        move_path(made, target)
    return target


def is_own_file(file: Path) -> bool:
    """Checks whether a compiled file is what this user compiled: an own file that nobody else may write, with
    the checksum that its name says."""
    try:
        status = file.lstat()
        mine = status.st_uid in (0, os.geteuid()) if hasattr(os, "geteuid") else True
        private = stat.S_ISREG(status.st_mode) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return mine and private and file_hash(file)[:DIGITS] == file.stem.rpartition("-")[2]
    except OSError:
        return False


def cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "numerate"


def processor_name() -> str:
    """Names the processor that -march=native depends on: a cache on a shared disk may serve several kinds of
    machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()} {platform.node()}"
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def declare_functions(lib: ctypes.CDLL) -> ctypes.CDLL:
    """Declares the types of its functions. Pointers are passed as addresses."""
    pointer, count, real, few = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float, ctypes.c_int
    lib.draw.argtypes = [pointer, pointer, real, count, pointer, pointer, pointer, count, few]
    lib.step_room.argtypes = [pointer, pointer, count, count, few]
    lib.step.argtypes = [pointer, pointer, pointer, count, count, pointer, pointer, few]
    lib.prompt_room.argtypes = [pointer, pointer, count, few]
    lib.prompt.argtypes = [pointer, pointer, pointer, count, pointer, count, pointer, pointer, few]
    lib.pack_panels.argtypes = [pointer, count, count, count, count, few, pointer, count, count]
    lib.multiply_packed.argtypes = [pointer, count, count, count, pointer, pointer, count, few, few]
    lib.norm.argtypes = [*[pointer] * 4, count, real, count, count]
    lib.norm_back.argtypes = [*[pointer] * 6, count, count, count]
    lib.gate.argtypes = [*[pointer] * 3, count, count]
    lib.gate_back.argtypes = [*[pointer] * 5, count, count]
    lib.turn_halves.argtypes = [*[pointer] * 4, count, count, real, count, count]
    lib.product.argtypes = [
        *(pointer, count, count), *(pointer, count, count), pointer, count, count, few, count, count,
    ]  # fmt: skip
    for function in (
        lib.draw,
        lib.pack_panels,
        lib.norm,
        lib.norm_back,
        lib.gate,
        lib.gate_back,
        lib.turn_halves,
    ):
        function.restype = None
    lib.packed.argtypes = [pointer, few, count, count]
    for function in (
        lib.product,
        lib.packed,
        lib.multiply_packed,
        lib.multiplies_pairs,
        lib.step,
        lib.prompt,
    ):
        function.restype = few
    lib.lanes.restype = lib.step_room.restype = lib.prompt_room.restype = count
    return lib


class CacheStruct(ctypes.Structure):
    """The struct `Cache` in decode.h."""

    _fields_ = [
        ("heads", ctypes.c_int64),
        ("kv_heads", ctypes.c_int64),
        ("size", ctypes.c_int64),
        ("layer", ctypes.c_int64),
        ("turns", ctypes.c_void_p),
        ("prompt", ctypes.c_void_p),
        ("prompt_tokens", ctypes.c_void_p),
        ("blocks", ctypes.c_void_p),
        ("most", ctypes.c_int64),
        ("written", ctypes.c_void_p),
    ]


class PackedStruct(ctypes.Structure):
    """The struct `Packed` in packed.h."""

    _fields_ = [
        ("panels", ctypes.c_void_p),
        ("columns", ctypes.c_int64),
        ("depth", ctypes.c_int64),
        ("pairs", ctypes.c_int64),
    ]


class LayerStruct(ctypes.Structure):
    """The struct `Layer` in phases.h."""

    _fields_ = [
        *((name, PackedStruct) for name in ("qkv", "out", "gate_up", "down")),
        ("bias", ctypes.c_void_p),
        ("gain", ctypes.c_void_p),
    ]


class ModelStruct(ctypes.Structure):
    """The struct `Model` in phases.h."""

    _fields_ = [
        ("layers", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("inner", ctypes.c_int64),
        ("eps", ctypes.c_double),
        ("embed", ctypes.c_void_p),
        ("tokens", ctypes.c_int64),
        ("pairs", ctypes.c_int64),
        ("layer", ctypes.POINTER(LayerStruct)),
        ("head", PackedStruct),
    ]


class Attention(ctypes.Structure):
    """The struct of the same name in attention.h."""

    _fields_ = [
        ("heads", ctypes.c_int64),
        ("kv_heads", ctypes.c_int64),
        ("size", ctypes.c_int64),
        ("scale", ctypes.c_float),
        ("blocks", ctypes.c_int64),
        *(
            (name, ctypes.c_void_p)
            for name in ("block", "q", "k", "v", "seen", "top", "slope", "dq", "dk", "dv")
        ),
    ]
