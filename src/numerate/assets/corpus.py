"""What pico reads: documents made from the stories of the training split, number facts, and GSM8K's training
texts.

Every document is a pure function of (seed, index). It is the diet of a *base* model: worked solutions are
only one of several things that follow a question, so the model learns the language and the sums but not to
answer when asked.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from numerate.assets import facts
from numerate.problems import stories
from numerate.types import Problem

SPLIT = "train"
"""never another: the test splits are held out from everything that pico sees"""
FIRST = 1_000_000
"""stories from this index on, so that pico has not read the problems that recipes train on"""
SHORT = stories.Knobs(steps=(1, 2))
SHARE_SHORT = 0.7
"""of the stories; the others have one to six steps"""
WORKED = {1: 1.0, 2: 1.0, 3: 0.2}
REST = 0.04
"""share of the stories of so many steps that come with something after the question. To put many steps
together is left to learn."""


def document(seed: int, index: int, gsm8k: Sequence[Problem] = ()) -> str:
    """The text of document `index`."""
    r = random.Random(f"pico/{seed}/{index}")
    kind = r.random()
    if kind < 0.22:
        return facts.page(r)
    if gsm8k and kind < 0.25:
        problem = r.choice(gsm8k)
        return f"{problem.question}\n{problem.solution}"
    knobs = SHORT if r.random() < SHARE_SHORT else None
    return told(r, next(iter(stories.generate(SPLIT, FIRST + index, 1, seed, knobs))))


def told(r: random.Random, problem: Problem) -> str:
    """One of the ways in which a story turns up in a text."""
    if r.random() >= WORKED.get(problem.meta["steps"], REST):
        return problem.question
    way = r.random()
    if way < 0.60:
        return f"{problem.question}\n{problem.solution}"
    if way < 0.75:
        return f"{problem.question}\n{plain(problem.solution)}"
    if way < 0.82:
        return f"{problem.question}\n#### {problem.answer}"
    if way < 0.90:
        return f"{problem.question}\nAnswer: {problem.answer}"
    return f"{problem.question}\n{spoiled(r, problem.solution)}"


def plain(solution: str) -> str:
    """Without the annotations between << and >>, and without the marked last line."""
    lines = [re.sub(r"<<.*?>>", "", line) for line in solution.split("\n")[:-1]]
    return "\n".join(lines)


def spoiled(r: random.Random, solution: str) -> str:
    """With one number of the calculations replaced: people make mistakes, and a base model has read them."""
    spots = list(re.finditer(r"(?<==)\d+(?=>>)", solution))
    if not spots:
        return solution
    spot = r.choice(spots)
    wrong = str(max(0, int(spot.group()) + r.choice((-10, -2, -1, 1, 2, 10))))
    head, tail = solution[: spot.start()], solution[spot.end() :]
    return f"{head}{wrong}{tail}"
