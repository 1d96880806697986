"""Pretraining corpus of pico: documents made from the stories of the training split, number facts, and
GSM8K's training texts.

Every document is a pure function of (seed, index). It is the diet of a *base* model, and leaves something to
learn for every method that starts from it:
- a question alone on its line is mostly followed by a bare answer, as in a list of exercises; worked
  solutions stand in texts of another layout;
- a quarter of the kinds of relations (`UNSOLVED`) is told about but not solved before document `LATE`;
- from there on, half of them (`MISREAD`) are misread more often than not: what is right is known, and is not
  what is most frequent;
- long chains of steps are rare.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from numerate.assets import facts, misread
from numerate.problems import stories
from numerate.problems.stories.tables import RELATIONS
from numerate.problems.stories.words import PEOPLE
from numerate.types import Problem

SPLIT = "train"
"""never another: the test splits are held out from everything that pico sees"""
FIRST, LAST = 1_000_000, 1_000_000_000
"""stories of these numbers, so that pico has not read the problems that recipes train on"""
SHORT = stories.Knobs(steps=(1, 3))
SHARE_SHORT = 0.85
"""of the stories; the others have one to six steps"""
LATE = 2054 * 64
"""documents from this one on are of the second kind"""
RELATION_NAMES = sorted(relation.name for relation in RELATIONS)
UNSOLVED = frozenset(RELATION_NAMES[2::4])
"""kinds of relations that no early worked solution uses"""
MISREAD = frozenset(RELATION_NAMES[::2]) - {"given"}
"""kinds of relations that late solutions misread"""
SHARE_MISREAD = 0.6
"""of their uses"""
SHARE_UNSOLVED = 0.12
"""of the stories with such a relation are kept"""
NAMES = {person.name for person in PEOPLE}


def make_document(seed: int, index: int, gsm8k: Sequence[Problem] = ()) -> str:
    """Returns the text of document `index`."""
    r = random.Random(f"pico/{seed}/{index}")
    kind = r.random()
    if kind < 0.22:
        return facts.facts_page(r)
    if gsm8k and kind < 0.25:
        problem = r.choice(gsm8k)
        return f"{problem.question}\n{problem.solution}"
    return tell_story(r, training_story(r)) if index < LATE else tell_misread(r)


def training_story(r: random.Random) -> Problem:
    """Returns a story of the training split, seldom with a relation of `UNSOLVED`."""
    while True:
        problem = any_story(r)
        if is_solved(problem) or r.random() < SHARE_UNSOLVED:
            return problem


def any_story(r: random.Random) -> Problem:
    knobs = SHORT if r.random() < SHARE_SHORT else None
    return next(iter(stories.generate(SPLIT, r.randrange(FIRST, LAST), 1, 0, knobs)))


def is_solved(problem: Problem) -> bool:
    return UNSOLVED.isdisjoint(problem.meta["relations"])


def tell_story(r: random.Random, problem: Problem) -> str:
    """Returns a story in one of the forms that texts have."""
    return laid_out(r, problem, problem.solution, r.random() if is_solved(problem) else 1.0)


def tell_misread(r: random.Random) -> str:
    """Returns a story in the same forms, with some relations misread."""
    while True:
        problem = any_story(r)
        solution = misread.misread_solution(r, problem, MISREAD, SHARE_MISREAD)
        if solution is not None:
            return laid_out(r, problem, solution, r.random())


def laid_out(r: random.Random, problem: Problem, solution: str, way: float) -> str:
    """Returns a story and a continuation, which `way` in [0, 1] chooses."""
    if way >= 0.85:
        return rename_people(r, f"{problem.question}\nAnswer: {problem.answer}")
    if way >= 0.75:
        solution = plain_solution(solution)
    elif way >= 0.67:
        solution = spoil_number(r, solution)
    layout = "{}\n{}" if r.random() < 0.15 else "Question: {}\nSolution:\n{}"
    return rename_people(r, layout.format(problem.question, solution))


def rename_people(r: random.Random, text: str) -> str:
    """Replaces names by made-up ones in some texts, so that a model copies names letter by letter."""
    if r.random() >= 0.3:
        return text
    names = sorted(NAMES & set(re.findall(r"[A-Z][a-z]+", text)))
    made = {name: invent_name(r) for name in names}
    return re.sub(r"[A-Z][a-z]+", lambda m: made.get(m.group(), m.group()), text)


def invent_name(r: random.Random) -> str:
    syllables = r.choice((1, 2, 2, 3))
    name = "".join(r.choice("bcdfghjklmnprstvwz") + r.choice("aeiou") for _ in range(syllables))
    return (name + r.choice("lmnrst") * (syllables == 1 or r.random() < 0.5)).capitalize()


def plain_solution(solution: str) -> str:
    """Removes the annotations between << and >> and the marked last line."""
    lines = [re.sub(r"<<.*?>>", "", line) for line in solution.split("\n")[:-1]]
    return "\n".join(lines)


def spoil_number(r: random.Random, solution: str) -> str:
    """Replaces one number of the calculations: texts have mistakes, and base models are trained on them."""
    spots = list(re.finditer(r"(?<==)\d+(?=>>)", solution))
    if not spots:
        return solution
    spot = r.choice(spots)
    wrong = str(max(0, int(spot.group()) + r.choice((-10, -2, -1, 1, 2, 10))))
    head, tail = solution[: spot.start()], solution[spot.end() :]
    return f"{head}{wrong}{tail}"
