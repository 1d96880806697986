"""The vLLM of this process: starting it, giving it weights, asking it for tokens, ending it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch

from numerate.processes import is_distributed
from numerate.rollouts.vllm import isolation, weights
from numerate.rollouts.vllm.request import OutputPiece

if TYPE_CHECKING:
    from numerate.models.policy import Policy

GIB = 2**30
CPU_MEMORY = 1.0
"""GiB of keys and values on a CPU, as in the local engine"""
CPU_TOKENS = 4096
"""tokens that are computed together on a CPU, at least"""


@dataclass(frozen=True)
class Settings:
    """As in VllmEngine."""

    memory: float | None = None
    gpu_share: float = 0.5
    max_seqs: int | None = None
    context: int | None = None
    sleep: bool = False

    def __post_init__(self) -> None:
        bounds = {
            "memory": (self.memory, self.memory is None or self.memory > 0, "more than 0 (GiB)"),
            "gpu_share": (self.gpu_share, 0 < self.gpu_share <= 1, "in (0, 1]"),
            "max_seqs": (self.max_seqs, self.max_seqs is None or self.max_seqs >= 1, "at least 1"),
            "context": (self.context, self.context is None or self.context >= 2, "at least 2"),
        }
        for name, (value, good, must) in bounds.items():
            if not good:
                raise ValueError(f"engine vllm: {name} is {value}, it must be {must}")


_running: Host | None = None


def get_host(policy: Policy, state: object, settings: Settings) -> Host:
    """Returns the vLLM of this process with the policy's weights. `state` identifies these weights: they are
    transferred only where others are loaded. Starts vLLM where none of this shape and these settings runs."""
    global _running
    if _running is not None and (_running.settings, _running.shape) != (
        settings,
        weights.weight_shapes(policy),
    ):
        stop_host()
    if _running is None:
        _running = Host(policy, settings)
        _running.state = state
    elif _running.state is not state:
        _running.state = None  # until all of it is in
        _running.load(policy)
        _running.state = state
    return _running


def stop_host() -> None:
    """Ends the vLLM of this process, where there is one."""
    global _running
    if _running is not None:
        _running.check_idle()
        _running.end()
        _running = None


class Host:
    """A running vLLM. Implements `request.OutputSource`."""

    def __init__(self, policy: Policy, settings: Settings) -> None:
        if is_distributed():
            raise ValueError(
                "engine: {kind: vllm} supports runs of one process, and a launcher started several: "
                "set kind: local, or kind: server with a vLLM server of its own"
            )
        with isolation.keep_process_state():
            self.vllm = isolation.vllm_library()
        self.settings, self.shape = settings, weights.weight_shapes(policy)
        self.state: object = None
        """what the weights in vLLM are"""
        self.calls = 0
        """calls of `sample` that are not over"""
        self.asleep = False
        self.came: dict[str, list[OutputPiece]] = defaultdict(list)
        """what came and was not taken yet, by request"""
        self._start(policy)

    def _start(self, policy: Policy) -> None:
        platform = import_module("vllm.platforms").current_platform
        if not (platform.is_cpu() or platform.is_cuda_alike()):
            raise ValueError(f"the installed vllm finds no device it can run on: {isolation.WITHOUT}")
        self.cpu = bool(platform.is_cpu())
        with TemporaryDirectory(prefix="numerate-vllm-") as folder, isolation.keep_process_state():
            directory = policy.save(Path(folder) / "model", lasting=False)
            self.names = weights.saved_names(directory)
            try:
                self.llm = self.vllm.LLM(str(directory), **llm_arguments(policy, self.settings, self.cpu))
                self._try_out()
            except Exception as error:  # vLLM raises whatever the part that fails raises
                self.end()
                raise ValueError(_why(policy, error)) from error
        scheduled = self.llm.llm_engine.vllm_config.scheduler_config.max_num_seqs
        self.ahead = 2 * int(scheduled)
        self.context = int(self.llm.model_config.max_model_len)

    def _try_out(self) -> None:
        """Samples one token: some shapes of attention are refused only when they are computed."""
        self.add(
            "first", [1], {"temperature": 0.0, "max_tokens": 1, "logprobs": 0, "detokenize": False}, False
        )
        while not self.take(["first"]):
            pass

    def load(self, policy: Policy) -> None:
        """Replaces the weights by a policy's; adapters are merged in a copy."""
        self.check_idle()
        self._wake()
        with isolation.keep_process_state(), TemporaryDirectory(prefix="numerate-vllm-") as folder:
            tensors = weights.weight_tensors(policy.merged())
            if set(tensors) == self.names:
                source: dict[str, Any] = {"weights_iterator": iter(tensors.items())}
            else:
                source = {"weights_path": str(policy.save(Path(folder) / "model", lasting=False))}
            self.llm.collective_rpc("reload_weights", kwargs=source)
            if self.cpu:
                self.llm.apply_model(weights.pack_head)
        self._forget()

    def check_idle(self) -> None:
        """Raises ValueError while samples are being drawn."""
        if self.calls:
            raise ValueError(
                "engine: {kind: vllm} has one set of weights, and a sampling with it is still open: "
                "finish or close it before sync, and before sampling with another policy"
            )

    def _forget(self) -> None:
        """Empties the cache of prefixes: other weights, other keys and values; and a call that finds it
        empty computes the same bits in a run that was stopped as in one that was not."""
        if not self.llm.reset_prefix_cache():
            raise RuntimeError("vLLM did not empty its prefix cache though no sampling is open")

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Keeps vLLM awake during a call of `sample`."""
        if not self.calls:
            self._wake()
            self._forget()
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1
            if not self.calls and self.settings.sleep and not self.cpu:
                self.llm.sleep(level=1)
                self.asleep = True

    def _wake(self) -> None:
        if self.asleep:
            self.llm.wake_up()
            self.asleep = False

    def add(self, name: str, ids: Sequence[int], settings: dict[str, Any], stream: bool) -> None:
        kinds = import_module("vllm.sampling_params").RequestOutputKind
        kind = kinds.DELTA if stream else kinds.FINAL_ONLY
        params = self.vllm.SamplingParams(**settings, output_kind=kind)
        self.llm.llm_engine.add_request(name, {"prompt_token_ids": list(ids)}, params)

    def take(self, names: Iterable[str]) -> list[OutputPiece]:
        ready = [name for name in names if name in self.came]
        if not ready:
            with torch.random.fork_rng([]):
                outputs = self.llm.llm_engine.step()
            for made in map(output_piece, outputs):
                self.came[made.name].append(made)
            ready = [name for name in names if name in self.came]
        return [made for name in ready for made in self.came.pop(name)]

    def abort(self, names: Iterable[str]) -> None:
        gone = list(names)
        self.llm.llm_engine.abort_request(gone)
        for name in gone:
            self.came.pop(name, None)

    def end(self) -> None:
        """Frees what vLLM holds; also after a start that failed half-way."""
        with isolation.keep_process_state():
            if hasattr(self, "llm"):
                self.llm.llm_engine.engine_core.shutdown()
                del self.llm
            import_module("vllm.distributed").cleanup_dist_env_and_memory()


def llm_arguments(policy: Policy, settings: Settings, cpu: bool) -> dict[str, Any]:
    """Returns the arguments of `vllm.LLM`, beside the model's directory."""
    memory = settings.memory if settings.memory or not cpu else CPU_MEMORY
    lengths = [length for length in (policy.context, settings.context) if length]
    arguments: dict[str, Any] = {
        "dtype": "float32" if cpu else str(next(policy.model.parameters()).dtype).removeprefix("torch."),
        "enforce_eager": cpu,
        "max_model_len": min(lengths, default=None),
        "enable_prefix_caching": True,
        "logprobs_mode": "raw_logprobs",
        "generation_config": "vllm",
        "skip_tokenizer_init": True,
        "async_scheduling": False,  # what runs together must not depend on timing
        "disable_log_stats": True,
        "enable_sleep_mode": settings.sleep and not cpu,
    }
    if cpu:  # where vLLM 0.32 fails on a request with a seed whose prompt it splits
        arguments["enable_chunked_prefill"] = False
        arguments["max_num_batched_tokens"] = max(
            CPU_TOKENS, arguments["max_model_len"] or 0, settings.max_seqs or 0
        )
    else:
        arguments["gpu_memory_utilization"] = settings.gpu_share
    if memory:
        arguments["kv_cache_memory_bytes"] = int(memory * GIB)
    if settings.max_seqs:
        arguments["max_num_seqs"] = settings.max_seqs
    return arguments


def output_piece(output: Any) -> OutputPiece:
    """Reads a `vllm.RequestOutput`. Raises RuntimeError where vLLM aborted the sample."""
    (written,) = output.outputs
    if written.finish_reason not in (None, "stop", "length"):
        raise RuntimeError(f"vLLM aborted a sample: {written.finish_reason}; see its log for the reason")
    ids = tuple(written.token_ids)
    logprobs = tuple(step[i].logprob for step, i in zip(written.logprobs or (), ids, strict=True))
    return OutputPiece(output.request_id, ids, logprobs, bool(output.finished))


def _why(policy: Policy, error: Exception) -> str:
    kind = type(policy.model.get_base_model() if policy.has_lora else policy.model).__name__
    return (
        f"vLLM cannot run model {policy.name!r} ({kind}) here: {error}\nIf it does not support this "
        "kind or shape of model, sample with engine: {kind: local}. If memory is short, lower "
        "`context` or `max_seqs`, or set `memory` and `gpu_share` to the available memory."
    )
