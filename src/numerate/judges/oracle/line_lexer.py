"""A line of a solution as tokens: numbers in digits and words, signs in every spelling, words between."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from numerate.judges.oracle.arithmetic import Number, parse_number

MAX_CHARACTERS = 1500
MAX_TOKENS = 300


class LineToken(NamedTuple):
    kind: str
    """number, word, op, equals, is (an equals sign in words), open, close, break"""
    value: Number | str
    note: str = ""
    """of a number: digits, spelled, percent, or fraction (in words)"""


def _spelled() -> dict[str, int]:
    low = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"]
    low += ["twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    table = {word: i for i, word in enumerate(low)}
    for i, ten in enumerate(tens, start=2):
        table[ten] = 10 * i
        table |= {f"{ten}-{low[j]}": 10 * i + j for j in range(1, 10)}
    return table | {"hundred": 100, "thousand": 1000}


SPELLED = _spelled() | {"dozen": 12}
PARTS = {"half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
PARTS |= {f"{word}s": n for word, n in PARTS.items()} | {"halves": 2}
MULTIPLES = {"twice": 2, "double": 2, "thrice": 3, "triple": 3, "quadruple": 4}
SIGNS = {"plus": "+", "minus": "-", "times": "*", "multiplied": "*", "divided": "/"}
IS = frozenset(["is", "are", "was", "were", "equals", "equal", "makes", "make", "gives", "totals", "becomes"])
SYMBOLS = dict(zip("+-−–*×·∙⋅/÷", "+---*****//", strict=True))
UNITS = frozenset("aIimglh")
"""single letters that are a word or a unit; any other one is taken for an unknown of algebra"""
NUMBER_NEXT = re.compile(r" (?:of )?[0-9(]")
JOINS = frozenset(
    ("and", "because", "but", "if", "since", "so", "then", "therefore", "when", "where", "which")
)
"""words that no unit holds: an expression ends there"""

CLEANED = (
    (re.compile(r"\\[dt]?frac\{([^{}]{1,30})\}\{([^{}]{1,30})\}"), r"((\1)/(\2))"),
    (re.compile(r"\\(?:times|cdot)\b"), "*"),
    (re.compile(r"\\div\b"), "/"),
    (re.compile(r"\\(?:text|mathrm)\b|[$€£\\{}_`~]"), ""),
    (re.compile(r"(?<![0-9])\*\*|\*\*(?![0-9( ])"), ""),
    (re.compile("½"), " 1/2"),
    (re.compile("¼"), " 1/4"),
    (re.compile("¾"), " 3/4"),
)
LEAD = re.compile(
    r"(?:[-*•>]+\s+|#+\s+|(?:step\s*)?[0-9]{1,2}\s?[.):]\s+|step\s*[0-9]{1,2}\s*[-–]\s+)*", re.I
)
"""bullets and numbering in front of a line"""
DECIMAL = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
TOKEN = re.compile(
    rf"""(?P<ordinal>[0-9]+(?:st|nd|rd|th)\b)
    |(?P<clock>[0-9]{{1,2}}:[0-9]{{2}}(?![0-9]))
    |(?P<mixed>[0-9]{{1,4}}\ [0-9]{{1,3}}/[0-9]{{1,3}}(?![0-9/.]))
    |(?P<number>{DECIMAL})(?P<percent>\ ?%|\ percent\b)?
    |(?P<cross>[xX](?=\ *[0-9(.]))
    |(?P<than>(?:less|fewer|more)\ than\b)
    |(?P<word>[A-Za-z]+(?:['’-][A-Za-z]+)*)
    |(?P<equals>=>|->|[=→≈])
    |(?P<op>[-+*/×÷−–·∙⋅])
    |(?P<open>[(\[])|(?P<close>[)\]])
    |(?P<break>[^\s'"’])""",
    re.X,
)


def clean_line(text: str) -> str:
    """Removes money signs, mark-up and list marks; LaTeX's signs become plain ones."""
    for pattern, to in CLEANED:
        text = pattern.sub(to, text)
    text = text.strip().replace("\n", " ; ")
    mark = LEAD.match(text)
    return text[mark.end() :] if mark and mark.end() < len(text) else text


def line_tokens(line: str) -> list[LineToken]:
    """Returns at most 300 tokens of the first 1500 characters."""
    text = clean_line(line[:MAX_CHARACTERS])
    tokens: list[LineToken] = []
    for match in TOKEN.finditer(text):
        if len(tokens) >= MAX_TOKENS:
            break
        READERS[match.lastgroup or "break"](match, text, tokens)
    return tokens


Reader = Callable[[re.Match[str], str, list[LineToken]], None]


def _number(match: re.Match[str], text: str, tokens: list[LineToken]) -> None:
    value = parse_number(match["number"])
    if value is None:
        tokens.append(LineToken("break", ""))
    elif match["percent"]:
        tokens.append(LineToken("number", Fraction(value) / 100, "percent"))
    else:
        tokens.append(LineToken("number", value, "digits"))


def _mixed(match: re.Match[str], text: str, tokens: list[LineToken]) -> None:
    whole, above, below = (int(part) for part in re.findall(r"[0-9]+", match["mixed"]))
    if above < below:
        tokens.append(LineToken("number", whole + Fraction(above, below), "digits"))
        return
    tokens += [LineToken("number", whole, "digits"), LineToken("number", above, "digits")]
    tokens += [LineToken("op", "/"), LineToken("number", below, "digits")]


def _word(match: re.Match[str], text: str, tokens: list[LineToken]) -> None:
    word = match["word"].lower()
    if word in SPELLED and not (word == "dozen" and tokens and tokens[-1].kind == "number"):
        tokens.append(LineToken("number", SPELLED[word], "spelled"))
    elif word in SIGNS:
        tokens.append(LineToken("op", SIGNS[word]))
    elif word in IS:
        tokens.append(LineToken("is", word))
    elif word in MULTIPLES and NUMBER_NEXT.match(text, match.end()):
        tokens += [LineToken("number", MULTIPLES[word], "spelled"), LineToken("op", "*")]
    elif word == "of" and _is_part(tokens):
        tokens.append(LineToken("op", "*", "of"))
    elif word in JOINS or (len(word) == 1 and _unknown(match, tokens)):
        tokens.append(LineToken("break", word))
    else:
        _fraction(word, tokens, text[match.end() : match.end() + 3] == " of")


def _unknown(match: re.Match[str], tokens: list[LineToken]) -> bool:
    """Checks whether a single letter is an unknown of algebra rather than a word or a unit."""
    letter, text = match["word"], match.string
    if letter not in UNITS and not (letter == "A" and not tokens):
        return True
    glued = text[: match.start()][-1:].isdigit()
    if not glued and letter not in "aAI":
        return False
    return text[match.end() :].lstrip()[:1] in tuple("+-*/=") or (not glued and _kind_of_last(tokens) == "op")


def _kind_of_last(tokens: list[LineToken]) -> str:
    return tokens[-1].kind if tokens else "break"


def _fraction(word: str, tokens: list[LineToken], of_follows: bool) -> None:
    """Reads a part in words: "two thirds", "two-thirds", "a third of"; otherwise a word like any other."""
    above, _, below = word.rpartition("-")
    parts = PARTS.get(below if above in SPELLED else word)
    if parts is None or not (above in SPELLED or of_follows or (tokens and tokens[-1].note == "spelled")):
        tokens.append(LineToken("word", word))
    elif above in SPELLED:
        tokens.append(LineToken("number", Fraction(SPELLED[above], parts), "fraction"))
    elif tokens and tokens[-1].note == "spelled" and tokens[-1].kind == "number":
        tokens[-1] = LineToken("number", Fraction(tokens[-1].value) / parts, "fraction")
    else:
        tokens.append(LineToken("number", Fraction(1, parts), "fraction"))


def _is_part(tokens: list[LineToken]) -> bool:
    """Checks whether an "of" here multiplies: after a percentage, a fraction in words, or digits such as
    3/4."""
    if not tokens or tokens[-1].kind != "number":
        return False
    return tokens[-1].note in ("percent", "fraction") or (len(tokens) > 2 and tokens[-2] == ("op", "/", ""))


def _than(match: re.Match[str], text: str, tokens: list[LineToken]) -> None:
    tokens.append(LineToken("op", "+" if match["than"].startswith("more") else "~"))


def _cross(match: re.Match[str], text: str, tokens: list[LineToken]) -> None:
    after_number = bool(tokens) and tokens[-1].kind in ("number", "close", "word")
    tokens.append(LineToken("op", "*") if after_number else LineToken("break", "x"))


def _sign(match: re.Match[str], text: str, tokens: list[LineToken]) -> None:
    """Reads a sign; a hyphen or slash that leads into a word is part of a name or a rate: 2-hour, $5/hour."""
    sign, after = match["op"], text[match.end() : match.end() + 1]
    if after.isalpha() and sign in "-–/" and match.start() and not text[match.start() - 1].isspace():
        tokens.append(LineToken("word", sign))
    else:
        tokens.append(LineToken("op", SYMBOLS[sign]))


def _clock(match: re.Match[str], text: str, tokens: list[LineToken]) -> None:
    tokens.append(LineToken("break", "clock"))


def _plain(kind: str) -> Reader:
    def read(match: re.Match[str], text: str, tokens: list[LineToken]) -> None:
        tokens.append(LineToken(kind, match[0]))

    return read


READERS: dict[str, Reader] = {
    "number": _number,
    "percent": _number,
    "mixed": _mixed,
    "word": _word,
    "than": _than,
    "cross": _cross,
    "op": _sign,
    **{kind: _plain(kind) for kind in ("equals", "open", "close", "break")},
    "ordinal": _plain("word"),
    "clock": _clock,
}
