"""Where the final answer of a response stands. In this order, and `find` says which it was:

tag       `<answer>x</answer>`, or the field "answer" of a JSON object
hash      `#### x`
box       the last \\boxed{x}, or several of one answer; a "final answer is" behind it wins over it
phrase    the last "the answer is x", "Final answer: x", "A: x", "答案是 x"
heading   a heading such as "# Answer" and what stands below it
bare      the whole text, when it is one short line without a sentence
letter    for a choice: the last letter written as one
output    what the last tool printed, when nothing behind it says more
math      the last expression (kind math)
last      the last number with all that belongs to it (kind number)

The last three are guesses: `fallback` says whether they count. Before anything else thoughts, further turns,
code and special tokens are left out (`regions`). Linear in the length of the text, of whose visible part the
last 50,000 characters are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from numerate.answers import choice
from numerate.answers.boxes import last_boxes
from numerate.answers.cues import Cue, answer_cues
from numerate.answers.expressions import FORMULA, last_row
from numerate.answers.ladder import decide
from numerate.answers.last_sentence import REFUSAL, last_statement
from numerate.answers.markdown import bold_parts
from numerate.answers.regions import Region, next_turns, visible_region
from numerate.answers.stated import chain_value, count_words, first_sentence, stated_value, with_factorial
from numerate.types import Kind

TAIL = 50_000
SHORT = 300
"""characters: the longest answer behind a phrase, and the longest bare one"""
Fallback = Literal["number", "expression", "none"]


class Found(NamedTuple):
    answer: str | None
    source: str
    """tag, hash, box, phrase, heading, bare, letter, output, math, last, or none"""


NOTHING = Found(None, "none")
GUESSES = frozenset({"output", "math", "last"})
"""sources that nobody marked as the answer"""


def find(
    text: str,
    kind: Kind = "math",
    choices: Sequence[tuple[str, str]] = (),
    fallback: Fallback = "expression",
    unfinished: bool = False,
) -> Found:
    """The final answer of a response and where it was found.

    fallback: what counts where nothing is marked as the answer: the last expression, the last number, or
    nothing. unfinished: read a thought that was never finished as if it were the answer."""
    region = visible_region(text)
    if region.thinking and unfinished:
        region = visible_region(_without_openers(text))
    tail = _without_trail(region.text.rstrip())[-TAIL:]
    if not tail.isascii():
        tail = tail.translate(_FULL_WIDTH)
    if not tail.strip():
        return (
            Found(region.output, "output")
            if region.output and fallback != "none" and not region.thinking
            else NOTHING
        )
    tail, marked = _own_answer(tail, kind)
    if kind == "choice":
        return _choice(tail, marked, choices)
    if marked is not None or region.thinking:
        return marked or NOTHING
    return _bare(tail, kind) or _guess(tail, kind, region, fallback)


_FULL_WIDTH = {0xFF01 + k: chr(0x21 + k) for k in range(94)} | {
    ord("，"): ", ",
    ord("："): ": ",
    ord("、"): ", ",
    ord("−"): "-",
}


def _without_trail(text: str) -> str:
    """The text without the one sign over and over that a model may end in."""
    rest = text.rstrip(text[-1:])
    return rest.rstrip() if len(text) - len(rest) > MOST_OF_A_SIGN and rest else text


MOST_OF_A_SIGN = 30


def _without_openers(text: str) -> str:
    return re.sub(
        r"<\|?[^<>/\n]{0,20}th(?:ink|ought)[^<>/\n]{0,8}\|?>|\[THINK\]|◁think▷", "", text, flags=re.IGNORECASE
    )


def _own_answer(tail: str, kind: Kind) -> tuple[str, Found | None]:
    """The text up to a question that the model went on with, and the answer marked in it."""
    for start, certain in next_turns(tail):
        before = tail[:start].rstrip("#*- \n")
        marked = _marked(before, kind) or _bare(before, kind) or _concluded(tail, before, kind)
        if marked is not None or certain:
            return before, marked
    return tail, _marked(tail, kind)


_GIVENS = re.compile(r"\W*(?:given|known|data|problem|question|let|we (?:have|know))\b", re.IGNORECASE)


def _concluded(tail: str, before: str, kind: Kind) -> Found | None:
    """The value of a solution that another question follows behind a blank line."""
    if kind == "choice" or tail[len(before) : len(before) + 2] != "\n\n" or _GIVENS.match(before):
        return None
    value = last_statement(before, kind)
    return Found(value, _RUNG[kind]) if value else None


_RUNG = {"math": "math", "number": "last", "choice": "letter"}


def _marked(tail: str, kind: Kind) -> Found | None:
    """The answer that the solution itself marks as such."""
    for source in (_tag, _hash, _box, _phrase, _heading):
        found = source(tail, kind)
        if found is not None and found.answer and _SAYS_SOMETHING.search(found.answer):
            return found
    return None


_SAYS_SOMETHING = re.compile(r"[^\W_]|[∅∞°{}]|\\\{")


def _guess(tail: str, kind: Kind, region: Region, fallback: Fallback) -> Found:
    if fallback == "none":
        return NOTHING
    if _JSON.match(tail):
        number = _only_number(tail)
        return Found(number, "last") if number else NOTHING
    behind = tail[-max(len(region.text) - region.after_output, 0) :] if region.output else tail
    rung: Kind = "number" if fallback == "number" else kind
    value = last_statement(behind[-4_000:], rung)
    if value:
        return Found(value, _RUNG[rung])
    if region.output:
        return Found(region.output.rpartition("\n")[2].strip(), "output")
    return NOTHING


# -- choices ----------------------------------------------------------------------
def _choice(tail: str, marked: Found | None, choices: Sequence[tuple[str, str]]) -> Found:
    if marked is not None and marked.source != "phrase":
        letter = choice.letter_of(marked.answer or "", choices) or choice.last_letter(tail, choices)
        return Found(letter, marked.source) if letter else NOTHING
    letter = choice.asserted_letter(tail, choices)  # reads the phrases of running text itself
    if not letter:
        bare = _bare(tail, "choice")
        letter = choice.letter_of(bare.answer, choices) if bare and bare.answer else None
    if letter:
        return Found(letter, marked.source if marked else "letter")
    return (_by_value(tail, choices) if letter is None else None) or NOTHING


def _by_value(tail: str, choices: Sequence[tuple[str, str]]) -> Found | None:
    """The one choice that is the value with which the text ends."""
    value = last_statement(tail[-4_000:], "math") if choices else None
    letters = [letter for letter, text in choices if value and decide(value, text).equal]
    return Found(letters[0], "math") if len(letters) == 1 else None


# -- tags and JSON ----------------------------------------------------------------------
_TAG = re.compile(
    r"<(?P<tag>answer|final_answer|finalanswer|final answer|ans)\s?>(?P<inside>.*?)(?:</\s?(?P=tag)\s?>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_OPENED = re.compile(r"<(?:answer|final_answer|finalanswer|final answer|ans)\s?>", re.IGNORECASE)
_FIELD = re.compile(
    r"[\"'](?:final[_ ]?)?(?:answer|result)[\"']\s*:\s*(?:(?P<string>\"(?:[^\"\\\n]|\\.){0,600}\")|'(?P<single>[^'\n]{0,600})'"
    r"|(?P<plain>[^\s,}\"'\[{][^,}\n]{0,80})|(?P<array>\[[^\[\]\n]{0,300}\]))",
    re.IGNORECASE,
)


def _tag(tail: str, kind: Kind) -> Found | None:
    if "<" in tail and (tags := list(_TAG.finditer(tail))):
        inside = _OPENED.split(tags[-1]["inside"])[-1].strip()
        return Found(_answer_in(inside, kind), "tag") if inside else None
    if "nswer" not in tail and "result" not in tail:
        return None
    if "{" not in tail:
        return None
    fields = list(_FIELD.finditer(tail))
    return Found(_answer_in(_json_value(fields[-1]), kind), "tag") if fields else None


def _only_number(tail: str) -> str | None:
    """The one number of an object whose fields have other names."""
    try:
        values = json.loads(tail).values()
    except (ValueError, AttributeError, RecursionError):
        return None
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return json.dumps(numbers[0]) if len(numbers) == 1 else None


_JSON = re.compile(r"\s*\{\s*\"")


def _json_value(field: re.Match[str]) -> str:
    if field["string"]:
        try:
            return str(json.loads(field["string"]))
        except ValueError:  # LaTeX whose backslashes were not doubled
            return field["string"][1:-1]
    return (field["single"] or field["plain"] or (field["array"] or "")[1:-1]).strip()


def _answer_in(text: str, kind: Kind) -> str:
    """The answer in a text that holds nothing else, but maybe a sentence, a box or a phrase."""
    if kind == "choice":
        return text
    marked = _marked(text, kind)
    if marked is not None and marked.answer:
        return marked.answer
    bare = _bare(text, kind)
    return (bare and bare.answer) or last_statement(text, kind) or text


# -- hashes ----------------------------------------------------------------------
_HEADING_WORDS = re.compile(r"\W*(?:\d{1,2}[.)]\s|[A-Za-z])")
_CORRECTION = re.compile(
    r"\b(?:wait|actually|mistake|wrong|incorrect|correction|corrected|sorry|oops|instead|hmm|can't be|cannot be right|not right|recheck|re-check|recalculate|let me re|apolog)",
    re.IGNORECASE,
)


def _hash(tail: str, kind: Kind) -> Found | None:
    if "####" not in tail:
        return None
    marks = _hash_lines(tail)
    answers = [(start, value) for start, line, rest in marks if (value := _hash_value(line, rest, kind))]
    if not answers:
        return None
    start, value = answers[0]
    for later, other in answers[1:]:
        if not _CORRECTION.search(tail[start:later]):
            break
        start, value = later, other
    if corrected := _after_withdrawal(tail, start, kind):
        return Found(corrected, "phrase")
    return Found(value, "hash")


_WITHDRAWN = re.compile(
    r"\b(?:that(?:'s| is| was| can't be| cannot be)|this is|it is|it's) (?:wrong|incorrect|not (?:right|correct)|a mistake|right)"
    r"|\bmade (?:a|an) (?:\w+ )?(?:mistake|error)|\bscratch that\b",
    re.IGNORECASE,
)


def _after_withdrawal(tail: str, start: int, kind: Kind) -> str | None:
    """The value of a text that takes back what it called its answer; None where it doesn't."""
    withdrawn = _WITHDRAWN.search(tail, start)
    if withdrawn is None or withdrawn.group().lower().endswith(" right") and "t be" not in withdrawn.group():
        return None
    cues = (_cue_value(tail, cue, kind) for cue in answer_cues(tail, withdrawn.end()))
    return next(filter(None, cues), None) or last_statement(tail[withdrawn.end() :], kind)


