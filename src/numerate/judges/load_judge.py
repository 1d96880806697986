"""Judges that were trained: process and outcome reward models and evaluators, as Scorers; and `load`, which
makes one of a stage's folder, by the kind in `judge.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from numerate.judges.batch_scorer import TOKENS, WINDOW, Reader, SolutionScores
from numerate.judges.step_split import split_at
from numerate.models.judge_config import Neutral, read_card
from numerate.types import LabelledSolution, Problem, Scorer, StepScores

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.evaluator import EvaluatorModel
    from numerate.models.policy import Dtype
    from numerate.models.reward_model import ScoreModel


class TrainedJudge:
    """Base of the judges below, which make the scores of a solution in `_step_scores`."""

    reader: Reader

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return list(self.stream(zip(problems, solutions, strict=True)))

    def stream(self, pairs: Iterable[tuple[Problem, str]]) -> Iterator[StepScores]:
        """Yields the same for any number of pairs, of which a window is in memory."""
        return map(self._step_scores, self.reader.read(pairs))

    def _step_scores(self, answered: SolutionScores) -> StepScores:
        raise NotImplementedError


class ProcessJudge(TrainedJudge):
    """Reads a process reward model (is the step right?) or a stepwise outcome model (can the steps so far
    still reach the answer?).

    The last step is read after the line of the answer. A solution without steps has no scores; steps that
    don't fit have none either, so `steps` says which the scores belong to. Both are in
    `batch_scorer.counts`."""

    def __init__(self, scorer: ScoreModel, tokens: int = TOKENS, window: int = WINDOW) -> None:
        self.reader = Reader(scorer, tokens, window)

    def marked(self, rows: Iterable[LabelledSolution]) -> Iterator[StepScores]:
        """Scores solutions whose steps are marked: a score per step, as far as they fit."""
        return map(
            self._step_scores, self.reader.read_cuts((row.problem, split_at(row.steps)) for row in rows)
        )

    def _step_scores(self, answered: SolutionScores) -> StepScores:
        from numerate.training import objectives

        seen = answered.cut.steps[: len(answered.logits_KC)]
        if not seen:
            return StepScores((), dropped=answered.dropped)
        scores = objectives.probability(answered.logits_KC, self.reader.scorer.card.neutral).tolist()
        steps = (replace(step, score=score) for step, score in zip(seen, scores, strict=True))
        return StepScores(tuple(scores), tuple(steps), answered.dropped)


class OutcomeJudge(TrainedJudge):
    """Reads an outcome reward model, or the value head of a model that was trained on outcomes: probability
    that the final answer is right, after the whole solution or after every step.

    Exactly one score per solution, read at its end. An empty solution scores 0, and so does one of which
    not even the first step fits; where only late steps don't fit, it is read at the last one that does. All
    of these are in `batch_scorer.counts`.

    every: one score after each step that fits, the outcome as it looks from there; none without a step."""

    def __init__(self, scorer: ScoreModel, every: bool = False) -> None:
        self.reader = Reader(scorer, ends_only=not every)
        self.every = every

    def _step_scores(self, answered: SolutionScores) -> StepScores:
        seen = answered.cut.steps[: len(answered.logits_KC)]
        if self.every:
            scores = self.scores_of(answered.logits_KC) if seen else []
            steps = (replace(step, score=score) for step, score in zip(seen, scores, strict=True))
            return StepScores(tuple(scores), tuple(steps), answered.dropped)
        if not len(answered.logits_KC):
            return StepScores((0.0,), dropped=answered.dropped)
        [score] = self.scores_of(answered.logits_KC[-1:])
        last = (replace(seen[-1], score=score),) if seen else ()
        return StepScores((score,), last, answered.dropped)

    def scores_of(self, logits_KC: Tensor) -> list[float]:
        from numerate.training import objectives

        card = self.reader.scorer.card
        if card.kind == "value":
            return ((logits_KC[:, 0].tanh() + 1) / 2).tolist()
        return objectives.probability(logits_KC, card.neutral).tolist()


class EvaluatorJudge(TrainedJudge):
    """The evaluator as a scorer: S = p(correct) / (p(correct) + p(incorrect)).

    Exactly one score per solution. An empty solution scores 0, and so does one of which not even the first
    step fits; late steps that don't fit are left out of the question. All of these are in
    `batch_scorer.counts`."""

    def __init__(self, evaluator: EvaluatorModel) -> None:
        from numerate import training

        self.reader = Reader(evaluator, ask=partial(training.word_logprobs, words=evaluator.words))

    def _step_scores(self, answered: SolutionScores) -> StepScores:
        from numerate.training import objectives

        if not len(answered.logits_KC):
            return StepScores((0.0,), dropped=answered.dropped)
        correct, incorrect = answered.logits_KC.unbind(-1)
        score = float(objectives.log_share(correct, incorrect).exp())
        seen = len(answered.cut.texts) - answered.dropped
        last = answered.cut.steps[:seen][-1:]
        return StepScores((score,), tuple(replace(step, score=score) for step in last), answered.dropped)


def load(
    directory: str | Path,
    *,
    device: str = "auto",
    dtype: Dtype = "auto",
    neutral: Neutral | None = None,
    every: bool = False,
) -> Scorer:
    """Returns the scorer in a folder that a stage left: a reward model or an evaluator.

    Args:
        directory: the `model/` folder of the stage.
        device: auto, cpu, cuda, ...
        dtype: number format of the products.
        neutral: replaces the value of a neutral step in `judge.json`.
        every: an outcome reward model scores after every step; evaluators score the whole only.

    Raises:
        ValueError: the folder has no scorer or one of an unknown kind, or `neutral` is set and it has no
            neutral class.
    """
    from numerate.models import policy, reward_model
    from numerate.models.evaluator import EvaluatorModel

    card = read_card(Path(directory))
    if neutral and card.classes != 3:
        raise ValueError(
            f"{directory}: this reward model has two classes, right and wrong: leave out `neutral`, "
            "or train a process_reward_model with classes: 3"
        )
    if card.kind == "evaluator":
        return EvaluatorJudge(EvaluatorModel(policy.load(str(directory), device=device, dtype=dtype), card))
    model = reward_model.load_score_model(directory, device=device, dtype=dtype)
    model.card = replace(card, neutral=neutral or card.neutral)
    return OutcomeJudge(model, every=every) if card.kind in ("outcome", "value") else ProcessJudge(model)
