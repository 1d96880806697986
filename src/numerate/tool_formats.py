"""Formats of solutions with programs: how a policy writes a call, and how the output is inserted after it.

A transcript is the text of an episode: what the policy writes, and after each call the program's output.

    mario   <code> ... </code>           <output> 6 </output>     (Liao et al. 2024, arXiv:2401.08190)
    tora    ```python ... ``` ```output   6 ```                    (Gou et al. 2024, arXiv:2309.17452)
    chat    <tool_call> {json} </tool_call>, answered in the tool role of the model's chat template

The policy writes a call up to and with the format's `stop`; all of the output, with the marks around it, is
inserted and never trained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

EMPTY = "(no output)"
FENCED = re.compile(r"^```(?:python|py)?[ \t]*\n(.*?)(?:^```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
PYTHON_FENCE = re.compile(r"^```(?:python|py)[ \t]*\n(.*?)(^```[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
CODE_TAG = re.compile(r"<code>(.*?)(</code>|\Z)", re.DOTALL)
CALL_TAG = re.compile(r"<tool_call>(.*?)(</tool_call>|\Z)", re.DOTALL)
MARKS = re.compile(r"```|<(?=/?(?:code|output|p|step|tool_call|tool_response|answer|think)\b)")
"""marks of the formats within an output, which would end it early or begin another call"""
Flaw = Literal["no_program", "unclosed", "code_and_answer", "not_json"]


@dataclass(frozen=True, slots=True)
class ToolFormat:
    """A format: marks as data; the functions below are the same for all."""

    name: str
    block: re.Pattern[str]
    """a program in a turn: group 1 its text, group 2 the mark that closes it, empty where none does"""
    stop: str
    """what the policy writes last in a call"""
    before: str
    """inserted between the call and the output"""
    after: str
    """inserted after the output"""
    answer: str
    """mark of the final answer; a turn that has it and a program is invalid"""
    template: bool = False
    """whether the output goes into the tool role of the chat template instead of `before` and `after`"""

    def insert(self, output: str) -> str:
        """Returns the text that follows a call with this output."""
        return f"{self.before}{output}{self.after}"


MARIO = ToolFormat("mario", CODE_TAG, "</code>", "\n<output>\n", "\n</output>\n", "Final Answer:")
TORA = ToolFormat("tora", PYTHON_FENCE, "```output", "\n", "\n```\n", "\\boxed")
CHAT = ToolFormat("chat", CALL_TAG, "</tool_call>", "", "", "\\boxed", template=True)
FORMATS = {format.name: format for format in (MARIO, TORA, CHAT)}


@dataclass(frozen=True, slots=True)
class ParsedTurn:
    """A turn of the policy: a program to run, or the end of the episode."""

    code: str | None = None
    """the program of a call, None where the turn ends the episode"""
    flaw: Flaw | None = None
    """what is wrong with the turn"""


def parse_turn(format: ToolFormat, text: str, stopped: bool) -> ParsedTurn:
    """Returns what a turn asks for. stopped: whether it ended with the format's stop, which `text` need not
    hold; else it ended with EOS or at a limit.

    Several programs of a turn run as one, in their order. A call without a program is a call of nothing: the
    policy reads so and may go on. Code and answer in one turn contradict each other (MARIO, react.py)."""
    whole = text if not stopped or text.endswith(format.stop) else text + format.stop
    blocks = list(format.block.finditer(whole))
    if not stopped:
        unclosed = bool(blocks) and not blocks[-1][2]
        return ParsedTurn(flaw="unclosed" if unclosed else None)
    if format.answer in format.block.sub("", whole) and blocks:
        return ParsedTurn(flaw="code_and_answer")
    programs = [program_text(format, block[1]) for block in blocks]
    if any(program is None for program in programs):
        return ParsedTurn("", "not_json")
    code = "\n".join(program for program in programs if program)
    return ParsedTurn(code, None if code else "no_program")


def program_text(format: ToolFormat, block: str) -> str | None:
    """Returns the program of a block, without fence or JSON around it; None where the JSON is broken."""
    if not format.template:
        fenced = "\n".join(match[1] for match in FENCED.finditer(block.strip("\n") + "\n"))
        return (fenced or block).strip("\n")
    try:
        code = json.loads(block)["arguments"]["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return code if isinstance(code, str) else None


def shown_output(output: str, error: str, limit: int) -> str:
    """Returns an output as the policy reads it: its first and last part where it is longer than `limit`
    characters, the error's last line after it. Marks of the formats in it are spelled otherwise, so that no
    output ends early or holds a call."""
    text = MARKS.sub(lambda mark: "'''" if mark[0] == "```" else "&lt;", output.strip("\n"))
    if len(text) > limit:
        head, tail = (limit + 1) // 2, limit // 2
        text = f"{text[:head]}\n[{len(text) - limit} characters left out]\n{text[len(text) - tail :]}"
    error = MARKS.sub(lambda mark: "'''" if mark[0] == "```" else "&lt;", error)[: max(limit, 200)]
    return "\n".join(part for part in (text, error) if part) or EMPTY


def split_transcript(format: ToolFormat, text: str) -> Iterator[tuple[str, bool]]:
    """Yields the parts of a transcript in order, with whether the policy writes them; the others are outputs
    with the marks around them."""
    start = 0
    ends = re.compile(f"{re.escape(format.before)}.*?{re.escape(format.after)}", re.DOTALL)
    while (at := text.find(format.stop, start)) >= 0:
        stop = at + len(format.stop)
        output = ends.match(text, stop) if format.after else None
        if output is None and format.after.rstrip("\n") and text[stop:].startswith(format.before):
            last = format.after.rstrip("\n")
            output = re.compile(f".*?{re.escape(last)}\\Z", re.DOTALL).match(text, stop)
        if output is None:
            break
        yield text[start:stop], True
        yield output[0], False
        start = output.end()
    if start < len(text):
        yield text[start:], True
