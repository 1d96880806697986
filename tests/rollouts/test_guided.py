"""Value-guided sampling: steps, beams, programs, and what the solutions depend on."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import pytest
import torch

from numerate import kernels
from numerate.interpreter import Execution
from numerate.judges.oracle import Oracle
from numerate.models.policy import Policy, load
from numerate.problems import load as load_problems
from numerate.prompts import render
from numerate.rewards.correct import score_rollout
from numerate.rollouts.episodes import Episodes
from numerate.rollouts.guided import Guided, SearchResult, Value
from numerate.rollouts.guided_options import GuidedOptions
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.sample_request import SampleRequest
from numerate.rollouts.tool_options import ToolOptions
from numerate.tool_formats import ToolFormat
from numerate.types import Finish, Problem, Prompt, Rollout, Sampling, Turn
from tests import fake_server, tiny
from tests.scripted_episodes import Notebook

PROBLEM = Problem("p", "What is 2+4?", "6")
LONG = Sampling(max_tokens=400)
CALL = "```python\nprint(2+4)\n```\n```output"


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Once: only the tests of the local engine depend on how it computes."""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load(str(tiny.make(tmp_path_factory.mktemp("models") / "m", spread=8.0)))


@pytest.fixture(scope="module")
def pico() -> Policy:
    return load("numerate/pico")


class Words:
    """An engine that continues a text by one of several words: sample i of a request by the i-th, in turn."""

    def __init__(self, policy: Policy, following: Callable[[str], Sequence[str]], ends: Finish = "stop"):
        self.policy, self.following = policy, following
        self.ends: Finish = ends
        self.requests: list[SampleRequest] = []

    def sync(self, policy: Policy) -> None: ...

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        raise AssertionError("guided sampling is streamed")

    def most_unfinished(self, params: Sampling) -> None: ...

    def stream(
        self, requests: Iterable[SampleRequest | None], params: Sampling, resumable: bool = False
    ) -> Iterator[Rollout]:
        for request in requests:
            assert request is not None, "nothing runs here between two requests"
            if request.count:
                self.requests.append(request)
            for index in range(request.first, request.stop):
                yield self.write(request, index, params)

    def write(self, request: SampleRequest, index: int, params: Sampling) -> Rollout:
        prompt = request.prompt
        written = "".join(turn.text for turn in prompt.turns if turn.role == "assistant")
        words = self.following(written)
        text = words[index % len(words)]
        ids = self.policy.encode_target(text)
        ended = [text.find(stop) for stop in params.stop if stop in text]
        if ended:  # up to and with the stop string, as an engine does
            stop = next(stop for stop in params.stop if text.find(stop) == min(ended))
            text = text[: min(ended)]
            ids = self.policy.encode_target(text + stop)[:-1]
        start = replace(prompt.turns[-1], ids=tuple(self.policy.encode_prompt(prompt)))
        turn = Turn("assistant", text, tuple(ids), (-0.5,) * len(ids), trained=True)
        finish: Finish = self.ends if not ended else "stop"
        return Rollout(prompt.problem_id, index, (*prompt.turns[:-1], start, turn), finish, policy="w")


def search(
    engine: Words | LocalEngine, value: Value, beams: int = 2, candidates: int = 2, **tools: Notebook
) -> SearchResult:
    options = GuidedOptions("oracle", beams, candidates)
    episodes = Episodes(engine, engine.policy, ToolOptions(turns=2), tools["notebook"]) if tools else None
    guided = Guided(engine, engine.policy, options, value, episodes)
    [result] = guided.search([(PROBLEM, Prompt("p", (Turn("user", "What is 2+4?\n"),)))], LONG)
    return result


def constant(problem: Problem, texts: Sequence[str]) -> list[float]:
    return [0.5] * len(texts)


def digits(problem: Problem, texts: Sequence[str]) -> list[float]:
    """The last digit of a text, in tenths."""
    return [int(next(c for c in reversed(text) if c.isdigit())) / 10 for text in texts]


def test_the_best_partial_solutions_are_extended(policy: Policy) -> None:
    following = {"": ["1\n", "3\n", "2\n"], "3\n": ["3 4", "3 5"], "2\n": ["2 9", "2 6"]}
    engine = Words(policy, lambda text: following[text])
    result = search(engine, digits, beams=2, candidates=2)
    # 4 first steps, 1 3 2 1: the beams are 3 and 2; of their 2 steps each, 9 and 6 are the best
    assert [request.count for request in engine.requests] == [4, 2, 2]
    assert [rollout.solution for rollout in result.rollouts] == ["2\n2 9", "2\n2 6"]
    assert result.values == (0.9, 0.6)
    assert [step.score for step in result.rollouts[0].steps] == [0.2, 0.9]
    assert [step.text for step in result.rollouts[0].steps] == ["2", "2 9"]
    assert {rollout.finish for rollout in result.rollouts} == {"stop"}


