"""Loads a reward model or evaluator from its folder, by the kind in `judge.json`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from numerate.judges.evaluator import EvaluatorJudge
from numerate.judges.outcome import OutcomeJudge
from numerate.judges.process import ProcessJudge
from numerate.models.judge_config import Neutral, read_card
from numerate.types import Scorer

if TYPE_CHECKING:
    from numerate.models.policy import Dtype


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
