"""Value-guided sampling: a scorer of partial solutions chooses, step by step, which are extended.

Yu et al. 2024 (OVM, arXiv:2311.09724, section 3.3) and the step-level beam search of Super_MARIO. With b
beams and c candidates each:

    1. sample b c first steps of the problem
    2. score every partial solution; keep the b best (`beams.select_beams`)
    3. sample c next steps for each beam that is not complete, (b - complete beams) c in all
    4. repeat from 2 until all beams are complete: the solution with the highest value answers

A step is a line, or a program with its output; it never ends within a program or a fence. Complete
solutions stay in their beams and compete with their values. b = c = 1 is plain sampling in distribution; with
a constant value so are any b and c: their answer is that of b = c = 1, token by token, unless that is
truncated.

Random numbers follow from (problem, step, beam, candidate), and the candidates of a problem are scored
together and without others, so the solutions of a problem depend on no other problem, and not on the number
of slots. Problems do not wait for each other. A program's state is made anew for each candidate by running
the programs before it (the interpreter caches their results).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from numerate.interpreter import Execution, Session
from numerate.rollouts.beams import Candidate, select_beams, share_candidates
from numerate.rollouts.episodes import Episodes, encode_reply
from numerate.rollouts.guided_options import GuidedOptions
from numerate.rollouts.partial import STEP_END, Partial, ends_step
from numerate.rollouts.programs import Programs, refused_call
from numerate.rollouts.rollout_builder import check_settings
from numerate.rollouts.sample_request import SampleRequest, StreamEngine
from numerate.rollouts.turn_ends import control_stops, stop_tail
from numerate.tool_formats import parse_turn, shown_output
from numerate.types import Problem, Prompt, Rollout, Sampling, Turn

if TYPE_CHECKING:
    from numerate.models.policy import Policy

UNREPORTED = "whether a step or the whole answer ended, and each step is scored"
Value = Callable[[Problem, Sequence[str]], list[float]]
"""scores some partial solutions of a problem"""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The complete solutions of a problem."""

    problem: Problem
    rollouts: tuple[Rollout, ...]
    """best first, at most one per beam; the scores of their steps are the values after them"""
    values: tuple[float, ...]
    tokens: int
    """sampled in all, those of dropped candidates too"""


@dataclass
class Search:
    """The state of one problem."""

    problem: Problem
    beams: list[Partial]
    depth: int = 0
    expected: int = 0
    """candidates of this step"""
    candidates: dict[tuple[int, int], Partial] = field(default_factory=dict[tuple[int, int], Partial])
    """(rank of the beam, index) -> candidate of this step, once its step is complete"""
    tokens: int = 0


@dataclass
class Draft:
    """A candidate whose step is not complete."""

    search: Search
    rank: int
    """of the beam that it extends"""
    index: int
    partial: Partial
    name: str
    """of the beam's request"""
    requests: int = 1
    session: Session | None = None

    def close(self) -> None:
        if self.session:
            self.session.close()
            self.session = None


class Guided:
    """Samples complete solutions with high values, from an engine that takes requests one after the other."""

    def __init__(
        self,
        engine: StreamEngine,
        policy: Policy,
        options: GuidedOptions,
        value: Value,
        tools: Episodes | None = None,
    ) -> None:
        """Creates a sampler. tools: an engine over `engine` whose tools the policy may call."""
        self.engine, self.policy, self.options = engine, policy, options
        self.value, self.tools = value, tools

    def search(self, problems: Iterable[tuple[Problem, Prompt]], params: Sampling) -> Iterator[SearchResult]:
        """Yields the result of each problem as it is complete. `max_tokens` limits each solution."""
        check_settings(1, params)
        return SearchLoop(self, problems, params).run()


