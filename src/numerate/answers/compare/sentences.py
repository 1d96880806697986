"""The one value of a sentence, against a bare value: `The train travels 180 miles.` is `180`.

Only where nothing else could be meant: one number or formula, no negation, no bound, no word that counts or
calculates. Of two sentences none is taken apart, so that what they say of their values is never dropped."""

from __future__ import annotations

import re

from numerate.answers.text import normalize, vocabulary
from numerate.answers.text.number_words import PARTS, VALUES

LONGEST = 300
_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")
_AFFIRMED = re.compile(r"(?:\\text ?\{)? ?(?:yes|no)[ .]*\}?[ .]*", re.IGNORECASE)
_VALUE = re.compile(r"[\d\\]")
_RELATION = re.compile(r"[=<>]|\\(?:[lg]eq?|ne|neq|in|equiv|approx|lt|gt)(?![a-z])")
_SUM = re.compile(r"[a-w](?: ?\+ ?[a-w]){1,4} ?= ?-?\d{1,9}")


def replace_sentence(candidate: str, reference: str) -> tuple[str, str] | None:
    """Returns the pair with the sentence on one side replaced by its value; None where there is no such
    sentence, or no bare value on the other side."""
    if len(candidate) > LONGEST or len(reference) > LONGEST:
        return None
    if not (" " in candidate or " " in reference or "=" in candidate or "=" in reference):
        return None
    bare = _is_bare(candidate), _is_bare(reference)
    if bare[0] == bare[1]:
        return None
    value = value_in(candidate if bare[1] else reference)
    if value is None:
        return None
    return (value, reference) if bare[1] else (candidate, value)


def _is_bare(text: str) -> bool:
    """Checks whether `text` is a value without words and relations."""
    if len(text) < 12 and _AFFIRMED.fullmatch(text):
        return True
    if not _VALUE.search(text) or _RELATION.search(text):
        return False
    return not _WORD.search(text)


_STYLED = re.compile(r"\\(?:text[a-z]*|mathrm|mbox) ?\{([^{}]*)\}")


def value_in(text: str) -> str | None:
    """Returns the value that a sentence, a labelled value or a chain of reasoning arrives at; None where that
    isn't plain."""
    text = " ".join(_STYLED.sub(r"\1 ", normalize.strip_emphasis(text)).split()).strip(" *")
    if yes_or_no := _YES_OR_NO.fullmatch(text):
        return yes_or_no[1]
    for rule in (_sum_of_letters, _conclusion_value, _accepted_value, _stated_value, _only_number):
        if value := rule(text):
            return value
    return None


_YES_OR_NO = re.compile(r"(yes|no), (?!but|if|or|only)[A-Za-z ']+\.?", re.IGNORECASE)


def _sum_of_letters(text: str) -> str | None:
    """Returns the value of `m + n = 109`, the usual question of such problems. x, y and z are unknowns of a
    line or a plane."""
    text = text.strip(" $.")
    if not _SUM.fullmatch(text):
        return None
    left, _, value = text.partition("=")
    letters = re.findall(r"[a-w]", left)
    return value.strip() if len(set(letters)) == len(letters) else None


_SO = re.compile(r"(.+)[,;.] (?:and )?(?:so|thus|hence|therefore),? ([^,;]+)", re.IGNORECASE)


def _conclusion_value(text: str) -> str | None:
    r"""Returns the value of a conclusion: 5 for `a = 2, b = 3, so a + b = 5`."""
    match = _SO.fullmatch(text.rstrip(" ."))
    if match is None or "=" not in match[1]:
        return None
    left, sign, value = match[2].replace("$", " ").partition("=")
    if not sign or not re.fullmatch(r"[a-zA-Z0-9 +*-]+", left) or not _is_bare(value):
        return None
    return value.strip() if re.search("[a-zA-Z]", left) and not re.search("[a-zA-Z]{3}", left) else None


_REMARK = re.compile(
    r"(.*\S) ?\(([^()]*\b(?:extraneous|rejected|invalid|discarded|inadmissible)\b[^()]*)\)[ .]*",
    re.IGNORECASE,
)


