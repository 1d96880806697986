"""Numbers in words of other languages, up to 999,999: `zwölf Äpfel`, `cent vingt`, `moins deux virgule cinq`.

A numeral counts only where all of it is understood: no other numeral, no fraction, no bound beside it."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from numerate.answers.text.chinese_numerals import chinese_number
from numerate.answers.text.numeral_contexts import CONTEXTS, OF, TOTALS, Context
from numerate.answers.text.numeral_spellings import LANGUAGES, fold_word, numeral_value, parts_of_numerals
from numerate.answers.text.vocabulary import split_names

_GERMAN_PART = re.compile(
    r"(?:drit|vier|funf|sechs|sieb|ach|neun|zehn|zwanzigs|hunderts|tausends)tel|\w+fach|\w+mal"
)
_ORDINAL = re.compile(r"\w+iemes?")
_ENGLISH = split_names("the is are of has have so she he they and to that was were an with left")
_ALIKE = split_names("once elf due cent sei mille million millions un ein six zero")
"""numerals that are words of other languages: alone they say no number"""
_PERCENT = split_names("pour por per")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_MOST_BEHIND = 6
"""words behind a numeral that may tell what it counts"""


def foreign_number(text: str) -> str | None:
    """Returns in digits the number in words of a text in another language, None where there is none, or more
    than one."""
    if not text.isascii() and (chinese := chinese_number(text)) is not None:
        return chinese or None
    tokens = [fold_word(token) for token in _TOKEN.findall(text)]
    if not _ENGLISH.isdisjoint(tokens):
        return None
    if value := bare_numeral(text):
        return value
    seen = {language: len(context.signs.intersection(tokens)) for language, context in CONTEXTS.items()}
    for language in sorted(seen, key=lambda name: -seen[name]):
        if not seen[language]:
            return None
        if numerals := _numerals(language, tokens):
            return _stated(language, tokens, numerals) if len(numerals) == 1 else None
    return None


def bare_numeral(text: str) -> str | None:
    """Returns in digits a text that is a numeral, maybe with two words behind it, in whatever language."""
    tokens = [fold_word(token) for token in _TOKEN.findall(text.strip(" .!"))]
    if not tokens or len(tokens) > MOST_TOKENS:
        return None
    readings: dict[str, int] = {}
    for language, context in CONTEXTS.items():
        start = 1 if tokens[0] == context.minus else 0
        if len(tokens) == start or not _is_part(language, tokens[start]):
            continue
        numerals = _numerals(language, tokens, articles=True)
        if not numerals or numerals[0].start != start:
            continue
        first = numerals[0]
        value = _stated(language, tokens, numerals) if len(numerals) == 1 else None
        behind = len(tokens) - first.end
        article = first.value == "1" and behind
        alike = first.end - start == 1 and tokens[start] in _ALIKE
        understood = value is not None and behind <= 2 and not article and not alike
        readings[value if value and understood else ""] = max(
            readings.get(value if value and understood else "", 0), first.end
        )
    longest = [value for value, end in readings.items() if end == max(readings.values())]
    return (longest[0] or None) if len(longest) == 1 else None


MOST_TOKENS = 24


class Numeral(NamedTuple):
    start: int
    end: int
    value: str | None
    """in digits, None where its words make no number"""


def _numerals(language: str, tokens: list[str], articles: bool = False) -> list[Numeral]:
    """Returns the numerals among the words of a sentence; an article only where it counts, or with
    `articles`."""
    grammar, context = LANGUAGES[language], CONTEXTS[language]
    numerals: list[Numeral] = []
    at = 0
    while at < len(tokens):
        if not _is_part(language, tokens[at]) or (at and tokens[at - 1] in _PERCENT):
            at += 1
            continue
        end, words = at + 1, [tokens[at]]
        while end < len(tokens):
            link = _behind_links(tokens, end, grammar.joiners)
            if link >= len(tokens) or not _is_part(language, tokens[link]):
                break
            words += ["und"] if tokens[end] == "und" else []
            words.append(tokens[link])
            end = link + 1
        value = _value(language, words)
        numerals.append(Numeral(at, end, value))
        at = end
    numerals = _with_decimals(language, tokens, numerals)
    if articles:
        return numerals
    return [n for n in numerals if n.value != "1" or n.end - n.start > 1 or _counts(context, tokens, n)]


def _behind_links(tokens: list[str], at: int, joiners: frozenset[str]) -> int:
    """Returns the index behind hyphens and an `and`: `soixante-et-onze`."""
    end = at
    while end < min(len(tokens), at + 3) and (tokens[end] in joiners or tokens[end] in _HYPHENS):
        end += 1
    return end


_HYPHENS = frozenset("-‐‑")


def _counts(context: Context, tokens: list[str], numeral: Numeral) -> bool:
    return numeral.start > 0 and tokens[numeral.start - 1] in context.remains | {"'", "’"}


def _value(language: str, words: list[str]) -> str | None:
    if language == "fr":
        words = [{"cents": "cent", "vingts": "vingt"}.get(word, word) for word in words]
    value = numeral_value(language, words)
    return None if value is None else str(value)


def _with_decimals(language: str, tokens: list[str], numerals: list[Numeral]) -> list[Numeral]:
    """Returns the numerals with what stands behind a decimal comma in words: `deux virgule zéro cinq`."""
    if len(numerals) < 2:
        return numerals
    joined = [numerals[0]]
    for numeral in numerals[1:]:
        before = joined[-1]
        comma = numeral.start == before.end + 1 and tokens[before.end] in CONTEXTS[language].decimal
        if not comma:
            joined.append(numeral)
            continue
        words = tokens[numeral.start : numeral.end]
        digits = [_value(language, [word]) for word in words]
        if all(digit is not None and len(digit) == 1 for digit in digits):
            decimals = "".join(filter(None, digits))
        else:
            decimals = numeral.value
        whole = before.value is not None and decimals is not None
        joined[-1] = Numeral(before.start, numeral.end, f"{before.value}.{decimals}" if whole else None)
    return joined


@cache
def _compound(language: str) -> re.Pattern[str]:
    parts = set(parts_of_numerals(language))
    if language == "it":
        parts |= {part[:-1] for part in parts if part[-1] in "aio" and len(part) > 4}
    parts |= {"und"} if language == "de" else set()
    return re.compile(rf"(?:{'|'.join(sorted(parts, key=len, reverse=True))})+")


def _is_part(language: str, token: str) -> bool:
    """Checks whether the word belongs to a numeral."""
    if token in parts_of_numerals(language):
        return True
    if language == "fr":
        return token in ("cents", "vingts")
    if language == "es":
        return token.startswith("veinti")
    if not LANGUAGES[language].compound or token in LANGUAGES[language].joiners:
        return False
    return _compound(language).fullmatch(token) is not None


def _stated(language: str, tokens: list[str], numerals: list[Numeral]) -> str | None:
    """Returns the only numeral of a sentence, with its sign; None where what stands beside it changes it."""
    context, numeral = CONTEXTS[language], numerals[0]
    if numeral.value is None:
        return None
    behind = tokens[numeral.end :]
    percent = behind[:1] and (behind[0].startswith(("prozent", "процент")) or behind[0] in _PERCENT)
    if percent:
        behind = behind[1 if behind[0] not in _PERCENT else 2 :]
    if len(behind) > _MOST_BEHIND + 1 or any(_goes_on(context, token) for token in behind):
        return None
    start = numeral.start
    sign = "-" if start and tokens[start - 1] == context.minus else ""
    start -= len(sign)
    if start and _is_blocked(context, tokens, start, sign):
        return None
    return f"{sign}{numeral.value}" + ("%" if percent else "")


def _goes_on(context: Context, token: str) -> bool:
    if token in context.behind or not (token.isalpha() or token in ".!'’"):
        return True
    return bool(_GERMAN_PART.fullmatch(token) or _ORDINAL.fullmatch(token))


def _is_blocked(context: Context, tokens: list[str], start: int, sign: str) -> bool:
    before = tokens[start - 1]
    if sign and before in ("au", "al", "pelo", "o", "a", "du"):  # `au moins vingt`
        return True
    if before in OF and start > 1 and tokens[start - 2] in TOTALS:
        return False
    if before in ("'", "’"):
        return tokens[start - 2] not in context.remains
    return before in context.before
