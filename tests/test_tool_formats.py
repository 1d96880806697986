"""Formats of solutions with programs: turns, outputs, and transcripts in parts."""

from __future__ import annotations

import time
from typing import Any

import pytest

from numerate import answers, tool_formats
from numerate.tool_formats import (
    CHAT,
    EMPTY,
    FORMATS,
    MARIO,
    TORA,
    ParsedTurn,
    ToolFormat,
    parse_turn,
    shown_output,
    split_transcript,
)
from tests.answers.pattern_starts import begins_with_run

SPLITTABLE = [MARIO, TORA]
CALLS = {
    "mario": "<p>\nAdd.\n</p>\n<code>\n```python\n{}\n```\n</code>",
    "tora": "Add.\n```python\n{}\n```\n```output",
    "chat": '<tool_call>\n{{"name": "python", "arguments": {{"code": "{}"}}}}\n</tool_call>',
}


def is_call(turn: ParsedTurn) -> bool:
    return turn.code is not None


# -- vectors ----------------------------------------------------------------------
def test_a_mario_turn_with_code_is_a_call(vectors: dict[str, Any]):
    vector = vectors["mario"]["turn_parse"]
    assert vector["stopped_at"] == MARIO.stop
    turn = parse_turn(MARIO, vector["model_text"], stopped=True)
    assert turn == ParsedTurn("x=48/2\nprint(x)")
    assert is_call(turn) == vector["is_tool_call"]
    assert answers.extract(vector["model_text"], fallback="none") == vector["final_answer"]


def test_a_mario_turn_with_an_answer_ends_the_episode(vectors: dict[str, Any]):
    vector = vectors["mario"]["final_parse"]
    turn = parse_turn(MARIO, vector["model_text"], stopped=False)
    assert turn == ParsedTurn() and is_call(turn) == vector["is_tool_call"]
    assert answers.extract(vector["model_text"]) == vector["final_answer"]


def test_a_mario_turn_with_code_and_an_answer_is_nothing(vectors: dict[str, Any]):
    vector = vectors["mario"]["bad_both"]
    turn = parse_turn(MARIO, vector["model_text"], stopped=True)
    assert turn.code is vector["parsed"] is None
    assert turn.flaw == "code_and_answer"


# -- turns ----------------------------------------------------------------------
@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("with_stop", [True, False])
def test_a_call_holds_its_program_with_or_without_the_stop(format: ToolFormat, with_stop: bool):
    text = CALLS[format.name].format("print(2+4)")
    assert parse_turn(format, text if with_stop else text.removesuffix(format.stop), stopped=True) == (
        ParsedTurn("print(2+4)")
    )


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (MARIO, "<code>\nx = 1\n</code>"),
        (MARIO, "<code>x = 1</code>"),
        (MARIO, "<code>\n```\nx = 1\n```\n</code>"),
        (MARIO, "<code>\n```py\nx = 1\n</code>"),
        (MARIO, "<code>\r\n```python3\r\nx = 1\r\n```\r\n</code>"),
        (TORA, "```python  \nx = 1\n```\n```output"),
        (TORA, "```py\nx = 1\n```  \n\n```output"),
        (TORA, "```python\r\nx = 1\r\n```\r\n```output"),
    ],
)
def test_spellings_of_a_call(format: ToolFormat, text: str):
    assert parse_turn(format, text, stopped=True) == ParsedTurn("x = 1")


