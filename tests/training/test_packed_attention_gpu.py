"""Attention over a line in one kernel: who sees whom in plain loops, and the same as attention in blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.attention.flex_attention import create_mask

from numerate.training import packed_attention, packed_attention_gpu
from numerate.training.batch import PromptGroup
from numerate.training.packed_attention import Layout, in_blocks

GROUPS = {
    "alone": (PromptGroup(3, (4,)), PromptGroup(1, (1,)), PromptGroup(5, (2,))),
    "shared": (PromptGroup(4, (3, 5, 1)), PromptGroup(2, (6,)), PromptGroup(6, (2, 2))),
    "one prompt": (PromptGroup(7, (3, 3, 3, 3)),),
}
WINDOWS = [None, 1, 4, 100]


def dense(groups: Sequence[PromptGroup], window: int | None) -> Tensor:
    """Every row written out as the tokens of the line that it consists of."""
    size = sum(group.prompt + sum(group.own) for group in groups)
    seen = torch.zeros(size, size, dtype=torch.bool)
    at = 0
    for group in groups:
        prompt = list(range(at, at + group.prompt))
        at += group.prompt
        for length in group.own:
            row = prompt + list(range(at, at + length))
            at += length
            for i, query in enumerate(row):
                for j, key in enumerate(row):
                    seen[query, key] |= j <= i and (window is None or i - j < window)
    return seen


def given(groups: Sequence[PromptGroup]) -> tuple[Tensor, Tensor, Tensor]:
    """query, key, value of 4 heads and 2 key heads of 16 numbers."""
    torch.manual_seed(0)
    size = sum(group.prompt + sum(group.own) for group in groups)
    q, k, v = (torch.randn(1, heads, size, 16, requires_grad=True) for heads in (4, 2, 2))
    return q, k, v


def with_gradients(found: Tensor, x: Sequence[Tensor]) -> list[Tensor]:
    weight = torch.linspace(-1, 1, found.numel()).view_as(found)
    return [found, *torch.autograd.grad((weight * found).sum(), x)]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", GROUPS)
def test_the_mask_is_the_dense_one(name: str, window: int | None) -> None:
    groups = GROUPS[name]
    told = dense(groups, window)
    mask = create_mask(
        packed_attention_gpu.visibility_mask(packed_attention_gpu.make_spots(groups), window),
        1,
        1,
        *told.shape,
        device="cpu",
    )
    assert torch.equal(mask[0, 0], told)


@pytest.mark.parametrize("window", [None, 4])
@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention_is_attention_in_blocks(name: str, window: int | None) -> None:
    groups = GROUPS[name]
    q, k, v = (x.detach() for x in given(groups))  # on a CPU it has no gradients
    mask = packed_attention_gpu.block_mask(groups, window, torch.device("cpu"))
    told = in_blocks(q, k, v, Layout(groups), 0.0, 0.3, window)
    found = packed_attention_gpu.flex_kernel(mask, 0.3)(q, k, v)
    torch.testing.assert_close(found, told, atol=1e-5, rtol=1e-4)


def slow_varlen(
    q: Tensor, k: Tensor, v: Tensor, q_ends: Tensor, k_ends: Tensor, most_q: int, most_k: int, **more: Any
) -> Tensor:
    """flash_attn_varlen_func as its documentation has it: in each sequence the last query sits at the last
    key, and window_size = (left, right) counts from there."""
    assert q_ends.dtype == k_ends.dtype == torch.int32 and more["causal"] and more["deterministic"]
    assert (int(q_ends[-1]), int(k_ends[-1])) == (len(q), len(k))
    assert (int(q_ends.diff().max()), int(k_ends.diff().max())) == (most_q, most_k)
    left, _ = more["window_size"]
    out = []
    for i in range(len(q_ends) - 1):
        own, all_k, all_v = q[q_ends[i] : q_ends[i + 1]], *(x[k_ends[i] : k_ends[i + 1]] for x in (k, v))
        place = torch.arange(len(own))[:, None] + len(all_k) - len(own)
        key = torch.arange(len(all_k))
        hidden = (key > place) | ((left >= 0) & (key < place - left))
        all_k, all_v = (x.repeat_interleave(q.shape[1] // k.shape[1], dim=1) for x in (all_k, all_v))
        score = torch.einsum("qhd,khd->hqk", own, all_k) * more["softmax_scale"]
        share = score.masked_fill(hidden, float("-inf")).softmax(-1)
        out.append(torch.einsum("hqk,khd->qhd", share, all_v))
    return torch.cat(out)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", GROUPS)
def test_varlen_attention_is_attention_in_blocks(name: str, window: int | None) -> None:
    groups = GROUPS[name]
    x = given(groups)
    of = packed_attention_gpu.make_sequences(groups)
    assert (of.keys is None) == (name == "alone")
    told = with_gradients(in_blocks(*x, Layout(groups), 0.0, 0.3, window), x)
    found = with_gradients(packed_attention_gpu.varlen_kernel(of, slow_varlen, 0.0, 0.3, window)(*x), x)
    for a, b in zip(found, told, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_the_gpus_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """16 bits take flash-attention where it is installed; dropout keeps FlexAttention away."""
    groups, asked = GROUPS["shared"], []
    q, k, _ = (x.detach() for x in given(groups))
    half = (q.bfloat16(), k.bfloat16())
    works = {"flex": True}
    monkeypatch.setattr(packed_attention_gpu, "flash_varlen", lambda: None)
    monkeypatch.setattr(
        packed_attention_gpu, "flex_works", lambda *shape: asked.append(shape) or works["flex"]
    )
    monkeypatch.setattr(packed_attention_gpu, "varlen_kernel", lambda *_: "varlen")
    monkeypatch.setattr(packed_attention_gpu, "flex_kernel", lambda *_: "flex")

    def chosen(x: tuple[Tensor, Tensor], dropout: float = 0.0) -> Any:
        return packed_attention.choose_kernel(*x, Layout(groups), dropout, None, None)

    assert [chosen((q, k)), chosen(half), chosen(half, 0.1)] == ["flex", "flex", None]
    assert asked[0] == (4, 2, 16, torch.float32, torch.device("cpu"))
    monkeypatch.setattr(packed_attention_gpu, "flash_varlen", lambda: slow_varlen)
    assert [chosen((q, k)), chosen(half), chosen(half, 0.1)] == ["flex", "varlen", "varlen"]
    works["flex"] = False
    assert chosen((q, k)) is None
    assert packed_attention.in_one(q, k, Layout(groups), 0.0, None, None) is None  # not on a GPU


def test_a_compiler_that_fails_leaves_attention_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def right(query: Tensor, key: Tensor, value: Tensor, **_: Any) -> Tensor:
        layout = Layout((PromptGroup(5, (3, 4)), PromptGroup(6, (7,))))
        return in_blocks(query, key, value, layout, 0.0, None, None).transpose(1, 2)

    def wrong(query: Tensor, key: Tensor, value: Tensor, **_: Any) -> Tensor:
        return right(query, key, value) * 1.5

    def fails(*_: Any, **__: Any) -> Tensor:
        raise RuntimeError("no compiler")

    for kernel, works in ((right, True), (wrong, False), (fails, False)):
        packed_attention_gpu.flex_works.cache_clear()
        monkeypatch.setattr(packed_attention_gpu, "compiled_flex", lambda k=kernel: k)
        assert packed_attention_gpu.flex_works(4, 2, 16, torch.float32, torch.device("cpu")) == works
    packed_attention_gpu.flex_works.cache_clear()


def attend_rounded(query: Tensor, key: Tensor, value: Tensor, **_: Any) -> Tensor:
    """The best that a kernel in 16 bits can do: float32 inside, rounded at the end."""
    q, k, v = (x.float() for x in (query, key, value))
    layout = Layout((PromptGroup(5, (3, 4)), PromptGroup(6, (7,))))
    return in_blocks(q, k, v, layout, 0.0, None, None).transpose(1, 2).to(query.dtype)


@pytest.mark.parametrize(("heads", "kv_heads", "size"), [(14, 2, 64), (32, 8, 128), (28, 4, 128), (9, 9, 64)])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_rounding_of_16_bits_is_no_fault_of_the_kernel(
    heads: int, kv_heads: int, size: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_attention_gpu, "compiled_flex", lambda: attend_rounded)
    packed_attention_gpu.flex_works.cache_clear()
    assert packed_attention_gpu.flex_works(heads, kv_heads, size, dtype, torch.device("cpu"))
    packed_attention_gpu.flex_works.cache_clear()


def test_the_kernel_is_tried_with_gradients_where_the_first_line_needs_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packed_attention_gpu, "compiled_flex", lambda: attend_rounded)
    packed_attention_gpu.flex_works.cache_clear()
    with torch.no_grad():
        assert packed_attention_gpu.flex_works(4, 2, 16, torch.float32, torch.device("cpu"))
    packed_attention_gpu.flex_works.cache_clear()
