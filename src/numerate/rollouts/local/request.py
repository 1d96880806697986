"""One request for samples to the local engine: rows join the batch, get a token in each step, and leave it at
their end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from numerate.models.policy import Policy
from numerate.rollouts.local.backend import Backend
from numerate.rollouts.local.kept_rows import KeptRollout, KeptRows
from numerate.rollouts.local.memory_budget import Budget
from numerate.rollouts.local.prompt_state import PromptState, Start
from numerate.rollouts.local.supplied import Supplied
from numerate.rollouts.local.token_sampler import Choose, plain_chooser
from numerate.rollouts.rng import uniform_stream
from numerate.rollouts.rollout_builder import build_rollout, written_turns
from numerate.rollouts.sample_request import SampleRequest
from numerate.rollouts.slots import Slots
from numerate.rollouts.started import Lookahead, StartedRollout
from numerate.rollouts.stops import Stops
from numerate.types import Finish, NotFinite, Prompt, Rollout, Sampling, Turn


class SamplingRequest:
    """One call of `sample`."""

    def __init__(
        self,
        policy: Policy,
        backend: Backend,
        requests: Iterable[SampleRequest | None],
        params: Sampling,
        size: int,
        budget: Budget,
    ) -> None:
        self.policy, self.backend, self.params = policy, backend, params
        self.budget = budget
        self.requests = requests
        self.ahead: Lookahead | None = None
        self.per_prompt = 0
        """rollouts of a prompt of the next step"""
        self.started: dict[str, list[StartedRollout]] = {}
        self.starts = self.all_starts()
        self.all_read = False
        """whether every request of this step was read"""
        self.live = 0
        """rows of this step"""
        self.current: PromptState | None = None
        self.unstarted: list[Rollout] = []
        """rollouts that need no row: of prompts that do not fit the context, or finished before"""
        self.room = min(params.max_tokens, policy.context or params.max_tokens)
        self.slots: Slots[PromptState] = Slots(size, self.room)
        self.choose: Choose = plain_chooser(self.slots, params)
        self.steered = False
        self.supplied = Supplied()
        """tokens that rows are given; a calculator's where there is one"""
        self.keeps = False
        """whether rows that end with a stop string are kept"""
        self.kept = KeptRows(backend)
        self.logits: list[Tensor] = []
        """of all rows, in parts"""
        self.width = 0
        """of the logits"""
        self.stops: Stops | None = None

    def run(self) -> Iterator[Rollout]:
        """Yields finished rollouts, in rounds: add rows, sample a token for each, remove the finished ones,
        run the model on the others."""
        training = self.policy.model.training
        try:
            while True:
                if self.policy.model.training:
                    self.policy.model.eval()
                self.admit()
                yield from self.unstarted
                self.unstarted.clear()
                if self.slots.rows:
                    yield from self.advance()
                elif self.all_read:
                    break
                if self.complete:
                    break
            self.keep_started()
            self.kept.free_all()
        finally:
            self.policy.model.train(training)

    @torch.no_grad()
    def admit(self) -> None:
        """Fills the free slots with samples of the current prompt, then of the next ones."""
        free = self.slots.size - self.slots.rows
        if self.slots.rows and free < max(1, self.backend.join_at * self.slots.size):
            return
        while free and (self.backend.mixes or not self.slots.rows):
            owner = self.current = self.current or self.next_prompt()
            if owner is None:
                return
            rows = min(free, owner.start.stop - owner.started, self.fitting(owner))
            if not rows:
                return
            self.join(owner, rows)
            free -= rows
            if owner.all_started:
                if not owner.start.kept:
                    self.backend.close(owner.state)
                self.current = None

    def fitting(self, owner: PromptState) -> int:
        """Returns how many rows of a prompt the budget lets in; a kept one has its memory already."""
        here = owner.started > owner.start.first
        return 1 if owner.start.kept else self.budget.fitting(*owner.sizes, self.shared, here)

    @property
    def complete(self) -> bool:
        """Checks whether no rollout of this step is left."""
        return self.all_read and not self.live

    def all_starts(self) -> Iterator[Start | None]:
        """Yields what this step's requests start with, then the prompts of the next step, while rows of this
        step are left; None where no request is ready."""
        for request in self.requests:
            if request is None:
                yield None
                continue
            prompt, params = request.prompt, self.params
            if request.max_tokens is not None:
                params = replace(params, max_tokens=request.limit(params))
            kept = self.kept.pop(request.follows)
            if kept and not request.count:
                self.kept.free(kept)
            started = self.started.get(prompt.problem_id, [])
            for rollout in started:
                if rollout.finish:
                    self.unstarted.append(self.from_record(prompt, rollout))
                else:
                    yield Start(prompt, rollout.index, rollout.index + 1, params, written=rollout)
            if len(started) < request.count:
                first = request.first + len(started)
                yield Start(prompt, first, request.stop, params, request.ids, kept=kept)
        self.all_read = True
        for prompt in self.ahead.prompts if self.ahead and self.live else ():
            assert self.ahead
            yield Start(prompt, 0, self.per_prompt, self.ahead.params, next_step=True)

    def next_prompt(self) -> PromptState | None:
        """Runs the next prompt that fits the model's context, with the tokens that its rollout has; None
        where there is none, or none yet."""
        for start in self.starts:
            if start is None:
                return None
            prompt = start.prompt
            ids = list(start.ids) or self.policy.encode_prompt(prompt)
            if not ids:
                raise ValueError(f"problem {prompt.problem_id!r}: its prompt has no tokens; add text to it")
            if self.policy.context and len(ids) >= self.policy.context:
                if start.kept:
                    self.kept.free(start.kept)
                self.leave_out(start)
                continue
            if start.kept and (resumed := self.resumed(start, start.kept, ids)):
                return resumed
            state, logits_V = self.backend.prefill([*ids, *(start.written.ids if start.written else ())])
            room = min(self.room, start.params.max_tokens)
            room = min(room, self.policy.context - len(ids)) if self.policy.context else room
            return PromptState(start, tuple(ids), state, logits_V, room, start.first)
        return None

    def resumed(self, start: Start, kept: KeptRollout, ids: list[int]) -> PromptState | None:
        """Returns the state of a kept rollout that goes on; None, and frees it, where it is run anew."""
        added = kept.added(ids)
        if added is None:
            self.kept.free(kept)
            return None
        room = start.params.max_tokens
        room = min(room, self.policy.context - len(ids)) if self.policy.context else room
        supplied = 1 + added
        room = min(room + supplied, self.room)
        return PromptState(start, tuple(ids), None, None, room, start.first, supplied=supplied)

    def leave_out(self, start: Start) -> None:
        """Ends the samples of a prompt that does not fit the context."""
        for index in range(start.first, start.stop):
            empty = StartedRollout(start.prompt.problem_id, index, finish="length")
            if start.next_step:
                self.keep(empty)
            else:
                self.unstarted.append(self.from_record(start.prompt, empty))

    @property
    def shared(self) -> bool:
        return self.backend.shares_prompts

    def join(self, owner: PromptState, rows: int) -> None:
        if owner.start.kept:
            self.kept.put_back(owner.start.kept)
            # its next tokens are supplied: what these are sampled from does not matter
            self.logits.append(torch.zeros(1, self.width, device=self.policy.device))
        else:
            assert owner.logits_V is not None
            self.backend.join(owner.state, rows)
            self.logits.append(owner.logits_V.expand(rows, -1))
        params, written = owner.start.params, owner.start.written
        for index in range(owner.started, owner.started + rows):
            name = (params.seed, params.round, owner.prompt.problem_id, index)
            uniform = uniform_stream(*name, owner.room) if params.temperature else None
            slot = self.slots.take(owner, index, owner.room, uniform, written.written if written else None)
            if owner.start.kept:
                self.supplied.wait(slot, owner.ids[-owner.supplied :])
            elif written:
                self.supplied.wait(slot, written.waiting)
        once, each = self.budget.cost(*owner.sizes, self.shared)
        self.budget.taken += rows * each + (0 if owner.started > owner.start.first else once)
        owner.started += rows
        self.live += 0 if owner.start.next_step else rows

    def leave(self, owner: PromptState) -> None:
        once, each = self.budget.cost(*owner.sizes, self.shared)
        owner.done += 1
        last = owner.done == owner.start.stop - owner.start.first
        self.budget.taken -= each + (once if last else 0)
        self.live -= 0 if owner.start.next_step else 1

    @torch.no_grad()
    def advance(self) -> list[Rollout]:
        """Samples one more token for every row."""
        logits_BV = stack_rows(self.logits)
        assert len(logits_BV) == self.slots.rows
        self.width = logits_BV.shape[1]
        token_B, logp_B, class_B = self.choose(logits_BV)
        tokens, logps = token_B.cpu().numpy(), logp_B.float().cpu().numpy()
        if not np.isfinite(logps).all():
            raise self.not_finite(int(np.flatnonzero(~np.isfinite(logps))[0]))
        classes = None if class_B is None else class_B.cpu().numpy()
        if (supplied := self.supplied.give(self.slots, tokens)) is not None:
            logps = np.where(supplied, np.float32(0), logps)
            token_B = torch.from_numpy(tokens).to(token_B.device)
        full = self.slots.append(tokens, logps, classes, supplied)
        self.supplied.look(self.slots, tokens)
        self.stops = self.stops or self.make_stops(logits_BV.shape[-1])
        ended = self.stops.is_eos[tokens] & (True if supplied is None else ~supplied)
        done, rollouts = self.finished(self.stops, tokens, full, ended)
        self.logits.clear()
        if done:
            order = self.backend.drop(done)
            self.slots.keep(order)
            token_B = token_B[torch.tensor(order, dtype=torch.long, device=token_B.device)]
        if self.slots.rows and not self.complete:
            self.logits.append(self.backend.step(token_B))
        return rollouts

    def not_finite(self, row: int) -> NotFinite:
        """Returns the error where a token has no probability."""
        owner, index, wrote = self.slots.read(row)
        return NotFinite(
            "the log-probability of a sampled token is not finite (problem "
            f"{owner.prompt.problem_id!r}, sample {index}, token {len(wrote.ids)}): the logits of "
            f"model {self.policy.name!r} have NaN. Lower the learning rate of the stage that trained "
            "it, or set dtype: float32"
        )

    def finished(self, stops: Stops, tokens: Any, full: Any, ended: Any) -> tuple[list[int], list[Rollout]]:
        """Returns the rows that end with these tokens, in order, and their rollouts. ended: by EOS."""
        done: list[int] = []
        rollouts: list[Rollout] = []
        for row in np.flatnonzero(ended | full | stops.may_complete[tokens]).tolist():
            owner, index, wrote = self.slots.read(row)
            wrote = wrote.behind(owner.supplied)
            written = wrote.ids[:-1] if ended[row] else wrote.ids
            text = None if ended[row] else stops.text_before(written)
            if not (ended[row] or full[row]) and text is None:
                continue
            finish: Finish = "stop" if ended[row] or text is not None else "length"
            text = self.policy.decode(written) if text is None else text
            done.append(row)
            self.leave(owner)
            self.supplied.forget(int(self.slots.slot_B[row]))
            if self.keeps and finish == "stop" and not ended[row]:
                self.kept.keep((owner.prompt.problem_id, index), [*owner.ids, *wrote.ids], row)
            if owner.start.next_step:
                self.keep(self.record(row, finish, text))
                continue
            turns = list(written_turns(wrote, text, self.policy.decode, self.steered))
            rollouts.append(self.rollout(owner.prompt, owner.ids, index, turns, finish))
        return done, rollouts

    def record(self, row: int, finish: Finish | None = None, text: str = "") -> StartedRollout:
        """Returns the record of a row of the next step."""
        owner, index, wrote = self.slots.read(row)
        waiting = self.supplied.waiting.get(int(self.slots.slot_B[row]), ())
        return StartedRollout(
            owner.prompt.problem_id,
            index,
            tuple(wrote.ids),
            tuple(wrote.logps),
            tuple(wrote.supplied),
            tuple(waiting),
            finish,
            text,
        )

    def keep(self, rollout: StartedRollout) -> None:
        assert self.ahead, "rows of the next step, and no record of them"
        self.ahead.started.append(rollout)

    def keep_started(self) -> None:
        """Keeps the unfinished rollouts of the next step."""
        for row in range(self.slots.rows):
            self.keep(self.record(row))
        if self.ahead:
            self.ahead.sort()

    def from_record(self, prompt: Prompt, started: StartedRollout) -> Rollout:
        """Returns a rollout that the step before finished."""
        ids = self.policy.encode_prompt(prompt)
        return self.rollout(
            prompt, ids, started.index, started.turns(self.policy.decode), started.finish or "length"
        )

    def make_stops(self, vocab: int) -> Stops:
        return Stops(self.policy.tokenizer, self.policy.eos_ids, self.params.stop, vocab)

    def rollout(
        self,
        prompt: Prompt,
        prompt_ids: Sequence[int],
        index: int,
        turns: Sequence[Turn],
        finish: Finish,
    ) -> Rollout:
        return build_rollout(prompt, prompt_ids, index, turns, finish, self.params.seed, self.policy.name)


def stack_rows(parts: Sequence[Tensor]) -> Tensor:
    """Returns [B, V] from parts of it. NumPy copies on the calling thread, without torch's threads that then
    spin on the cores which the next step needs."""
    if len(parts) == 1:
        return parts[0]
    if all(part.device.type == "cpu" and part.dtype == torch.float32 for part in parts):
        return torch.from_numpy(np.concatenate([part.numpy() for part in parts]))
    return torch.cat(list(parts))
