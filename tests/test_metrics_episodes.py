"""Statistics of episodes, from hand-made rollouts."""

from __future__ import annotations

import pytest

from numerate.metrics.episodes import answer_printed, episode_stats
from numerate.types import Finish, Rollout, Turn

CALL = Turn("assistant", "call", (1, 2), (-1.0, -1.0), trained=True)
DONE = Turn("assistant", "#### 6", (3,), (-1.0,), trained=True)


def output(text: str, status: str = "ok") -> Turn:
    return Turn("tool", text, (7, 8, 9), status=status)


def episode(*turns: Turn, finish: Finish = "stop", answer: str | None = "6") -> Rollout:
    return Rollout("p", 0, (Turn("user", "?", (5,)), *turns), finish, answer)


def test_shares_of_calls_and_of_rollouts():
    unclosed = Turn("assistant", "```python", (1,), (-1.0,), trained=True, status="unclosed")
    stats = episode_stats(
        [
            episode(CALL, output("\n6\n```\n"), DONE),
            episode(CALL, output("\nTimeoutError\n```\n", "timeout"), CALL, output("\n5\n```\n"), DONE),
            episode(unclosed, answer=None),
            episode(CALL, output("\n6.0\n```\n"), CALL, finish="max_turns"),
        ]
    )
    assert stats["tools/calls"] == 1 and stats["tools/turns"] == (2 + 3 + 1 + 2) / 4
    assert stats["tools/errors"] == stats["tools/timeout"] == 1 / 4
    assert stats["tools/unclosed"] == stats["tools/max_turns"] == 1 / 4 and stats["tools/tool_error"] == 0
    assert stats["tools/answer_printed"] == pytest.approx(2 / 3)
    assert stats["tools/trained_tokens"] == pytest.approx((3 + 5 + 1 + 4) / (6 + 11 + 1 + 7))


def test_rollouts_without_tools_have_no_such_numbers():
    assert episode_stats([episode(DONE)]) == {}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("\n1\n6\n```\n", True),
        ("\n6\n7\n```\n", False),
        ("\n<output>\n6\n</output>\n", True),
        ("\n```\n", False),
    ],
)
def test_the_answer_is_the_last_line_that_a_program_printed(text: str, printed: bool):
    assert answer_printed(episode(CALL, output(text), DONE)) == printed
