"""Compiled layers: the numbers of transformers in every wrapping, and nothing where they do not fit."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from numerate import kernels
from numerate.models import cpu_layers, matmul
from numerate.models.cpu_autograd import Gate, Norm, Rotation
from numerate.models.cpu_layers import make_lean
from numerate.models.lora import Lora, add_lora
from numerate.models.matmul import matrix_product
from numerate.training import pack_rows, token_logprobs
from numerate.training.batch import Batch, pad_rows
from tests import tiny
from tests.training.test_batch import rows, siblings

pytestmark = pytest.mark.skipif(kernels.compiled_library() is None, reason="no C compiler here")


@pytest.fixture(autouse=True)
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our products also on processors whose own are as fast."""
    for module in (cpu_layers, matmul):
        monkeypatch.setattr(module, "uses_own_matmul", lambda: True)


def model(kind: str) -> Any:
    return tiny.model(kind, hidden=64).train()


def gradients(net: nn.Module, batch: Batch) -> tuple[float, list[Tensor]]:
    loss = -token_logprobs(net, batch).sum()
    return loss.item(), list(torch.autograd.grad(loss, [p for p in net.parameters() if p.requires_grad]))


def same(found: Sequence[Tensor], expected: Sequence[Tensor], tolerance: float) -> None:
    """Errors against the largest number of all: a bias of keys has no gradient but rounding."""
    size = max(x.abs().max().item() for x in expected)
    for x, y in zip(found, expected, strict=True):
        torch.testing.assert_close(x.double(), y.double(), rtol=tolerance, atol=tolerance * size)


@pytest.mark.parametrize("lay", [pack_rows, pad_rows])
@pytest.mark.parametrize("kind", tiny.KINDS)
def test_gradients_are_those_of_transformers(kind: str, lay: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = lay([*rows(6), *siblings()], 0)
    net = model(kind)
    plain = copy.deepcopy(net).double()
    make_lean(net)
    value, found = gradients(net, batch)
    monkeypatch.setattr(kernels, "compiled_library", lambda: None)
    expected, exact = gradients(plain, batch)
    assert value == pytest.approx(expected, rel=1e-6)
    same(found, exact, 1e-5)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "opt"])
def test_adapters_get_the_same_gradients(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = add_lora(model(kind), Lora(r=4), torch.float32)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if "lora_B" in name:  # zero at birth: nothing would reach A
                p.normal_(std=0.1)
    plain = copy.deepcopy(net).double()
    batch = pack_rows([*rows(4), *siblings()], 0)
    make_lean(net)
    found = gradients(net, batch)[1]
    monkeypatch.setattr(kernels, "compiled_library", lambda: None)
    same(found, gradients(plain, batch)[1], 1e-5)


def test_recomputed_layers_give_the_same_bits() -> None:
    batch = pack_rows([*rows(4), *siblings()], 0)
    net = model("llama")
    make_lean(net)
    value, kept = gradients(net, batch)
    net.gradient_checkpointing_enable({"use_reentrant": False})
    again, recomputed = gradients(net, batch)
    assert value == again
    assert all(torch.equal(x, y) for x, y in zip(kept, recomputed, strict=True))


def test_autocast_is_left_to_transformers() -> None:
    batch = pack_rows(rows(4), 0)
    net = model("llama")
    changed = copy.deepcopy(net)
    make_lean(changed)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        told = net(input_ids=batch.ids_BT).logits
        assert torch.equal(changed(input_ids=batch.ids_BT).logits, told)


def test_another_dtype_is_left_to_transformers() -> None:
    ids = pack_rows(rows(4), 0).ids_BT
    net = model("qwen3").double()
    changed = copy.deepcopy(net)
    make_lean(changed)
    assert torch.equal(changed(input_ids=ids).logits, net(input_ids=ids).logits)


def test_with_a_cache_of_keys_the_same_tokens_come_out() -> None:
    net = tiny.model("llama", hidden=64, spread=8.0)
    changed = copy.deepcopy(net)
    make_lean(changed)
    settings: dict[str, Any] = {"max_new_tokens": 12, "do_sample": False}
    ids = torch.arange(5, 45)[None]
    assert changed.generate(ids, **settings).tolist() == net.generate(ids, **settings).tolist()


def test_names_and_classes_stay_and_a_copy_has_weights_of_its_own() -> None:
    net = model("llama")
    names, kinds = list(net.state_dict()), [type(m) for m in net.modules()]
    make_lean(net)
    make_lean(net)
    assert list(net.state_dict()) == names and [type(m) for m in net.modules()] == kinds
    batch = pack_rows(rows(3), 0)
    before = gradients(net, batch)[0]
    twin = copy.deepcopy(net)
    with torch.no_grad():
        for p in twin.parameters():
            p.zero_()
    assert gradients(net, batch)[0] == before != gradients(twin, batch)[0]


def test_any_number_of_threads_gives_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pack_rows([*rows(30), *siblings()], 0)  # more rows than one block of a norm's gradient
    net = model("qwen3")
    make_lean(net)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        found.append(gradients(net, batch))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(x, y) for x, y in zip(found[0][1], found[1][1], strict=True))


