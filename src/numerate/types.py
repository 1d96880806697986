"""The nouns. Plain frozen records that print as JSON; nothing here imports torch or the rest of the package.

One legend for the whole package: P problems, G attempts in a group, B rows, T tokens, V vocabulary, D width.
`reward` is what a grader gives, `advantage` what a credit rule gives, `returns` what a critic is fitted to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any, Literal, Protocol

Stats = dict[str, float]
Kind = Literal["number", "math", "choice"]
Role = Literal["system", "user", "assistant", "tool"]
Finish = Literal["stop", "length", "max_turns", "tool_error"]
Verdict = Literal["right", "wrong", "unverifiable"]


@dataclass(frozen=True, slots=True)
class Problem:
    id: str
    question: str
    answer: str
    """the final answer as text; for a choice, its letter"""
    solution: str = ""
    """a worked reference solution, or empty"""
    kind: Kind = "math"
    choices: tuple[tuple[str, str], ...] = ()
    """(letter, text) pairs of a choice problem"""
    source: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON values: level, subject, steps, and what the oracle needs to know of a story"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of text with one author. `trained` is True exactly on what the policy wrote: set when the
    tokens are born, never guessed by re-tokenizing. What a calculator writes into an answer is a turn of the
    assistant that is not trained."""

    role: Role
    text: str
    ids: tuple[int, ...] = ()
    """as drawn; of a server that tells text only, the ids that the tokenizer makes of it (and no logprobs)"""
    logprobs: tuple[float, ...] = ()
    """one per id on a trained turn: log p(token | everything before it) under the distribution the policy
    defines (temperature 1, nothing cut off), or none at all where the engine was not told them; empty on
    other turns"""
    trained: bool = False
    choices: tuple[int, ...] = ()
    """one per id on a trained turn whose policy chose a class of tokens first (`methods.mixed_policy`), and
    logprobs are then those of the classes; empty elsewhere"""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The question of a policy, in turns. Ids are made in the engine."""

    problem_id: str
    turns: tuple[Turn, ...]
    chat: bool = False
    """True: the model's chat template is put around the turns; False: their texts are joined as they are"""

    @property
    def text(self) -> str:
        return "".join(turn.text for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a solution: the characters [start, end) of `Rollout.solution`."""

    start: int
    end: int
    text: str
    score: float | None = None
    """a judge's probability that the step is right, in [0, 1]"""
    label: Verdict | None = None
    """what an oracle or a person says of it"""


@dataclass(frozen=True, slots=True)
class LabelledSolution:
    """A solution in steps with what somebody says of them: what judges of steps learn from and are measured
    on. Raises ValueError unless there is one label, of -1, 0, 1 or None, per step."""

    problem: Problem
    steps: tuple[str, ...]
    labels: tuple[int | None, ...]
    """1 right, 0 neither, -1 wrong, None where nobody says"""
    source: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON values: what the source says of this solution (generator, chosen, finish_reason, ...)"""

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.steps):
            raise ValueError(
                f"{len(self.labels)} labels for {len(self.steps)} steps: give one label per step"
            )
        if any(label not in (-1, 0, 1, None) for label in self.labels):
            raise ValueError(f"labels {self.labels}: a step is right 1, neither 0, wrong -1, or None")

    @property
    def first_error(self) -> int | None:
        """The first wrong step, -1 where every step is known not to be wrong, None where that is unknown."""
        if -1 in self.labels:
            at = self.labels.index(-1)
            return None if None in self.labels[:at] else at
        return None if None in self.labels else -1


@dataclass(frozen=True, slots=True)
class Rollout:
    """One attempt at one problem, not yet scored."""

    problem_id: str
    index: int
    """0 .. n-1 among the attempts of one request; a greedy attempt is a request of its own"""
    turns: tuple[Turn, ...]
    finish: Finish = "stop"
    answer: str | None = None
    """the final answer as extracted, None where there is none"""
    steps: tuple[Step, ...] = ()
    seed: int = 0
    policy: str = ""

    @property
    def truncated(self) -> bool:
        """Checks whether it ended before the policy ended it: at max_tokens, or where the context was
        full."""
        return self.finish != "stop"

    @property
    def completion_turns(self) -> tuple[Turn, ...]:
        """The turns of the answer: what the policy wrote, and what a calculator wrote into it."""
        return tuple(turn for turn in self.turns[self._first :] if turn.trained or turn.role == "assistant")

    @property
    def length(self) -> int:
        """Tokens that `max_tokens` counts: all of the answer, also those that a calculator wrote into it."""
        return sum(len(turn.ids) for turn in self.completion_turns)

    @property
    def text(self) -> str:
        """The answer, without the beginning that the policy was given; grades and data are of `solution`."""
        return "".join(turn.text for turn in self.completion_turns)

    @property
    def prefix(self) -> str:
        """The beginning of the solution that the policy was given to go on from: the assistant's turns right
        before its own; empty where it wrote the whole solution."""
        before = takewhile(lambda turn: turn.role == "assistant", reversed(self.turns[: self._first]))
        return "".join(turn.text for turn in reversed(list(before)))

    @property
    def solution(self) -> str:
        """The whole solution: what was given of it, and what the policy wrote."""
        return self.prefix + self.text

    @property
    def _first(self) -> int:
        """Index of the first turn that the policy wrote."""
        return next((i for i, turn in enumerate(self.turns) if turn.trained), len(self.turns))

    @property
    def ids(self) -> list[int]:
        return [i for turn in self.turns for i in turn.ids]

    @property
    def mask(self) -> list[bool]:
        """True on the tokens that the policy wrote, one per id."""
        return [turn.trained for turn in self.turns for _ in turn.ids]

    @property
    def no_room(self) -> bool:
        """Checks whether the prompt was so long that the model's context left no room for a token."""
        return self.finish == "length" and not any(self.mask) and not self.text

    @property
    def logprobs(self) -> list[float]:
        """One per id, 0.0 off the trained tokens. Raises ValueError where the engine recorded none."""
        for turn in self.turns:
            if turn.trained and len(turn.logprobs) != len(turn.ids):
                raise ValueError(
                    f"attempt {self.index} at {self.problem_id!r} has no log-probabilities: the engine that "
                    "drew it was not told them; compute them with the policy, or sample with kind: local"
                )
        return [p for turn in self.turns for p in (turn.logprobs if turn.trained else (0.0,) * len(turn.ids))]


@dataclass(frozen=True, slots=True)
class Grade:
    answer: str | None
    """the answer found in the text, None where there is none"""
    correct: bool
    how: str
    """which rung of the ladder decided, or why there was nothing to decide: string, number, structure,
    symbolic, choice, no_answer, no_match, undecided, too_long, error"""
    source: str = field(default="none", compare=False)
    """where in the text the answer stood, as `answers.Found` says; a trainer may refuse to pay guesses"""


@dataclass(frozen=True, slots=True)
class Reward:
    value: float | None
    """None: should have been measured and was not; counted and shown, never taken for 0"""
    parts: Mapping[str, float | None] = field(default_factory=dict[str, float | None])


@dataclass(frozen=True, slots=True)
class Scored:
    rollout: Rollout
    reward: Reward


@dataclass(frozen=True, slots=True)
class Group:
    """All scored attempts at one problem."""

    problem: Problem
    attempts: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One training row: T tokens, which of them are trained, and the numbers that the loss reads."""

    ids: Sequence[int]
    mask: Sequence[bool]
    row: Mapping[str, float] = field(default_factory=dict[str, float])
    token: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])

    def with_token(self, **columns: Sequence[float]) -> Example:
        return replace(self, token={**self.token, **columns})

    def with_row(self, **columns: float) -> Example:
        return replace(self, row={**self.row, **columns})


@dataclass(frozen=True, slots=True)
class Sampling:
    """The settings of sampling from a policy."""

    temperature: float = 1.0
    """0 is greedy"""
    top_p: float = 1.0
    """in (0, 1]; keeps the smallest set of tokens that holds this much probability"""
    top_k: int = 0
    """0 keeps all"""
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    """generation ends right after one of these appears; it stays in the ids and leaves the text"""
    seed: int = 0
    round: int = 0
    """every sample draws from its own stream: (seed, round, problem id, index)"""


class RunStopped(ValueError):
    """Raised where a run that has begun cannot go on. It ends with exit code 1 in all its processes."""


class NotFinite(RunStopped):
    """Raised where a number that training or measuring rests on is NaN or infinite. The message names the
    quantity and what to change; a run adds stage and step."""


class Engine(Protocol):
    """Something that samples from a policy."""

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        """Yields n rollouts per prompt, streaming, in whatever order they finish."""
        ...

    def sync(self, policy: Any) -> None:
        """Takes the policy's weights as they are now."""
        ...


@dataclass(frozen=True, slots=True)
class StepScores:
    scores: tuple[float, ...]
    """in [0, 1], one per step; an outcome judge gives the last one only"""
    steps: tuple[Step, ...] = ()
    """the steps that the scores belong to, with the judge's own labels where it has any"""
    dropped: int = 0
    """late steps that the judge had no room for"""


class Scorer(Protocol):
    """A judge of solutions."""

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]: ...
