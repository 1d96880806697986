"""Types: plain frozen records that print as JSON. Nothing here imports torch or the rest of the package.

Letters in the whole package: P problems, G rollouts in a group, B rows, T tokens, V vocabulary, D width.
`reward` comes from a grader, `advantage` from a credit rule, `returns` are the targets of a critic.
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
    """A problem with its reference answer and, where there is one, its worked solution."""

    id: str
    question: str
    answer: str
    """the final answer as text; for a choice, its letter"""
    solution: str = ""
    """the worked reference solution, or empty"""
    kind: Kind = "math"
    choices: tuple[tuple[str, str], ...] = ()
    """(letter, text) pairs of a choice problem"""
    source: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON values: level, subject, steps, and the graph of a story for the oracle"""


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of text with one author.

    `trained` is True exactly on tokens that the policy sampled; nothing is tokenized again. The output of a
    calculator within a solution is a turn of the assistant that is not trained."""

    role: Role
    text: str
    ids: tuple[int, ...] = ()
    """as sampled; where a server returns text only, the tokenizer's ids of it (and no logprobs)"""
    logprobs: tuple[float, ...] = ()
    """one per id on a trained turn: log p(token | prefix) under the policy's own distribution (temperature 1,
    no top-p or top-k), or none where the engine returns none; empty on other turns"""
    trained: bool = False
    token_classes: tuple[int, ...] = ()
    """one per id on a trained turn whose policy sampled a class of tokens first (`methods.mixed_policy`);
    logprobs are then those of the classes; empty elsewhere"""
    status: str = ""
    """of a tool's turn, how the program ended: ok, error, timeout, ... (`interpreter.Status`); of a turn that
    the policy wrote, what was wrong with its call (`tool_formats.Flaw`); empty elsewhere"""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The turns that a policy reads. Their ids are made in the engine."""

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
    """a reward model's probability that the step is right, in [0, 1]"""
    label: Verdict | None = None
    """the label by the oracle or a person"""


@dataclass(frozen=True, slots=True)
class LabelledSolution:
    """A solution in steps with a label of each: data for training and measuring process reward models.

    Raises:
        ValueError: unless there is one label per step, each of -1, 0, 1 or None.
    """

    problem: Problem
    steps: tuple[str, ...]
    labels: tuple[int | None, ...]
    """1 right, 0 neutral, -1 wrong, None unlabelled"""
    source: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON values: the source's own columns (generator, chosen, finish_reason, ...)"""

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.steps):
            raise ValueError(
                f"{len(self.labels)} labels for {len(self.steps)} steps: give one label per step"
            )
        if any(label not in (-1, 0, 1, None) for label in self.labels):
            raise ValueError(f"labels {self.labels}: a label is 1 right, 0 neutral, -1 wrong, or None")

    @property
    def first_error(self) -> int | None:
        """Returns the index of the first wrong step, -1 where no step is wrong, None where that is
        unknown."""
        if -1 in self.labels:
            at = self.labels.index(-1)
            return None if None in self.labels[:at] else at
        return None if None in self.labels else -1


@dataclass(frozen=True, slots=True)
class Rollout:
    """One sampled trajectory at one problem, not yet scored."""

    problem_id: str
    index: int
    """0 .. n-1 among the rollouts of one request; a greedy rollout is a request of its own"""
    turns: tuple[Turn, ...]
    finish: Finish = "stop"
    answer: str | None = None
    """the extracted final answer, None where there is none"""
    steps: tuple[Step, ...] = ()
    seed: int = 0
    policy: str = ""

    @property
    def truncated(self) -> bool:
        """Checks whether it ended without EOS: at a limit of tokens or turns, where the context was full, or
        by an error of a tool."""
        return self.finish != "stop"

    @property
    def completion_turns(self) -> tuple[Turn, ...]:
        """Returns the turns of the completion: the policy's own, and those of tools in between."""
        return tuple(t for t in self.turns[self._first :] if t.trained or t.role in ("assistant", "tool"))

    @property
    def length(self) -> int:
        """Returns the number of tokens that `max_tokens` counts: all of the completion, with those of
        tools."""
        return sum(len(turn.ids) for turn in self.completion_turns)

    @property
    def text(self) -> str:
        """Returns the text of the completion, without `prefix`; grades and data are of `solution`."""
        return "".join(turn.text for turn in self.completion_turns)

    @property
    def prefix(self) -> str:
        """Returns the beginning of the solution that was part of the prompt: the assistant's turns right
        before the policy's own; empty where the policy wrote the whole solution."""
        before = takewhile(lambda turn: turn.role == "assistant", reversed(self.turns[: self._first]))
        return "".join(turn.text for turn in reversed(list(before)))

    @property
    def solution(self) -> str:
        """Returns the whole solution: prefix and completion."""
        return self.prefix + self.text

    @property
    def _first(self) -> int:
        """Returns the index of the first turn that the policy sampled."""
        return next((i for i, turn in enumerate(self.turns) if turn.trained), len(self.turns))

    @property
    def ids(self) -> list[int]:
        """Returns token ids of all turns."""
        return [i for turn in self.turns for i in turn.ids]

    @property
    def mask(self) -> list[bool]:
        """Returns True on the tokens that the policy sampled, one per id."""
        return [turn.trained for turn in self.turns for _ in turn.ids]

    @property
    def no_room(self) -> bool:
        """Checks whether the prompt fills the model's context, so that no token could be sampled."""
        return self.finish == "length" and not any(self.mask) and not self.text

    @property
    def logprobs(self) -> list[float]:
        """Returns log-probabilities, one per id, 0.0 off the trained tokens.

        Raises:
            ValueError: the engine recorded none.
        """
        for turn in self.turns:
            if turn.trained and len(turn.logprobs) != len(turn.ids):
                raise ValueError(
                    f"rollout {self.index} of {self.problem_id!r} has no log-probabilities: its engine "
                    "returned none; compute them with the policy, or sample with kind: local"
                )
        return [p for turn in self.turns for p in (turn.logprobs if turn.trained else (0.0,) * len(turn.ids))]


