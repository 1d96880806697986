"""Choice of the problems of a step: by the curriculum, else each problem once before any is repeated."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from numerate import training
from numerate.curricula import Curriculum, CurriculumChoice, Outcome, PrefixedProblem
from numerate.rewards.compose import CORRECT
from numerate.types import Group, Problem, Stats


class ProblemSampler:
    """Chooses the problems of a stage. The state of a curriculum is part of the stage's `state` and changes
    once per step, after the last rollout: an interrupted step samples the same problems again."""

    def __init__(
        self, run: training.Stage, problems: Sequence[Problem], style: str, curriculum: Curriculum | None
    ) -> None:
        self.run, self.problems, self.style, self.curriculum = run, problems, style, curriculum
        self.chosen: list[PrefixedProblem] = []
        """of this step"""
        for need in curriculum.needs if curriculum else ():
            if not any(getattr(problem, need) for problem in problems):
                raise ValueError(f"the curriculum needs the {need}s of the problems, and these have none")

    def next(self, count: int, draw: int) -> list[PrefixedProblem]:
        """Returns the problems of a draw, of which a step may take several."""
        usual = [
            self.problems[i] for i in training.batch_rows(len(self.problems), count, draw, self.run.seed)
        ]
        if not self.curriculum:
            return [PrefixedProblem(problem) for problem in usual]
        pending = {chosen.problem.id for chosen in self.chosen}
        fresh = [problem for problem in self.problems if problem.id not in pending]
        count = min(count, len(self.problems))
        choice = CurriculumChoice(
            problems=fresh if len(fresh) >= count else self.problems,
            usual=usual,
            count=count,
            style=self.style,
            random=random.Random(f"{self.run.seed}/curriculum/{draw}"),
        )
        problems = self.curriculum.choose(self.run.state.get("curriculum", {}), choice)
        self.chosen += problems
        return problems

    def learn_from(
        self, groups: Sequence[Group], mean_abs_advantages: Callable[[], Mapping[str, float]]
    ) -> Stats:
        """Updates the curriculum by the groups of this step, and returns its statistics. mean_abs_advantages:
        called where a curriculum needs it, returns problem id -> mean |A| over the trained tokens."""
        if not self.curriculum:
            return {}
        before = self.run.state.get("curriculum", {})
        stats = self.curriculum.stats(before, self.chosen) | unaided_accuracy(groups)
        by_problem = mean_abs_advantages()
        outcomes = [group_outcome(group, by_problem.get(group.problem.id)) for group in groups]
        self.run.state["curriculum"] = dict(self.curriculum.learn(before, outcomes, self.style))
        self.chosen = []
        return stats


def group_outcome(group: Group, mean_abs_advantage: float | None) -> Outcome:
    graded = [(a, bool(part)) for a in group.rollouts if (part := a.reward.parts.get(CORRECT)) is not None]
    first = next((scored.rollout.solution for scored, good in graded if good), "")
    return Outcome(group.problem, [good for _, good in graded], first, mean_abs_advantage)


def prefixes_by_problem(problems: Sequence[PrefixedProblem]) -> dict[str, str]:
    return {chosen.problem.id: chosen.prefix for chosen in problems if chosen.prefix}


def unaided_accuracy(groups: Sequence[Group]) -> Stats:
    """Returns the accuracy of rollouts without a prefix: of the policy alone."""
    alone = [a for group in groups for a in group.rollouts if not a.rollout.prefix]
    right = [part for a in alone if (part := a.reward.parts.get(CORRECT)) is not None]
    return {"curriculum/accuracy_alone": sum(right) / len(right)} if right else {}
