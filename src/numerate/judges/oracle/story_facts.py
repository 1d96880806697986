"""Facts of one story: its quantities, their formulas, and the readings that a written number can have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any

from numerate.judges.oracle.arithmetic import (
    Item,
    Number,
    apply_operator,
    fold_postfix,
    parse_number,
    read_items,
    to_postfix,
)
from numerate.judges.oracle.finite_field import (
    P,
    Quantity,
    combine_both,
    constant_quantity,
    drawn_value,
    field_residue,
)
from numerate.judges.oracle.subexpressions import Pieces
from numerate.types import Problem

HUNDREDTHS = re.compile(r"\b([A-Za-z_]\w*) ?/ ?100\b|\b100 ?[-+] ?([A-Za-z_]\w*)")


def has_graph(problem: Problem) -> bool:
    """Checks whether the problem carries its computation graph: meta["graph"] and meta["answer_node"]."""
    return bool(problem.meta.get("graph")) and bool(problem.meta.get("answer_node"))


class World:
    """One story. Raises ValueError for a graph that is none."""

    def __init__(self, problem: Problem) -> None:
        self.where = f"problem {problem.id!r}, meta['graph']"
        self.exact: dict[str, Number] = {}
        self.quantities: dict[str, Quantity] = {}
        self.programs: dict[str, tuple[Item, ...]] = {}
        rows = problem.meta["graph"]
        self.fixed = {
            name
            for row in rows
            for match in HUNDREDTHS.finditer(str(row.get("expr") or ""))
            for name in match.groups()
            if name
        }
        for index, row in enumerate(rows):
            self._add(index, row)
        self.answer = str(problem.meta["answer_node"])
        if self.answer not in self.quantities:
            raise ValueError(
                f"{self.where}: answer_node {self.answer!r} is not one of its nodes: name one of them"
            )
        self.goal = self.quantities[self.answer].value
        self.meanings = {q.identity for q in self.quantities.values()}
        self.constants = {1, 100} | {
            field_residue(x) for program in self.programs.values() for x in program if not isinstance(x, str)
        }
        """numbers that formulas bring along: the 2 of "twice", the 60 of an hour, hundredths"""
        self.readings = _by_value(self.quantities.values())
        self.inputs = _by_value(q for name, q in self.quantities.items() if name not in self.programs)

    def _add(self, index: int, row: Mapping[str, Any]) -> None:
        """Adds a node, which comes after those it is made of."""
        try:
            name, expr = str(row["id"]), row.get("expr")
            stated = signed_number(str(row["value"]))
            if expr is None:
                self.exact[name] = stated
                # A fraction or percentage stands for a relation, and people write it in many ways (25 /
                # 100, 0.25, 1/4, 1 - 0.75): like the 2 of "twice as many", it is not redrawn.
                fixed = name in self.fixed or 0 < stated < 1
                self.quantities[name] = Quantity(
                    field_residue(stated), field_residue(stated) if fixed else drawn_value(index)
                )
                return
            program = to_postfix(read_items(str(expr)))
            exact = fold_postfix(program, self._exact_operand, apply_operator)
            quantity = fold_postfix(program, self._operand, combine_both)
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise ValueError(f"{self.where}, row {index}: {row!r:.200}: {error}") from error
        if exact != stated:
            raise ValueError(f"{self.where}, row {index}: {expr} is {exact}, but value says {stated}")
        self.exact[name], self.quantities[name], self.programs[name] = exact, quantity, program

    def _exact_operand(self, item: Item) -> Number:
        return self.exact[item] if isinstance(item, str) else item

    def _operand(self, item: Item) -> Quantity:
        return self.quantities[item] if isinstance(item, str) else constant_quantity(item)

    @cached_property
    def relevant(self) -> tuple[str, ...]:
        """Returns the computed nodes of the answer, each after those it uses."""
        needed = {self.answer}
        for name, program in reversed(self.programs.items()):
            if name in needed:
                needed.update(x for x in program if isinstance(x, str))
        return tuple(name for name in self.programs if name in needed)

    @cached_property
    def sources(self) -> dict[int, frozenset[int]]:
        """Returns identity of a computed node -> identities of its parts. Formulas that several nodes share
        are left out: doubling and then halving leads back."""
        shared = Counter(q.identity for q in self.quantities.values())
        sources: dict[int, frozenset[int]] = {}
        for name, program in self.programs.items():
            parents = [q.identity for x in program if (q := self.quantities.get(str(x))) is not None]
            below = frozenset(parents).union(*(sources.get(i, ()) for i in parents))
            sources[self.quantities[name].identity] = frozenset(i for i in below if shared[i] == 1)
        return {i: below for i, below in sources.items() if shared[i] == 1}

    @cached_property
    def pieces(self) -> dict[int, int]:
        """Returns identity -> value of every useful piece; worked out only for solutions that leave the
        graph."""
        return Pieces({name: self.programs[name] for name in self.relevant}, self.quantities).find

    @cached_property
    def piece_readings(self) -> dict[int, tuple[int, ...]]:
        """Returns value -> identities of useful pieces."""
        return _by_value(Quantity(value, identity) for identity, value in self.pieces.items())

    def is_piece(self, identity: int, positive: bool) -> bool:
        """Checks whether a formula whose value is positive, or not, is a useful piece of the answer.

        A piece may also come with its sign turned over, where it then is positive: 48 - 20 on the way to
        60 - 48 + 20. A quantity of the story may not: turned over, it is the usual mistake of subtracting the
        wrong way round.
        """
        turned = P - identity
        return positive and (
            identity in self.pieces or (turned in self.pieces and turned not in self.meanings)
        )


def _by_value(quantities: Iterable[Quantity]) -> dict[int, tuple[int, ...]]:
    """Returns value -> identities, at most 8."""
    by_value: dict[int, tuple[int, ...]] = {}
    for q in quantities:
        by_value[q.value] = (*by_value.get(q.value, ()), q.identity)[:8]
    return by_value


def signed_number(text: str) -> Number:
    """Returns an exact number as graphs write it: 24, -3, 3/4, 2.5. Raises ValueError."""
    body = text.strip().removeprefix("-")
    parts: Sequence[Number | None] = [
        parse_number(part) if part.replace(".", "").isdigit() else None for part in body.split("/")
    ]
    if len(parts) > 2 or None in parts or (len(parts) == 2 and not parts[1]):
        raise ValueError(f"value {text[:40]!r} is not an exact number such as 24, 3/4 or 2.5")
    value = Fraction(parts[0] or 0) / (parts[1] if len(parts) == 2 and parts[1] else 1)
    value = -value if text.strip().startswith("-") else value
    return value.numerator if value.denominator == 1 else value
