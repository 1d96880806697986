"""Exact arithmetic on short written expressions: numbers, names, + - * / and brackets.

Text is never evaluated as code. An expression becomes a list of items, the items a postfix program, and
`fold_postfix` runs the program over any kind of value: exact numbers, residues, sets of readings. All sizes
are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeVar

T = TypeVar("T")
Number = int | Fraction
Item = int | Fraction | str
"""a number, a name, a bracket, or an operator: + - * / and ~, which subtracts its left side from its right"""

MAX_ITEMS = 64
MAX_DIGITS = 15
PRECEDENCE = {"+": 1, "-": 1, "~": 1, "*": 2, "/": 2, "neg": 3}

LEXEME = re.compile(r"\s*(?:([0-9]+(?:\.[0-9]+)?)|([A-Za-z_]\w*)|([-+*/()]))")


def parse_number(text: str) -> Number | None:
    """Returns the value of an unsigned decimal such as `1,200` or `2.50`; None beyond 15 digits on a side."""
    whole, _, decimals = text.replace(",", "").partition(".")
    if len(whole) > MAX_DIGITS or len(decimals) > MAX_DIGITS:
        return None
    if not decimals.strip("0"):
        return int(whole or "0")
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def read_items(text: str) -> list[Item]:
    """Returns the items of an expression such as `(n1 + 2) / n3`. Raises ValueError where it is none."""
    items: list[Item] = []
    position, text = 0, text.strip()
    while position < len(text):
        match = LEXEME.match(text, position)
        if match is None or len(items) >= MAX_ITEMS:
            raise ValueError(f"expression {text[:80]!r} cannot be read at character {position}")
        digits, name, sign = match.groups()
        value = parse_number(digits) if digits else name or sign
        if value is None:
            raise ValueError(f"expression {text[:80]!r} has a number of more than {MAX_DIGITS} digits")
        items.append(value)
        position = match.end()
    return items


def to_postfix(items: Sequence[Item]) -> tuple[Item, ...]:
    """Returns operands before operators (Dijkstra's shunting yard). Raises ValueError for what is no
    expression."""
    if not 0 < len(items) <= MAX_ITEMS:
        raise ValueError(f"an expression has 1 to {MAX_ITEMS} items, not {len(items)}")
    output: list[Item] = []
    waiting: list[str] = []
    operand_next = True
    for item in items:
        take = _operand if operand_next else _operator
        operand_next = take(item, output, waiting)
    if operand_next or "(" in waiting:
        raise ValueError("the expression breaks off")
    return (*output, *reversed(waiting))


def _operand(item: Item, output: list[Item], waiting: list[str]) -> bool:
    """Reads an operand; returns whether one is still expected."""
    if item == "(":
        waiting.append("(")
    elif item == "-":
        waiting.append("neg")
    elif isinstance(item, str) and (item in PRECEDENCE or item == ")"):
        raise ValueError(f"{item!r} where a number is due")
    else:
        output.append(item)
        return False
    return True


def _operator(item: Item, output: list[Item], waiting: list[str]) -> bool:
    """Reads the token after an operand; returns whether an operand is expected next."""
    if item == ")":
        while waiting and waiting[-1] != "(":
            output.append(waiting.pop())
        if not waiting:
            raise ValueError("')' without '('")
        waiting.pop()
        return False
    if not isinstance(item, str) or item not in PRECEDENCE:
        raise ValueError(f"{item!r} where an operator is due")
    while waiting and waiting[-1] != "(" and PRECEDENCE[waiting[-1]] >= PRECEDENCE[item]:
        output.append(waiting.pop())
    waiting.append(item)
    return True


def fold_postfix(program: Sequence[Item], operand: Callable[[Item], T], apply: Callable[[str, T, T], T]) -> T:
    """Runs a postfix program; `apply` sees + - * / only."""
    stack: list[T] = []
    for item in program:
        if not isinstance(item, str) or item not in PRECEDENCE:
            stack.append(operand(item))
            continue
        right = stack.pop()
        left = operand(0) if item == "neg" else stack.pop()
        if item == "~":
            left, right = right, left
        stack.append(apply("-" if item in ("neg", "~") else item, left, right))
    return stack[0]


def apply_operator(sign: str, left: Number, right: Number) -> Number:
    """Returns left sign right, exactly. Raises ZeroDivisionError."""
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    quotient = Fraction(left) / right
    return quotient.numerator if quotient.denominator == 1 else quotient
