"""Number formats: products may be rounded to 16 bits; trained weights and log-probabilities never are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F
from torch.optim import AdamW

from numerate import kernels
from numerate.methods import sft
from numerate.methods.shared.options import RowFit
from numerate.models import Lora, Policy, load
from numerate.models.policy import Dtype
from numerate.rollouts.local import LocalEngine
from numerate.training import Learner, pack_rows, packed_attention_cpu, set_loss_weights, token_logprobs
from numerate.training.batch import pad_rows
from numerate.training.learner import optimizer_moments, step_device
from numerate.types import Prompt, Sampling, Turn
from tests import tiny
from tests.methods import toy
from tests.training.test_batch import nll, rows, siblings

SIXTEEN = [torch.bfloat16, torch.float16]


def policy(compute: torch.dtype, kind: str = "llama", **options: Any) -> Policy:
    return Policy(tiny.model(kind, **options), tiny.tokenizer(), compute=compute)


def gradient(one: Policy, lay: Any = pack_rows) -> torch.Tensor:
    """Of a step on rows with and without siblings, all weights in one line."""
    learner = Learner(one, packed=lay is pack_rows)
    scale = learner.scaler.get_scale()
    some = lay(set_loss_weights([*rows(5), *siblings()], "sequence"), 0)
    grads = torch.autograd.grad(learner.scaled(nll)(one.model, some)[0], list(learner.named.values()))
    assert all(g.dtype == torch.float32 for g in grads)
    return torch.cat([g.flatten() for g in grads]) / scale


@pytest.mark.parametrize("compute", SIXTEEN)
@pytest.mark.parametrize("lay", [pad_rows, pack_rows])
@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2"])
@pytest.mark.parametrize("lora", [None, Lora(r=4)], ids=["full", "lora"])
def test_gradients_in_16_bits_point_where_those_in_float32_do(
    kind: str, lay: Any, lora: Lora | None, compute: torch.dtype
) -> None:
    grads = []
    for dtype in (torch.float32, compute):
        one = policy(dtype, kind)
        one.add_lora(lora)
        torch.manual_seed(1)
        with torch.no_grad():  # zero at birth, which would hide the first factor
            for name, p in one.model.named_parameters():
                p.normal_(std=0.02) if "lora_B" in name else None
        grads.append(gradient(one, lay))
    assert torch.cosine_similarity(*grads, dim=0) > 0.99
    assert not torch.equal(*grads)


@pytest.mark.parametrize("compute", SIXTEEN)
def test_log_probabilities_are_float32_and_finer_than_16_bits(compute: torch.dtype) -> None:
    exact, rounded = policy(torch.float32, spread=8.0), policy(compute, spread=8.0)
    batch = pack_rows(siblings(), 0)
    with rounded.autocast():
        found = token_logprobs(rounded.model, batch)
    told = token_logprobs(exact.model, batch)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, told, atol=0.2, rtol=0)
    assert not torch.equal(found.to(compute).float(), found)


@pytest.mark.parametrize("lay", [pad_rows, pack_rows])
def test_attention_on_a_cpu_stays_in_float32(lay: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[torch.dtype, bool]] = []
    real = F.scaled_dot_product_attention

    def spy(query: torch.Tensor, *args: Any, **more: Any) -> torch.Tensor:
        seen.append((query.dtype, torch.is_autocast_enabled("cpu")))
        return real(query, *args, **more)

    def compiled(back: bool, scale: float, **tensors: torch.Tensor) -> None:
        seen.extend(
            (x.dtype, torch.is_autocast_enabled("cpu")) for x in tensors.values() if x.is_floating_point()
        )
        return called(back, scale, **tensors)

    called = packed_attention_cpu.call_compiled
    one = policy(torch.bfloat16)
    learner = Learner(one)
    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", spy)
    monkeypatch.setattr(packed_attention_cpu, "call_compiled", compiled)
    learner.scaled(nll)(one.model, lay(set_loss_weights(siblings()), 0))[0].backward()
    assert seen and set(seen) == {(torch.float32, False)}


def test_a_step_smaller_than_16_bits_is_not_lost(tmp_path: Path) -> None:
    """1e-5 beside weights of about 0.02 to 1: bfloat16 would round it away."""
    one = load(str(tiny.make(tmp_path / "m")), dtype="bfloat16", device="cpu")
    assert {p.dtype for p in one.model.parameters()} == {torch.bfloat16}
    learner = Learner(one)
    before = {name: p.detach().clone() for name, p in learner.named.items()}
    learner.step(set_loss_weights(rows(4)), nll, lr=1e-5)
    for name, p in learner.named.items():
        assert p.dtype == torch.float32
        assert (p - before[name]).abs().max() > 5e-6


def test_weights_to_be_trained_are_loaded_whole(tmp_path: Path) -> None:
    place = str(tiny.make(tmp_path / "m"))
    one = load(place, dtype="bfloat16", device="cpu", trained=True)
    assert one.compute == torch.bfloat16 and toy.same(one, load(place, device="cpu"))
    assert one.clone().compute == torch.bfloat16
    one.add_lora(Lora(r=2))
    for adapted in (one, load(place, dtype="bfloat16", device="cpu", lora=Lora(r=2))):
        rounded = {name for name, p in adapted.model.named_parameters() if p.dtype == torch.bfloat16}
        assert len(rounded) == 2 * 7 and all("proj.base_layer" in name for name in rounded)


def test_adapters_are_not_rounded_away_when_they_are_merged(tmp_path: Path) -> None:
    one = load(str(tiny.make(tmp_path / "m")), dtype="bfloat16", device="cpu", lora=Lora(r=2))
    torch.manual_seed(0)
    with torch.no_grad():
        for name, p in one.model.named_parameters():
            p.normal_(std=1e-4) if "lora_B" in name else None
    before = load(str(tmp_path / "m"), dtype="bfloat16", device="cpu").model
    saved = load(str(one.save(tmp_path / "merged")), dtype="float32", device="cpu").model
    for name in ("q_proj", "o_proj"):
        matrix, old = (getattr(m.model.layers[0].self_attn, name).weight for m in (saved, before))
        added = one.model.get_submodule(f"base_model.model.model.layers.0.self_attn.{name}")
        torch.testing.assert_close(matrix - old.float(), added.get_delta_weight("default"), atol=1e-7, rtol=0)


def test_a_reloaded_policy_is_not_rounded(tmp_path: Path) -> None:
    place = str(tiny.make(tmp_path / "m"))
    one = load(place, dtype="bfloat16", device="cpu", trained=True)
    one.reload(place)
    assert toy.same(one, load(place, device="cpu"))


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_sampling_computes_in_the_policys_format(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Llama samples from rounded weights, in torch's operations as a rounded model does; GPT-2 runs its own
    forward, rounded."""
    prompts = [Prompt(str(i), (Turn("user", text),)) for i, text in enumerate(("It has", "2+2", "the end"))]
    params = Sampling(max_tokens=12)

    def sampled(one: Policy) -> list[Turn]:
        return [r.turns[-1] for r in LocalEngine(one, slots=4).sample(prompts, 2, params)]

    exact, master = policy(torch.float32, kind), policy(torch.bfloat16, kind)
    low = load(str(tiny.make(tmp_path / "m", kind)), dtype="bfloat16", device="cpu")
    low.tokenizer = master.tokenizer
    found = sampled(master)
    assert found != sampled(exact)
    if kind == "llama":
        monkeypatch.setattr(kernels, "compiled_library", lambda: None)
        found = sampled(master)
        assert found == sampled(low)
    assert all(p.dtype == torch.float32 for p in master.model.parameters())