@dataclass(frozen=True, slots=True)
class Grade:
    """The extracted answer of a solution, and whether it equals the reference."""

    answer: str | None
    """the extracted answer, None where there is none"""
    correct: bool
    how: str
    """the rule that decided, or the reason for no decision: string, number, structure, symbolic, choice,
    no_answer, no_match, undecided, too_long, error"""
    source: str = field(default="none", compare=False)
    """where the answer was in the text, see `answers.Extracted`; a reward may exclude guesses"""


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward, and its parts by name."""

    value: float | None
    """None: not measured; counted and shown, never taken for 0"""
    parts: Mapping[str, float | None] = field(default_factory=dict[str, float | None])


@dataclass(frozen=True, slots=True)
class Scored:
    """A rollout with its reward."""

    rollout: Rollout
    reward: Reward


@dataclass(frozen=True, slots=True)
class Group:
    """All scored rollouts of one problem."""

    problem: Problem
    rollouts: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One training row: T tokens, a mask of the trained ones, and numbers for the loss."""

    ids: Sequence[int]
    mask: Sequence[bool]
    columns: Mapping[str, float] = field(default_factory=dict[str, float])
    token: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])

    def with_token(self, **columns: Sequence[float]) -> Example:
        """Returns the row with further columns of numbers per token."""
        return replace(self, token={**self.token, **columns})

    def with_columns(self, **columns: float) -> Example:
        """Returns the row with further numbers of the whole row."""
        return replace(self, columns={**self.columns, **columns})


@dataclass(frozen=True, slots=True)
class Sampling:
    """Options of sampling from a policy."""

    temperature: float = 1.0
    """0 is greedy"""
    top_p: float = 1.0
    """in (0, 1]; keeps the smallest set of tokens with this much probability"""
    top_k: int = 0
    """0 keeps all"""
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    """sampling ends right after one of these; it stays in the ids and is removed from the text"""
    seed: int = 0
    round: int = 0
    """every rollout has its own random stream: (seed, round, problem id, index)"""


class RunStopped(ValueError):
    """Raised where a started run cannot continue. It ends with exit code 1 in all its processes."""


class NotFinite(RunStopped):
    """Raised where a number of training or evaluation is NaN or infinite.

    The message names the quantity and what to change; a run adds stage and step."""


class Engine(Protocol):
    """Interface of engines, which sample from a policy."""

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        """Yields n rollouts per prompt, in the order in which they finish."""
        ...

    def sync(self, policy: Any) -> None:
        """Takes over the policy's present weights."""
        ...


@dataclass(frozen=True, slots=True)
class StepScores:
    """Scores of a solution's steps."""

    scores: tuple[float, ...]
    """in [0, 1], one per step; an outcome reward model has one score, of the last step"""
    steps: tuple[Step, ...] = ()
    """the steps that the scores belong to, with the scorer's labels where it has any"""
    dropped: int = 0
    """late steps without a score, because the solution is too long"""


class Scorer(Protocol):
    """Interface of everything that scores solutions: reward models, evaluators, the oracle."""

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        """Scores each solution of the problem at the same index."""
        ...
