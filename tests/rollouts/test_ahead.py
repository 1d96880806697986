"""Rollouts of the next step in slots that are free: each arrives once, and goes on from its tokens."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.ahead import run
from numerate.models import Policy, load
from numerate.models.inference.hf import PlainForward
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.started import Lookahead, StartedRollout, read_started, write_started
from numerate.types import Prompt, Rollout, Sampling, Turn
from tests import tiny

N = 3
LONG = Sampling(max_tokens=72)
STEPS = 3
TEXTS = ("It has 12", "a", "the longer prompt of them all, with 48/2=24 in it\n", "How many?\n", "x y z")


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Policy]:
    """An end at every twentieth token or so: uneven lengths, few of them the longest."""
    root = tmp_path_factory.mktemp("models")
    for kind in ("llama", "gpt2"):
        tiny.make(root / kind, kind, spread=4.0)
        ends = {"eos_token_id": [2, *range(30, 42)]}
        (root / kind / "generation_config.json").write_text(json.dumps(ends))
    return {kind: load(str(root / kind)) for kind in ("llama", "gpt2")}


def prompts(step: int) -> list[Prompt]:
    return [Prompt(f"{step}-{i}", (Turn("user", text),)) for i, text in enumerate(TEXTS)]


def params(step: int, of: Sampling = LONG) -> Sampling:
    return replace(of, round=step)


def ahead_steps(engine: LocalEngine, of: Sampling = LONG) -> Iterator[tuple[Lookahead, list[Rollout]]]:
    """Runs the steps, the last of which starts nothing."""
    begun: list[StartedRollout] = []
    for step in range(STEPS):
        more = prompts(step + 1) if step + 1 < STEPS else []
        ahead = Lookahead(begun, more, params(step + 1, of))
        rollouts = list(engine.sample_ahead(prompts(step), N, params(step, of), ahead))
        yield ahead, rollouts
        begun = ahead.started


def plain_steps(engine: LocalEngine, of: Sampling = LONG) -> list[list[Rollout]]:
    return [list(engine.sample(prompts(step), N, params(step, of))) for step in range(STEPS)]


def by_key(rollouts: list[Rollout]) -> dict[tuple[str, int], Rollout]:
    sampled = {(rollout.problem_id, rollout.index): rollout for rollout in rollouts}
    assert len(sampled) == len(rollouts)
    return sampled


def check_same(policy: Policy, engines: tuple[LocalEngine, LocalEngine], of: Sampling) -> set[str]:
    """With the same weights in all steps every rollout is the one of a request of its own; logs of the
    continued ones differ by rounding. Returns what was seen of started rollouts."""
    seen = set[str]()
    plain = plain_steps(engines[0], of)
    for (ahead, rollouts), expected in zip(ahead_steps(engines[1], of), plain, strict=True):
        sampled, wanted = by_key(rollouts), by_key(expected)
        assert sampled.keys() == wanted.keys()
        for key, rollout in sampled.items():
            assert [replace(t, logprobs=()) for t in rollout.turns] == [
                replace(t, logprobs=()) for t in wanted[key].turns
            ]
            assert rollout.finish == wanted[key].finish
            assert rollout.logprobs == pytest.approx(wanted[key].logprobs, abs=1e-4)
        for started in ahead.started:
            assert 0 < len(started.ids) == len(started.logprobs) == len(started.supplied)
            seen.add("finished" if started.finish else "under way")
            seen |= {"supplied"} if any(started.supplied) else set()
    return seen


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("slots", [2, 64])
def test_every_rollout_arrives_once_and_is_its_own(
    kind: str, slots: int, policies: dict[str, Policy]
) -> None:
    policy = policies[kind]
    engines = LocalEngine(policy, slots=slots), LocalEngine(policy, slots=slots)
    seen = check_same(policy, engines, LONG)
    assert seen == {"finished", "under way"} if kind == "llama" else seen


def test_stop_strings_and_the_models_own_pass(policies: dict[str, Policy]) -> None:
    policy = policies["llama"]
    engines = LocalEngine(policy, slots=7), LocalEngine(policy, slots=7)
    for engine in engines:
        engine.open = lambda rows, tokens: PlainForward(policy.model)
    letters = tuple("aeiou")
    assert check_same(policy, engines, replace(LONG, stop=letters, temperature=0.9)) >= {"under way"}


def test_what_a_calculator_writes_goes_on(policies: dict[str, Policy], monkeypatch: Any) -> None:
    """Every `a` asks for a result, which is three tokens."""
    policy = policies["llama"]
    monkeypatch.setattr(
        "numerate.rollouts.local.calculator.calculator_completion",
        lambda text: "24>>" if text.endswith("a") else None,
    )
    engines = LocalEngine(policy, slots=7, calculator=True), LocalEngine(policy, slots=7, calculator=True)
    for engine in engines:
        engine.asks_V[policy.encode_target("a")[0]] = True
    assert check_same(policy, engines, LONG) == {"finished", "under way", "supplied"}


def test_fewer_decode_steps_for_the_same_rollouts(policies: dict[str, Policy]) -> None:
    steps, of = [prompts(step) for step in range(STEPS)], replace(LONG, temperature=0.9)
    (plain, expected), (ahead, sampled) = (
        run(LocalEngine(policies["llama"], slots=64), steps, 8, of, ahead) for ahead in (False, True)
    )
    for these, those in zip(sampled, expected, strict=True):
        assert {key: r.text for key, r in by_key(these).items()} == {
            key: r.text for key, r in by_key(those).items()
        }
    assert plain.tokens == ahead.tokens and ahead.steps < 0.8 * plain.steps
    assert plain.older == 0 < ahead.older < ahead.tokens
    assert plain.prefilled <= ahead.prefilled


def test_nothing_starts_where_no_slot_is_free_early(policies: dict[str, Policy]) -> None:
    """All rollouts of one token end together."""
    engine = LocalEngine(policies["llama"], slots=64)
    ahead = Lookahead((), prompts(1), params(1))
    rollouts = list(engine.sample_ahead(prompts(0), N, Sampling(max_tokens=1), ahead))
    assert len(rollouts) == N * len(TEXTS) and not ahead.started


def test_a_prompt_without_room_is_finished_ahead(policies: dict[str, Policy]) -> None:
    engine = LocalEngine(policies["llama"], slots=64)
    full = Prompt("1-full", (Turn("user", "x" * 400),))
    ahead = Lookahead((), [full, *prompts(1)], params(1))
    list(engine.sample_ahead(prompts(0), N, params(0), ahead))
    assert [(r.problem_id, r.index, r.finish) for r in ahead.started[:N]] == [
        ("1-full", i, "length") for i in range(N)
    ]
    last = Lookahead(ahead.started)
    done = by_key(list(engine.sample_ahead([full, *prompts(1)], N, params(1), last)))
    assert len(done) == N * (len(TEXTS) + 1) and done["1-full", 0].no_room


def test_the_file_holds_all_bits(tmp_path: Path, policies: dict[str, Policy]) -> None:
    ahead, _ = next(ahead_steps(LocalEngine(policies["llama"], slots=15)))
    started = [replace(rollout, step=3, waiting=(5,)) for rollout in ahead.started]
    write_started(tmp_path / "a" / "started.jsonl", started)
    assert started and read_started(tmp_path / "a" / "started.jsonl") == started
    (tmp_path / "a" / "started.jsonl").write_text('{"index": 0}\n')
    for path in ("a/started.jsonl", "none.jsonl"):
        with pytest.raises(ValueError, match=r"next step are missing or damaged .*; restore it, or delete"):
            read_started(tmp_path / path)


def test_threads_change_nothing(policies: dict[str, Policy], request: pytest.FixtureRequest) -> None:
    """With the compiled step; torch's own products may depend on threads."""
    if "torch" in request.node.name:
        pytest.skip("torch rounds by threads")
    threads, runs = torch.get_num_threads(), list[list[Any]]()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            steps = ahead_steps(LocalEngine(policies["llama"], slots=7))
            runs.append([(ahead.started, rollouts) for ahead, rollouts in itertools.islice(steps, 2)])
    finally:
        torch.set_num_threads(threads)
    assert runs[0] == runs[1]
