"""Rewards of a recipe: `correct`, and functions of your own by dotted path, each with a weight.

A function has TRL's signature, f(prompts, completions, **columns) -> list of float or None, and may be async.
It is called with as many rollouts at a time as are sampled together, and is given of the columns what its
signature names, all of them where it takes **kwargs. Its module is imported as Python would, from the current
folder too, once whoever starts the run trusts it (`rewards.trust`)."""

from __future__ import annotations

import inspect
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import Field

from numerate.options import config
from numerate.prompts import render
from numerate.rewards import correct, trust
from numerate.rewards.calling import Call
from numerate.types import Problem, Reward, Scored

CORRECT = "correct"
NONE: Mapping[str, Any] = MappingProxyType({})
OF_PROBLEM = ("question", "answer", "solution", "kind", "source")
COLUMNS = (*OF_PROBLEM, "problem_id", "completion_ids", "finish", "correct")
"""what every function may ask for, beside the problem's own meta columns"""


@config
class Weighted:
    path: str
    """`correct`, or a function as package.module.function"""
    weight: float = 1.0
    """weight of its values in the sum"""
    options: Mapping[str, bool | int | float | str] = Field(default_factory=dict)
    """further arguments of the function, by name"""


RewardList = tuple[str | Weighted, ...]
Part = Callable[..., Any]


def parse_weighted(rewards: RewardList) -> list[Weighted]:
    return [Weighted(reward) if isinstance(reward, str) else reward for reward in rewards]


def check_rewards(entries: RewardList, meta: Sequence[str] = (), trusted: Sequence[str] = ()) -> list[str]:
    """Returns the faults in the rewards of a recipe, one line each. Imports their modules.

    meta: the columns of the problems beyond those that all have. trusted: see `find_function`."""
    if not entries:
        return ["no reward: name at least one, such as `correct`"]
    rewards = parse_weighted(entries)
    paths = [reward.path for reward in rewards]
    messages = [
        f"{path!r} is named twice: give it one weight" for path in set(paths) if paths.count(path) > 1
    ]
    for reward in rewards:
        try:
            if reward.path != CORRECT:
                wanted_columns(find_function(reward.path, trusted), reward.path, meta, reward.options)
            else:
                correct.check_options(reward.options)
        except ValueError as error:
            messages.append(str(error))
    return messages


def outside_paths(rewards: RewardList) -> list[str]:
    """Returns the paths of functions, which are code; `find_function` reports other texts."""
    return [r.path for r in parse_weighted(rewards) if "." in r.path and trust.is_dotted(r.path)]


def find_function(path: str, trusted: Sequence[str] = ()) -> Part:
    """Returns the function at a dotted path. Raises ValueError with the missing part; for a module that is
    not trusted, before any import.

    trusted: names of modules beyond those of $NUMERATE_TRUST."""
    module, _, name = path.rpartition(".")
    if not module or not trust.is_dotted(path):
        raise ValueError(f"reward {path!r}: write `{CORRECT}`, or a function as package.module.function")
    if message := trust.refusal_reason(path):
        raise ValueError(f"reward {path!r}: {message}")
    if trust.outside_code([path], trusted):
        raise ValueError(trust.trust_question([path]))
    function = import_function(module, name, path)
    trust.check_home(function, path, trusted)
    return function


def import_function(module: str, name: str, path: str) -> Part:
    if (cwd := str(Path.cwd())) not in sys.path:
        sys.path.append(cwd)
    try:
        function = getattr(import_module(module), name, None)
    except (Exception, SystemExit) as error:  # somebody else's module may raise anything
        raise ValueError(
            f"reward {path!r}: importing {module} failed: {type(error).__name__}: {error}"
        ) from error
    if not callable(function):
        raise ValueError(f"reward {path!r}: {module} has no function {name!r}")
    return function