def _accepted_value(text: str) -> str | None:
    """Returns the value without a remark: 4 for `x = 4 (x = -2 is extraneous)`."""
    match = _REMARK.fullmatch(text.replace("$", " "))
    if match is None or not any(c.isdigit() for c in match[2]) or _WORD.search(match[1]):
        return None
    value = match[1].rpartition("=")[2].replace(" ", "")
    return None if not value or value in match[2].replace(" ", "") else match[1]


# -- sentences ----------------------------------------------------------------------
_HEDGES = vocabulary.split_names(
    "if or either about around approximately nearly almost roughly maybe perhaps possibly wrong incorrect "
    "false impossible fail fails failed avoid avoids lack lacks missing nothing nobody hardly cannot between "
    "but instead otherwise"
)
_CALCULATING = vocabulary.split_names(
    "twice thrice double triple negative minus plus times root squared cubed dozen infinite infinity pi "
    "multiple multiples divisible divided base mod modulo power percent lost lose loss owes owe debt "
    "deficit decrease decreases decreased fell fall falls drop drops dropped first second third half quarter"
)
_NOT_BEFORE = vocabulary.split_names("of by from at on to per every each than times")
_STATED = re.compile(
    r"(?P<label>[A-Za-z][A-Za-z ,'$-]{1,120})(?:\b(?:is|are|was|equals|equal to)\b:?|:) ?(?P<value>.+)"
)
_CALLED = re.compile(
    r"(?:the )?(?:points?|ordered (?:pair|triple)|pair|triple|interval|vector|set|number|fraction) "
    r"(?P<value>\W.*|(?<!point )\d.*)",
    re.IGNORECASE,
)
_LETTER = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]")
_JOINING = re.compile(r"(?<![a-zA-Z])(?:and|or)(?![a-zA-Z])")


def _stated_value(text: str) -> str | None:
    """Returns the value of `The minimum value is -9/4`, `Minimum value: 12`, `the point (2, -5)`: no word
    behind the label."""
    match = _CALLED.fullmatch(text) or _STATED.fullmatch(text)
    if match is None:
        return None
    value = match["value"].strip(" *").rstrip(" .")
    label = match.groupdict().get("label") or ""
    calculated = _is_bare(value.replace("=", " ")) and not _LETTER.search(value)
    if not _says_only_what(label) or not (calculated or _is_bare(_JOINING.sub(",", value))):
        return None
    return value


def _says_only_what(label: str) -> bool:
    words = re.findall(r"[a-z']+", label.lower())
    plain = [w for k, w in enumerate(words) if not (w in ("least", "most") and words[k - 1 : k] == ["the"])]
    if any(w in ("is", "are", "was") for w in words):  # of two statements neither is the label
        return False
    return _HEDGES.isdisjoint(plain) and not _denies(plain)


def _denies(words: list[str]) -> bool:
    """Checks whether the words bound or negate the words beside them."""
    return not vocabulary.BOUNDING.isdisjoint(words) or any(w.endswith("n't") for w in words)


_NUMBER = re.compile(
    r"(?<![\w.,$-])(\\?\$ ?)?(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|-?\d+/\d+)(?![\w/^*+=-]|[.,:]\d)"
)
_PROSE = re.compile(r"[A-Za-z ,.'!-]+")
_REFUSED = (
    _HEDGES | _CALCULATING | vocabulary.PERCENT_WORDS | set(vocabulary.MULTIPLIERS) | set(VALUES)
    | set(PARTS) | {f"{part}s" for part in PARTS}
)  # fmt: skip


def _only_number(text: str) -> str | None:
    """Returns the only number of a sentence that begins with a capital and ends with a period."""
    if not (text[:1].isupper() and text.endswith((".", "!"))):
        return None
    numbers = list(_NUMBER.finditer(text))
    if len(numbers) != 1:
        return None
    match = numbers[0]
    before, behind = text[: match.start()], text[match.end() :]
    words = re.findall(r"[a-z']+", f"{before} {behind}".lower())
    if (
        len(words) < (2 if match[1] else 3)
        or not _PROSE.fullmatch(before + behind)
        or not _REFUSED.isdisjoint(words)
        or _denies(words)
    ):
        return None
    last = before.split()[-1:]
    if last and last[0].lower() in _NOT_BEFORE and not before.endswith("total of "):
        return None
    return ("\\$" if match[1] else "") + match[2]
