"""Statistics of episodes, from hand-made rollouts."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from numerate.interpreter import Status
from numerate.metrics.episodes import answer_printed, episode_stats
from numerate.tool_formats import FORMATS, printed_text
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
    assert stats["tools/failures"] == stats["tools/limits"] == stats["tools/timeout"] == 1 / 4
    assert stats["tools/errors"] == stats["tools/crashes"] == 0
    assert stats["tools/flaws"] == 1 / 4
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
        ("\n<tool_response>\n6\n</tool_response>\n", True),
        ("\n6\n<object at 0x7f>\n```\n", False),
    ],
)
def test_the_answer_is_the_last_line_that_a_program_printed(text: str, printed: bool):
    assert answer_printed(episode(CALL, output(text), DONE)) == printed


def test_an_answer_of_several_lines_is_printed_as_a_whole():
    assert answer_printed(episode(CALL, output("\n[[1 2]\n [3 4]]\n```\n"), answer="[[1 2]\n [3 4]]"))


def test_lines_of_an_output_that_begin_like_a_mark_are_read():
    vectors = episode(CALL, output("\n<1, 2>\n```\n"), DONE, answer="<1, 2>")
    assert answer_printed(vectors) and not answer_printed(replace(vectors, answer="6"))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", ["6", "<a>\n\n<b>", "'''"])
def test_an_output_is_what_was_inserted(name: str, text: str):
    assert printed_text(FORMATS[name].insert(text)) == text


def test_a_call_without_a_status_is_no_failure():
    """One of the two calls with a status failed; where no call has one there is no share."""
    calls = [CALL, output("5", ""), CALL, output("5", "error"), CALL, output("6")]
    assert episode_stats([episode(*calls, DONE)])["tools/failures"] == 1 / 2
    unknown = episode_stats([episode(CALL, output("6", ""), DONE)])
    assert unknown["tools/calls"] == 1 and "tools/errors" not in unknown
    assert unknown["tools/answer_printed"] == 1


def test_calls_that_have_no_program_are_flaws_and_no_errors():
    flawed = replace(CALL, status="not_json")
    stats = episode_stats([episode(flawed, output("ValueError", "error"), CALL, output("6"), DONE)])
    assert stats["tools/failures"] == stats["tools/errors"] == 0
    assert stats["tools/flaws"] == stats["tools/not_json"] == 1


def test_text_of_a_calculator_divides_no_turn():
    """Two turns of the policy, the first in three parts; a flaw at supplied text is the policy's."""
    supplied = Turn("assistant", "6>>", (4,))
    stats = episode_stats([episode(CALL, supplied, CALL, output("6"), DONE)])
    assert stats["tools/turns"] == 2 and stats["tools/calls"] == 1
    assert episode_stats([episode(CALL, supplied, DONE)]) == {}
    assert episode_stats([episode(CALL, replace(supplied, status="unclosed"))])["tools/flaws"] == 1


def test_every_status_is_of_one_kind():
    statuses = get_args(Status)
    stats = episode_stats([episode(*[t for s in statuses for t in (CALL, output("6", s))], DONE)])
    kinds = [stats[f"tools/{kind}"] * len(statuses) for kind in ("errors", "limits", "crashes", "failures")]
    assert kinds == pytest.approx([1, 4, 3, 8])