class SearchLoop:
    """One call of `search`."""

    def __init__(self, parent: Guided, problems: Iterable[tuple[Problem, Prompt]], params: Sampling) -> None:
        self.parent, self.policy, self.tools = parent, parent.policy, parent.tools
        self.format = parent.tools.format if parent.tools else None
        self.problems = iter(problems)
        stops = (STEP_END, *((self.format.stop,) if self.format else ()))
        self.params = replace(params, stop=(*params.stop, *stops))
        self.control = control_stops(self.policy, stops)
        self.live: dict[tuple[str, int], Draft] = {}
        """candidates with the engine, by the names in its rollouts"""
        self.running = Programs[Draft]()
        self.ready: deque[tuple[SampleRequest, list[Draft]]] = deque()
        """requests; first those that go on from a rollout that the engine has kept"""
        self.released: list[SampleRequest] = []
        """requests that only say what is no longer needed"""
        self.ended: list[SearchResult] = []

    def run(self) -> Iterator[SearchResult]:
        try:
            for sampled in self.parent.engine.stream(self.requests(), self.params, resumable=True):
                self.take(sampled)
                yield from self.pop_ended()
            yield from self.pop_ended()
        finally:
            for draft in self.running:
                draft.close()

    def pop_ended(self) -> list[SearchResult]:
        ended, self.ended = self.ended, []
        return ended

    def requests(self) -> Iterator[SampleRequest | None]:
        """Yields the next steps of problems whose candidates are chosen, then new problems; None while all
        candidates are with the engine or run a program."""
        while True:
            self.take_outputs(wait=False)
            while self.released:
                yield self.released.pop()
            if not self.ready and (new := next(self.problems, None)) is not None:
                problem, prompt = new
                self.extend_beams(Search(problem, [Partial(prompt, self.params.max_tokens)]))
            if self.ready:
                request, drafts = self.ready.popleft()
                name = request.prompt.problem_id
                self.live |= {(name, request.first + i): draft for i, draft in enumerate(drafts)}
                yield request
            elif self.live:
                yield None
            elif self.running:
                self.take_outputs(wait=True)
            else:
                return

    def extend_beams(self, search: Search) -> None:
        """Requests the next steps of the beams that are not complete."""
        options = self.parent.options
        open_ranks = [rank for rank, beam in enumerate(search.beams) if beam.finish is None]
        complete = len(search.beams) - len(open_ranks)
        counts = share_candidates((options.beams - complete) * options.candidates, len(open_ranks))
        search.candidates, search.expected = {}, sum(counts)
        for rank, count in zip(open_ranks, counts, strict=True):
            beam, name = search.beams[rank], search.problem.id
            name = f"{name} step {search.depth} beam {rank}" if search.depth else name
            drafts = [Draft(search, rank, index, beam, name) for index in range(count)]
            self.ready.append((beam.request(name, count), drafts))
        search.depth += 1

    def take(self, sampled: Rollout) -> None:
        """Adds what was sampled to its candidate: the step is complete, goes on, or calls a program."""
        draft = self.live.pop((sampled.problem_id, sampled.index))
        partial = draft.partial
        turns = partial.sampled_turns(sampled)
        ids = partial.ids or sampled.turns[len(partial.prompt.turns) - 1].ids
        problem_id = draft.search.problem.id
        tail = stop_tail(self.policy, self.control, sampled, turns, problem_id, UNREPORTED)
        turns[-1] = replace(turns[-1], text=turns[-1].text + tail)
        draft.search.tokens += sum(len(turn.ids) for turn in turns if turn.trained)
        draft.partial = partial = replace(partial, ids=ids, policy=sampled.policy).extend(turns, self.policy)
        if self.format and tail.startswith(self.format.stop):
            self.call(draft)
        elif tail.startswith(STEP_END) and partial.left > 0:
            start = partial.steps[-1].end if partial.steps else 0
            if not ends_step(partial.text, tail, partial.words, start, self.format):
                return self.go_on(draft, (sampled.problem_id, sampled.index))
            self.complete(draft, partial)
        else:
            flaw = parse_turn(self.format, partial.words, stopped=False).flaw if self.format else None
            finish = "length" if tail.startswith(STEP_END) else sampled.finish
            self.complete(draft, partial.end(finish, flaw))
        if tail:
            prompt, follows = partial.prompt, (sampled.problem_id, sampled.index)
            self.released.append(SampleRequest(prompt, 0, 0, follows=follows))

    def go_on(self, draft: Draft, follows: tuple[str, int]) -> None:
        """Requests the rest of a step, before all else: so the engine keeps no more rollouts than it has
        slots."""
        name = f"{draft.name} candidate {draft.index} part {draft.requests}"
        draft.requests += 1
        self.ready.appendleft((draft.partial.request(name, 1, follows), [draft]))

    def call(self, draft: Draft) -> None:
        """Runs the program of a call, whose output ends the step."""
        assert self.tools and self.format
        partial = draft.partial
        parsed = parse_turn(self.format, partial.words, stopped=True)
        if parsed.flaw:
            draft.partial = partial = partial.end(None, parsed.flaw)
        if parsed.flaw == "code_and_answer":
            return self.complete(draft, partial.end("tool_error"))
        if partial.calls >= self.tools.options.turns:
            return self.complete(draft, partial.end("max_turns"))
        draft.partial = replace(partial, calls=partial.calls + 1)
        future = refused_call(parsed.flaw) or self.start(draft, parsed.code or "")
        self.running.add(future, draft)

    def start(self, draft: Draft, code: str) -> Future[Execution]:
        """Starts a program after those before it."""
        assert self.tools
        executor, earlier = self.tools.executor, draft.partial.programs
        draft.partial = replace(draft.partial, programs=(*earlier, code))
        if not self.tools.options.keep_state:
            return executor.submit(code)
        draft.session = executor.session()
        for program in earlier:
            draft.session.submit(program)
        return draft.session.submit(code)

    def take_outputs(self, wait: bool) -> None:
        """Inserts the outputs of the programs that have ended; waits for one of them."""
        for draft, execution in self.running.take(wait):
            self.insert(draft, execution)

    def insert(self, draft: Draft, execution: Execution) -> None:
        """Adds the turn of the tool, which ends the step."""
        assert self.tools and self.format
        draft.close()
        partial = draft.partial
        output = shown_output(execution.stdout, execution.error_line, self.tools.options.output)
        text, ids = encode_reply(self.policy, self.format, output, partial.turns[-1].text)
        if len(ids) >= partial.left:
            return self.complete(draft, partial.end("length"))
        turn = Turn("tool", text, ids, status=execution.status)
        partial = partial.extend([turn], self.policy)
        failed = execution.status == "setup_failed"
        self.complete(draft, partial.end("tool_error") if failed else partial)

    def complete(self, draft: Draft, partial: Partial) -> None:
        """Adds a candidate; with the last one of a step the beams are chosen."""
        search = draft.search
        search.candidates[draft.rank, draft.index] = partial
        if len(search.candidates) == search.expected:
            self.choose_beams(search)

    def choose_beams(self, search: Search) -> None:
        """Scores the candidates, keeps the best, and goes on with them or ends the search."""
        new = [search.candidates[key] for key in sorted(search.candidates)]
        texts = list(dict.fromkeys(partial.text for partial in new))
        values = dict(zip(texts, self.parent.value(search.problem, texts), strict=True))
        scored = {key: p.with_value(values[p.text]) for key, p in search.candidates.items()}
        scored |= {(rank, -1): beam for rank, beam in enumerate(search.beams) if beam.finish}
        pool = [scored[key] for key in sorted(scored)]
        candidates = [Candidate(p.text, p.value, p.finish) for p in pool]
        search.beams = [pool[index] for index in select_beams(candidates, self.parent.options.beams)]
        if any(beam.finish is None for beam in search.beams):
            self.extend_beams(search)
            return
        rollouts = tuple(beam.rollout(i, self.params.seed) for i, beam in enumerate(search.beams))
        scores = tuple(beam.value for beam in search.beams)
        self.ended.append(SearchResult(search.problem, rollouts, scores, search.tokens))
