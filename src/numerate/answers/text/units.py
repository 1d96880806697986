"""Units: what may stand beside a number without changing which number it is, and must not be another."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from numerate.answers.text.vocabulary import (
    FUNCTIONS,
    LETTER_UNITS,
    MULTIPLIERS,
    NAMES,
    PERCENT_WORDS,
    SEPARATORS,
    UNITS,
    split_names,
)

# -- the table ----------------------------------------------------------------------
_WORDS = {
    "inch": "in inche", "foot": "ft feet", "yard": "yd", "mile": "mi", "pound": "lb gbp", "ounce": "oz",
    "ton": "tonne", "gallon": "gal", "pint": "pt", "quart": "qt", "minute": "min", "hour": "h hr",
    "day": "", "week": "wk", "month": "", "year": "yr", "decade": "", "century": "centurie", "cent": "",
    "dollar": "usd buck", "euro": "eur", "rupee": "inr", "yen": "jpy", "franc": "chf", "yuan": "cny rmb",
    "ruble": "rub rouble", "won": "krw", "baht": "thb", "dong": "vnd", "lira": "try",
    "am": "", "pm": "", "mph": "", "kph": "", "degree": "deg", "radian": "rad", "celsius": "",
    "fahrenheit": "", "dozen": "", "acre": "", "knot": "", "noon": "", "midnight": "",
}  # fmt: skip
_METRIC = {
    "meter": "m metre", "gram": "g gm", "liter": "L litre l", "second": "s sec", "hertz": "Hz hz",
    "joule": "J", "watt": "W", "newton": "N", "volt": "V", "pascal": "Pa", "mole": "mol", "ampere": "A amp",
    "kelvin": "K", "ohm": "", "byte": "", "bit": "", "calorie": "cal",
}  # fmt: skip
_PREFIXES = {
    "kilo": "k", "milli": "m", "centi": "c", "micro": "\u00b5", "mega": "M", "giga": "G", "nano": "n",
    "deci": "d",
}  # fmt: skip


def _table() -> dict[str, str]:
    """Maps each name of a unit, without the plural s, to the unit."""
    unit_by_name = {name: unit for unit, names in _WORDS.items() for name in (unit, *names.split())}
    for unit, others in _METRIC.items():
        names = (unit, *others.split())
        unit_by_name |= dict.fromkeys(names, unit)
        for prefix, letter in _PREFIXES.items():
            unit_by_name |= {(prefix if len(name) > 3 else letter) + name: prefix + unit for name in names}
    return unit_by_name


_MICRO = {"m": "meter", "g": "gram", "s": "second", "L": "liter", "l": "liter", "A": "ampere", "V": "volt",
          "W": "watt", "J": "joule", "N": "newton"}  # fmt: skip
CANONICAL = (
    _table()
    | {"min": "minute", "kilo": "kilogram", "gm": "gram"}
    | {f"micro{letter}": f"micro{unit}" for letter, unit in _MICRO.items()}
)
_COMPOUND = {"mph": (("mile", 1), ("hour", -1)), "kph": (("kilometer", 1), ("hour", -1))}
_UNSAID = split_names(
    "unit way time total the of a an in each only whole exactly old integer number value solution "
    "possibility possibilitie arrangement combination permutation outcome"
)
"""words behind a number that name nothing it is a number of"""
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_POWERS_BEHIND = {"squared": 2, "cubed": 3}
_NO_UNITS = (FUNCTIONS - {"min"}) | NAMES | SEPARATORS | PERCENT_WORDS | set(MULTIPLIERS)

# -- reading ----------------------------------------------------------------------
_STYLED = re.compile(r"\\(?:text|mathrm|mbox|textrm|textbf|textnormal)\{([^{}]{0,60})\}")
_FRACTION = re.compile(r"\\[dt]?frac ?\{ *([A-Za-z ]{1,40})\} ?\{ *([A-Za-z]{1,40}(?: ?\^ ?\{?\d\}?)?) *\}$")
_DEGREES = re.compile(r"(?:\^ ?\{? ?)?\\(?:circ|degree)(?![a-zA-Z]) ?\}? ?(?:([CF])(?![A-Za-z]))?")
_SCALES = {"C": " celsius ", "F": " fahrenheit ", None: " degree "}
_PIECE = re.compile(r"([A-Za-z]+)(?: ?\^ ?\{? ?(-?\d) ?\}?)?|\\?([/*])|\\cdot(?![a-z])|( )|(.)", re.S)
_MARKS = re.compile(
    r"([-+]?[\d.,]*\d(?:\\[dt]?frac\{?\d+\}? ?\{?\d+\}?| \d+/\d+)?)"
    r" ?(?:(''|\"|\^ ?\{? ?\\prime ?\\prime ?\}?)|(?:'|\^ ?\{? ?\\prime ?\}?))"
)
_NUMBER = re.compile(r"[-+]?[\d.,]*\d")
TAIL = 120


class Unit(NamedTuple):
    known: frozenset[tuple[str, int]]
    """units of the table and their exponents"""
    words: frozenset[str]
    """anything else that is counted, such as apples"""


def units_differ(a: str, b: str) -> bool:
    """Checks whether both answers say what they count and not the same (`5 cm`, `5 m`; `5 boys`, `5
    girls`)."""
    first, second = unit_of(a), unit_of(b)
    if first is None or second is None:
        return False
    if first.known or second.known:
        return first.known != second.known
    return not (first.words <= second.words or second.words <= first.words)


def only_angles_differ(a: str, b: str) -> bool:
    """Checks whether one side is in degrees and the other in radians, and the numbers differ."""
    angles = {unit.known for unit in (unit_of(a), unit_of(b)) if unit}
    return angles == {frozenset({("degree", 1)}), frozenset({("radian", 1)})}


def unit_of(normal: str) -> Unit | None:
    """Returns the unit that an answer with a number in it counts, None where it names none."""
    if not _may_end_in_unit(normal):
        return None
    split = _split_unit(normal[-TAIL:])
    return split[1] if split else None


_ENDINGS = ("\\text", "\\math", "\\mbox", "circ", "degree", "prime")


def _may_end_in_unit(normal: str) -> bool:
    """Checks at little cost whether an answer may end in a unit; most without one are excluded."""
    last, before = normal[-1:], normal[-2:-1]
    if last.isalpha():
        return before.isalpha() or before in (" ", "/", "*")
    if last == "}":
        return before.isalpha() or "^" in normal[-5:] or any(sign in normal[-TAIL:] for sign in _ENDINGS)
    return last in ("'", '"') or before == "^"


def split_quantity(normal: str) -> tuple[str, Unit] | None:
    """Returns number and unit of `10 m/s`, `9.25 L`, `7''`, `60 \\frac{km}{h}`. None for anything else."""
    split = _split_unit(normal) if len(normal) < 80 and _may_end_in_unit(normal) else None
    if split is None or not split[1].known or split[1].words:
        return None
    value, behind = split[0], normal[len(split[0]) :]
    return split if _NUMBER.fullmatch(value) or "frac" in behind or _is_constant(value, behind) else None


_SCIENTIFIC = re.compile(r"[-+]?[\d.,]*\d ?(?:\\times|\\cdot|\*|[xX]) ?10 ?\^ ?(?:\{ ?[-+]?\d+ ?\}|\d)")
_CONSTANT = re.compile(r"(?:\\(?:pi|sqrt|[dt]?frac|times|cdot)(?![a-z])|[\d .,{}()^*/+-])+")


def _is_constant(value: str, behind: str) -> bool:
    """Checks whether `value` is a number such as `3 \\times 10^8` or, before a unit in upright letters,
    `5\\sqrt{2}`."""
    if _SCIENTIFIC.fullmatch(value):
        return True
    return behind.lstrip(" ").startswith(("\\text", "\\mathrm", "\\mbox")) and bool(
        _CONSTANT.fullmatch(value)
    )


@lru_cache(maxsize=4096)
def _split_unit(normal: str) -> tuple[str, Unit] | None:
    """Returns the value and the unit or words behind it."""
    if mark := _MARKS.fullmatch(normal):
        return mark[1], Unit(frozenset({("inch" if mark[2] else "foot", 1)}), frozenset())
    text = _STYLED.sub(r" \1 ", normal)
    text = _DEGREES.sub(lambda m: _SCALES[m[1]], text)
    text = _FRACTION.sub(r" \1/\2", text.rstrip())
    pieces = list(_PIECE.finditer(text.rstrip(" .")))
    at = len(pieces)
    while at and _may_be_unit(pieces[at - 1], text):
        at -= 1
    start = pieces[at].start() if at < len(pieces) else len(text)
    unit = _read_unit([p for p in pieces[at:] if not p[4]], text)
    return (text[:start].strip(), unit) if unit and any(c.isdigit() for c in text[:start]) else None


def _may_be_unit(piece: re.Match[str], text: str) -> bool:
    if piece[1]:
        return piece[1].lower() not in _NO_UNITS and text[piece.start() - 1 : piece.start()] not in (
            "\\",
            "_",
        )
    return piece[5] is None


def _read_unit(pieces: list[re.Match[str]], text: str) -> Unit | None:
    """Reads units multiplied and divided: `m/s^2`, `miles per hour`, `square feet`. None for letters that may
    be unknowns."""
    known: dict[str, int] = {}
    words: set[str] = set()
    sign = power = 1
    for piece in pieces:
        word = piece[1]
        if word is None or word == "per":
            sign = -1 if word or piece[3] == "/" else sign
        elif word.lower() in _POWERS:
            power = _POWERS[word.lower()]
        elif unit := _canonical(word, text, piece.start()):
            for name, exponent in _COMPOUND.get(unit, ((unit, 1),)):
                known[name] = known.get(name, 0) + sign * exponent * (int(piece[2]) if piece[2] else power)
            power = 1
        elif word.lower() in _POWERS_BEHIND and known:
            known[next(reversed(known))] *= _POWERS_BEHIND[word.lower()]
        elif len(word) < 4 and word.lower() not in UNITS | _UNSAID:
            return None
        elif _singular(word) not in _UNSAID:
            words.add(_singular(word))
    return Unit(frozenset(known.items()), frozenset(words)) if known or words else None


def _canonical(word: str, text: str, at: int) -> str | None:
    if len(word) == 1:  # a letter behind a digit may be an unknown
        return CANONICAL.get(word) if word in LETTER_UNITS and text[at - 1 : at] in " /*" else None
    return CANONICAL.get(word) or CANONICAL.get(word.lower()) or CANONICAL.get(_singular(word))


def _singular(word: str) -> str:
    return word.lower().removesuffix("s") if len(word) > 2 else word.lower()


# -- codes of currencies ----------------------------------------------------------------------
CODES = {
    "USD": "dollar", "US": "dollar", "EUR": "euro", "GBP": "pound", "JPY": "yen", "INR": "rupee",
    "Rs": "rupee", "RS": "rupee", "CAD": "canadian", "AUD": "australian", "CHF": "franc", "CNY": "yuan",
    "RMB": "yuan",
}  # fmt: skip
CODE = re.compile(rf"(?<![ $])[ $]*+(?:\\text\{{ ?)?({'|'.join(CODES)})\.?(?: ?\}})? ?(?=\\?\$? ?\d)")
"""a currency before its amount"""


def amount_code(text: str) -> str | None:
    """Returns the code of the currency in front of an amount."""
    code = CODE.match(text)
    return code[1] if code else None
