"""What the head says does not depend on how rows are laid out in batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.models import reward_model
from numerate.models.judge_config import Card
from numerate.models.policy import load
from numerate.models.reward_model import BELIEF
from numerate.training.batch import pack_rows, pad_rows
from numerate.training.head_scores import head_logits, labelled_row, read_scores, so_far
from numerate.training.loss_weights import set_read_weights
from numerate.types import Example
from tests import tiny
from tests.judges.models import scored_by
from tests.methods.toy import PROBLEMS

SOLUTIONS = [["a", "b has the"], ["a"], ["the the", "b", "c\n#### 5"], ["x" * 20]]


def rows(folder: Path, network: str, **card: Any) -> tuple[object, list[Example]]:
    model = scored_by(folder, network, **card)
    made = [
        labelled_row(model.encode_solution(p, s), [1.0] * len(s)) for p in PROBLEMS[:2] for s in SOLUTIONS
    ]
    return model, [row for row in made if row]


@pytest.mark.parametrize("network", ["llama", "gpt2"])
@pytest.mark.parametrize("likelihood", [False, True])
def test_packed_and_padded_rows_have_the_same_readings_and_gradients(
    tmp_path: Path, network: str, likelihood: bool
) -> None:
    model, made = rows(tmp_path, network, likelihood=likelihood)
    found = []
    for lay in (pack_rows, pad_rows):
        batch = lay(made, model.pad_id)  # pyright: ignore
        logits, where = head_logits(model.model, batch)  # pyright: ignore
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
    encoded = model.encode_solution(PROBLEMS[0], ["a", "b", "c"])
    row = labelled_row(encoded, [None, 0.0, None])
    assert row is not None
    assert [i for i, read in enumerate(row.token["read"]) if read] == [encoded.ends[1]]
    assert labelled_row(encoded, [None] * 3) is None


def test_a_step_that_does_not_fit_is_dropped_with_all_that_follow(tmp_path: Path) -> None:
    """The third step would fit again; but a solution with a hole in it is another solution."""
    model = scored_by(tmp_path)
    encoded = model.encode_solution(PROBLEMS[0], ["a", "x" * 200, "c"])
    assert (len(encoded.ends), encoded.dropped) == (1, 2)
    assert len(encoded.ids) == encoded.ends[0] + 1
    row = labelled_row(encoded, [1.0, 0.0, 0.0])
    assert row is not None and sum(row.token["target"]) == 1.0


def test_weights_are_one_over_all_places_of_the_step(tmp_path: Path) -> None:
    _, made = rows(tmp_path, "llama")
    weighed = set_read_weights(made, extra=2.0)
    used = [w for row in weighed for w in row.token["weight"] if w]
    assert used == pytest.approx([1 / 16] * 14)


def test_sums_of_log_probabilities_begin_with_the_row_and_with_the_step() -> None:
    """A prompt of two tokens that two rows share, then a row of its own with a prompt of one. Places that say
    nothing (prompts, ends of steps) have log p = 0; the second end of the first row is not asked."""
    row_BT = torch.tensor([[-1, -1, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2]])
    said_BT = torch.tensor([[0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0]]) > 0
    logp_BT = -torch.tensor([[0, 0, 1, 0, 2, 0, 4, 0, 8, 0, 0, 16, 0]]).float()
    asked = (torch.zeros(4, dtype=torch.long), torch.tensor([3, 7, 9, 12]))
    found = so_far(logp_BT, said_BT, row_BT, asked)
    assert found.tolist() == [[-1, -1], [-7, -4], [-8, -8], [-16, -16]]


@pytest.mark.parametrize(("kind", "of_step"), [("outcome", False), ("process", True)])
def test_untrained_it_says_what_its_language_model_believes(tmp_path: Path, kind: Any, of_step: bool) -> None:
    """Against the log-probabilities of the transformers model itself."""
    policy = load(str(tiny.make(tmp_path / "lm", context=256)))
    judge = reward_model.on_policy(policy, Card(kind, likelihood=True))
    encoded = judge.encode_solution(PROBLEMS[0], ["a", "b has the", "c\n#### 5"])
    (scores,) = read_scores(judge, [encoded], 1000)
    with torch.no_grad():
        logits = policy.model(torch.tensor([encoded.ids])).logits[0].log_softmax(-1)
    starts = [encoded.prompt, *(end + 1 for end in encoded.ends)]
    steps = [
        sum(logits[t - 1, encoded.ids[t]].item() for t in range(start, end))
        for start, end in zip(starts, encoded.ends, strict=False)
    ]
    wanted = steps if of_step else [sum(steps[: k + 1]) for k in range(3)]
    assert scores[:, 0].tolist() == pytest.approx([BELIEF * x for x in wanted], rel=1e-4)
