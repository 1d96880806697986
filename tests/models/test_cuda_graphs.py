"""The recorded step, with a recorder that does on a CPU what a CUDA graph does: plays back the same
operations on the same memory, without a line of Python in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from numerate.models.inference import cuda_graphs
from numerate.models.inference.cuda_graphs import WORTH, GraphForward
from numerate.models.inference.kv_cache import Sizes
from numerate.models.inference.torch import FastForward
from numerate.models.inference.weights import Weights, read_weights
from numerate.models.policy import Policy
from numerate.rollouts.local import LocalEngine
from numerate.types import Prompt, Sampling, Turn
from tests import tiny

LEAVES_THE_GPU = ("_local_scalar_dense", "nonzero", "lift_fresh")


class Tape(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.played: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert not any(name in str(func) for name in LEAVES_THE_GPU), f"{func} can't be in a CUDA graph"
        out = func(*args, **(kwargs or {}))
        self.played.append((func, args, kwargs or {}, out))
        return out

    def play(self) -> None:
        for func, args, kwargs, kept in self.played:
            fresh = func(*args, **kwargs)
            for old, new in zip(tree_leaves(kept), tree_leaves(fresh), strict=True):
                if old.data_ptr() != new.data_ptr():  # neither a view nor in place
                    old.copy_(new)


class Recorder:
    def __init__(self) -> None:
        self.recorded = self.replayed = 0

    def __call__(self, step: Callable[[], Tensor]) -> Callable[[], Tensor]:
        self.recorded += 1
        with Tape() as tape:
            out = step()

        def replay() -> Tensor:
            self.replayed += 1
            tape.play()
            return out

        return replay


def weights(kind: str = "llama") -> Weights:
    found = read_weights(tiny.model(kind, spread=8.0, hidden=64))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "mistral"])
def test_played_back_steps_give_the_numbers_of_plain_ones(kind: str) -> None:
    """Rows join and leave, prompts are forgotten, both caches grow."""
    read_once, recorder = weights(kind), Recorder()
    plain, graphs = FastForward(read_once), GraphForward(read_once, record=recorder)
    torch.manual_seed(0)
    rows = 0
    for turn in range(5):
        for forward in (plain, graphs):
            prompt, logits_V = forward.prefill([5 + (3 * turn + i) % 200 for i in range(9 + 31 * turn)])
            forward.join(prompt, 3 + turn)
            forward.close(prompt)
        assert logits_V.isfinite().all()
        rows += 3 + turn
        for _ in range(20):
            token_B = torch.randint(3, 200, (rows,))
            torch.testing.assert_close(graphs.step(token_B), plain.step(token_B), atol=2e-5, rtol=1e-4)
        gone = list(range(turn, rows, 3))
        assert plain.drop(gone) == graphs.drop(gone)
        rows -= len(gone)
    assert recorder.recorded >= 3
    assert recorder.replayed > 50


def test_an_engine_samples_the_same_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = Policy(tiny.model("qwen2", spread=8.0, hidden=64), tiny.tokenizer())
    prompts = [Prompt(f"p{i}", (Turn("user", "It has 12" * (1 + i)),)) for i in range(6)]
    read_once, recorder = read_weights(policy.model), Recorder()
    assert read_once is not None

    def sampled(make: Callable[[int, int], FastForward]) -> dict[tuple[str, int], tuple[int, ...]]:
        engine = LocalEngine(policy, slots=20)
        engine.open = make
        done = engine.sample(prompts, 16, Sampling(0.8, max_tokens=80))
        return {(r.problem_id, r.index): r.turns[-1].ids for r in done}

    plain = sampled(lambda rows, tokens: FastForward(read_once, rows, tokens))
    assert sampled(lambda rows, tokens: GraphForward(read_once, rows, tokens, record=recorder)) == plain
    assert recorder.replayed > 30


def test_what_cannot_be_recorded_is_said_once_and_computed_all_the_same() -> None:
    def fails(step: Callable[[], Tensor]) -> Callable[[], Tensor]:
        raise RuntimeError("operation not permitted when stream is capturing")

    read_once = weights()
    plain, graphs = FastForward(read_once), GraphForward(read_once, record=fails)
    for forward in (plain, graphs):
        forward.join(forward.prefill([5, 6, 7])[0], 4)
    token_B = torch.tensor([9, 10, 11, 12])
    with pytest.warns(RuntimeWarning, match="without CUDA graphs: operation not permitted") as told:
        for _ in range(3 * WORTH):
            torch.testing.assert_close(graphs.step(token_B), plain.step(token_B), atol=2e-5, rtol=1e-4)
    assert len(told) == 1


@pytest.mark.parametrize("rows", [1, 8, 9, 100, 129, 256, 300, 512])
def test_sizes_are_rounded_up_to_few_and_rows_by_less_than_a_quarter(rows: int) -> None:
    exact = Sizes(rows, prompts=3, most=5, columns=70, length=200)
    rounded = exact.rounded()
    assert rows <= rounded.rows < max(1.25 * rows, rows + 8)
    assert rounded.rounded() == rounded
    assert (rounded.prompts, rounded.most, rounded.columns, rounded.length) == (4, 8, 128, 256)


def test_a_recording_is_thrown_away_when_the_caches_move() -> None:
    """A long prompt makes them grow; the rows after it have the sizes of those before it."""
    read_once, recorder = weights(), Recorder()
    plain, graphs = FastForward(read_once), GraphForward(read_once, record=recorder)
    for start, length in ((5, 9), (5, 150), (50, 9)):
        for forward in (plain, graphs):
            prompt, _ = forward.prefill([start + i for i in range(length)])
            forward.join(prompt, 4)
            forward.close(prompt)
        for step in range(2 * WORTH):
            token_B = torch.arange(4) + 7 * step
            torch.testing.assert_close(graphs.step(token_B), plain.step(token_B), atol=2e-5, rtol=1e-4)
        for forward in (plain, graphs):
            forward.drop([0, 1, 2, 3])
    assert recorder.recorded == 3


def test_a_step_is_recorded_on_the_device_of_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `device: cuda:1` the current device is cuda:0, whose stream would record nothing."""
    current: list[Any] = [0]
    seen: list[tuple[str, Any]] = []

    @contextmanager
    def device(index: Any) -> Iterator[None]:
        current.append(index)
        yield
        current.pop()

    class Stream:
        def __init__(self, on: Any = None) -> None:
            seen.append(("stream", current[-1] if on is None else on))

        def wait_stream(self, other: Stream) -> None: ...

    class Graph:
        def replay(self) -> None:
            seen.append(("replay", current[-1]))

    fakes = {
        "device": device,
        "Stream": Stream,
        "current_stream": lambda: object.__new__(Stream),
        "stream": lambda aside: nullcontext(),
        "graph": lambda graph, pool, stream: nullcontext(),
        "CUDAGraph": Graph,
        "graph_pool_handle": lambda: None,
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    cuda_graphs.side_stream.cache_clear()
    second, out = torch.device("cuda", 1), torch.ones(1)

    def step() -> Tensor:
        seen.append(("step", current[-1]))
        return out

    for _ in range(2):
        assert cuda_graphs.Recorder(second)(step)() is out
    cuda_graphs.side_stream.cache_clear()
    assert {index for _, index in seen} == {second}
    assert [kind for kind, _ in seen] == ["stream", "step", "step", "replay", "step", "step", "replay"]
