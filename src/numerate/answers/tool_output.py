"""Code and the output of tools in a response."""

from __future__ import annotations

import re

_OPENERS = re.compile(
    r"```|\[TOOL_CALLS\]|<\|python_tag\|>|<(?:code|python|tool_call|tool_response|interpreter|output|execution)>|\nObservation:|\[asy\]"
)
_FENCE = re.compile(
    r"```[ \t]*(?P<fence>[\w+-]*)[^\n`]*\n(?P<inside>.*?)(?:(?<![^\s])```[ \t]*(?=\n|\Z)|\Z)", re.DOTALL
)
_TAGGED = re.compile(
    r"<(?P<tag>\w+)>(?P<content>.*?)(?:</(?P=tag)>|\Z)(?:\s{0,4}Output:(?P<printed>[^\n]*))?"
    r"|\nObservation:(?P<seen>[^\n]*)|\[asy\].*?(?:\[/asy\]|\Z)|(?:\[TOOL_CALLS\]|<\|python_tag\|>)[^\n]*",
    re.DOTALL,
)
_TEXT_FENCES = frozenset(
    {"text", "txt", "plaintext", "latex", "tex", "math", "markdown", "md", "json", "yaml"}
)
_OUTPUT_NAMES = frozenset({"output", "stdout", "interpreter", "tool_response", "execution"})
_CODE = re.compile(r"^(?:import |from \w+ import|def |print\(|\w+ = |for \w+ in|>>> )|print\(", re.MULTILINE)
_ANNOUNCED_OUTPUT = re.compile(r"\s*[*#]*(?:the )?(?:output|result|it prints)[*]*:?[*]*\s*\Z", re.IGNORECASE)


def without_tools(text: str) -> tuple[str, str, int]:
    """The text without code and tool output, what the last tool printed, and where that stood."""
    pieces: list[str] = []
    output, index, at, length = "", 0, 0, 0
    coded = False
    while opener := _OPENERS.search(text, at):
        fenced = opener.group() == "```"
        span = (_FENCE if fenced else _TAGGED).match(text, opener.start())
        if span is None:  # back ticks within a line
            pieces.append(text[at : opener.end()])
            length += opener.end() - at
            at = opener.end()
            continue
        announced = _ANNOUNCED_OUTPUT.search(text, at, opener.start()) if coded else None
        if coded and text[at : opener.start()].strip() and announced is None:
            coded = False
        kept, printed = _read_fence(span, coded) if fenced else ("", _printed(span))
        coded = not kept and not printed
        stop = announced.start() if announced and printed else opener.start()
        pieces += [text[at:stop], kept or "\n"]
        length += stop - at + len(kept or "\n")
        at = span.end()
        if printed.strip():
            output, index = printed, length
    pieces.append(text[at:])
    return "".join(pieces), output.strip(), index


def _printed(span: re.Match[str]) -> str:
    """What a tool printed in a tagged span."""
    if span["seen"] is not None:
        return span["seen"]
    return span["content"] if span["tag"] in _OUTPUT_NAMES else span["printed"] or ""


def _read_fence(span: re.Match[str], behind_code: bool) -> tuple[str, str]:
    """(what of a fenced block is prose, what of it a tool printed)."""
    name, inside = span["fence"].lower(), span["inside"]
    if name in _OUTPUT_NAMES or (not name and behind_code):
        return "", inside
    if name in _TEXT_FENCES or (not name and not _CODE.search(inside)):
        return "\n" + inside, ""
    return "", ""
