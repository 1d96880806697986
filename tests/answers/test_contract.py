"""Whatever is inside: a verdict, within a number of steps, and a fault of the grader is counted and shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from numerate.answers import (
    answer,
    budget,
    cluster,
    decide,
    decide_strict,
    equal,
    equivalence,
    extract,
    faults,
    grade,
    grade_lines,
)
from numerate.answers.budget import READING, STEPS, BudgetExceeded, Limit, spend_steps, used_steps
from numerate.types import Grade, Problem

BREAKING = "1+2+3+4"
"""the text that breaks the grader of these tests"""


@pytest.fixture(params=[TypeError, RecursionError, MemoryError, ValueError])
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    """A grader with a fault in it."""
    read = answer.rewrite_notations

    def fails(normal: str) -> str:
        if normal == BREAKING:
            raise request.param("a bug")
        return read(normal)

    monkeypatch.setattr(answer, "rewrite_notations", fails)
    answer._short_tree.cache_clear()
    return request.param


def test_a_fault_is_a_verdict_everywhere(broken: type[Exception]) -> None:
    before = faults.count_faults()
    problem = Problem("", "", "10")
    assert not equal(BREAKING, "10") and not equal("10", BREAKING)
    assert decide(BREAKING, "10").how == "error"
    assert decide_strict(BREAKING, "10", strict=True).how == "error"
    assert grade(f"\\boxed{{{BREAKING}}}", problem).how == "error"
    assert extract(f"\\boxed{{{BREAKING}}} or \\boxed{{{BREAKING}+1}}") is not None
    assert cluster([BREAKING, "10", BREAKING, None, "10.0"]) == [0, 1, 0, -1, 1]
    assert faults.count_faults() - before >= 6
    assert faults.faults_since(before)[0] == faults.Fault(
        before + 1, f"{broken.__name__}: a bug", (BREAKING, "10")
    )


def test_a_fault_is_a_row_of_its_own_with_its_input_and_the_others_are_graded(
    broken: type[Exception],
) -> None:
    rows = [
        {"id": 1, "reference": "10", "candidate": "10.0"},
        {"id": 2, "reference": "10", "candidate": BREAKING},
        {"id": 3, "reference": "10", "solution": f"#### {BREAKING}"},
        {"id": 4, "reference": "10", "candidate": "11"},
    ]
    first, second, third, last = grade_lines(map(json.dumps, rows))
    assert (first["correct"], last["correct"]) == (True, False)
    assert second == {
        "id": 2, "correct": False, "answer": BREAKING, "how": "error",
        "exception": f"{broken.__name__}: a bug", "reference": "10", "candidate": BREAKING,
    }  # fmt: skip
    assert third["how"] == "error" and third["solution"] == f"#### {BREAKING}"


def test_what_is_shown_of_an_input_is_short_and_can_be_written() -> None:
    assert faults.shorten_text("\ud800x") == "\\ud800x"
    assert len(faults.shorten_text("5" * 1_000_000)) < 400 and "1,000,000 characters" in faults.shorten_text(
        "5" * 1_000_000
    )


# -- inputs ----------------------------------------------------------------------
def test_no_answer_equals_nothing_and_numbers_stand_for_text() -> None:
    assert not equal(None, "5") and decide(None, "None").how == "no_answer"
    assert equal(5, "5") and equal("0.5", 0.5)  # type: ignore[arg-type]
    assert grade(None, Problem("", "", "5")) == Grade(None, False, "no_answer")
    assert cluster([5, "5", None, "5.0"]) == [0, 0, -1, 0]  # type: ignore[list-item]


@pytest.mark.parametrize("pair", [("5", None), (["5"], "5"), ("5", True), (b"5", "5"), (None, None)])
def test_what_is_no_answer_is_refused_and_named(pair: Any) -> None:
    with pytest.raises(ValueError, match="give a text or a number"):
        equal(*pair)


@pytest.mark.parametrize(
    "text", ["\ud800", "\x00", "5\x00", "\udcff\udcfe", "\\sqrt{\ud800}", "￿", "\u202e5", "(A) \ue000 \ue001"]
)
def test_broken_unicode_is_graded(text: str) -> None:
    before = faults.count_faults()
    assert not equal(text, "17") and not equal("17", text)
    assert equal(text + "x", text + "x")
    assert cluster([text, "17", text, "17.0"]) in ([0, 1, 0, 1], [-1, 0, -1, 0])
    assert extract(f"The answer is (B). {text}", "choice") is not None
    assert faults.count_faults() == before


# -- steps ----------------------------------------------------------------------
ROOTS = [f"\\sqrt{{{k}}}+\\sqrt{{{k + 1}}}" for k in range(2, 62)]
TURNED = [f"\\sqrt{{{k + 1}}}+\\sqrt{{{k}}}+0" for k in range(61, 1, -1)]
SINES = "\\\\".join("&".join(f"\\sin a_{{{i}{j}}}" for j in range(6)) for i in range(6))
DOUBLE_SUM = "\\sum_{k=1}^{n^2}\\sum_{j=1}^{k}\\sqrt{jk}"
COSTLY = {
    "members in another order": (", ".join(ROOTS), ", ".join(TURNED)),
    "nested sets": ("\\{" * 12 + "\\sqrt2, 1" + "\\}" * 12, "\\{" * 12 + "\\sqrt2, 2" + "\\}" * 12),
    "sums of sums": (DOUBLE_SUM, f"{DOUBLE_SUM}x"),
    "a determinant of letters": (f"\\det \\begin{{pmatrix}}{SINES}\\end{{pmatrix}}", "x"),
    "long powers": ("+".join(f"{k}^{{{9000 // k}}}" for k in range(2, 1500)), "1"),
    "a least common multiple": ("\\lcm(" + ",".join(f"{k}^{{700}}" for k in range(2, 900)) + ")", "1"),
    "many readings": tuple(", ".join(f"{k},{k}{end}" for k in range(100, 900)) for end in ("00", "01")),
}


@pytest.mark.parametrize("what", COSTLY)
def test_no_comparison_takes_more_steps_than_its_budget(what: str) -> None:
    one, other = COSTLY[what]
    for a, b in ((one, other), (other, one)):
        verdict = decide(a, b)
        assert not verdict.equal or what == "members in another order"
        assert used_steps() < STEPS + READING
    assert decide(one, other).equal == decide(other, one).equal


def test_costly_answers_leave_the_votes_of_others_alone() -> None:
    costly = [", ".join([*ROOTS[k:], *ROOTS[:k], f"{k}"]) for k in range(5)]
    votes = cluster([*costly, "\\sqrt{8}", "2\\sqrt{2}", costly[3], "\\sqrt{9}", "3"])
    assert votes[5] == votes[6] and votes[7] == votes[3] and votes[8] == votes[9] != votes[5]


def test_work_beyond_the_budget_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equivalence, "LIMIT", Limit(1_000))
    one, other = COSTLY["members in another order"]
    assert decide(one, other) == equivalence.TOO_LONG
    assert decide("\\sqrt{8}", "2\\sqrt{2}").equal


def test_a_cached_tree_costs_what_it_cost_to_read() -> None:
    answer._short_tree.cache_clear()
    pair = "\\frac{1}{2}+\\sqrt{13}", "\\frac{2}{4}+\\sqrt{13}"
    costs: list[int] = []
    for _ in range(2):
        assert equal(*pair)
        costs.append(used_steps())
    assert costs[0] == costs[1]


def test_budgets_in_each_other_are_one() -> None:
    with pytest.raises(BudgetExceeded), Limit(10):
        for _ in range(20):
            with Limit(10):
                spend_steps()
    assert used_steps() == 11
    spend_steps(10**9)  # outside of any there is none
    with pytest.raises(BudgetExceeded):
        budget.measure_steps(lambda text: spend_steps(READING + 1), "")


def steps(text: str) -> int:
    decide(text, "\\pi")
    return used_steps()


@pytest.mark.parametrize(
    "form",
    ["3" + "\\frac3" * 7, "\\frac3" * 7, "3\\frac{" * 4 + "1" + "}{2}" * 4, "\\text{" * 4 + "5" + "}" * 4],
)
def test_fractions_behind_numbers_are_read_once(form: str) -> None:
    """Twice the text, at most three times the steps: it was twice the steps for every fraction."""
    assert steps(f"{form}, {form}, {form}, {form}") < 3 * steps(f"{form}, {form}") + 100


@pytest.mark.parametrize("text", ["3" + "\\frac3" * 20, "3" + "\\frac3" * 24 + "\\f", "1\\frac{" * 300 + "1"])
def test_a_model_that_loops_on_a_fraction_costs_little(text: str) -> None:
    assert steps(text) < 10_000
    assert grade(f"\\boxed{{{text}}}", Problem("", "", "3")).how in ("no_match", "no_answer")


@pytest.mark.parametrize(
    "text", [" " * 20_000 + "x", "$ " * 20_000 + "x", "- " * 9_000 + ".", "1" + " $" * 9_000 + "1"]
)
def test_white_space_around_numbers_costs_nothing(text: str) -> None:
    assert not equal(text, "17")


# -- arguments ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    ["cos(0,5)", "\\log_2(8,3)", "abs(1,2)", "\\max()", "sqrt(4,2)", "\\ln(1,5)", "floor(2,5)",
     "exp()", "\\sin^2(1,5)", "\\log(8,2)", "\\arctan(1, 2)", "\\gcd()", "cis(1,2,3)", "\\tan^\\circ 5",
     "\\ln^\\circ k", "factorial(1,2)", "\\log_{1.00000000000000000001} 5"],
)  # fmt: skip
def test_a_wrong_number_of_arguments_is_undecided(text: str) -> None:
    before = faults.count_faults()
    for other in ("1", "x", "\\sqrt{2}", f"{text} + 1"):
        assert not equal(text, other) and not equal(other, text)
    assert equal(text, f" {text} ")
    assert len(set(cluster([text, "1", text]))) == 2
    assert faults.count_faults() == before


def test_functions_of_several_arguments_keep_them() -> None:
    assert equal("\\max(1, 5, 3)", "5") and equal("\\gcd(12, 18)", "6") and equal("\\log_2(8)", "3")
    assert equal("\\log_2\\frac12", "-1") and equal("\\sqrt[3]{8}", "2")


# -- decimals that a program printed ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("decimal", "value", "same"),
    [
        ("2.43290200817664e+18", "2432902008176640000", True),
        ("2.43290200817664e+18", "20!", True),
        ("2.43290200817665e+18", "2432902008176640000", True),  # one unit of its last place
        ("2.43290200817668e+18", "2432902008176640000", False),
        ("2.43290200817664e+17", "2432902008176640000", False),
        ("3.0414093201713376e+64", "50!", True),
        ("3.0414093201753376e+64", "50!", False),
        ("3.0414093201713376e+65", "50!", False),
        ("1.5511210043330986e+25", "25!", True),
        ("2.7182818284590452e+25", "e\\cdot 10^{25}", True),
        ("2.7182818284590452e+25", "e\\cdot 10^{24}", False),
        ("9.02521365325048e+18", "\\frac{7}{2}", False),
        ("1.2676506002282294e+30", "2^{100}", True),
        ("1.2676506002282294 \\times 10^{30}", "2^{100}", True),
        ("1.2676506002292294e+30", "2^{100}", False),
        ("6.123233995736766e-17", "0", False),
    ],
)
def test_a_decimal_with_a_large_exponent_is_taken_to_its_last_place(
    decimal: str, value: str, same: bool
) -> None:
    assert equal(decimal, value) is same
    assert equal(value, decimal) is same
    assert len(set(cluster([decimal, value]))) == (1 if same else 2)


def test_extraction_has_no_budget_of_its_own_to_spend_twice() -> None:
    many = " and ".join(f"\\boxed{{{', '.join(ROOTS[k:])}}}" for k in range(16))
    grade(many, Problem("", "", ", ".join(ROOTS)))
    assert used_steps() < STEPS + READING
    assert extract(many) is not None


# -- trees ----------------------------------------------------------------------
def test_many_fractions_side_by_side_are_no_deep_tree() -> None:
    assert equal("+".join(f"{k}/97" for k in range(1, 90)), "4005/97")
    assert equal(" \\cdot ".join(f"{k}/{k + 1}" for k in range(1, 31)), "1/31")
    assert equal("+".join(f"{k}!" for k in range(1, 60)) + "+0", "+".join(f"{k}!" for k in range(59, 0, -1)))


@pytest.mark.parametrize(
    "text",
    [
        "1" + "/2" * 5_000,
        "x" + "!" * 30 + "'" * 30 + "%" * 30,
        "\\pm" * 3_000 + "1",
        "-(" * 12 + "1" + ("/2" * 39 + "!!!!!%%%%)") * 12,
        "\\sqrt" * 3_000 + "2",
        "\\binom" * 300 + "2",
        "1_" * 3_000 + "1",
        "1\\over " * 300 + "1",
        "\\sum_{k=1}^n(" * 9 + "1" + ("/2" * 39 + "!!!)") * 9,
        "sin(" * 10 + "1" + ("/2" * 39 + "!!!)") * 10,
        "5" + " thousand" * 300,
    ],
    ids=lambda text: text[:12],
)
def test_a_deep_tree_is_not_read(text: str) -> None:
    before = faults.count_faults()
    for other in ("1", "\\sqrt{2}", f"{text} + 1"):
        assert not equal(text, other) and not equal(other, text) and not equal(text, other, strict=True)
    assert len(set(cluster([text, "\\sqrt{2}", f"{text}+1"]))) == 3
    assert faults.count_faults() == before


@pytest.mark.parametrize(
    "text",
    [
        "**\\;" * 5_000 + "}",
        "<answer>7" * 5_000 + "x",
        "<answer>between" + "-$$" * 15_000,
        "=" * 45_000 + "\\cos",
        "3 and 4: " + "+".join(f"{k}x^{{{k}}}" for k in range(1_000)),
    ],
    ids=lambda text: text[:12],
)
def test_extraction_is_linear(text: str) -> None:
    for kind in ("math", "number", "choice"):
        extract(text, kind)
