"""Extraction of the final answer of a response. The sources, in the order in which they are tried:

tag       `<answer>x</answer>`, or the field "answer" of a JSON object
hash      `#### x`
box       the last \\boxed{x}, or several of one answer; a "final answer is" behind it wins over it
phrase    the last "the answer is x", "Final answer: x", "A: x", "答案是 x"
heading   a heading such as "# Answer" and what stands below it
bare      the whole text, when it is one short line without a sentence
letter    for a choice, behind the first five: the letter that the text asserts; a bare letter comes after it
math      the last expression (kind math); for a choice, the one choice with the value that the text ends in
last      the last number with all that belongs to it (kind number); for a choice, the one choice in whose
          text the last sentence ends
output    what the last tool printed, where nothing behind it says more

The last three are guesses: `fallback` says whether they count. Before anything else thoughts, further turns,
code and special tokens are left out (`regions`). A question that the model went on with ends the text: it is
looked for first, and the same sources are tried on what stands before it. Linear in the length of the text,
of whose visible part the last 50,000 characters are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from numerate.answers.extraction.bare_answers import bare_answer
from numerate.answers.extraction.box_answers import box_answer, is_loop_of_boxes
from numerate.answers.extraction.choice_answers import choice_answer
from numerate.answers.extraction.clauses import DIGIT, count_words
from numerate.answers.extraction.hash_lines import hash_answer
from numerate.answers.extraction.headings import blocks_below_headings, bold_opening
from numerate.answers.extraction.last_sentence import last_statement
from numerate.answers.extraction.phrase_answers import phrase_answer
from numerate.answers.extraction.regions import Region, visible_region, without_openers
from numerate.answers.extraction.statement_values import statement_value
from numerate.answers.extraction.tagged_answers import only_number, opens_object, tagged_text
from numerate.answers.extraction.turns import next_turns
from numerate.answers.sources import (
    GUESS_OF,
    GUESSES,
    LONGEST_STATEMENT,
    MOST_GUESSED,
    NOTHING,
    Extracted,
    Fallback,
    has_content,
)
from numerate.answers.text.boxes import ends_in_empty_mark
from numerate.types import Kind

TAIL = 50_000
"""characters of the visible part that are read"""
MOST_OF_A_SIGN = 30


def find_answer(
    text: str,
    kind: Kind = "math",
    choices: Sequence[tuple[str, str]] = (),
    fallback: Fallback = "expression",
    unfinished: bool = False,
) -> Extracted:
    """Returns the final answer of a response and its source.

    fallback: what counts where nothing is marked as the answer: the last expression, the last number, or
    nothing. unfinished: read a thought that was never finished as if it were the answer."""
    region = visible_region(text)
    if region.thinking and unfinished:
        region = visible_region(without_openers(text))
    tail = _readable_tail(region.text)
    if not tail:
        printed = region.output and fallback != "none" and not region.thinking
        return Extracted(region.output, "output") if printed else NOTHING
    tail, marked = _own_answer(tail, kind, fallback)
    if kind == "choice":
        return choice_answer(tail, marked, choices, fallback)
    if marked is not None and marked.source in GUESSES and fallback == "none":
        return NOTHING  # and not what the further question is answered with
    if marked is None and (is_loop_of_boxes(tail) or ends_in_empty_mark(tail)):
        return NOTHING
    if marked is not None or region.thinking:
        return marked or NOTHING
    bare = bare_answer(tail, kind)
    if bare is not None and _answers_output(tail, region):
        return bare
    return _guess(tail, kind, region, fallback)


# -- the text that is read ----------------------------------------------------------------------
_ASCII_FORMS = {chr(0xFF01 + k): chr(0x21 + k) for k in range(94)} | {
    "，": ", ",
    "：": ": ",
    "、": ", ",
    "−": "-",
}
_FULL_WIDTH = re.compile("[\uff01-\uff5e、−]")
_REPEATING = re.compile(r"(\.\d{0,12}?(\d{1,6})\2{1,40})\.{3}(?!\.\.)")
"""`0.333...`, whose points end no sentence"""


_STRUCK = re.compile(r"~~[^~\n]{1,80}~~")
"""struck out in Markdown"""


def _readable_tail(visible: str) -> str:
    """Returns the end of the visible text with ASCII signs for full-width ones; "" where it is blank."""
    tail = _without_trail(visible.rstrip())[-TAIL:]
    if not tail.isascii() and _FULL_WIDTH.search(tail):
        tail = _FULL_WIDTH.sub(lambda sign: _ASCII_FORMS[sign.group()], tail)
    if "~~" in tail:
        tail = _STRUCK.sub("", tail)
    if "..." in tail:
        tail = _REPEATING.sub(r"\1…", tail)
    return "" if tail.isspace() else tail


def _without_trail(text: str) -> str:
    """Removes a repeated sign at the end of a text; digits are a number's."""
    if text[-1:].isdigit():
        return text
    rest = text.rstrip(text[-1:])
    return rest.rstrip() if len(text) - len(rest) > MOST_OF_A_SIGN and rest else text


