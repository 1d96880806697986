"""The keys and values of running rollouts take no more memory than the budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from numerate.models.policy import Policy, load
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.local.memory_budget import GIB, Budget, token_bytes
from numerate.types import Prompt, Sampling, Turn
from tests import tiny

TOKEN = 2 * 2 * 8 * 2 * 4 / GIB
"""2 layers x 2 key heads x 8 numbers x 2 (keys, values) x 4 bytes, in GiB"""


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load(str(tiny.make(tmp_path_factory.mktemp("m"), spread=8.0)))


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load(str(tiny.make(tmp_path_factory.mktemp("m"), "gpt2", spread=8.0)))


def test_a_token_weighs_what_its_keys_and_values_do(llama: Policy) -> None:
    assert token_bytes(llama) == 256 == round(TOKEN * GIB)


def test_an_attempt_counts_as_the_longest_that_it_may_come_to(llama: Policy) -> None:
    """A budget of 640 tokens, in blocks of 16: a prompt of 40 takes 48 once, an answer of 100 takes 112."""
    budget = Budget(llama, 640 * TOKEN)
    assert budget.fitting(40, 100, shared=True, counted=False) == (640 - 48) // 112 == 5
    assert budget.fitting(40, 100, shared=False, counted=False) == 640 // (48 + 112) == 4
    budget.taken = 48 + 3 * 112
    assert budget.fitting(40, 100, shared=True, counted=True) == 2
    assert budget.fitting(300, 100, shared=True, counted=False) == 0
    budget.taken = 48  # nothing runs, and more rollouts of the same prompt are to come
    assert budget.fitting(40, 1000, shared=True, counted=True) == 1
    assert budget.fitting(40, 1000, shared=True, counted=False) == 0
    budget.taken = 0
    assert budget.fitting(9000, 100, shared=True, counted=False) == 1  # alone it runs, whatever it takes


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_it_is_obeyed_and_changes_no_sample(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy: Policy = request.getfixturevalue(kind)
    asked = [Prompt(str(i), (Turn("user", text),)) for i, text in enumerate(("It has", "The cat", "Two and"))]
    params = Sampling(1.0, max_tokens=24)
    memory = 184 * token_bytes(policy) / GIB
    most = 0

    def watched(engine: LocalEngine) -> Any:
        nonlocal most
        make = engine.open

        def open_(rows: int, tokens: int) -> Any:
            backend = make(rows, tokens)
            step = backend.step

            def counted(token_B: Any) -> Any:
                nonlocal most
                most = max(most, len(token_B))
                return step(token_B)

            monkeypatch.setattr(backend, "step", counted)
            return backend

        engine.open = open_
        return {(r.problem_id, r.index): r.turns for r in engine.sample(asked, 6, params)}

    tight = watched(LocalEngine(policy, memory=memory))
    # An answer takes two blocks of 16, a prompt one: once for its attempts, or with each of them.
    assert most == (5 if kind == "llama" else 3)
    most = 0
    free = watched(LocalEngine(policy))
    assert most > 6
    assert {key: [t.ids for t in turns] for key, turns in tight.items()} == {
        key: [t.ids for t in turns] for key, turns in free.items()
    }


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("tokens", [1, 30, 50, 80])
def test_a_budget_smaller_than_one_rollout_loses_none(
    kind: str, tokens: int, request: pytest.FixtureRequest
) -> None:
    """A prompt whose rollouts come one after the other stays counted between them."""
    policy: Policy = request.getfixturevalue(kind)
    prompts = [Prompt(str(i), (Turn("user", text),)) for i, text in enumerate(("It has 12", "The cat"))]
    params, memory = Sampling(1.0, max_tokens=24), tokens * token_bytes(policy) / GIB
    small, large = (
        {(r.problem_id, r.index): r.turns[-1].ids for r in engine.sample(prompts, 4, params)}
        for engine in (LocalEngine(policy, memory=memory), LocalEngine(policy))
    )
    assert small == large and len(small) == 8


def test_no_memory_at_all_is_refused(llama: Policy) -> None:
    with pytest.raises(ValueError, match="not 0 GiB"):
        LocalEngine(llama, memory=0)


def test_room_that_the_context_leaves(tmp_path: Path) -> None:
    """An answer cannot be longer than the context, so it does not count for more either."""
    policy = load(str(tiny.make(tmp_path / "m")))
    assert policy.context
    assert Budget(policy, None).rows(2**40) == 1
