"""Sentences that break off: what a cut text ends in."""

from __future__ import annotations

import re

from numerate.answers.extraction.clauses import CONTENT, DIGIT
from numerate.answers.extraction.spelled_numbers import number_words
from numerate.answers.extraction.worded_values import IN_WORDS
from numerate.answers.text.markdown import without_emphasis
from numerate.answers.text.vocabulary import split_names
from numerate.types import Kind

_UNFINISHED_WORDS = split_names(
    "the a an and or of to in for with she he they it we i is are was has have had will would that this "
    "which so because then if but gives gets by per y de be been than from at as into "
    "la el et le les un une und der die das il e o que"
)
"""words that end no sentence"""
_LAST_NUMBER = re.compile(r"\d([^\d]*)$")
MOST_WORDS_BEHIND = 6
"""words that may follow the last number of a sentence without a full stop"""
_THEN = ("จากนั้น", "然后", "接着", "そして", "次に", "затем", "그리고", "তারপর", "ثم")
"""words for what comes next, in languages without spaces or with other letters"""
_OPEN_SIGNS = frozenset("+-*/×·÷=(,")
_ENDED = re.compile(r"[.!?:…。！？।\])}*`\"'’”»$|%°]$")


def breaks_off(sentence: str, follows: bool, kind: Kind) -> bool:
    """Checks whether the sentence ends in the middle: on a word that can't end one, on words without a
    value, or without the full stop that the sentence before it on its line has; of a choice, on such a
    word."""
    plain = without_emphasis(sentence).strip()
    words = plain.split()
    if plain[-1:] in _OPEN_SIGNS or plain.endswith(_THEN):
        return True
    if not words or _ENDED.search(plain) or DIGIT.search(words[-1]) or not any(map(str.isalpha, words[-1])):
        return False
    word = words[-1].rstrip(",")
    if kind == "choice":
        return word in _UNFINISHED_WORDS
    if (word.lower() in _UNFINISHED_WORDS and len(words) > 1) or (
        follows and "**" not in sentence and _goes_on(plain)
    ):
        return True
    return word.isalpha() and len(words) >= 3 and "**" not in sentence and not _has_value(plain, kind)


def _goes_on(plain: str) -> bool:
    """Checks whether more words stand behind the last number than name what it counts."""
    if not plain.isascii() or not DIGIT.search(plain):
        return True
    *_, behind = (plain, *_LAST_NUMBER.findall(plain))
    return len(behind.split()) > MOST_WORDS_BEHIND or ", " in behind


def _has_value(plain: str, kind: Kind) -> bool:
    if DIGIT.search(plain) or (kind == "math" and (CONTENT.search(plain) or IN_WORDS.search(plain))):
        return True
    return number_words(plain) is not None
