"""Learning from episodes: credit goes to the policy's own tokens alone, whatever stands between them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from numerate import credit
from numerate.methods.shared.step_positions import own_steps
from numerate.training import rollout_row
from numerate.types import Rollout, Turn


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