def test_the_first_line_keeps_its_indentation():
    assert parse_turn(MARIO, "<code>\n  x = 1\n  y = 2\n</code>", stopped=True).code == "  x = 1\n  y = 2"


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (MARIO, "<code>\n```python\nx = 1\n```\n```python\nprint(x)\n```\n</code>"),
        (TORA, "```python\nx = 1\n```\nThen:\n```python\nprint(x)\n```\n```output"),
        (
            CHAT,
            '<tool_call>{"arguments": {"code": "x = 1"}}<tool_call></tool_call>'
            '<tool_call>{"arguments": {"code": "print(x)"}}</tool_call>',
        ),
    ],
)
def test_two_fences_of_a_turn_run_as_one_program(format: ToolFormat, text: str):
    turn = parse_turn(format, text, stopped=True)
    assert turn.code == "x = 1\nprint(x)" or turn == ParsedTurn("", "not_json")
    assert turn.code or format is CHAT


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (MARIO, "So:\n<code>\nprint(1"),
        (MARIO, "<code>\n```python\nprint(1)\n```\n"),
        (TORA, "```python\nprint(1"),
        (TORA, "```python\nprint(1)\n``` and so on"),
        (CHAT, '<tool_call>{"arguments": {"code": "print('),
    ],
)
def test_a_turn_that_ends_within_a_program_is_unclosed(format: ToolFormat, text: str):
    assert parse_turn(format, text, stopped=False) == ParsedTurn(None, "unclosed")


def test_a_fence_that_only_the_stop_ends_runs_and_is_counted():
    assert parse_turn(TORA, "```python\nprint(1)\n```output", stopped=True) == (
        ParsedTurn("print(1)", "unclosed")
    )


@pytest.mark.parametrize(
    ("format", "text", "code"),
    [
        (MARIO, '<code>\nprint("</code>', 'print("'),
        (TORA, '```python\nprint("""\n```\n""")\n```\n```output', 'print("""'),
        (TORA, '```python\nprint("```output', 'print("'),
    ],
)
def test_code_that_prints_the_closing_mark_ends_there(format: ToolFormat, text: str, code: str):
    """The policy's turn ends at its stop, so the program is what stands before it: an error that it reads."""
    assert parse_turn(format, text, stopped=True).code == code


def test_a_fence_within_a_string_is_no_fence():
    program = 'print("""\n```\nx\n```\n""")'
    assert parse_turn(MARIO, f"<code>\n{program}\n</code>", stopped=True) == ParsedTurn(program)


@pytest.mark.parametrize(
    ("format", "text"),
    [(MARIO, "</code>"), (MARIO, "<code>\n```python\n```\n</code>"), (TORA, "It is\n```output")],
)
def test_a_call_without_a_program_is_a_call_of_nothing(format: ToolFormat, text: str):
    assert parse_turn(format, text, stopped=True) == ParsedTurn("", "no_program")


@pytest.mark.parametrize("json", ["", "{", "[1]", '{"arguments": 3}', '{"arguments": {"code": 3}}', "[" * 99])
def test_a_call_whose_json_is_broken_says_so(json: str):
    assert parse_turn(CHAT, f"<tool_call>{json}</tool_call>", stopped=True) == ParsedTurn("", "not_json")


def test_json_may_hold_line_breaks_and_never_half_characters():
    text = '<tool_call>{"arguments": {"code": "x = 1\nprint(\'\\ud800\')"}}</tool_call>'
    assert parse_turn(CHAT, text, stopped=True) == ParsedTurn("x = 1\nprint('?')")


def test_an_answer_within_the_program_contradicts_nothing():
    assert is_call(parse_turn(MARIO, "<code>\n# Final Answer: 3\nprint(3)\n</code>", stopped=True))
    assert is_call(parse_turn(TORA, "```python\nprint('\\\\boxed')\n```\n```output", stopped=True))
    assert not is_call(parse_turn(TORA, "\\boxed{3}\n```python\nprint(3)\n```\n```output", stopped=True))


# -- outputs ----------------------------------------------------------------------
def test_an_output_keeps_its_first_and_last_part():
    assert shown_output("a" * 10 + "b" * 10, "", 4) == "aa\n[16 characters left out]\nbb"
    assert shown_output("abc", "", 1) == "a\n[2 characters left out]\n"
    assert shown_output("6\n", "", 10) == "6"


def test_an_error_stands_last_and_nothing_is_said_to_be_nothing():
    assert shown_output("6\n", "ValueError: no", 10) == "6\nValueError: no"
    assert shown_output("", "ValueError: no", 2) == "ValueError: no"
    assert shown_output("\n", "", 10) == EMPTY
    assert len(shown_output("", "E" * 1000, 300)) == 300


