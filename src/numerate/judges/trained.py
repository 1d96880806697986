"""A folder with a judge -> the judge, by the kind that its card names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from numerate.judges.evaluator import EvaluatorJudge
from numerate.judges.outcome import OutcomeJudge
from numerate.judges.process import ProcessJudge
from numerate.models.card import read_card
from numerate.types import Scorer

if TYPE_CHECKING:
    from numerate.models.policy import Dtype


def load(directory: str | Path, *, device: str = "auto", dtype: Dtype = "auto") -> Scorer:
    """Raises ValueError where the folder holds no judge, or one of an unknown kind."""
    from numerate.models import policy, scorer
    from numerate.models.evaluator import EvaluatorModel

    card = read_card(Path(directory))
    if card.kind == "evaluator":
        return EvaluatorJudge(EvaluatorModel(policy.load(str(directory), device=device, dtype=dtype), card))
    found = scorer.load(directory, device=device, dtype=dtype)
    return OutcomeJudge(found) if card.kind in ("outcome", "value") else ProcessJudge(found)
