"""Tables in the terminal: aligned, and whole on a narrow screen."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text
from typer.testing import CliRunner

from numerate.cli import table
from numerate.cli.app import app


def test_numbers_align_right_and_text_left() -> None:
    lines = table.lay_out([["a", 5, "x"], ["long", 12345, "yy"]], ["name", "n", "note"], ["note"])
    assert lines == ["name      n  note", "----  -----  ----", "a         5  x", "long  12345  yy"]


def by_rich(
    rows: Sequence[Sequence[str]], widths: Sequence[int], left: Sequence[bool], header: Sequence[str]
) -> list[str]:
    """The same table, laid out by rich as a whole."""

    def cell(text: str) -> RenderableType:
        words = text.lstrip()
        return Padding(Text(words), (0, 0, 0, len(text) - len(words)))

    grid = Table(box=None, padding=0, pad_edge=False, show_header=bool(header))
    for i, (width, to_left) in enumerate(zip(widths, left, strict=True)):
        if i:
            grid.add_column(width=table.GAP)
        head = Group(cell(header[i]), Rule(characters="-")) if header else ""
        grid.add_column(head, justify="left" if to_left else "right", width=width, overflow="fold")
    for row in rows:
        grid.add_row(*[part for text in row for part in ("", cell(text))][1:])
    total = sum(widths) + table.GAP * (len(widths) - 1)
    console = Console(file=io.StringIO(), width=total, color_system=None, legacy_windows=False)
    return ["".join(part.text for part in line).rstrip() for line in console.render_lines(grid)]


BLANKS = st.sampled_from(["", " ", "   "])
"""fewer than the narrowest column has: rich drops what stands behind more"""
CELLS = st.builds("{}{}".format, BLANKS, st.text("ab-. 07数é", max_size=50).map(str.lstrip))


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4),
    st.lists(st.integers(5, 30), min_size=3, max_size=3),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.booleans(),
)
def test_a_table_looks_as_rich_lays_it_out(
    rows: list[list[str]], widths: list[int], left: list[bool], headed: bool
) -> None:
    header, body = (rows[0], rows[1:]) if headed else ([], rows)
    assert table.render_cells(body, widths, left, header) == by_rich(body, widths, left, header)


@pytest.mark.parametrize("width", [None, 60])
def test_ten_thousand_rows_take_less_than_a_second(width: int | None) -> None:
    rows = [(f"problem-{i}", i, i / 7, f"some text of cell {i}") for i in range(10_000)]
    began = time.process_time()
    lines = table.lay_out(rows, ("name", "count", "accuracy", "what"), ("what",), width)
    assert time.process_time() - began < 3  # on a busy machine
    assert len(lines) >= 10_002 and lines[2].startswith("problem-0")


@given(
    st.lists(
        st.lists(st.text("abc 0123456789", max_size=60), min_size=3, max_size=3), min_size=1, max_size=5
    ),
    st.integers(40, 120),
)
def test_a_table_fits_its_terminal(rows: list[list[str]], width: int) -> None:
    assert max(map(len, table.lay_out(rows, ["one", "two", "three"], ["three"], width))) <= width


MODELS = ["base", "qwen2.5-math-1.5b-grpo-process-reward-second-seed", "a" * 80]
HEADER = ["model", "accuracy, n=2,000", "greedy, same problems, n=100", "pass@8, n=100", "tokens, n=2,000"]


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("names", [["base", "ei"], MODELS])
def test_no_number_is_lost_on_a_narrow_terminal(width: int, names: list[str]) -> None:
    """Each figure stands whole in one line, and the parts of each name make the name."""
    rows = [
        [name, *(f"{10 * i + j}.{j}% [{10 * i}.0, {10 * i + 9}.{j}]" for j in range(4))]
        for i, name in enumerate(names, start=1)
    ]
    lines = table.lay_out(rows, HEADER, (), width)
    assert max(map(len, lines)) <= width
    for row in rows:
        for figure in row[1:]:
            assert sum(figure in line for line in lines) == 1
    begins = [i for i, line in enumerate(lines) if line.startswith("-")]
    columns = [lines[i].index(" ") for i in begins]
    ends = [*[i for i, line in enumerate(lines) if not line], len(lines)]
    for begin, end, wide in zip(begins, ends, columns, strict=True):
        assert "".join(line[:wide].strip() for line in lines[begin + 1 : end]) == "".join(names)


def test_text_gives_way_before_an_interval_breaks() -> None:
    lines = table.lay_out(
        [["AUC within: the chance", "2", "0.500 [0.000, 1.000]"]], ["strategy", "n", "score"], (), 40
    )
    assert sum("0.500 [0.000, 1.000]" in line for line in lines) == 1 and max(map(len, lines)) <= 40


@pytest.mark.parametrize("words", ["recipes", "problems"])
@pytest.mark.parametrize("width", [40, 60])
def test_words_fit_the_terminal(monkeypatch: pytest.MonkeyPatch, words: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = CliRunner().invoke(app, [words])
    assert done.exit_code == 0 and max(map(len, done.stdout.splitlines())) <= width


def test_stdout_is_json_alone() -> None:
    for words in ("recipes", "problems", "problems svamp", "doctor"):
        done = CliRunner().invoke(app, [*words.split(), "--json", "-"])
        assert json.loads(done.stdout) and done.stderr


def test_leading_columns_stand_in_every_block() -> None:
    rows = [["a", "7", "1" * 20, "2" * 20], ["b", "8", "3" * 20, "4" * 20]]
    lines = table.lay_out(rows, ["x", "n", "one", "two"], (), 40, keys=2)
    assert [line.split()[:2] for line in lines if line.startswith(("a", "b"))] == [["a", "7"], ["b", "8"]] * 2


def test_a_wide_table_is_whole_in_a_pipe_and_wraps_its_last_text_on_a_terminal() -> None:
    long = "word " * 30
    assert long.strip() in table.lay_out([["a", long.strip()]], ["x", "about"], ["about"])[2]
    wrapped = table.lay_out([["a", long.strip()]], ["x", "about"], ["about"], width=80)
    assert " ".join(" ".join(wrapped[2:]).split()) == f"a {long.strip()}"


def test_wide_characters_take_two_columns() -> None:
    rows = [["数学模型", 5], ["base", 12]]
    assert table.lay_out(rows, ["model", "n"]) == [
        "model      n",
        "--------  --",
        "数学模型   5",
        "base      12",
    ]
    lines = table.lay_out([["数" * 40, "1.0% [0.0, 2.0]"]], ["model", "accuracy"], (), 40)
    assert max(map(cell_len, lines)) <= 40 and "".join(lines).count("数") == 40


def test_names_are_no_markup_and_no_colour_reaches_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("CLICOLOR_FORCE", "1")
    lines = table.lay_out([["[bold]x[/]", ":smile: 5%"], ["a\tb", "http://x"]], ["name", "value"])
    assert lines[2:] == ["[bold]x[/]  :smile: 5%", "a b           http://x"]
    assert not re.search(r"[^ -~]", "".join(lines))


def test_a_long_value_goes_on_under_itself(capsys: pytest.CaptureFixture[str]) -> None:
    table.print_pairs([("answers", "word " * 30), ("n", "5")])
    first, *rest, last = capsys.readouterr().out.splitlines()
    assert first.startswith("answers  word") and last == "n        5" and len(first) <= 80
    assert rest and all(line.startswith(" " * 9 + "word") for line in rest)
