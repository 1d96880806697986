"""Labelled solutions as training rows, and scores of a model's head at the ends of their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from numerate.models.evaluator import EvaluatorModel
from numerate.models.judge_config import Card
from numerate.models.reward_model import EncodedSolution, ScoreModel, ScoreNetwork, solution_prefixes
from numerate.training.batch import Batch, micro_batches, pack_rows, pad_rows
from numerate.training.logprobs import head_logprobs, hidden_states, logprobs_of, unwrapped_lm
from numerate.training.packed_attention import can_pack
from numerate.types import Example

Judge = ScoreModel | EvaluatorModel
Places = tuple[Tensor, ...]
"""lines and columns of a batch"""
Ask = Callable[[Any, Batch], tuple[Tensor, Places]]


def labelled_row(encoded: EncodedSolution, targets: Sequence[float | None]) -> Example | None:
    """Returns the row that trains the head on `targets` at the ends of the steps; None marks a step without
    a label. Returns None where no label is left, as when no labelled step fits.

    All tokens after the prompt count as trained: so the solutions of a problem share its prompt when they are
    packed. Columns: `read`, 1 where the head is read; `target`, its label there; `step_token`, 1 at the
    tokens of the steps themselves, which are all of the solution but those at the ends of steps."""
    by_position = {
        end: target for end, target in zip(encoded.ends, targets, strict=False) if target is not None
    }  # targets of dropped steps fall away
    if not by_position:
        return None
    return score_row(encoded, by_position)


def labelled_steps(
    card: Card, encoded: EncodedSolution, targets: Sequence[float | None]
) -> list[Example | None]:
    """Returns the rows that train a reward model on the `targets` of the steps: a row per labelled step, with
    the prefix that ends there, where steps are read by prefix, else one row for all. [None] where no label is
    left."""
    if not card.by_prefix:
        return [labelled_row(encoded, targets)]
    both = zip(solution_prefixes(encoded), targets, strict=False)  # targets of dropped steps fall away
    rows = [score_row(part, {part.ends[-1]: target}) for part, target in both if target is not None]
    return [*rows] or [None]


def score_row(encoded: EncodedSolution, targets: dict[int, float]) -> Example:
    """Returns the row of a scored solution. targets: position of a token -> target of the head there."""
    places, ends = range(len(encoded.ids)), set(encoded.ends)
    return Example(
        encoded.ids,
        [position >= encoded.prompt for position in places],
        token={
            "read": [float(position in targets) for position in places],
            "target": [targets.get(position, 0.0) for position in places],
            "step_token": [float(position >= encoded.prompt and position not in ends) for position in places],
        },
    )


def head_logits(model: ScoreNetwork, batch: Batch) -> tuple[Tensor, Places]:
    """Returns logits of the head at the positions of the column `read`, [N, C] float32, and these positions:
    line, column.

    The positions of a row keep their order."""
    where = batch.token["read"].nonzero(as_tuple=True)
    h_BTD = trunk_states(model, batch)
    if not model.likelihood:
        return model(h_BTD[where]), where
    text_BT = batch.token["step_token"] > 0
    logp_BT = logprobs_of(model, batch, h_BTD, text_BT)
    return model(h_BTD[where], so_far(logp_BT, text_BT, batch.row_BT, where)), where


def so_far(logp_BT: Tensor, text_BT: Tensor, row_BT: Tensor, where: Places) -> Tensor:
    """Returns at some positions the sum of log p up to there, over the row and over the step, [N, 2] float32.

    Rows are stretches of a line, and a step begins after the last token that is no `step_token`. The sums are
    differences of running ones, which want float64 where there is one."""
    line_N, at_N = where
    run_BT = logp_BT.to(torch.float32 if logp_BT.device.type == "mps" else torch.float64).cumsum(1)
    begins_BT = torch.ones_like(text_BT)
    begins_BT[:, 1:] = row_BT[:, 1:] != row_BT[:, :-1]
    first_N = latest_true(begins_BT)[line_N, at_N]
    end_N = latest_true(~text_BT)[line_N, at_N - 1]
    now_N, at_first_N = run_BT[line_N, at_N], (run_BT - logp_BT)[line_N, first_N]
    return torch.stack([now_N - at_first_N, now_N - run_BT[line_N, end_N]], dim=1).float()


def latest_true(true_BT: Tensor) -> Tensor:
    """Returns the last position up to each that is true, 0 where there is none."""
    position_T = torch.arange(true_BT.shape[1], device=true_BT.device)
    return torch.where(true_BT, position_T, 0).cummax(1).values


def trunk_states(model: ScoreNetwork, batch: Batch) -> Tensor:
    """Returns the last hidden states, [B, T, D]. An encoder attends in both directions, so it takes a mask of
    the padding."""
    if not model.encoder:
        return hidden_states(model, batch)
    seen_BT = (batch.row_BT >= 0).long()
    return unwrapped_lm(model)(input_ids=batch.ids_BT, attention_mask=seen_BT).last_hidden_state


def word_logprobs(
    model: nn.Module, batch: Batch, words: tuple[int, int], h_BTD: Tensor | None = None
) -> tuple[Tensor, Places]:
    """Returns log p(word) after the positions of the column `read` for two words, [N, 2] float32, and these
    positions. h_BTD: the hidden states, where they are known."""
    where = batch.token["read"].nonzero(as_tuple=True)
    h_ND = (hidden_states(model, batch) if h_BTD is None else h_BTD)[where]
    lm = unwrapped_lm(model)
    both = [head_logprobs(lm, h_ND, torch.full_like(where[0], word)) for word in words]
    return torch.stack(both, dim=1), where


def read_scores(
    judge: Judge,
    encoded: Sequence[EncodedSolution],
    tokens: int,
    ask: Ask = head_logits,
    by_prefix: bool = False,
) -> list[Tensor]:
    """Returns per solution the outputs of `ask` at the ends of its steps, [K, C] on the CPU; [0, 1] where no
    step fits. by_prefix: each step is read at the end of a line that stops there."""
    some = [i for i, solution in enumerate(encoded) if solution.ends]
    lines = [solution_prefixes(encoded[i]) if by_prefix else [encoded[i]] for i in some]
    rows = [
        score_row(part, dict.fromkeys(part.ends[-1:] if by_prefix else part.ends, 0.0))
        for parts in lines
        for part in parts
    ]
    logits = iter(score_rows(judge, rows, tokens, ask))
    out = [torch.zeros(0, 1) for _ in encoded]
    for i, parts in zip(some, lines, strict=True):
        out[i] = torch.cat([next(logits) for _ in parts])
    return out


@torch.no_grad()
def score_rows(judge: Judge, rows: Sequence[Example], tokens: int, ask: Ask) -> list[Tensor]:
    """Returns per row the outputs of `ask` at its positions, [K, C] on the CPU, in the order of the rows.

    At most `tokens` tokens (more where one row is longer) are in memory at once; solutions of one problem
    share its prompt where the network can pack."""
    packed = not judge.card.encoder and can_pack(unwrapped_lm(judge.model))
    out: dict[int, Tensor] = {}
    judge.model.eval()
    numbered = [row.with_columns(number=i) for i, row in enumerate(rows)]
    for part in micro_batches(numbered, tokens, packed=packed):
        batch = (pack_rows if packed else pad_rows)(part, judge.pad_id, judge.device)
        with judge.autocast():
            logits_NC, where = ask(judge.model, batch)
        number_N = batch.columns["number"][batch.row_BT[where]].long().cpu()
        out |= by_row(logits_NC.cpu(), number_N)
    return [out[i] for i in range(len(rows))]


def by_row(logits_NC: Tensor, number_N: Tensor) -> Iterator[tuple[int, Tensor]]:
    for i in number_N.unique().tolist():
        yield i, logits_NC[number_N == i]


def keep_rows(rows: Iterable[Example | None]) -> tuple[list[Example], int]:
    """Returns the rows that are not None, and the number of those that are."""
    every = list(rows)
    kept = [row for row in every if row is not None]
    return kept, len(every) - len(kept)
