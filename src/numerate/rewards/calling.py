"""Calls a reward function, and says which one failed, where, and at which problem.

Completions are texts. TRL calls its rewards with lists of messages where the prompts are a chat: a function
that cannot take texts and can take messages is called with those."""

from __future__ import annotations

import asyncio
import inspect
import math
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from numerate.types import NotFinite, RunStopped

Columns = Mapping[str, list[Any]]
FAILURES = (Exception, SystemExit, asyncio.CancelledError)
"""exceptions of a user's function; without KeyboardInterrupt"""
NO_TEXTS = (TypeError, AttributeError, KeyError, IndexError, AssertionError)
"""what a function that expects messages raises at texts"""
AGAIN = "completed work is kept: the same command resumes"


class RewardFailed(RunStopped):
    """A reward function raised, or returned no numbers."""


@dataclass(frozen=True)
class Call:
    """One function, with the columns of one batch of rollouts."""

    path: str
    function: Callable[..., Any]
    columns: dict[str, list[Any]]
    chat: dict[str, list[Any]]
    """`prompts` and `completions` as messages, where the function takes them"""
    options: Mapping[str, Any]
    problem_ids: Sequence[str]
    """of each rollout"""
    where: str = ""
    """the step, for errors"""

    def numbers(self, forms: dict[str, str]) -> list[float | None]:
        """Returns a number or None per rollout.

        forms: path -> text or chat, what this function has taken before. Raises RewardFailed where the
        function raises or returns something else."""
        try:
            returned = self.returned(forms)
        except FAILURES as error:
            raise RewardFailed(self.message(error, forms)) from error
        return self.checked(returned)

    def returned(self, forms: dict[str, str]) -> Any:
        form = forms.get(self.path)
        if form == "chat":
            return self.call(self.columns | self.chat)
        try:
            returned = self.call(self.columns)
        except NO_TEXTS as error:
            if form == "text" or not self.chat:
                raise
            at_texts = error
        else:
            forms[self.path] = "text"
            return returned
        try:
            returned = self.call(self.columns | self.chat)
        except NO_TEXTS:
            raise at_texts from None
        forms[self.path] = "chat"
        return returned

    def call(self, columns: Columns) -> Any:
        returned = self.function(**columns, **self.options)
        if not inspect.isawaitable(returned):
            return returned

        async def wait() -> Any:
            return await returned

        with ThreadPoolExecutor(1) as thread:  # a notebook has an event loop running in ours
            return thread.submit(asyncio.run, wait()).result()

    def message(self, error: BaseException, forms: Mapping[str, str]) -> str:
        text = " ".join(str(error).split())
        what = f"{type(error).__name__}: {text}" if text else type(error).__name__
        return f"reward {self.path!r} raised {what}{line_of(error)} {self.at(error, forms)}; {AGAIN}"

    def at(self, error: BaseException, forms: Mapping[str, str]) -> str:
        """Returns `at problem 'story-3' in step 2 of stage rl`."""
        ids = list(dict.fromkeys(self.problem_ids))
        shown = ids if len(ids) == 1 else [*islice(self.failing(error, forms), 1)]
        which = f"problem {shown[0]!r}" if shown else f"one of {len(ids)} problems, {ids[0]!r} to {ids[-1]!r}"
        return f"at {which}" + (f" in {self.where}" if self.where else "")

    def failing(self, error: BaseException, forms: Mapping[str, str]) -> Iterator[str]:
        """Yields problems at which the function, called with each alone, raises the same kind of error. After
        an error of the system or of a service it is not called again."""
        if isinstance(error, OSError) or not isinstance(error, Exception):
            return
        columns = self.columns | (self.chat if forms.get(self.path) == "chat" else {})
        for name in dict.fromkeys(self.problem_ids):
            rows = [i for i, other in enumerate(self.problem_ids) if other == name]
            try:
                self.call({key: [values[i] for i in rows] for key, values in columns.items()})
            except FAILURES as again:
                if type(again) is type(error):
                    yield name

    def checked(self, returned: Any) -> list[float | None]:
        """Returns the numbers. Raises RewardFailed where a function did not return a number or None per
        rollout, NotFinite where a number is not finite."""
        count = len(self.problem_ids)
        where = f" in {self.where}" if self.where else ""
        named = f"reward {self.path!r}"
        try:
            rows = None if isinstance(returned, str) or not hasattr(returned, "__len__") else list(returned)
        except TypeError:  # a tensor without dimensions
            rows = None
        if rows is None or len(rows) != count:
            what = type(returned).__name__ if rows is None else f"{len(rows)} numbers"
            raise RewardFailed(
                f"{named} returned {what} for {count} rollouts{where}: return one number or None each"
            )
        try:
            numbers = [None if row is None else float(row) for row in rows]
        except (TypeError, ValueError, OverflowError) as error:
            raise RewardFailed(f"{named}: {error}{where}: return one number or None per rollout") from error
        if bad := [i for i, x in enumerate(numbers) if x is not None and not math.isfinite(x)]:
            raise NotFinite(
                f"{named} returned {numbers[bad[0]]} for {len(bad)} of {count} rollouts, which is not "
                f"finite, at problem {self.problem_ids[bad[0]]!r}: return None for an unknown reward"
            )
        return numbers


def line_of(error: BaseException) -> str:
    """Returns ` (rewards.py, line 12)`, the position of an error."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
