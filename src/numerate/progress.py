"""Progress of long jobs: bars on a terminal, lines at intervals elsewhere.

Everything goes to stderr, so that stdout holds results only. rich is imported when the first bar is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, TextIO

from numerate.terminal import printable_text

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

EVERY = 10.0
"""seconds between two plain lines"""
WORTH_A_LINE = 2.0
"""seconds a task must have taken to leave a line behind when it ends"""
AT_ONCE = 0.05
"""seconds; what a task reports this early was done before, by the run that is being resumed"""


class Task(Protocol):
    def advance(self, n: float = 1, **info: object) -> None:
        """Counts `n` more units; `info` is shown beside the bar: advance(loss=0.31)."""
        ...


class Progress(Protocol):
    def task(
        self, label: str, total: float | None = None, unit: str = "it"
    ) -> AbstractContextManager[Task]: ...

    def say(self, text: str) -> None: ...

    def warn(self, text: str) -> None:
        """Prints a warning, also under --quiet: of worse results or lost work."""
        ...


def make_progress(*, quiet: bool = False, stream: TextIO | None = None) -> Progress:
    """Returns bars on a terminal, plain lines elsewhere, warnings alone when quiet."""
    to = stream or sys.stderr
    if quiet:
        return Warnings(to)
    return RichProgress(to) if to.isatty() else PlainProgress(to)


class QuietProgress:
    """Prints nothing."""

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "it") -> Iterator[Task]:
        yield Count(label, total, unit)

    def say(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        self.say(text)


class Warnings(QuietProgress):
    """Prints warnings only."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def warn(self, text: str) -> None:
        print(printable_text(text), file=self.stream, flush=True)


@dataclass
class Count:
    """The part of one task that is done, and what that says about the rest."""

    label: str
    total: float | None
    unit: str
    clock: Callable[[], float] = perf_counter
    done: float = 0
    info: dict[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        self.start = self.clock()
        self.earlier = 0.0

    def advance(self, n: float = 1, **info: object) -> None:
        if self.seconds < AT_ONCE:
            self.earlier += n
        self.done += n
        self.info.update(info)

    @property
    def seconds(self) -> float:
        return self.clock() - self.start

    @property
    def rate(self) -> float:
        """Returns the units per second in this process, without those completed before a run was resumed."""
        return (self.done - self.earlier) / max(self.seconds, 1e-9)

    def line(self) -> str:
        """Returns `sampling 1,200/8,000 · 0:21 left · 310 rollouts/s · right 31%`, the most important first,
        since a narrow terminal truncates the end."""
        whole = f"/{self.total:,.0f}" if self.total is not None else ""
        parts = [f"{self.label} {self.done:,.0f}{whole}"]
        if self.rate > 0 and self.total is not None and self.done < self.total:
            parts.append(f"{format_duration((self.total - self.done) / self.rate)} left")
        if self.rate > 0:
            parts.append(f"{short_number(self.rate)} {self.unit}/s")
        return " · ".join(parts + self.shown_info())

    def last_line(self) -> str:
        """Returns `sampling 8,000 rollouts · 0:26 · right 31%`."""
        unit = self.unit.removesuffix("s") if self.done == 1 else self.unit
        return " · ".join(
            [f"{self.label} {self.done:,.0f} {unit}", format_duration(self.seconds), *self.shown_info()]
        )

    def shown_info(self) -> list[str]:
        return [f"{key} {short_number(value)}" for key, value in self.info.items()]


class PlainProgress:
    """One line every ten seconds: for logs and pipes."""

    def __init__(
        self, stream: TextIO | None = None, every: float = EVERY, clock: Callable[[], float] = perf_counter
    ) -> None:
        self.stream = stream or sys.stderr
        self.every = every
        self.clock = clock
        self.last = clock()

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "it") -> Iterator[Task]:
        task = PlainTask(label, total, unit, self.clock, owner=self)
        yield task
        if task.seconds >= WORTH_A_LINE:
            self.say(task.last_line())

    def say(self, text: str) -> None:
        print(printable_text(text), file=self.stream, flush=True)
        self.last = self.clock()

    def warn(self, text: str) -> None:
        self.say(text)


@dataclass
class PlainTask(Count):
    owner: PlainProgress = field(kw_only=True)

    def advance(self, n: float = 1, **info: object) -> None:
        super().advance(n, **info)
        if self.clock() - self.owner.last >= self.owner.every:
            self.owner.say(self.line())


class RichProgress:
    """A bar per running task; a finished task leaves one plain line above the bars."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.bars: Bars | None = None
        self.running = 0

    @contextmanager
    def task(self, label: str, total: float | None = None, unit: str = "it") -> Iterator[Task]:
        bars = self.bars = self.bars or make_bars(self.stream)
        if not self.running:
            bars.start()
        self.running += 1
        row = bars.add_task(label, total=total)
        task = RichTask(label, total, unit, bars=bars, row=row)
        try:
            yield task
            if task.seconds >= WORTH_A_LINE:
                self.say(task.last_line())
        finally:
            bars.remove_task(row)
            self.running -= 1
            if not self.running:
                bars.stop()
                self.bars = None

    def say(self, text: str) -> None:
        if self.bars is None:
            print(printable_text(text), file=self.stream, flush=True)
        else:
            self.bars.console.print(printable_text(text), markup=False, highlight=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        self.say(text)


@dataclass
class RichTask(Count):
    bars: Bars = field(kw_only=True)
    row: TaskID = field(kw_only=True)

    def advance(self, n: float = 1, **info: object) -> None:
        super().advance(n, **info)
        self.bars.update(self.row, completed=self.done, description=printable_text(self.line()))


def make_bars(stream: TextIO) -> Bars:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    return Bars(
        BarColumn(bar_width=10, table_column=Column(width=10)),
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True)),
        console=Console(file=stream),
        expand=True,
        transient=True,
        refresh_per_second=4,
    )


def format_duration(seconds: float) -> str:
    """Formats seconds as 0:07, 12:30, 3:05:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count_of(n: int, noun: str) -> str:
    """Returns "1 sample" or "3,000 samples"; the noun has a plural in s."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def short_number(value: object) -> str:
    """Formats a number with three digits: 0.314, 31.4, 3,140; anything else as it prints."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
