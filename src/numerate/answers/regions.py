"""The part of a response in which its final answer may stand: behind the thought, before a runaway turn,
without code and the output of tools.

Regions are found by their marks alone, in one pass each, whatever language the response is in."""

from __future__ import annotations

import re
from typing import NamedTuple


class Region(NamedTuple):
    text: str
    """what the response says to its reader"""
    thinking: bool = False
    """True where a thought was begun and never finished: only a marked answer before it counts"""
    output: str = ""
    """what the last tool printed"""
    after_output: int = 0
    """where in `text` the last tool output stood"""


_PROGRAM = re.compile(
    r"\s*(?:import \w|from \w+ import |def \w+\(|(?:#[^\n]*\n)?[a-z]\w*_\w* = [^\n]+\n[a-z]\w* = )"
)
"""a response that is a program to be run, and says nothing itself"""
_MARKUP = re.compile(r"<[A-Za-z/|｜]")


def visible_region(response: str) -> Region:
    """The response without thoughts, special tokens, further turns, code and tool output."""
    text, thinking = response, False
    if _PROGRAM.match(text):
        return Region("")
    marked = _MARKUP.search(text) is not None
    if "<|channel|>" in text:
        text, thinking = final_channel(text)
    elif marked or "THINK]" in text or "◁" in text:
        text, thinking = behind_thoughts(own_turns(text))
    if (
        "```" in text
        or (marked and "<" in text)
        or "\nObservation:" in text
        or "[asy]" in text
        or "[TOOL" in text
    ):
        text, output, index = without_tools(text)
        return Region(text, thinking, output, index)
    return Region(text, thinking)


# -- thoughts ----------------------------------------------------------------------
_NAMES = r"think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|analysis|inner_monologue|seed:think"
_THOUGHT = re.compile(
    rf"<(?:(?P<close>/)\s?)?(?:{_NAMES})(?:\s[^<>\n]{{0,40}})?>"
    r"|<\|(?:(?P<end>end_of_|end_|/)|begin_of_|start_)?(?:thought|thinking|think)\|>",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[(?P<close>/)?THINK(?:ING)?\]|◁(?P<end>/)?think▷")
_FINAL_CHANNEL = "<|channel|>final<|message|>"


def final_channel(text: str) -> tuple[str, bool]:
    """What a model of several channels says in the final one; and whether it never came to that."""
    _, channel, final = text.rpartition(_FINAL_CHANNEL)
    return own_turns(final) if channel else "", not channel


def behind_thoughts(text: str) -> tuple[str, bool]:
    """What stands behind the last finished thought, up to an unfinished one; and whether there is such a
    one."""
    pattern = _BRACKETED if "THINK" in text or "◁" in text else None
    marks = [m for p in (_THOUGHT, pattern) if p for m in p.finditer(text)]
    if not marks:
        return text, False
    marks.sort(key=lambda mark: mark.start())
    depth = start = end = 0
    opener: int | None = None
    for mark in marks:
        if mark["close"] or mark["end"]:
            depth = max(depth - 1, 0)
            start, opener = (mark.end(), None) if depth == 0 else (start, opener)
        elif depth == 0 or text[end : mark.start()].strip():  # a template's mark and the model's own are one
            depth += 1
            opener = mark.start() if depth == 1 else opener
        end = mark.end()
    return text[start:opener], opener is not None


# -- turns and special tokens ----------------------------------------------------------------------
_TOKEN = re.compile(
    r"<(?:[|｜](?P<name>[^<>|｜\n]{1,40})[|｜]|(?P<bare>/s|s|eos|bos|pad|unk|(?:start|end)_of_turn|EOS|EOT))>"
)
_ENDS = re.compile(r"end(?!_header)|eot|eom|EOT|EOS|/s|eos|return|^user$|^system$")
_ANSWERS_TURN = re.compile(
    r"<\|(?:im_start|start_header_id|start)\|>\s?assistant(?:<\|end_header_id\|>|<\|message\|>)?"
    r"|\[/INST\]|<start_of_turn>model|<\|assistant\|>|<｜Assistant｜>"
)
_PROMPT = re.compile(
    r"\s*(?:<s>|<\|begin_of_text\|>)?\s*(?:<\|(?:im_start|start_header_id)\|>(?:system|user)|\[INST\])"
)
_TOOL_TURN = re.compile(
    r"[^<]{0,20}(?:<[^<>]{1,30}>\s{0,4}(?:user\s*)?){0,3}(?:<tool_response>|tool|ipython|observation)"
)


def own_turns(text: str) -> str:
    """The assistant's own turn: behind a prompt that was printed with it, up to the first end of a turn that
    no tool answers."""
    if _PROMPT.match(text) and (start := _ANSWERS_TURN.search(text)):
        text = text[start.end() :]
    pieces: list[str] = []
    at, begun = 0, False
    while mark := _TOKEN.search(text, at):
        name = mark["name"] or mark["bare"]
        keeps = "hought" in name or "hink" in name
        pieces.append(text[at : mark.end() if keeps else mark.start()])
        begun = begun or not pieces[-1].isspace() and pieces[-1] != ""
        at = mark.end()
        if _ENDS.search(name) and not keeps and begun:
            following = _ANSWERS_TURN.search(text, at) if _TOOL_TURN.match(text, at) else None
            if following is None:
                break
            at = following.end()
    else:
        pieces.append(text[at:])
    return "".join(pieces)


# -- code and tool output ----------------------------------------------------------------------
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


# -- a runaway next question ----------------------------------------------------------------------
_NEXT_TURN = re.compile(
    r"\n[ \t#*>]{0,6}(?:(?:User|Human|USER|HUMAN|Instruction|System)\b[ *]{0,3}:"
    r"|(?<=### )(?:Instruction|Human|User|Question|Input)|(?<=###)(?:Instruction|Human|User)|\[INST\]"
    r"|(?P<next>(?:Next |New )?[Qq]uestion|Q|(?:Next |New )?[Pp]roblem|Exercise|Example|Task|问题|問題|题目|質問"
    r"|Вопрос|Задача|Pregunta|Problema|Frage|Aufgabe|Domanda|Pergunta|Pytanie|Vraag|Soru|Swali|Pertanyaan|Câu hỏi|คำถาม|โจทย์|প্রশ্ন"
    r"|ప్రశ్న|प्रश्न|सवाल|السؤال|سؤال|문제|질문)(?: ?#?\d{1,3})? ?[*]{0,2}(?:[:：.]|(?=\n)))"
)
MOST_TURNS = 16


def next_turns(text: str) -> list[tuple[int, bool]]:
    """(where it begins, whether it surely is another turn) of what may be a question that the model made up,
    from the first on."""
    inline = text.find(" USER: ")
    starts: list[tuple[int, bool]] = [(inline, True)] if inline > 0 else []
    for mark in _NEXT_TURN.finditer(text):
        if text[: mark.start()].strip():
            starts.append((mark.start(), mark["next"] is None))
        if len(starts) == MOST_TURNS:
            break
    return starts
