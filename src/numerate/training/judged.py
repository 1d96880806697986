"""Judged solutions as training rows, and what a score model's head says at the ends of their steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from numerate.models.scorer import Laid, ScoreModel, ScoreNetwork
from numerate.training.attention import can_pack
from numerate.training.batch import Batch, micro_batches, pack, pad
from numerate.training.logprobs import hidden_states, network
from numerate.types import Example


def labelled(laid: Laid, targets: Sequence[float | None]) -> Example | None:
    """The row that asks the head for `targets` at the ends of the steps; None marks a step that nobody
    judged. Returns None where nothing is left to ask, as when no judged step fits.

    All tokens after the prompt count as trained: so the solutions of a problem share its prompt when they are
    packed. The columns `target` and `read` say where the head is asked."""
    asked = {
        end: target for end, target in zip(laid.ends, targets, strict=False) if target is not None
    }  # targets of dropped steps fall away
    if not asked:
        return None
    return asking(laid, asked)


def asking(laid: Laid, asked: dict[int, float]) -> Example:
    """asked: place of a token -> what the head should say there."""
    places = range(len(laid.ids))
    return Example(
        laid.ids,
        [place >= laid.prompt for place in places],
        token={
            "read": [float(place in asked) for place in places],
            "target": [asked.get(place, 0.0) for place in places],
        },
    )


def weigh_reads(rows: Sequence[Example], extra: float = 0.0) -> list[Example]:
    """Add the column `weight`: 1 / (all places of the optimizer step where the head is asked + `extra`)."""
    weight = 1 / (sum(sum(row.token["read"]) for row in rows) + extra)
    return [row.with_token(weight=[weight * read for read in row.token["read"]]) for row in rows]


def readings(model: ScoreNetwork, batch: Batch) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Logits of the head at the places of the column `read`, [N, C] float32, and these places: line, column.

    The places of a row keep their order."""
    where = batch.token["read"].nonzero(as_tuple=True)
    return model(states(model, batch)[where]), where


def states(model: ScoreNetwork, batch: Batch) -> Tensor:
    """Last hidden states, [B, T, D]. An encoder looks both ways, so it is told where padding begins."""
    if not model.encoder:
        return hidden_states(model, batch)
    seen_BT = (batch.row_BT >= 0).long()
    return network(model)(input_ids=batch.ids_BT, attention_mask=seen_BT).last_hidden_state


@torch.no_grad()
def read(scorer: ScoreModel, laid: Sequence[Laid], tokens: int) -> list[Tensor]:
    """Per solution the logits at the ends of its steps, [K, C] on the CPU, in the order they came.

    At most `tokens` tokens (more where one solution is longer) are in memory at once; solutions of one
    problem share its prompt where the network can pack."""
    packed = not scorer.model.encoder and can_pack(network(scorer.model))
    rows = [
        asking(one, dict.fromkeys(one.ends, 0.0)).with_row(number=i) for i, one in enumerate(laid) if one.ends
    ]
    classes = scorer.card.classes
    out = [torch.zeros(0, classes) for _ in laid]
    scorer.model.eval()
    for part in micro_batches(rows, tokens, packed=packed):
        batch = (pack if packed else pad)(part, scorer.pad_id, scorer.device)
        logits_NC, where = readings(scorer.model, batch)
        number_N = batch.row["number"][batch.row_BT[where]].long().cpu()
        for i, logits in by_row(logits_NC.cpu(), number_N):
            out[i] = logits
    return out


def by_row(logits_NC: Tensor, number_N: Tensor) -> Iterator[tuple[int, Tensor]]:
    for i in number_N.unique().tolist():
        yield i, logits_NC[number_N == i]


def kept(rows: Iterable[Example | None]) -> tuple[list[Example], int]:
    """The rows that there are, and how many there are not."""
    every = list(rows)
    found = [row for row in every if row is not None]
    return found, len(every) - len(found)
