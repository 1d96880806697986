"""Rows of numbers -> tensors. Several rows are packed into one line of a batch and cannot see each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from numerate.types import Example


@dataclass(frozen=True)
class Batch:
    """N rows laid into B lines of T tokens."""

    ids_BT: Tensor
    mask_BT: Tensor
    """bool: trained tokens"""
    row_BT: Tensor
    """which of the N rows a token belongs to, -1 on padding"""
    position_BT: Tensor
    """place within its row, from 0"""
    token: dict[str, Tensor]
    """name -> [B, T]: one number per token, 0 on padding"""
    row: dict[str, Tensor]
    """name -> [N]: one number per row"""
    rows: int
    packed: bool
    """some line holds more than one row, so attention must be told who may see whom"""

    def per_row(self, x_BT: Tensor) -> Tensor:
        """Sums of `x` over the tokens of each row, [N]."""
        real = self.row_BT >= 0
        return x_BT.new_zeros(self.rows).index_add(0, self.row_BT[real], x_BT[real])

    def attention_mask(self, dtype: torch.dtype) -> Tensor:
        """[B, 1, T, T], added to attention scores: a token sees itself and what came before it in its own
        row."""
        same = self.row_BT[:, :, None] == self.row_BT[:, None, :]
        width = self.ids_BT.shape[1]
        before = torch.ones(width, width, dtype=torch.bool, device=same.device).tril()
        hidden = torch.full((), torch.finfo(dtype).min, dtype=dtype, device=same.device)
        return torch.where(same & before, torch.zeros((), dtype=dtype, device=same.device), hidden)[:, None]


def layout(lengths: Sequence[int], line_tokens: int | None) -> list[list[int]]:
    """Which rows share a line: first fit, longest first. None puts every row on a line of its own."""
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    if line_tokens is None:
        return [[i] for i in order]
    lines: list[list[int]] = []
    room: list[int] = []
    for i in order:
        fits = next((n for n, free in enumerate(room) if lengths[i] <= free), None)
        if fits is None:
            lines.append([i])
            room.append(max(line_tokens, lengths[i]) - lengths[i])
        else:
            lines[fits].append(i)
            room[fits] -= lengths[i]
    return lines


def pack(
    rows: Sequence[Example],
    pad_id: int,
    line_tokens: int | None = None,
    device: torch.device | str = "cpu",
) -> Batch:
    """Lay rows side by side into lines of about `line_tokens` tokens (None: one row per line, padded).

    A row longer than `line_tokens` gets a line of its own; nothing is ever cut. Raises AssertionError when a
    row trains its first token, which nothing predicts.
    """
    lines = layout([len(row.ids) for row in rows], line_tokens)
    width = max(sum(len(rows[i].ids) for i in line) for line in lines)
    names = rows[0].token.keys()
    assert all(row.token.keys() == names for row in rows), "all rows of a step need the same columns"

    def lay(cells: dict[int, Sequence[float]], fill: float, dtype: torch.dtype) -> Tensor:
        out = torch.full((len(lines), width), fill, dtype=dtype)
        for b, line in enumerate(lines):
            flat = [x for i in line for x in cells[i]]
            out[b, : len(flat)] = torch.tensor(flat, dtype=dtype)
        return out.to(device)

    index = range(len(rows))
    assert not any(row.mask[0] for row in rows), (
        "the first token of a row has no token before it to predict it"
    )
    return Batch(
        ids_BT=lay({i: rows[i].ids for i in index}, pad_id, torch.long),
        mask_BT=lay({i: rows[i].mask for i in index}, 0, torch.bool),
        row_BT=lay({i: [i] * len(rows[i].ids) for i in index}, -1, torch.long),
        position_BT=lay({i: range(len(rows[i].ids)) for i in index}, 0, torch.long),
        token={k: lay({i: rows[i].token[k] for i in index}, 0.0, torch.float32) for k in names},
        row={k: torch.tensor([float(r.row[k]) for r in rows]).to(device) for k in rows[0].row},
        rows=len(rows),
        packed=any(len(line) > 1 for line in lines),
    )


def micro_batches(
    rows: Sequence[Example], tokens: int = 4096, limit: int | None = None
) -> Iterator[list[Example]]:
    """Cut one optimizer step into parts of at most `limit` rows and, padded to the longest, `tokens` tokens.

    Rows of like length stay together, so that little is padded. A single row over the budget is a part of its
    own.
    """
    part: list[Example] = []
    for row in sorted(rows, key=lambda r: -len(r.ids)):
        if part and ((len(part) + 1) * len(part[0].ids) > tokens or len(part) == limit):
            yield part
            part = []
        part.append(row)
    if part:
        yield part
