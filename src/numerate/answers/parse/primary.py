"""The smallest pieces of an answer: numbers, names, brackets, fractions, roots, functions, matrices."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from numerate.answers.expr import angles
from numerate.answers.expr.tree import Node, Unreadable
from numerate.answers.parse import brackets, calculus, notation

if TYPE_CHECKING:
    from numerate.answers.parse.parser import Parser

_FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac"})
_BINOMIALS = frozenset({"binom", "dbinom", "tbinom"})


def read_primary(parser: Parser) -> Node:
    """Reads the smallest piece that stands here."""
    parser.count_atom()
    if parser.ahead and parser.ahead[0] == parser.at:
        _, node, parser.at = parser.ahead
        return node
    token = parser.peek()
    if token.kind == "op":
        if token.text not in _BRACKETS:
            raise Unreadable(f"did not expect {token.text!r}")
        parser.next()
        return _BRACKETS[token.text](parser, token.text)
    if token.kind not in _READERS:
        raise Unreadable(f"did not expect {token.text or 'the end'!r}")
    parser.next()
    return _READERS[token.kind](parser, token.text)


# -- numbers and names ----------------------------------------------------------------------
def _number(parser: Parser, text: str) -> Node:
    token = parser.tokens[parser.at - 1]
    node = Node(token.kind, token.value)
    if token.kind == "float" or token.value.denominator != 1:
        return node
    if parser.peek().text == "_" and "." not in text:
        parser.next()
        return Node("base", (text.replace(",", ""), _argument(parser)))
    mixed = _mixed_fraction(parser)
    return Node("num", token.value + mixed) if mixed is not None else node


def _mixed_fraction(parser: Parser) -> Fraction | None:
    """Returns the fraction of a mixed number, when one follows: `1/4` behind a space, or a LaTeX fraction of
    integers."""
    ahead = parser.peek()
    if ahead.kind == "num" and ahead.spaced and parser.peek(1).text == "/" and parser.peek(2).kind == "num":
        top, bottom = ahead.value, parser.peek(2).value
        taken = 3
    elif ahead.kind == "cmd" and ahead.text in _FRACTIONS:
        start = parser.at
        parser.next()
        node = _fraction(parser, ahead.text)
        taken = parser.at - start
        parser.ahead = (start, node, parser.at)  # read once: to read it again is exponential in the nesting
        parser.at = start
        sides = node.args
        if any(s.kind != "num" for s in sides):
            return None
        top, bottom = sides[0].value, sides[1].value
    else:
        return None
    if top.denominator != 1 or bottom.denominator != 1 or top <= 0 or bottom <= 0:
        return None
    parser.at += taken
    return Fraction(top, bottom)


def _name(parser: Parser, text: str) -> Node:
    name = _read_subscript(parser, text)
    if name in brackets.EVENTS and parser.peek().text == "(" and (event := brackets.read_event(parser)):
        return event
    if name == "C" and (chosen := brackets.read_binomial(parser)):
        return chosen
    if parser.peek().text != "(" or parser.peek().kind != "op":
        return Node("sym", name)
    start = parser.at
    arguments = brackets.number_argument(parser) or _bare_arguments(parser)
    if arguments is None or name in ("e", "i", "pi", "infinity"):
        parser.at = start
        return Node("sym", name)
    return Node("call", name, arguments)


def _bare_arguments(parser: Parser) -> tuple[Node, ...] | None:
    """Reads the arguments of f(x) or f(x,y): plain names only, anything else is a product."""
    parser.next()
    names: list[Node] = []
    while parser.peek().kind in ("name", "cmd") and parser.peek().text not in _COMMANDS:
        token = parser.next()
        names.append(Node("sym", _read_subscript(parser, token.text)))
        if not parser.op(","):
            break
    return tuple(names) if names and parser.op(")") else None


def _read_subscript(parser: Parser, name: str) -> str:
    while parser.peek().text == "_" and parser.peek().kind == "op":
        parser.next()
        start = parser.at
        if parser.peek().text == "{":
            depth = 0
            while True:
                text = parser.next().text
                depth += {"{": 1, "}": -1}.get(text, 0)
                if depth == 0 or parser.peek().kind == "end":
                    break
        else:
            parser.next()
        inside = "".join(t.text for t in parser.tokens[start : parser.at] if t.text not in "{}")
        name = f"{name}_{inside}"
    return name


def _words(parser: Parser, text: str) -> Node:
    return Node("sym", f"word {text}")


# -- commands ----------------------------------------------------------------------
def _command(parser: Parser, text: str) -> Node:
    return _COMMANDS.get(text, _name)(parser, text)


def _argument(parser: Parser) -> Node:
    """Reads what a command takes: a braced group, or one digit, letter or command."""
    if parser.op("{"):
        return brackets.read_group(parser, "{")
    token = parser.peek()
    if token.kind == "num" and token.text.isdigit():
        if rest := token.text[1:]:
            parser.tokens[parser.at] = token._replace(text=rest, value=Fraction(rest), spaced=False)
        else:
            parser.next()
        return Node("num", Fraction(token.text[0]))
    if token.kind == "name":  # in \\sum_{k=1}^n (k + 1) the bound is no function of k + 1
        return Node("sym", parser.next().text)
    return _read_nested(parser)


def _read_nested(parser: Parser) -> Node:
    """Reads an atom that stands without brackets inside of another one."""
    return parser.nested(read_primary, parser)


def _fraction(parser: Parser, text: str) -> Node:
    top, bottom = sides = parser.nested(_two_arguments, parser)
    if not notation.is_differential(bottom) or not (notation.is_differential(top) or notation.is_d(top)):
        return Node("div", None, sides)
    return calculus.read_derivative(parser, top, bottom, _argument)


def _two_arguments(parser: Parser) -> tuple[Node, Node]:
    return _argument(parser), _argument(parser)


def _binomial(parser: Parser, text: str) -> Node:
    return Node("fn", "binomial", _two_arguments(parser))


def _between(name: str, closer: str) -> Callable[[Parser, str], Node]:
    def read_inner(parser: Parser, text: str) -> Node:
        inner = parser.sum()
        parser.expect(closer)
        return Node("fn", name, (inner,))

    return read_inner


def _series(parser: Parser, text: str) -> Node:
    return parser.nested(calculus.read_series, parser, text, _argument)


def _integral(parser: Parser, text: str) -> Node:
    return parser.nested(calculus.read_integral, parser, _argument) or _name(parser, text)


def _limit(parser: Parser, text: str) -> Node:
    return parser.nested(calculus.read_limit, parser) or _name(parser, text)


def _prefix(parser: Parser, text: str) -> Node:
    """Reads an operator on what follows, of which no arithmetic here knows the value."""
    operand = _argument(parser) if parser.peek().text == "{" else parser.power()
    if text == "det" and operand.kind == "matrix":
        return notation.determinant_node(operand)
    if text in ("overline", "bar") and (conjugate := notation.conjugate_node(operand)):
        return conjugate
    return Node("call", "prefix", (Node("sym", "overline" if text == "bar" else text), operand))


def _empty(parser: Parser, text: str) -> Node:
    return Node("set")


# -- functions ----------------------------------------------------------------------
def _function(parser: Parser, name: str) -> Node:
    if name == "sqrt":
        return _root(parser)
    base = _log_base(parser, name)
    exponent = None
    if parser.op("^"):
        raised = parser.superscript(Node("num", Fraction(0)))
        if raised.kind != "pow":  # a degree sign behind a function's name
            raise Unreadable(f"a {raised.kind} of a function without an argument")
        exponent = raised.args[1]
    if exponent == Node("num", Fraction(-1)) and name in ("sin", "cos", "tan"):
        name, exponent = "arc" + name, None
    arguments = _members(parser) if name in _OF_SETS else None
    arguments = arguments or _function_arguments(parser)
    if name in _CIRCULAR:
        arguments = tuple(map(angles.in_radians, arguments))
    if len(arguments) != 1 and name not in _OF_SETS:  # cos(0,5), with a decimal comma or a mistake
        raise Unreadable(f"{name} of {len(arguments)} arguments")
    node = Node("fn", name, (*arguments, *base))
    return Node("pow", None, (node, exponent)) if exponent is not None else node


def _members(parser: Parser) -> tuple[Node, ...] | None:
    r"""Reads the arguments of `\max\{a, b\}`."""
    if not parser.op("\\{"):
        return None
    inner = parser.answer()
    parser.expect("\\}")
    return inner.args if inner.kind == "list" else (inner,)


_OF_SETS = frozenset({"max", "min", "gcd", "lcm"})
_CIRCULAR = frozenset({"sin", "cos", "tan", "cot", "sec", "csc", "cis"})


def _log_base(parser: Parser, name: str) -> tuple[Node, ...]:
    if name == "log" and parser.op("_"):
        return (_argument(parser),)
    return ()


def _function_arguments(parser: Parser) -> tuple[Node, ...]:
    """Reads what follows a function: what stands in brackets, or the product up to the next sign or
    function."""
    if parser.op("("):
        inner = parser.answer()
        parser.expect(")")
        turned = parser.degrees(inner)  # \\sin(30)^\\circ
        return inner.args if inner.kind == "list" else (turned,)
    factors = [parser.signed_factor()]
    while parser.starts_factor() and parser.peek().kind != "fn" and parser.peek().text not in ("(", "["):
        factors.append(parser.power())
    return (factors[0] if len(factors) == 1 else Node("mul", None, tuple(factors)),)


def _root(parser: Parser) -> Node:
    degree = Node("num", Fraction(2))
    if parser.op("["):
        degree = parser.sum()
        parser.expect("]")
    inner = brackets.read_group(parser, "{") if parser.op("{") else _read_nested(parser)
    return Node("fn", "root", (inner, degree))


_COMMANDS: dict[str, Callable[[Parser, str], Node]] = {
    **dict.fromkeys(_FRACTIONS, _fraction),
    **dict.fromkeys(_BINOMIALS, _binomial),
    "lfloor": _between("floor", "rfloor"),
    "lceil": _between("ceil", "rceil"),
    "emptyset": _empty,
    "varnothing": _empty,
    "begin": brackets.read_environment,
    "sum": _series,
    "prod": _series,
    "int": _integral,
    "lim": _limit,
    **dict.fromkeys(
        ("overline", "bar", "dot", "ddot", "det", "neg", "lnot", "Re", "Im", "arg", "dim"), _prefix
    ),
}
_BRACKETS: dict[str, Callable[[Parser, str], Node]] = {
    "(": brackets.round_brackets,
    "[": brackets.round_brackets,
    "{": brackets.read_group,
    "\\{": brackets.read_braces,
    "|": brackets.read_bars,
}
_READERS: dict[str, Callable[[Parser, str], Node]] = {
    "num": _number,
    "float": _number,
    "name": _name,
    "cmd": _command,
    "fn": _function,
    "word": _words,
}
