"""What the head says does not depend on how solutions are laid into batches."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from numerate.training.batch import pack, pad
from numerate.training.judged import labelled, readings, weigh_reads
from numerate.types import Example
from tests.judges.models import scored_by
from tests.methods.toy import PROBLEMS

SOLUTIONS = [["a", "b has the"], ["a"], ["the the", "b", "c\n#### 5"], ["x" * 20]]


def rows(folder: Path, network: str) -> tuple[object, list[Example]]:
    model = scored_by(folder, network)
    made = [labelled(model.lay(p, s), [1.0] * len(s)) for p in PROBLEMS[:2] for s in SOLUTIONS]
    return model, [row for row in made if row]


@pytest.mark.parametrize("network", ["llama", "gpt2"])
def test_packed_and_padded_rows_have_the_same_readings_and_gradients(tmp_path: Path, network: str) -> None:
    model, made = rows(tmp_path, network)
    found = []
    for lay in (pack, pad):
        batch = lay(made, model.pad_id)  # pyright: ignore
        logits, where = readings(model.model, batch)  # pyright: ignore
        order = batch.row_BT[where].argsort(stable=True)
        model.model.zero_grad()  # pyright: ignore
        logits.square().sum().backward()
        grads = [p.grad.clone() for p in model.model.parameters() if p.grad is not None]  # pyright: ignore
        found.append((logits[order], grads))
    (packed, grads), (padded, others) = found
    assert len(packed) == 2 * (2 + 1 + 3 + 1)
    torch.testing.assert_close(packed, padded, atol=1e-4, rtol=1e-4)
    for a, b in zip(grads, others, strict=True):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)


def test_steps_that_nobody_judged_are_not_asked_and_rows_without_any_are_none(tmp_path: Path) -> None:
    model = scored_by(tmp_path)
    laid = model.lay(PROBLEMS[0], ["a", "b", "c"])
    row = labelled(laid, [None, 0.0, None])
    assert row is not None
    assert [i for i, read in enumerate(row.token["read"]) if read] == [laid.ends[1]]
    assert labelled(laid, [None] * 3) is None


def test_a_step_that_does_not_fit_is_dropped_with_all_that_follow(tmp_path: Path) -> None:
    """The third step would fit again; but a solution with a hole in it is another solution."""
    model = scored_by(tmp_path)
    laid = model.lay(PROBLEMS[0], ["a", "x" * 200, "c"])
    assert (len(laid.ends), laid.dropped) == (1, 2)
    assert len(laid.ids) == laid.ends[0] + 1
    row = labelled(laid, [1.0, 0.0, 0.0])
    assert row is not None and sum(row.token["target"]) == 1.0


def test_weights_are_one_over_all_places_of_the_step(tmp_path: Path) -> None:
    _, made = rows(tmp_path, "llama")
    weighed = weigh_reads(made, extra=2.0)
    used = [w for row in weighed for w in row.token["weight"] if w]
    assert used == pytest.approx([1 / 16] * 14)