def _hash_lines(tail: str) -> Iterator[tuple[int, str, str]]:
    """(start, line, what stands below it) of every line that four hashes open, or that has them in it."""
    at = tail.find("####")
    while at >= 0:
        stop = tail.find("\n", at)
        stop = stop if stop >= 0 else len(tail)
        yield at, tail[at:stop].lstrip("#").strip(), tail[stop:]
        at = tail.find("####", stop)


def _hash_value(line: str, below: str, kind: Kind) -> str | None:
    """The answer on a line, None for a heading of Markdown."""
    if not line or "answer" in line[:40].lower():
        return None
    ends = not below.strip()
    if not ends and ("\\boxed" in below or _HEADING_WORDS.match(line)):
        return None
    if kind == "choice":
        return line[: 4 * SHORT]
    words = count_words(line)
    if words < 3:
        return stated_value(line[: 4 * SHORT], kind) if kind == "number" or words else line[: 4 * SHORT]
    return stated_value(first_sentence(line), kind) if ends or line[0].isdigit() or line[0] in "$-" else None


# -- boxes ----------------------------------------------------------------------
def _box(tail: str, kind: Kind) -> Found | None:
    boxes = last_boxes(tail) if "box" in tail else []
    if not boxes:
        return None
    if REFUSAL.search(tail, boxes[-1].end):
        return Found(None, "box")
    later = _later_phrase(tail, boxes[-1].end, kind)
    kept = [box for box in boxes if not _REJECTED_BOX.match(tail, box.end)]
    inner = ", ".join(_different([box.inner.strip() for box in kept]))
    return Found(later, "phrase") if later else Found(inner, "box")


