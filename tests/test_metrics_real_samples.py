"""Thirty sampled programs for each SVAMP problem: the published numbers, recomputed from the attempts."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean

import pytest

from numerate.answers import cluster
from numerate.metrics import Candidates, cost_ratio, curves, oracle_curve, outcomes, pass_at_k
from numerate.metrics.reranked import by_limit
from numerate.selection import STRATEGIES


@pytest.fixture(scope="module")
def problems(data_dir: Path) -> list[Candidates]:
    """Scores: shorter programs first, which is a judge that many could have thought of."""
    found: list[Candidates] = []
    with (data_dir / "samples" / "svamp_pot_codex_30.jsonl").open() as lines:
        for row in map(json.loads, lines):
            answers = [None if each["pred"] is None else repr(each["pred"]) for each in row["samples"]]
            scores = [1 / (1 + len(each["code"])) for each in row["samples"]]
            correct = [each["correct"] for each in row["samples"]]
            found.append(Candidates(cluster(answers, "number"), correct, scores))
    return found


def percent(values: list[bool] | list[float]) -> float:
    return round(100 * fmean(values), 2)


def test_pass_at_k_and_the_vote_are_as_published(problems: list[Candidates]):
    published = {1: 79.77, 2: 88.06, 5: 93.54, 10: 95.79, 20: 97.29, 30: 97.90}
    for k, value in published.items():
        assert percent([pass_at_k(30, sum(p.correct), k) for p in problems]) == value
    assert percent(outcomes("majority", problems)) == 88.09


def test_the_oracle_climbs_from_the_vote_to_pass_at_30(problems: list[Candidates]):
    curve = {k: percent(hits) for k, hits in oracle_curve(problems, [1, 2, 4, 30]).items()}
    assert (curve[1], curve[30]) == (88.09, 97.90)
    assert curve[1] < curve[2] < curve[4] < curve[30]
    cost = [cost_ratio("rerank_topk", problems, k) for k in (1, 2, 4, 30)]
    assert cost == sorted(cost) and 0.8 < cost[0] < cost[-1] < 1  # those without an answer are in no cluster


def test_a_weighted_vote_of_equal_weights_is_the_vote(problems: list[Candidates]):
    equal = [Candidates(p.clusters, p.correct, [0.7] * 30) for p in problems]
    assert outcomes("weighted", equal) == outcomes("majority", problems)
    ten = curves(equal, [10], [], strategies=("majority", "weighted"))
    assert fmean(ten["weighted", 10, None]) == pytest.approx(fmean(ten["majority", 10, None]), abs=0.003)


def test_arrays_and_one_by_one_agree_on_every_real_problem(problems: list[Candidates]):
    some = problems[::5]
    found = curves(some, [30], [1, 2, 8])
    for strategy in STRATEGIES:
        limited = by_limit(found, strategy, 30)
        for limit in limited or (None,):
            wanted = outcomes(strategy, some, k=limit, n=limit)
            assert found[strategy, 30, limit] == [float(hit) for hit in wanted], (strategy, limit)


SYSTEMS = {
    "openai_6b_finetuning": 21.68,
    "openai_6b_verification": 39.04,
    "openai_175b_finetuning": 34.72,
    "openai_175b_verification": 56.25,
    "tora_70b": 84.31,
}


def test_five_systems_vote_on_gsm8k_with_the_weight_that_each_has_earned(data_dir: Path):
    """Published accuracies are the weights. The best system alone is RR.All: nobody outscores it."""
    answers: dict[str, list[str | None]] = {}
    correct: dict[str, list[bool]] = {}
    for system in SYSTEMS:
        with (data_dir / "samples" / "gsm8k_test" / f"{system}.jsonl").open() as lines:
            for row in map(json.loads, lines):
                found = row["pred"]
                answers.setdefault(row["id"], []).append(None if found is None else str(found))
                correct.setdefault(row["id"], []).append(row["correct"])
    weights = [value / 100 for value in SYSTEMS.values()]
    problems = [Candidates(cluster(answers[id], "number"), correct[id], weights) for id in answers]
    assert [percent([p.correct[at] for p in problems]) for at in range(5)] == list(SYSTEMS.values())
    assert percent(outcomes("rerank_all", problems)) >= 84.31
    assert percent(outcomes("weighted", problems)) > percent(outcomes("majority", problems)) + 10
    last = curves(problems, [5], [1])["rerank_all", 5, None]
    assert percent(last) == percent(outcomes("rerank_all", problems))
