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
FENCE = re.compile(r"^```(?:python3?|py)?[ \t\r]*\n(.*?)(?:^```[ \t\r]*$|\Z)", re.DOTALL | re.MULTILINE)
PYTHON_FENCE = re.compile(r"^```(?:python3?|py)[ \t\r]*\n(.*?)(^```[ \t\r]*$|\Z)", re.DOTALL | re.MULTILINE)
CODE_TAG = re.compile(r"<code>(.*?)(</code>|\Z)", re.DOTALL)
CALL_TAG = re.compile(r"<tool_call>(.*?)(</tool_call>|\Z)", re.DOTALL)
MARKS = re.compile(r"```|<(?=/?(?:code|output|p|step|tool_call|tool_response|answer|think)>)")
"""marks of the formats within an output, which would end it early or begin another call"""
Flaw = Literal["no_program", "unclosed", "code_and_answer", "not_json"]


@dataclass(frozen=True, slots=True)
class ToolFormat:
    """A format: marks as data; the functions below are the same for all."""

    name: str
    block: re.Pattern[str]
    """a program in a turn: group 1 its text, group 2 the mark that closes it, empty where none does"""
    form: str
    """a call: {} stands for its program"""
    stop: str
    """what the policy writes last in a call"""
    before: str
    """inserted between the call and the output"""
    after: str
    """inserted after the output"""
    answer: str
    """mark of the final answer; a turn that has it and a program is invalid"""
    closes: bool = True
    """whether the stop is also what closes a program"""
    template: bool = False
    """whether the output goes into the tool role of the chat template instead of `before` and `after`"""

    def call(self, program: str) -> str:
        """Returns a call of a program, as the policy writes it."""
        return self.form.replace("{}", json.dumps(program, ensure_ascii=False) if self.template else program)

    def insert(self, output: str) -> str:
        """Returns the text that follows a call with this output."""
        return f"{self.before}{output}{self.after}"


MARIO = ToolFormat(
    name="mario",
    block=CODE_TAG,
    form="<code>\n{}\n</code>",
    stop="</code>",
    before="\n<output>\n",
    after="\n</output>\n",
    answer="Final Answer:",
)
TORA = ToolFormat(
    name="tora",
    block=PYTHON_FENCE,
    form="```python\n{}\n```\n```output",
    stop="```output",
    before="\n",
    after="\n```\n",
    answer="\\boxed",
    closes=False,
)
CHAT = ToolFormat(
    name="chat",
    block=CALL_TAG,
    form='<tool_call>\n{"name": "python", "arguments": {"code": {}}}\n</tool_call>',
    stop="</tool_call>",
    before="",
    after="",
    answer="\\boxed",
    template=True,
)
FORMATS = {format.name: format for format in (MARIO, TORA, CHAT)}
REPLY = "\n<tool_response>\n{}\n</tool_response>\n"
"""an output in the tool role, as text; its ids are those of the model's chat template"""
OUTPUT_MARKS = frozenset(
    mark for text in (REPLY, *(format.insert("{}") for format in FORMATS.values())) for mark in text.split()
) - {"{}"}
"""lines around outputs"""
NAMES = f"{', '.join(list(FORMATS)[:-1])} or {list(FORMATS)[-1]}"


def get_format(name: object) -> ToolFormat:
    """Returns the format of this name.

    Raises ValueError that lists the names where there is none."""
    if isinstance(name, str) and name in FORMATS:
        return FORMATS[name]
    raise ValueError(f"there is no tool format {name!r}: choose {NAMES}")


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

    Several programs of a turn run as one, in their order. A program that only the stop ends runs, too. A call
    without a program is a call of nothing: the policy reads so and may go on. Code and answer in one turn
    contradict each other (MARIO, react.py)."""
    blocks = list(format.block.finditer(_without_stop(format, text) if stopped else text))
    unclosed = bool(blocks) and not blocks[-1][2]
    if not stopped:
        return ParsedTurn(flaw="unclosed" if unclosed else None)
    if blocks and format.answer in format.block.sub("", text):
        return ParsedTurn(flaw="code_and_answer")
    programs = [program_text(format, block[1]) for block in blocks]
    if None in programs:
        return ParsedTurn("", "not_json")
    code = "\n".join(program for program in programs if program)
    return ParsedTurn(code, ("unclosed" if unclosed else None) if code else "no_program")


def _without_stop(format: ToolFormat, text: str) -> str:
    """Returns the turn up to its stop: without it where the stop is a mark of its own, else with it."""
    before, _, _ = text.partition(format.stop)
    return before + format.stop if format.closes else before


def program_text(format: ToolFormat, block: str) -> str | None:
    """Returns the program of a block, without fence or JSON around it; None where the JSON is broken."""
    if not format.template:
        fenced = block.lstrip() + "\n"
        parts = [match[1] for match in FENCE.finditer(fenced)] if FENCE.match(fenced) else [block]
        return "\n".join(part.strip("\r\n") for part in parts)
    try:
        code = json.loads(block, strict=False)["arguments"]["code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return code.encode("utf-8", "replace").decode() if isinstance(code, str) else None


def shown_output(output: str, error: str, limit: int) -> str:
    """Returns an output as the policy reads it: its first and last part where it is longer than `limit`
    characters, the error's last line after it. Marks of the formats in it are spelled otherwise, so that no
    output ends early or holds a call."""
    text = _without_marks(output.strip("\n"))
    if len(text) > limit:
        head, tail = (limit + 1) // 2, limit // 2
        text = f"{text[:head]}\n[{len(text) - limit} characters left out]\n{text[len(text) - tail :]}"
    return "\n".join(part for part in (text, _without_marks(error)[: max(limit, 200)]) if part) or EMPTY


def printed_text(reply: str) -> str:
    """Returns the output in a tool's turn of any format: without the marks that `ToolFormat.insert` and the
    chat's tool role put around it, which no output has (`shown_output`)."""
    lines = reply.strip().splitlines()
    if lines and lines[0] in OUTPUT_MARKS:
        del lines[0]
    if lines and lines[-1] in OUTPUT_MARKS:
        del lines[-1]
    return "\n".join(lines).strip()


def _without_marks(text: str) -> str:
    return MARKS.sub(lambda mark: "'''" if mark[0] == "```" else "&lt;", text)


def split_transcript(format: ToolFormat, text: str) -> Iterator[tuple[str, bool]]:
    """Yields the parts of a transcript in order, with whether the policy writes them; the others are outputs
    with the marks around them. An output that nothing ends is the rest of the text."""
    start = at = 0
    while format.after and (at := text.find(format.stop, at)) >= 0:
        at += len(format.stop)
        if not text.startswith(format.before, at):
            continue
        end = _output_end(format, text, at + len(format.before) - 1)
        yield text[start:at], True
        yield text[at:end], False
        start = at = end
    if start < len(text):
        yield text[start:], True


def last_words(format: ToolFormat, text: str) -> tuple[str, str]:
    """Returns a transcript in two: up to and with its last output or program, and the text behind that."""
    parts = list(split_transcript(format, text))
    words = parts[-1][0] if parts and parts[-1][1] else ""
    done = max((block.end() for block in format.block.finditer(words)), default=0)
    at = len(text) - len(words) + done
    return text[:at], text[at:]


def _output_end(format: ToolFormat, text: str, start: int) -> int:
    """Returns the end of an output, whose last mark may end the text without its line break. start: the line
    break before the output, which is that of the mark where there is no output."""
    end = text.find(format.after, start)
    return end + len(format.after) if end >= 0 else len(text)
