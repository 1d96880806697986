"""Multiple choice: the letter, with or without its text, or the text in place of the letter.

A text that hedges (`A or C`), rejects (`not B`), names a letter that is no choice, or gives a letter beside
the text of another choice chooses nothing; no other letter is taken instead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from numerate.answers.extraction import choice_text
from numerate.answers.extraction.choice_words import CONTRAST, RETRACTED, SUPPOSED
from numerate.answers.extraction.statements import Statement, letter_statements
from numerate.answers.text.boxes import BOX, box_contents
from numerate.answers.text.letters import LONGEST, SPACING, STYLES, plain_choice_text, several_letters
from numerate.answers.text.normalize import normalize_text

Choices = Sequence[tuple[str, str]]
NONE_CHOSEN: Final = ""
"""of a text that speaks of letters and chooses none of them"""

_LETTER = re.compile(
    r"(?:option|choice|answer)?\s?"
    r"(?:[(\[]([A-Za-z])[)\]]"
    r"|([A-Za-z])(?:[)\]:,]|\.(?![A-Za-z])|\s?$|\s(?=\S{0,40}\d|\([a-z]+ [a-z ]+\)$)))",
    re.IGNORECASE,
)


# -- letters without their choices ----------------------------------------------------------------------
def leading_letter(text: str) -> str | None:
    """Returns the letter that opens "(B) 12", "B. 12", "b", "B"; None for "Bob" or "(A) or (E)"."""
    if "\\" in text[:4] and STYLES.sub("", text[:40]).lstrip(" $({").startswith("\\"):
        return None  # \det A
    text = plain_choice_text(text)
    if several_letters(text):
        return None
    match = _LETTER.match(text)
    if match is None:
        return None
    letter = (match.group(1) or match.group(2)).upper()
    return letter if not _OTHERS.search(text, match.end()) or letter_of(text, ()) == letter else None


_OTHERS = re.compile(r"(?<![A-Za-z0-9])[A-J](?![A-Za-z0-9])")


# -- letters among choices ----------------------------------------------------------------------
def letter_of(value: str, choices: Choices) -> str | None:
    """Returns the letter that an extracted answer means: the one choice whose text it is, or the letter that
    it asserts."""
    value = value[:LONGEST]
    letter = choice_text.letter_of_text(normalize_text(value), choices)
    if letter is not None:
        return None if _is_label_of_another(value, letter, choices) else letter
    value = _capital(box_contents(value))
    text = value if _is_sentence(readable_text(value)) else f"answer: {value}"
    return asserted_letter(text, choices, listed=True) or None


def _is_sentence(value: str) -> bool:
    """Checks whether `value` is a sentence: `B is warm` and `If B ...` are no answers that stand behind a
    mark."""
    return _SUBJECT.match(value) is not None or SUPPOSED.search(value) is not None


_SUBJECT = re.compile(r"\W*[A-Z]\W? (?:is|was|has|does|would|can|cannot|seems|looks|are)\b")


def last_letter(text: str, choices: Choices) -> str | None:
    """Returns the letter that running text chooses; None where it chooses none."""
    return asserted_letter(text, choices) or None


def asserted_letter(text: str, choices: Choices, listed: bool = False) -> str | None:
    """Returns the letter that the last assertion of a text names, or without an assertion its last mention.

    NONE_CHOSEN where the text speaks of letters and chooses none; None where it speaks of none.

    listed: what stands beside the letter counts too, as in `(A) garage (B) attic`."""
    tail = readable_text(text[-LONGEST:])
    labels = tuple(label.upper() for label, _ in choices)
    claims = letter_statements(tail, labels)
    chosen = _last_assertions(claims, tail)
    by_text = choice_text.announced_choice(tail, chosen[-1].mention.end if chosen else 0, choices)
    if by_text:
        return by_text
    if by_text is None and not chosen:
        chosen = _last_mentions(claims, tail)
    elif listed:
        chosen += _beside(claims, tail)
    letters = frozenset[str]().union(*(each.mention.letters for each in chosen))
    if len(letters) != 1:
        return NONE_CHOSEN if claims or by_text is not None else None
    (letter,) = letters
    if labels and letter not in labels:
        return NONE_CHOSEN
    mention = chosen[-1].mention
    return NONE_CHOSEN if choice_text.names_another(tail, mention, letter, choices) else letter


def _last_assertions(claims: list[Statement], tail: str) -> list[Statement]:
    """Returns the assertions of the last sentence that has any, and those that it adds to; else all tentative
    ones."""
    firm = [each for each in claims if each.says in ("asserted", "picked")]
    if not firm:
        return [each for each in claims if each.says == "tentative"]
    last = firm[-1]
    behind = claims[claims.index(last) + 1 :]
    if RETRACTED.search(tail, last.mention.end) or _is_withdrawn(last, behind):
        return []
    near = [each for each in firm if each.sentence == last.sentence or last.also]
    turns = [match.end() for match in CONTRAST.finditer(tail, near[0].mention.end, last.mention.start)]
    near = [each for each in near if last.also or not turns or each.mention.start >= turns[-1]]
    return [each for each in near if each.says == "asserted"] or near


def _is_withdrawn(last: Statement, behind: list[Statement]) -> bool:
    """Checks whether a later sentence rejects the letters that the last assertion names."""
    return any(
        each.says == "rejected"
        and each.sentence != last.sentence
        and each.mention.letters == last.mention.letters
        for each in behind
    )


_NAMED_TOO = re.compile(r"(?:\b[A-Z]|\b[Oo]r|\b[Aa]nd)$")
"""what stands before a letter that is named beside another: `B. Or D`"""
_REASON = re.compile(r"\b(?:because|since|as|while|whereas|but|than|over|though)\b")


def _beside(claims: list[Statement], tail: str) -> list[Statement]:
    """Returns the part of a value beside the letter that it asserts, up to its reasons."""
    reason = _REASON.search(tail)
    end = reason.start() if reason else len(tail)
    near = [each for each in claims if each.says == "mentioned" and each.mention.end <= end]
    return [
        each for each in near if each.mention.strong or _NAMED_TOO.search(tail[: each.mention.start].rstrip())
    ]


def _last_mentions(claims: list[Statement], tail: str) -> list[Statement]:
    """Returns the letters of the last sentence that mentions any, neither rejected nor supposed; a list of
    all choices is not one."""
    opening = {each.mention.start for each in claims if _opens_line(tail, each.mention.start)}
    left = [
        each
        for each in claims
        if each.says == "mentioned" and not (len(opening) > 1 and each.mention.start in opening)
    ]
    last = [each for each in left if each.sentence == left[-1].sentence]
    if any(each.mention.strong for each in last):
        return last
    letters = frozenset[str]().union(*(each.mention.letters for each in claims))
    return last if last and len(letters) == 1 and _stands_out(tail, last[-1]) else []


def _opens_line(tail: str, at: int) -> bool:
    return not tail[tail.rfind("\n", 0, at) + 1 : at].strip(" \t-•#>")


def _stands_out(tail: str, last: Statement) -> bool:
    """Checks whether the letter stands alone and opens its sentence: `C it is`, not `x = C` or
    `plan B`."""
    before = tail[: last.mention.start].rstrip()
    return (not before or before[-1] in ".!?\n:") and _BRIEF.match(tail, last.mention.end) is not None


_BRIEF = re.compile(r"\W*(?:\w+\W*)?$|\s*[.!,;:—–(-]|\s(?:because|since|as|due|for)\b")
"""what may follow a letter that is an answer by itself"""


def _is_label_of_another(value: str, letter: str, choices: Choices) -> bool:
    """Checks whether `value` is the text of one choice and the number of another."""
    label = value.strip(" ().").upper()
    return label.isdigit() and label != letter and any(label == other.upper() for other, _ in choices)


# -- writing ----------------------------------------------------------------------
_WIDE = str.maketrans(
    {
        **{chr(0xFF21 + k): chr(0x41 + k) for k in range(26)},
        **{chr(0xFF41 + k): chr(0x61 + k) for k in range(26)},
        **{chr(0xFF10 + k): chr(0x30 + k) for k in range(10)},
        **dict(zip("（）［］：’‘．，；", "()[]:''.,;", strict=True)),
        **dict.fromkeys('"“”„«»「」`*$', ""),
        **dict.fromkeys("∩∪∈∉⊂⊆⊃∧∨≤≥≠≈≡", "∘"),
    }
)
_MARK = re.compile(BOX + "|<(?:answer|final_answer|ans)>", re.IGNORECASE)
_MARKUP = re.compile(r"</?[a-zA-Z_|]{1,20}>|__|[{}]|(?<![\w'])'(?=\w'(?!\w))|(?<=(?<!\w)'\w)'(?!\w)")
_RUNS = re.compile(r"([ \t\n])[ \t]+")
_BROKEN_LINE = re.compile(r"(\banswer(?: is)?(?:\sis)?\s?:)[ \t]*\n\s*", re.IGNORECASE)
_SIGN = re.compile(r"\\[a-zA-Z]+")
_SMALL = re.compile(
    r"(\banswer(?: choice)?(?: is| would be| should be|:)*:?\s+)"
    r"([b-z]|a(?=\W*$))(?=[).:,]|\W*$| (?:because|since|as)\b)",
    re.IGNORECASE | re.MULTILINE,
)


_NO_DOUBT = re.compile(
    r",? ?\b(?:without (?:a |any )?(?:doubt|question)|no doubt|undoubtedly|unquestionably)\b,?", re.IGNORECASE
)
_NONE_OF = re.compile(
    r"\bnone of (?:the )?(?:options |choices |answers )?"
    r"(?P<letters>\(?[A-J]\)?(?:(?:\s?[-–,&]\s?|,? and |,? or |, )\(?[A-J]\)?)+)",
    re.IGNORECASE,
)


def _neither(match: re.Match[str]) -> str:
    """Returns `neither A nor B` for `none of A, B`."""
    return "neither " + " nor ".join(c for c in match["letters"] if c.isalpha() and c.isupper())


def readable_text(text: str) -> str:
    """Returns the text without styles and marks; boxes and answer tags in words, other commands as signs."""
    text = _MARK.sub(" answer: ", _NO_DOUBT.sub("", text.translate(_WIDE)))
    text = _NONE_OF.sub(_neither, text)
    if "\\" in text:
        text = _SIGN.sub("∘", STYLES.sub("", SPACING.sub(" ", text)))
    text = _RUNS.sub(r"\1", _MARKUP.sub("", text))
    text = _BROKEN_LINE.sub(r"\1 ", text)
    return _SMALL.sub(lambda match: match[1] + match[2].upper(), text)


_SMALL_FIRST = re.compile(r"\W*([a-z])(?=\W*$|[).:]\s)")


@lru_cache(maxsize=1024)
def _capital(value: str) -> str:
    """Returns `b` and `b) attic` with their letter as a capital."""
    match = _SMALL_FIRST.match(plain_choice_text(value))
    if match is None:
        return value
    text = plain_choice_text(value)
    return text[: match.start(1)] + match[1].upper() + text[match.end(1) :]