def test_fine_tuning_in_16_bits_learns_as_float32_does(tmp_path: Path) -> None:
    losses: dict[str, list[float]] = {}
    formats: tuple[Dtype, ...] = ("float32", "bfloat16", "float16")
    for dtype in formats:

        def again(name: str, dtype: Dtype = dtype) -> Policy:
            return load(str(tmp_path / name), dtype=dtype, trained=True)

        work = toy.job(tmp_path, load=again)
        sft.train(
            toy.stage(tmp_path / dtype),
            sft.Config(fit=RowFit(epochs=6, batch=4, lr=5e-3, final_lr=2e-7, warmup=0.03)),
            work,
        )
        lines = (tmp_path / dtype / "metrics.jsonl").read_text().splitlines()
        losses[dtype] = [json.loads(line)["train/loss"] for line in lines]
    assert losses["float32"][-1] < 0.8 * losses["float32"][0]
    for found in (losses["bfloat16"], losses["float16"]):
        assert found == pytest.approx(losses["float32"], rel=5e-3) and found != losses["float32"]


def test_a_float16_overflow_skips_the_step_and_halves_the_scale() -> None:
    one = policy(torch.float16)
    learner = Learner(one)
    start = learner.scaler.get_scale()
    before = [p.detach().clone() for p in one.model.parameters()]

    def overflows(model: Any, batch: Any) -> Any:
        return nll(model, batch)[0] * 1e35, {}

    learner.step(set_loss_weights(rows(4)), overflows, lr=1e-2)
    assert all(torch.equal(a, b) for a, b in zip(before, one.model.parameters(), strict=True))
    assert learner.scaler.get_scale() == start / 2
    stats = learner.step(set_loss_weights(rows(4)), nll, lr=1e-2)
    assert stats["loss"] == pytest.approx(5.6, abs=0.5)
    assert not torch.equal(before[0], next(one.model.parameters()))


def test_the_scale_is_part_of_the_state() -> None:
    first = Learner(policy(torch.float16))
    first.scaler.update(128.0)
    first.step(set_loss_weights(rows(4)), nll, lr=1e-2)
    second = Learner(policy(torch.float16))
    second.load_state({name: value.clone() for name, value in first.state().items()})
    for learner in (first, second):
        learner.step(set_loss_weights(rows(4, seed=1)), nll, lr=1e-2)
    assert first.scaler.state_dict() == second.scaler.state_dict()
    assert first.scaler.get_scale() == 128.0 and first.scaler.state_dict()["_growth_tracker"] == 2
    assert toy.same(first.policy, second.policy)


@pytest.mark.parametrize("fused", [True, False])
def test_a_loaded_count_of_steps_lies_where_the_optimizer_reads_it(fused: bool) -> None:
    """The fused kernel reads it on the parameter's device, as torch's own loading has it; meta is another
    device than the CPU on any machine."""
    first = Learner(policy(torch.float32), optimizers=lambda named: [AdamW(named.values(), fused=fused)])
    first.step(set_loss_weights(rows(4)), nll, lr=1e-2)
    (group,), name, meta = first.optimizers[0].param_groups, next(iter(first.named)), torch.device("meta")
    moments = optimizer_moments(first.state(), name, meta, step_device(group, meta))
    assert {key: value.device.type for key, value in moments.items()} == {
        "step": "meta" if fused else "cpu",
        "exp_avg": "meta",
        "exp_avg_sq": "meta",
    }
