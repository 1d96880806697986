"""Learning from episodes: credit goes to the policy's own tokens alone, whatever stands between them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from numerate import credit, methods
from numerate.methods.shared.step_positions import own_steps
from numerate.models.policy import load
from numerate.training import Learner, rollout_row
from numerate.types import Example, Rollout, Turn
from tests.methods.cases import ARMS
from tests.methods.test_tool_solutions import world as tool_world
from tests.methods.toy import PROBLEMS, stage
from tests.scripted_episodes import CALL


def decode(ids: list[int]) -> str:
    """A token is a character; control tokens, below 10, say nothing."""
    return "".join(chr(i) for i in ids if i >= 10)


def own(text: str, *control: int) -> Turn:
    ids = (*map(ord, text), *control)
    return Turn("assistant", text, ids, (-0.5,) * len(ids), trained=True)


def output(text: str, ids: Sequence[int] | None = None) -> Turn:
    return Turn("tool", text, tuple(map(ord, text) if ids is None else ids))


def episode(*turns: Turn) -> Rollout:
    return Rollout("p", 0, (Turn("user", "?", (1, 2, 3)), *turns))


@pytest.mark.parametrize("ids", [None, (1, 2, *b"tool", 1, 2, *b"assistant", 3)])
def test_steps_end_at_own_tokens_whatever_the_template_puts_around_an_output(ids: Sequence[int] | None):
    """The tokens of a chat template say another text than the turn of the tool has."""
    rollout = episode(own("ab\nc", 5), output("\n<tool>6</tool>\n", ids), own("so\nend", 0))
    text = rollout.solution
    ends = [text.index(word) + len(word) for word in ("ab", "c", "6", "so", "end")]
    places, rewards = own_steps(rollout, ends, [1.0, 2.0, 3.0, 4.0, 5.0], decode)
    trained = credit.gather_trained(rollout.mask, rollout.ids)
    assert [trained[place] for place in places] == [ord("b"), ord("c"), 5, ord("o"), ord("d")]
    assert rewards == [1.0, 2.0, 3.0, 4.0, 5.0]


def advantages_by_hand(
    mask: Sequence[bool], rewards: dict[int, float], values: Sequence[float], gamma: float, lam: float
) -> list[float]:
    """Generalised advantages over all tokens of an episode, outputs included: a sum from every own token over
    the own ones after it, with as many factors as those that lie between (Schulman et al. 2016, eq. 16)."""
    at = [position for position, trained in enumerate(mask) if trained]
    result = [0.0] * len(mask)
    for i, position in enumerate(at):
        for later in range(i, len(at)):
            after = values[at[later + 1]] if later + 1 < len(at) else 0.0
            delta = rewards.get(at[later], 0.0) + gamma * after - values[at[later]]
            result[position] += (gamma * lam) ** (later - i) * delta
    return result


@pytest.mark.parametrize("last_is_output", [False, True])
def test_value_and_advantage_cross_an_output_undecayed(last_is_output: bool):
    """The reward of the end is on the last own token, and an output's length changes no advantage."""
    draw = random.Random(3)
    found: list[list[float]] = []
    for length in (0, 1, 40):
        turns = [own("abc"), output("x" * length), own("de"), *[output("y" * length)] * last_is_output]
        row = rollout_row(episode(*(turn for turn in turns if turn.ids)))
        draw.seed(5)
        values = credit.scatter_trained(row.mask, [draw.random() for _ in range(5)])
        values = [v if trained else 1e6 for v, trained in zip(values, row.mask, strict=True)]
        tokens = credit.on_tokens(sum(row.mask), last=1.0)
        own_values = credit.gather_trained(row.mask, values)
        column = credit.scatter_trained(row.mask, credit.gae(tokens, own_values, 0.9, 0.8))
        end = max(i for i, trained in enumerate(row.mask) if trained)
        expected = advantages_by_hand(row.mask, {end: 1.0}, values, 0.9, 0.8)
        assert all(map(math.isclose, column, expected))
        found.append(credit.gather_trained(row.mask, column))
    assert found[0] == found[1] == found[2]


def answer_by_program(name: str, index: int) -> Sequence[str]:
    """Two rollouts of four are right."""
    answer = int(next(problem.answer for problem in PROBLEMS if problem.id == name))
    return [CALL.format(answer), CALL.format(index), f"#### {answer + index // 2}"]


SAMPLE = {"problems": 4, "rollouts": 4, "max_tokens": 200}
LEARNERS: dict[str, dict[str, Any]] = {
    **ARMS,
    "ppo": {"kl": {"coef": 0.01}, "value": {"layers": 1}},
    "expert_iteration": {},
}


@pytest.mark.parametrize("name", LEARNERS)
def test_every_on_policy_method_learns_from_the_policy_s_own_tokens_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Example] = []
    step = Learner.step

    def recorded(learner: Learner, part: Sequence[Example], *args: Any, **more: Any) -> Any:
        rows.extend(part)
        return step(learner, part, *args, **more)

    monkeypatch.setattr(Learner, "step", recorded)
    options = {**LEARNERS[name], "steps": 1, "sample": SAMPLE}
    method = methods.get_method(name)
    method.train(
        stage(tmp_path / "run"), method.Config(**options), tool_world(tmp_path, script=answer_by_program)
    )
    policy = load(str(tmp_path / "base"))
    reply = policy.encode_target("\n6\n```\n")[:-1]
    assert rows
    for row in rows:
        pairs = zip(row.ids, row.mask, strict=True)
        runs = [(on, [i for i, _ in run]) for on, run in groupby(pairs, lambda pair: pair[1])]
        assert [on for on, _ in runs] == [False, True, False, True, False, True]
        assert runs[2][1] == runs[4][1] == reply
        for column, values in row.token.items():
            neutral = float(column == "correction")
            assert {v for v, on in zip(values, row.mask, strict=True) if not on} == {neutral}, column