@pytest.mark.parametrize("m", [32, 33, 205])
@pytest.mark.parametrize("n", [32, 37, 96])
@pytest.mark.parametrize("k", [1, 7, 300])
def test_products_of_any_shape(m: int, n: int, k: int) -> None:
    torch.manual_seed(m * n + k)
    a, b = torch.randn(m, k), torch.randn(k, n)
    exact = a.double() @ b.double()
    for left in (a, a.t().contiguous().t()):
        for right in (b, b.t().contiguous().t()):
            torch.testing.assert_close(matrix_product(left, right).double(), exact, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(
        matrix_product(a, b, torch.ones(m, n)).double(), exact + 1, rtol=1e-5, atol=1e-4
    )
    wide = a[:, :1].expand(m, k)  # one number for a whole row: no stride is 1
    torch.testing.assert_close(
        matrix_product(wide, b).double(), wide.double() @ b.double(), rtol=1e-5, atol=1e-4
    )


def test_a_row_of_a_product_does_not_depend_on_the_others() -> None:
    torch.manual_seed(0)
    a, b = torch.randn(101, 300), torch.randn(300, 50)
    assert torch.equal(matrix_product(a, b)[40:73], matrix_product(a[40:73], b))


def test_norm_gate_and_turn_by_their_formulas() -> None:
    """Forward and backward beside autograd over the formulas in float64."""
    torch.manual_seed(0)
    x, up, weight = torch.randn(2, 300, 3, 10), torch.randn(2, 300, 3, 10) * 20, torch.rand(10) + 0.5
    angle = torch.randn(2, 300, 5)
    cosine, sine = (torch.cat([f(angle)] * 2, -1) for f in (torch.cos, torch.sin))

    def by_hand(x: Tensor, up: Tensor, w: Tensor, c: Tensor, s: Tensor) -> list[Tensor]:
        halves = torch.view_as_complex(torch.stack(x.chunk(2, -1), -1).contiguous())
        turned = halves * torch.complex(c[..., :5], s[..., :5])[:, :, None]
        return [F.rms_norm(x, (10,), w, 1e-6), F.silu(up) * x, torch.cat([turned.real, turned.imag], -1)]

    leaves: Any = [t.clone().requires_grad_() for t in (x, up, weight)]
    exact: Any = [t.double().requires_grad_() for t in (x, up, weight)]
    x_, up_, w_ = leaves
    found: list[Any] = [Norm.apply(x_, w_, 1e-6), Gate.apply(up_, x_), Rotation.apply(x_, cosine, sine)]
    expected = by_hand(exact[0], exact[1], exact[2], cosine.double(), sine.double())
    same(found, expected, 1e-6)
    slope = torch.randn_like(x)
    for one, other in zip(found, expected, strict=True):
        got = torch.autograd.grad((one * slope).sum(), leaves, allow_unused=True)
        true = torch.autograd.grad((other * slope.double()).sum(), exact, allow_unused=True)
        assert [g is None for g in got] == [g is None for g in true]
        same([g for g in got if g is not None], [g for g in true if g is not None], 2e-6)


def test_without_a_compiler_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "compiled_library", lambda: None)
    net = model("llama")
    make_lean(net)
    assert not [m for m in net.modules() if "forward" in vars(m)]
