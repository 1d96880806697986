"""Keys and values for the lean forward pass: prompts once per question, continuations once per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(slots=True, eq=False)
class Question:
    place: int
    """in the prompts' cache; -1 when it is over"""
    length: int
    rows: int = 0
    """how many are in the batch"""
    open: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What all layers of one step share. Q questions, N rows of the fullest one, P and T columns in use."""

    position_B: Tensor
    spread: Tensor
    """[Q K N] for each place of the questions' blocks, the (row, key head) that fills it"""
    gather: Tensor
    """[B K] the place in the blocks of each (row, key head)"""
    write: Tensor
    """[2 B K] where the new keys and values go, as rows of the cache"""
    mask: Tensor
    """[B, 1, P + T] 0 or -inf"""
    questions: int
    columns: int
    """P"""
    length: int
    """T"""


class Rows:
    """The rows of a batch and the prompts they continue, for L layers of K key heads of D numbers."""

    def __init__(self, layers: int, kv_heads: int, head_dim: int, like: Tensor) -> None:
        self.kv_heads = kv_heads
        self.device = like.device
        self.prompt = like.new_zeros(layers, 2, 0, kv_heads, 0, head_dim)
        """[L, 2, questions, K, P, D]"""
        self.suffix = like.new_zeros(layers, 2, 0, kv_heads, 0, head_dim)
        """[L, 2, rows, K, T, D]"""
        self.questions: list[Question] = []
        self.owner: list[Question] = []
        """of each row"""
        self.length_B = np.zeros(0, dtype=np.int64)
        """how much each row has written"""

    def ask(self, kv: Tensor) -> Question:
        """Stores the keys and values [L, 2, K, P, D] of a prompt."""
        place, length = len(self.questions), kv.shape[3]
        self.prompt = _room(self.prompt, place + 1, length, step=32)
        self.prompt[:, :, place, :, :length] = kv
        question = Question(place, length)
        self.questions.append(question)
        return question

    def join(self, question: Question, rows: int) -> None:
        question.rows += rows
        self.owner += [question] * rows
        self.length_B = np.append(self.length_B, np.zeros(rows, dtype=np.int64))
        self.suffix = _room(self.suffix, len(self.owner), 1, step=64)

    def close(self, question: Question) -> None:
        question.open = False
        self.forget(question)

    def drop(self, gone: Sequence[int]) -> list[int]:
        """The last rows move into the gaps. Returns the former number of each row."""
        order = list(range(len(self.owner)))
        for row in reversed(gone):
            last = order.pop()
            if row < len(order):
                order[row] = last
        moved = [place for place, row in enumerate(order) if place != row]
        if moved:
            source = [order[place] for place in moved]
            upto = int(self.length_B[source].max())
            self.suffix[:, :, moved, :, :upto] = self.suffix[:, :, source, :, :upto]
        for row in gone:
            self.owner[row].rows -= 1
        left = [self.owner[row] for row in gone]
        self.owner = [self.owner[row] for row in order]
        self.length_B = self.length_B[order]
        for question in left:
            self.forget(question)
        return order

    def forget(self, question: Question) -> None:
        """Drops the prompt of a question that is over; the last one moves into its place."""
        place = question.place
        if question.open or question.rows or place < 0:
            return
        last = self.questions.pop()
        if last is not question:
            self.prompt[:, :, place, :, : last.length] = self.prompt[:, :, last.place, :, : last.length]
            last.place, self.questions[place] = place, last
        question.place = -1

    def plan(self) -> Plan:
        rows, heads = len(self.owner), self.kv_heads
        prompt_B = np.array([question.length for question in self.owner])
        place_B = np.array([question.place for question in self.owner])
        order = np.argsort(place_B, kind="stable")
        count_Q = np.bincount(place_B, minlength=len(self.questions))
        first_Q = np.cumsum(count_Q) - count_Q
        rank_B = np.empty(rows, dtype=np.int64)
        rank_B[order] = np.arange(rows) - first_Q[place_B[order]]
        most = int(count_Q.max())
        head_K = np.arange(heads)
        gather = (place_B[:, None] * heads + head_K) * most + rank_B[:, None]
        spread = np.zeros(len(count_Q) * heads * most, dtype=np.int64)
        spread[gather] = np.arange(rows)[:, None] * heads + head_K
        columns, length = int(prompt_B.max()), int(self.length_B.max()) + 1
        self.suffix = _room(self.suffix, rows, length, step=64)
        capacity, width = self.suffix.shape[2], self.suffix.shape[4]
        cell = (np.arange(rows)[:, None] * heads + head_K) * width + self.length_B[:, None]
        write = np.concatenate([cell.ravel(), cell.ravel() + capacity * heads * width])
        hidden = np.concatenate(
            [np.arange(columns) >= prompt_B[:, None], np.arange(length) > self.length_B[:, None]], axis=1
        )
        mask = np.where(hidden, np.float32(-np.inf), np.float32(0))[:, None]
        return Plan(
            position_B=self.tensor(prompt_B + self.length_B),
            spread=self.tensor(spread),
            gather=self.tensor(gather.ravel()),
            write=self.tensor(write),
            mask=self.tensor(mask).to(self.suffix.dtype),
            questions=len(count_Q),
            columns=columns,
            length=length,
        )

    def tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def attend(self, layer: int, q_BHD: Tensor, kv: Tensor, plan: Plan) -> Tensor:
        """Writes the rows' new keys and values; returns what their queries see, [B, H D]."""
        rows, heads, size = q_BHD.shape
        group = heads // self.kv_heads
        suffix = self.suffix[layer]
        suffix.view(-1, size).index_copy_(0, plan.write, kv.transpose(1, 2).reshape(-1, size))
        old_k, old_v = self.prompt[layer, :, : plan.questions].flatten(1, 2)[:, :, : plan.columns]
        new_k, new_v = suffix[:, :rows].flatten(1, 2)[:, :, : plan.length]
        q_RGD = q_BHD.reshape(-1, group, size)
        block = q_RGD.flatten(1).index_select(0, plan.spread).view(len(old_k), -1, size)
        old = torch.bmm(block, old_k.transpose(1, 2)).view(-1, group * plan.columns)
        old_RGP = old.index_select(0, plan.gather).view(-1, group, plan.columns)
        new_RGT = torch.bmm(q_RGD, new_k.transpose(1, 2))
        scores = torch.cat([old_RGP, new_RGT], dim=-1).view(rows, heads, -1)
        share = scores.add_(plan.mask).softmax(-1).view(rows * self.kv_heads, group, -1)
        old_RGP, new_RGT = share.split([plan.columns, plan.length], dim=-1)
        block = old_RGP.flatten(1).index_select(0, plan.spread).view(len(old_v), -1, plan.columns)
        seen = torch.bmm(block, old_v).view(-1, group * size).index_select(0, plan.gather)
        return seen.add_(torch.bmm(new_RGT, new_v).view(-1, group * size)).view(rows, -1)

    def grow(self) -> None:
        self.length_B += 1


def _room(cache: Tensor, rows: int, columns: int, step: int) -> Tensor:
    """The cache, or a copy that holds at least so many rows (its third axis) and columns (its fifth)."""
    have_rows, have_columns = cache.shape[2], cache.shape[4]
    if rows <= have_rows and columns <= have_columns:
        return cache
    more_rows = max(rows, 2 * have_rows) if rows > have_rows else have_rows
    grown = max(columns, 2 * have_columns)
    more_columns = -(-grown // step) * step if columns > have_columns else have_columns
    return F.pad(cache, (0, 0, 0, more_columns - have_columns, 0, 0, 0, more_rows - have_rows))
