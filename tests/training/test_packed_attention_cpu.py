"""Compiled attention over packed rows, beside one dense mask in float64."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from numerate import kernels
from numerate.training.batch import PromptGroup
from numerate.training.packed_attention import Layout
from numerate.training.packed_attention_cpu import Packed

pytestmark = pytest.mark.skipif(kernels.compiled_library() is None, reason="no C compiler here")
GROUPS = (
    PromptGroup(70, (3, 0, 50, 64)),
    PromptGroup(1, (1,)),
    PromptGroup(5, (120,)),
    PromptGroup(33, (1, 97)),
    PromptGroup(32, (31, 2)),
)


def test_the_blocks_of_a_line() -> None:
    """A prompt of 3 with rows of 2 and 4 tokens, then 5 + 1 tokens by themselves."""
    layout = Layout([PromptGroup(3, (2, 4)), PromptGroup(5, (1,))])
    assert layout.blocks.tolist() == [[0, 3, 0, 0], [3, 2, 0, 3], [5, 4, 0, 3], [9, 6, 0, 0]]
    assert layout.longest == 7


@pytest.mark.parametrize("size", [2, 24, 32, 40, 64])
@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 2), (3, 3), (4, 1)])
@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_it_is_attention_under_a_mask(size: int, heads: int, kv_heads: int, spread: float) -> None:
    """Also where the scores are so far apart that most shares are 0."""
    torch.manual_seed(size + heads)
    layout = Layout(GROUPS)
    tokens = sum(group.prompt + sum(group.own) for group in GROUPS)
    seen = torch.zeros(tokens, tokens, dtype=torch.bool)
    for first, own, prompt, length in layout.blocks.tolist():
        seen[first : first + own, first : first + own] = torch.ones(own, own).tril().bool()
        seen[first : first + own, prompt : prompt + length] = True
    inputs = [torch.randn(tokens, h, size) for h in (heads, kv_heads, kv_heads)]
    inputs[0] *= spread
    slope = torch.randn(tokens, heads, size)

    exact = [x.double().requires_grad_() for x in inputs]
    q, k, v = (x.transpose(0, 1)[None] for x in exact)
    expected = F.scaled_dot_product_attention(q, k, v, seen, scale=0.3, enable_gqa=True)[0].transpose(0, 1)
    true = torch.autograd.grad((expected * slope.double()).sum(), exact)
    leaves = [x.clone().requires_grad_() for x in inputs]
    found = Packed.apply(*leaves, layout.blocks, 0.3)
    got = torch.autograd.grad((found * slope).sum(), leaves)  # pyright: ignore
    for one, other in zip((found, *got), (expected, *true), strict=True):
        size_of = other.abs().max().item()
        torch.testing.assert_close(one.double(), other, rtol=1e-5, atol=2e-6 * spread * size_of)  # pyright: ignore
