"""Sampling with an operator head and with a calculator: in batches, the same as one row and one token at a
time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from numerate.models.operator_head import Heads
from numerate.models.operators import NAMES, OTHER, Operators, find_operators, token_texts
from numerate.models.policy import Policy, load
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.local.mixed_sampling import MixedSampling
from numerate.rollouts.rng import uniform_stream
from numerate.types import Prompt, Rollout, Sampling, Turn
from tests import tiny

PARAMS = Sampling(max_tokens=24, seed=3, round=2)
TEXTS = ("It has 12", "a", "the longer prompt of them all, with 48/2=24 in it\n", "How many?\n", "x y z")
KINDS = ("llama", "gpt2", "mistral")


def ask(*texts: str) -> list[Prompt]:
    return [Prompt(f"p{i}", (Turn("user", text),)) for i, text in enumerate(texts)]


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Policy]:
    """Models that often write `<<`, `=` and signs: their rows of the vocabulary head are turned up."""
    root = tmp_path_factory.mktemp("models")
    made = {kind: load(str(tiny.make(root / kind, kind, spread=8.0))) for kind in KINDS}
    return made


RANDOM = torch.Generator().manual_seed(4)


def center(policy: Policy) -> torch.Tensor:
    """A hidden state like those that the heads will see."""
    ids = torch.tensor([policy.encode_prompt(ask("a word")[0])])
    return policy.model(input_ids=ids, output_hidden_states=True).hidden_states[-1][0].mean(0)


def mixed(policy: Policy, scope: Any = "everywhere") -> tuple[Heads, Operators]:
    heads = Heads(policy.model, 0.2, seed=1)
    with torch.no_grad():  # the states of a small model are alike: every class has to come
        heads.operator.bias.copy_(-heads.operator(center(policy)) + torch.randn(5, generator=RANDOM))
    return heads, find_operators(token_texts(policy.tokenizer, 272), scope)


def run(engine: LocalEngine, n: int, params: Sampling = PARAMS) -> dict[tuple[str, int], Rollout]:
    return {(r.problem_id, r.index): r for r in engine.sample(ask(*TEXTS), n, params)}


def slowly(
    policy: Policy, heads: Heads, known: Operators, prompt: Prompt, index: int
) -> tuple[list[int], list[int], list[float]]:
    """Tokens, classes and log p_O, by a whole forward pass per token. The place is read off the text."""
    ids = policy.encode_prompt(prompt)
    numbers = uniform_stream(PARAMS.seed, PARAMS.round, prompt.problem_id, index, PARAMS.max_tokens)
    own: list[int] = []
    classes: list[int] = []
    logps: list[float] = []
    for u in numbers:
        with torch.no_grad():
            out = policy.model(input_ids=torch.tensor([ids + own]), output_hidden_states=True)
            p = heads.operator(out.hidden_states[-1][0, -1]).double().softmax(-1)
        text = policy.decode(own)
        begun = text.rfind("<<")
        acts = begun >= 0 and not set("=>\n") & set(text[begun + 2 :])
        if known.scope == "inside_annotation" and not acts:
            p = torch.tensor([0.0, 0, 0, 0, 1])
        c = int(np.searchsorted(p.cumsum(0).numpy(), u, side="right"))
        scores = out.logits[0, -1]
        best = max(known.ids[c], key=lambda i: float(scores[i])) if c < OTHER else int(scores.argmax())
        own.append(best)
        classes.append(c)
        logps.append(float(p[c].log()))
        if best in policy.eos_ids:
            break
    return own, classes, logps


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_writes_what_the_formulas_write_token_by_token(
    kind: str, policies: dict[str, Policy]
) -> None:
    policy = policies[kind]
    heads, known = mixed(policy)
    engine = LocalEngine(policy, slots=4)
    engine.steer(MixedSampling(heads, known))
    found = run(engine, 3)
    assert len(found) == 15
    for prompt in ask(*TEXTS):
        for index in range(3):
            ids, classes, logps = slowly(policy, heads, known, prompt, index)
            turn = found[prompt.problem_id, index].turns[-1]
            assert list(turn.ids) == ids and list(turn.token_classes) == classes
            assert turn.logprobs == pytest.approx(logps, abs=1e-4)
    assert {c for r in found.values() for c in r.turns[-1].token_classes} == set(range(5))


class Scribe(LocalEngine):
    """Whatever the model says, the likelihoods are noise over a few tokens, so that annotations come about by
    chance. What a steering's head says stays."""

    def sample(self, prompts: Any, n: int, params: Sampling) -> Any:
        inner, noise = self.open, torch.Generator().manual_seed(0)
        texts = ("<<", "=", "1", "2", "-", "+", ">>", "\n")
        allowed = [self.policy.encode_target(text)[0] for text in texts]

        def only(logits: torch.Tensor) -> torch.Tensor:
            kept = torch.full_like(logits, -1e4)
            kept[..., allowed] = torch.randn(*logits.shape[:-1], len(allowed), generator=noise)
            kept[..., 272:] = logits[..., 272:]
            return kept

        def opened(rows: int, tokens: int) -> Any:
            backend: Any = inner(rows, tokens)
            prefill, step = backend.prefill, backend.step
            backend.prefill = lambda ids: (lambda state, logits: (state, only(logits)))(*prefill(ids))
            backend.step = lambda token_B: only(step(token_B))
            return backend

        self.open = opened
        yield from super().sample(prompts, n, params)
        self.open = inner


