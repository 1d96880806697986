"""Sentences that announce an answer, and other writing around it that says nothing."""

from __future__ import annotations

import re

from numerate.answers.text.vocabulary import NO_ANSWER

_ANNOUNCED = re.compile(
    r"[ $]*(?P<open>\\text[a-z]* ?\{ ?)?(?:(?:so|thus|hence|therefore),? )?(?:(?:the|my|our) )?"
    r"(?:(?:final|correct|right) )*(?:answer(?: choice)?|choice|option|value|result|solution) ?"
    r"(?:is(?! not\b)|are|:|=)+ ?:? ?(?P<close>\})?",
    re.IGNORECASE,
)
_STYLE = re.compile(r"\\(?:text[a-z]*|mathrm|mbox)(?![a-zA-Z])|[{}$]")
_BETWEEN = re.compile(
    r"(?:[a-z]|(?:all )?(?:real )?numbers)? ?(?:is |lies )?(?:between|from) (\S{1,20}) (?:and|to) "
    r"([^\s,]{1,20}),? \(?(inclusive|exclusive)\)?",
    re.IGNORECASE,
)


def without_style(text: str) -> str:
    """Returns the text without commands of style, braces, dollar signs and doubled spaces."""
    return " ".join(_STYLE.sub(" ", text).split())


def strip_announcement(text: str) -> str:
    """Returns the text behind "The answer is"; the text itself where it doesn't begin so."""
    match = _ANNOUNCED.match(text) if _announces(text[:60]) else None
    if match is None or match.end() == len(text):
        return text
    still_open = match["open"] if match["open"] and not match["close"] else ""
    if match["close"] and not match["open"]:
        return text
    return still_open + text[match.end() :]


def _announces(start: str) -> bool:
    return " is" in start or "nswer" in start or "NSWER" in start or "ption" in start


_CONTENT = re.compile(r"[^\s{}$\\.,;:]")


def is_nothing(text: str) -> bool:
    """Checks whether `text` is an empty answer or says that there is none: nan, None, "I don't know"."""
    if len(text) > 60:
        return not text.strip()
    if "\\{" in text:  # \\{\\} is the empty set
        return False
    return text.strip(" $.\n\t").lower() in NO_ANSWER or not _CONTENT.search(text)


def says_none(text: str) -> bool:
    """Checks whether `text` is the word "none", whatever its style."""
    return len(text) < 40 and _STYLE.sub("", text).strip(" .").lower() == "none"


_EXCEPT = re.compile(
    r"(?:x is |x can be )?all real(?: numbers?| values)?(?: of)?(?: x)? ?(?:except|other than|but|excluding)"
    r"(?: for)? ?(?:x ?= ?)?([^ ,]{1,12}(?:(?:,| and|, and) [^ ,]{1,12}){0,8})",
    re.IGNORECASE,
)


def read_exception(normal: str) -> str | None:
    """Reads `all real numbers except 2 and 3` as a difference of sets; None for anything else."""
    if "all real" not in normal[:40].lower():
        return None
    match = _EXCEPT.fullmatch(without_style(normal))
    if match is None or not any(c.isdigit() for c in match[1]):
        return None
    points = match[1].replace(" and ", ", ").replace(",,", ",")
    return f"(-\\infty,\\infty) \\setminus \\{{{points}\\}}"


_QUANTIFIER = re.compile(
    r"for (?:all|any|every) (?:real )?(?:numbers? |values of )?(?:\} ?)?"
    r"(?P<letter>[a-zA-Z])(?: ?\\in ?\(-\\infty,\\infty\))?[ }]*"
)
_VALUE_AT = re.compile(r"[a-zA-Z]'{0,2} ?\( ?([a-zA-Z]) ?\) ?=")
_BEFORE_IT = re.compile(r"(?:,|\\text ?\{|\\q?quad| |\\)$")
_ALL = re.compile(r"all (?=[a-z] ?(?:[<>]=?|\\[lg]eq?|!=|\\neq?))", re.IGNORECASE)
_COMPARED = re.compile(
    r"(?P<letter>[a-z]) (?:is )?(?P<what>not less than|no less than|at least|greater than or equal to|"
    r"not greater than|not more than|no more than|at most|less than or equal to|greater than|more than"
    r"|less than)"
    r" (?P<bound>-?[\d.,/]*\d)"
)
_SIGNS = {
    **dict.fromkeys(("not less than", "no less than", "at least", "greater than or equal to"), ">="),
    **dict.fromkeys(
        ("not greater than", "not more than", "no more than", "at most", "less than or equal to"), "<="
    ),
    **dict.fromkeys(("greater than", "more than"), ">"),
    "less than": "<",
}


def strip_quantifier(normal: str) -> str:
    """Returns `f(x) = 2 - x for all real x` and `All n >= 3` without the words, which say what is
    understood."""
    normal = _ALL.sub("", normal, count=1) if normal[:4].lower() == "all " else normal
    at = normal.rfind("for ")
    if at < 0 or len(normal) - at > 80:
        return normal
    quantifier, function = _QUANTIFIER.fullmatch(normal[at:]), _VALUE_AT.match(normal)
    if quantifier is None or function is None or quantifier["letter"] != function[1]:
        return normal
    claim = normal[:at]
    for _ in range(6):
        claim = _BEFORE_IT.sub("", claim.rstrip(" ,"))
    return claim


def read_comparison(normal: str) -> str | None:
    """Reads `x is not less than 10` as signs; None for anything else."""
    match = _COMPARED.fullmatch(without_style(normal))
    return f"{match['letter']} {_SIGNS[match['what']]} {match['bound']}" if match else None


def read_between(normal: str) -> str | None:
    """Reads `x between 2 and 5, inclusive` as an interval; None for anything else, also where it leaves open
    whether the ends belong to it."""
    if not normal.rstrip("}) ").endswith("clusive"):
        return None
    match = _BETWEEN.fullmatch(without_style(normal))
    if match is None:
        return None
    opener, closer = "[]" if match[3].lower() == "inclusive" else "()"
    return f"{opener}{match[1]},{match[2]}{closer}"


def read_condition(normal: str) -> str | None:
    """Reads a set or an inequality in words; None for anything else."""
    condition = read_between(normal) or read_exception(normal)
    return condition or (read_comparison(normal) if " than " in normal or " at " in normal else None)
