"""The oracle of the embedded world: says of every step of a solution to a story whether it is right.

It needs no model: a story carries the computation graph that it was made from, so it is known which numbers
the text gives, how the others follow, and which of them is asked for. Wording does not matter to the
oracle; it reads calculations and numbers.

How a step (one line, see `numerate.steps.split`) is judged
  Its calculations are collected: `<<48/2=24>>`, `48 / 2 = 24 clips`, `half of 48 is 24`, `48 divided by 2
  is 24`, chains, several in a line. A step is *wrong* if one of them is wrong, else *right* if one is
  right, else *unverifiable*. A calculation is
  - wrong if it is false, computed exactly (a result with two or more decimals may be rounded to them), or
    the number after `>>` is another than the annotation's;
  - right if it is true and its result means something: as a formula over the given numbers it is a quantity
    of the story, or a piece of the answer (`numerate.judges.oracle.subexpressions`), so that other orders,
    merged steps and factored or multiplied-out forms count as much as the reference;
  - wrong if it is true but means nothing, and uses a quantity of the story (48+24 for 48-24, a distractor
    in place of an operand) or a number that is not known from anywhere;
  - unverifiable if it is true, means nothing, and uses everyday constants only (24 * 60 = 1440); if it only
    leads back from a result to what that was made of (a check: 72-24 = 48); or if it looks false but may be
    read in another way (`x + 24*2 = 50`, `about 10/3 = 3`).

  Whether two formulas are the same is asked under other given numbers
  (`numerate.judges.oracle.finite_field`), so 2*2 = 4 does not pass for 2+2 = 4. A written number may stand
  for everything that has its value: given numbers, earlier results, quantities worked out in the head, the
  bare constant; the step is right if one such reading makes it so. Percentages and fractions are relations,
  not quantities, and keep their value.

  A step without calculations is
  - right if it states as a fact a number that has to be worked out, or calls the right number the answer;
  - wrong if it states as a fact a number that belongs nowhere in the story, or calls another one the
    answer;
  - unverifiable otherwise: no numbers, given facts told again, questions, guesses.

Whether a prefix can still reach the answer
  False from the first wrong step on, also if something is made good later: what follows is repair, not
  reasoning. None from a step that states numbers which nobody can place, or calculates with everyday
  constants only, until the next right step. True otherwise. The last prefix is False, too, if the solution
  states a wrong final answer; but for that, labels and entries depend on what stands before and never on
  later steps.

What it cannot see: whether the words fit the numbers (24 pears for 24 apples), and which of two quantities of
the same value is meant. A turned-over quantity of the story (2/48 for 48/2) is wrong though a solution could
continue from it. Without a graph (`has_graph` is False) only false arithmetic is wrong, the rest is
unverifiable, and entries are None."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from numerate.answers import grade
from numerate.answers.text.boxes import BOX
from numerate.judges.oracle.step_checker import Ledger
from numerate.judges.oracle.story_facts import World, has_graph
from numerate.steps import split
from numerate.types import Problem, Step, StepScores, Verdict

MAX_STEPS = 200
"""steps after these are unverifiable"""
MAX_SOLUTION = 60_000
"""characters; what stands after them is not read"""
MEMORY = 256
"""stories kept ready"""

SCORES: dict[Verdict, float] = {"right": 1.0, "unverifiable": 0.5, "wrong": 0.0}
STATED = re.compile(rf"####|{BOX}|\banswer\b", re.I)


@dataclass(frozen=True, slots=True)
class Judgement:
    steps: tuple[Step, ...]
    """K steps with their labels"""
    reachable: tuple[bool | None, ...]
    """K entries: can the first k steps still reach the answer; None where nothing can be said"""
    answer_right: bool


class Oracle:
    """Judges solutions of stories; a Scorer. Never raises for any solution text; time grows linearly with it.

    Raises ValueError for a problem whose graph is broken.
    """

    def __init__(self) -> None:
        self._worlds: OrderedDict[int, tuple[Problem, World]] = OrderedDict()

    def judge(self, problem: Problem, solution: str) -> Judgement:
        world = self._world(problem)
        solution = solution[:MAX_SOLUTION]
        ledger = Ledger(world)
        steps: list[Step] = []
        reachable: list[bool | None] = []
        for step in split(solution):
            label: Verdict = ledger.line(step.text) if len(steps) < MAX_STEPS else "unverifiable"
            steps.append(replace(step, label=label))
            lost = label == "wrong" or (reachable and reachable[-1] is False)
            reachable.append(False if lost else True if ledger.clear else None)
        right = grade(solution, problem).correct
        if reachable and reachable[-1] is not False and STATED.search(solution):
            reachable[-1] = right
        return Judgement(tuple(steps), tuple(reachable), right)

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        """Returns a score per step: right 1.0, unverifiable 0.5, wrong 0.0."""
        return [self._score(problem, text) for problem, text in zip(problems, solutions, strict=True)]

    def _score(self, problem: Problem, solution: str) -> StepScores:
        steps = self.judge(problem, solution).steps
        scores = tuple(SCORES[step.label or "unverifiable"] for step in steps)
        return StepScores(scores, tuple(replace(s, score=x) for s, x in zip(steps, scores, strict=True)))

    def _world(self, problem: Problem) -> World | None:
        """Returns the facts of a story, keyed by the object itself, which the entry keeps alive: ids of
        problems need not be unique."""
        if not has_graph(problem):
            return None
        kept = self._worlds.get(id(problem))
        if kept is None:
            kept = self._worlds[id(problem)] = (problem, World(problem))
            if len(self._worlds) > MEMORY:
                self._worlds.popitem(last=False)
        return kept[1]
