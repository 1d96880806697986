"""The server engine: what it asks of servers of several kinds, and what it makes of their answers."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.models.policy import Policy, load
from numerate.models.remote_policy import Outline
from numerate.rollouts.rng import seed_of
from numerate.rollouts.server import ServerEngine, client
from numerate.types import Prompt, Rollout, Turn
from tests import fake_server, tiny
from tests.fake_server import PARAMS, Body, Fake, Reply, all_places, ask, engine, numbers, places, policy


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Nothing here depends on how the local engine computes."""


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(client, "LONGEST_PAUSE", 0.05)


def test_attempts_come_as_the_server_wrote_them():
    with Fake() as fake:
        rollouts = list(engine(fake).sample(ask(3), 4, PARAMS))
    assert places(rollouts) == all_places(3, 4)
    tokenizer = tiny.tokenizer()
    for rollout in rollouts:
        asked, written = rollout.turns
        text = numbers(seed_of(5, 2, rollout.problem_id, 0) + rollout.index)
        ids = tokenizer(text, add_special_tokens=False).input_ids
        assert (written.text, rollout.finish, rollout.seed, rollout.policy) == (text, "stop", 5, "tiny")
        assert written.ids == (*ids, 2)  # EOS is a token that the policy wrote
        assert written.logprobs == tuple(-0.5 - k for k in range(len(ids) + 1))
        assert asked.ids == tuple(tokenizer(asked.text).input_ids) and asked.ids[0] == 1
        assert not asked.trained and written.trained


def test_a_request_leaves_nothing_to_the_servers_own_taste():
    with Fake() as fake:
        list(engine(fake).sample(ask(1), 1, replace(PARAMS, temperature=0.0, stop=("#",))))
        list(engine(fake).sample(ask(1), 4, replace(PARAMS, temperature=0.7, top_p=0.9, top_k=20)))
    greedy, drawn = fake.bodies
    ids = tiny.tokenizer()("How many is 0?").input_ids
    assert greedy == {
        "model": "tiny",
        "prompt": ids,
        "max_tokens": 64,
        "temperature": 0.0,
        "top_p": 1.0,
        "seed": seed_of(5, 2, "p0", 0),
        "stop": ["#"],
        "top_k": -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "logprobs": 0,
        "return_token_ids": True,
        "stop_token_ids": [2],
    }
    assert drawn["n"] == 4 and (drawn["temperature"], drawn["top_p"], drawn["top_k"]) == (0.7, 0.9, 20)


def test_no_more_requests_than_allowed_are_in_the_air():
    full = threading.Barrier(3)
    seen = Counter[str]()

    def slow(body: Body) -> None:
        seen["requests"] += 1
        if seen["requests"] > 1:  # the first goes alone, to see how the server wants to be asked
            full.wait(timeout=20)

    with Fake(misbehave=slow) as fake:
        rollouts = list(engine(fake, concurrency=3).sample(ask(13), 2, PARAMS))
    assert places(rollouts) == all_places(13, 2)
    assert fake.most == 3  # less would have broken the barrier


def test_prompts_are_read_as_places_become_free():
    read = Counter[str]()

    def endless() -> Iterator[Prompt]:
        for prompt in ask(10_000):
            read["prompts"] += 1
            yield prompt

    with Fake() as fake:
        stream = engine(fake, concurrency=2).sample(endless(), 1, PARAMS)
        for _ in range(5):
            next(stream)
        stream.close()
    assert read["prompts"] <= 5 + 2


def test_a_stream_that_is_left_leaves_no_thread_and_no_request():
    hold, seen = threading.Event(), Counter[str]()

    def hang(body: Body) -> None:
        seen["requests"] += 1
        if seen["requests"] > 1:
            hold.wait(20)

    with Fake(misbehave=hang) as fake:
        stream = engine(fake, concurrency=2).sample(ask(4), 1, PARAMS)
        next(stream)
        assert any(thread.name == "numerate-requests" for thread in threading.enumerate())
        stream.close()
        assert not any(thread.name == "numerate-requests" for thread in threading.enumerate())
        hold.set()


def test_it_works_under_a_running_event_loop():
    async def notebook() -> list[Rollout]:
        return list(engine(fake).sample(ask(2), 2, PARAMS))

    with Fake() as fake:
        assert places(asyncio.run(notebook())) == all_places(2, 2)


# servers of other kinds


def test_a_server_that_ignores_n_is_asked_for_each_attempt_and_this_is_remembered():
    def single(body: Body) -> Reply:
        return fake_server.vllm({**body, "n": 1})

    with Fake(single) as fake:
        asked = engine(fake)
        rollouts = list(asked.sample(ask(3), 4, PARAMS))
        again = list(asked.sample(ask(1), 2, PARAMS))
    assert places(rollouts) == all_places(3, 4) and places(again) == all_places(1, 2)
    assert len(fake.bodies) == 3 * 4 + 2
    assert [body.get("n", 1) for body in fake.bodies] == [4, *[1] * 13]
    for rollout in rollouts:  # every attempt has a seed of its own
        assert rollout.text == numbers(seed_of(5, 2, rollout.problem_id, rollout.index))


