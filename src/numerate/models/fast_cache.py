"""Keys and values for the lean forward pass: prompts once per question, continuations once per row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

STEP = 64
"""columns are added so many at a time, at least"""


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
    row_B: Tensor
    column_B: Tensor
    """where the new keys and values go"""
    mask: Tensor
    """[B, 1, P + T] 0 or -inf"""
    questions: int
    columns: int
    """P"""
    length: int
    """T"""


class Rows:
    """The rows of a batch and the prompts they continue, for L layers of K key heads of D numbers."""

    def __init__(
        self, layers: int, kv_heads: int, head_dim: int, like: Tensor, rows: int = 0, columns: int = 0
    ) -> None:
        """Room for `rows` of `columns` tokens is taken at once; both grow where that is not enough. What is
        not written yet is 0: the pass computes with it and hides it afterwards."""
        self.fresh: Callable[[Sequence[int]], Tensor] = like.new_zeros
        self.kv_heads = kv_heads
        self.device = like.device
        # Keys lie as [D, columns]: the product with a transposed narrow matrix takes twice as long.
        self.prompt_k = self.fresh((layers, 0, kv_heads, head_dim, 0))
        """[L, questions, K, D, P]"""
        self.prompt_v = self.fresh((layers, 0, kv_heads, 0, head_dim))
        """[L, questions, K, P, D]"""
        columns = -(-columns // STEP) * STEP
        self.suffix_k = self.fresh((layers, rows, kv_heads, head_dim, columns))
        """[L, rows, K, D, T]"""
        self.suffix_v = self.fresh((layers, rows, kv_heads, columns, head_dim))
        """[L, rows, K, T, D]"""
        self.questions: list[Question] = []
        self.owner: list[Question] = []
        """of each row"""
        self.length_B = np.zeros(0, dtype=np.int64)
        """how much each row has written"""

    def ask(self, k: Sequence[Tensor], v: Sequence[Tensor]) -> Question:
        """Stores the keys and values of a prompt, [P, K, D] for each layer."""
        place, length = len(self.questions), len(k[0])
        self.prompt_k = self.room(self.prompt_k, place + 1, length, step=32, axis=4)
        self.prompt_v = self.room(self.prompt_v, place + 1, length, step=32, axis=3)
        for layer, (k_PKD, v_PKD) in enumerate(zip(k, v, strict=True)):
            self.prompt_k[layer, place, :, :, :length] = k_PKD.permute(1, 2, 0)
            self.prompt_v[layer, place, :, :length] = v_PKD.transpose(0, 1)
        question = Question(place, length)
        self.questions.append(question)
        return question

    def join(self, question: Question, rows: int) -> None:
        question.rows += rows
        self.owner += [question] * rows
        self.length_B = np.append(self.length_B, np.zeros(rows, dtype=np.int64))
        self.make_room(1)

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
            self.suffix_k[:, moved, :, :, :upto] = self.suffix_k[:, source, :, :, :upto]
            self.suffix_v[:, moved, :, :upto] = self.suffix_v[:, source, :, :upto]
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
            self.prompt_k[:, place, :, :, : last.length] = self.prompt_k[:, last.place, :, :, : last.length]
            self.prompt_v[:, place, :, : last.length] = self.prompt_v[:, last.place, :, : last.length]
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
        self.make_room(length)
        hidden = np.concatenate(
            [np.arange(columns) >= prompt_B[:, None], np.arange(length) > self.length_B[:, None]], axis=1
        )
        mask = np.where(hidden, np.float32(-np.inf), np.float32(0))[:, None]
        return Plan(
            position_B=self.tensor(prompt_B + self.length_B),
            spread=self.tensor(spread),
            gather=self.tensor(gather.ravel()),
            row_B=torch.arange(rows, device=self.device),
            column_B=self.tensor(self.length_B),
            mask=self.tensor(mask).to(self.suffix_k.dtype),
            questions=len(count_Q),
            columns=columns,
            length=length,
        )

    def tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def attend(self, layer: int, q_BHD: Tensor, k_BKD: Tensor, v_BKD: Tensor, plan: Plan) -> Tensor:
        """Writes the rows' new keys and values; returns what their queries see, [B, H D]."""
        rows, heads, size = q_BHD.shape
        group = heads // self.kv_heads
        self.suffix_k[layer][plan.row_B, :, :, plan.column_B] = k_BKD
        self.suffix_v[layer][plan.row_B, :, plan.column_B] = v_BKD
        old_k = self.prompt_k[layer, : plan.questions].flatten(0, 1)[:, :, : plan.columns]
        old_v = self.prompt_v[layer, : plan.questions].flatten(0, 1)[:, : plan.columns]
        new_k = self.suffix_k[layer, :rows].flatten(0, 1)[:, :, : plan.length]
        new_v = self.suffix_v[layer, :rows].flatten(0, 1)[:, : plan.length]
        q_RGD = q_BHD.reshape(-1, group, size)
        block = q_RGD.flatten(1).index_select(0, plan.spread).view(len(old_k), -1, size)
        old = torch.bmm(block, old_k).view(-1, group * plan.columns)
        old_RGP = old.index_select(0, plan.gather).view(-1, group, plan.columns)
        new_RGT = torch.bmm(q_RGD, new_k)
        scores = torch.cat([old_RGP, new_RGT], dim=-1).view(rows, heads, -1)
        share = scores.add_(plan.mask).softmax(-1).view(rows * self.kv_heads, group, -1)
        old_RGP, new_RGT = share.split([plan.columns, plan.length], dim=-1)
        block = old_RGP.flatten(1).index_select(0, plan.spread).view(len(old_v), -1, plan.columns)
        seen = torch.bmm(block, old_v).view(-1, group * size).index_select(0, plan.gather)
        return seen.add_(torch.bmm(new_RGT, new_v).view(-1, group * size)).view(rows, -1)

    def make_room(self, columns: int) -> None:
        self.suffix_k = self.room(self.suffix_k, len(self.owner), columns, step=STEP, axis=4)
        self.suffix_v = self.room(self.suffix_v, len(self.owner), columns, step=STEP, axis=3)

    def grow(self) -> None:
        self.length_B += 1

    def room(self, cache: Tensor, rows: int, columns: int, step: int, axis: int) -> Tensor:
        """The cache, or a copy that holds at least so many rows (its second axis) and columns (`axis`)."""
        have_rows, have_columns = cache.shape[1], cache.shape[axis]
        if rows <= have_rows and columns <= have_columns:
            return cache
        shape = list(cache.shape)
        if rows > have_rows:
            shape[1] = max(rows, 2 * have_rows)
        if columns > have_columns:
            shape[axis] = -(-max(columns, 2 * have_columns) // step) * step
        grown = self.fresh(shape)
        grown[:, :have_rows].narrow(axis, 0, have_columns).copy_(cache)
        return grown
