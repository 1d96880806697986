"""Rules for the sentences of a solution that marks no answer: what is passed over, what counts, and what stays
open (None)."""

from __future__ import annotations

import pytest

from numerate.answers import find, grade
from numerate.types import Kind, Problem

Case = tuple[str, Kind, str | None]


ASIDES: list[Case] = [
    ("The bill comes to $48. Each of the 4 friends pays $12.", "number", "12"),
    ("The trip is 300 km long. At this speed it takes 5 hours.", "number", None),
    ("Bill: $50\nTip: $10", "number", None),
    ("He gave 25 away and has 15 left. He started with 40.", "number", None),
    ("Each pen costs $4. If he buys 5, the total would be $20.", "number", "20"),
    ("Each ticket costs $9. If she buys 3, the total would be $27.", "number", "27"),
    ("There are 24 cookies. The other 9 were eaten.", "number", None),
    ("So there are 24 cookies. Each of them weighs 9 g.", "number", "24"),
    ("A box holds 12 pens. It would take 5 boxes to hold 60 pens.", "number", "5"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), ASIDES)
def test_an_aside_is_passed_over_where_the_sentence_above_states_the_answer(
    text: str, kind: Kind, answer: str | None
) -> None:
    check(text, kind, answer)


WORKS_OUT: list[Case] = [
    ("So he earns $7 an hour. That works out to $42 for 6 hours.", "number", "42"),
    ("Each day he reads 12 pages. This works out to 84 pages a week.", "number", "84"),
]


@pytest.mark.parametrize(("text", "kind", "answer"), WORKS_OUT)
def test_a_result_that_works_out_is_no_check(text: str, kind: Kind, answer: str | None) -> None:
    check(text, kind, answer)


def check(text: str, kind: Kind, answer: str | None) -> None:
    """The text has this answer, or None where it leaves open which of its values is meant."""
    if answer is None:
        assert find(text, kind).answer is None
    else:
        assert grade(text, Problem("", "", answer, kind=kind)).correct, find(text, kind)
