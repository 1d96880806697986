"""Choice that a solution ends in: by a mark, a verdict on each, a letter, its value or its text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from numerate.answers import choice
from numerate.answers.equivalence import decide
from numerate.answers.extraction.bare_answers import bare_answer
from numerate.answers.extraction.clauses import count_words, first_sentence
from numerate.answers.extraction.corrections import withdrawals
from numerate.answers.extraction.last_sentence import last_statement
from numerate.answers.extraction.sentences_upwards import sentences_upwards
from numerate.answers.extraction.unfinished import breaks_off
from numerate.answers.sources import LONGEST_STATEMENT, MOST_GUESSED, NOTHING, Extracted, Fallback

_VERDICT = re.compile(
    r"(?:^|(?<=[.;,?\n]))[ \t*_-]*\(?(?P<letter>(?-i:[A-J]))"
    r"(?:[).:?]|\s+is\b|(?=\s*[✓✔✅☑✗✘❌✖]))[^\n;.]{0,60}?"
    r"(?:(?:\b(?P<right>correct|true|yes|right)|\b(?P<wrong>incorrect|not \w+|untrue|false|no|wrong))"
    r"\b(?=\W{0,3}(?:[.;,\n]|\Z))|(?P<tick>[✓✔✅☑])|(?P<cross>[✗✘❌✖]))",
    re.IGNORECASE,
)
MOST_BEHIND = 2
"""words that may follow the last verdict"""


def letter_by_verdicts(tail: str, choices: Sequence[tuple[str, str]] = ()) -> str | None:
    """Returns the one letter that a list of verdicts at the end of a text calls right, where it calls others
    wrong; "" where it calls several right or one that is no choice, None without such a list."""
    verdicts = list(_VERDICT.finditer(tail, max(len(tail) - LONGEST_STATEMENT, 0)))
    if len(verdicts) < 2 or len(tail[verdicts[-1].end() :].split()) > MOST_BEHIND:
        return None
    right = {verdict["letter"] for verdict in verdicts if verdict["right"] or verdict["tick"]}
    wrong = {verdict["letter"] for verdict in verdicts if verdict["wrong"] or verdict["cross"]}
    if len(right) > 1 or right & wrong or (choices and not right <= {letter for letter, _ in choices}):
        return ""
    return min(right) if right and wrong else None


_UNSURE = re.compile(r"\bI (?:can't|cannot|can not) (?:tell|say|decide|know)\b[^.\n]*\.?\s*\Z")
_UNDECIDED = re.compile(r"\beither\b[^.\n]*\([A-J]\)[^.\n]*\bor\b[^.\n]*\([A-J]\)[^.\n]*\.?\s*\Z")
MOST_OF_A_LABEL = 2
"""words of a last line that only labels, such as `Answer: B`, and is no sentence that could break off"""
MOST_WORDS = 4
"""of a text that may name a choice without asserting a letter"""


def choice_answer(
    tail: str, marked: Extracted | None, choices: Sequence[tuple[str, str]], fallback: Fallback
) -> Extracted:
    """Returns the letter that a text chooses. marked: the answer that the text marks as such, if any."""
    if letter := _corrected_letter(tail, choices):
        return Extracted(letter, "phrase")
    if marked is not None and marked.source != "phrase":
        letter = choice.letter_of(marked.answer or "", choices) or choice.last_letter(tail, choices)
        return Extracted(letter, marked.source) if letter else NOTHING
    recent = max(len(tail) - LONGEST_STATEMENT, 0)
    if _UNDECIDED.search(tail, recent) or (marked is None and _UNSURE.search(tail, recent)):
        return NOTHING
    if marked is None and (letter := letter_by_verdicts(tail, choices)) is not None:
        return Extracted(letter, "letter") if letter else NOTHING
    letter = choice.asserted_letter(tail, choices)  # reads the phrases of running text itself
    if letter is None or (not letter and count_words(tail) <= MOST_WORDS):
        bare = bare_answer(tail, "choice")
        letter = choice.letter_of(bare.answer, choices) if bare and bare.answer else None
    if letter and marked is None and _breaks_off(tail):
        return NOTHING
    if letter:
        return Extracted(letter, marked.source if marked else "letter")
    if letter is None and fallback != "none":
        return _choice_by_value(tail, choices) or _choice_by_text(tail, choices) or NOTHING
    return NOTHING


def _corrected_letter(tail: str, choices: Sequence[tuple[str, str]]) -> str | None:
    """Returns the letter that stands alone behind a correction: `The answer is D. Sorry, I meant C.`"""
    ends = list(withdrawals(tail, max(len(tail) - LONGEST_STATEMENT, 0)))
    behind = first_sentence(tail[ends[-1] :].lstrip(" :,.;，。、—–-!")).strip() if ends else ""
    alone = _LETTER_ALONE.fullmatch(behind)
    letters = {label for label, _ in choices}
    return alone["letter"] if alone and (not letters or alone["letter"] in letters) else None


_LETTER_ALONE = re.compile(
    r"(?:mea?nt? )?(?:(?:it|that)(?:'s| is) )?(?:the answer is )?(?:option |choice )?\W?(?P<letter>[A-J])\W?"
)


def _breaks_off(tail: str) -> bool:
    sentence, follows = next(sentences_upwards(tail), ("", False))
    return len(sentence.split()) > MOST_OF_A_LABEL and breaks_off(sentence, follows, "choice")


_DENIES = re.compile(r"\b(?:not|cannot|never|no|nor|except|unless|if|without|wrong)\b|n't", re.IGNORECASE)


def _choice_by_text(tail: str, choices: Sequence[tuple[str, str]]) -> Extracted | None:
    """Returns the one choice whose words the last sentence has, where it denies nothing."""
    sentence = next(sentences_upwards(tail[-MOST_GUESSED:]), ("", False))[0].lower()
    if _DENIES.search(sentence):
        return None
    letters = [letter for letter, text in choices if _names(sentence, text.strip().lower())]
    return Extracted(letters[0], "last") if len(letters) == 1 else None


def _names(sentence: str, text: str) -> bool:
    """Checks whether a sentence ends in a choice's text behind a verb: `It is a bank.`"""
    if len(text) < 3 or not text[0].isalpha():
        return False
    return (
        re.search(
            rf"\b(?:is|are|was|be|means|i\.e\.,?|namely|on) (?:an? |the )?{re.escape(text)}\W*$", sentence
        )
        is not None
    )


def _choice_by_value(tail: str, choices: Sequence[tuple[str, str]]) -> Extracted | None:
    """Returns the one choice that is the value with which the text ends."""
    value = last_statement(tail[-MOST_GUESSED:], "math") if choices else None
    letters = [letter for letter, text in choices if value and decide(value, text).equal]
    return Extracted(letters[0], "math") if len(letters) == 1 else None
