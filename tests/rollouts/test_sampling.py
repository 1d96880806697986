"""Drawing: the exact inverse of the cumulative distribution, checked number by number and by counting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from numerate.rollouts.local.sampling import draw_tokens

EXACT = [0.4, 0.3, 0.2, 0.1]


def grid(count: int) -> torch.Tensor:
    """Numbers spread evenly over [0, 1): the share of a token is then its probability to within 1/count."""
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count


def shares(logits: list[float], count: int = 20_000, **options: Any) -> list[float]:
    rows = torch.tensor(logits).expand(count, -1)
    token, _ = draw_tokens(rows, grid(count), options.pop("temperature", 1.0), **options)
    return (torch.bincount(token, minlength=len(logits)) / count).tolist()


def test_tokens_come_with_their_probabilities() -> None:
    assert shares([math.log(p) for p in EXACT]) == pytest.approx(EXACT, abs=1e-4)


def test_each_number_gives_the_token_whose_interval_holds_it() -> None:
    """Intervals [0, .4) [.4, .7) [.7, .9) [.9, 1)."""
    rows = torch.tensor(EXACT).log().expand(8, -1)
    numbers = torch.tensor([0.0, 0.39, 0.41, 0.69, 0.71, 0.89, 0.91, 1 - 1e-12], dtype=torch.float64)
    assert draw_tokens(rows, numbers, 1.0)[0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_temperature_raises_probabilities_to_its_inverse() -> None:
    """T = 1/2 squares them: .16 .09 .04 .01, sum .3."""
    assert shares([math.log(p) for p in EXACT], temperature=0.5) == pytest.approx(
        [0.16 / 0.3, 0.09 / 0.3, 0.04 / 0.3, 0.01 / 0.3], abs=1e-4
    )


def test_top_k_keeps_the_k_likeliest() -> None:
    assert shares([math.log(p) for p in EXACT], top_k=2) == pytest.approx([4 / 7, 3 / 7, 0, 0], abs=1e-4)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.39, 1), (0.41, 2), (0.69, 2), (0.71, 3), (0.89, 3), (0.91, 4), (1.0, 4)]
)
def test_top_p_keeps_the_smallest_set_that_holds_it(top_p: float, kept: int) -> None:
    found = shares([math.log(p) for p in EXACT], top_p=top_p)
    total = sum(EXACT[:kept])
    assert found == pytest.approx([p / total if i < kept else 0 for i, p in enumerate(EXACT)], abs=1e-4)


def test_top_p_counts_what_top_k_left() -> None:
    """top_k 3 leaves .4 .3 .2 of .9; 70 % of .9 is .63: two are kept."""
    assert shares([math.log(p) for p in EXACT], top_k=3, top_p=0.7) == pytest.approx(
        [4 / 7, 3 / 7, 0, 0], abs=1e-4
    )


@pytest.mark.parametrize(
    "options", [{}, {"top_p": 0.95}, {"top_p": 0.3}, {"top_k": 150}, {"temperature": 0.7}]
)
def test_a_large_vocabulary_is_drawn_exactly(options: dict) -> None:
    """Against the cumulative sum in double precision; 1000 tokens is no multiple of the block."""
    torch.manual_seed(0)
    logits, count = torch.randn(1000) * 2, 40_000
    found = np.array(shares(logits.tolist(), count, **options))
    p = (logits.double() / options.get("temperature", 1.0)).softmax(-1)
    order = p.argsort(descending=True)
    p[order[options.get("top_k", 1000) :]] = 0
    p /= p.sum()
    before = p[order].cumsum(-1) - p[order]
    p[order[before >= options.get("top_p", 1.0)]] = 0
    expected = (p / p.sum()).numpy()
    assert np.abs(found - expected).max() < 2 / count
    assert (found[expected == 0] == 0).all()


def test_the_logprob_is_that_of_temperature_one_with_nothing_cut_off() -> None:
    torch.manual_seed(1)
    logits = torch.randn(50, 300)
    for temperature, top_p in ((0.5, 1.0), (1.0, 0.5), (0.0, 1.0)):
        token, logp = draw_tokens(logits, grid(50), temperature, top_p)
        expected = logits.log_softmax(-1).gather(-1, token[:, None])[:, 0]
        torch.testing.assert_close(logp, expected)


def test_greedy_takes_the_likeliest() -> None:
    token, _ = draw_tokens(torch.tensor([[0.0, 3.0, 1.0], [5.0, 5.0, 1.0]]), torch.zeros(2).double(), 0.0)
    assert token.tolist() == [1, 0]


def test_tokens_of_no_probability_never_come() -> None:
    rows = torch.full((1000, 200), -torch.inf)
    rows[:, [3, 70, 199]] = torch.tensor([0.0, -30.0, 1.0])
    numbers = torch.cat([grid(998), torch.tensor([0.0, math.nextafter(1.0, 0.0)], dtype=torch.float64)])
    cases: tuple[dict[str, Any], ...] = ({}, {"top_p": 0.999}, {"top_k": 100})
    for options in cases:
        assert set(draw_tokens(rows, numbers, 1.0, **options)[0].tolist()) <= {3, 70, 199}


def test_a_row_does_not_depend_on_the_others() -> None:
    torch.manual_seed(2)
    logits, numbers = torch.randn(40, 500) * 3, grid(40)
    cases: tuple[dict[str, Any], ...] = ({}, {"top_p": 0.9}, {"top_p": 0.999})
    for options in cases:
        together = draw_tokens(logits, numbers, 1.0, **options)[0]
        alone = [
            int(draw_tokens(logits[i : i + 1], numbers[i : i + 1], 1.0, **options)[0]) for i in range(40)
        ]
        assert together.tolist() == alone
