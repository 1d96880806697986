"""Subexpressions of an answer, so that a solution in another order than the reference is not penalized.

Every quantity that leads to the answer is multiplied out into a sum of products, like terms left apart:
(a + b) * c is a*c + b*c, and a - a*25/100 keeps its two terms. Useful pieces are then
  * every sum over some of the terms (a partial sum),
  * that sum with any of the factors common to its terms left out (a partial product; a + b, or 1 - 25/100),
  * for like terms, the same over a common denominator (100 - 25).
A piece keeps the signs and exponents it has in the answer. 48 + 24 is therefore no piece of (48 - 24) * 2,
though a clever further step could repair it, and neither is 48 * 2 one of 48 / 2. What stands under a
fraction bar and is a sum is taken as one factor, with pieces of its own. A product that would grow over 8
terms or 8 factors is not multiplied out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import and_

from numerate.judges.oracle.arithmetic import Item, fold_postfix
from numerate.judges.oracle.finite_field import Quantity, combine_both, constant_quantity, field_inverse

MAX_TERMS = 8
MAX_FACTORS = 8
MAX_PIECES = 4000

Factor = tuple[Quantity, int]
"""a quantity and its exponent, +1 or -1"""
Term = tuple[int, tuple[Factor, ...]]
"""a sign, +1 or -1, and factors"""

ZERO = constant_quantity(0)
TRIVIAL = (ZERO, constant_quantity(1), constant_quantity(-1))


class Pieces:
    """The pieces of all quantities in `programs`. Each is a Quantity; `find` maps identity -> value."""

    def __init__(self, programs: Mapping[str, Sequence[Item]], quantities: Mapping[str, Quantity]) -> None:
        self.quantities = quantities
        self.programs = programs
        self.expanded: dict[str, list[Term]] = {}
        self.denominators: list[list[Term]] = []
        self.find: dict[int, int] = {}
        self.uses = Counter(x for program in programs.values() for x in program)
        for name in programs:
            self._add_all(self._of_name(name))
        for terms in self.denominators:
            self._add_all(terms)

    def _add_all(self, terms: Sequence[Term]) -> None:
        for piece in useful_pieces(terms):
            if len(self.find) >= MAX_PIECES:
                return
            if piece not in TRIVIAL:
                self.find.setdefault(piece.identity, piece.value)

    def _of_name(self, name: str) -> list[Term]:
        """Returns the pieces of a name. Each formula of `programs` follows those it uses, so the recursion is
        shallow."""
        if name not in self.expanded:
            program = self.programs.get(name)
            atom: list[Term] = [(1, ((self.quantities[name], 1),))]
            self.expanded[name] = fold_postfix(program, self._operand, self._apply) if program else atom
        return self.expanded[name]

    def _operand(self, item: Item) -> list[Term]:
        """Returns an operand; a quantity that has several uses stays one factor."""
        if not isinstance(item, str):
            return [(1, ((constant_quantity(item), 1),))]
        return self._of_name(item) if self.uses[item] == 1 else [(1, ((self.quantities[item], 1),))]

    def _apply(self, sign: str, left: list[Term], right: list[Term]) -> list[Term]:
        if sign in "+-":
            flipped = right if sign == "+" else [(-s, factors) for s, factors in right]
            return _bounded([*left, *flipped])
        if sign == "/":
            if len(right) > 1:
                self.denominators.append(right)
            right = [(s, tuple((q, -e) for q, e in factors)) for s, factors in _one_term(right)]
        return _bounded([(s * t, a + b) for s, a in left for t, b in right])


def useful_pieces(terms: Sequence[Term]) -> Iterator[Quantity]:
    """Yields the useful pieces of a sum of at most 8 terms."""
    values = [_product(s, factors) for s, factors in terms]
    for chosen in range(1, 1 << len(terms)):
        picked = [i for i in range(len(terms)) if chosen >> i & 1]
        total = ZERO
        for i in picked:
            total = combine_both("+", total, values[i])
        factors = [Counter(terms[i][1]) for i in picked]
        common = reduce(and_, factors)
        yield from _without(total, common, alone=len(picked) == 1)
        rest = [f for own in factors for f in own - common]
        if all(quantity.value == quantity.identity for quantity, _ in rest):
            for by in {quantity for quantity, exponent in rest if exponent < 0}:
                yield from _without(combine_both("*", total, by), common, alone=False)


def _without(total: Quantity, common: Counter[Factor], alone: bool) -> Iterator[Quantity]:
    """Yields `total` with every choice of common factors left out. A term alone keeps one that does not
    divide."""
    shared = [f for f in common.elements() if 0 not in f[0]][:6]
    inverses = [
        q if e < 0 else Quantity(field_inverse(q.value), field_inverse(q.identity)) for q, e in shared
    ]
    upper = [index for index, (_, e) in enumerate(shared) if e > 0]
    for choice in range(1 << len(shared)):
        if alone and upper and all(choice >> index & 1 for index in upper):
            continue
        piece = total
        for index, by in enumerate(inverses):
            if choice >> index & 1:
                piece = combine_both("*", piece, by)
        yield piece


def _product(sign: int, factors: Sequence[Factor]) -> Quantity:
    total = constant_quantity(sign)
    for quantity, exponent in factors:
        total = combine_both("*" if exponent > 0 else "/", total, quantity)
    return total


def _value(terms: Sequence[Term]) -> Quantity:
    total = ZERO
    for sign, factors in terms:
        total = combine_both("+", total, _product(sign, factors))
    return total


def _one_term(terms: list[Term]) -> list[Term]:
    return terms if len(terms) == 1 else [(1, ((_value(terms), 1),))]


def _bounded(terms: list[Term]) -> list[Term]:
    if len(terms) <= MAX_TERMS and all(len(factors) <= MAX_FACTORS for _, factors in terms):
        return terms
    return _one_term([(1, ((_value(terms), 1),))])
