"""Takes a reference solution apart and writes it anew: with one mistake, or in another right way.

Every function returns the lines of a solution and the place of the line that is wrong (None: none is), or
None where the solution has no room for the change.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from numerate.judges.oracle.arithmetic import apply_operator, fold_postfix, read_items, to_postfix
from numerate.types import Problem

ANNOTATED = re.compile(r"<<([^<>]*)=([^<>=]*)>>")
PIECE = re.compile(r"[0-9.]+|[-+*/()]")

Changed = tuple[list[str], int | None]


@dataclass
class Line:
    expr: list[str]
    result: str


def numeral(x: Fraction) -> str:
    if x.denominator == 1:
        return str(x.numerator)
    for places in range(1, 9):
        if (x * 10**places).denominator == 1:
            return f"{float(x):.{places}f}"
    return str(x)


def value(expr: list[str]) -> Fraction | None:
    def operand(x: object) -> Fraction:
        assert isinstance(x, int | Fraction)
        return Fraction(x)

    try:
        return fold_postfix(
            to_postfix(read_items("".join(expr))), operand, lambda s, a, b: Fraction(apply_operator(s, a, b))
        )
    except (ValueError, ZeroDivisionError):
        return None


def taken_apart(problem: Problem) -> list[Line]:
    found = ANNOTATED.findall(problem.solution)
    return [Line(PIECE.findall(expr), result) for expr, result in found]


def annotated(line: Line) -> str:
    text = "".join(line.expr)
    return f"So that is {text}=<<{text}={line.result}>>{line.result} of them."


def written(
    lines: list[Line], answer: str | None = None, how: Callable[[Line], str] = annotated
) -> list[str]:
    return [how(line) for line in lines] + ([] if answer is None else [f"#### {answer}"])


def wrong_digit(problem: Problem, rng: random.Random) -> Changed | None:
    lines = taken_apart(problem)
    at = rng.randrange(len(lines))
    result = lines[at].result
    place = rng.choice([i for i, c in enumerate(result) if c.isdigit()])
    digit = rng.choice([d for d in "123456789" if d != result[place]])
    lines[at].result = result[:place] + digit + result[place + 1 :]
    return written(lines[: at + 1]), at


def _changed(lines: list[Line], at: int, expr: list[str]) -> Changed | None:
    result = value(expr)
    if result is None or result == value(lines[at].expr):
        return None
    return written([*lines[:at], Line(expr, numeral(result))]), at


def wrong_operation(problem: Problem, rng: random.Random) -> Changed | None:
    lines = taken_apart(problem)
    at = rng.randrange(len(lines))
    expr = list(lines[at].expr)
    signs = [i for i, piece in enumerate(expr) if piece in "+-*/"]
    place = rng.choice(signs)
    expr[place] = rng.choice([s for s in "+-*/" if s != expr[place]])
    return _changed(lines, at, expr)


def turned_over(problem: Problem, rng: random.Random) -> Changed | None:
    lines = taken_apart(problem)
    at = rng.randrange(len(lines))
    expr = lines[at].expr
    if len(expr) != 3 or expr[1] not in "-/":
        return None
    return _changed(lines, at, expr[::-1])


def distracted(problem: Problem, rng: random.Random) -> Changed | None:
    """Another number of the text in place of an operand that is a quantity of the story."""
    lines = taken_apart(problem)
    at = rng.randrange(len(lines))
    graph = problem.meta["graph"]
    values = {row["value"] for row in graph if row["relevant"]}
    idle = [row["value"] for row in graph if row["value"] not in values and not row["expr"]]
    expr = list(lines[at].expr)
    places = [i for i, piece in enumerate(expr) if piece in values]
    if not idle or not places:
        return None
    expr[rng.choice(places)] = rng.choice(idle)
    return _changed(lines, at, expr)


def from_nowhere(problem: Problem, rng: random.Random) -> Changed | None:
    """An operand that the story does not have."""
    lines = taken_apart(problem)
    at = rng.randrange(len(lines))
    expr = list(lines[at].expr)
    places = [i for i, piece in enumerate(expr) if piece not in "+-*/()"]
    expr[rng.choice(places)] = str(rng.randrange(1013, 99999))
    return _changed(lines, at, expr)


def dropped(problem: Problem, rng: random.Random) -> Changed | None:
    lines = taken_apart(problem)
    if len(lines) < 2:
        return None
    del lines[rng.randrange(len(lines) - 1)]
    return written(lines, problem.answer), None


def reordered(problem: Problem, rng: random.Random) -> Changed | None:
    """The computed nodes in another order in which each still follows those that it uses."""
    lines = taken_apart(problem)
    rows = {row["id"]: row for row in problem.meta["graph"] if row["expr"] and row["relevant"]}
    if len(rows) != len(lines):
        return None
    uses = {name: [n for n in re.findall(r"n\d+", row["expr"]) if n in rows] for name, row in rows.items()}
    by_name = dict(zip(rows, lines, strict=True))
    done: list[str] = []
    while len(done) < len(rows):
        ready = [n for n in rows if n not in done and all(m in done for m in uses[n])]
        done.append(rng.choice(ready))
    return written([by_name[name] for name in done], problem.answer), None


def merged(problem: Problem, rng: random.Random) -> Changed | None:
    """One step written into the next one that uses its result."""
    lines = taken_apart(problem)
    pairs = [
        (i, j, k)
        for i in range(len(lines))
        for j in range(i + 1, len(lines))
        for k, piece in enumerate(lines[j].expr)
        if piece == lines[i].result
    ]
    if not pairs:
        return None
    i, j, k = rng.choice(pairs)
    expr = lines[j].expr
    lines[j].expr = [*expr[:k], "(", *lines[i].expr, ")", *expr[k + 1 :]]
    return written(lines, problem.answer), None


def _plain(line: Line) -> str:
    return f"We get {' '.join(line.expr)} = {line.result}."


def _symbols(line: Line) -> str:
    signs = {"*": " × ", "/": " ÷ ", "-": " − ", "+": " + "}
    return f"- **{''.join(signs.get(p, p) for p in line.expr)} = {line.result}**"


def _words(line: Line) -> str:
    signs = {"*": "times", "/": "divided by", "-": "minus", "+": "plus"}
    return f"Then {' '.join(signs.get(p, p) for p in line.expr)} is {line.result}"


def _backwards(line: Line) -> str:
    return f"Step 2: that makes {line.result} = {''.join(line.expr)}, as it should be."


def _units(line: Line) -> str:
    parts = [p if p in "+-*/()" else f"{p} red apples" for p in line.expr]
    return f"Now, {' '.join(parts)} = {line.result} apples in all."


def _money(line: Line) -> str:
    return f"3) Cost: {''.join(p if p in '+-*/()' else '$' + p for p in line.expr)} = ${line.result}"


def reworded(problem: Problem, rng: random.Random) -> Changed | None:
    how = rng.choice([_plain, _symbols, _words, _backwards, _units, _money])
    return written(taken_apart(problem), problem.answer, how), None


def answer_missing(problem: Problem, rng: random.Random) -> Changed | None:
    return written(taken_apart(problem)), None


def headless(problem: Problem, rng: random.Random) -> Changed | None:
    """Results stated without the calculation."""
    return [f"That makes {line.result} of them." for line in taken_apart(problem)], None


MISTAKES = (wrong_digit, wrong_operation, turned_over, distracted, from_nowhere)
REWRITINGS = (dropped, reordered, merged, reworded, answer_missing)
