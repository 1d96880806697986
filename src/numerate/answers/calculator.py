# pyright: strict
"""The calculator of annotated solutions: after `<<48/2=` it knows that `24>>` comes next (Cobbe et al. 2021,
arXiv:2110.14168, section 2.1, and their repository grade-school-math).

Theirs evaluates the text as a program and writes a float, so `24.0` where the solutions say `24`. Ours reads
+ - * / and brackets, computes with exact fractions within bounds, and writes a decimal only where it is the
exact value; in all other cases it keeps silent.
"""

from __future__ import annotations

import re
from fractions import Fraction

from numerate.answers.expr.exact import exact_rational
from numerate.answers.expr.tree import Undecided, Unreadable
from numerate.answers.parse.parser import parse_answer

LONGEST = 100
"""characters of an expression"""
DIGITS = 15
"""of a result, before and after its point"""

EXPRESSION = re.compile(r"[-+*/.() 0-9]+")
STRANGE = re.compile(
    r"\*\*|//"  # powers, and quotients without a rest
    r"|(?<![0-9.])0[0-9]"  # 05
    r"|[0-9.] *\(|\) *[0-9.(]"  # products without a sign
    r"|\.[0-9]*\.|(?<![0-9])\.(?![0-9])"  # 1.2.3, and a point alone
    r"|[0-9.] +[0-9.]"  # 3 000
)
BEGUN = re.compile(r"<<([^<>=\n]*)=\Z")
"""an annotation that stops at its equals sign"""


def calculator_completion(text: str) -> str | None:
    """Returns the text that a calculator writes behind `<<48/2=`: here `24>>`. None where the text ends
    otherwise, or where it has no value.

    >>> calculator_completion("Half of 48 is 48/2=<<48/2=")
    '24>>'
    """
    opening = BEGUN.search(text)
    value = calculate_decimal(opening[1]) if opening else None
    return None if value is None else f"{value}>>"


def calculate_decimal(expression: str) -> str | None:
    """Returns the exact value of an expression as a decimal, thousands' commas left out. None where it is
    none, has none (1/0), or has no decimal of at most DIGITS digits on either side of its point (1/3).

    >>> calculate_decimal("2,000*3"), calculate_decimal("7/2"), calculate_decimal("1/3")
    ('6000', '3.5', None)
    """
    plain = expression.replace(",", "")
    if len(plain) > LONGEST or not EXPRESSION.fullmatch(plain) or STRANGE.search(plain):
        return None
    try:
        return decimal_text(exact_rational(parse_answer(plain)))
    except (Unreadable, Undecided):
        return None


def decimal_text(value: Fraction) -> str | None:
    """Returns the value in decimal digits where these end within bounds: '24', '3.5', '-0.25'."""
    scaled = value * 10**DIGITS
    if scaled.denominator != 1 or abs(value) >= 10**DIGITS:
        return None
    whole, rest = divmod(abs(scaled.numerator), 10**DIGITS)
    places = f"{rest:0{DIGITS}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if places else ''}{places}"


ANNOTATION = re.compile(r"<<([^<>=\n]*)=([^<>=\n]*)>>")


def wrong_annotations(solution: str) -> list[str]:
    """Returns the annotations whose result is not that of their calculation. What cannot be calculated is
    none.

    >>> wrong_annotations("48/2=<<48/2=25>>25, 1.20*4=<<1.20*4=4.80>>4.80")
    ['<<48/2=25>>']
    """
    annotations = (
        (match[0], calculate_decimal(match[1]), match[2]) for match in ANNOTATION.finditer(solution)
    )
    return [
        text
        for text, value, result in annotations
        if value is not None and calculate_decimal(result) != value
    ]
