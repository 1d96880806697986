"""Code and the output of tools in a response."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from numerate.tool_formats import EMPTY

_OPENERS = re.compile(
    r"```|\[TOOL_CALLS\]|<\|python_tag\|>"
    r"|<(?:code|python|tool_call|tool_response|interpreter|output|execution)>|\nObservation:|\[asy\]"
)
_FENCE = re.compile(r"```[ \t]*(?P<fence>[\w+-]*)[^\n`]*\n")
_FENCE_END = re.compile(r"```(?<!\S```)[ \t]*(?=\n|\Z)")
_TAGGED = re.compile(
    r"<(?P<tag>\w+)>(?P<content>.*?)(?:</(?P=tag)>|\Z)(?:\s{0,4}Output:(?P<printed>[^\n]*))?"
    r"|\nObservation:(?P<seen>[^\n]*)|\[asy\].*?(?:\[/asy\]|\Z)|(?:\[TOOL_CALLS\]|<\|python_tag\|>)[^\n]*",
    re.DOTALL,
)
_TEXT_FENCES = frozenset(
    {"text", "txt", "plaintext", "latex", "tex", "math", "markdown", "md", "json", "yaml"}
)
_OUTPUT_NAMES = frozenset({"output", "stdout", "interpreter", "tool_response", "execution"})
_CALL_NAMES = frozenset({"code", "python", "tool_call"})
_PROGRAMS = frozenset({"python", "python3", "py"})
_CODE = re.compile(r"^(?:import |from \w+ import|def |print\(|\w+ = |for \w+ in|>>> )|print\(", re.MULTILINE)
_ERROR = re.compile(
    r"(?:(?:\w+\.)*\w*(?:Error|Exception)|KeyboardInterrupt|StopIteration|SystemExit)(?::.*)?"
    r"|(?:Killed|Crash): .*"
)
"""the last line of a program that failed (`interpreter.Execution.error_line`)"""
_WAITING = "```output"
"""the end of a call whose output never came"""
_ANNOUNCED_OUTPUT = re.compile(r"(?:the )?(?:output|result|it prints)\**+:?\**+\s*+\Z", re.IGNORECASE)


class ToolBlock(NamedTuple):
    before: int
    """where the text between it and the mark before it begins"""
    start: int
    end: int
    content: str
    """what stands in a fence, or what a tool printed"""
    fence: str | None = None
    """the language of a fence"""
    is_call: bool = False
    """whether a tool would answer it, were it the end of the text"""


def without_tools(text: str) -> tuple[str, str, int]:
    """Returns the text without code and tool output, what the last tool printed, and where that stood. It
    printed nothing where the program failed, or where the text ends in a call."""
    pieces: list[str] = []
    output, index, at, length = "", 0, 0, 0
    behind_code = waits = False
    for block in _blocks(text):
        announced = _announced_output(text, block) if behind_code else None
        behind_code = behind_code and (announced is not None or not text[block.before : block.start].strip())
        prose, printed = _prose_and_output(block, behind_code)
        behind_code = not prose and not printed
        stop = announced if announced is not None and printed else block.start
        pieces += [text[at:stop], prose or "\n"]
        length += stop - at + len(prose or "\n")
        at = block.end
        if printed.strip():
            output, index = "" if _is_failure(printed) else printed, length
        waits = block.is_call and not printed.strip()
    rest = text[at:]
    call = rest.rstrip().removesuffix(_WAITING)
    if len(call) < len(rest.rstrip()) or (waits and not call):
        output, index, rest = "", length + len(call), call
    pieces.append(rest)
    return "".join(pieces), output.strip(), index


def _is_failure(printed: str) -> bool:
    """Checks whether a program printed nothing, or an error at last."""
    last = printed.rstrip().rpartition("\n")[2].strip()
    return last == EMPTY or _ERROR.fullmatch(last) is not None


def _blocks(text: str) -> Iterator[ToolBlock]:
    at = 0
    while opener := _OPENERS.search(text, at):
        block = (_fenced_block if opener.group() == "```" else _tagged_block)(text, at, opener.start())
        if block is not None:
            yield block
        at = block.end if block else opener.end()  # back ticks within a line


def _fenced_block(text: str, before: int, start: int) -> ToolBlock | None:
    head = _FENCE.match(text, start)
    if head is None:
        return None
    tail = _FENCE_END.search(text, head.end())
    stop, end = tail.span() if tail else (len(text), len(text))
    name = head["fence"].lower()
    inside = text[head.end() : stop]
    is_call = tail is None and (name in _PROGRAMS or (name in _OUTPUT_NAMES and not inside.strip()))
    return ToolBlock(before, start, end, inside, name, is_call)


def _tagged_block(text: str, before: int, start: int) -> ToolBlock | None:
    span = _TAGGED.match(text, start)
    if span is None:
        return None
    printed = span["seen"]
    if printed is None:
        printed = span["content"] if span["tag"] in _OUTPUT_NAMES else span["printed"] or ""
    inside = span["content"] or ""
    is_call = span["tag"] in _CALL_NAMES and ("\n" in inside or _CODE.search(inside) is not None)
    return ToolBlock(before, start, span.end(), printed, is_call=is_call)


def _announced_output(text: str, block: ToolBlock) -> int | None:
    """Returns where the words begin that announce the block as the output of code."""
    last_words = text[block.before : block.start].rstrip().rstrip("*:").lower()
    if not last_words.endswith(("output", "result", "it prints")):
        return None
    announced = _ANNOUNCED_OUTPUT.search(text, block.before, block.start)
    if announced is None:
        return None
    return block.before + len(text[block.before : announced.start()].rstrip("*#").rstrip())


def _prose_and_output(block: ToolBlock, behind_code: bool) -> tuple[str, str]:
    """Splits a block into prose and tool output."""
    name, inside = block.fence, block.content
    if name is None or name in _OUTPUT_NAMES or (not name and behind_code):
        return "", inside
    if name in _TEXT_FENCES or (not name and not _CODE.search(inside)):
        return "\n" + inside, ""
    return "", ""
