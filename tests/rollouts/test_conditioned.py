"""Sampling with a tag before every line: what the engine is asked, what is kept, where an attempt ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.models import return_tags
from numerate.models.policy import Policy, load
from numerate.models.return_tags import Conditioning
from numerate.rollouts import engines
from numerate.rollouts.conditioned import Conditioned
from numerate.rollouts.local import LocalEngine, LocalOptions
from numerate.training import sampler_logprobs
from numerate.types import Finish, Prompt, Rollout, Sampling, Turn
from tests import fake_server, tiny
from tests.fake_server import Body, Fake, Reply

SOLUTION = ["It has 2\n", "\n", "#### 2"]


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Nothing here depends on how the local engine computes."""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """Sure of itself, and fond of line breaks: one token in eight."""
    made = load(
        str(tiny.make(tmp_path_factory.mktemp("models") / "tiny", spread=8.0, tie_word_embeddings=False))
    )
    [line_break] = made.encode_target("\n")[:-1]
    weight = made.model.get_output_embeddings().weight
    with torch.no_grad():
        weight[line_break] = weight[[17, 90, 140]].sum(0)
    return_tags.write_conditioning(made.model.config, Conditioning(bad="(no)\n"))
    return made


def ask(*texts: str) -> list[Prompt]:
    return [Prompt(f"p{i}", (Turn("user", text),)) for i, text in enumerate(texts)]


def shown(policy: Policy, ids: Sequence[int]) -> str:
    return "".join(str(policy.tokenizer.decode([i])) for i in ids)


@dataclass
class Told:
    """Writes a solution down line by line; what it was asked is kept."""

    policy: Policy
    said: list[str]
    asked: list[str] = field(default_factory=list[str])

    def sync(self, policy: Any) -> None:
        self.policy = policy

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        for prompt in prompts:
            ids = self.policy.encode_prompt(prompt)
            self.asked.append(shown(self.policy, ids))
            line = self.asked[-1].count("[GOOD]") - 1
            whole = self.policy.encode_target(self.said[line])
            whole = whole[:-1] if self.said[line].endswith("\n") else whole
            drawn = whole[: params.max_tokens]
            finish: Finish = "stop" if drawn == whole else "length"
            text = self.policy.decode(drawn).removesuffix("\n")
            for index in range(n):
                turn = Turn("assistant", text, tuple(drawn), (-1.0,) * len(drawn), trained=True)
                yield Rollout(prompt.problem_id, index, (*prompt.turns, turn), finish, policy="told")


def test_a_tag_stands_before_every_line_and_leaves_no_trace_in_the_text(policy: Policy) -> None:
    inner = Told(policy, SOLUTION)
    [rollout] = Conditioned(inner, policy).sample(ask("How many?\n"), 1, Sampling(seed=3))
    assert inner.asked == [
        "<s>How many?\n[GOOD]\n",
        "<s>How many?\n[GOOD]\nIt has 2\n[GOOD]\n",
        "<s>How many?\n[GOOD]\nIt has 2\n[GOOD]\n\n[GOOD]\n",
    ]
    assert rollout.text == "It has 2\n\n#### 2"
    assert shown(policy, rollout.ids) == inner.asked[-1] + "#### 2</s>"
    trained = [i for i, seen in zip(rollout.ids, rollout.mask, strict=True) if seen]
    assert trained == policy.encode_target("It has 2\n\n#### 2")
    assert sampler_logprobs(rollout) == [-1.0 * seen for seen in rollout.mask]
    assert (rollout.finish, rollout.seed, rollout.policy, rollout.index) == ("stop", 3, "told", 0)


def test_bad_lines_can_be_asked_for(policy: Policy) -> None:
    other = policy.clone()
    return_tags.write_conditioning(other.model.config, Conditioning(bad="(no) [GOOD]", ask="bad"))
    inner = Told(other, SOLUTION)
    [rollout] = Conditioned(inner, other).sample(ask("?"), 1, Sampling())
    assert inner.asked[1] == "<s>?(no) [GOOD]It has 2\n(no) [GOOD]" and rollout.text.startswith("It has 2\n")


