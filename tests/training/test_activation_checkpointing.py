"""Memory: what a step takes is known before it, and saving some changes no bit of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from numerate.models.policy import Lora, Policy
from numerate.training import Learner, activation_checkpointing, pack_rows, set_loss_weights, token_logprobs
from numerate.training.activation_checkpointing import (
    Checkpointing,
    activation_bytes,
    free_bytes,
    largest_micro_batch,
)
from numerate.training.batch import Batch, pad_rows
from numerate.training.logprobs import head_memory, hidden_states
from numerate.types import Example
from tests import tiny
from tests.training.peak import Peak
from tests.training.test_batch import nll, policy, rows, siblings

MIB = 2**20


def copies(groups: int, per: int) -> list[Example]:
    """Rows of 60 + 60 tokens, `per` of each prompt."""
    return [
        Example([5 + group] * 60 + [9 + row] * 60, [False] * 60 + [True] * 60)
        for group in range(groups)
        for row in range(per)
    ]


def gradients(model: nn.Module, batch: Batch) -> list[torch.Tensor]:
    trained = [p for p in model.parameters() if p.requires_grad]
    value = token_logprobs(model, batch).exp().sum()
    return [g for g in torch.autograd.grad(value, trained, allow_unused=True) if g is not None]


@pytest.mark.parametrize("lay", [pad_rows, pack_rows])
@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("lora", [None, Lora(r=4)], ids=["full", "lora"])
def test_checkpointing_gives_the_same_bits(kind: str, lay: Any, lora: Lora | None) -> None:
    one = policy(kind)
    one.add_lora(lora)
    one.model.train()
    batch = lay([*rows(5), *siblings()], 0)
    plain = gradients(one.model, batch)
    with Peak() as kept:
        gradients(one.model, batch)
    checkpointing = Checkpointing(one, "on")
    with Peak() as freed:
        again = gradients(one.model, batch)
    assert checkpointing.on and freed.most < 0.8 * kept.most
    assert len(plain) == len(again) > 0
    assert all(torch.equal(a, b) for a, b in zip(plain, again, strict=True))


def test_a_step_with_checkpointing_gives_the_same_bits_also_in_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    some, found = set_loss_weights([*rows(9), *siblings()]), []
    for switch in ("off", "on"):
        one = policy()
        learner = Learner(one, micro_tokens=60, activation_checkpointing=switch)
        assert learner.gradients.workers == 2 and learner.checkpointing.on == (switch == "on")
        stats = learner.step(some, nll, lr=1e-2)
        found.append((stats, [p.detach().clone() for p in one.model.parameters()]))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(a, b) for a, b in zip(found[0][1], found[1][1], strict=True))


@pytest.mark.parametrize("shape", [(8, 1), (2, 8)], ids=["alone", "shared"])
@pytest.mark.parametrize("compute", [torch.float32, torch.bfloat16])
def test_the_estimate_is_within_a_factor_of_two(shape: tuple[int, int], compute: torch.dtype) -> None:
    model = tiny.model(hidden=128, layers=4).train()
    one, batch = Policy(model, tiny.tokenizer(), compute=compute), pack_rows(copies(*shape), 0)

    def run() -> None:
        with one.autocast():
            h_BTD = hidden_states(model, batch)
        torch.autograd.grad(h_BTD.sum(), list(model.parameters()))

    run()
    with Peak() as measured:
        run()
    gradient = sum(4 * p.numel() for p in model.parameters())
    rounded = 0 if compute == torch.float32 else gradient // 2
    told = activation_bytes(model.config, batch.ids_BT.numel(), compute.itemsize)
    assert 0.5 < (told + gradient + rounded) / measured.most < 2


def test_the_estimate_worked_by_hand() -> None:
    """Llama: D 32, F 64, two key heads of 8: 24 x 32 + 4 x (3 x 32 + 4 x 16 + 4 x 64) = 2432 bytes per token
    and layer. Rounded to 16 bits, 768 + 2 x 416."""
    assert activation_bytes(tiny.config("llama"), 10) == 10 * 2 * 2432
    assert activation_bytes(tiny.config("llama"), 10, size=2) == 10 * 2 * 1600
    assert activation_bytes(tiny.config("gpt2"), 1) == 2 * (24 * 32 + 4 * (3 * 32 + 4 * 32 + 4 * 128))
    assert activation_bytes(tiny.config("opt"), 1) == 2 * (24 * 32 + 4 * (3 * 32 + 4 * 32 + 4 * 64))


def test_the_largest_micro_batch_counts_a_shared_prompt_once() -> None:
    some = copies(2, 3)  # 2 x 60 + 6 x 60 tokens
    assert largest_micro_batch(some, 10_000) == 480
    assert largest_micro_batch(some, 200) == 200
    assert largest_micro_batch(some, 100) == 120  # a row by itself
    assert largest_micro_batch([], 100) == 0


def test_auto_switches_on_where_a_step_would_not_fit_and_stays_on(monkeypatch: pytest.MonkeyPatch) -> None:
    free = [10**12]
    monkeypatch.setattr(activation_checkpointing, "free_bytes", lambda device: free[0])
    one = policy()
    found = Checkpointing(one, "auto")
    need = found.needed(240, 1)
    trained = 4 * sum(p.numel() for p in one.model.parameters())
    assert need == 240 * 2 * 2432 + 4 * 240 * 272 + 4 * trained
    found.decide(copies(1, 1), 10_000, 1)
    assert not found.on
    free[0] = int(need / activation_checkpointing.SHARE) - 2
    found.decide(copies(1, 1), 10_000, 1)
    assert not found.on  # decided for so many tokens already
    found.decide(copies(2, 1), 10_000, 1)
    assert found.on
    free[0] = 10**12
    found.decide(copies(3, 1), 10_000, 1)
    assert found.on


@pytest.mark.parametrize("switch", ["on", "off"])
def test_the_switch_overrules_the_memory(monkeypatch: pytest.MonkeyPatch, switch: Any) -> None:
    monkeypatch.setattr(
        activation_checkpointing, "free_bytes", lambda device: 1 if switch == "off" else 10**12
    )
    learner = Learner(policy(), activation_checkpointing=switch)
    learner.step(set_loss_weights(rows(2)), nll, lr=1e-3)
    assert learner.checkpointing.on == (switch == "on")


def test_a_model_without_such_layers_is_refused() -> None:
    one = policy()
    one.model = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="activation_checkpointing: off"):
        Checkpointing(one, "on")


def test_free_memory_is_the_machines_or_what_a_container_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activation_checkpointing, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(activation_checkpointing, "CGROUP", tmp_path)
    cpu = torch.device("cpu")
    assert free_bytes(cpu) is None
    (tmp_path / "meminfo").write_text("MemTotal:  9000 kB\nMemAvailable:    5000 kB\n")
    assert free_bytes(cpu) == 5000 * 1024
    (tmp_path / "memory.current").write_text("3000000\n")
    (tmp_path / "memory.max").write_text("max\n")
    assert free_bytes(cpu) == 5000 * 1024
    (tmp_path / "memory.max").write_text("4000000\n")
    assert free_bytes(cpu) == 1_000_000
    (tmp_path / "memory.stat").write_text("anon 7\ninactive_file 500000\n")
    assert free_bytes(cpu) == 1_500_000


def test_logits_stay_within_their_budget() -> None:
    """16 rows train 960 tokens: 15 MiB of logits over a vocabulary of 4096, a MiB of which is held."""
    model, batch, found = tiny.model(vocab=4096).train(), pack_rows(copies(16, 1), 0), []
    for mib in (1024, 1):
        with Peak() as peak, head_memory(mib):
            gradients(model, batch)
        found.append(peak)
    assert found[0].largest == 15 * MIB
    assert found[1].largest == MIB
    assert found[1].most < found[0].most - 15 * MIB + 3 * MIB


def test_the_learner_obeys_its_budget() -> None:
    learner = Learner(Policy(tiny.model(vocab=4096), tiny.tokenizer()), micro_tokens=10_000, head_mib=2)
    seen: list[int] = []

    def loss(model: nn.Module, batch: Batch) -> Any:
        with Peak() as peak:
            value = -token_logprobs(model, batch).sum()
        seen.append(peak.largest)
        return value, {}

    learner.step(copies(16, 1), loss, lr=1e-3)
    assert seen == [2 * MIB]