_REJECTED_BOX = re.compile(
    r"[^.\n]{0,30}\b(?:extraneous|rejected|discarded|invalid|not valid|does not (?:work|satisfy))\b"
)


def _later_phrase(tail: str, end: int, kind: Kind) -> str | None:
    """What a sentence behind a box calls the final answer, or the answer after all."""
    behind = tail[end:]
    if "nswer" not in behind:
        return None
    corrected = _CORRECTION.search(behind) is not None
    for cue in answer_cues(tail, end):
        value = _cue_value(tail, cue, kind)
        if value and (cue.final or corrected) and "\\boxed" not in value and _says_something(value):
            return value
    return None


def _different(answers: list[str]) -> list[str]:
    """Boxes joined by "or" may hold one answer twice: x + 11 or 11 + x."""
    answers = list(dict.fromkeys(filter(None, answers)))
    kept = answers[:1]
    kept.extend(a for a in answers[1:] if not any(decide(a, b).equal for b in kept))
    return kept


def _says_something(value: str) -> bool:
    """False for "the final answer is positive": too little to overrule a box."""
    return "$" in value or "\\" in value or any(c.isdigit() for c in value)


# -- phrases and headings ----------------------------------------------------------------------
_OPENING = re.compile(r"[ \t:：*_]{0,20}(?:\n[ \t>*#_-]{0,12}){0,3}[*_ ]{0,6}")


