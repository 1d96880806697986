"""From tokens to a tree: answers as people write them, in LaTeX or plainly. Recursive descent, bounded depth.

Weakest to strongest: lists (`, ; and or`), relations (`= < in`), unions, ratios, sums, products, powers.
"""

from __future__ import annotations

import re
from fractions import Fraction

from numerate.answers.expr.tree import Node, Unreadable, negate_node, number_node, tree_height
from numerate.answers.parse import calculus, notation
from numerate.answers.parse.lexer import MOST_LINKS, Token, TokenStream, tokenize_answer
from numerate.answers.parse.primary import read_primary
from numerate.answers.text.normalize import LONGEST

HIGHEST = 150
"""nodes of a tree from its root to a leaf"""
_RELATIONS = frozenset({"=", "<", ">", "<=", ">=", "!=", "in", "approx", "equiv"})
_STOPS = frozenset({")", "]", "}", "\\}", ",", ";", "|", "&", "\\\\", "over", "choose", "end", ":"})


def parse_answer(normal: str) -> Node:
    """Returns the tree of a text in normal form. Raises Unreadable."""
    if len(normal) > LONGEST:
        raise Unreadable(f"an answer of {len(normal)} characters")
    parser = Parser(tokenize_answer(normal))
    tree = parser.answer()
    if parser.peek().kind != "end":
        raise Unreadable(f"did not expect {parser.peek().text!r}")
    if parser.links > MOST_LINKS and tree_height(tree) > HIGHEST:
        raise Unreadable("a tree higher than can be evaluated")
    return tree


_CLOCK = re.compile(r"[0-2]?\d:[0-5]\d")


