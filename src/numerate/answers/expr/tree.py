"""Expression trees: the small immutable form of a parsed answer.

| kind | value | args |
|---|---|---|
| num | Fraction | |
| float | (Fraction, decimal places): a decimal so long that a program must have printed it | |
| sym | name: a letter, a Greek letter, a subscripted letter, or words in prose | |
| add mul div pow neg percent | | terms |
| pm | +1 for plus-minus, -1 for minus-plus | the term behind the sign |
| fn | name of a known function | arguments |
| call | name of an unknown function such as f in f(x), or one of OPERATORS | arguments |
| family | letter and domain of its parameter, such as "kZ" | the expression in that letter |
| mod | "()" for a modulus in brackets, else None | a number or a congruence, and the modulus |
| series | "sum" or "prod" | first value, last value, the term in a letter called "bound 0" |
| integral | "bound 0", a letter of its own | lower bound, upper bound, the integrand in that letter |
| antiderivative | "bound 0" | the integrand in that letter, the letter that it is written in |
| derivative | (its order, "bound 0") | the function in that letter, where it is taken |
| limit | ("+" or "-" from one side, else "", "bound 0") | what that letter goes to, the expression in it |
| constant | a number of mpmath | |
| degree | | what stands before a degree sign |
| base | (digits, base) | |
| tuple | its two brackets, such as "[)" | members |
| set, list | | members; a list is what stands between top-level commas, "and", "or", which is its value |
| union | | sets |
| ratio | "clock" where it may be a time of day | terms of a:b:c |
| rel | relation signs in order, such as ("<", "<=") | the sides between them |
| matrix | number of columns | entries by rows |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple


class Node(NamedTuple):
    kind: str
    value: Any = None
    args: tuple[Node, ...] = ()


Same = Callable[[Node, Node], str | None]
"""the rung on which two trees are the same, None where they are not"""


class Unreadable(ValueError):
    """Text that is no mathematics we can read, or more of it than we are willing to read."""


class Undecided(ValueError):
    """A value that this arithmetic can't give, or not within its bounds."""


def number_node(value: int | Fraction) -> Node:
    return Node("num", Fraction(value))


def walk_nodes(node: Node) -> Iterator[Node]:
    """Yields the node and everything below it."""
    todo = [node]
    while todo:
        top = todo.pop()
        yield top
        todo.extend(top.args)


def tree_height(node: Node) -> int:
    """Returns the number of nodes on the longest way down from this one."""
    level, levels = [node], 0
    while level:
        level, levels = [arg for above in level for arg in above.args], levels + 1
    return levels


INFINITY = Node("sym", "infinity")
CONSTANTS = frozenset({"pi", "e", "i"})
OPERATORS = frozenset({"prime", "setminus", "cap", "apply", "compose", "prefix", "such that"})
"""calls that are no letter with an argument behind it"""

BINDERS = frozenset({"series", "integral", "antiderivative", "derivative", "limit"})
"""kinds of node with a letter of their own"""


def free_symbols(node: Node) -> set[str]:
    """Returns the names in an expression that stand for something unknown."""
    return {n.value for n in walk_nodes(node) if n.kind in ("sym", "call")} - CONSTANTS


def negate_node(node: Node) -> Node:
    if node.kind == "num":
        return Node("num", -node.value)
    if node.kind == "float":
        return Node("float", (-node.value[0], node.value[1]))
    if node.kind == "percent":
        return Node("percent", None, (negate_node(node.args[0]),))
    return node.args[0] if node.kind == "neg" else Node("neg", None, (node,))


def substitute_symbol(node: Node, name: str, value: Node) -> Node:
    """Returns the expression with a letter replaced everywhere."""
    if node.kind == "sym":
        return value if node.value == name else node
    if not node.args:
        return node
    return Node(node.kind, node.value, tuple([substitute_symbol(arg, name, value) for arg in node.args]))


def substitute_numbers(node: Node, values: Mapping[str, int | Fraction]) -> Node:
    """Returns the expression with numbers for letters."""
    for name, value in values.items():
        node = substitute_symbol(node, name, number_node(value))
    return node


def subtract_nodes(left: Node, right: Node) -> Node:
    return Node("add", None, (left, negate_node(right)))
