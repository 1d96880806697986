"""References as other programs give them, made into the answers that a solution may end in.

A reference is a text or a number, also of numpy; a list of accepted spellings; the content parts of a
message; or a worked solution that marks its answer (`... #### 24`, `\\boxed{24}`). What nothing could equal
is refused: a reward of 0 for every solution would pass unseen."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast, get_args

from numerate.answers import choice
from numerate.answers.answer import Answer
from numerate.answers.budget import LIMIT, BudgetExceeded
from numerate.answers.choice_lists import SHAPES, Pairs, choice_pairs
from numerate.answers.compare import sentences
from numerate.answers.final_answer import find_answer
from numerate.answers.sources import UNMARKED, check_options
from numerate.answers.text import letters, phrases
from numerate.answers.text.boxes import BOX, box_contents, ends_in_empty_mark
from numerate.answers.text.vocabulary import split_names
from numerate.types import Kind, Problem

REMEDY = "give the final answer, or a solution that marks it with #### or \\boxed{}"
_MARK = re.compile(f"####|{BOX}")
_PRINTED_NOTHING = re.compile(r"\s*(?:None|[-+]?(?:inf|Infinity))\s*")
"""what Python and JSON print for no value, and for no finite one"""
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}(?![A-Za-z(])")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CALCULATION = re.compile(r"\d\s?[-+*/×]\s?\d[^\n]*=")
_CONDITION = re.compile(
    r"^\W*[a-zA-Z]\b|[=<>\\]|\b(?:or|except|between|than|least|most|from|through|all|every|any)\b",
    re.IGNORECASE,
)
"""signs of an answer in words, such as `all numbers except 2 and 3`"""
PROSE = 4
"""words, from which on a text is a sentence and no answer with a unit"""


def accepted_answers(value: Any, kind: Kind, where: str) -> tuple[str, ...]:
    """Returns the answers that a reference accepts; none where it is missing: None, NaN, "" or an empty list.

    Raises ValueError that says what was given where nothing could equal it."""
    value = _plain(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ()
    if isinstance(value, list | tuple) and not (value and all(isinstance(part, Mapping) for part in value)):  # pyright: ignore[reportUnknownVariableType]
        items = cast("Sequence[Any]", value)
        return tuple(answer for item in items for answer in accepted_answers(item, kind, where))
    text = value if isinstance(value, str) else _reference_text(value, where)
    if not text.strip():
        return ()
    if (listed := _json_list(text)) is not None:
        if not any(item is not None and item == item for item in listed):
            raise _refusal(where, value, "is a list without an answer")
        return accepted_answers(listed, kind, where)
    answer, fault = reduce_reference(text, kind)
    if fault:
        raise _refusal(where, value, fault)
    return (answer,)


def _json_list(text: str) -> list[Any] | None:
    """Returns the list that a table's cell holds as JSON, `["4", "5"]`; None for anything else, also for
    `[4, 5]`, which mathematics writes."""
    if not text.lstrip().startswith("[") or not _LISTED.match(text):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("list[Any]", value) if isinstance(value, list) else None


_LISTED = re.compile(r"\s*\[\s*(?:[\"{]|null\b|NaN\b)")
_PYTHON_LIST = re.compile(r"\s*\[\s*(?:'[^']*'|None\b|nan\b).*\]\s*", re.DOTALL)
_JSON_OBJECT = re.compile(r"\s*\{\s*\"[^\"]*\"\s*:.*\}\s*", re.DOTALL)
_PLACEHOLDERS = split_names("nan null <na> nat n/a #n/a na #na #div/0! #value! #ref! #name? #num! #null!")
"""what programs write where there is no value"""
_STYLING = re.compile(r"\\(?:text[a-z]*|math[a-z]+|mbox|boxed|fbox)(?![a-zA-Z])|\\?[%$]|[{}\s]")


def stands_for_nothing(text: str) -> bool:
    """Checks whether `text` is what programs write where there is no value, in whatever style: `nan%`,
    `\\text{NaN}`, `[null]`."""
    if len(text) > 60:
        return False
    plain = _STYLING.sub("", text).lower().strip("[]().,")
    return plain in _PLACEHOLDERS or _STYLING.sub("", text).lower() in _PLACEHOLDERS


@lru_cache(maxsize=4096)
def reduce_reference(text: str, kind: Kind) -> tuple[str, str]:
    """Returns the answer itself, where the text is a worked solution that marks it; and why it is none, or
    "".

    Trainers ask for the same reference once for every rollout."""
    if ends_in_empty_mark(text):
        return text, "marks an empty answer"
    if _PRINTED_NOTHING.fullmatch(text):
        return text, "is what programs print for a missing value, and no answer"
    if _PYTHON_LIST.fullmatch(text) or _JSON_OBJECT.fullmatch(text):
        return text, "is a list or an object and no answer"
    if stands_for_nothing(text):
        return text, "is no answer that anything can equal"
    answer = text
    if _MARK.search(text) or _is_worked(text):
        try:
            with LIMIT:
                marked, source = find_answer(text, kind)
        except BudgetExceeded:
            return text, "is too long to be read"
        if marked is None or source in UNMARKED:
            return text, "is a text that marks no answer"
        answer = marked
    if phrases.is_nothing(Answer(answer).normal) and not phrases.says_none(answer):
        return text, "is no answer that anything can equal"
    return answer, ""


def as_problem(reference: str | float, kind: Kind | None = None) -> Problem:
    """Returns a problem of which only the answer is known. Raises ValueError where the reference is no
    answer."""
    kind = kind or ("choice" if _is_letter(reference) else "math")
    check_options(kind, "none")
    answers = accepted_answers(reference, kind, "reference")
    _check_letters(answers, kind, (), "reference")
    if len(answers) != 1:
        raise ValueError(f"reference {reference!r}: expected one answer as text or number: {REMEDY}")
    return Problem("", "", answers[0], kind=kind)


def problems_of(reference: Any, kind: Any, choices: Any, where: str) -> list[Problem]:
    """Returns a problem for every answer that the reference accepts; none where it is missing.

    kind: None reads it off the choices and the reference. Raises ValueError where anything is malformed."""
    pairs = choices_of(choices, where)
    kind = kind or ("choice" if pairs or _is_letter(reference) else "math")
    if kind not in get_args(Kind):
        raise ValueError(f"{where}: kind {kind!r} must be one of {', '.join(get_args(Kind))}")
    answers = accepted_answers(reference, kind, where)
    _check_letters(answers, kind, pairs, where)
    return [Problem(where, "", answer, kind=kind, choices=pairs) for answer in answers]


def is_letter(answer: str) -> bool:
    """Checks whether `answer` is what a choice problem without its choices may have as its answer."""
    return choice.leading_letter(answer) is not None or letters.is_letters(answer)


def _check_letters(answers: Sequence[str], kind: Kind, pairs: Pairs, where: str) -> None:
    """Raises ValueError for a reference that is no choice, or may be two of them."""
    for answer in answers if kind == "choice" else ():
        if pairs and choice.letter_of(answer, pairs) is None:
            letters = [letter for letter, _ in pairs]
            if answer.strip() in letters:
                raise ValueError(
                    f"{where}: the reference {answer!r} is the label of a choice and the text of another: "
                    "label the choices with letters"
                )
            raise ValueError(
                f"{where}: the reference {answer!r} is none of the choices: give one of {', '.join(letters)}"
            )
        if not pairs and not is_letter(answer):
            raise ValueError(
                f"{where}: the reference {answer!r} is no letter: give the letter, or the choices as well"
            )


def choices_of(value: Any, where: str) -> Pairs:
    """Returns letters and texts; none where the value is missing or empty. Raises ValueError for anything
    else that holds no choices."""
    value = _plain(value)
    if value is None or (isinstance(value, str | list | tuple | Mapping) and not value):
        return ()
    pairs = choice_pairs(value)
    if not pairs:
        raise ValueError(f'{where}: "choices" is {_shorten(value)}; expected {SHAPES}')
    return pairs


def _is_letter(reference: Any) -> bool:
    return isinstance(reference, str) and letters.is_bracketed_letter(box_contents(reference[:80]))


# -- writing ----------------------------------------------------------------------
def content_text(content: Any) -> str | None:
    """Returns the text of a message's content: text, or the text parts of a list of typed parts; None for
    anything else."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list | tuple):
        return None
    parts = [part if isinstance(part, str) else _part(part) for part in cast("Sequence[Any]", content)]
    return None if None in parts else "".join(cast("list[str]", parts))


