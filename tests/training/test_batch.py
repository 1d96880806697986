"""Packing, weighing and log-probs: how a step is cut must never show in its result."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from numerate.models.policy import Policy
from numerate.training import Learner, micro_batches, pack, token_logprobs, weigh
from numerate.training.batch import layout
from numerate.types import Example
from tests import tiny


def rows(n: int = 16, seed: int = 0, vocabulary: int = 272) -> list[Example]:
    """Rows of 5 to 40 random tokens whose first third is a prompt."""
    r = random.Random(seed)
    made = []
    for _ in range(n):
        length = r.randint(5, 40)
        ids = [r.randrange(3, vocabulary) for _ in range(length)]
        made.append(Example(ids, [i >= max(1, length // 3) for i in range(length)]))
    return made


def policy(kind: str = "llama", seed: int = 0) -> Policy:
    return Policy(tiny.model(kind, seed), tiny.tokenizer())


def slow_logprobs(model: Any, row: Example) -> list[float]:
    """One row by itself through transformers, the whole softmax."""
    logp_TV = model(input_ids=torch.tensor([list(row.ids)])).logits[0].log_softmax(-1)
    return [
        logp_TV[t - 1, token].item() if trained else 0.0
        for t, (token, trained) in enumerate(zip(row.ids, row.mask, strict=True))
    ]


@pytest.mark.parametrize("kind", tiny.KINDS)
@pytest.mark.parametrize("line_tokens", [None, 16, 64, 500])
def test_logprobs_of_packed_rows_are_those_of_single_rows(kind: str, line_tokens: int | None) -> None:
    model, some = tiny.model(kind), rows(7)
    batch = pack(some, 0, line_tokens)
    with torch.no_grad():
        logp_BT = token_logprobs(model, batch)
        for i, row in enumerate(some):
            torch.testing.assert_close(
                logp_BT[batch.row_BT == i], torch.tensor(slow_logprobs(model, row)), atol=2e-5, rtol=0
            )


def test_logprobs_are_exactly_zero_off_the_trained_tokens_even_where_they_would_overflow() -> None:
    model = tiny.model(spread=1e6)
    batch = pack(rows(5), 0)
    logp_BT = token_logprobs(model, batch)
    assert (logp_BT[~batch.mask_BT] == 0).all()
    logp_BT.exp().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_logits_in_pieces_give_the_same_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    from numerate.training import logprobs

    grads = []
    for piece in (2**30, 272 * 4 * 3):
        monkeypatch.setattr(logprobs, "HEAD_BYTES", piece)
        model = tiny.model()
        token_logprobs(model, pack(rows(4), 0)).sum().backward()
        grads.append([p.grad for p in model.parameters()])
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def nll(model: Any, batch: Any) -> tuple[torch.Tensor, dict[str, float]]:
    return -(batch.token["weight"] * token_logprobs(model, batch)).sum(), {}


@pytest.mark.parametrize("per", ["token", "sequence", "constant"])
@pytest.mark.parametrize(
    ("micro_rows", "line_tokens"), [(1, None), (4, None), (16, None), (1, 64), (4, 64), (16, 64), (16, 500)]
)
def test_micro_batches_and_packing_never_change_a_step(
    per: Any, micro_rows: int, line_tokens: int | None
) -> None:
    some = weigh(rows(16), per, constant=40)
    whole, cut = policy(), policy()
    a = Learner(whole, micro_tokens=10**6).step(some, nll, lr=1e-2)
    b = Learner(cut, micro_rows=micro_rows, line_tokens=line_tokens).step(some, nll, lr=1e-2)
    assert b["loss"] == pytest.approx(a["loss"], rel=1e-5)
    assert b["grad_norm"] == pytest.approx(a["grad_norm"], rel=1e-4)


def test_gradients_do_not_depend_on_how_a_step_is_cut() -> None:
    some = weigh(rows(16), "sequence")
    grads = []
    for micro_rows, line_tokens in ((16, None), (1, None), (4, 64), (16, 500)):
        one = policy()
        learner = Learner(one, micro_rows=micro_rows, line_tokens=line_tokens)
        for batch in learner.batches(some):
            nll(one.model, batch)[0].backward()
        grads.append([p.grad for p in one.model.parameters()])
    for other in grads[1:]:
        for x, y in zip(grads[0], other, strict=True):
            torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-6)


def test_weights_worked_by_hand() -> None:
    """Two rows with 1 and 3 trained tokens."""
    some = [Example([5, 6], [False, True]), Example([5, 6, 7, 8], [False, True, True, True])]
    assert [r.token["weight"] for r in weigh(some, "token")] == [[0, 1 / 4], [0, 1 / 4, 1 / 4, 1 / 4]]
    assert [r.token["weight"] for r in weigh(some, "sequence")] == [[0, 1 / 2], [0, 1 / 6, 1 / 6, 1 / 6]]
    assert [r.token["weight"] for r in weigh(some, "constant", 10)] == [[0, 1 / 20], [0] + [1 / 20] * 3]


def test_tokens_of_the_prompt_carry_no_loss() -> None:
    """The loss of a row is the mean over its solution alone, worked through transformers."""
    row = rows(1)[0]
    model = tiny.model()
    value, _ = nll(model, pack(weigh([row]), 0))
    trained = [p for p, m in zip(slow_logprobs(model, row), row.mask, strict=True) if m]
    assert value.item() == pytest.approx(-sum(trained) / len(trained), rel=1e-4)


def test_a_row_that_trains_its_first_token_is_refused() -> None:
    with pytest.raises(AssertionError, match="no token before it"):
        pack([Example([4, 5], [True, True])], 0)


def test_sums_per_row_find_their_rows_again_after_packing() -> None:
    some = [r.with_token(x=[float(len(r.ids))] * len(r.ids)) for r in rows(9)]
    batch = pack(some, 0, 64)
    assert batch.per_row(batch.token["x"]).tolist() == [float(len(r.ids)) ** 2 for r in some]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=40), st.integers(1, 80))
def test_every_row_has_exactly_one_place_and_lines_keep_their_length(lengths: list[int], line: int) -> None:
    lines = layout(lengths, line)
    assert sorted(i for one in lines for i in one) == list(range(len(lengths)))
    for one in lines:
        assert sum(lengths[i] for i in one) <= max(line, lengths[one[0]])


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=40), st.integers(1, 200), st.integers(1, 9))
def test_micro_batches_hold_every_row_once_within_the_budget(
    lengths: list[int], tokens: int, limit: int
) -> None:
    some = [Example([3] * n, [False] * n, row={"i": float(i)}) for i, n in enumerate(lengths)]
    parts = list(micro_batches(some, tokens, limit))
    assert sorted(r.row["i"] for part in parts for r in part) == [float(i) for i in range(len(some))]
    for part in parts:
        assert len(part) <= limit
        assert len(part) == 1 or len(part) * max(len(r.ids) for r in part) <= tokens
