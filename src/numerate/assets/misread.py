"""Solutions that read a relation wrongly and go on from there, as people do: "5 fewer than" taken for a sum.

What follows is right for the wrong number, and only the answer shows that something is wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

from numerate.problems.stories.graph import evaluate, numeral
from numerate.problems.stories.tables import RELATIONS
from numerate.types import Problem

CALCULATIONS = {relation.name: len(relation.tokens) for relation in RELATIONS}
_TOKEN = re.compile(r"n\d+|[\d.]+|[-+*/()]")
_SWAPPED = {"+": "-", "-": "+", "*": "+", "/": "-"}


def misread_solution(
    r: random.Random, problem: Problem, relations: Collection[str], probability: float
) -> str | None:
    """Returns the worked solution of a story in which every use of some relations is misread with a
    probability.

    None where that leads to numbers that no solution would have: below 1, or with more than two places."""
    lines = problem.solution.split("\n")
    misread = [name in relations and r.random() < probability for name in by_line(problem)]
    if not any(misread):
        return problem.solution
    computed = [row for row in problem.meta["graph"] if row["expr"]]
    old = {row["id"]: Fraction(row["value"]) for row in problem.meta["graph"]}
    new = dict(old)
    for at, (row, wrong) in enumerate(zip(computed, misread, strict=True)):
        tokens = _TOKEN.findall(row["expr"])
        changed = swap_operation(tokens) if wrong else tokens
        value = evaluate(tuple(new.get(t) or (Fraction(t) if t[0].isdigit() else t) for t in changed))
        if value < 1 or (value * 100).denominator != 1:
            return None
        before, after = (
            annotated_equation(tokens, old, old[row["id"]]),
            annotated_equation(changed, new, value),
        )
        if before not in lines[at]:
            return None
        lines[at] = lines[at].replace(before, after)
        new[row["id"]] = value
    return "\n".join([*lines[:-1], f"#### {numeral(new[problem.meta['answer_node']])}"])


def by_line(problem: Problem) -> list[str]:
    """Returns which relation each calculation belongs to."""
    return [name for name in problem.meta["relations"] for _ in range(CALCULATIONS[name])]


def swap_operation(tokens: Sequence[str]) -> list[str]:
    """Replaces the first operation by another one, and drops the rest where there was more than one."""
    at = next(i for i, token in enumerate(tokens) if token in _SWAPPED)
    if tokens[0] == "(" or len(tokens) > at + 2:
        plain = [t for t in tokens if t not in "()"]
        return [plain[0], _SWAPPED[plain[1]], plain[2]]
    return [*tokens[:at], _SWAPPED[tokens[at]], *tokens[at + 1 :]]


def annotated_equation(tokens: Sequence[str], values: Mapping[str, Fraction], result: Any) -> str:
    left = "".join(numeral(values[t]) if t in values else t for t in tokens)
    right = numeral(result)
    return f"{left}=<<{left}={right}>>{right}"
