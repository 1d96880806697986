"""Rollouts that were given the beginning of their solution (curricula), as data of later stages: what is
learned from and judged is the whole solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from numerate.evaluate import greedy_rows
from numerate.methods import evaluator_training as evaluator
from numerate.methods import expert_iteration as ei
from numerate.methods import outcome_reward_model as orm
from numerate.methods import process_reward_model as prm
from numerate.methods import return_conditioned as rc
from numerate.methods import step_labels
from numerate.models import return_tags
from numerate.models.return_tags import Conditioning
from numerate.reranking.scores import scored_by
from numerate.rewards.correct import score_rollout
from numerate.rollouts.load_rollouts import without_repeats
from numerate.steps import split
from numerate.types import Group, Problem, Rollout, Scored, StepScores, Turn
from tests import tiny
from tests.methods.toy import job

PEN = Problem("q", "A pen costs 2. 3 pens and a book of 4?", "10", solution="3*2=6\n6+4=10\n#### 10")
LINE, REST = "3*2=<<3*2=6>>6\n", "6+4=<<6+4=10>>10\n#### 10"
TOKENIZER = tiny.tokenizer(bos=False)


def rollout(line: str = LINE, rest: str = REST, index: int = 0) -> Rollout:
    given = Turn("assistant", line, tuple(TOKENIZER(line).input_ids))
    own = Turn("assistant", rest, (*TOKENIZER(rest).input_ids, 2), trained=True)
    return Rollout("q", index, (Turn("user", "?\n", (3, 4)), given, own))


def group(*rollouts: Rollout) -> Group:
    return Group(PEN, tuple(score_rollout(PEN, r) for r in rollouts))


def test_judges_of_outcomes_are_trained_on_the_whole() -> None:
    [marked] = orm.label_outcomes([group(rollout())])
    assert marked.steps == (LINE.strip(), REST)


def test_judges_of_steps_are_trained_on_the_whole() -> None:
    labelled = replace(rollout(), steps=tuple(replace(s, label="right") for s in split(LINE + REST)))
    [marked] = prm.label_steps([group(labelled)], "stored")
    assert marked.steps == (LINE.strip(), REST) and marked.labels == (1, 1)


def test_evaluators_are_trained_on_the_whole() -> None:
    assert evaluator.sort_solutions(group(rollout()), None).right == (LINE + REST,)


def test_steps_are_labelled_from_the_first_on(tmp_path: Path) -> None:
    rollouts = group(rollout())
    [begun] = step_labels.step_prefixes(rollouts.rollouts[0], rollouts)
    assert begun.text == LINE
    hits = {begun.id: [True, False]}
    told = step_labels.label_rollout(rollouts.rollouts[0], rollouts, hits, step_labels.Config(rollouts="x"))
    assert [(step.text, step.score) for step in told.rollout.steps] == [
        (LINE.strip(), 0.5),
        ("6+4=<<6+4=10>>10", 1.0),
    ]


def test_another_beginning_is_another_solution() -> None:
    both = group(rollout(), rollout("2+2+2=6\n", index=1), rollout(index=2))
    assert [s.rollout.index for s in without_repeats(both).rollouts] == [0, 1]
    kept = {how: ei.gather_rollouts([[both]], ei.Config(dedupe=how)) for how in ("exact", "trace")}
    assert [[r.index for r in found] for [found] in kept.values()] == [[0, 1], [0, 1]]


def test_scorers_read_the_whole() -> None:
    read: list[str] = []

    class Reader:
        def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
            read.extend(solutions)
            return [StepScores((1.0,)) for _ in solutions]

    scored_by(Reader(), [group(rollout())])
    assert read == [LINE + REST]


def test_a_strict_grade_is_of_the_whole() -> None:
    """The line of the answer is in what was given."""
    problem = replace(PEN, source="gsm8k")
    whole = score_rollout(problem, rollout("3*2=6\n#### 10\n", ""))
    rows = {row["metric"]: row["value"] for row in greedy_rows([Group(problem, (whole,))])}
    assert rows["accuracy_strict"] == rows["accuracy"] == 1


def row(folder: Path, scored: Scored, **options: Any) -> tuple[str, str]:
    """The row of return-conditioned training, and what of it is trained."""
    policy = job(folder).load("base")
    return_tags.write_conditioning(policy.model.config, Conditioning())
    made = rc.conditioned_row(policy, PEN, scored, rc.Config(rollouts="x", **options), "plain")
    trained = [i for i, seen in zip(made.ids, made.mask, strict=True) if seen]
    return str(policy.tokenizer.decode(made.ids)), str(policy.tokenizer.decode(trained))


def test_a_return_conditioned_policy_reads_what_was_given_and_learns_the_rest(tmp_path: Path) -> None:
    """Every line has the tag of its own return; the given one is no token of the loss."""
    steps = [replace(s, score=p) for s, p in zip(split(LINE + REST), (0.25, 1.0), strict=True)]
    scored = score_rollout(PEN, replace(rollout(), steps=tuple(steps)))
    whole, trained = row(tmp_path, scored)
    assert whole.endswith(f"[BAD]\n{LINE}[GOOD]\n6+4=<<6+4=10>>10\n[GOOD]\n#### 10</s>")
    assert trained == REST + "</s>"


def test_what_a_calculator_wrote_is_read_and_not_trained(tmp_path: Path) -> None:
    parts = [("6+4=<<6+4=", True), ("10>>", False), ("10\n#### 10", True)]
    turns = tuple(
        Turn("assistant", text, tuple(TOKENIZER(text).input_ids), trained=own) for text, own in parts
    )
    scored = score_rollout(PEN, Rollout("q", 0, (Turn("user", "?\n", (3,)), *turns)))
    whole, trained = row(tmp_path, scored, labels="outcome")
    assert whole.endswith("[GOOD]\n6+4=<<6+4=10>>10\n[GOOD]\n#### 10")
    assert trained == "6+4=<<6+4=10\n#### 10"


@pytest.mark.parametrize("more", [(), (Turn("assistant", "6>>", (9,)),)])
def test_what_a_rollout_says_of_its_beginning(more: tuple[Turn, ...]) -> None:
    """Also where a calculator wrote before the policy did, and where the policy wrote nothing."""
    asked, given, own = rollout().turns
    found = replace(rollout(), turns=(asked, given, *more, own))
    assert found.prefix == LINE + "".join(turn.text for turn in more) and found.text == REST
    nothing = replace(rollout(), turns=(asked, given, *more))
    assert (nothing.prefix, nothing.text, nothing.length) == (found.prefix, "", 0)


def test_an_earlier_exchange_is_no_beginning() -> None:
    shots = (Turn("user", "1+1?"), Turn("assistant", "2"), Turn("user", "2+2?"))
    assert Rollout("q", 0, (*shots, Turn("assistant", "4", trained=True))).prefix == ""
    assert Rollout("q", 0, shots).prefix == ""
