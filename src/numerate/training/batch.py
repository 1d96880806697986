"""Batches: rows as tensors, padded on lines of their own, or packed into one line without attention between
them.

Packed rows with the same prompt share it: nothing is padded, and a prompt with K completions is computed once
instead of K times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from numerate.types import Example


@dataclass(frozen=True, slots=True)
class PromptGroup:
    """Rows with the same prompt, side by side in a line: the prompt, then what each row adds to it."""

    prompt: int
    """tokens of the prompt"""
    own: tuple[int, ...]
    """tokens that each row adds"""


@dataclass(frozen=True)
class Batch:
    """N rows in B lines of T tokens; B is 1 where they are packed."""

    ids_BT: Tensor
    mask_BT: Tensor
    """bool: trained tokens"""
    row_BT: Tensor
    """which of the N rows a token belongs to; -1 on padding and on a prompt that several rows continue"""
    position_BT: Tensor
    """position within its row, from 0"""
    before_BT: Tensor
    """position in the line of the token before it in its row"""
    token: dict[str, Tensor]
    """name -> [B, T]: one number per token, 0 on padding; on a shared prompt, that of its first row"""
    columns: dict[str, Tensor]
    """name -> [N]: one number per row"""
    rows: int
    groups: tuple[PromptGroup, ...] | None
    """the parts of the line, where rows are packed"""

    def per_row(self, x_BT: Tensor) -> Tensor:
        """Returns sums of `x` over the tokens of each row, [N], without those of a shared prompt."""
        real = self.row_BT >= 0
        return x_BT.new_zeros(self.rows).index_add(0, self.row_BT[real], x_BT[real])

    def scatter(self, where: tuple[Tensor, ...], x_N: Tensor) -> Tensor:
        """Returns `x` at the tokens of these lines and columns, [B, T] float32; exactly 0 elsewhere."""
        return torch.zeros_like(self.ids_BT, dtype=torch.float32).index_put(where, x_N)


def prompt_of(row: Example) -> tuple[int, ...]:
    """Returns the tokens before the first trained one; raises AssertionError where the row trains its first
    token."""
    first = row.mask.index(True) if True in row.mask else len(row.mask)
    assert first > 0, "the first token of a row has no token before it to predict it"
    return tuple(row.ids[:first])


def group_by_prompt(rows: Sequence[Example]) -> list[list[int]]:
    """Returns the numbers of the rows, those with the same prompt together, in the order of their first
    rows."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for i, row in enumerate(rows):
        groups.setdefault(prompt_of(row), []).append(i)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring tokens of one row in a line."""

    row: int
    start: int
    """the first of them within the row"""
    stop: int
    before: int
    """place in the line of the token before the first"""
    shared: bool = False


def pad_rows(rows: Sequence[Example], pad_id: int, device: torch.device | str = "cpu") -> Batch:
    """Returns every row on a line of its own, padded on the right.

    Raises AssertionError when a row trains its first token, which nothing predicts."""
    group_by_prompt(rows)
    lines = [[_Run(i, 0, len(row.ids), 0)] for i, row in enumerate(rows)]
    return _lay(rows, lines, pad_id, device, None)


def pack_rows(rows: Sequence[Example], pad_id: int, device: torch.device | str = "cpu") -> Batch:
    """Returns all rows in one line, a shared prompt once.

    Raises AssertionError when a row trains its first token."""
    line: list[_Run] = []
    groups: list[PromptGroup] = []
    position = 0
    for numbers in group_by_prompt(rows):
        first = numbers[0]
        prompt = len(prompt_of(rows[first]))
        line.append(_Run(first, 0, prompt, position - 1, shared=len(numbers) > 1))
        last = position + prompt - 1
        position += prompt
        for i in numbers:
            line.append(_Run(i, prompt, len(rows[i].ids), last))
            position += len(rows[i].ids) - prompt
        groups.append(PromptGroup(prompt, tuple(len(rows[i].ids) - prompt for i in numbers)))
    return _lay(rows, [line], pad_id, device, tuple(groups))


def _lay(
    rows: Sequence[Example],
    lines: Sequence[Sequence[_Run]],
    pad_id: int,
    device: torch.device | str,
    groups: tuple[PromptGroup, ...] | None,
) -> Batch:
    names = rows[0].token.keys()
    assert all(row.token.keys() == names for row in rows), "all rows of a step need the same columns"
    width = max(sum(run.stop - run.start for run in line) for line in lines)

    def lay(cells: Sequence[Sequence[NDArray[np.generic]]], fill: float, dtype: type) -> Tensor:
        out = np.full((len(lines), width), fill, dtype=dtype)
        for b, parts in enumerate(cells):
            flat = np.concatenate(parts)
            out[b, : len(flat)] = flat
        return torch.from_numpy(out).to(device)

    def of(values: Sequence[Sequence[float]]) -> list[list[NDArray[np.generic]]]:
        arrays = [np.asarray(column) for column in values]
        return [[arrays[run.row][run.start : run.stop] for run in line] for line in lines]

    def before(line: Sequence[_Run]) -> list[NDArray[np.generic]]:
        made, position = [], 0
        for run in line:
            size = run.stop - run.start
            predecessors = np.arange(position - 1, position - 1 + size)
            predecessors[:1] = run.before
            made.append(predecessors.clip(0))
            position += size
        return made

    return Batch(
        ids_BT=lay(of([row.ids for row in rows]), pad_id, np.int64),
        mask_BT=lay(of([row.mask for row in rows]), 0, np.bool_),
        row_BT=lay(
            [
                [np.full(run.stop - run.start, -1 if run.shared else run.row) for run in line]
                for line in lines
            ],
            -1,
            np.int64,
        ),
        position_BT=lay([[np.arange(run.start, run.stop) for run in line] for line in lines], 0, np.int64),
        before_BT=lay([before(line) for line in lines], 0, np.int64),
        token={k: lay(of([row.token[k] for row in rows]), 0.0, np.float32) for k in names},
        columns={k: torch.tensor([float(r.columns[k]) for r in rows]).to(device) for k in rows[0].columns},
        rows=len(rows),
        groups=groups,
    )


def micro_batches(
    rows: Sequence[Example], tokens: int = 4096, limit: int | None = None, packed: bool = False
) -> Iterator[list[Example]]:
    """Divides one optimizer step into micro-batches of at most `limit` rows and `tokens` tokens.

    Padded rows count as the longest of their part, so rows of similar length stay together; packed rows count
    with a shared prompt once, so rows of the same prompt stay together. A single row over the budget is a
    part of its own."""
    part: list[Example] = []
    cost, seen = 0, set[tuple[int, ...]]()
    for row in _in_order(rows, packed):
        prompt = prompt_of(row) if packed else ()
        more = len(row.ids) - len(prompt) * (prompt in seen)
        total = cost + more if packed else (len(part) + 1) * len(part[0].ids if part else row.ids)
        if part and (total > tokens or len(part) == limit):
            yield part
            part, cost, seen = [], 0, set()
            more = len(row.ids)
        part.append(row)
        cost += more
        seen.add(prompt)
    if part:
        yield part


def _in_order(rows: Sequence[Example], packed: bool) -> list[Example]:
    if not packed:
        return sorted(rows, key=lambda r: -len(r.ids))
    groups = sorted(group_by_prompt(rows), key=lambda numbers: -max(len(rows[i].ids) for i in numbers))
    return [rows[i] for numbers in groups for i in sorted(numbers, key=lambda i: -len(rows[i].ids))]