def test_every_attempt_goes_on_for_itself(policy: Policy) -> None:
    """Two problems, three attempts each: one request for a problem's first line, then one per attempt."""
    inner = Told(policy, SOLUTION)
    rollouts = list(Conditioned(inner, policy).sample(ask("a", "b"), 3, Sampling()))
    assert sorted((r.problem_id, r.index) for r in rollouts) == [
        (f"p{p}", i) for p in (0, 1) for i in range(3)
    ]
    assert len(inner.asked) == 2 + 6 + 6


@pytest.mark.parametrize(("left", "text"), [(1, "It has 2\n\n#"), (0, "It has 2\n\n"), (-1, "It has 2\n")])
def test_the_length_is_that_of_what_the_policy_wrote(policy: Policy, left: int, text: str) -> None:
    """Room for the two lines and `left` tokens more; a break in the last place ends the attempt."""
    told = len(policy.encode_target("It has 2\n\n")[:-1])
    params = Sampling(max_tokens=told + left)
    said = ["It has 2\n", "\n", "#! 2"]
    [rollout] = Conditioned(Told(policy, said), policy).sample(ask("?"), 1, params)
    assert (rollout.text, rollout.finish, sum(rollout.mask)) == (text, "length", told + left)


def test_a_line_that_another_attempt_had_room_for_is_cut(policy: Policy) -> None:
    """Attempt 0 has written 9 tokens, attempt 1 has written 1, when both write a line of 6 in one request."""

    class Uneven(Told):
        def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
            for rollout in super().sample(prompts, n, params):
                if n == 2 and rollout.index == 1:
                    ids = tuple(self.policy.encode_target("\n")[:-1])
                    turns = (*rollout.turns[:-1], Turn("assistant", "", ids, (-1.0,), trained=True))
                    rollout = Rollout(rollout.problem_id, 1, turns)
                yield rollout

    said = ["abcdefgh\n", "uvwxyz"]
    found = {
        r.index: r
        for r in Conditioned(Uneven(policy, said), policy).sample(ask("?"), 2, Sampling(max_tokens=12))
    }
    assert (found[0].text, found[0].finish, sum(found[0].mask)) == ("abcdefgh\nuvw", "length", 12)
    assert (found[1].text, found[1].finish, len(found[1].logprobs)) == ("\nuvwxyz", "stop", len(found[1].ids))


def test_begun_solutions_get_their_tags_and_an_open_line_is_gone_on_with(policy: Policy) -> None:
    def begun(text: str) -> tuple[str, Rollout]:
        prompt = Prompt("p", (Turn("user", "?\n"), Turn("assistant", text)))
        inner = Told(policy, ["no", "no", "2", "2"])
        [rollout] = Conditioned(inner, policy).sample([prompt], 1, Sampling())
        return inner.asked[0], rollout

    asked, rollout = begun("a\nb\n")
    assert asked == "<s>?\n[GOOD]\na\n[GOOD]\nb\n[GOOD]\n" and rollout.text == "2"
    assert shown(policy, rollout.ids) == asked + "2</s>" and sum(rollout.mask) == 2
    assert (rollout.prefix, rollout.solution) == ("a\nb\n", "a\nb\n2")
    asked, rollout = begun("a\nb\nIt is ")
    assert asked == "<s>?\n[GOOD]\na\n[GOOD]\nb\n[GOOD]\nIt is "
    assert (rollout.prefix, rollout.solution) == ("a\nb\nIt is ", "a\nb\nIt is 2")


def greedy(policy: Policy, text: str, longest: int) -> tuple[list[int], list[bool], list[float]]:
    """An independent decoder: a token at a time by plain forward passes, a tag after every line break."""
    tag = policy.encode_target("[GOOD]\n")[:-1]
    ids = [*policy.encode_prompt(ask(text)[0]), *tag]
    mask, logps = [False] * len(ids), [0.0] * len(ids)
    while sum(mask) < longest and ids[-1] != 2:
        with torch.no_grad():
            logp_V = policy.model(input_ids=torch.tensor([ids])).logits[0, -1].log_softmax(-1)
        ids.append(int(logp_V.argmax()))
        mask.append(True)
        logps.append(float(logp_V.max()))
        if "\n" in policy.decode([ids[-1]]) and sum(mask) < longest:
            ids, mask, logps = ids + tag, mask + [False] * len(tag), logps + [0.0] * len(tag)
    return ids, mask, logps


