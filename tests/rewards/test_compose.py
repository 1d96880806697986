"""Rewards by dotted path: what is called, with what, and what its numbers become."""

from __future__ import annotations

import asyncio
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from numerate.rewards.compose import Rewards, Weighted, check_rewards, column_table
from numerate.types import Problem, Reward, Rollout, Scored, Turn

HERE = "tests.rewards.test_compose"
SUM = Problem("a", "1+1?", "2", meta={"level": 3})
PRODUCT = Problem("b", "2*3?", "6", meta={"topic": "products"})
seen: dict[str, Any] = {}


def length(completions: list[str], **columns: Any) -> list[float]:
    seen.update(columns, completions=completions)
    return [float(len(text)) for text in completions]


def narrow(prompts: list[str], completions: list[str], answer: list[str], level: list[Any]) -> list[float]:
    seen.update(prompts=prompts, answer=answer, level=level)
    return [1.0] * len(completions)


async def slow(completions: list[str]) -> list[float | None]:
    await asyncio.sleep(0)
    return [0.5] * len(completions)


def only_products(topic: list[str | None], completions: list[str]) -> list[float | None]:
    """Does not apply to anything else."""
    return [1.0 if one == "products" else None for one in topic]


def sometimes(completions: list[str]) -> list[float | None]:
    """A judge that fails on what it cannot read."""
    return [None if text == "?" else 1.0 for text in completions]


def wants_more(completions: list[str], ground_truth: list[str]) -> list[float]:
    return []


def by_place(completions: list[str], /) -> list[float]:
    return []


def too_few(completions: list[str]) -> list[float]:
    return [1.0]


def not_a_number(completions: list[str]) -> list[float]:
    return [math.nan] * len(completions)


def word(completions: list[str]) -> Any:
    return ["good"] * len(completions)


def nothing(completions: list[str]) -> Any:
    return None


def attempt(problem: Problem, text: str, correct: float) -> Scored:
    asked = Turn("user", problem.question, (1,))
    said = Turn("assistant", text, (7, 8), (-1.0, -1.0), trained=True)
    return Scored(Rollout(problem.id, 0, (asked, said)), Reward(correct, {"correct": correct}))


PROBLEMS = [SUM, SUM, PRODUCT, PRODUCT]
ATTEMPTS = [
    attempt(SUM, "2", 1.0),
    attempt(SUM, "?", 0.0),
    attempt(PRODUCT, "6", 1.0),
    attempt(PRODUCT, "66", 0.0),
]


def values(*given: Any) -> list[float | None]:
    return [scored.reward.value for scored in Rewards(given, "plain")(PROBLEMS, ATTEMPTS)]


def test_the_ids_of_a_completion_are_those_that_max_tokens_counts() -> None:
    """Also what a calculator wrote; not the prompt, nor what was given of the solution."""
    turns = (
        Turn("user", "?", (1,)),
        Turn("assistant", "given\n", (2, 2)),
        Turn("assistant", "<<1+1=", (7, 8), trained=True),
        Turn("assistant", "2>>", (9,)),
        Turn("assistant", "2", (7,), trained=True),
    )
    scored = Scored(Rollout(SUM.id, 0, turns), Reward(1.0, {"correct": 1.0}))
    columns = column_table([SUM], [scored], "plain")
    assert columns["completion_ids"] == [[7, 8, 9, 7]]
    assert columns["completions"] == ["given\n<<1+1=2>>2"]


def test_correct_alone_is_the_grade() -> None:
    assert values("correct") == [1, 0, 1, 0]


def test_a_weighted_sum_and_its_parts() -> None:
    """correct + 1/10 of the length; both stay visible."""
    given = ("correct", Weighted(f"{HERE}.length", 0.1))
    assert values(*given) == pytest.approx([1.1, 0.1, 1.1, 0.2])
    last = Rewards(given, "plain")(PROBLEMS, ATTEMPTS)[-1].reward
    assert last.parts == {"correct": 0.0, f"{HERE}.length": 2.0}


