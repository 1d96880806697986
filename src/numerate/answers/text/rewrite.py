"""Notations that the parser doesn't know, rewritten into those it does, text to text."""

from __future__ import annotations

import re
from collections.abc import Callable

from numerate.answers.text import code_literals
from numerate.answers.text.number_words import VALUES

_UNUSUAL = re.compile(
    r"mod|circ[ }]*\d|overline ?\{ ?\d|\dP|[\[\]]|C|P ?_|d[a-z] ?/ ?d|[\d}] ?\)? ?_|(?<![a-z])base"
    r"|[\d)}\]=][a-z]?(?:or|and)[a-z]|\|\||\\\||\| ?\\(?:vec|mathbf|b)"
    r"|^[-+\d\s().,]+(?:\\(?:circ|ast|triangle|#)|[@#])|[A-Z] ?/ ?[A-Z]"
    r"|[xX] ?\}? ?10 ?\^|\^ ?(?:\{[^{}]*\}|\w) ?_"
    r"|\\\{(?:[^:{}]|\\mathbb ?\{[A-Z]\}){1,60}:"
)


def rewrite_notations(normal: str) -> str:
    """Rewrites the answer in notations that the parser knows."""
    if code_literals.may_be(normal):
        normal = code_literals.from_code_literals(normal)
    if not _UNUSUAL.search(normal):
        return normal
    for signs, rule in _RULES:
        if any(sign in normal for sign in signs):
            normal = rule(normal)
    return normal


# -- ]0, 1[ ----------------------------------------------------------------------
_PIECE = re.compile(r"(.*?)([\[\]])([^\[\](),;]{1,60})[,;]([^\[\](),;]{1,60})([\[\]])\s*", re.S)
_CUP = re.compile(r"(\\(?:big)?cup(?![a-z]))")


def _french(text: str) -> str:
    """Rewrites intervals whose open ends have their brackets turned outwards."""
    parts = _CUP.split(text)
    pieces = [_PIECE.fullmatch(part) for part in parts[::2]]
    if len(parts) > 40 or not all(pieces) or not any(p and (p[2] == "]" or p[5] == "[") for p in pieces):
        return text
    intervals = [
        f"{p[1]}{'(' if p[2] == ']' else '['}{p[3]},{p[4]}{')' if p[5] == '[' else ']'}" for p in pieces if p
    ]
    return "\\cup ".join(intervals)


# -- 1011_two ----------------------------------------------------------------------
_STYLE = r"(?:\\(?:text[a-z]*|mathrm|mbox) ?\{ ?)?"
_BASES = "|".join(sorted((w for w, n in VALUES.items() if 2 <= n <= 36), key=len, reverse=True))
_BASE = re.compile(
    rf"(?<=[\d}}])\)?(?: ?_ ?\{{? ?{_STYLE}(?:base[ -])?({_BASES}|\d\d?) ?\}}? ?\}}?"
    rf"| ?{_STYLE} ?\(?(?:in )?base[ -]({_BASES}|\d\d?) ?\)? ?\}}?)$"
)
_STYLED_DIGITS = re.compile(r"\\(?:text|mathrm) ?\{ ?(\d+) ?\}")
_BASED = re.compile(r"\(? ?(\d+) ?\)?")


def _worded_base(text: str) -> str:
    match = _BASE.search(text)
    before = (
        _STYLED_DIGITS.sub(r"\1", text[: match.start()] + ")" * match[0].startswith(")")) if match else ""
    )
    digits = _BASED.fullmatch(before)
    if match is None or digits is None:
        return text
    base = match[1] or match[2]
    return f"{digits[1]}_{{{VALUES.get(base, base)}}}"


# -- mod ----------------------------------------------------------------------
_MOD = (
    r"(?:\\(?:bmod|pmod|mod)(?![a-z])|\\(?:text|mathrm|operatorname) ?\{ ?mod ?\}"
    r"|(?<![A-Za-z\\])mod(?![A-Za-z]))"
)
_IN_BRACKETS = re.compile(
    rf"(?:\\text ?\{{ ?)?\( ?{_MOD} ?([^()]{{1,40}}?) ?\)(?: ?\}})?|\\pmod ?(\{{[^{{}}]{{1,40}}\}}|\w)"
)
_BETWEEN = re.compile(_MOD)


def _modulo(text: str) -> str:
    """Rewrites moduli: in brackets one belongs to the whole congruence, without it is an operation."""
    text = _IN_BRACKETS.sub(lambda m: f" \\pmod{{{(m[1] or m[2]).strip('{}')}}}", text)
    return _BETWEEN.sub(lambda m: "\\pmod " if m[0] == "\\pmod" else " \\bmod ", text)


# -- nCr, dy/dx ----------------------------------------------------------------------
_COUNT = r"[a-z]|\d{1,4}|[a-z] ?[-+] ?\d"
_N = rf"(?:\{{ ?(?P<n>{_COUNT}) ?\}}|(?P<bare_n>{_COUNT}))"
_K = rf"(?:\{{ ?(?P<k>{_COUNT}) ?\}}|(?P<bare_k>{_COUNT}))"
_CHOICES = re.compile(
    rf"(?<![\w)}}\]'])(?<![\w)}}\]'] )(?:\{{ ?\}} ?)?[\^_] ?{_N}"
    rf" ?\{{? ?\\?(?:mathrm|text)?\{{?(?P<what>[CP])\}}? ?\}}? ?_ ?{_K}(?![\w^])"
)


