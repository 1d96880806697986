"""Packing, weighing and log-probs: how a step is cut must never show in its result."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from numerate.models.policy import Lora, Policy
from numerate.training import Learner, micro_batches, pack_rows, set_loss_weights, token_logprobs
from numerate.training.batch import Batch, pad_rows
from numerate.training.logprobs import head_memory
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


def siblings(seed: int = 0) -> list[Example]:
    """Rows of three prompts: with four, one and three completions, of different lengths, in mixed order."""
    r = random.Random(seed)
    made = []
    for rows_of, length in ((4, 9), (1, 4), (3, 6)):
        asked = [r.randrange(3, 272) for _ in range(length)]
        for _ in range(rows_of):
            told = [r.randrange(3, 272) for _ in range(r.randint(1, 12))]
            seen = [True] * len(told)
            if len(told) > 4:
                seen[2:4] = [False, False]  # as the output of an interpreter
            made.append(Example([*asked, *told], [False] * length + seen))
    r.shuffle(made)
    return made


def trained(batch: Batch, x_BT: torch.Tensor, row: int) -> torch.Tensor:
    return x_BT[(batch.row_BT == row) & batch.mask_BT]


@pytest.mark.parametrize("kind", tiny.KINDS)
@pytest.mark.parametrize("lay", [pad_rows, pack_rows])
@pytest.mark.parametrize("some", [rows(7), siblings()], ids=["alone", "shared"])
def test_logprobs_are_those_of_single_rows(kind: str, lay: Any, some: list[Example]) -> None:
    model = tiny.model(kind)
    slow = [torch.tensor(slow_logprobs(model, row))[torch.tensor(row.mask)] for row in some]
    batch = lay(some, 0)
    with torch.no_grad():
        logp_BT = token_logprobs(model, batch)
    for i, one in enumerate(slow):
        torch.testing.assert_close(trained(batch, logp_BT, i), one, atol=2e-5, rtol=0)


@pytest.mark.parametrize("kind", tiny.KINDS)
@pytest.mark.parametrize("lora", [None, Lora(r=4)], ids=["full", "lora"])
def test_gradients_of_shared_prompts_are_those_of_padded_rows(kind: str, lora: Lora | None) -> None:
    some, grads = set_loss_weights(siblings(), "sequence"), []
    for lay in (pad_rows, pack_rows):
        one = policy(kind)
        one.add_lora(lora)
        with torch.no_grad():  # LoRA's second factor is zero at birth, and would hide the first one
            for name, p in one.model.named_parameters():
                p.add_(0.1) if "lora_B" in name else None
        nll(one.model, lay(some, 0))[0].backward()
        grads.append({n: p.grad for n, p in one.model.named_parameters() if p.grad is not None})
    assert grads[0].keys() == grads[1].keys() and grads[0]
    for name, x in grads[0].items():
        scale = max(1e-3, x.abs().max().item())
        torch.testing.assert_close(grads[1][name], x, rtol=0, atol=1e-4 * scale)


@pytest.mark.parametrize("window", [3, 8, 1000])
def test_a_sliding_window_reaches_over_the_shared_prompt(window: int) -> None:
    model, some = tiny.model("mistral", sliding_window=window), siblings()
    slow = [torch.tensor(slow_logprobs(model, row))[torch.tensor(row.mask)] for row in some]
    batch = pack_rows(some, 0)
    logp_BT = token_logprobs(model, batch)
    for i, one in enumerate(slow):
        torch.testing.assert_close(trained(batch, logp_BT, i), one, atol=2e-5, rtol=0)


def test_a_shared_prompt_is_in_the_line_once() -> None:
    batch = pack_rows(siblings(), 0)
    assert batch.ids_BT.shape == (1, sum(len(r.ids) for r in siblings()) - 3 * 9 - 2 * 6)
    assert batch.groups is not None and sorted(len(g.own) for g in batch.groups) == [1, 3, 4]


def test_the_model_still_generates_and_saves_as_before(tmp_path: Path) -> None:
    one = policy()
    ids = torch.tensor([[1, 5, 6, 7], [1, 8, 9, 10]])
    mask = torch.tensor([[0, 1, 1, 1], [1, 1, 1, 1]])
    before = one.model(input_ids=ids, attention_mask=mask).logits
    token_logprobs(one.model, pack_rows(siblings(), 0))
    torch.testing.assert_close(one.model(input_ids=ids, attention_mask=mask).logits, before)
    assert "numerate" not in (one.save(tmp_path / "m") / "config.json").read_text()


def test_logprobs_are_exactly_zero_off_the_trained_tokens_even_where_they_would_overflow() -> None:
    model = tiny.model(spread=1e6)
    batch = pack_rows(siblings(), 0)
    logp_BT = token_logprobs(model, batch)
    assert (logp_BT[~batch.mask_BT] == 0).all()
    logp_BT.exp().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_logits_in_pieces_give_the_same_gradients() -> None:
    """A MiB holds the logits of 64 tokens; the rows train some 200."""
    grads = []
    for mib in (1024, 1):
        model = tiny.model(vocab=4096)
        with head_memory(mib):
            token_logprobs(model, pack_rows(rows(16), 0)).sum().backward()
        grads.append([p.grad for p in model.parameters()])
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def nll(model: Any, batch: Any) -> tuple[torch.Tensor, dict[str, float]]:
    return -(batch.token["weight"] * token_logprobs(model, batch)).sum(), {}


@pytest.mark.parametrize("per", ["token", "sequence", "constant"])
@pytest.mark.parametrize("some", [rows(16), siblings()], ids=["alone", "shared"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "cut", [{"micro_rows": 1}, {"micro_rows": 4}, {"micro_rows": 16}, {"micro_tokens": 30}]
)
def test_micro_batches_and_packing_never_change_a_step(
    per: Any, some: list[Example], packed: bool, cut: dict[str, Any]
) -> None:
    some = set_loss_weights(some, per, constant=40)
    a = Learner(policy(), micro_tokens=10**6, packed=False).step(some, nll, lr=1e-2)
    b = Learner(policy(), packed=packed, **cut).step(some, nll, lr=1e-2)
    assert b["loss"] == pytest.approx(a["loss"], rel=1e-5)
    assert b["grad_norm"] == pytest.approx(a["grad_norm"], rel=1e-4)


def test_gradients_do_not_depend_on_how_a_step_is_cut() -> None:
    some = set_loss_weights([*rows(9), *siblings()], "sequence")
    grads = []
    for micro_rows, packed in ((16, False), (1, False), (4, True), (16, True)):
        one = policy()
        learner = Learner(one, micro_rows=micro_rows, packed=packed)
        for batch in learner.batches(some):
            nll(one.model, batch)[0].backward()
        grads.append([p.grad for p in one.model.parameters()])
    for other in grads[1:]:
        for x, y in zip(grads[0], other, strict=True):
            torch.testing.assert_close(x, y, rtol=1e-4, atol=1e-6)


def test_weights_worked_by_hand() -> None:
    """Two rows with 1 and 3 trained tokens."""
    some = [Example([5, 6], [False, True]), Example([5, 6, 7, 8], [False, True, True, True])]
    assert [r.token["weight"] for r in set_loss_weights(some, "token")] == [
        [0, 1 / 4],
        [0, 1 / 4, 1 / 4, 1 / 4],
    ]
    assert [r.token["weight"] for r in set_loss_weights(some, "sequence")] == [
        [0, 1 / 2],
        [0, 1 / 6, 1 / 6, 1 / 6],
    ]
    assert [r.token["weight"] for r in set_loss_weights(some, "constant", 10)] == [
        [0, 1 / 20],
        [0] + [1 / 20] * 3,
    ]


def test_tokens_of_the_prompt_carry_no_loss() -> None:
    """The loss of a row is the mean over its solution alone, worked through transformers."""
    row = rows(1)[0]
    model = tiny.model()
    value, _ = nll(model, pack_rows(set_loss_weights([row]), 0))
    trained = [p for p, m in zip(slow_logprobs(model, row), row.mask, strict=True) if m]
    assert value.item() == pytest.approx(-sum(trained) / len(trained), rel=1e-4)


def test_a_row_that_trains_its_first_token_is_refused() -> None:
    with pytest.raises(AssertionError, match="no token before it"):
        pack_rows([Example([4, 5], [True, True])], 0)
    with pytest.raises(AssertionError, match="no token before it"):
        pad_rows([Example([4, 5], [True, True])], 0)


def test_sums_per_row_find_their_rows_again_after_packing() -> None:
    some = [r.with_token(x=[float(len(r.ids))] * len(r.ids)) for r in rows(9)]
    for batch in (pack_rows(some, 0), pad_rows(some, 0)):
        assert batch.per_row(batch.token["x"]).tolist() == [float(len(r.ids)) ** 2 for r in some]
    some = [r.with_token(x=[float(m) for m in r.mask]) for r in siblings()]
    assert pack_rows(some, 0).per_row(pack_rows(some, 0).token["x"]).tolist() == [
        float(sum(r.mask)) for r in some
    ]


lengths = st.lists(st.integers(2, 60), min_size=1, max_size=40)


@settings(deadline=None, max_examples=100)
@given(lengths, st.integers(1, 200), st.integers(1, 9), st.booleans())
def test_micro_batches_hold_every_row_once_within_the_budget(
    lengths: list[int], tokens: int, limit: int, packed: bool
) -> None:
    some = [
        Example(
            [n % 3] * (n // 2) + [7] * (n - n // 2),
            [False] * (n // 2) + [True] * (n - n // 2),
            columns={"i": float(i)},
        )
        for i, n in enumerate(lengths)
    ]
    parts = list(micro_batches(some, tokens, limit, packed))
    assert sorted(r.columns["i"] for part in parts for r in part) == [float(i) for i in range(len(some))]
    for part in parts:
        batch = pack_rows(part, 0) if packed else pad_rows(part, 0)
        assert len(part) <= limit
        assert len(part) == 1 or batch.ids_BT.numel() <= tokens