def _part(part: Any) -> str | None:
    """Returns a typed part's text; "" for an image and the like."""
    if not isinstance(part, Mapping):
        return None
    fields = cast("Mapping[str, Any]", part)
    if "text" in fields:
        return fields["text"] if isinstance(fields["text"], str) else None
    return "" if "type" in fields else None


def _plain(value: Any) -> Any:
    """Converts numbers and lists of numpy and the like to Python's own."""
    convert = getattr(cast("object", value), "tolist", None)
    return convert() if callable(convert) else value


def _reference_text(value: Any, where: str) -> str:
    if isinstance(value, list | tuple):
        text = content_text(value)
        if text is not None:
            return text
    if (
        isinstance(value, int | float | Decimal | Fraction)
        and not isinstance(value, bool)
        and (isinstance(value, int | Fraction) or math.isfinite(value))
    ):
        return str(value)  # ValueError for an integer of more digits than Python writes
    raise _refusal(where, value, f"is of type {type(cast('object', value)).__name__} and no answer")


def _is_worked(text: str) -> bool:
    """Checks whether `text` is lines of steps, or a sentence of which no value can be taken: no answers."""
    text = text.strip()
    if "\n" in text and "\\begin" not in text:
        return len(_WORD.findall(text)) >= PROSE or _CALCULATION.search(text) is not None
    if not text.endswith(".") or len(_WORD.findall(text)) < PROSE or len(_NUMBER.findall(text)) < 2:
        return False
    return not _CONDITION.search(text) and sentences.value_in(text) is None


def _refusal(where: str, value: Any, what: str) -> ValueError:
    return ValueError(f"{where}: the reference {_shorten(value)} {what}: {REMEDY}")


def _shorten(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
