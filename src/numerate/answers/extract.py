"""Where the final answer of a solution stands. In this order, and `find` says which it was:

hash     the last line `#### x`
box      the last \\boxed{x}, or several joined by "and"; a "final answer is" behind it wins over it
phrase   the last "the answer is x", "Final answer: x", "A: x"
heading  PRM800K's "# Answer" and the text below it
bare     the whole text, when it is one short line without a sentence
letter   for a choice: the last letter written as one
math     the last formula between dollar signs, when no number follows it (kind math)
last     the last number

Linear in the length of the text, of which the last 50,000 characters are read.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from numerate.answers import choice
from numerate.answers.boxes import last_boxes
from numerate.answers.ladder import decide
from numerate.answers.normal import normalise
from numerate.types import Kind

TAIL = 50_000
SHORT = 300
"""characters: the longest answer behind a phrase, and the longest bare one"""


class Found(NamedTuple):
    answer: str | None
    source: str
    """hash, box, phrase, heading, bare, letter, math, last, or none"""


NOTHING = Found(None, "none")


def find(text: str, kind: Kind = "math", choices: Sequence[tuple[str, str]] = ()) -> Found:
    """The final answer of a solution and where it was found."""
    tail = text[-TAIL:]
    if not tail.strip():
        return NOTHING
    found = _marked(tail, kind)
    if kind == "choice":
        return _choice(tail, found, choices)
    for source in (lambda: found, lambda: _bare(tail, kind), lambda: _last(tail, kind)):
        if (there := source()) is not None:
            return there
    return NOTHING


def _marked(tail: str, kind: Kind) -> Found | None:
    """The answer that the solution itself marks as such."""
    for source in (_hash, _box, _phrase, _heading):
        found = source(tail, kind)
        if found is not None and found.answer and normalise(found.answer):
            return found
    return None


def _choice(tail: str, found: Found | None, choices: Sequence[tuple[str, str]]) -> Found:
    found = found or _bare(tail, "choice")
    if found is not None and found.answer:
        letter = choice.letter_of(found.answer, choices)
        if letter is not None:
            return Found(letter, found.source)
        if choice.several_letters(found.answer):  # "(A) or (B)" chooses nothing
            return NOTHING
    letter = choice.last_letter(tail, choices)
    return Found(letter, "letter") if letter else NOTHING


# -- marks ----------------------------------------------------------------------
def _hash(tail: str, kind: Kind) -> Found | None:
    at = tail.rfind("####")
    if (
        at < 0 or "\\boxed" in tail[at + 4 :].partition("\n")[2]
    ):  # a heading of Markdown, with the answer below
        return None
    line = tail[at + 4 :].partition("\n")[0].strip()
    return Found(line[: 4 * SHORT], "hash") if line else None


def _box(tail: str, kind: Kind) -> Found | None:
    boxes = last_boxes(tail)
    if not boxes:
        return None
    inner = ", ".join(_different([box.inner.strip() for box in boxes]))
    later = _last_phrase(tail, _FINAL, boxes[-1].end)
    if later is not None and later.answer and "\\boxed" not in later.answer and _says_something(later.answer):
        return Found(_refined(later.answer, kind), "phrase")
    return Found(inner, "box")


def _different(answers: list[str]) -> list[str]:
    """Boxes joined by "or" may hold one answer twice: x + 11 or 11 + x."""
    kept = answers[:1]
    kept.extend(a for a in answers[1:] if not any(decide(a, b).equal for b in kept))
    return kept


def _says_something(value: str) -> bool:
    """False for "the final answer is positive": too little to overrule a box."""
    return "$" in value or "\\" in value or any(c.isdigit() for c in value)


_FINAL = re.compile(r"\bfinal answer(?: is|:)(?: the final answer is)?", re.IGNORECASE)
_ANSWER = re.compile(
    r"\banswers?\b[^.\n:=$\\]{0,40}?(?:\b(?:is|are)\b|[:=])|^A:(?!.*\n+B:)", re.IGNORECASE | re.MULTILINE
)
_RANGE = re.compile(r"\s?(?:[-–]|to)\s?\$?\d")
_SENTENCE = re.compile(r"(?<!\\)[.!?](?=\s|\*|$)|\s(?=I hope it is correct)|<\|")
_OPENING = re.compile(r"[\s:*]{0,20}")


def _phrase(tail: str, kind: Kind) -> Found | None:
    found = _last_phrase(tail, _ANSWER, 0)
    if found is None or not found.answer:
        return None
    return Found(_refined(found.answer, kind), "phrase")


def _last_phrase(tail: str, pattern: re.Pattern[str], start: int) -> Found | None:
    last = _last_match(pattern, tail, start)
    if last is None:
        return None
    opening = _OPENING.match(tail, last.end())
    return Found(_value_at(tail, opening.end() if opening else last.end()), "phrase")


def _last_match(pattern: re.Pattern[str], text: str, start: int = 0) -> re.Match[str] | None:
    return next(iter(deque(pattern.finditer(text, start), maxlen=1)), None)


def _value_at(tail: str, at: int) -> str:
    """The rest of the sentence, or the displayed formula that starts here."""
    for opener, closer in (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)")):
        if tail.startswith(opener, at):
            end = tail.find(closer, at + 2)
            return tail[at + 2 : end if end > 0 else at + 4 * SHORT]
    line = tail[at : at + 4 * SHORT].partition("\n")[0]
    if line.startswith("$") and (end := line.find("$", 1)) > 1 and not re.match(r"\$[\d,.]+\s", line):
        return line[: end + 1] if _SENTENCE.match(line, end + 1) or end + 1 == len(line) else _sentence(line)
    return _sentence(line)


def _sentence(line: str) -> str:
    end = _SENTENCE.search(line)
    return (line[: end.start()] if end else line).strip()


def _heading(tail: str, kind: Kind) -> Found | None:
    at = tail.rfind("# Answer\n")
    below = tail[at + 9 :].strip() if at >= 0 else ""
    return Found(below[: 4 * SHORT], "heading") if below else None


# -- what a sentence says ----------------------------------------------------------------------
_FORMULA = re.compile(
    r"\$\$([^$]+)\$\$|\$([^$\n]+)\$|\\\(((?:(?!\\\)).){1,1200}?)\\\)|\\\[((?:(?!\\\]).){1,1200}?)\\\]", re.S
)
_LETTERS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}(?![A-Za-z(])")
_COPULA = re.compile(r"\b(?:is|are|equals|equal to)\b:?|=")


def _prose(text: str) -> int:
    """The number of plain words outside of formulas and braces."""
    outside = re.sub(r"\{[^{}]*\}", "", _FORMULA.sub(" ", text))
    return sum(w.lower() not in ("and", "or", "sqrt", "pi") for w in _LETTERS.findall(outside))


def _refined(value: str, kind: Kind) -> str:
    """The answer alone, out of the part of a sentence that holds it."""
    if kind == "number":
        return _first_number(value) or value
    if kind == "choice" or _prose(value) < 3:
        return value
    *_, tail = _COPULA.split(value)
    if tail != value and tail.strip() and _prose(tail) < 3:
        return tail.strip()
    found = _last(value, kind)
    return found.answer if found and found.answer else value


def _bare(tail: str, kind: Kind) -> Found | None:
    text = tail.strip()
    if (
        len(text) > SHORT * 4
        or _has_lines(text)
        or not re.search(r"\d" if kind == "number" else r"\w|\\", text)
    ):
        return None
    if _prose(text) and (kind == "number" or (kind == "math" and _FORMULA.search(text))):
        return None
    if kind == "choice" or _prose(text) < 3 or not any(c.isdigit() for c in text):
        return Found(text, "bare") if len(text) <= SHORT * 4 and _short_prose(text) else None
    return None


def _has_lines(text: str) -> bool:
    """True for several lines, unless they are the rows of a matrix or stand within braces."""
    first, newline, _ = text.partition("\n")
    return bool(newline) and "\\begin" not in text and first.count("{") == first.count("}")


def _short_prose(text: str) -> bool:
    return _prose(text) <= 12 and "=<" not in text and "<<" not in text


# -- numbers in running text ----------------------------------------------------------------------
_NUMBER = re.compile(
    r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3}(?!\w))?"
    r"(?: \d+/\d+|\s?/\s?\d+(?![\d.,]))?(?:\s?\\?%)?"
)


def _first_number(value: str) -> str | None:
    """The first number behind the last equals sign."""
    part = value.rpartition("=")[2] or value
    match = _NUMBER.search(part)
    if match and _RANGE.match(part, match.end()):
        return part.strip()  # 5-7 is neither 5 nor 7
    return _signed(part, match) if match else None


def _signed(text: str, match: re.Match[str]) -> str:
    """The number with its minus: one that touches it and nothing before, or one behind `=`, `:`, `(` or a
    comma."""
    before = text[: match.start()].rstrip("$\\")
    if before.endswith(("-", "−")):
        stem = before[:-1]
        if not stem or not (stem[-1].isalnum() or stem[-1] in ")]%"):
            return "-" + match.group()
    elif before.endswith(("- ", "− ")) and before[:-2].rstrip()[-1:] in ("", "=", ":", "(", ","):
        return "-" + match.group()
    return match.group()


def _last(tail: str, kind: Kind) -> Found | None:
    """The last formula (kind math) or the last number, whichever ends later."""
    near = tail[-4_000:]
    number = _last_match(_NUMBER, near)
    if kind == "math":
        formula = _last_match(_FORMULA, near)
        if formula is not None and (number is None or formula.end() > number.end()):
            return Found(next(filter(None, formula.groups())).strip(), "math")
    return Found(_signed(near, number), "last") if number is not None else None
