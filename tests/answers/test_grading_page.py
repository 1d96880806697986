"""The examples of docs/grading.md are what the grader does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from numerate.answers import equal, find

PAGE = Path(__file__).parents[2] / "docs" / "grading.md"


def rows_below(header: str) -> Iterator[list[str]]:
    """Yields the cells of each row of the table with this header."""
    table = PAGE.read_text("utf-8").partition(header)[2].partition("\n\n")[0]
    for row in table.strip().splitlines()[1:]:
        yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def groups(cell: str) -> list[list[str]]:
    """Returns the examples in code, those between two semicolons together."""
    parts = re.sub(r"`[^`]*`|;", lambda match: "\n" if match[0] == ";" else match[0], cell).split("\n")
    return [re.findall(r"`([^`]+)`", part) for part in parts]


EQUALITY = list(rows_below("| rule | equal | different |"))
CHOICES = list(rows_below("| text | letter |"))


@pytest.mark.parametrize(("rule", "same", "different"), EQUALITY)
def test_examples_of_equality_hold_in_both_directions(rule: str, same: str, different: str) -> None:
    for expected, cell in ((True, same), (False, different)):
        for first, *others in groups(cell):
            assert others, f"{rule}: {first} is compared with nothing"
            for other in others:
                assert equal(first, other) is expected, (rule, first, other)
                assert equal(other, first) is expected, (rule, other, first)


@pytest.mark.parametrize(("texts", "letters"), CHOICES)
def test_examples_of_choices_hold(texts: str, letters: str) -> None:
    choices = list(zip("ABCDE", ("garage", "cupboard", "attic", "roof", "cellar"), strict=True))
    examples = [text for group in groups(texts) for text in group]
    expected = [None] * len(examples) if letters == "none" else letters.split("; ")
    assert [find(text, "choice", choices).answer for text in examples] == expected