def test_the_local_engine_gives_what_decoding_token_by_token_gives(policy: Policy) -> None:
    texts = ["It has 12", "a", "the longer prompt of them all\n", "How many?\n", "x y z"]
    engine = engines.make_engine(LocalOptions(), policy)
    assert isinstance(engine, Conditioned) and isinstance(engine.engine, LocalEngine)
    found = {r.problem_id: r for r in engine.sample(ask(*texts), 1, Sampling(0.0, max_tokens=40))}
    tags = 0
    for i, text in enumerate(texts):
        ids, mask, logps = greedy(policy, text, 40)
        assert (found[f"p{i}"].ids, found[f"p{i}"].mask) == (ids, mask)
        assert found[f"p{i}"].logprobs == pytest.approx(logps, abs=1e-4)
        tags += sum(not turn.trained for turn in found[f"p{i}"].turns) - 2
    assert tags > 2  # else nothing was tested


def test_a_sample_depends_on_no_neighbour(policy: Policy) -> None:
    engine = engines.make_engine(LocalOptions(slots=3), policy)
    params = Sampling(1.0, max_tokens=30, seed=4, round=1)
    many = {(r.problem_id, r.index): r for r in engine.sample(ask("a", "b", "c"), 4, params)}
    assert len({r.text for r in many.values()}) > 6
    for rollout in engine.sample(ask("a", "b"), 2, params):
        assert rollout.ids == many[rollout.problem_id, rollout.index].ids


def test_a_policy_without_tags_is_sampled_as_ever(tmp_path: Path) -> None:
    plain = load(str(tiny.make(tmp_path / "plain")))
    assert isinstance(engines.make_engine(LocalOptions(), plain), LocalEngine)


def test_stop_strings_are_refused(policy: Policy) -> None:
    with pytest.raises(ValueError, match="without stop strings"):
        engines.make_engine(LocalOptions(), policy).sample(ask("a"), 1, Sampling(stop=("x",)))


def by_line(body: Body) -> Reply:
    """vLLM: a line and the break that stopped it, then the end."""
    tokenizer = fake_server.TOKENIZER
    first = tokenizer.decode(body["prompt"]).count("[GOOD]") == 1
    text = "It has 2" if first else "#### 2"
    ids = tokenizer(text + "\n" * first, add_special_tokens=False).input_ids + [2] * (not first)
    choice = {"index": 0, "text": text, "finish_reason": "stop", "stop_reason": "\n" if first else None}
    told = {"token_ids": ids, "logprobs": {"token_logprobs": [-0.5] * len(ids)}}
    return Reply({"choices": [choice | told], "usage": {"prompt_tokens": len(body["prompt"])}})


def test_a_server_is_asked_line_by_line() -> None:
    with Fake(by_line) as fake:
        inner = fake_server.engine(fake)
        return_tags.write_conditioning(inner.policy.model.config, Conditioning())
        [rollout] = Conditioned(inner, inner.policy).sample(ask("How many?\n"), 1, Sampling())
        assert rollout.text == "It has 2\n#### 2" and sampler_logprobs(rollout) == [
            -0.5 * m for m in rollout.mask
        ]
        assert [body["stop"] for body in fake.bodies] == [["\n"]] * 2


def test_a_server_that_does_not_say_what_ended_a_line_is_refused() -> None:
    with Fake(fake_server.transformers) as fake:
        inner = fake_server.engine(fake)
        return_tags.write_conditioning(inner.policy.model.config, Conditioning())
        with pytest.raises(ValueError, match="does not report whether a line or the whole answer ended"):
            list(Conditioned(inner, inner.policy).sample(ask("How many?\n"), 1, Sampling()))
