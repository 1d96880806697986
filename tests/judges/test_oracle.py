"""What the oracle says of solutions to a story whose graph is written by hand.

CLIPS: 48 clips in April, half as many in May (24), 72 together, 3 dollars each, 216 dollars; the cat is 7.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given as drawn_from
from hypothesis import settings
from hypothesis import strategies as st

from numerate.judges import Oracle, has_graph
from numerate.types import Problem
from tests.judges.toy import CLIPS, given, made, story

ORACLE = Oracle()
SALE = story(
    [
        given("n1", "80"),
        given("n2", "25"),
        made("n3", "20", "n1*n2/100"),
        made("n4", "60", "n1-n3"),
        given("n5", "15"),
        given("n6", "9"),
        made("n7", "36", "n4-n5-n6"),
    ],
    "n7",
    "36",
)
"""A coat of 80 dollars is 25% off (60); Ann has a voucher of 15 and one of 9 dollars. What does she pay?"""


def labels(problem: Problem, *lines: str) -> list[str | None]:
    return [step.label for step in ORACLE.judge(problem, "\n".join(lines)).steps]


def test_a_good_solution_is_right_at_every_step() -> None:
    solution = (
        "In May 48/2=<<48/2=24>>24.\n48+24=<<48+24=72>>72 in all.\n72*3=<<72*3=216>>216 dollars.\n#### 216"
    )
    judged = ORACLE.judge(CLIPS, solution)
    assert [step.label for step in judged.steps] == ["right"] * 3
    assert judged.reachable == (True, True, True)
    assert judged.answer_right
    assert [solution[step.start : step.end] for step in judged.steps] == solution.split("\n")[:3]


@pytest.mark.parametrize(
    "lines",
    [
        ["48*3 = 144", "24*3 = 72", "144+72 = 216"],
        ["48 + 48/2 = 48 + 24 = 72", "72*3 = 216"],
        ["1.5 * 48 = 72", "72 x 3 = 216"],
        ["1 + 1/2 = 3/2", "48*3/2 = 72", "3*72 = 216"],
        ["48*4.5=216"],
        ["(48 + 48/2) * 3 = 216"],
        ["She sold 24 clips in May.", "48+24=72", "The answer is 216."],
        ["48*3=144 dollars in April, and half of 144 is 72 dollars in May.", "144+72=216"],
    ],
)
def test_other_ways_to_the_answer_are_right_too(lines: list[str]) -> None:
    assert labels(CLIPS, *lines) == ["right"] * len(lines)


@pytest.mark.parametrize(
    "lines",
    [
        ["25% of 80 is 20", "80-20=60", "15+9=24", "60-24=36"],
        ["100-25=75", "80*75/100=60", "60-9=51", "51-15=36"],
        ["80*0.25=20", "80-20-15-9=36"],
        ["1-0.25=0.75", "80*0.75=60", "60-15=45", "45-9=36"],
        ["80/4=20", "80-15=65", "65-9=56", "56-20=36"],
    ],
)
def test_percentages_and_differences_may_be_taken_in_any_order(lines: list[str]) -> None:
    assert labels(SALE, *lines) == ["right"] * len(lines)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("48/2=25", "false"),
        ("48/2=<<48/2=24>>25", "another number than the annotation's"),
        ("48*2=96", "wrong operation"),
        ("2/48=1/24", "turned over"),
        ("48+7=55", "the age of the cat"),
        ("48-31=17", "31 is from nowhere"),
        ("She sold 31 clips in May.", "no number of the story"),
        ("The answer is 72.", "a number of the story, and not the answer"),
        ("48/0=48", "no number at all"),
    ],
)
def test_mistakes_are_wrong_and_end_the_hope(line: str, why: str) -> None:
    judged = ORACLE.judge(CLIPS, f"Let us see.\n{line}\n48+24=72")
    assert [step.label for step in judged.steps] == ["unverifiable", "wrong", "right"], why
    assert judged.reachable == (True, False, False)


def test_what_holds_for_these_numbers_only_is_wrong() -> None:
    """2+2 = 2*2: the story adds, and with 3 and 5 in it a product would be 15 and not 8."""
    adding = story([given("n1", "2"), given("n2", "2"), made("n3", "4", "n1+n2")], "n3", "4")
    assert labels(adding, "2+2=4") == ["right"]
    assert labels(adding, "2*2=4") == ["wrong"]


@pytest.mark.parametrize(
    "line",
    [
        "Let us think.",
        "She sold 48 clips in April.",
        "How many are 24 and 48?",
        "Maybe she sold 31?",
        "Let x = 5.",
    ],
)
def test_what_claims_nothing_new_is_unverifiable(line: str) -> None:
    assert labels(CLIPS, line) == ["unverifiable"]


def test_everyday_arithmetic_is_unverifiable_and_leaves_the_prefix_open() -> None:
    judged = ORACLE.judge(CLIPS, "60*10=600\nHm.\n48/2=24")
    assert [step.label for step in judged.steps] == ["unverifiable", "unverifiable", "right"]
    assert judged.reachable == (None, None, True)


def test_a_check_that_only_leads_back_is_neither_right_nor_wrong() -> None:
    judged = ORACLE.judge(CLIPS, "48/2=24\n48+24=72\n72-24=48")
    assert [step.label for step in judged.steps] == ["right", "right", "unverifiable"]
    assert judged.reachable == (True, True, True)


def test_a_wrong_answer_after_right_steps_closes_the_last_prefix_only() -> None:
    judged = ORACLE.judge(CLIPS, "48/2=24\n48+24=72\n#### 72")
    assert judged.reachable == (True, False)
    assert not judged.answer_right


def test_without_an_answer_the_last_prefix_stays_open() -> None:
    judged = ORACLE.judge(CLIPS, "48/2=24\n48+24=72")
    assert judged.reachable == (True, True)
    assert not judged.answer_right


def test_a_right_answer_after_a_wrong_step_does_not_reopen_it() -> None:
    judged = ORACLE.judge(CLIPS, "48+7=55\n#### 216")
    assert judged.reachable == (False,)
    assert judged.answer_right


def test_scores_are_one_half_and_zero() -> None:
    (scores,) = ORACLE.score([CLIPS], ["48/2=24\nHm.\n48*2=96\n#### 96"])
    assert scores.scores == (1.0, 0.5, 0.0)
    assert [(step.label, step.score) for step in scores.steps] == [
        ("right", 1.0),
        ("unverifiable", 0.5),
        ("wrong", 0.0),
    ]


def test_score_refuses_unequal_lengths() -> None:
    with pytest.raises(ValueError):
        ORACLE.score([CLIPS, CLIPS], ["48/2=24"])


def test_without_a_graph_only_false_arithmetic_is_known() -> None:
    plain = Problem("q", "How many?", "24")
    assert has_graph(CLIPS)
    assert not has_graph(plain)
    judged = ORACLE.judge(plain, "48/2=24\n48/2=25\n#### 24")
    assert [step.label for step in judged.steps] == ["unverifiable", "wrong"]
    assert judged.reachable == (None, False)
    assert ORACLE.judge(plain, "48/2=24\n#### 24").reachable == (True,)


@pytest.mark.parametrize(
    ("rows", "answer_node", "word"),
    [
        ([given("n1", "4"), made("n2", "9", "n1*2")], "n2", "n1\\*2 is 8"),
        ([made("n2", "8", "n1*2")], "n2", "row 0"),
        ([given("n1", "four")], "n1", "four"),
        ([given("n1", "4"), made("n2", "4", "n1 ** 1")], "n2", "row 1"),
        ([given("n1", "4")], "n9", "n9"),
    ],
)
def test_a_broken_graph_is_refused_with_its_place(
    rows: list[dict[str, object]], answer_node: str, word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        ORACLE.judge(story(rows, answer_node, "8"), "4*2=8")


HOSTILE = [
    "",
    "\n" * 5000,
    "=" * 20000,
    "<<" * 9000 + ">>" * 9000,
    "(" * 5000 + "1" + ")" * 5000 + " = 1",
    "1+" * 20000 + "1 = 20001",
    "9" * 50000 + " * " + "9" * 50000 + " = 1",
    "1/3*" * 300 + "1 = 1",
    "48/0 = " * 3000,
    "٤٨/٢=٢٤ ４８÷２＝２４ ½⅓ \x00\ud800",
    "<<48/2=24" * 500,
    "$" + "\\frac{" * 2000,
    "1 2 " * 8000,
    "a of a of " * 8000,
    "48 48 48 48 - 24 24 24 = 24\n" * 3000,
    "2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2*2 = 4",
    "__import__('os').system('true') = 1",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_neither_raises_nor_hangs(text: str) -> None:
    start = time.process_time()
    judged = ORACLE.judge(CLIPS, text)
    assert time.process_time() - start < 6  # well under one; what hangs takes minutes
    assert len(judged.steps) == len(judged.reachable)


@settings(max_examples=150, deadline=None)
@drawn_from(
    st.lists(
        st.sampled_from(
            [*"0123456789+-*/=()<>.,%$ x", "48", "24", "72", " is ", "half of ", "<<", ">>", "\n"]
        ),
        max_size=60,
    )
)
def test_any_text_gets_a_judgement_that_never_reopens_a_prefix(pieces: list[str]) -> None:
    judged = ORACLE.judge(CLIPS, "".join(pieces))
    assert len(judged.steps) == len(judged.reachable)
    closed = [entry is False for entry in judged.reachable]
    assert closed == sorted(closed)