def test_sampled_tokens_are_counted_with_those_of_dropped_candidates(policy: Policy) -> None:
    following = {"": ["1\n", "3\n"], "3\n": ["4"], "1\n": ["5"]}
    result = search(Words(policy, lambda text: following[text]), digits, beams=1, candidates=2)
    first, last = len(policy.encode_target("1\n")) - 1, len(policy.encode_target("4"))
    assert result.tokens == 2 * first + 2 * last
    [rollout] = result.rollouts
    assert sum(rollout.mask) == first + last
    assert rollout.ids == [
        *policy.encode_prompt(Prompt("p", (Turn("user", "What is 2+4?\n"),))),
        *policy.encode_target("3\n")[:-1],
        *policy.encode_target("4"),
    ]


def test_a_complete_solution_keeps_its_beam_and_answers_where_its_value_is_highest(policy: Policy) -> None:
    following = {"": ["7", "8\n"], "8\n": ["1\n", "2\n"], "8\n1\n": ["1"], "8\n2\n": ["2"]}
    result = search(Words(policy, lambda text: following[text]), digits, beams=2, candidates=1)
    assert [rollout.solution for rollout in result.rollouts] == ["7", "8\n1\n1"]
    # one beam is complete, so the other gets one candidate a step: "8\n1\n", never "8\n2\n"


def test_equal_steps_do_not_fill_the_beams(policy: Policy) -> None:
    following = {"": ["3\n", "3\n", "3\n", "1\n"], "3\n": ["2"], "1\n": ["1"]}
    result = search(Words(policy, lambda text: following[text]), digits, beams=2, candidates=2)
    assert [rollout.solution for rollout in result.rollouts] == ["3\n2", "1\n1"]


def test_a_truncated_solution_is_chosen_only_where_there_is_no_other(policy: Policy) -> None:
    result = search(Words(policy, lambda text: ["9"], ends="length"), digits)
    assert [rollout.finish for rollout in result.rollouts] == ["length"]


@pytest.mark.parametrize(
    ("parts", "steps"),
    [
        (["a 1\n", "\n", "b 2"], ["a 1", "b 2"]),
        (["```python\n", "x = 1\n", "```\n", "b 2"], ["```python\nx = 1\n```", "b 2"]),
    ],
)
def test_a_step_never_ends_in_a_fence_or_after_blanks(
    policy: Policy, parts: list[str], steps: list[str]
) -> None:
    texts = ["".join(parts[:i]) for i in range(len(parts))]
    engine = Words(policy, lambda text: [parts[texts.index(text)]])
    result = search(engine, constant, beams=1, candidates=1)
    assert [step.text for step in result.rollouts[0].steps] == steps
    assert result.rollouts[0].solution == "".join(parts)


def test_a_program_and_its_output_are_one_step(policy: Policy) -> None:
    notebook, seen = Notebook(), list[str]()

    def value(problem: Problem, texts: Sequence[str]) -> list[float]:
        seen.extend(texts)
        return [0.5] * len(texts)

    written = f"{CALL}\n6\n```\n"

    def following(text: str) -> list[str]:
        if text.endswith("6\n```\n"):
            return ["So \\boxed{6}."]
        return [f"{CALL}\n\\boxed{{5}}"[len(text) :]]

    result = search(Words(policy, following), value, beams=1, candidates=2, notebook=notebook)
    assert list(dict.fromkeys(seen)) == [written, f"{written}So \\boxed{{6}}."]
    [rollout] = result.rollouts
    assert [(t.role, t.trained, t.status) for t in rollout.turns[1:]] == [
        ("assistant", True, ""),
        ("tool", False, "ok"),
        ("assistant", True, ""),
    ]
    assert rollout.turns[1].text == CALL and rollout.finish == "stop"
    assert notebook.open_sessions == 0