def _choose(text: str) -> str:
    """Rewrites `^{10}C_3` and `_{10}P_3`."""

    def binomial(match: re.Match[str]) -> str:
        n, k = match["n"] or match["bare_n"], match["k"] or match["bare_k"]
        return f"\\binom{{{n}}}{{{k}}}" if match["what"] == "C" else f"\\frac{{({n})!}}{{({n}-({k}))!}}"

    return _PLAIN_CHOICES.sub(binomial, _CHOICES.sub(binomial, text))


_PLAIN_CHOICES = re.compile(
    r"(?<![\w.}])(?P<n>(?P<bare_n>\d{1,3}))(?P<what>[CP])(?P<k>(?P<bare_k>\d{1,3}))(?![\w.])"
)


# -- 3 \ast 4 = 7 ----------------------------------------------------------------------
_NUMBERS = r"[-+\d\s().,]+"
_SIGN = r"\\(?:circ|ast|triangle|#)(?![a-z])|[@#]"
_OPERATION = re.compile(rf"{_NUMBERS}(?:(?:{_SIGN}){_NUMBERS}){{1,6}}(?==)")


def _operation(text: str) -> str:
    r"""Rewrites `3 \ast 4 = 7`, where a problem defines the sign."""
    match = _OPERATION.match(text)
    return text if match is None else re.sub(_SIGN, r" \\star ", match[0]) + text[match.end() :]


# -- one pattern each ----------------------------------------------------------------------
_ARC = re.compile(
    r"(\d{1,4}) ?\^ ?\{? ?\\circ ?\}? ?(\d{1,2}(?:\.\d+)?) ?(?:'|\^ ?\{? ?\\prime ?\}?)"
    r"(?: ?(\d{1,2}(?:\.\d+)?) ?(?:''|\"))?"
)
_BARRED = re.compile(r"\\overline ?\{ ?(\d+) ?\} ?(?=_)")
r"""`\overline{342}_7`: a bar over digits of a base says that they are digits"""
_LETTER_TIMES = re.compile(
    r"(?<=\d) ?(?:\\(?:text|mathrm) ?\{ ?[xX] ?\}|[xX]) ?(?=10 ?\^ ?(?:\{ ?[-+]?\d{1,4} ?\}|[-+]?\d))"
)
"""`1.5 x 10^3`: the letter for the sign"""
_SPACES_LOST = re.compile(r"(?<=[\d)}\]=])([a-z]?)(or|and)(?=[a-z] ?(?:\(|=))")
"""`x=1orx=2`, which lost its spaces"""
_LENGTH = re.compile(
    r"^ ?(\||\\\||\|\|)"
    r" ?(?:\\(?:vec|mathbf|bm|boldsymbol) ?\{? ?([A-Za-z]) ?\}?|(?<=\|\|)([a-z])) ?\1 ?(?==|\\approx)"
)
r"""`|\vec{a}| = 5` and `\|v\| = 5` name a length, where `|x| = 5` is an equation"""
_RAISED_FIRST = re.compile(
    r"(?<=[A-Za-z])(?<![^A-Za-z]e) ?(\^ ?(?:\{[^{}]{1,40}\}|\w))"
    r" ?(_ ?(?:\{[^{}]{1,40}\}|\\[A-Za-z]+|\w))"
)
"""`a^2_n`, for `a_n^2`"""
_BUILDER = re.compile(
    r"(\\\{(?:[^{}|:]|\\mathbb ?\{[A-Z]\}){1,60}):(?=[^{}]{0,80}(?:\\(?:in|le|ge|ne|lt|gt)(?![a-z])|[<>=]))"
)
"""a set with a colon before its condition"""
_PLAIN_DERIVATIVE = re.compile(r"(?<![A-Za-z\\])d([A-Za-z]) ?/ ?d([A-Za-z])(?![A-Za-z])")
_SEGMENTS = re.compile(r"(?<![A-Za-z\\])([A-Z]{2}) ?/ ?([A-Z]{2})(?![A-Za-z])")
"""`AB/CD` over one line: letters that stand together are one segment"""


def _replace(pattern: re.Pattern[str], new: str | Callable[[re.Match[str]], str]) -> Callable[[str], str]:
    return lambda text: pattern.sub(new, text)


_RULES: tuple[tuple[tuple[str, ...], Callable[[str], str]], ...] = (
    (("circ",), _replace(_ARC, lambda m: f"({m[1]}+{m[2]}/60+{m[3] or 0}/3600)^\\circ ")),
    (("overline",), _replace(_BARRED, r"\1")),
    (("[", "]"), _french),
    (("x", "X"), _replace(_LETTER_TIMES, r" \\times ")),
    (("or", "and"), _replace(_SPACES_LOST, r"\1 \2 ")),
    (("|",), _replace(_LENGTH, lambda m: f"\\ell_{{{m[2] or m[3]}}} ")),
    (("=",), _operation),
    (("_", "base"), _worded_base),
    (("mod",), _modulo),
    (("C", "P"), _choose),
    (("^",), _replace(_RAISED_FIRST, r"\2\1")),
    (("\\{",), _replace(_BUILDER, r"\1|")),
    (("/",), _replace(_PLAIN_DERIVATIVE, r"\\frac{d\1}{d\2}")),
    (("/",), _replace(_SEGMENTS, r"\\frac{\1}{\2}")),
)
