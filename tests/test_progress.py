"""Progress: what a person is told, and how often. The clock of these tests is a list."""

from __future__ import annotations

import io

import pytest

from numerate.progress import (
    PlainProgress,
    QuietProgress,
    RichProgress,
    format_duration,
    make_progress,
    short_number,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_one_line_per_ten_seconds_with_rate_and_time_left() -> None:
    clock, stream = Clock(), io.StringIO()
    bar = PlainProgress(stream, clock=clock)
    with bar.task("sampling", total=100, unit="rollouts") as task:
        for second in range(1, 26):
            clock.now = float(second)
            task.advance(2, right=0.25)
    # 20 of 100 after 10 s are 2 per second, so 40 s are left; 40 after 20 s leave 30 s
    assert stream.getvalue().splitlines() == [
        "sampling 20/100 · 0:40 left · 2 rollouts/s · right 0.25",
        "sampling 40/100 · 0:30 left · 2 rollouts/s · right 0.25",
        "sampling 50 rollouts · 0:25 · right 0.25",
    ]


def test_what_a_resumed_run_finds_done_does_not_count_for_the_rate() -> None:
    clock, stream = Clock(), io.StringIO()
    with PlainProgress(stream, clock=clock).task("steps", total=100) as task:
        task.advance(90)
        clock.now = 10.0
        task.advance(5)
    # 5 in 10 s, not 95: the last 5 take another 10 s
    assert stream.getvalue().splitlines()[0] == "steps 95/100 · 0:10 left · 0.5 it/s"


def test_a_short_task_and_a_failed_task_leave_no_line() -> None:
    clock, stream = Clock(), io.StringIO()
    bar = PlainProgress(stream, clock=clock)
    with bar.task("short") as task:
        clock.now = 1.0
        task.advance()
    with pytest.raises(KeyError), bar.task("failed") as task:
        clock.now = 9.0
        raise KeyError
    assert stream.getvalue() == ""


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    bar = make_progress(quiet=True)
    assert isinstance(bar, QuietProgress)
    with bar.task("x", total=3) as task:
        task.advance(3)
    bar.say("words")
    assert capsys.readouterr() == ("", "")


def test_quiet_leaves_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    make_progress(quiet=True).warn("HEALTH\x1b[2J")
    assert capsys.readouterr() == ("", "HEALTH\\u001b[2J\n")
    QuietProgress().warn("words")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("done", "last"), [(1, "ei 1 round · 0:11"), (2, "ei 2 rounds · 0:11")])
def test_what_is_counted_is_named_once(done: int, last: str) -> None:
    clock, stream = Clock(), io.StringIO()
    with PlainProgress(stream, clock=clock).task("ei", total=done, unit="rounds") as task:
        clock.now = 11.0
        task.advance(done)
    assert stream.getvalue().splitlines()[-1] == last


def test_bars_are_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert isinstance(make_progress(stream=io.StringIO()), PlainProgress)
    assert isinstance(make_progress(stream=Terminal()), RichProgress)


def test_bars_nest_and_words_come_out_as_they_are() -> None:
    stream = io.StringIO()
    bar = RichProgress(stream)
    with bar.task("rounds", total=2) as outer:
        with bar.task("sampling [bold]x[/bold]", total=4) as inner:
            inner.advance(4, loss=0.5)
            bar.say("[red]plain[/red]")
        outer.advance()
        assert bar.bars is not None
    assert bar.bars is None
    bar.say("after")
    assert "[red]plain[/red]" in stream.getvalue() and stream.getvalue().endswith("after\n")


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.4, "0:07"), (750, "12:30"), (11100, "3:05:00"), (59.9, "1:00")]
)
def test_durations_read_like_a_clock(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.31416, "0.314"), (31.4159, "31.4"), (3141.59, "3,142"), (7, "7"), (True, "True"), ("a", "a")],
)
def test_numbers_are_short(value: object, text: str) -> None:
    assert short_number(value) == text
