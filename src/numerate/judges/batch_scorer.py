"""Scores any number of solutions with a score model, a window of them at a time.

Within a window solutions are sorted by length and read in batches of bounded size; samples at the same
problem share its tokens. Solutions that could not be scored as a whole are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from numerate.judges.step_split import SplitSolution, split_solution
from numerate.types import Problem

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.evaluator import EvaluatorModel
    from numerate.models.reward_model import ScoreModel
    from numerate.training.head_scores import Ask

TOKENS = 8192
"""in memory at once"""
WINDOW = 1024
"""solutions that are sorted together"""


@dataclass(frozen=True, slots=True)
class SolutionScores:
    cut: SplitSolution
    logits_KC: Tensor
    """of the texts that fit, in their order"""
    dropped: int
    """late texts that did not fit"""


class Reader:
    def __init__(
        self,
        scorer: ScoreModel | EvaluatorModel,
        tokens: int = TOKENS,
        window: int = WINDOW,
        ask: Ask | None = None,
        ends_only: bool = False,
    ) -> None:
        """Creates a reader. ask: tokens at the ends of steps; by default the head is read there. ends_only:
        only the scores at the ends of solutions are used, so no prefix has to be read."""
        self.scorer = scorer
        self.ask = ask
        self.by_prefix = scorer.card.by_prefix and not ends_only
        self.tokens = tokens
        self.window = window
        self.counts: Counter[str] = Counter()
        """solutions; of them empty (no text), stepless (an answer alone), overlong; and dropped_steps"""

    def read(self, pairs: Iterable[tuple[Problem, str]]) -> Iterator[SolutionScores]:
        return self.read_cuts((problem, split_solution(solution)) for problem, solution in pairs)

    def read_cuts(self, pairs: Iterable[tuple[Problem, SplitSolution]]) -> Iterator[SolutionScores]:
        """Yields the scores of solutions whose steps are known."""
        from numerate import training

        rest = iter(pairs)
        while part := list(islice(rest, self.window)):
            cuts = [c for _, c in part]
            encoded = [self.scorer.encode_solution(problem, c.texts) for problem, c in part]
            self.counts["solutions"] += len(part)
            self.counts["empty"] += sum(not c.texts for c in cuts)
            self.counts["stepless"] += sum(bool(c.texts) and not c.steps for c in cuts)
            self.counts["overlong"] += sum(bool(solution.dropped) for solution in encoded)
            self.counts["dropped_steps"] += sum(solution.dropped for solution in encoded)
            ask = self.ask or training.head_logits
            logits = training.read_scores(self.scorer, encoded, self.tokens, ask, self.by_prefix)
            for c, solution, logits_KC in zip(cuts, encoded, logits, strict=True):
                yield SolutionScores(c, logits_KC, solution.dropped)
