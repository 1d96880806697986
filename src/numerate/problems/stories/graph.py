"""The computation graph under a story: given numbers, and numbers computed from them one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Tokens = tuple["GraphNode | str", ...]
"""An expression: nodes, numerals, + - * / and parentheses"""


@dataclass(frozen=True, slots=True, eq=False)
class GraphNode:
    id: str
    value: Fraction
    expr: Tokens | None = None
    """None for a quantity that the text gives"""

    @property
    def parents(self) -> tuple[GraphNode, ...]:
        return tuple(token for token in self.expr or () if isinstance(token, GraphNode))


def numeral(value: Fraction) -> str:
    """Returns the exact value as text: "24", "2.5", or "1/3" where no decimal ends."""
    if value.denominator == 1:
        return str(value.numerator)
    hundredths = value * 100
    if hundredths.denominator == 1:
        whole, part = divmod(abs(hundredths.numerator), 100)
        return f"{'-' if value < 0 else ''}{whole}.{part:02d}".rstrip("0")
    return str(value)


def evaluate(tokens: tuple[Fraction | str, ...]) -> Fraction:
    """Returns the exact value of an expression with the usual precedence; operators are "+-*/()"."""
    value, rest = _sum(tokens, 0)
    assert rest == len(tokens), tokens
    return value


def _sum(tokens: tuple[Fraction | str, ...], at: int) -> tuple[Fraction, int]:
    value, at = _product(tokens, at)
    while at < len(tokens) and tokens[at] in ("+", "-"):
        sign = tokens[at]
        right, at = _product(tokens, at + 1)
        value = value + right if sign == "+" else value - right
    return value, at


def _product(tokens: tuple[Fraction | str, ...], at: int) -> tuple[Fraction, int]:
    value, at = _atom(tokens, at)
    while at < len(tokens) and tokens[at] in ("*", "/"):
        sign = tokens[at]
        right, at = _atom(tokens, at + 1)
        value = value * right if sign == "*" else value / right
    return value, at


def _atom(tokens: tuple[Fraction | str, ...], at: int) -> tuple[Fraction, int]:
    token = tokens[at]
    if isinstance(token, Fraction):
        return token, at + 1
    assert token == "(", tokens
    value, at = _sum(tokens, at + 1)
    return value, at + 1


class Graph:
    """Nodes in the order of their birth; ids n1, n2, ..."""

    def __init__(self) -> None:
        self.nodes: list[GraphNode] = []

    def add(self, value: Fraction | int, expr: Tokens | None = None) -> GraphNode:
        """Adds a quantity. expr: what the value is computed from; None for a number of the text."""
        node = GraphNode(f"n{len(self.nodes) + 1}", Fraction(value), expr)
        self.nodes.append(node)
        return node

    def ancestors(self, node: GraphNode) -> set[str]:
        """Returns the ids of the node and of everything it is computed from."""
        seen: set[str] = set()
        stack = [node]
        while stack:
            top = stack.pop()
            if top.id not in seen:
                seen.add(top.id)
                stack.extend(top.parents)
        return seen

    def rows(self, answer: GraphNode) -> list[Mapping[str, Any]]:
        """Returns the graph as JSON values, for `Problem.meta`."""
        needed = self.ancestors(answer)
        return [
            {
                "id": node.id,
                "value": numeral(node.value),
                "expr": None if node.expr is None else formula(node.expr),
                "relevant": node.id in needed,
            }
            for node in self.nodes
        ]


def formula(expr: Tokens) -> str:
    """Returns the expression over node ids: "n1*n2/100"."""
    return "".join(token.id if isinstance(token, GraphNode) else token for token in expr)


def equation(node: GraphNode) -> str:
    """Returns the calculation of a node in GSM8K form: 48/2=<<48/2=24>>24."""
    left = "".join(numeral(t.value) if isinstance(t, GraphNode) else t for t in node.expr or ())
    right = numeral(node.value)
    return f"{left}=<<{left}={right}>>{right}"