def test_correct_is_kept_where_it_is_not_paid() -> None:
    scored = Rewards((f"{HERE}.length",), "plain")(PROBLEMS, ATTEMPTS)
    assert [s.reward.parts["correct"] for s in scored] == [1, 0, 1, 0]
    assert [s.reward.value for s in scored] == [1, 1, 1, 2]


def test_async_functions_are_waited_for_also_inside_a_running_loop() -> None:
    assert values(f"{HERE}.slow") == [0.5] * 4

    async def notebook() -> list[float | None]:
        return values(f"{HERE}.slow")

    assert asyncio.run(notebook()) == [0.5] * 4


def test_functions_are_given_what_they_name() -> None:
    values(f"{HERE}.narrow")
    assert seen["prompts"] == ["1+1?\n"] * 2 + ["2*3?\n"] * 2
    assert seen["answer"] == ["2", "2", "6", "6"] and seen["level"] == [3, 3, None, None]
    values(f"{HERE}.length")
    assert seen["completions"] == ["2", "?", "6", "66"] and seen["completion_ids"] == [[7, 8]] * 4
    assert seen["problem_id"] == ["a", "a", "b", "b"] and seen["question"][0] == "1+1?"


def test_none_is_never_0() -> None:
    """What fails on one attempt leaves that attempt without a reward."""
    assert values("correct", f"{HERE}.sometimes") == [2, None, 2, 1]


def test_what_does_not_apply_to_a_problem_is_no_part_of_its_sum() -> None:
    assert values("correct", f"{HERE}.only_products") == [1, 0, 2, 1]
    assert values(f"{HERE}.only_products") == [None, None, 1, 1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("too_few", "returned 1 numbers for 4 rollouts"),
        ("not_a_number", "not finite, at problem 'a': return None"),
        ("word", "could not convert string to float: 'good'"),
        ("nothing", "returned NoneType for 4 rollouts"),
    ],
)
def test_answers_that_are_none_are_refused(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        values(f"{HERE}.{name}")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("korrekt", "write `correct`, or a function as package.module.function"),
        ("no_such_package.f", "importing no_such_package failed: ModuleNotFoundError"),
        (f"{HERE}.lenght", "has no function 'lenght'"),
        (f"{HERE}.SUM", "has no function 'SUM'"),
        (f"{HERE}.wants_more", "it needs 'ground_truth', and the arguments are: answer, completion_ids"),
        (f"{HERE}.by_place", "arguments are passed by name"),
        ("../etc.f", "package.module.function"),
    ],
)
def test_a_mistake_is_found_before_anything_runs(path: str, said: str) -> None:
    [found] = check_rewards((path,), trusted=["no_such_package"])
    assert said in found and repr(path) in found


def test_checks_know_the_problems_own_columns() -> None:
    assert check_rewards(("correct", f"{HERE}.length")) == []
    assert check_rewards((f"{HERE}.narrow",), meta=["level"]) == []
    assert "needs 'level'" in check_rewards((f"{HERE}.narrow",))[0]
    assert check_rewards(()) and "is named twice" in check_rewards(("correct", Weighted("correct", 2.0)))[0]


def test_a_module_in_the_current_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "def brief(completions):\n    return [0.25 for _ in completions]\n"
    (tmp_path / "rewards_of_mine.py").write_text(source)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NUMERATE_TRUST", "rewards_of_mine,broken_rewards")
    assert check_rewards(("rewards_of_mine.brief",)) == []
    assert values("rewards_of_mine.brief") == [0.25] * 4
    (tmp_path / "broken_rewards.py").write_text("1 / 0\n")
    assert "importing broken_rewards failed: ZeroDivisionError" in check_rewards(("broken_rewards.f",))[0]


def of_messages(completions: Any) -> list[float]:
    """As TRL's own rewards for chats are written."""
    return [float(len(messages[0]["content"])) for messages in completions]


def of_asserted_messages(completions: Any) -> list[float]:
    assert all(isinstance(messages, list) for messages in completions)
    return [float(len(messages[0]["content"])) for messages in completions]