def _phrase(tail: str, kind: Kind) -> Found | None:
    for cue in answer_cues(tail):
        if value := _cue_value(tail, cue, kind):
            after = None if kind == "choice" else _after_withdrawal(tail, cue.end, kind)
            return Found(after or value, "phrase")
    return None


def _cue_value(tail: str, cue: Cue, kind: Kind) -> str | None:
    opening = _OPENING.match(tail, cue.end)
    statement = _statement_at(tail, opening.end() if opening else cue.end)
    if kind == "choice":
        return statement or None
    return stated_value(statement, kind) if statement else None


def _statement_at(tail: str, at: int) -> str:
    """The rest of the sentence, or the displayed formula that starts here."""
    for opener, closer in (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)")):
        if tail.startswith(opener, at):
            end = tail.find(closer, at + 2)
            if closer != "\\)" or end < 0:
                return tail[at : end + 2] if end > 0 else tail[at + 2 : at + 4 * SHORT]
    line = tail[at : at + 4 * SHORT].partition("\n")[0]
    statement = first_sentence(line)
    return (
        with_factorial(line, len(statement), statement.strip())
        if tail[at - 2 : at] == ": "
        else statement.strip()
    )


_HEADING = re.compile(
    r"[ \t]*(?:#{1,6} *|\*\*)[^\n]{0,12}?(?:(?:final |correct )?answer|final result|答案|答え|解答|ответ|respuesta|réponse|antwort)"
    r"s?[ :*：#]*\n(?P<below>.*?)(?=\n#|\n\*\*[^*\n]{1,40}\*\*:?\s*\n|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_ANSWER_FIRST = re.compile(
    r"\s*\*\*(?P<answer>[^*\n]{1,80})\*\*\s*\n+\W*(?:here(?:'s| is)|explanation|reasoning|why|because|justification|steps|solution|let)",
    re.IGNORECASE,
)


def _heading(tail: str, kind: Kind) -> Found | None:
    if "#" not in tail and "**" not in tail:
        return None
    for match in reversed(list(_heading_lines(tail))):
        if below := _first_with_value(match["below"].strip()):
            return Found(
                below[: 4 * SHORT] if kind == "choice" else _answer_in(below[: 4 * SHORT], kind), "heading"
            )
    first = _ANSWER_FIRST.match(tail)
    if first is None or not _VALUE.search(first["answer"]) or first["answer"].rstrip().endswith(":"):
        return None
    return Found(stated_value(first["answer"].rstrip(" ."), kind), "heading")


def _first_with_value(block: str) -> str:
    """The first paragraph below a heading that has a value, or the whole block."""
    for paragraph in block.split("\n\n")[:3]:
        if _VALUE.search(paragraph) and not _LEADS_ON.search(paragraph):
            return paragraph
    return block


_VALUE = re.compile(r"[\d\\$]")
_LEADS_ON = re.compile(r"(?:\b(?:is|are|be|to|of|equals)|:)[\s*]*\Z")


def _heading_lines(tail: str) -> Iterator[re.Match[str]]:
    at = 0
    while at >= 0:
        if match := _HEADING.match(tail, at):
            yield match
        following = [i for i in (tail.find("\n#", at), tail.find("\n**", at)) if i >= 0]
        at = min(following) + 1 if following else -1


# -- a bare answer ----------------------------------------------------------------------
def _bare(tail: str, kind: Kind) -> Found | None:
    text = tail.strip()
    if (
        len(text) > SHORT * 4
        or _JSON.match(text)
        or _has_lines(text)
        or not re.search(r"\d" if kind == "number" else r"\w|\\", text)
    ):
        return None
    words = count_words(text)
    if words and (kind == "number" or (kind == "math" and FORMULA.search(text))):
        return None
    if words > 3 and kind == "math" and bold_parts(text):
        return None
    if kind == "math" and words and any(c.isdigit() for c in text):
        value = stated_value(text, kind)
        return Found(value, "bare") if value and words < 3 else None
    if kind == "math" and words >= 3 and _SYMBOLS.search(text):
        return None
    if kind == "choice" or words < 3 or not any(c.isdigit() for c in text):
        return (
            Found(chain_value(last_row(text)) if kind == "math" and not words else text, "bare")
            if words <= 12 and "=<" not in text and "<<" not in text
            else None
        )
    return None


_SYMBOLS = re.compile(r"[∞∅=<>≤≥]|\binfinity\b|\bempty\b")


def _has_lines(text: str) -> bool:
    """True for several lines, unless they are the rows of a matrix or stand within braces."""
    first, newline, _ = text.partition("\n")
    return bool(newline) and "\\begin" not in text and first.count("{") == first.count("}")