def test_a_second_program_runs_after_the_first_in_a_session_of_its_own(policy: Policy) -> None:
    notebook = Notebook()
    result = search(
        Words(policy, lambda text: [(CALL + "\n")[len(text.rpartition("6\n```\n")[2]) :]]),
        constant,
        beams=1,
        candidates=1,
        notebook=notebook,
    )
    assert result.rollouts[0].finish == "max_turns"
    assert notebook.programs == ["print(2+4)"] * 3 and notebook.open_sessions == 0


def line_by_line(body: fake_server.Body) -> fake_server.Reply:
    """vLLM: a line and the break that ended it, then the answer."""
    tokenizer = fake_server.TOKENIZER
    first = "a 1" not in tokenizer.decode(body["prompt"])
    assert body["stop"] == ["\n"]
    ids = tokenizer("a 1\n" if first else "#### 2", add_special_tokens=False).input_ids + [2] * (not first)
    choice = {
        "text": "a 1" if first else "#### 2",
        "finish_reason": "stop",
        "stop_reason": "\n" if first else None,
        "token_ids": ids,
        "logprobs": {"token_logprobs": [-0.5] * len(ids)},
    }
    choices = [choice | {"index": i} for i in range(body.get("n", 1))]
    return fake_server.Reply({"choices": choices, "usage": {"prompt_tokens": len(body["prompt"])}})


def test_a_server_is_guided_too() -> None:
    with fake_server.Fake(line_by_line) as fake:
        engine = fake_server.engine(fake)
        guided = Guided(engine, engine.policy, GuidedOptions("oracle", 2, 2), constant)
        [result] = guided.search([(PROBLEM, Prompt("p", (Turn("user", "What?\n"),)))], LONG)
    [rollout] = result.rollouts
    assert rollout.text == "a 1\n#### 2" and rollout.finish == "stop"
    assert rollout.logprobs == [-0.5 * m for m in rollout.mask]


LETTERS = ToolFormat("letters", re.compile(r"([a-z]*)()"), "{}e", "e", "<", ">", "\0")
"""calls that a random model writes often: up to the next e"""


def by_text(problem: Problem, texts: Sequence[str]) -> list[float]:
    return [zlib.crc32(text.encode()) / 2**32 for text in texts]


def with_letters(policy: Policy, slots: int, notebook: Notebook) -> dict[str, SearchResult]:
    engine = LocalEngine(policy, slots=slots)
    episodes = Episodes(engine, policy, ToolOptions(), notebook)
    episodes.format = LETTERS
    guided = Guided(engine, policy, GuidedOptions("oracle", 2, 3), by_text, episodes)
    texts = [(Problem(name, name, ""), Prompt(name, (Turn("user", name),))) for name in ("one", "two", "six")]
    results = {r.problem.id: r for r in guided.search(texts, Sampling(max_tokens=50, seed=3))}
    assert notebook.open_sessions == 0
    return results


def test_neither_slots_nor_the_speed_of_programs_change_a_solution(policy: Policy) -> None:
    expected = with_letters(policy, 32, Notebook())
    outputs = [
        t for r in expected.values() for rollout in r.rollouts for t in rollout.turns if t.role == "tool"
    ]
    assert len(outputs) > 3, "programs ran"
    assert with_letters(policy, 2, Notebook(slowest=0.01)) == expected


def whole_logprobs(policy: Policy, rollout: Rollout) -> list[float]:
    """Log-probabilities of the sampled tokens from one forward pass."""
    ids = torch.tensor([rollout.ids])
    with torch.no_grad():
        logp_TV = policy.model(ids).logits[0, :-1].log_softmax(-1)
    return [0.0, *(logp_TV.gather(1, ids[0, 1:, None])[:, 0] * torch.tensor(rollout.mask[1:])).tolist()]


def test_log_probabilities_are_those_of_the_whole_solution(policy: Policy) -> None:
    for result in with_letters(policy, 32, Notebook()).values():
        for rollout in result.rollouts:
            assert rollout.logprobs == pytest.approx(whole_logprobs(policy, rollout), abs=1e-4)


def test_programs_that_cannot_run_end_a_solution_and_a_search_that_is_dropped_closes_sessions(
    policy: Policy,
) -> None:
    notebook = Notebook(Execution("setup_failed", stderr="OSError: no seccomp"))
    engine = Words(policy, lambda text: [(CALL + "\n")[len(text) :]])
    result = search(engine, constant, notebook=notebook)
    assert {rollout.finish for rollout in result.rollouts} == {"tool_error"}

    def failing(problem: Problem, texts: Sequence[str]) -> list[float]:
        raise KeyboardInterrupt

    notebook = Notebook()
    with pytest.raises(KeyboardInterrupt):
        search(Words(policy, lambda text: [(CALL + "\n")[len(text) :]]), failing, notebook=notebook)
    assert notebook.open_sessions == 0


