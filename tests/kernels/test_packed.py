"""Packed products and the compiled step: right in every shape, and the same for any rows and threads."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from numerate import kernels
from numerate.models.inference.choose import fast_forward
from numerate.models.inference.compiled import CompiledForward
from numerate.models.inference.matrices import PackedMatrix
from tests import tiny

pytestmark = pytest.mark.skipif(kernels.compiled_library() is None, reason="no C compiler here")


def pack(weight: torch.Tensor, dtype: torch.dtype) -> PackedMatrix:
    lib = kernels.compiled_library()
    assert lib is not None
    return PackedMatrix(lib, weight, dtype)


def rounded(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return x.to(dtype).double()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("m", "n", "k"), [(1, 1, 1), (3, 5, 7), (12, 32, 256), (13, 33, 257), (64, 96, 600), (25, 31, 513)]
)
def test_products_of_any_shape(m: int, n: int, k: int, dtype: torch.dtype) -> None:
    """bfloat16 rounds both sides and sums in float32."""
    torch.manual_seed(0)
    x, weight, c = torch.randn(m, k), torch.randn(n, k), torch.randn(m, n)
    want = rounded(x, dtype) @ rounded(weight, dtype).t()
    torch.testing.assert_close(pack(weight, dtype).product(x).double(), want, atol=2e-4, rtol=1e-5)
    added = pack(weight, dtype).product(x, c.clone()).double()
    torch.testing.assert_close(added, want + c.double(), atol=2e-4, rtol=1e-5)


def test_a_weight_and_rows_that_lie_otherwise_give_the_same_bits() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(9, 40), torch.randn(70, 40)
    plain = pack(weight, torch.float32).product(x)
    assert torch.equal(
        pack(weight.t().contiguous().t(), torch.float32).product(x.t().contiguous().t()), plain
    )
    assert torch.equal(pack(weight, torch.float32).product(torch.cat([x, x], 1)[:, :40]), plain)


@pytest.mark.parametrize("special", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_stay_so_in_bfloat16(special: float) -> None:
    x = torch.ones(2, 3)
    x[1, 1] = special
    out = pack(torch.ones(4, 3), torch.bfloat16).product(x)
    assert torch.equal(out[0], torch.full((4,), 3.0))
    torch.testing.assert_close(out[1], torch.full((4,), special), equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_row_does_not_depend_on_the_others_nor_on_threads(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(300, 700), torch.randn(130, 700)
    matrix = pack(weight, dtype)
    alone = torch.cat([matrix.product(row[None]) for row in x])
    for threads in (1, 2, 5):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert torch.equal(matrix.product(x), alone)


def steps(model: Any, dtype: torch.dtype, rows: int) -> list[torch.Tensor]:
    make = fast_forward(model, dtype)
    assert make is not None
    forward = make(rows, 30)
    assert isinstance(forward, CompiledForward)
    prompt, logits = forward.prefill(range(5, 40))
    forward.join(prompt, rows)
    tokens = torch.arange(rows) * 7 % 200
    return [logits[None], *(forward.step(tokens + step) for step in range(20))]


@pytest.fixture
def use_threads() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_steps_are_the_same_for_any_rows_and_threads(
    family: str, dtype: torch.dtype, use_threads: Callable[[int], None]
) -> None:
    model = tiny.model(family)
    alone = steps(model, dtype, 1)
    for threads, rows in ((1, 50), (3, 50), (4, 7)):
        use_threads(threads)
        many = steps(model, dtype, rows)
        assert all(torch.equal(one, all_[:1]) for one, all_ in zip(alone, many, strict=True))


def test_shares_of_rows_give_the_numbers_of_phases(use_threads: Callable[[int], None]) -> None:
    """Rows of several prompts and lengths; with 3 threads and 100 or 300 rows each thread takes rows through
    all layers, with 20 the threads share each product, as they do with the long prompt."""
    model = tiny.model("llama", hidden=64, layers=2)
    make = fast_forward(model, torch.float32)
    assert make is not None
    results: dict[int, list[torch.Tensor]] = {}
    for threads in (1, 2, 3):
        use_threads(threads)
        results[threads] = []
        for rows in (20, 100, 300):
            forward = make(rows, 30)
            assert isinstance(forward, CompiledForward)
            for prompt in (range(5, 155), range(9, 12), range(30, 50), range(3, 21)):
                state, logits = forward.prefill(prompt)
                results[threads].append(logits)
                forward.join(state, rows // 4)
                count = len(forward.rows.length_B)
                results[threads].append(forward.step(torch.arange(count) * 7 % 200))
    for threads in (2, 3):
        for expected, got in zip(results[1], results[threads], strict=True):
            assert torch.equal(expected, got)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_bfloat16_stays_near_float32(family: str) -> None:
    model = tiny.model(family)
    exact, near = (steps(model, dtype, 8) for dtype in (torch.float32, torch.bfloat16))
    for a, b in zip(exact, near, strict=True):
        drift = (a.log_softmax(-1) - b.log_softmax(-1)).abs()
        assert 0 < drift.max() < 0.1


def test_calls_at_once_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One call has the threads, the other does its work alone."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    torch.manual_seed(0)
    x, matrix = torch.randn(64, 256), pack(torch.randn(300, 256), torch.float32)
    want, differ = matrix.product(x), []

    def work() -> None:
        for _ in range(50):
            if not torch.equal(matrix.product(x), want):
                differ.append(1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not differ


def child(sent: Any, x: torch.Tensor, matrix: PackedMatrix) -> None:
    sent.send_bytes(matrix.product(x).numpy().tobytes())


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="processes do not fork here"
)
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_process_has_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    x, matrix = torch.ones(40, 64), pack(torch.ones(200, 64), torch.float32)
    want = matrix.product(x)
    context = multiprocessing.get_context("fork")
    received, sent = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(sent, x, matrix))
    process.start()
    assert received.poll(20), "the child did not answer"
    assert received.recv_bytes() == want.numpy().tobytes()
    process.join()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_that_is_forked_in_the_middle_of_a_call_has_threads_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    x, matrix = torch.ones(64, 512), pack(torch.ones(2000, 512), torch.float32)
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            matrix.product(x)

    busy = threading.Thread(target=work)
    busy.start()
    try:
        for _ in range(20):
            pid = os.fork()
            if not pid:
                matrix.product(x)
                os._exit(0)
            for _ in range(200):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    break
                time.sleep(0.05)
            else:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                pytest.fail("a child hangs")
    finally:
        ended.set()
        busy.join()


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("tokens", [1, 15, 16, 17, 130])
def test_a_prompt_gives_the_logits_of_the_model(family: str, tokens: int) -> None:
    model = tiny.model(family)
    make = fast_forward(model, torch.float32)
    assert make is not None
    ids = [token * 7 % 200 + 3 for token in range(tokens)]
    forward = make(1, 4)
    state, logits = forward.prefill(ids)
    forward.join(state, 1)
    after = forward.step(torch.tensor([9]))[0]
    with torch.no_grad():
        expected = model(torch.tensor([[*ids, 9]])).logits[0]
    torch.testing.assert_close(logits, expected[-2], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(after, expected[-1], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("token", [-1, 10**9])
def test_a_token_that_the_model_lacks_is_an_error(token: int) -> None:
    make = fast_forward(tiny.model("llama"), torch.float32)
    assert make is not None
    forward = make(1, 4)
    forward.join(forward.prefill([5, 6])[0], 1)
    with pytest.raises(IndexError):
        forward.step(torch.tensor([token]))
    assert forward.step(torch.tensor([5], dtype=torch.int32)).isfinite().all()
    with pytest.raises(IndexError):
        forward.prefill([5, token])


def test_counts_that_the_compiled_functions_trust_are_checked() -> None:
    """An empty prompt has no last row to write, and a step writes one row for each row of the batch."""
    make = fast_forward(tiny.model("llama"), torch.float32)
    assert make is not None
    forward = make(2, 4)
    for rows in (0, 2):
        with pytest.raises(ValueError, match="at least one token"):
            forward.prefill([])
        for tokens in (0, 3):
            with pytest.raises(ValueError, match=f"{tokens} tokens for {rows} rows"):
                forward.step(torch.full((tokens,), 5))
        forward.join(forward.prefill([5, 6])[0], 2 - rows)
    assert forward.step(torch.tensor([5, 5])).isfinite().all()


def test_the_copy_of_the_weights_stays_when_the_model_learns() -> None:
    model = tiny.model("llama")
    make = fast_forward(model, torch.float32)
    assert make is not None
    before = make(1, 4).prefill([5, 6])[1]
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1.0)
    assert torch.equal(make(1, 4).prefill([5, 6])[1], before)
