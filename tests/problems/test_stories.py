"""The embedded world, checked from its texts alone: nothing here trusts the generator's own arithmetic."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from numerate.problems.stories import DEFAULTS, SPLITS, Knobs, generate
from numerate.types import Problem

COUNTS = {"train": 2000, "validation": 250, "test": 250, "test-templates": 250, "test-longer": 60}
ANNOTATION = re.compile(r"(\S+)=<<([^=<>]+)=([^<>]+)>>([\d.]*\d)")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
IN_WORDS = {
    "2": ("twice", "double", "half", "same way", "same road", "as long", "same amount", "average", "two "),
    "3": ("third", "three "),
    "4": ("quarter",),
    "5": ("fifth",),
    "6": ("sixth",),
    "8": ("eighth",),
    "10": ("tenth",),
    "7": ("week",),
    "12": ("dozen",),
    "60": ("hour",),
    "100": ("%", "cents"),
}
"""numbers that a text says in words"""


@cache
def sample(split: str) -> tuple[Problem, ...]:
    return tuple(generate(split, 0, COUNTS[split]))


def everything() -> list[Problem]:
    return [problem for split in SPLITS for problem in sample(split)]


def lines(problem: Problem) -> list[str]:
    return problem.solution.split("\n")[:-1]


def value(text: str) -> Fraction:
    """A second evaluator, by rewriting: brackets, then * and / from the left, then + and - from the left."""
    while "(" in text:
        text = re.sub(r"\(([^()]*)\)", lambda m: str(value(m.group(1))), text, count=1)
    terms = re.split(r"(?<=[\d])([+-])", text)
    total = Fraction(0)
    for sign, term in zip(["+", *terms[1::2]], terms[::2], strict=True):
        parts = re.split(r"([*/])", term)
        product = Fraction(parts[0])
        for operator, factor in zip(parts[1::2], parts[2::2], strict=True):
            product = product * Fraction(factor) if operator == "*" else product / Fraction(factor)
        total += product if sign == "+" else -product
    return total


def test_the_second_evaluator_knows_the_order_of_operations() -> None:
    assert value("2+3*4-10/4") == Fraction(23, 2)  # 2 + 12 - 2.5
    assert value("(118+90)/2") == 104
    assert value("80*25/100") == 20


def check_every_line(problem: Problem) -> None:
    for line in lines(problem):
        found = ANNOTATION.findall(line)
        assert len(found) == 1 and line.count("<<") == 1, line
        before, left, right, after = found[0]
        assert before == left and right == after
        assert value(left) == Fraction(right), line


@pytest.mark.parametrize("split", SPLITS)
def test_every_line_holds_one_exact_calculation(split: str) -> None:
    for problem in sample(split)[:400]:
        check_every_line(problem)


@pytest.mark.slow
@pytest.mark.parametrize("split", SPLITS)
def test_every_line_of_thousands_holds_one_exact_calculation(split: str) -> None:
    for problem in generate(split, 10_000, 2000):
        check_every_line(problem)


@pytest.mark.parametrize("split", SPLITS)
def test_the_answer_is_the_last_result_and_steps_are_lines(split: str) -> None:
    for problem in sample(split):
        last = problem.solution.rsplit("\n", 1)[1]
        assert last == f"#### {problem.answer}"
        assert ANNOTATION.findall(lines(problem)[-1])[0][2] == problem.answer
        assert problem.meta["steps"] == problem.meta["level"] == len(lines(problem))
        low, high = DEFAULTS[split].steps
        assert low <= problem.meta["steps"] <= high


def test_no_calculation_is_idle_and_none_uses_a_number_from_nowhere() -> None:
    """Operands stand in the question (as digits or in words) or are earlier results; every result is used."""
    for problem in everything():
        results: list[str] = []
        told = NUMBER.findall(problem.question)
        used: set[str] = set()
        for line in lines(problem):
            _, left, right, _ = ANNOTATION.findall(line)[0]
            for operand in NUMBER.findall(left):
                known = any(Fraction(operand) == Fraction(number) for number in told) or operand in results
                words = IN_WORDS.get(operand, ())
                assert known or any(word in problem.question.lower() for word in words), (operand, problem)
                used.add(operand)
            results.append(right)
        assert all(result in used for result in results[:-1]), problem


def test_results_are_whole_or_money_in_cents_and_positive() -> None:
    for problem in everything():
        for line in lines(problem):
            result = Fraction(ANNOTATION.findall(line)[0][2])
            assert result >= 2
            assert (result * 100).denominator == 1
            assert result.denominator == 1 or "$" in problem.question, line


def filled(expr: str, nodes: dict[str, Any]) -> str:
    return re.sub(r"n\d+", lambda match: nodes[match.group()]["value"], expr)


def test_the_graph_tells_the_same_as_the_solution() -> None:
    for problem in everything():
        nodes = {node["id"]: node for node in problem.meta["graph"]}
        for node in nodes.values():
            if node["expr"] is not None:
                assert value(filled(node["expr"], nodes)) == Fraction(node["value"])
        derived = [node["value"] for node in nodes.values() if node["expr"] is not None]
        assert derived == [ANNOTATION.findall(line)[0][2] for line in lines(problem)]
        assert nodes[problem.meta["answer_node"]]["value"] == problem.answer


def test_the_graph_knows_every_number_of_the_question_and_which_of_them_matter() -> None:
    for problem in everything():
        given = [node for node in problem.meta["graph"] if node["expr"] is None]
        told = sorted(Fraction(number) for number in NUMBER.findall(problem.question))
        assert told == sorted(Fraction(node["value"]) for node in given), problem.question
        assert all(node["relevant"] for node in problem.meta["graph"] if node["expr"] is not None)
        assert sum(not node["relevant"] for node in given) == problem.meta["distractors"]


def test_the_share_of_problems_with_distractors_follows_the_knob() -> None:
    share = sum(problem.meta["distractors"] > 0 for problem in sample("train")) / COUNTS["train"]
    assert 0.20 < share < 0.30  # 0.25 wanted; four standard deviations of 2,000 draws are 0.04
    none = generate("train", 0, 100, knobs=Knobs(distractors=0.0))
    assert all(problem.meta["distractors"] == 0 for problem in none)
    always = generate("train", 0, 100, knobs=Knobs(distractors=1.0))
    assert all(problem.meta["distractors"] > 0 for problem in always)


def test_steps_come_in_the_proportions_that_were_asked_for() -> None:
    counts = [0] * 7
    for problem in sample("train"):
        counts[problem.meta["steps"]] += 1
    for steps, share in ((1, 0.10), (2, 0.24), (3, 0.26), (4, 0.20), (5, 0.12), (6, 0.08)):
        assert abs(counts[steps] / COUNTS["train"] - share) < 0.04


def test_there_are_forty_relations_and_twelve_scenarios_at_least() -> None:
    relations = {name for problem in sample("train") for name in problem.meta["relations"]}
    scenarios = {problem.meta["scenario"] for problem in sample("train")}
    assert len(relations) >= 80
    assert len(scenarios) >= 24


def test_questions_are_short_enough_for_a_small_context() -> None:
    lengths = sorted(len(problem.question.split()) for problem in sample("train"))
    assert 25 <= lengths[len(lengths) // 2] <= 50
    for problem in sample("train"):
        assert len(f"{problem.question} {problem.solution}".split()) < 250


def test_magnitude_moves_the_size_of_the_numbers() -> None:
    def middle(magnitude: int) -> float:
        knobs = Knobs(magnitude=magnitude)
        answers = sorted(float(problem.answer) for problem in generate("train", 0, 300, knobs=knobs))
        return answers[150]

    small, large = middle(1), middle(3)
    assert small * 2 < large
    assert all(float(p.answer) < 1000 for p in sample("train") if "cents" not in p.question)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": (0, 3)},
        {"steps": (5, 4)},
        {"steps": (1, 9)},
        {"magnitude": 4},
        {"distractors": 1.5},
        {"vocabulary": "rare"},
        {"templates": "all"},
    ],
)
def test_wrong_knobs_are_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Knobs(**wrong)  # pyright: ignore[reportArgumentType]


def test_an_unknown_split_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="test-templates"):
        next(generate("dev"))