def test_a_server_that_refuses_n_is_asked_for_each_attempt():
    def llama_cpp(body: Body) -> Reply:
        if body.get("n", 1) > 1:
            return Reply({"error": {"message": "Only one completion choice is allowed"}}, 400)
        return fake_server.vllm(body)

    with Fake(llama_cpp) as fake:
        asked = engine(fake, concurrency=3)
        greedy = list(asked.sample(ask(2), 1, replace(PARAMS, temperature=0.0)))
        drawn = list(asked.sample(ask(5), 3, PARAMS))
        fresh = list(engine(fake).sample(ask(5), 3, PARAMS))
    assert places(greedy) == all_places(2, 1)
    assert places(drawn) == places(fresh) == all_places(5, 3)
    assert {r.text for r in drawn} == {r.text for r in fresh}
    assert drawn[0].turns[-1].logprobs  # not for want of token ids


def test_a_server_of_texts_gives_ids_by_the_tokenizer_and_no_logprobs():
    with Fake(fake_server.transformers, models=Reply(b"", 500)) as fake:
        rollouts = list(engine(fake).sample(ask(3), 2, PARAMS))
    assert places(rollouts) == all_places(3, 2)
    asked = fake.bodies[-1]
    assert asked["model"] == "tiny" and asked["prompt"].startswith("How many is")  # the server adds the BOS
    assert '"do_sample": true' in asked["generation_config"] and '"top_k": 0' in asked["generation_config"]
    for rollout in rollouts:
        written = rollout.turns[-1]
        assert written.text == numbers(seed_of(5, 2, rollout.problem_id, rollout.index))
        assert written.ids == (*tiny.tokenizer()(written.text, add_special_tokens=False).input_ids, 2)
        assert written.logprobs == ()
        with pytest.raises(ValueError, match="has no log-probabilities"):
            print(rollout.logprobs)


def test_a_control_token_in_a_question_never_goes_as_text():
    prompts = ask(1, "What is </s> plus 1?")
    with Fake() as fake:
        (rollout,) = engine(fake).sample(prompts, 1, PARAMS)
        assert 2 not in fake.bodies[0]["prompt"] and rollout.turns[0].ids == tuple(fake.bodies[0]["prompt"])
    with (
        Fake(fake_server.transformers) as fake,
        pytest.raises(ValueError, match=r"'p0': as text its prompt would be tokenized differently"),
    ):
        list(engine(fake).sample(prompts, 1, PARAMS))


def test_a_chat_goes_as_text_with_its_template_around_it():
    chatty = policy()
    chatty.tokenizer.chat_template = "{{ bos_token }}" + tiny.CHAT
    with Fake(fake_server.transformers) as fake:
        (rollout,) = ServerEngine(chatty, url=fake.url).sample(ask(1, chat=True), 1, PARAMS)
    text = fake.bodies[-1]["prompt"]
    assert text == "<user>How many is 0?\n<assistant>"  # without the BOS, which the server adds
    assert tuple(tiny.tokenizer()(text).input_ids) == rollout.turns[0].ids


def test_a_server_with_another_tokenizer_is_found_out():
    def stranger(body: Body) -> Reply:
        reply = fake_server.transformers(body)
        if reply.status == 200:
            reply.content["usage"]["prompt_tokens"] += 1
        return reply

    with Fake(stranger) as fake, pytest.raises(ValueError, match="has another tokenizer"):
        list(engine(fake).sample(ask(1), 1, PARAMS))


@pytest.mark.parametrize(
    ("owner", "temperature", "kept"), [("vllm", 0.7, True), ("sglang", 0.7, False), ("sglang", 1.0, True)]
)
def test_logprobs_are_kept_where_they_are_the_models_own(owner: str, temperature: float, kept: bool):
    with Fake(models=Reply({"data": [{"id": "tiny", "owned_by": owner}]})) as fake:
        (rollout,) = engine(fake).sample(ask(1), 1, replace(PARAMS, temperature=temperature))
    assert bool(rollout.turns[-1].logprobs) == kept


@pytest.mark.parametrize("bad", [None, [-0.5], [0.5] * 99, ["x"], [float("nan")] * 99])
def test_logprobs_that_are_none_are_not_made_up(bad: Any):
    def odd(body: Body) -> Reply:
        reply = fake_server.vllm(body)
        reply.content["choices"][0]["logprobs"] = {"token_logprobs": bad}
        return reply

    with Fake(odd) as fake:
        (rollout,) = engine(fake).sample(ask(1), 1, PARAMS)
    assert rollout.turns[-1].logprobs == () and rollout.turns[-1].ids


