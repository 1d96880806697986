"""Reads integrals, limits, derivatives, sums and products from tokens. What is none of them in full (an
integral without its differential, a derivative of something unknown) is left to the reader of names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from numerate.answers.expr.calculus.derivatives import multiply_factors
from numerate.answers.expr.series import operator_depth, rename_letter
from numerate.answers.expr.tree import Node, Unreadable, free_symbols, number_node, walk_nodes
from numerate.answers.parse import integral_span
from numerate.answers.parse.notation import is_differential

if TYPE_CHECKING:
    from numerate.answers.parse.lexer import Token
    from numerate.answers.parse.parser import Parser

Argument = Callable[["Parser"], Node]
MOST_DIFFERENTIATED = 200
"""nodes of a function whose derivative is taken"""
HIGHEST_ORDER = 4
_DEPENDENT = frozenset("fghuvwxyzrst")
"""letters that may depend on the one that a derivative is taken by"""
_MAPS = frozenset("fghFGH")


def _within(parser: Parser, tokens: list[Token]) -> Parser:
    inner = type(parser)(tokens)
    inner.depth = parser.depth + 1
    return inner


def _whole(parser: Parser) -> Node:
    """Returns the expression of all tokens."""
    node = parser.sum()
    if parser.peek().kind != "end":
        raise Unreadable(f"did not expect {parser.peek().text!r}")
    return node


def _in_bound(term: Node, letter: str) -> tuple[str, Node]:
    """Returns a letter named by its depth only, and the term in it."""
    bound = f"bound {operator_depth(term)}"
    return bound, rename_letter(term, letter, Node("sym", bound), bound)


# -- integrals ----------------------------------------------------------------------
def read_integral(parser: Parser, argument: Argument) -> Node | None:
    r"""Reads `\int_0^1 x\,dx` behind its sign; None where it isn't written to its end."""
    span = integral_span.find_integral_span(parser.tokens, parser.at)
    count = integral_span.count_bounds(span.body) if span else None
    if span is None or count is None:
        return None
    inner = _within(parser, span.body)
    limits: dict[str, Node] = {}
    for _ in range(count):
        sign = inner.next().text
        limits[sign] = argument(inner)
    if limits and limits.keys() != {"_", "^"}:
        raise Unreadable("bounds that are no lower and upper one")
    bound, body = _in_bound(_whole(inner) if inner.peek().kind != "end" else number_node(1), span.letter)
    parser.at = span.end
    if not count:
        return Node("antiderivative", bound, (body, Node("sym", span.letter)))
    return Node("integral", bound, (limits["_"], limits["^"], body))


# -- limits ----------------------------------------------------------------------
def read_limit(parser: Parser) -> Node | None:
    r"""Reads `\lim_{x \to 0^+} f` behind its name; None where it doesn't say of what."""
    opened = [parser.peek(k).text for k in range(4)]
    close = integral_span.group_end(parser.tokens, parser.at + 1)
    if opened[:2] != ["_", "{"] or close is None or parser.peek(2).kind not in ("name", "cmd"):
        return None
    skipped = {"to": 4, "-": 5}.get(opened[3], 0)
    if not skipped or (skipped == 5 and parser.peek(4).text != ">"):
        return None
    goal, side = _side(parser.tokens[parser.at + skipped : close - 1])
    letter = parser.peek(2).text
    point = _whole(_within(parser, goal))
    parser.at = close
    bound, body = _in_bound(_terms_in(parser, letter), letter)
    return Node("limit", (side, bound), (point, body))


def _side(goal: list[Token]) -> tuple[list[Token], str]:
    """Returns what a letter goes to, and from which side: 0^+, 0^{-}."""
    texts = [token.text for token in goal]
    for length, at in ((2, -1), (4, -2)):
        if len(texts) > length and texts[-length] == "^" and texts[at] in ("+", "-"):
            return goal[:-length], texts[at]
    return goal, ""


def _terms_in(parser: Parser, letter: str) -> Node:
    """Returns the product behind a limit, and the terms behind it as long as they hold its letter."""
    terms = [parser.signed_term()]
    while parser.peek().text in ("+", "-") and integral_span.term_holds(parser.tokens, parser.at + 1, letter):
        terms.append(parser.signed_term())
    return Node("add", None, tuple(terms)) if len(terms) > 1 else terms[0]


