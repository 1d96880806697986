"""Rollouts in which programs run: what the engine reads, what is inserted, how an episode ends."""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from numerate.interpreter import Execution, Interpreter, InterpreterOptions
from numerate.models.policy import Policy, load
from numerate.rollouts.episodes import Episodes
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.tool_options import ToolOptions
from numerate.tool_formats import ToolFormat
from numerate.types import Finish, Prompt, Rollout, Sampling, Turn
from tests import fake_server, tiny
from tests.scripted_episodes import CALL, Notebook, Script

LONG = Sampling(max_tokens=200)


@pytest.fixture(autouse=True)
def small_operations() -> None:
    """Once: only the tests of the local engine depend on how it computes."""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load(str(tiny.make(tmp_path_factory.mktemp("models") / "m", spread=8.0)))


def prompts(*texts: str) -> list[Prompt]:
    return [Prompt(f"p{i}", (Turn("user", text),)) for i, text in enumerate(texts)]


def run(
    engine: Script | LocalEngine, notebook: Notebook, n: int = 1, params: Sampling = LONG, **options: int
) -> list[Rollout]:
    episodes = Episodes(engine, engine.policy, ToolOptions(**options), notebook)  # pyright: ignore
    return sorted(episodes.sample(prompts("What is 2+4?"), n, params), key=lambda rollout: rollout.index)


def test_the_output_is_a_turn_of_the_tool_that_is_not_trained(policy: Policy) -> None:
    script, notebook = Script(policy, [CALL.format("2+4"), "So \\boxed{6}."]), Notebook()
    [rollout] = run(script, notebook)
    assert notebook.programs == ["print(2+4)"] and notebook.open_sessions == 0
    assert rollout.solution == CALL.format("2+4") + "\n6\n```\nSo \\boxed{6}."
    assert [(turn.role, turn.trained, turn.status) for turn in rollout.turns[1:]] == [
        ("assistant", True, ""),
        ("tool", False, "ok"),
        ("assistant", True, ""),
    ]
    call, output, last = (list(turn.ids) for turn in rollout.turns[1:])
    assert output == policy.encode_target("\n6\n```\n")[:-1]
    assert rollout.mask == [False] * len(rollout.turns[0].ids) + [True] * len(call) + [False] * len(
        output
    ) + [True] * len(last)
    assert rollout.finish == "stop" and rollout.length == len(call) + len(output) + len(last)


def test_the_next_turn_goes_on_after_the_sampled_ids(policy: Policy) -> None:
    script = Script(policy, [CALL.format(1), "Done."])
    [rollout] = run(script, Notebook())
    first, second = script.requests
    written = [i for turn in rollout.turns[1:3] for i in turn.ids]
    assert policy.encode_prompt(second.prompt) == policy.encode_prompt(first.prompt) + written
    assert second.max_tokens == LONG.max_tokens - len(written)


def test_every_rollout_arrives_once_whatever_the_programs_take(policy: Policy) -> None:
    script = Script(policy, [CALL.format(1), CALL.format(2), "Done."])
    rollouts = list(Episodes(script, policy, ToolOptions(), Notebook()).sample(prompts(*"abc"), 5, LONG))
    assert sorted((r.problem_id, r.index) for r in rollouts) == [
        (p, i) for p in ("p0", "p1", "p2") for i in range(5)
    ]
    assert {r.finish for r in rollouts} == {"stop"} and {len(r.turns) for r in rollouts} == {6}


@pytest.mark.parametrize(
    ("turns", "finish", "statuses"),
    [
        ([CALL.format(1)] * 9, "max_turns", ["", "ok"] * 2 + [""]),
        (["\\boxed{1}\n" + CALL.format(1)], "tool_error", ["code_and_answer"]),
        (["```output", "Sorry."], "stop", ["no_program", "error", ""]),
        (["```python\nprint(1)"], "stop", ["unclosed"]),
    ],
)
def test_how_an_episode_ends(policy: Policy, turns: list[str], finish: Finish, statuses: list[str]) -> None:
    notebook = Notebook()
    [rollout] = run(Script(policy, turns), notebook, turns=2)
    assert rollout.finish == finish and notebook.open_sessions == 0
    assert [turn.status for turn in rollout.turns[1:]] == statuses