class Parser(TokenStream):
    def __init__(self, tokens: list[Token]):
        super().__init__(tokens)
        self.ahead: tuple[int, Node, int] | None = None
        """(start, node, end) of a fraction that was read to see whether it belongs to the number before it"""

    # -- lists and relations ----------------------------------------------------------------------
    def answer(self) -> Node:
        """Reads everything up to a closing bracket: one item, or a list of them. `;` separates groups."""
        self.deeper()
        groups: list[list[Node]] = [[]]
        joined: set[str] = set()
        while True:
            groups[-1].append(self.relation())
            ends_group = self.peek().text == ";"
            if not (signs := self.separator()):
                break
            joined |= signs
            if ends_group:
                groups.append([])
            if self.peek().kind == "end" or self.peek().text in _STOPS:
                break
        self.depth -= 1
        return _list_node([g for g in groups if g], joined - {",", ";"})

    def separator(self) -> set[str]:
        """Takes one separator: a comma, a semicolon, "and", "or", or a comma and a word."""
        separators: set[str] = set()
        while self.peek().kind == "sep" or (self.peek().kind == "op" and self.peek().text in (",", ";")):
            separators.add(self.next().text)
        return separators

    def relation(self) -> Node:
        while self.op("approx", "implies"):
            pass
        sides = [self.taken_modulo()]
        signs: list[str] = []
        while self.peek().kind == "op" and self.peek().text in _RELATIONS:
            sign = self.next().text
            signs.append("=" if sign == "equiv" else sign)
            sides.append(self.taken_modulo())
        if not signs:
            return sides[0]
        last = sides[-1]
        if last.kind == "mod" and set(signs) == {"="}:  # it is the congruence that has the modulus
            congruence = Node("rel", tuple(signs), (*sides[:-1], last.args[0]))
            return last._replace(args=(congruence, last.args[1]))
        return Node("rel", tuple(signs), tuple(sides))

    def taken_modulo(self) -> Node:
        node = self.union()
        sign = self.op("bmod", "pmod")
        return Node("mod", "()" if sign == "pmod" else None, (node, self.power())) if sign else node

    def union(self) -> Node:
        parts = [self.ratio()]
        while self.op("cup"):
            parts.append(self.ratio())
        if sign := self.op("setminus", "cap"):
            return Node("call", sign, (*parts, self.ratio()))
        return Node("union", None, tuple(parts)) if len(parts) > 1 else parts[0]

    def ratio(self) -> Node:
        start, parts = self.at, [self.sum()]
        while self.op(":"):
            parts.append(self.sum())
        written = "".join(token.text for token in self.tokens[start : self.at])
        clock = "clock" if _CLOCK.fullmatch(written) else None
        return Node("ratio", clock, tuple(parts)) if len(parts) > 1 else parts[0]

    # -- expressions ----------------------------------------------------------------------
    def sum(self) -> Node:
        self.deeper()
        terms = [self.signed_term()]
        while True:
            sign = self.op("+", "-", "pm", "mp")
            if sign is None:
                break
            terms.append(_with_sign(sign, self.signed_term()))
        self.depth -= 1
        return Node("add", None, tuple(terms)) if len(terms) > 1 else terms[0]

    def signed_term(self) -> Node:
        signs: list[str] = []
        while sign := self.op("+", "-", "pm", "mp"):
            signs.append(sign)
        node, chain = self.product(), 0
        for sign in reversed(signs):
            chain = self.link(chain) if sign in ("pm", "mp") else chain
            node = _with_sign(sign, node)
        return node

    def product(self) -> Node:
        node = self.power()
        factors, chain = [node], 0
        while True:
            if self.op("*"):
                factors.append(self.signed_factor())
            elif self.op("/"):
                if self.peek().kind == "word":  # a unit such as miles / hour
                    self.next()
                    continue
                chain = self.link(chain)
                factors = [Node("div", None, (_product(factors), self.signed_factor()))]
            elif self.starts_factor():
                self.refuse_stray_number(factors[-1])
                applied = self.peek().text == "(" and _is_map(factors[-1])
                factors.append(self.power())
                if applied:
                    factors[-2:] = [Node("call", "apply", tuple(factors[-2:]))]
            else:
                break
        return self.below(_product(factors))

    def below(self, node: Node) -> Node:
        r"""Parses `\over` or `\choose` behind what stands above it."""
        sign = self.op("over", "choose")
        if sign is None:
            return node
        self.deeper()
        parts = node, self.product()
        self.depth -= 1
        return Node("div", None, parts) if sign == "over" else Node("fn", "binomial", parts)

    def refuse_stray_number(self, before: Node) -> None:
        """Raises Unreadable for a number behind a letter (`x1`), a unit (`3 hours 20`) or a number (`2 3`):
        it multiplies nothing.

        As the base of a power it does (`n2^n`)."""
        if self.peek().kind not in ("num", "float") or self.peek(1).text == "^":
            return
        glued = not self.peek().spaced and before.kind in ("sym", "fn")
        beside = self.tokens[self.at - 1].kind in ("num", "float")
        if glued or beside or (self.tokens[self.at - 1].kind == "word" and before.kind != "sym"):
            raise Unreadable(f"did not expect {self.peek().text!r}")

    def signed_factor(self) -> Node:
        """Returns a factor behind `*` or `/`, which may carry a sign."""
        if self.op("-"):
            return negate_node(self.power())
        self.op("+")
        return self.power()

    def starts_factor(self) -> bool:
        """Checks whether the next token begins a factor that multiplies without a sign."""
        token = self.peek()
        if token.kind in ("num", "float", "name", "fn", "cmd", "multiplier"):
            return True
        return token.kind == "op" and token.text in ("(", "[", "{", "\\{")

    def power(self) -> Node:
        self.deeper()
        node = self.postfix(read_primary(self))
        if self.op("^"):
            node = self.postfix(self.superscript(node))
        while self.peek().kind == "word":
            self.next()
            if self.op("^"):  # cm^2
                self.power()
        self.depth -= 1
        return node

    def superscript(self, base: Node) -> Node:
        token = self.peek()
        if token.kind == "cmd" and token.text in ("circ", "degree"):
            self.next()
            return Node("degree", None, (base,))
        if token.kind == "op" and token.text == "{" and self.peek(1).text in ("circ", "degree"):
            self.at += 3
            return Node("degree", None, (base,))
        if token.kind == "cmd" and token.text == "prime":
            self.next()
            return Node("call", "prime", (base,))
        sign = self.op("-", "+")
        exponent = self.power()
        return Node("pow", None, (base, negate_node(exponent) if sign == "-" else exponent))

    def postfix(self, node: Node) -> Node:
        start, chain = node, 0
        while True:
            if node is not start:
                start, chain = node, self.link(chain)
            if self.op("!"):
                if self.peek().text == "!" and not self.peek().spaced and self.op("!"):
                    node = notation.double_factorial(node)
                    continue
                node = Node("fn", "factorial", (node,))
            elif self.op("%"):
                node = Node("percent", None, (node,))
            elif self.op("'"):
                node = calculus.read_primed(node)
            elif self.peek().kind == "cmd" and self.peek().text in ("degree", "circ"):
                node = self.degree_or_composition(node)
            elif self.peek().kind == "multiplier":
                node = _product([node, number_node(self.next().value)])
            else:
                return node

    def degree_or_composition(self, node: Node) -> Node:
        """Returns a degree sign without a `^`, or a composition of maps when a letter stands on both
        sides."""
        composed = self.next().text == "circ" and node.kind != "num" and self.peek().kind == "name"
        return Node("call", "compose", (node, self.power())) if composed else Node("degree", None, (node,))

    def degrees(self, node: Node) -> Node:
        """Returns the argument that a bracket held, when a degree sign follows it."""
        signs = [self.peek(k).text for k in range(4)]
        if signs[0] != "^":
            return node
        for at, length in ((1, 2), (2, 4)):
            if signs[at] in ("circ", "degree") and (at == 1 or signs[1] == "{"):
                self.at += length
                return Node("degree", None, (node,))
        return node


