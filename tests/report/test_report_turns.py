"""Attempts in several turns: every step keeps its mark, what the policy did not write is set apart."""

from __future__ import annotations

from numerate.report.turns import call_outcome, text_pieces


def turn(text: str, trained: bool = True) -> dict[str, object]:
    return {"text": text, "trained": trained}


def step(text: str, start: int, label: str) -> dict[str, object]:
    return {"text": text, "start": start, "end": start + len(text), "label": label, "score": 0.5}


def test_steps_in_later_turns_are_found_by_their_place_in_all_that_was_written():
    """ "one\\n" and "two\\n#### 2" with tags between: "two" begins at character 4."""
    turns = [
        turn("?", False),
        turn("[GOOD]\n", False),
        turn("one\n"),
        turn("[GOOD]\n", False),
        turn("two\n#### 2"),
    ]
    steps = [step("one", 0, "right"), step("two", 4, "wrong")]
    assert list(text_pieces(turns, steps)) == [
        ["one", "right", 0.5],
        ["\n", None, None],
        ["[GOOD]\n", "tool", None],
        ["two", "wrong", 0.5],
        ["\n#### 2", None, None],
    ]


def test_steps_that_count_from_their_own_turn_are_found_too():
    turns = [turn("?", False), turn("one\n"), turn("42", False), turn("so two")]
    assert list(text_pieces(turns, [step("two", 3, "right")]))[-2:] == [
        ["so ", None, None],
        ["two", "right", 0.5],
    ]


def test_a_failed_call_counts_behind_the_text_that_the_page_has():
    """The page has the first 6,000 characters of a rollout; a call without a status did not fail."""

    def reply(**status: object) -> dict[str, object]:
        return turn("\n6\n```\n", False) | {"role": "tool"} | status

    long = [turn("?", False), turn("x" * 7000), reply(status="timeout"), turn("#### 6")]
    assert call_outcome(long) == "failed" and len(list(text_pieces(long, []))) == 1
    for replies in ([reply(status="ok")], [reply()], [reply(status="")], [reply(status=None)]):
        assert call_outcome([turn("?", False), turn("call"), *replies]) == "ok"
    assert call_outcome([turn("?", False), turn("#### 6")]) == ""
    assert [piece[1] for piece in text_pieces([turn("call"), reply(status="")], [])][-1] == "tool"


def test_an_episode_is_a_notebook_of_programs_and_outputs():
    call = "Add.\n```python\nprint(1/0)\n```\n```output"
    turns: list[dict[str, object]] = [
        turn("?", False),
        turn(call),
        turn("\nZeroDivisionError\n```\n", False) | {"role": "tool", "status": "error"},
        turn(call),
        turn("\n6\n```\n", False) | {"role": "tool", "status": "ok"},
        turn("#### 6"),
    ]
    code = call.removeprefix("Add.\n")
    assert list(text_pieces(turns, [])) == [
        ["Add.\n", None, None],
        [code, "code", None],
        ["\nZeroDivisionError\n```\n", "failed", None],
        ["Add.\n", None, None],
        [code, "code", None],
        ["\n6\n```\n", "tool", None],
        ["#### 6", None, None],
    ]