def test_a_stop_string_leaves_the_text_and_stays_in_the_ids():
    encode = tiny.tokenizer()

    def stopped(body: Body) -> Reply:
        ids = encode("3 + 1 ##", add_special_tokens=False).input_ids
        choice = {"text": "3 + 1 ", "token_ids": ids, "finish_reason": "stop", "stop_reason": "##"}
        return Reply({"choices": [choice]})

    def texts(body: Body) -> Reply:
        if "top_k" in body:
            return Reply({"error": "top_k?"}, 400)
        return Reply({"choices": [{"text": "3 + 1 ##", "finish_reason": "stop"}]})

    for serve in (stopped, texts):
        with Fake(serve) as fake:
            (rollout,) = engine(fake).sample(ask(1), 1, replace(PARAMS, stop=("##",)))
        assert rollout.text == "3 + 1 "
        assert encode.decode(rollout.turns[-1].ids) == "3 + 1 ##"  # and no EOS: the model wrote none
        assert rollout.finish == "stop"


def test_what_does_not_fit_the_context_is_not_asked():
    prompts = [*ask(1), Prompt("long", (Turn("user", "x" * 500),)), *ask(3)[1:]]
    with Fake() as fake:
        rollouts = list(engine(fake).sample(prompts, 2, replace(PARAMS, max_tokens=1000)))
    assert places(rollouts) == sorted([("long", 0), ("long", 1), *all_places(3, 2)])
    for rollout in rollouts:
        if rollout.problem_id == "long":
            assert (rollout.text, rollout.finish, rollout.turns[-1].ids) == ("", "length", ())
    assert {body["max_tokens"] + len(body["prompt"]) for body in fake.bodies} == {200}  # as the server says


# models, keys, weights


@pytest.mark.parametrize(
    ("models", "wanted", "asked"),
    [
        (Reply({"data": [{"id": "served", "owned_by": "vllm"}]}), None, "served"),
        (Reply({"data": [{"id": "a"}, {"id": "tiny"}]}), None, "tiny"),
        (Reply({"data": [{"id": "a"}, {"id": "b", "root": "tiny"}]}), None, "b"),
        (Reply({"data": [{"id": "a"}, {"id": "b"}]}), "b", "b"),
        (Reply({"data": [{"id": "a"}]}), "not-listed", "not-listed"),
        (Reply(b"CacheNotFound", 500), None, "tiny"),
        (Reply({"detail": "Not Found"}, 404), None, "tiny"),
        # transformers serve lists what it has downloaded, which is not what it serves
        (Reply({"data": [{"id": "owner/other", "owned_by": "owner"}]}), None, "tiny"),
    ],
)
def test_the_model_is_asked_for_by_the_servers_name_of_it(models: Reply, wanted: str | None, asked: str):
    with Fake(models=models) as fake:
        list(engine(fake, model=wanted).sample(ask(1), 1, PARAMS))
    assert {body["model"] for body in fake.bodies} == {asked}


def test_of_several_models_one_has_to_be_named():
    with (
        Fake(models=Reply({"data": [{"id": "a"}, {"id": "b"}]})) as fake,
        pytest.raises(ValueError, match=r"has 2 models \(a, b\), none of them named 'tiny'"),
    ):
        list(engine(fake).sample(ask(1), 1, PARAMS))


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_KEY", "secret")
    with Fake() as fake:
        list(engine(fake, key_variable="MY_KEY").sample(ask(1), 1, PARAMS))
        assert fake.keys == {"Bearer secret"}
        with pytest.raises(ValueError, match="has no OTHER_KEY"):
            engine(fake, key_variable="OTHER_KEY")


def test_fixed_weights_take_none():
    with Fake() as fake, pytest.raises(ValueError, match="it cannot be used for training"):
        engine(fake).sync(policy())


def test_new_weights_are_saved_and_asked_for_by_their_place(tmp_path: Path):
    trained = load(str(tiny.make(tmp_path / "tiny")), device="cpu")
    with Fake() as fake:
        asked = ServerEngine(trained, url=fake.url, weights="by_path", folder=str(tmp_path / "weights"))
        list(asked.sample(ask(1), 1, PARAMS))
        weight = next(trained.model.parameters())
        weight.data += 1
        asked.sync(trained)
        list(asked.sample(ask(1), 1, PARAMS))
        before, after = (load(body["model"], device="cpu") for body in fake.bodies)
    assert tmp_path / "weights" in Path(fake.bodies[0]["model"]).parents
    difference = next(after.model.parameters()) - next(before.model.parameters())
    assert difference.allclose(difference.new_ones(()), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: ask(1, ""), "its prompt has no tokens"),
        (lambda: None, "n is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: Callable[[], Any], said: str):
    prompts = change()
    with Fake() as fake:
        asked = ServerEngine(
            Policy(Outline(tiny.config("gpt2"), None, ""), tiny.tokenizer(bos=False), "tiny", torch.float32),
            url=fake.url,
        )
        with pytest.raises(ValueError, match=said):
            list(asked.sample(prompts or ask(1), 1 if prompts else 0, PARAMS))
    assert not fake.bodies
