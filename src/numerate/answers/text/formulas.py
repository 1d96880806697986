r"""Formulas between dollar signs, `\( \)` and `\[ \]`, and the members of their equations."""

from __future__ import annotations

import re

FORMULA = re.compile(
    r"\$\$((?:[^$\\]|\\.){1,1200})\$\$"
    r"|(?<!\\)\$(?! ?\d[\d,]*(?:\.\d+)?[.,;:!?)]*\s+(?:\(\$|\(?[A-Za-z]{2,}|[Ia] ))"
    r"((?:[^$\\\n]|\\.|\n(?!\s*\n)){1,600}?)(?<![-+*/=×÷(])(?<![-+*/=×÷(]\s)(?<!\sx\s)\$(?!\d)"
    r"|\\\(((?>\\\\|(?!\\[()]).){1,1200}?)\\\)|\\\[((?>\\\\|(?!\\[\[\]]).){1,1200}?)\\\]"
    r"|(\\begin\{(?:align|aligned|gather|eqnarray|equation)\*?\}.{1,1600}?\\end\{[a-z]+\*?\})",
    re.S,
)
"""a formula; two amounts of money with words between them are none"""


def hide_formulas(text: str) -> str:
    """Returns the text with every formula replaced by as many zeros, so that no rule for sentences looks
    into it."""
    if "$" not in text and "\\" not in text:
        return text
    return FORMULA.sub(lambda formula: "0" * len(formula.group()), text)


_DIGIT = re.compile(r"\d")
_EQUALS = re.compile(r"(?<![<>!:=\\])=(?!=)|\\Rightarrow|⇒|→")
_APPROXIMATELY = re.compile(r"≈|\\approx(?![a-z])")
_ROWS = re.compile(
    r"\\begin\{(?:align|aligned|gather|gathered|eqnarray|split)\*?\}(.*?)(?:\\end\{[a-z]+\*?\}|$)", re.S
)


def right_side(expression: str, approximate: bool) -> str:
    """Returns the number behind the last equals sign of a calculation; approximate: or behind `≈`, else
    before it."""
    parts = _APPROXIMATELY.split(last_row(expression))
    if not approximate:
        return parts[0].strip() or expression if len(parts) > 1 else expression
    value = _EQUALS.split(parts[-1])[-1].strip(" &,")
    return value if _DIGIT.search(value) else expression


def split_equation(expression: str) -> list[str]:
    """Returns the members of a chain of equations."""
    return _EQUALS.split(expression)


def last_row(formula: str) -> str:
    r"""Returns a calculation over several lines as one chain; of equations that stand below each other the
    last."""
    match = _ROWS.search(formula)
    if match is None:
        return formula.rstrip(" .,")
    rows = [row for part in match[1].split("\\\\") if (row := part.replace("&", " ").strip())]
    if not rows:
        return formula
    chain = rows[-1]
    for row in reversed(rows[:-1]):
        if not chain.lstrip().startswith(("=", "\\approx")):
            break
        chain = f"{row} {chain}"
    return chain.rstrip(" .,")