# -- derivatives ----------------------------------------------------------------------
def read_operand(parser: Parser, bottom: Node) -> Node:
    r"""Reads what stands behind `\frac{d}{dx}`: a bracket, a letter that may be a function, or a product."""
    bracketed = parser.peek().kind == "op" and parser.peek().text in ("(", "[")
    factors = [parser.power()]
    head = factors[0]
    letters = _DEPENDENT - free_symbols(bottom)
    if bracketed or head.kind == "call" or (head.kind == "sym" and head.value in letters):
        return head
    while parser.starts_factor() or parser.peek().text in ("*", "/"):
        if parser.op("/"):
            factors = [Node("div", None, (multiply_factors(*factors), parser.signed_factor()))]
        else:
            factors.append(parser.signed_factor() if parser.op("*") else parser.power())
    return multiply_factors(*factors)


def read_derivative(parser: Parser, top: Node, bottom: Node, argument: Argument) -> Node:
    r"""Reads `\frac{d}{dx} x^2`, also at a point behind a bar, or `\frac{d(x^2)}{dx}`. dy/dx, a derivative of
    something unknown, is a name, and no y/x."""
    of = None if is_differential(top) else read_operand(parser, bottom)
    if derivative := _known_derivative(parser, top, bottom, of, argument):
        return derivative
    return Node("call", "prefix", (Node("sym", "derivative"), top, bottom, *((of,) if of else ())))


def _known_derivative(
    parser: Parser, top: Node, bottom: Node, of: Node | None, argument: Argument
) -> Node | None:
    by, order = _power_of(bottom.args[1])
    expected = 1 if of is None else _power_of(top)[1]
    if of is not None and parser.starts_factor():  # of the bracket, or of the product that it begins?
        return None
    of = top.args[1] if of is None else of
    partial = any(node.value == "partial" for node in walk_nodes(bottom))
    if by is None or order != expected or not is_known(of, by, partial):
        return None
    where = Node("sym", by)
    if parser.peek().text == "|" and parser.peek(1).text == "_":
        parser.at += 2
        where = _point(argument(parser), where)
    bound, body = _in_bound(of, by)
    return Node("derivative", (order, bound), (body, where))


def _power_of(node: Node) -> tuple[str | None, int]:
    """Returns (x, 2) for x^2."""
    base, order = node.args if node.kind == "pow" else (node, number_node(1))
    if base.kind != "sym" or order.kind != "num" or order.value not in range(1, HIGHEST_ORDER + 1):
        return None, 0
    return base.value, int(order.value)


def _point(condition: Node, letter: Node) -> Node:
    if condition.kind != "rel":
        return condition
    if condition.value != ("=",) or condition.args[0] != letter:
        raise Unreadable("a derivative where another letter has a value")
    return condition.args[1]


def is_known(node: Node, by: str, partial: bool = False) -> bool:
    """Checks whether `node` is an expression in this letter that holds no function that we don't know."""
    letters = {name for name in free_symbols(node) if not name.startswith("bound ")}
    if by not in letters or node == Node("sym", by) or (not partial and (letters - {by}) & _DEPENDENT):
        return False
    parts = [part for _, part in zip(range(MOST_DIFFERENTIATED + 1), walk_nodes(node), strict=False)]
    return len(parts) <= MOST_DIFFERENTIATED and not any(
        part.kind == "call" or (part.kind == "sym" and " " in part.value and part.value[:6] != "bound ")
        for part in parts
    )


def read_primed(node: Node) -> Node:
    """Returns (x^2)' as a derivative where the expression has one small letter; else a call, as f' is."""
    if node.kind == "derivative" and node.value[0] < HIGHEST_ORDER:
        return node._replace(value=(node.value[0] + 1, node.value[1]))
    letters = free_symbols(node)
    if node.kind in ("add", "mul", "div", "pow", "fn", "neg") and len(letters) == 1:
        (letter,) = letters
        if letter.islower() and letter not in _MAPS and is_known(node, letter):
            bound, body = _in_bound(node, letter)
            return Node("derivative", (1, bound), (body, Node("sym", letter)))
    return Node("call", "prime", (node,))


def read_series(parser: Parser, name: str, argument: Argument) -> Node:
    r"""Reads `\sum_{k=1}^{n} k^2` behind its command: first and last value and the term, of which the letter
    is called by the depth of what it runs over, so that it says nothing."""
    start = last = None
    while start is None or last is None:
        if start is None and parser.op("_"):
            start = argument(parser)
        elif last is None and parser.op("^"):
            last = argument(parser)
        else:
            raise Unreadable(f"a {name} without bounds")
    if start.kind != "rel" or start.value != ("=",) or start.args[0].kind != "sym":
        raise Unreadable(f"a {name} over something else than a letter")
    letter, first = start.args[0].value, start.args[1]
    term = parser.signed_term()
    bound = f"bound {operator_depth(term)}"
    return Node("series", name, (first, last, rename_letter(term, letter, Node("sym", bound), bound)))