def test_a_line_break_before_the_end_is_no_step(policy: Policy) -> None:
    following = {"": ["a 1\n"], "a 1\n": ["#### 1\n"], "a 1\n#### 1\n": [""]}
    result = search(Words(policy, lambda text: following[text]), constant, beams=1, candidates=1)
    assert [step.text for step in result.rollouts[0].steps] == ["a 1", "#### 1"]
    assert result.rollouts[0].finish == "stop"


def pairs(limit: int) -> list[tuple[Problem, Prompt]]:
    return [(p, render(p, "plain")) for p in load_problems("stories/test", limit=limit)]


def guided_texts(engine: LocalEngine, value: Value, beams: int, candidates: int) -> dict[str, str]:
    guided = Guided(engine, engine.policy, GuidedOptions("oracle", beams, candidates), value)
    params = Sampling(1.0, max_tokens=96)
    return {r.problem.id: r.rollouts[0].solution for r in guided.search(pairs(16), params)}


def test_with_a_constant_value_the_answer_is_that_of_one_beam_and_candidate(pico: Policy) -> None:
    one = guided_texts(LocalEngine(pico), constant, 1, 1)
    assert guided_texts(LocalEngine(pico), constant, 3, 2) == one


def test_greedy_steps_make_the_greedy_solution(pico: Policy) -> None:
    engine, params = LocalEngine(pico), Sampling(0.0, max_tokens=96)
    guided = Guided(engine, pico, GuidedOptions("oracle", 2, 2), constant)
    results = {r.problem.id: r.rollouts for r in guided.search(pairs(16), params)}
    for rollout in engine.sample([prompt for _, prompt in pairs(16)], 1, params):
        [same] = results[rollout.problem_id]
        assert same.solution == rollout.solution and same.ids == rollout.ids
        assert same.finish == rollout.finish


@pytest.mark.parametrize("compiled", [True, False])
def test_a_step_that_is_sampled_in_parts_has_the_keys_and_values_of_all_of_them(
    policy: Policy, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the compiled functions and with torch alone, whatever the number of slots."""
    if not compiled:
        monkeypatch.setattr(kernels, "compiled_library", lambda: None)
    monkeypatch.setattr("numerate.rollouts.guided.STEP_END", "e")
    monkeypatch.setattr("numerate.rollouts.guided.ends_step", lambda *_: False)
    texts = [(Problem(name, name, ""), Prompt(name, (Turn("user", name),))) for name in ("one", "two", "six")]

    def solutions(slots: int) -> dict[str, tuple[Rollout, ...]]:
        guided = Guided(LocalEngine(policy, slots=slots), policy, GuidedOptions("oracle", 4, 1), constant)
        return {r.problem.id: r.rollouts for r in guided.search(texts, Sampling(max_tokens=150))}

    expected = solutions(16)
    rollouts = [rollout for each in expected.values() for rollout in each]
    assert sum(rollout.text.count("e") for rollout in rollouts) > 4, "there were parts"
    for rollout in rollouts:
        assert rollout.logprobs == pytest.approx(whole_logprobs(policy, rollout), abs=1e-4)
    again = [rollout for each in solutions(3).values() for rollout in each]
    assert sorted(rollout.ids for rollout in again) == sorted(rollout.ids for rollout in rollouts)


def test_a_perfect_value_raises_the_accuracy_and_slots_change_nothing(pico: Policy) -> None:
    oracle = Oracle()

    def value(problem: Problem, texts: Sequence[str]) -> list[float]:
        return [float(oracle.judge(problem, text).reachable[-1:] != (False,)) for text in texts]

    def accuracy(texts: dict[str, str]) -> float:
        by_id = {problem.id: problem for problem, _ in pairs(16)}
        rollouts = [Rollout(i, 0, (Turn("assistant", text, trained=True),)) for i, text in texts.items()]
        return sum(score_rollout(by_id[r.problem_id], r).reward.value or 0.0 for r in rollouts) / 16

    guided = guided_texts(LocalEngine(pico), value, 4, 4)
    assert accuracy(guided) >= accuracy(guided_texts(LocalEngine(pico), constant, 1, 1)) + 0.3
    assert guided_texts(LocalEngine(pico, slots=5), value, 4, 4) == guided