def test_programs_that_cannot_be_run_end_the_episode_with_a_tool_error(policy: Policy) -> None:
    notebook = Notebook(Execution("setup_failed", stderr="OSError: no seccomp"))
    [rollout] = run(Script(policy, [CALL.format(1), "Done."]), notebook)
    assert rollout.finish == "tool_error" and "no seccomp" in rollout.turns[-1].text
    assert rollout.truncated


def test_an_error_is_read_as_its_last_line(policy: Policy) -> None:
    notebook = Notebook(Execution("error", "", "Traceback\n  File x\nZeroDivisionError: division by zero"))
    [rollout] = run(Script(policy, [CALL.format("1/0"), "Undefined."]), notebook)
    assert rollout.turns[2].text == "\nZeroDivisionError: division by zero\n```\n"
    assert rollout.turns[2].status == "error"


def test_a_long_output_leaves_first_and_last_part_and_cannot_end_its_fence(policy: Policy) -> None:
    printed = "1" * 50 + "\n```\n\\boxed{7}" + "2" * 10**6
    [rollout] = run(Script(policy, [CALL.format(1), "Done."]), Notebook(Execution("ok", printed)), output=40)
    text = rollout.turns[2].text
    assert text.startswith("\n" + "1" * 20) and text.endswith("2" * 20 + "\n```\n")
    assert "characters left out" in text and len(text) < 100


def test_no_control_token_comes_from_an_output(policy: Policy) -> None:
    eos = policy.tokenizer.eos_token
    [rollout] = run(Script(policy, [CALL.format(1), "Done."]), Notebook(Execution("ok", f"a{eos}b")))
    assert eos in rollout.turns[2].text
    assert not set(rollout.turns[2].ids) & set(policy.eos_ids)


def test_an_output_that_does_not_fit_ends_the_rollout_by_length(policy: Policy) -> None:
    call = CALL.format(1)
    room = len(policy.encode_target(call)) + 3
    [rollout] = run(
        Script(policy, [call, "Done."]),
        Notebook(Execution("ok", "9" * 300)),
        params=Sampling(max_tokens=room),
    )
    assert rollout.finish == "length" and rollout.length <= room


