"""Answers in words that mean numbers or sets: "twenty-one", "three quarters", "all real numbers"."""

from __future__ import annotations

import re

from numerate.answers.text import foreign_numerals, phrases, times
from numerate.answers.text.spelled_values import PARTS, VALUES, spelled_value, whole_number
from numerate.answers.text.units import CANONICAL
from numerate.answers.text.vocabulary import split_names

__all__ = ["PARTS", "PHRASES", "VALUES", "in_digits", "read_number_words"]


_REALS, _NOTHING = "(-\\infty,\\infty)", "\\emptyset"
PHRASES = {
    **dict.fromkeys(("all real number", "all real", "real number", "set of real number", "any real number",
                     "set of all real number", "every real number"), _REALS),
    **dict.fromkeys(("no solution", "no real solution", "empty set", "null set", "no such number",
                     "there is no solution", "there are no solution"), _NOTHING),
    "dozen": "12", "noon": "12:00 pm", "midnight": "12:00 am",
    **dict.fromkeys(("dne", "doe not exist", "limit doe not exist"), "does not exist"),
    **dict.fromkeys(("infinitely many", "infinitely many solution", "infinite number of solution",
                     "infinite solution", "there are infinitely many solution"), "infinitely many"),
}  # fmt: skip
"""keys as `normalize.plain_words` gives them: lower case, no articles, no plural s"""


_DIGIT = re.compile(r"\d")
_NEGATIVE = re.compile(r"(?:negative|minus) ((?!negative|minus).+)", re.IGNORECASE)
_PLAIN = re.compile(r"\d[\d,]*(?:\.\d+)?(?:/\d+)?")
_REPEATED = re.compile(r"(\d{1,9}) ?\(([A-Za-z -]{3,60})\)")
_OUT_OF = re.compile(r"(\d{1,9}) out of (?:every )?(\d{1,9})")
_STYLED = re.compile(r"\\(?:text[a-z]*|mathrm|mbox) ?\{([A-Za-z -]+)\}")
_MULTIPLES = re.compile(r"(?:all |the )*(?:integer )?multiples of (\d{1,6})", re.IGNORECASE)


def read_number_words(normal: str, words: str | None) -> str | None:
    """Returns the answer in digits or signs, None where its words say no number and no set."""
    if not 3 <= len(normal) <= 100:
        return None
    return _english_words(normal, words) or _foreign_words(normal)


def _foreign_words(normal: str) -> str | None:
    """Reads `vingt-trois` and `dos manzanas`, None for anything else."""
    if len(normal) > LONGEST_NUMERAL:
        return None
    if "{" in normal and (styled := _STYLED.fullmatch(normal)):
        normal = styled[1]
    return foreign_numerals.bare_numeral(normal) if _NUMERAL.fullmatch(normal) else None


LONGEST_NUMERAL = 80
_NUMERAL = re.compile(r"[^\W\d_]{2,}(?:[ '’-]+[^\W\d_]+)*")


def _english_words(normal: str, words: str | None) -> str | None:
    if (
        reading := times.read_date(normal, words)
        or phrases.read_condition(normal)
        or _negative(normal, words)
    ):
        return reading
    if words is None:
        return None
    if _DIGIT.search(normal):
        return _around_digits(normal)
    if words in PHRASES:
        return PHRASES[words]
    if "{" in normal and (styled := _STYLED.fullmatch(normal)):
        normal = styled[1].strip()
    return _counted_value(normal) if normal.replace("-", " ").replace(" ", "").isalpha() else None


def _counted_value(text: str) -> str | None:
    """Reads a value in words and what it counts: `three dozen eggs` is `36 eggs`."""
    spelled = spelled_value(text)
    if spelled is None:
        return None
    hyphenated = spelled.rest and f"-{spelled.rest[0]}" in text.lower()  # two-dimensional
    counts = _counts(spelled.rest) and not hyphenated
    return " ".join([spelled.value, *spelled.rest]) if counts else None


def _negative(normal: str, words: str | None) -> str | None:
    """Reads `negative five` and `minus 5`, None for anything else."""
    match = _NEGATIVE.fullmatch(normal)
    if match is None:
        return None
    below = words and words.partition(" ")[2]
    value = match[1] if _PLAIN.fullmatch(match[1]) else read_number_words(match[1], below)
    return f"-{value}" if value and _PLAIN.match(value) else None


_COUNTING = split_names("square cubic per and different distinct possible real") | frozenset(VALUES)


def _counts(rest: list[str]) -> bool:
    """Checks whether `rest` is only the name of the counted thing; `two separate loops` has more."""
    clauses = " ".join(rest).split(" and ")
    return all(sum(not _is_counting(word) for word in clause.split()) < 2 for clause in clauses)


def _is_counting(word: str) -> bool:
    return word in CANONICAL or word.removesuffix("s") in CANONICAL or word in _COUNTING


def in_digits(words: str) -> str:
    """Returns words as `normalize.plain_words` gives them, each number among them in digits."""
    return " ".join(str(VALUES.get(word, word)) for word in words.split())


def _around_digits(normal: str) -> str | None:
    """Reads numbers with words around them: `12 (twelve)`, `5 out of 36`, `all multiples of 4`."""
    if normal.endswith(")") and (repeated := _REPEATED.fullmatch(normal)):
        tokens = re.findall(r"[a-z]+", repeated[2].lower())
        return repeated[1] if whole_number(tokens) == (int(repeated[1]), len(tokens)) else None
    if (changed := _CHANGED.fullmatch(normal)) and (value := _changed_value(changed)):
        return value
    if " of " not in normal:
        return None
    if out_of := _OUT_OF.fullmatch(normal):
        return f"{out_of[1]}/{out_of[2]}"
    multiples = _MULTIPLES.fullmatch(normal)
    return f"{multiples[1]}k\\whole{{kZ}}" if multiples else None


_CHANGED = re.compile(
    r"(?P<value>-?\d[\d,]*(?:\.\d+)?) ?(?:\\text[a-z]* ?\{ ?|\\mathrm ?\{ ?)?"
    r"(?P<words>(?:and |over )?[A-Za-z]+(?:[ -](?:[A-Za-z]+|\d+)){0,4})(?: ?\})?|(?P<decimals>point \d+)",
)
_CHANGING = re.compile(
    r"(?:and (?:an?|one|two|three|four|\d) \w+|(?:over|point) (?:\w+)|dozens?|lakhs?|crores?|squared|cubed"
    r"|factorial|half|halves|thirds?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|\w{4,}ths?"
    r"|plus)\b(?! of a)",
    re.IGNORECASE,
)


def _changed_value(match: re.Match[str]) -> str | None:
    """Reads `3 dozen eggs`, `2 thirds`, `5 squared`, `point 5`; None for a number with its unit."""
    if match["decimals"]:
        return "0." + match["decimals"].removeprefix("point ")
    if _CHANGING.match(match["words"]) is None:
        return None
    if match["words"].lower() == "plus":  # a bound
        return f"at least {match['value']}"
    value = match["value"].removeprefix("-")
    counted = _counted_value(f"{value} {match['words']}")
    return "-" * match["value"].startswith("-") + counted if counted else None