_MAPS = frozenset("fghFGH")


def _is_map(node: Node) -> bool:
    """Checks whether `node` takes the bracket behind it as its argument: f', f^{-1}, f \\circ g."""
    if node.kind == "call":
        return node.value in ("prime", "compose")
    return node.kind == "pow" and node.args[0].kind == "sym" and node.args[0].value in _MAPS


def _scaled_decimal(factors: list[Node]) -> Node | None:
    """Returns the decimal that a program printed as `2.314814814814815 \\times 10^{-3}`; None for any
    other."""
    if len(factors) != 2 or factors[0].kind != "float" or factors[1].kind != "pow":
        return None
    base, exponent = factors[1].args
    if base != number_node(10) or exponent.kind != "num" or exponent.value.denominator != 1:
        return None
    shift, (value, places) = int(exponent.value), factors[0].value
    if abs(shift) > 400:
        return None
    return Node("float", (value * Fraction(10) ** shift, places - shift))


def _product(factors: list[Node]) -> Node:
    if len(factors) == 1:
        return factors[0]
    return _scaled_decimal(factors) or Node("mul", None, tuple(factors))


def _with_sign(sign: str, node: Node) -> Node:
    if sign in ("pm", "mp"):
        return Node("pm", 1 if sign == "pm" else -1, (node,))
    return negate_node(node) if sign == "-" else node


def _share_modulus(items: list[Node]) -> list[Node]:
    """Shares a modulus: in `2, 3 \\pmod 5` the modulus belongs to both."""
    last = items[-1]
    if last.kind != "mod" or any(item.kind == "mod" for item in items[:-1]):
        return items
    return [last._replace(args=(item, last.args[1])) for item in items[:-1]] + [last]


def _list_node(groups: list[list[Node]], joined: set[str]) -> Node:
    groups[-1] = _share_modulus(groups[-1])
    word = joined.pop() if len(joined) == 1 else None
    if len(groups) == 1:
        return groups[0][0] if len(groups[0]) == 1 else Node("list", word, tuple(groups[0]))
    items = [g[0] if len(g) == 1 else Node("list", None, tuple(g)) for g in groups]
    return Node("list", word, tuple(items))
