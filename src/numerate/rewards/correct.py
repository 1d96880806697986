"""The reward of a right final answer: 1 or 0, by the same grader that evaluation uses.

A truncated rollout is not right, even where its text already has the right answer: a reward would reinforce
text without EOS. This rule is applied here only; `grade_truncated` turns it off, an option of every method
that grades rollouts. Evaluation turns it off too: accuracy is that of the text, as in other tools, with
`truncated` beside it.

Other training code takes it from `numerate.answers.adapters`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from numerate import answers
from numerate.answers.sources import Fallback
from numerate.types import Problem, Reward, Rollout, Scored, Stats

OPTIONS = {"fallback": get_args(Fallback), "unfinished": (False, True)}
"""options of the reward `correct` in a recipe: the answer where none is marked (`none`: no guesses), and
whether answers of unfinished thoughts count"""


BY_TEXT = "correct_by_text"
"""part of a truncated rollout's reward: the verdict on its text, whether that counts or not"""


def score_rollout(
    problem: Problem, rollout: Rollout, *, grade_truncated: bool = False, solution: str | None = None
) -> Scored:
    """Returns the rollout with its final answer, and 1.0 where that equals the problem's, else 0.0; None
    where the problem has no answer. A truncated rollout has 0.0 unless `grade_truncated`.

    solution: the text that is graded, by default the rollout's whole solution."""
    verdict = answers.grade(rollout.solution if solution is None else solution, problem)
    by_text = float(verdict.correct) if problem.answer.strip() else None
    reward = _counted(by_text, rollout, grade_truncated)
    parts = {"correct": reward} | ({BY_TEXT: by_text} if rollout.truncated else {})
    return Scored(replace(rollout, answer=verdict.answer), Reward(reward, parts))


def reward_value(
    problem: Problem, rollout: Rollout, options: Mapping[str, Any], *, grade_truncated: bool = False
) -> float | None:
    """Returns the reward under the options of a recipe; None where the problem has no answer."""
    if not problem.answer.strip():
        return None
    return _counted(
        float(answers.grade(rollout.solution, problem, **options).correct), rollout, grade_truncated
    )


def _counted(by_text: float | None, rollout: Rollout, grade_truncated: bool) -> float | None:
    """Returns the verdict on a text as the verdict on its rollout."""
    return by_text if by_text is None or grade_truncated or not rollout.truncated else 0.0


def truncation_stats(rollouts: Iterable[Scored]) -> Stats:
    """Returns the share of truncated rollouts, and the share of those whose text holds the right answer."""
    ends = Counter((s.rollout.truncated, bool(s.reward.parts.get(BY_TEXT))) for s in rollouts)
    count = max(1, ends.total())
    return {
        "rollouts/truncated": (ends[True, False] + ends[True, True]) / count,
        "rollouts/truncated_right": ends[True, True] / count,
    }


def check_options(options: Mapping[str, Any]) -> None:
    """Raises ValueError for an option that `correct` does not have, or a value that it does not take."""
    for name, setting in options.items():
        if name not in OPTIONS:
            raise ValueError(f"reward 'correct' has no option {name!r}, but: {', '.join(OPTIONS)}")
        if setting not in OPTIONS[name]:
            allowed = ", ".join(map(str, OPTIONS[name])).lower()
            raise ValueError(f"reward 'correct': {name} is {setting!r}: use one of {allowed}")
