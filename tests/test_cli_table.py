"""Tables in the terminal: aligned, and whole on a narrow screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from numerate.cli import table


def test_numbers_align_right_and_text_left() -> None:
    lines = table.lay_out([["a", 5, "x"], ["long", 12345, "yy"]], ["name", "n", "note"], ["note"])
    assert lines == ["name      n  note", "----  -----  ----", "a         5  x", "long  12345  yy"]


@given(
    st.lists(
        st.lists(st.text("abc 0123456789", max_size=60), min_size=3, max_size=3), min_size=1, max_size=5
    ),
    st.integers(40, 120),
)
def test_a_table_fits_its_terminal(rows: list[list[str]], width: int) -> None:
    assert max(map(len, table.lay_out(rows, ["one", "two", "three"], ["three"], width))) <= width


def test_a_wide_table_is_whole_in_a_pipe_and_wraps_its_last_text_on_a_terminal() -> None:
    long = "word " * 30
    assert long.strip() in table.lay_out([["a", long.strip()]], ["x", "about"], ["about"])[2]
    wrapped = table.lay_out([["a", long.strip()]], ["x", "about"], ["about"], width=80)
    assert " ".join(" ".join(wrapped[2:]).split()) == f"a {long.strip()}"