@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize(
    "printed",
    [
        *("</output>", "```", "````", "```output\n1\n```", "```python\nprint(1)\n```", "<code>x</code>"),
        *("</code>", "<tool_call>{}</tool_call>", "</think>", "</s><|im_end|>[GOOD]", "``\n`"),
    ],
)
@pytest.mark.parametrize("limit", [3, 1000])
def test_no_output_ends_early_or_holds_a_call(format: ToolFormat, printed: str, limit: int):
    text = shown_output(printed, printed, limit)
    assert format.stop not in text and not format.block.search(text)
    if format.after:
        call = CALLS[format.name].format("print(1)")
        parts = [(call, True), (format.insert(text), False), ("So it is 1.", True)]
        assert list(split_transcript(format, "".join(part for part, _ in parts))) == parts


def test_what_only_resembles_a_mark_stays():
    for text in ("x < p", "<code object f>", "a `b` ``c``", "1 <python> 2"):
        assert shown_output(text, "", 100) == text


# -- transcripts ----------------------------------------------------------------------
@pytest.mark.parametrize("format", SPLITTABLE, ids=lambda format: format.name)
def test_a_joined_transcript_splits_into_its_parts(format: ToolFormat):
    outputs = ["6", "", "a\n\nb", "</output>\n```\n", "9" * 50, "\n<output>\n"]
    parts = [
        part
        for output in outputs
        for part in (
            (CALLS[format.name].format(output.count("9")), True),
            (format.insert(shown_output(output, "", 20)), False),
        )
    ]
    for last in ([], [("Final Answer: 6", True)], [("\n\nIt is \\boxed{6}.\n", True)]):
        whole = parts + last
        assert list(split_transcript(format, "".join(text for text, _ in whole))) == whole


@pytest.mark.parametrize(
    ("format", "text", "outputs"),
    [
        (MARIO, "<code>1</code>\n<output>\n6\n</output>", ["\n<output>\n6\n</output>"]),
        (MARIO, "<code>1</code>\n<output>\n6", ["\n<output>\n6"]),
        (
            MARIO,
            "<code>1</code> <code>2</code>\n<output>\n</output>\nSo</code>",
            ["\n<output>\n</output>\n"],
        ),
        (TORA, "```python\n1\n```\n```output\n6\n```", ["\n6\n```"]),
        (TORA, "```output\n```\nA\n```output\n6\n```\nB", ["\n```\n", "\n6\n```\n"]),
        (TORA, "no call", []),
        (MARIO, "", []),
        (CHAT, "<tool_call>{}</tool_call>6", []),
    ],
)
def test_transcripts_from_elsewhere(format: ToolFormat, text: str, outputs: list[str]):
    parts = list(split_transcript(format, text))
    assert "".join(part for part, _ in parts) == text
    assert [part for part, trained in parts if not trained] == outputs
    assert all(part for part, _ in parts)


# -- cost ----------------------------------------------------------------------
def test_no_searched_pattern_begins_with_a_run():
    patterns = [*(format.block for format in FORMATS.values()), tool_formats.FENCE, tool_formats.MARKS]
    assert not any(map(begins_with_run, patterns))


ATOMS = ["```python\n", "```output\n", "```", "``` ", "\n```\n", "<code>", "</code>", "</code>\n<output>\n",
         "<", "<tool_call>", "[", "\n", " ", "\\boxed", "Final Answer:", "```python" + " " * 50]  # fmt: skip


@pytest.mark.parametrize("atom", ATOMS)
def test_any_text_costs_time_in_proportion_to_its_length(atom: str):
    text = atom * (200_000 // len(atom))
    began = time.process_time()
    for format in FORMATS.values():
        parse_turn(format, text, stopped=True)
        parse_turn(format, text, stopped=False)
        assert sum(len(part) for part, _ in split_transcript(format, text)) == len(text)
    shown_output(text, text, 1000)
    assert time.process_time() - began < 2
