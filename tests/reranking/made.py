"""Attempts at stories, right ones and ones that go wrong at a known step, and two stand-in judges."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction

from numerate import problems
from numerate.answers import grade
from numerate.judges.oracle import Oracle
from numerate.steps import split, trace
from numerate.types import Group, Problem, Reward, Rollout, Scored, StepScores, Turn


def groups(count: int, attempts: int, skill: float = 0.5, seed: int = 0) -> list[Group]:
    """Attempts are the reference solution or one with a calculation off by a little; a tenth end early."""
    rng = random.Random(seed)
    return [
        Group(problem, tuple(_attempt(problem, i, rng, skill) for i in range(attempts)))
        for problem in problems.load("stories/test", limit=count)
    ]


def _attempt(problem: Problem, index: int, rng: random.Random, skill: float) -> Scored:
    lines = problem.solution.split("\n")
    if rng.random() > skill:
        places = [place for place, line in enumerate(lines) if ">>" in line]
        place = rng.choice(places)
        head, _, tail = lines[place].partition(">>")
        lines[place] = f"{head.rpartition('=')[0]}={rng.randint(100, 103)}>>{tail}"
        lines[-1] = f"#### {rng.randint(100, 103)}"
    if rng.random() < 0.1:
        lines = lines[:-1]
    text = "\n".join(lines)
    found = grade(text, problem)
    steps = Oracle().judge(problem, text).steps
    rollout = Rollout(
        problem.id, index, (Turn("assistant", text, trained=True),), "stop", found.answer, steps
    )
    return Scored(rollout, Reward(float(found.correct)))


class TrueSums:
    """Arithmetic alone: a step with a false equation scores 0.1, one with true ones 0.9, others 0.5."""

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return [StepScores(tuple(self._step(step.text) for step in split(text))) for text in solutions]

    def _step(self, text: str) -> float:
        sides = [equation.split("=") for equation in trace(text)]
        plain = [pair for pair in sides if len(pair) == 2 and all(map(_value, pair))]
        if not plain:
            return 0.5
        return 0.9 if all(_value(left) == _value(right) for left, right in plain) else 0.1


def _value(text: str) -> Fraction | None:
    """a+b, a-b, a*b, a/b or a number."""
    for sign in "+-*/":
        left, found, right = text.rpartition(sign)
        if found and left.replace(".", "").isdigit() and right.replace(".", "").isdigit():
            a, b = Fraction(left), Fraction(right)
            return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else None}[sign]
    return Fraction(text) if text.replace(".", "").isdigit() else None
