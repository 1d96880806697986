"""Turns of a conversation: the own one of the assistant, and those that a model made up behind it."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"<(?:[|｜](?P<name>[^<>|｜\n]{1,40})[|｜]|(?P<bare>/s|s|eos|bos|pad|unk|(?:start|end)_of_turn|EOS|EOT))>"
)
_ENDS = re.compile(r"end(?!_header)|eot|eom|EOT|EOS|/s|eos|return|^user$|^system$")
_ANSWERS_TURN = re.compile(
    r"<\|(?:im_start|start_header_id|start)\|>\s?assistant(?:<\|end_header_id\|>|<\|message\|>)?"
    r"|\[/INST\]|<start_of_turn>model|<\|assistant\|>|<｜Assistant｜>"
)
_PROMPT = re.compile(
    r"\s*+(?:<s>|<\|begin_of_text\|>)?\s*+(?:<\|(?:im_start|start_header_id)\|>(?:system|user)|\[INST\])"
)
_TOOL_TURN = re.compile(
    r"[^<]{0,20}(?:<[^<>]{1,30}>\s{0,4}(?:user\s*)?){0,3}(?:<tool_response>|tool|ipython|observation)"
)


def own_turns(text: str) -> str:
    """Returns the assistant's own turn: behind a prompt that was printed with it, up to the first end of a
    turn that no tool answers."""
    if _PROMPT.match(text) and (start := _ANSWERS_TURN.search(text)):
        text = text[start.end() :]
    pieces: list[str] = []
    at, has_text = 0, False
    while mark := _TOKEN.search(text, at):
        name = mark["name"] or mark["bare"]
        keeps = "hought" in name or "hink" in name
        pieces.append(text[at : mark.end() if keeps else mark.start()])
        has_text = has_text or (not pieces[-1].isspace() and pieces[-1] != "")
        at = mark.end()
        if _ENDS.search(name) and not keeps and has_text:
            following = _ANSWERS_TURN.search(text, at) if _TOOL_TURN.match(text, at) else None
            if following is None:
                break
            at = following.end()
    else:
        pieces.append(text[at:])
    return "".join(pieces)


_QUESTION = "|".join(
    (
        "(?:Next |New )?[Qq]uestion", "Q", "(?:Next |New )?[Pp]roblem", "Exercise", "Example", "Task",
        "问题", "問題", "题目", "質問", "Вопрос", "Задача", "Pregunta", "Problema", "Frage", "Aufgabe",
        "Domanda", "Pergunta", "Pytanie", "Vraag", "Soru", "Swali", "Pertanyaan", "Câu hỏi", "คำถาม",
        "โจทย์", "প্রশ্ন", "ప్రశ్న", "प्रश्न", "सवाल", "السؤال", "سؤال", "문제", "질문",
    )
)  # fmt: skip
"""what announces a problem"""
_NEXT_TURN = re.compile(
    r"\n[ \t#*>]{0,6}(?=[A-IN-V\[pq]|[^\x00-\x7f])"  # first letters, to pass most lines by
    r"(?:(?:User|Human|USER|HUMAN|Instruction|System)\b[ *]{0,3}:"
    r"|(?<=### )(?:Instruction|Human|User|Question|Input)|(?<=###)(?:Instruction|Human|User)|\[INST\]"
    rf"|(?P<next>(?:{_QUESTION})(?: ?#?(?P<number>\d{{1,3}}))? ?[*]{{0,2}}(?:[:：.]|(?=\n))))"
)
MOST_TURNS = 16


def next_turns(text: str) -> list[tuple[int, bool]]:
    """Returns (where it begins, whether it surely is another turn) of what may be a question that the model
    made up, from the first on."""
    inline = text.find(" USER: ")
    starts: list[tuple[int, bool]] = [(inline, True)] if inline > 0 else []
    numbers: set[int] = set()
    for mark in _NEXT_TURN.finditer(text):
        number = int(mark["number"] or 0)
        continues = number > 1 and number - 1 in numbers  # the second of two problems that were both put
        numbers.add(number)
        if text[: mark.start()].strip() and not continues:
            starts.append((mark.start(), mark["next"] is None))
        if len(starts) == MOST_TURNS:
            break
    return starts