def of_prompts(prompts: Any, completions: Any) -> list[float]:
    return [
        float("1+1" in p[-1].get("content")) + len(c[0].get("content"))
        for p, c in zip(prompts, completions, strict=True)
    ]


calls: list[Any] = []


def of_both(completions: Any, answer: list[str]) -> list[float]:
    """Takes texts, and fails at one answer, for a reason of its own."""
    calls.append(completions)
    return [float(len(text)) + {"2": 1}[right] for text, right in zip(completions, answer, strict=True)]


def breaks_at_a_product(completions: Any, problem_id: list[str]) -> list[float]:
    return [1 / (name != "b") for name in problem_id]


def unreachable(completions: Any) -> list[float]:
    calls.append(completions)
    raise ConnectionError("HTTP 503\nfrom the service")


async def late(completions: Any) -> list[float]:
    raise TimeoutError


def leaves(completions: Any) -> list[float]:
    raise SystemExit("no key")


def wordless(completions: Any) -> Any:
    return Ellipsis


def huge(completions: Any) -> Any:
    return [10**400] * len(completions)


def test_rewards_for_chats_are_called_with_messages() -> None:
    assert values(f"{HERE}.of_messages") == [1, 1, 1, 2]
    assert values(f"{HERE}.of_asserted_messages") == [1, 1, 1, 2]
    assert values(f"{HERE}.of_prompts") == [2, 2, 1, 2]


def test_a_function_that_takes_texts_is_never_called_with_messages() -> None:
    calls.clear()
    rewards = Rewards((f"{HERE}.of_both",), "plain")
    rewards(PROBLEMS[:2], ATTEMPTS[:2])
    with pytest.raises(ValueError, match=r"of_both' raised KeyError: '6' .*at problem 'b'"):
        rewards(PROBLEMS, ATTEMPTS)
    assert all(isinstance(text, str) for texts in calls for text in texts)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "breaks_at_a_product",
            r"ZeroDivisionError: .* \(test_compose.py, line \d+\) at problem 'b' in step 3",
        ),
        (
            "unreachable",
            r"ConnectionError: HTTP 503 from the service .*at one of 2 problems, 'a' to",
        ),
        ("late", r"TimeoutError \(.*in step 3 of stage rl; .*the same command resumes"),
        ("leaves", r"SystemExit: no key"),
        ("of_both", r"KeyError: '6'"),
    ],
)
def test_what_a_function_raises_is_named_with_problem_and_step(name: str, message: str) -> None:
    calls.clear()
    rewards = Rewards((f"{HERE}.{name}",), "plain", where=lambda: "step 3 of stage rl")
    with pytest.raises(ValueError, match=rf"^reward '{HERE}.{name}' raised {message}") as failed:
        rewards(PROBLEMS, ATTEMPTS)
    assert "\n" not in str(failed.value)
    assert name != "unreachable" or len(calls) == 1


@pytest.mark.parametrize("name", ["wordless", "huge"])
def test_what_is_no_number_is_named_with_the_step(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name}'.* in step 3"):
        Rewards((f"{HERE}.{name}",), "plain", where=lambda: "step 3 of stage rl")(PROBLEMS, ATTEMPTS)


def test_ctrl_c_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(completions: Any) -> list[float]:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[HERE], "leaves", stop)
    with pytest.raises(KeyboardInterrupt):
        values(f"{HERE}.leaves")


def test_a_batch_without_a_column_of_the_stage_has_it_empty() -> None:
    """Which columns a function gets does not depend on the problems that a step happens to draw."""
    attempts = [Scored(Rollout("b", 0, ()), Reward(0.0, {"correct": 0.0}))]
    rewards = Rewards((Weighted(f"{HERE}.narrow"),), "plain", trusted=[HERE], meta=["level", "topic"])
    seen.clear()
    assert rewards([PRODUCT], attempts)[0].reward.value == 1.0
    assert seen["level"] == [None]