# -- answers that are marked ----------------------------------------------------------------------
_PREMISES = re.compile(r"\W*(?:given|known|data|problem|question|let|we (?:have|know))\b", re.IGNORECASE)


def _own_answer(tail: str, kind: Kind, fallback: Fallback) -> tuple[str, Extracted | None]:
    """Returns the text up to a question that the model went on with, and the answer marked in it."""
    for start, certain in next_turns(tail):
        before = tail[:start].rstrip("#*- \n")
        marked = (
            _marked_answer(before, kind)
            or bare_answer(before, kind)
            or _last_value_before(tail, before, kind, fallback)
        )
        if marked is not None or certain:
            return before, marked
    return tail, _marked_answer(tail, kind)


def _last_value_before(tail: str, before: str, kind: Kind, fallback: Fallback) -> Extracted | None:
    """Returns the value of a solution that another question follows behind a blank line."""
    if kind == "choice" or tail[len(before) : len(before) + 2] != "\n\n" or _PREMISES.match(before):
        return None
    return _last_value(before, kind, fallback)


def _last_value(text: str, kind: Kind, fallback: Fallback) -> Extracted | None:
    """Returns the value that a text ends in: its last number where `fallback` asks for one."""
    kind = "number" if fallback == "number" else kind
    value = last_statement(text, kind)
    return Extracted(value, GUESS_OF[kind]) if value else None


def _marked_answer(tail: str, kind: Kind) -> Extracted | None:
    """Returns the answer that the solution itself marks as such."""
    for source in (_tag, hash_answer, box_answer, phrase_answer, _heading):
        marked = source(tail, kind)
        if has_content(marked):
            return marked
    return None


def _tag(tail: str, kind: Kind) -> Extracted | None:
    text = tagged_text(tail)
    return Extracted(_answer_in(text, kind), "tag") if text else None


def _heading(tail: str, kind: Kind) -> Extracted | None:
    if "#" not in tail and "**" not in tail:
        return None
    for block in blocks_below_headings(tail):
        return Extracted(_answer_in(block[:LONGEST_STATEMENT], kind), "heading")
    opening = bold_opening(tail)
    return Extracted(statement_value(opening, kind), "heading") if opening else None


def _answer_in(text: str, kind: Kind) -> str:
    """Returns the answer in a text that holds nothing else, but maybe a sentence, a box or a phrase."""
    if kind == "choice":
        return text
    marked = _marked_answer(text, kind) or bare_answer(text, kind)
    return (marked and marked.answer) or last_statement(text, kind) or text


# -- answers that nothing marks ----------------------------------------------------------------------
def _answers_output(tail: str, region: Region) -> bool:
    """Checks whether a text that is nothing but an answer may be one beside the output of a tool: it stands
    behind the output, and is no remark ("Done.") on a value that the tool printed, or on its failure."""
    if not region.after_output:
        return True
    if region.text[: region.after_output].strip():
        return False
    return _has_value(tail) or (region.output != "" and not _has_value(region.output))


def _has_value(text: str) -> bool:
    return DIGIT.search(text) is not None or not count_words(text)


def _guess(tail: str, kind: Kind, region: Region, fallback: Fallback) -> Extracted:
    if fallback == "none":
        return NOTHING
    if region.after_output:
        tail, _ = _own_answer(_readable_tail(region.text[region.after_output :]), kind, fallback)
    if opens_object(tail):
        number = only_number(tail)
        return Extracted(number, "last") if number else NOTHING
    if value := _last_value(tail[-MOST_GUESSED:], kind, fallback):
        return value
    if region.output:
        return Extracted(region.output.rpartition("\n")[2].strip(), "output")
    return NOTHING
