"""Denominators of losses, as weights of tokens in the rows of an optimizer step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from numerate.credit import scatter_trained
from numerate.types import Example

Denominator = Literal["token", "sequence", "constant"]


def set_loss_weights(rows: Sequence[Example], per: Denominator = "token", constant: int = 1) -> list[Example]:
    """Denominators as data: returns the rows with the column `weight`, which turns a paper's mean into a sum
    over one optimizer step.

        token     1 / all trained tokens of the step      SFT; DAPO
        sequence  1 / rows / trained tokens of the row    GRPO
        constant  1 / rows / `constant`                   Dr. GRPO, constant = max_tokens

    The weights are set before the step is divided into micro-batches, so the result does not depend on the
    division. Rows without a trained token keep weight 0 and still count as rows.
    """
    total = sum(sum(row.mask) for row in rows)

    def weight(row: Example) -> float:
        own = sum(row.mask)
        denominator = {"token": total, "sequence": len(rows) * own, "constant": len(rows) * constant}[per]
        return 1 / denominator if denominator else 0.0

    return [row.with_token(weight=scatter_trained(row.mask, weight(row))) for row in rows]


def set_read_weights(rows: Sequence[Example], extra: float = 0.0) -> list[Example]:
    """Returns the rows with the column `weight`: 1 / (all scored positions of the step + `extra`)."""
    weight = 1 / (sum(sum(row.token["read"]) for row in rows) + extra)
    return [row.with_token(weight=[weight * read for read in row.token["read"]]) for row in rows]