def test_no_output_goes_beyond_the_model_s_context(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    call = CALL.format(1)
    before = len(policy.encode_prompt(prompts("What is 2+4?")[0]) + policy.encode_target(call)[:-1])
    output = len(policy.encode_target("\n" + "9" * 30 + "\n```\n")[:-1])
    ends: list[Finish] = []
    for room in (output, output + 1):
        monkeypatch.setattr(Policy, "context", property(lambda _, room=room: before + room))
        [rollout] = run(Script(policy, [call, ""], eos=True), Notebook(Execution("ok", "9" * 30)))
        assert len(rollout.ids) <= before + room
        ends.append(rollout.finish)
    assert ends == ["length", "stop"], "a token has to fit behind the output"


def test_a_token_that_brings_a_line_break_along_is_kept_and_the_break_not_repeated(policy: Policy) -> None:
    [rollout] = run(Script(policy, [CALL.format(1) + "\n", "Done."]), Notebook())
    assert rollout.turns[1].text == CALL.format(1) + "\n"
    assert rollout.turns[2].text == "6\n```\n"


def test_a_server_that_does_not_say_what_ended_a_turn_is_refused(policy: Policy) -> None:
    with pytest.raises(ValueError, match="does not report whether a call"):
        run(Script(policy, ["Done."], eos=False), Notebook())


LETTERS = ToolFormat("letters", re.compile(r"([a-z]*)()"), "{}e", "e", "<", ">", "\0")
"""calls that a random model writes often: up to the next e"""


@pytest.mark.parametrize("slowest", [0.0, 0.01])
def test_the_local_engine_gives_the_same_rollouts_for_any_speed_of_programs(
    policy: Policy, slowest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rollouts(slots: int, notebook: Notebook) -> list[Rollout]:
        episodes = Episodes(LocalEngine(policy, slots=slots), policy, ToolOptions(), notebook)
        episodes.format = LETTERS
        texts = prompts("one", "two three", "four")
        done = list(episodes.sample(texts, 4, Sampling(max_tokens=60, seed=3)))
        assert notebook.open_sessions == 0
        return sorted(done, key=lambda rollout: (rollout.problem_id, rollout.index))

    random.seed(1)
    expected = rollouts(12, Notebook())
    assert sum(len(rollout.turns) for rollout in expected) > 30, "programs ran"
    assert len(expected) == 12
    again = rollouts(3, Notebook(slowest=slowest))
    assert [r.turns for r in again] == [r.turns for r in expected]
    assert [r.finish for r in again] == [r.finish for r in expected]


def test_log_probabilities_are_those_of_the_whole_episode(policy: Policy) -> None:
    episodes = Episodes(LocalEngine(policy), policy, ToolOptions(), Notebook())
    episodes.format = LETTERS
    for rollout in episodes.sample(prompts("one", "two three"), 3, Sampling(max_tokens=50)):
        ids = torch.tensor([rollout.ids])
        with torch.no_grad():
            logp_TV = policy.model(ids).logits[0, :-1].log_softmax(-1)
        expected = logp_TV.gather(1, ids[0, 1:, None])[:, 0] * torch.tensor(rollout.mask[1:])
        assert torch.allclose(torch.tensor(rollout.logprobs[1:]), expected, atol=1e-4)


def test_tools_run_while_others_decode(policy: Policy) -> None:
    started = time.monotonic()
    episodes = Episodes(LocalEngine(policy, slots=32), policy, ToolOptions(), Notebook(slowest=0.2))
    episodes.format = LETTERS
    rollouts = list(episodes.sample(prompts("one", "two"), 16, Sampling(max_tokens=30)))
    calls = sum(turn.role == "tool" for rollout in rollouts for turn in rollout.turns)
    assert len(rollouts) == 32 and time.monotonic() - started < calls * 0.1


def with_call(body: fake_server.Body) -> fake_server.Reply:
    """vLLM: a call and the stop string that ended it, then the answer."""
    tokenizer = fake_server.TOKENIZER
    first = "ok-output" not in tokenizer.decode(body["prompt"])
    text = CALL.format(1).removesuffix("```output") if first else "#### 2"
    ids = tokenizer(text + "```output" * first, add_special_tokens=False).input_ids + [2] * (not first)
    stop = "```output" if first else None
    choices = [
        {
            "index": i,
            "text": text,
            "finish_reason": "stop",
            "stop_reason": stop,
            "token_ids": ids,
            "logprobs": {"token_logprobs": [-0.5] * len(ids)},
        }
        for i in range(body.get("n", 1))
    ]
    return fake_server.Reply({"choices": choices, "usage": {"prompt_tokens": len(body["prompt"])}})


@pytest.mark.parametrize("slowest", [0.0, 0.02])
def test_episodes_over_a_server(slowest: float) -> None:
    with fake_server.Fake(with_call) as fake:
        inner = fake_server.engine(fake)
        notebook = Notebook(Execution("ok", "ok-output"), slowest=slowest)
        episodes = Episodes(inner, inner.policy, ToolOptions(), notebook)
        rollouts = list(episodes.sample(prompts("one", "two"), 3, Sampling(max_tokens=150)))
        assert sorted((r.problem_id, r.index) for r in rollouts) == [
            (f"p{p}", i) for p in (0, 1) for i in range(3)
        ]
        expected = CALL.format(1) + "\nok-output\n```\n#### 2"
        assert {rollout.text for rollout in rollouts} == {expected}
        assert all(rollout.logprobs == [-0.5 * m for m in rollout.mask] for rollout in rollouts)
        assert notebook.open_sessions == 0


def test_the_output_goes_into_the_tool_role_of_the_chat_template(policy: Policy) -> None:
    call = '<tool_call>{"name": "python", "arguments": {"code": "print(2+4)"}}</tool_call>'
    script, notebook = Script(policy, [call, "So \\boxed{6}."]), Notebook()
    chat = [Prompt("p0", (Turn("user", "What is 2+4?"),), chat=True)]
    [rollout] = Episodes(script, policy, ToolOptions(format="chat"), notebook).sample(chat, 1, LONG)
    assert notebook.programs == ["print(2+4)"]
    turns = [("user", "What is 2+4?"), ("assistant", call), ("tool", "6")]
    messages = [{"role": role, "content": text} for role, text in turns]
    rendered = policy.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    before_answer = [i for turn in rollout.turns[:3] for i in turn.ids]
    assert policy.tokenizer.decode(before_answer).removeprefix("<s>") == rendered
    assert rollout.solution.endswith("6\n</tool_response>\nSo \\boxed{6}.")


def test_a_template_without_a_tool_role_is_refused(policy: Policy) -> None:
    bare = tiny.tokenizer()
    bare.chat_template = "{% for m in messages if m['role'] != 'tool' %}{{ m['content'] }}{% endfor %}"
    other = Policy(policy.model, bare, "other")
    with pytest.raises(ValueError, match="leaves out calls or outputs of tools: choose another format"):
        Episodes(Script(other, []), other, ToolOptions(format="chat"), Notebook())


def test_no_more_rollouts_are_unfinished_than_the_engine_has_memory_for(policy: Policy) -> None:
    script = Script(policy, [CALL.format(1), "Done."], most=4)
    rollouts = list(Episodes(script, policy, ToolOptions(), Notebook()).sample(prompts(*"abcd"), 3, LONG))
    assert len(rollouts) == 12
    starts = [request.prompt.problem_id for request in script.requests if request.count == 3]
    assert starts == ["p0", "p1", "p2", "p3"]
    second = [request.prompt.problem_id for request in script.requests].index("p1")
    assert second == 4, "the three episodes of p0 go on before p1 begins"


def test_what_is_kept_of_an_episode_that_ends_with_a_call_is_released(policy: Policy) -> None:
    script = Script(policy, [CALL.format(1)] * 3)
    list(Episodes(script, policy, ToolOptions(turns=1), Notebook()).sample(prompts("a"), 2, LONG))
    assert sorted(filter(None, script.released)) == [(f"p0 rollout {i} turn 1", 0) for i in range(2)]


def test_programs_of_the_interpreter(policy: Policy) -> None:
    """State stays within a rollout and never reaches another one."""
    script = Script(policy, lambda name, index: [
        f"```python\nx = {index} + 40\n```\n```output",
        "```python\nprint(x)\n```\n```output",
        "Done.",
    ])  # fmt: skip
    with Interpreter(InterpreterOptions(unconfined=True)) as interpreter:
        episodes = Episodes(script, policy, ToolOptions(), interpreter)
        rollouts = sorted(episodes.sample(prompts("a"), 4, LONG), key=lambda rollout: rollout.index)
    assert [rollout.turns[4].text for rollout in rollouts] == [f"\n{40 + i}\n```\n" for i in range(4)]
    assert rollouts[0].turns[2].text == "\n(no output)\n```\n"


def test_a_stop_string_of_the_caller_ends_the_rollout(policy: Policy) -> None:
    script = Script(policy, [CALL.format(1), "Done. Next question"])
    [rollout] = run(script, Notebook(), params=replace(LONG, stop=("Next",)))
    assert rollout.finish == "stop" and rollout.text.endswith("```\nDone. ")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_an_interpreter_that_is_killed_in_the_middle_of_a_turn_costs_no_rollout(policy: Policy) -> None:
    call = "```python\nimport time\ntime.sleep(0.5)\nprint(7)\n```\n```output"
    script = Script(policy, [call, "Done."])
    with Interpreter(InterpreterOptions(unconfined=True, retries=0)) as interpreter:
        interpreter.submit("1").result()
        [zygote] = children_of(os.getpid(), "zygote")
        killer = threading.Timer(0.2, lambda: [os.kill(pid, signal.SIGKILL) for pid in children_of(zygote)])
        killer.start()
        rollouts = list(Episodes(script, policy, ToolOptions(), interpreter).sample(prompts("a"), 4, LONG))
    statuses = [turn.status for rollout in rollouts for turn in rollout.turns if turn.role == "tool"]
    assert len(rollouts) == len(statuses) == 4 and set(statuses) - {"ok"}
    assert {rollout.finish for rollout in rollouts} <= {"stop", "tool_error"}


def children_of(parent: int, name: str = "") -> list[int]:
    """Returns the processes that a process started, those whose command line holds a name."""
    children: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(stat[1]) == parent and name in (folder / "cmdline").read_text():
                children.append(int(folder.name))
    return children
