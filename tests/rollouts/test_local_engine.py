"""The local engine: what it samples, whatever the batch; what it records; where a sample ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.models import Lora, Policy, load
from numerate.models.inference.base import LeanForward
from numerate.models.inference.hf import PlainForward
from numerate.rollouts.local import LocalEngine
from numerate.types import Prompt, Rollout, Sampling, Turn
from tests import tiny

PLAIN = Sampling(max_tokens=24)
TEXTS = ("It has 12", "a", "the longer prompt of them all, with 48/2=24 in it\n", "How many?\n", "x y z")


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Policy]:
    """One per family; an EOS about every twenty tokens."""
    root = tmp_path_factory.mktemp("models")
    return {kind: load(str(tiny.make(root / kind, kind, spread=8.0))) for kind in tiny.KINDS}


def ask(*texts: str) -> list[Prompt]:
    return [Prompt(f"p{i}", (Turn("user", text),)) for i, text in enumerate(texts)]


def run(
    policy: Policy, prompts: list[Prompt], n: int, params: Sampling, slots: int = 64
) -> dict[tuple[str, int], Rollout]:
    rollouts = list(LocalEngine(policy, slots=slots).sample(prompts, n, params))
    found = {(r.problem_id, r.index): r for r in rollouts}
    assert len(found) == len(rollouts) == len(prompts) * n
    return found


def written(rollout: Rollout) -> Turn:
    return rollout.turns[-1]


def recomputed(policy: Policy, rollout: Rollout) -> list[float]:
    """log p of every written token by one plain forward pass over the whole sequence."""
    ids = torch.tensor([rollout.ids])
    with torch.no_grad():
        logp = policy.model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    picked = logp.gather(-1, ids[0, 1:, None])[:, 0].tolist()
    return picked[len(rollout.ids) - len(written(rollout).ids) - 1 :]


@pytest.mark.parametrize("kind", tiny.KINDS)
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_recorded_logprobs_are_those_of_a_plain_forward(
    kind: str, temperature: float, policies: dict[str, Policy]
) -> None:
    policy = policies[kind]
    found = run(policy, ask(*TEXTS), 4, replace(PLAIN, temperature=temperature, top_p=0.9))
    for rollout in found.values():
        turn = written(rollout)
        assert turn.trained and len(turn.logprobs) == len(turn.ids)
        assert turn.logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-4)


@pytest.mark.parametrize("kind", tiny.KINDS)
def test_samples_do_not_depend_on_slots_or_order(kind: str, policies: dict[str, Policy]) -> None:
    prompts = ask(*TEXTS)
    one = run(policies[kind], prompts, 4, PLAIN, slots=1)
    for others in (run(policies[kind], prompts[::-1], 4, PLAIN, slots) for slots in (3, 64)):
        for key, rollout in others.items():
            assert written(rollout).ids == written(one[key]).ids
            assert written(rollout).logprobs == pytest.approx(written(one[key]).logprobs, abs=1e-5)
    assert len({written(r).ids for r in one.values()}) > 15


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_the_same_call_gives_the_same_bits(kind: str, policies: dict[str, Policy]) -> None:
    first, second = (
        list(LocalEngine(policies[kind], slots=5).sample(ask(*TEXTS), 4, PLAIN)) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3"])
def test_the_lean_pass_and_the_models_own_agree(kind: str, policies: dict[str, Policy]) -> None:
    policy = policies[kind]
    plain = LocalEngine(policy, slots=7)
    assert isinstance(plain.open(1, 1), LeanForward)
    plain.open = lambda rows, tokens: PlainForward(policy.model)
    params = replace(PLAIN, max_tokens=90)  # past the first growth of the caches
    fast = run(policy, ask(*TEXTS), 3, params, slots=5)
    for rollout in plain.sample(ask(*TEXTS), 3, params):
        twin = fast[rollout.problem_id, rollout.index]
        assert written(rollout).ids == written(twin).ids
        assert written(rollout).logprobs == pytest.approx(written(twin).logprobs, abs=1e-5)


SHAPES: dict[str, tuple[str, dict[str, Any], bool]] = {
    "wide heads, four to a key": (
        "llama",
        {"hidden_size": 256, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64},
        True,
    ),
    "three heads to a key": (
        "llama",
        {"hidden_size": 48, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 40},
        True,
    ),
    "one key head": ("llama", {"num_key_value_heads": 1}, True),
    "as many key heads as heads": ("llama", {"num_key_value_heads": 4}, True),
    "an output layer of its own": ("llama", {"tie_word_embeddings": False}, True),
    "wide heads": ("llama", {"head_dim": 16}, True),
    "other frequencies": ("llama", {"rope_parameters": {"rope_type": "default", "rope_theta": 50.0}}, True),
    "scaled frequencies": (
        "llama",
        {"rope_parameters": {"rope_type": "linear", "factor": 4.0, "rope_theta": 1e4}},
        True,
    ),
    "frequencies that move": (
        "llama",
        {"rope_parameters": {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 1e4}},
        False,
    ),
    "biases everywhere": ("llama", {"attention_bias": True, "mlp_bias": True}, False),
    "another activation": ("llama", {"hidden_act": "gelu"}, False),
    "a sliding window": ("mistral", {"sliding_window": 8}, False),
    "a window that never slides": ("mistral", {"sliding_window": 256}, True),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_computed_right_by_whichever_pass_takes_it(shape: str, tmp_path: Path) -> None:
    kind, options, lean = SHAPES[shape]
    policy = load(str(tiny.make(tmp_path / "m", kind, spread=8.0, **options)))
    assert isinstance(LocalEngine(policy).open(1, 1), LeanForward) == lean
    for rollout in run(policy, ask(*TEXTS[:3]), 2, PLAIN, slots=3).values():
        assert written(rollout).logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-4)


def test_bfloat16_stays_near_the_models_own_bfloat16(tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "m", spread=8.0)), dtype="bfloat16")
    for rollout in run(policy, ask(*TEXTS), 2, PLAIN).values():
        assert written(rollout).logprobs == pytest.approx(recomputed(policy, rollout), abs=0.15)


def test_two_requests_at_once_and_one_left_early_do_not_meet(policies: dict[str, Policy]) -> None:
    engine = LocalEngine(policies["llama"], slots=3)
    whole = list(engine.sample(ask(*TEXTS), 2, PLAIN))
    next(engine.sample(ask(*TEXTS), 2, PLAIN))
    one, two = engine.sample(ask(*TEXTS), 2, PLAIN), engine.sample(ask(*TEXTS), 2, PLAIN)
    assert list(zip(one, two, strict=True)) == [(r, r) for r in whole]


def test_seed_and_round_name_other_samples(policies: dict[str, Policy]) -> None:
    base, seed, other = (
        run(policies["llama"], ask("It has"), 3, params)
        for params in (PLAIN, replace(PLAIN, seed=1), replace(PLAIN, round=1))
    )
    assert base != seed and base != other and seed != other


@pytest.mark.parametrize("kind", tiny.KINDS)
def test_greedy_is_transformers_greedy(kind: str, policies: dict[str, Policy]) -> None:
    policy = policies[kind]
    for rollout in run(policy, ask(*TEXTS), 1, replace(PLAIN, temperature=0)).values():
        prompt = torch.tensor([list(rollout.turns[0].ids)])
        best = policy.model.generate(prompt, do_sample=False, max_new_tokens=24, pad_token_id=0)
        assert list(written(rollout).ids) == best[0, prompt.shape[1] :].tolist()


def test_greedy_attempts_are_all_the_same(policies: dict[str, Policy]) -> None:
    found = run(policies["llama"], ask("It has"), 3, replace(PLAIN, temperature=0))
    assert len({written(r).ids for r in found.values()}) == 1


def test_a_sample_ends_with_eos_which_is_in_the_ids_and_not_in_the_text(policies: dict[str, Policy]) -> None:
    policy = policies["qwen2"]
    found = run(policy, ask(*TEXTS), 8, replace(PLAIN, max_tokens=60))
    ended = [r for r in found.values() if r.finish == "stop"]
    assert ended and len(ended) < len(found)
    for rollout in found.values():
        ids = written(rollout).ids
        assert (ids[-1] == 2) == (rollout.finish == "stop") and 2 not in ids[:-1]
        assert rollout.text == policy.decode(ids) and "</s>" not in rollout.text
        assert len(ids) == 60 or rollout.finish == "stop"


def force(policy: Policy, *ids: int) -> Policy:
    """A copy that writes `ids` after any prompt: position decides the next token (GPT-2 adds position
    vectors)."""
    forced = policy.clone()
    model = forced.model
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if ".c_proj." in name:
                weight.zero_()  # no layer writes anything: only the embeddings reach the output
        width = model.config.n_embd
        model.transformer.wte.weight.zero_()
        model.transformer.wpe.weight.zero_()
        model.transformer.ln_f.weight.fill_(1.0)
        model.transformer.ln_f.bias.zero_()
        for place, token in enumerate(ids):
            model.transformer.wpe.weight[place, place % width] = 50.0
            model.transformer.wte.weight[token, place % width] = 1.0
    return forced


def spell(policy: Policy, text: str) -> list[int]:
    return policy.encode_target(text)[:-1]


def test_eos_may_come_first(policies: dict[str, Policy]) -> None:
    policy = force(policies["gpt2"], 2)
    (rollout,) = run(policy, ask("a"), 1, replace(PLAIN, temperature=0)).values()
    assert written(rollout).ids == (2,) and rollout.text == "" and rollout.finish == "stop"


@pytest.mark.parametrize(
    ("text", "stop", "left"),
    [
        ("12\n\nIt has", ("\n\n",), "12"),
        ("x==y", ("=y",), "x="),  # begins inside the token "=="
        ("1 has 2", (" h",), "1"),  # ends inside the token " has"
        ("<<4>>24 the", (">>2", "4>"), "<<"),  # the earlier of two
        ("3 ü 4 the", ("ü 4",), "3 "),  # holds a character of two tokens
    ],
)
def test_a_stop_string_ends_a_sample_across_token_boundaries(
    text: str, stop: tuple[str, ...], left: str, policies: dict[str, Policy]
) -> None:
    ids = spell(policies["gpt2"], text)
    policy = force(policies["gpt2"], *ids)
    params = replace(PLAIN, temperature=0, max_tokens=len(ids))
    (whole,) = run(policy, ask("a"), 1, params).values()
    assert list(written(whole).ids) == ids and whole.finish == "length"
    (rollout,) = run(policy, ask("a"), 1, replace(params, stop=stop)).values()
    assert rollout.text == left and rollout.finish == "stop"
    kept = list(written(rollout).ids)
    assert kept == ids[: len(kept)] and any(s in policy.decode(kept) for s in stop)
    assert not any(s in policy.decode(kept[:-1]) for s in stop)


def test_a_control_token_as_stop_string_ends_a_sample_as_eos_does(policies: dict[str, Policy]) -> None:
    ids = [*spell(policies["gpt2"], "12"), 1, *spell(policies["gpt2"], "the")]
    params = replace(PLAIN, temperature=0, stop=("<s>",))
    (rollout,) = run(force(policies["gpt2"], *ids), ask("a"), 1, params).values()
    assert rollout.text == "12" and written(rollout).ids[-1] == 1 and rollout.finish == "stop"


def test_max_tokens_one_gives_one_token(policies: dict[str, Policy]) -> None:
    for rollout in run(policies["llama"], ask(*TEXTS), 3, replace(PLAIN, max_tokens=1)).values():
        assert len(written(rollout).ids) == 1
        assert rollout.finish == ("stop" if written(rollout).ids == (2,) else "length")


def test_no_prompts_give_no_rollouts(policies: dict[str, Policy]) -> None:
    assert run(policies["llama"], [], 4, PLAIN) == {}


def test_the_context_of_the_model_is_a_limit(tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "short", context=16, eos_token_id=271)))
    found = run(policy, ask("abcdefghij", "a" * 15, "a" * 40), 2, PLAIN)
    for index in range(2):
        fits, full, over = (found[f"p{i}", index] for i in range(3))
        assert len(fits.ids) == 16 and len(written(fits).ids) == 5 and fits.finish == "length"
        for rollout in (full, over):
            assert written(rollout).ids == () and rollout.finish == "length" and rollout.text == ""


def test_an_empty_prompt_is_refused_by_name(policies: dict[str, Policy]) -> None:
    with pytest.raises(ValueError, match="'p1'"):
        run(policies["gpt2"], ask("a", ""), 1, PLAIN)


@pytest.mark.parametrize(
    "change",
    [{"temperature": -1}, {"top_p": 0}, {"top_p": 1.1}, {"top_k": -1}, {"max_tokens": 0}, {"stop": ("",)}],
)
def test_settings_without_sense_are_refused_by_name(change: dict, policies: dict[str, Policy]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        run(policies["llama"], ask("a"), 1, replace(PLAIN, **change))


def test_prompts_are_read_as_slots_become_free(policies: dict[str, Policy]) -> None:
    taken = 0

    def endless():
        nonlocal taken
        while True:
            yield Prompt(f"p{taken}", (Turn("user", "It has"),))
            taken += 1

    stream = LocalEngine(policies["llama"], slots=4).sample(endless(), 2, replace(PLAIN, max_tokens=4))
    assert len([next(stream) for _ in range(8)]) == 8
    assert taken < 16


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_adapters_are_sampled_from(kind: str, tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / kind, kind, spread=8.0)), lora=Lora(r=4))
    torch.manual_seed(3)
    with torch.no_grad():
        for name, weight in policy.model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.1)
    rollout = run(policy, ask("It has"), 1, PLAIN)["p0", 0]
    assert written(rollout).logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-4)
    engine = LocalEngine(policy)
    assert isinstance(engine.open(1, 1), LeanForward) == (kind == "llama")


def test_sync_takes_the_weights_as_they_are_now(policies: dict[str, Policy]) -> None:
    policy = policies["llama"].clone()
    engine = LocalEngine(policy)
    with torch.no_grad():
        policy.model.model.layers[0].mlp.down_proj.weight.mul_(3.0)
    engine.sync(policy)
    (rollout,) = engine.sample(ask("It has"), 1, PLAIN)
    assert written(rollout).logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-4)


def test_prompt_turns_keep_their_texts_and_carry_the_ids_once(policies: dict[str, Policy]) -> None:
    policy = policies["llama"]
    prompt = Prompt("p", (Turn("system", "It has\n"), Turn("user", "the 12\n")))
    (rollout,) = LocalEngine(policy).sample([prompt], 1, PLAIN)
    assert [turn.text for turn in rollout.turns[:2]] == ["It has\n", "the 12\n"]
    asked = [i for turn in rollout.turns[:2] for i in turn.ids]
    assert asked == policy.encode_prompt(prompt) and rollout.mask == [
        i >= len(asked) for i in range(len(rollout.ids))
    ]
    assert rollout.policy == policy.name


def test_a_training_model_is_sampled_without_dropout_and_left_training(tmp_path: Path) -> None:
    policy = load(str(tiny.make(tmp_path / "m", "llama", attention_dropout=0.5)))
    policy.model.train()
    rollout = run(policy, ask("It has"), 1, PLAIN)["p0", 0]
    assert policy.model.training
    policy.model.eval()
    assert written(rollout).logprobs == pytest.approx(recomputed(policy, rollout), abs=1e-4)
