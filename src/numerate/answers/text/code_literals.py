"""Answers as programs print them: `Rational(3, 8)`, `-3+2j`, `oo`, `1_000_000`, `math.sqrt(5)`."""

from __future__ import annotations

import re

_MARKS = re.compile(
    r"(?:math|np|numpy|sympy|sp)\.[a-z]|(?:Rational|binomial|factorial)\(|(?<![A-Za-z])oo(?![A-Za-z])"
    r"|\d[_']\d{3}|[\d*] ?[Ij](?![A-Za-z])|[-+] ?[Ij](?![A-Za-z])"
)
_MODULE = re.compile(r"(?<![A-Za-z.])(?:math|np|numpy|sympy|sp)\.(?=[a-z])")
_INFINITY = re.compile(r"(?<![A-Za-z])oo(?![A-Za-z])")
_ITEM = r"([^(),]{1,40})"
_RATIONAL = re.compile(rf"(?<![A-Za-z])Rational\({_ITEM}, ?{_ITEM}\)")
_BINOMIAL = re.compile(rf"(?<![A-Za-z])binomial\({_ITEM}, ?{_ITEM}\)")
_FACTORIAL = re.compile(rf"(?<![A-Za-z])factorial\({_ITEM}\)")
_GROUPED = re.compile(r"(?<![\w.'])\d{1,3}(?:(?:_\d{3})+|(?:'\d{3})+)(?![\w'])")
_UNIT_I = re.compile(r"(?<![A-Za-z])I(?![A-Za-z])")
_OTHERS = re.compile(r"sqrt|pi")
_PART = r"\d+(?:\.\d+)?(?:/\d+)?"
_UNIT_J = re.compile(rf"\(? ?(-? ?{_PART}) ?([-+]) ?((?:{_PART})?) ?\*? ?j ?\)?")


def may_be(text: str) -> bool:
    """Checks at little cost whether a program may have printed the text; most others are excluded."""
    if "I" in text or "j" in text or "oo" in text or "_" in text or "'" in text:
        return _MARKS.search(text) is not None
    return ("al(" in text or "." in text) and _MARKS.search(text) is not None


def from_code_literals(text: str) -> str:
    """Returns the answer in the notation of mathematics."""
    text = _INFINITY.sub(r"\\infty ", _MODULE.sub("", text))
    text = _RATIONAL.sub(r"((\1)/(\2))", text)
    text = _FACTORIAL.sub(r"((\1)!)", _BINOMIAL.sub(r"\\binom{\1}{\2}", text))
    text = _GROUPED.sub(lambda m: m[0].replace("_", "").replace("'", ""), text)
    if unit := _UNIT_J.fullmatch(text):
        return f"{unit[1]}{unit[2]}{unit[3]}i"
    return _UNIT_I.sub("i", text) if set(re.findall("[A-Za-z]+", _OTHERS.sub("", text))) == {"I"} else text


_HEXADECIMAL = re.compile(r"0[xX]([\dA-Fa-f]{1,40})")


def hexadecimal_digits(normal: str) -> str | None:
    """Returns the digits of `0x1F`, None for anything else."""
    match = _HEXADECIMAL.fullmatch(normal)
    return match[1] if match else None
