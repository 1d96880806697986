"""Options of value-guided sampling (`guided.py`)."""

from __future__ import annotations

from numerate.options import AtLeast1, JudgeName, config


@config
class GuidedOptions:
    """The key `guided` of an evaluation."""

    judge: JudgeName
    """scorer of partial solutions: a stage that trains a value or reward model, the directory of one, or
    oracle (stories)"""
    beams: AtLeast1 = 4
    """partial solutions that are kept after each step"""
    candidates: AtLeast1 = 4
    """next steps that are sampled for each of them"""

    @property
    def samples(self) -> int:
        """Returns the number of candidates of a step: N of a comparison with N whole samples."""
        return self.beams * self.candidates
