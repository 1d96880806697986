"""Duplicates and overlap."""

from __future__ import annotations

from pathlib import Path

import pytest

from numerate.problems import TABLE, audit, describe, load
from numerate.problems.decontamination import (
    Overlap,
    duplicate_groups,
    find_overlap,
    normalized_text,
    without_held_out,
)
from numerate.types import Problem

TRAY = (
    "Jerry could only carry 8 trays at a time. If he had to pick up 9 trays from one table, "
    "how many trips will he make?"
)


def ask(id: str, question: str, **more: object) -> Problem:
    return Problem(id, question, "1", **more)  # type: ignore[arg-type]


def test_case_spacing_punctuation_and_the_writing_of_numbers_do_not_matter():
    assert normalized_text(ask("a", "Joan found $1,080.50 . How much ?")) == normalized_text(
        ask("b", "joan  found $1080.5. How much?")
    )
    assert normalized_text(ask("a", "a 5-day trip")) == normalized_text(ask("b", "a 5 day trip"))


def test_signs_numbers_and_choices_do_matter():
    texts = ["$3-x$", "$3+x$", "$3x$", "$30-x$", "$3-y$"]
    assert len({normalized_text(ask("a", text)) for text in texts}) == 5
    first, second = (ask("a", "Which?", choices=(("A", text),)) for text in ("one", "two"))
    assert normalized_text(first) != normalized_text(second)


def test_duplicates_are_grouped():
    problems = [ask("a", "One  day."), ask("b", "Another day."), ask("c", "one day"), ask("d", "ONE DAY")]
    assert duplicate_groups(problems) == [("a", "c", "d")]


def test_overlap_tells_exact_reworded_and_same_story_apart():
    test = [ask("t", TRAY)]
    found = find_overlap(
        [
            ask("exact", TRAY.upper()),
            ask("reworded", TRAY.replace("Jerry", "Since he") + " Tell"),
            ask("story", TRAY.replace("9", "17").replace("Jerry", "Dave")),
            ask(
                "other",
                "Dave had 17 trays. He broke 8 of them. How many trays does Dave have left on the table?",
            ),
        ],
        test,
    )
    assert [(pair.train, pair.test) for pair in found.exact] == [("exact", "t")]
    assert [(pair.train, pair.same_numbers) for pair in found.near] == [("reworded", True), ("story", False)]
    # 26 tokens make 22 runs of five; the first word stands in one of them, so 21 are shared
    assert found.near[1].similarity == 2 * 21 / (22 + 22)


def test_a_spelled_number_is_the_same_number():
    spelled, digits = ask("a", TRAY.replace("9", "nine")), ask("b", TRAY)
    (pair,) = find_overlap([spelled], [digits]).near
    assert (pair.similarity, pair.same_numbers) == (1.0, True)


def test_formulas_alone_are_not_near():
    train, test = ask("a", "Evaluate $\\log_5(625)+3^2-1$."), ask("b", "Evaluate $\\log_2(64)+5^3-1$.")
    assert find_overlap([train], [test]).near == ()


def test_without_drops_what_is_held_out_exactly_or_reworded():
    test = [ask("t", TRAY)]
    train = [
        ask("a", TRAY),
        ask("b", TRAY + " Tell me."),
        ask("c", TRAY.replace("9", "17")),
        ask("d", "Else?"),
    ]
    assert [problem.id for problem in without_held_out(train, test)] == ["c", "d"]


def test_the_training_set_of_gsm8k_is_clean(data_dir: Path):
    found = find_overlap(load("gsm8k/train"), load("gsm8k/test"))
    assert found.exact == ()
    assert not any(pair.same_numbers for pair in found.near)


def test_math_has_four_training_problems_in_its_test_set(data_dir: Path):
    test = {normalized_text(problem): problem.answer for problem in load("math/test")}
    shared = [problem for problem in load("math/train") if normalized_text(problem) in test]
    assert len(shared) == 4
    assert all(problem.answer == test[normalized_text(problem)] for problem in shared)


@pytest.fixture
def small_table(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    """A few of the known sets, for speed."""
    few = {name: TABLE[name] for name in ("mawps", "svamp", "singleop")}
    monkeypatch.setattr("numerate.problems.table.TABLE", few)


def test_an_audit_names_every_test_set_that_shares_something(small_table: None):
    found = audit("mawps/train[:400]")
    assert found.against == ("mawps/test", "svamp/test", "singleop/test")
    assert len(found.overlaps["singleop/test"].exact) > 50
    assert not found.overlaps.get("svamp/test", Overlap((), ())).exact
    assert not found.clean
    assert ("problems", "400") in found.rows()


def test_a_test_set_is_not_compared_with_itself(small_table: None):
    found = audit("svamp[:50]")
    assert found.against == ("mawps/test", "singleop/test")
    assert found.duplicates == () and found.clean
    assert len(audit("svamp[:50]", against="svamp").overlaps["svamp"].exact) == 50


def test_a_description_counts_what_the_problems_say_of_themselves(data_dir: Path):
    found = describe(load("math500"))
    assert found.groups["level"] == {"1": 43, "2": 90, "3": 105, "4": 128, "5": 134}
    assert found.groups["subject"]["Algebra"] == 124
    assert (found.count, found.kinds, found.with_solution) == (500, {"math": 500}, 1.0)
    steps = describe(load("gsm8k/test")).groups["steps"]
    assert list(steps) == sorted(steps, key=int)
    assert describe(load("svamp")).with_solution == 0.0


def test_means_are_over_the_problems_that_have_the_thing():
    found = describe([ask("a", "one two three", solution="x y"), ask("b", "one")])
    assert (found.question_words, found.solution_words, found.with_solution) == (2.0, 2.0, 0.5)
    assert ("words per solution", "2.0") in found.rows()