def test_only_inside_annotations_a_class_is_drawn(policies: dict[str, Policy]) -> None:
    """A head that always says `+`: outside it is not asked, and the text goes on as the language model likes
    it; the token after `<<` is a plus, and so are all others. A prompt with `<<` opens nothing."""
    policy = policies["llama"]
    heads, known = mixed(policy, "inside_annotation")
    torch.nn.init.zeros_(heads.operator.weight)
    with torch.no_grad():
        heads.operator.bias.copy_(torch.tensor([50.0, 0, 0, 0, 0]))
    engine = LocalEngine(policy, slots=4)
    engine.steer(MixedSampling(heads, known))
    greedy = {
        r.problem_id: r for r in LocalEngine(policy).sample(ask(*TEXTS), 1, replace(PARAMS, temperature=0.0))
    }
    for (name, _), rollout in run(engine, 2).items():
        turn, plain = rollout.turns[-1], greedy[name].turns[-1]
        assert turn.ids == plain.ids and set(turn.token_classes) == {OTHER} and set(turn.logprobs) == {0.0}
    scribe = Scribe(policy)
    scribe.steer(MixedSampling(heads, known))
    drawn = 0
    for rollout in scribe.sample(ask("a", "<<2", "x"), 8, replace(PARAMS, max_tokens=60)):
        turn = rollout.turns[-1]
        for i, choice in enumerate(turn.token_classes):
            text = policy.decode(turn.ids[:i])
            inside = "<<" in text and not set("=>\n") & set(text.rpartition("<<")[2])
            assert (choice == 0) == inside
            drawn += inside
    assert drawn > 100


@pytest.mark.parametrize("kind", KINDS)
def test_samples_do_not_depend_on_slots_or_order(kind: str, policies: dict[str, Policy]) -> None:
    policy = policies[kind]
    steering = MixedSampling(*mixed(policy, "inside_annotation"))

    def written(slots: int, prompts: list[Prompt]) -> dict[tuple[str, int], Any]:
        engine = LocalEngine(policy, slots=slots, calculator=True)
        engine.steer(steering)
        found = engine.sample(prompts, 4, PARAMS)
        return {
            (r.problem_id, r.index): [(t.ids, t.token_classes, t.trained) for t in r.turns[1:]] for r in found
        }

    one = written(1, ask(*TEXTS))
    assert written(3, ask(*TEXTS)[::-1]) == one == written(64, ask(*TEXTS))


def test_classes_come_at_their_rates(policies: dict[str, Policy]) -> None:
    """A head that says .4 .3 .1 .1 .1 everywhere, 2,000 first tokens: four standard deviations are .044."""
    policy = policies["llama"]
    heads, known = mixed(policy)
    torch.nn.init.zeros_(heads.operator.weight)
    with torch.no_grad():
        heads.operator.bias.copy_(torch.tensor([0.4, 0.3, 0.1, 0.1, 0.1]).log())
    engine = LocalEngine(policy)
    engine.steer(MixedSampling(heads, known))
    found = engine.sample(ask("a"), 2000, replace(PARAMS, max_tokens=1))
    counts = np.bincount([r.turns[-1].token_classes[0] for r in found], minlength=5) / 2000
    assert counts.tolist() == pytest.approx([0.4, 0.3, 0.1, 0.1, 0.1], abs=0.044)


# the calculator


def test_a_calculator_answers_in_the_batch(policies: dict[str, Policy]) -> None:
    """Tokens by chance among a few; wherever an answer comes to `<<...=` with a value, that value and `>>`
    follow, and nothing of it counts as written by the policy."""
    policy = policies["llama"]
    engine = Scribe(policy, slots=16, calculator=True)
    params = replace(PARAMS, max_tokens=60)
    given = 0
    for rollout in engine.sample(ask(*TEXTS), 64, params):
        answer = rollout.turns[1:]
        ids = [i for turn in answer for i in turn.ids]
        assert policy.decode(ids) == rollout.text == "".join(turn.text for turn in answer)
        assert len(ids) <= 60 and not any(a.trained == b.trained for a, b in pairwise(answer))
        before = ""
        for turn in answer:
            assert turn.role == "assistant" and len(turn.logprobs) == (len(turn.ids) if turn.trained else 0)
            asked, value = before.rpartition("<<")[2], turn.text.removesuffix(">>")
            if not turn.trained:
                given += 1
                expression = asked.removesuffix("=")
                full = len(before) + len(turn.text) < len(rollout.text)  # else cut by the length
                assert set(expression) <= set("12+-") and (not full or float(value) == simple(expression))
            before += turn.text
    assert given > 20


def simple(expression: str) -> float:
    """Of digits, + and -, from left to right."""
    total, sign, number, fresh = 0, 1, "", True
    for character in f"{expression}+":
        if character.isdigit():
            number, fresh = number + character, False
        elif fresh:
            sign = -sign if character == "-" else sign
        else:
            total, number, fresh = total + sign * int(number), "", True
            sign = -1 if character == "-" else 1
    return total


def test_without_an_annotation_a_calculator_changes_nothing(policies: dict[str, Policy]) -> None:
    policy = policies["llama"]
    plain, helped = (run(LocalEngine(policy, calculator=c), 2) for c in (False, True))
    for key, rollout in plain.items():
        if "=" not in rollout.text:
            assert helped[key] == rollout


def test_an_engine_that_is_no_longer_steered_draws_as_before(
    policies: dict[str, Policy], tmp_path: Path
) -> None:
    policy = policies["llama"]
    engine = LocalEngine(policy)
    before = run(engine, 2)
    engine.steer(MixedSampling(*mixed(policy)))
    assert run(engine, 2) != before
    engine.steer(None)
    assert run(engine, 2) == before
    assert NAMES[OTHER] == "V"
