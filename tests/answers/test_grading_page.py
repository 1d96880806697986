"""The examples of docs/grading-extraction.md and docs/grading-equality.md are what the grader does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from numerate.answers import equal, extract, find
from numerate.types import Kind

DOCS = Path(__file__).parents[2] / "docs"


def rows_below(page: str, header: str) -> Iterator[list[str]]:
    """Yields the cells of each row of every table with this header."""
    for behind in (DOCS / page).read_text("utf-8").split(header)[1:]:
        for row in behind.partition("\n\n")[0].strip().splitlines()[1:]:
            yield [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def groups(cell: str) -> list[list[str]]:
    """Returns the examples in code, those between two semicolons together."""
    parts = re.sub(r"`[^`]*`|;", lambda match: "\n" if match[0] == ";" else match[0], cell).split("\n")
    return [re.findall(r"`([^`]+)`", part) for part in parts]


EQUALITY = list(rows_below("grading-equality.md", "| rule | equal | different |"))
CHOICES = list(rows_below("grading-extraction.md", "| text | letter |"))
EXTRACTED = [
    (response, answer)
    for first in ("rule", "source")
    for _, response, answer in rows_below("grading-extraction.md", f"| {first} | response | answer |")
]
LETTERS = list(zip("ABCDE", ("garage", "cupboard", "attic", "roof", "cellar"), strict=True))


def test_the_tables_are_read() -> None:
    assert len(EQUALITY) > 20
    assert len(CHOICES) > 5
    assert len(EXTRACTED) > 40


@pytest.mark.parametrize(("rule", "same", "different"), EQUALITY)
def test_examples_of_equality_hold_in_both_directions(rule: str, same: str, different: str) -> None:
    for expected, cell in ((True, same), (False, different)):
        for first, *others in groups(cell):
            assert others, f"{rule}: {first} is compared with nothing"
            for other in others:
                assert equal(first, other) is expected, (rule, first, other)
                assert equal(other, first) is expected, (rule, other, first)


@pytest.mark.parametrize(("response", "answer"), EXTRACTED)
def test_examples_of_extraction_hold(response: str, answer: str) -> None:
    kind, _, text = response.strip("`").rpartition(": `")
    choices = LETTERS if kind == "choice" else ()
    extracted = extract(text.replace("↵", "\n"), cast(Kind, kind or "number"), choices)
    assert extracted == (None if answer == "none" else answer.strip("`"))


@pytest.mark.parametrize(("texts", "letters"), CHOICES)
def test_examples_of_choices_hold(texts: str, letters: str) -> None:
    examples = [text for group in groups(texts) for text in group]
    expected = [None] * len(examples) if letters == "none" else letters.split("; ")
    assert [find(text, "choice", LETTERS).answer for text in examples] == expected