def wanted_columns(
    function: Part, path: str, meta: Sequence[str] = (), options: Mapping[str, Any] = NONE
) -> set[str] | None:
    """Returns the columns of its signature, None for all. Raises ValueError where it cannot be called as
    rewards are."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise ValueError(f"reward {path!r}: its signature cannot be read: {error}") from error
    columns = {"prompts", "completions", *COLUMNS, *meta}
    shape = "f(prompts, completions, **columns) -> list[float | None]"
    free = {p.name: p for p in parameters if p.name not in columns and p.kind is not p.VAR_KEYWORD}
    for name, value in options.items():
        if name not in free:
            raise ValueError(f"reward {path!r} has no option {name!r}, but: {', '.join(free) or 'none'}")
        if not fits_default(value, free[name].default):
            raise ValueError(f"reward {path!r}: {name} is {free[name].default!r} by default, not {value!r}")
    for p in parameters:
        if p.kind is p.POSITIONAL_ONLY or p.kind is p.VAR_POSITIONAL:
            raise ValueError(
                f"reward {path!r}: arguments are passed by name, and {p.name!r} takes none: {shape}"
            )
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD and p.name not in {*columns, *options}:
            raise ValueError(
                f"reward {path!r}: it needs {p.name!r}, and the arguments are: "
                f"{', '.join(sorted(columns))}; {shape}"
            )
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return {p.name for p in parameters}


def fits_default(value: Any, default: Any) -> bool:
    """Checks that a value has the type of the default, where there is one; a whole number passes for any
    number."""
    if default is None or default is inspect.Parameter.empty:
        return True
    return type(value) is type(default) or (type(value) is int and type(default) is float)


@dataclass(frozen=True)
class Rewards:
    """Graded rollouts -> the same with the recipe's rewards, in `parts` by path and summed in `value`."""

    rewards: RewardList
    style: str
    grade_truncated: bool = False
    """whether a truncated rollout may be right"""
    trusted: Sequence[str] = ()
    """modules whose functions may run, beyond those of $NUMERATE_TRUST"""
    where: Callable[[], str] = str
    """the step that the rollouts are of, for errors"""
    meta: Sequence[str] = ()
    """columns that some problem of the stage has: a batch without such a problem has them too, all None"""
    forms: dict[str, str] = field(default_factory=dict[str, str], compare=False)
    """path -> text or chat, what a function has taken"""

    def __call__(self, problems: Sequence[Problem], rollouts: Sequence[Scored]) -> list[Scored]:
        """Returns the rollouts with their rewards. problems: that of each rollout; all rollouts of a problem
        are in the same call."""
        by_path = {w.path: self.measure(w, problems, rollouts) for w in parse_weighted(self.rewards)}
        groups: dict[str, list[int]] = defaultdict(list)
        for i, problem in enumerate(problems):
            groups[problem.id].append(i)
        absent = {
            (path, i)
            for path, values in by_path.items()
            for members in groups.values()
            if len(members) > 1 and all(values[i] is None for i in members)
            for i in members
        }
        return [self.summed(by_path, absent, i, rollout) for i, rollout in enumerate(rollouts)]

    def summed(
        self,
        by_path: dict[str, list[float | None]],
        absent: set[tuple[str, int]],
        i: int,
        scored: Scored,
    ) -> Scored:
        """Returns the weighted sum. A part that no rollout of the problem has is left out; where only this
        rollout lacks one, the sum is not measured."""
        parts = {path: values[i] for path, values in by_path.items()}
        weights = {w.path: w.weight for w in parse_weighted(self.rewards)}
        applying = [(weights[path], part) for path, part in parts.items() if (path, i) not in absent]
        weighted = [weight * part for weight, part in applying if part is not None]
        value = math.fsum(weighted) if weighted and len(weighted) == len(applying) else None
        return replace(scored, reward=Reward(value, {**scored.reward.parts, **parts}))

    def measure(
        self, reward: Weighted, problems: Sequence[Problem], rollouts: Sequence[Scored]
    ) -> list[float | None]:
        path = reward.path
        if path == CORRECT and not reward.options:
            return [scored.reward.parts[CORRECT] for scored in rollouts]
        if path == CORRECT:
            return [
                correct.reward_value(
                    problem, scored.rollout, reward.options, grade_truncated=self.grade_truncated
                )
                for problem, scored in zip(problems, rollouts, strict=True)
            ]
        function = find_function(path, self.trusted)
        columns = column_table(problems, rollouts, self.style, self.meta)
        names = wanted_columns(function, path, list(columns), reward.options)
        kwargs = columns if names is None else {k: v for k, v in columns.items() if k in names}
        ids = [problem.id for problem in problems]
        chat = {k: v for k, v in as_chat(problems, rollouts, self.style).items() if k in kwargs}
        return Call(path, function, kwargs, chat, reward.options, ids, self.where()).numbers(self.forms)


def as_chat(
    problems: Sequence[Problem], rollouts: Sequence[Scored], style: str
) -> dict[str, list[list[dict[str, str]]]]:
    """Returns prompts and completions as TRL passes them where the prompts are a chat."""
    turns = [render(problem, style).turns for problem in problems]
    return {
        "prompts": [[{"role": turn.role, "content": turn.text} for turn in prompt] for prompt in turns],
        "completions": [[{"role": "assistant", "content": s.rollout.solution}] for s in rollouts],
    }


def meta_columns(problems: Iterable[Problem]) -> list[str]:
    """Returns the names of the columns that problems have of their own."""
    return sorted({key for problem in problems for key in problem.meta})


def column_table(
    problems: Sequence[Problem], rollouts: Sequence[Scored], style: str, meta: Sequence[str] = ()
) -> dict[str, list[Any]]:
    """Returns the columns, one value per rollout; a meta column that a problem lacks is None there.

    meta: columns beyond those of these problems."""
    meta = sorted({*meta, *meta_columns(problems)})
    columns: dict[str, list[Any]] = {key: [p.meta.get(key) for p in problems] for key in meta}
    columns |= {name: [getattr(p, name) for p in problems] for name in OF_PROBLEM}
    completed = [scored.rollout for scored in rollouts]
    return columns | {
        "prompts": [render(p, style).text for p in problems],
        "completions": [r.solution for r in completed],
        "problem_id": [p.id for p in problems],
        "completion_ids": [[i for turn in r.completion_turns for i in turn.ids] for r in completed],
        "finish": [r.finish for r in completed],
        "correct": [scored.reward.parts.get(CORRECT) for scored in rollouts],
    }
