"""Denominators as data: the weight of every trained token in the sum that is the loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from numerate.types import Example

Denominator = Literal["token", "sequence", "constant"]


def set_loss_weights(rows: Sequence[Example], per: Denominator = "token", constant: int = 1) -> list[Example]:
    """Add the column `weight`, which turns the mean that a paper prints into a plain sum over one optimizer
    step.

    token:    1 / all trained tokens of the step            (SFT; DAPO)
    sequence: 1 / rows / trained tokens of the row          (GRPO)
    constant: 1 / rows / `constant`                         (Dr. GRPO, constant = the longest completion
    allowed)

    Because the whole step is weighed before it is cut into micro-batches, the result cannot depend on how it
    is cut. Rows without a trained token keep weight 0 and still count as rows.
    """
    total = sum(sum(row.mask) for row in rows)

    def weight(row: Example) -> float:
        own = sum(row.mask)
        denominator = {"token": total, "sequence": len(rows) * own, "constant": len(rows) * constant}[per]
        return 1 / denominator if denominator else 0.0

    return [row.with_token(weight=[weight(row) * trained for trained in row.mask]) for row in rows]
