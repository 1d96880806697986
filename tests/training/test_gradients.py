"""Micro-batches in several threads: the same sums, bit for bit, and never where chance is shared."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from numerate.training import pack_rows, token_logprobs
from numerate.training.batch import Batch
from numerate.training.gradients import Gradients, worker_count
from numerate.types import Stats
from tests import tiny
from tests.training.test_batch import rows


def loss(model: nn.Module, batch: Batch) -> tuple[Tensor, Stats]:
    return -token_logprobs(model, batch).sum(), {"rows": float(batch.rows)}


@pytest.fixture
def cores(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pretends that torch has so many; every product is computed by one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield lambda count: monkeypatch.setattr(torch, "get_num_threads", lambda: count)
    monkeypatch.undo()
    torch.set_num_threads(before)


def summed(count: int, cores: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Tensor], list[float]]:
    cores(count)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    model = tiny.model()
    gradients = Gradients(model, model.parameters())
    assert gradients.workers == count
    batches = [pack_rows(rows(3, seed), 0) for seed in range(7)]
    values = [value for value, _ in gradients.add(batches, loss)]
    return [p.grad for p in model.parameters() if p.grad is not None], values


def test_the_sum_is_the_same_in_one_thread_and_in_three(cores: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, values = summed(1, cores, monkeypatch)
    three, others = summed(3, cores, monkeypatch)
    assert values == others and len(values) == 7
    assert len(one) == len(three) and all(torch.equal(a, b) for a, b in zip(one, three, strict=True))


def test_an_error_in_a_thread_is_raised_and_the_next_step_works(cores: Any) -> None:
    cores(2)
    model = tiny.model()
    gradients = Gradients(model, model.parameters())
    asked: list[int] = []

    def fails(model: nn.Module, batch: Batch) -> tuple[Tensor, Stats]:
        asked.append(1)
        raise FloatingPointError("no number")

    batches = [pack_rows(rows(2, seed), 0) for seed in range(6)]
    with pytest.raises(FloatingPointError, match="no number"):
        list(gradients.add(batches, fails))
    assert len(asked) < 6
    assert len(list(gradients.add(batches, loss))) == 6


def test_dropout_and_large_models_get_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny.model()
    parameters = list(model.parameters())
    assert worker_count(model, parameters, 4) == 4
    model.config.attention_dropout = 0.1
    assert worker_count(model, parameters, 4, dropout=True) == 1
    inside = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1))
    assert worker_count(inside, list(inside.parameters()), 4, dropout=True) == 1
    assert worker_count(inside, list(inside.parameters()), 4) == 4
    size = sum(p.numel() * 4 for p in parameters)
    model.config.attention_dropout = 0.0
    monkeypatch.setattr("numerate.training.gradients.MOST_BYTES", 4 * size)
    assert worker_count(model, parameters, 4) == 2
    monkeypatch.setattr("numerate.training.gradients.MOST_BYTES", 1)
    assert worker_count(model, parameters, 4) == 1
