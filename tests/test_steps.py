"""Steps and calculation traces, on worked examples, on every GSM8K solution and on hostile text."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerate.steps import split, trace


def texts(solution: str, mode: Any = "line") -> list[str]:
    return [step.text for step in split(solution, mode)]


def test_a_step_is_a_line_and_the_answer_line_is_none():
    solution = "  Half is 48/2 = <<48/2=24>>24.\r\n\n\tTogether 48+24 = <<48+24=72>>72.\n#### 72\n"
    steps = split(solution)
    assert [s.text for s in steps] == ["Half is 48/2 = <<48/2=24>>24.", "Together 48+24 = <<48+24=72>>72."]
    assert [(s.start, s.end) for s in steps] == [(2, 31), (35, 67)]


@pytest.mark.parametrize(
    "whole",
    [
        "adds <<2+3\n=5>>5 up",
        "```python\nx = 1\n\n#### not the answer\nprint(x)\n```",
        "so \\[\nx = 5\n\\] holds",
        "so $$\nx = 5\n$$ holds",
        "with $a +\nb$ apples",
        "is $\n\\binom{4}{2}\n$ here",
        "\\begin{align*}\nx &= 1\\\\\ny &= 2\n\\end{align*}",
    ],
)
def test_a_line_never_ends_inside_brackets_that_belong_together(whole: str):
    assert texts(f"First.\n{whole}\nLast.\n#### 5") == ["First.", whole, "Last."]


@pytest.mark.parametrize(
    "first, second",
    [
        ("He pays $50.", "She pays = $30 less."),
        ("That is $<<100/2=50>>50", "and 15*2=$<<15*2=30>>30."),
        ("Let p+$600 be it", "so 8p = 5p+$3000 holds"),
        ("An open << here", "a+b=<<1+1=2>>2"),
        ("An open \\[ here", "ends nowhere"),
        ("code in ```one line```", "and text"),
        ("escaped \\$x^2", "and $y$ too"),
    ],
)
def test_money_and_open_brackets_protect_nothing(first: str, second: str):
    assert texts(f"{first}\n{second}") == [first, second]


def test_an_open_code_fence_reaches_to_the_end():
    assert texts("Run:\n```python\nx = 1\ny = 2") == ["Run:", "```python\nx = 1\ny = 2"]


def test_sentences_end_where_a_reader_would_end_them():
    solution = "Mr. Smith pays $2.50 for 3 pens. So $a. B$ is 5. Then he rests! Done.\n2. Next item"
    assert texts(solution, "sentence") == [
        "Mr. Smith pays $2.50 for 3 pens.",
        "So $a. B$ is 5.",
        "Then he rests!",
        "Done.",
        "2. Next item",
    ]


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match=r"'word'.*use 'line' or 'sentence'"):
        texts("a", "word")


@given(st.text(alphabet="a1 .\n$<>=#`\\[]{}+", max_size=80))
def test_steps_are_ordered_trimmed_spans_and_lose_nothing_but_blanks_and_answers(solution: str):
    steps = split(solution)
    end = 0
    for step in steps:
        assert end <= step.start < step.end
        assert step.text == solution[step.start : step.end] == step.text.strip()
        assert all(
            not line.strip() or line.strip().startswith("####")
            for line in solution[end : step.start].split("\n")
        )
        end = step.end


def test_the_trace_is_what_the_annotations_hold():
    assert trace("He has 48 / 2 = << 48 / 2 = 24 >>24,\nso 1+1=2 and <<48+24=72>>72\n#### 72") == (
        "48/2=24",
        "48+24=72",
    )


@pytest.mark.parametrize(
    "solution, expected",
    [
        ("She earns 0.2 x 50 = $10.", ("0.2*50=10",)),
        ("Then 1,200 ÷ 4 = 300, and 300 − 1 = 299.", ("1200/4=300", "300-1=299")),
        ("$3 \\times (4 + 1) = 15$", ("3*(4+1)=15",)),
        ("40% + 20% = 60%", ("40%+20%=60%",)),
        ("2+3 = 5 5+5 = 10", ("2+3=5", "5+5=10")),
        ("12 = 4*3 = 2*6", ("12=4*3=2*6",)),
        ("In 2019 he had 3+4=7 cats", ("3+4=7",)),
        ("x - 5 + 2 = 7, 2x = 6, 5*3 = 15y, A2+3=5", ()),
        ("2 + 1 1/2 = 3 1/2 feet", ()),
        ("he has 5 = five", ()),
        ("", ()),
    ],
)
def test_without_annotations_the_trace_is_read_from_plain_equations(solution: str, expected: tuple[str, ...]):
    assert trace(solution) == expected


def test_every_gsm8k_solution_splits_by_line_and_gives_all_its_annotations(data_dir: Path):
    """7,473 rows with 23,716 annotations; none has a fence or TeX, so lines and steps agree."""
    solutions = [json.loads(line)["solution"] for line in (data_dir / "gsm8k/train.jsonl").open()]
    assert len(solutions) == 7473
    assert sum(len(trace(s)) for s in solutions if "<<" in s) == 23716
    for solution in solutions:
        lines = [line.strip() for line in solution.split("\n")]
        assert texts(solution) == [line for line in lines if line and not line.startswith("####")]


@pytest.mark.parametrize(
    "junk", ["$a\n", "$\\a\n", "<<1+", "\\[", "\\begin{align}", "```\n", "1 ", "1+", "(", "! A", "1 x"]
)
def test_degenerate_text_takes_linear_time(junk: str):
    """Forty times the text in forty times the processor's time, where quadratic time would be 1,600 times.
    The bound lies between the two, far from both: a busy machine passes, quadratic time does not."""

    def seconds(size: int) -> float:
        text = junk * (size // len(junk))
        start = process_time()
        split(text, "sentence")
        trace(text)
        return process_time() - start

    seconds(1000)
    assert seconds(400_000) < 250 * max(0.001, min(seconds(10_000) for _ in range(3)))
