"""Description of a problem set, as plain records that the command line prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from numerate.problems.consistency import (
    AnswerFinding,
    contradicting_solutions,
    transcripts_without_call,
    unusable_answers,
)
from numerate.problems.dataset import content_hash
from numerate.problems.decontamination import Overlap, compare_prepared, duplicate_groups, prepare_problems
from numerate.types import Problem

BREAKDOWNS = ("level", "subject", "steps", "type", "module", "regime", "fold", "tool_format")


@dataclass(frozen=True, slots=True)
class Description:
    """Counts and mean lengths of a problem set."""

    count: int
    kinds: dict[str, int]
    sources: dict[str, int]
    with_solution: float
    """share of the problems, in [0, 1]"""
    question_words: float
    """mean"""
    solution_words: float
    """mean over those that have a solution"""
    groups: dict[str, dict[str, int]]
    """number of problems of each level, subject, number of steps, ... where the set has them"""
    fingerprint: str

    def rows(self) -> list[tuple[str, str]]:
        """Returns labels and values, ready to print."""
        return [
            ("problems", f"{self.count:,}"),
            ("kinds", _counts(self.kinds)),
            ("sources", _counts(self.sources)),
            ("with a solution", f"{self.with_solution:.0%}"),
            ("words per question", f"{self.question_words:.1f}"),
            ("words per solution", f"{self.solution_words:.1f}" if self.with_solution else "-"),
            *((name, _counts(counts)) for name, counts in self.groups.items()),
            ("fingerprint", self.fingerprint[:16]),
        ]


@dataclass(frozen=True, slots=True)
class Audit:
    """Duplicates, overlap and wrong answers of a problem set, as `numerate problems NAME --check` reports."""

    count: int
    duplicates: tuple[tuple[str, ...], ...]
    """groups of ids that read the same"""
    overlaps: dict[str, Overlap]
    """overlap with each test set on this machine, by its name"""
    against: tuple[str, ...]
    """every test set that was compared"""
    unusable: tuple[AnswerFinding, ...] = ()
    """answers that nothing can equal, or that look like a program's missing value"""
    contradictions: tuple[AnswerFinding, ...] = ()
    """solutions that end in another answer than their problem's"""
    uncalled: int = 0
    """transcripts in which no program is marked"""

    @property
    def clean(self) -> bool:
        """Checks that there are no duplicates, no overlap, no unusable answers and no contradictions."""
        pairs = (pair for overlap in self.overlaps.values() for pair in (*overlap.exact, *overlap.near))
        repeated = self.duplicates or any(pair.same_numbers for pair in pairs)
        return not (repeated or self.unusable or self.contradictions)

    def rows(self) -> list[tuple[str, str]]:
        """Returns labels and values, ready to print."""
        out = [
            ("problems", f"{self.count:,}"),
            ("duplicates of earlier problems", f"{self._repeats():,}"),
            ("answers that no answer can equal", f"{len(self.unusable):,}"),
            ("solutions with a different answer", f"{len(self.contradictions):,}"),
        ]
        if self.uncalled:
            out.append(("transcripts without a call", f"{self.uncalled:,}"))
        for name, overlap in self.overlaps.items():
            reworded = sum(pair.same_numbers for pair in overlap.near)
            stories = len(overlap.near) - reworded
            value = f"{len(overlap.exact):,} exact, {reworded:,} reworded, {stories:,} same story"
            out.append((f"in {name}", value))
        return [*out, ("compared with", ", ".join(self.against) or "no local test set")]

    def _repeats(self) -> int:
        return sum(len(ids) - 1 for ids in self.duplicates)


def describe(problems: Sequence[Problem]) -> Description:
    """Returns counts and mean lengths of a problem set.

    Raises:
        ValueError: the set is empty.
    """
    if not problems:
        raise ValueError("the problem set is empty: there are no problems to describe")
    solutions = [len(problem.solution.split()) for problem in problems if problem.solution.strip()]
    return Description(
        count=len(problems),
        kinds=dict(Counter(problem.kind for problem in problems).most_common()),
        sources=dict(Counter(problem.source or "not said" for problem in problems).most_common()),
        with_solution=len(solutions) / len(problems),
        question_words=sum(len(problem.question.split()) for problem in problems) / len(problems),
        solution_words=sum(solutions) / len(solutions) if solutions else 0.0,
        groups={name: counts for name in BREAKDOWNS if (counts := _group(problems, name))},
        fingerprint=content_hash(problems),
    )


def audit_problems(problems: Sequence[Problem], tests: dict[str, Sequence[Problem]]) -> Audit:
    """Returns duplicates inside a set, what it shares with the given test sets, and its bad answers."""
    prepared = prepare_problems(problems)
    overlaps = {name: compare_prepared(prepared, prepare_problems(test)) for name, test in tests.items()}
    shared = {name: pairs for name, pairs in overlaps.items() if pairs.exact or pairs.near}
    return Audit(
        len(problems),
        tuple(duplicate_groups(problems)),
        shared,
        tuple(tests),
        tuple(unusable_answers(problems)),
        tuple(contradicting_solutions(problems)),
        transcripts_without_call(problems),
    )


def _group(problems: Sequence[Problem], name: str) -> dict[str, int]:
    """Returns how many problems have each value of a meta field; in the order of the values."""
    values = [problem.meta[name] for problem in problems if problem.meta.get(name) is not None]
    counts = Counter(str(value) for value in values if isinstance(value, str | int) and value != "")
    return dict(sorted(counts.items(), key=lambda item: (len(item[0]) if item[0].isdigit() else 99, item[0])))


def _counts(counts: dict[str, int], most: int = 12) -> str:
    shown = ", ".join(f"{name} {count:,}" for name, count in list(counts.items())[:most])
    return shown + (f", and {len(counts) - most} more" if len(counts) > most else "")
