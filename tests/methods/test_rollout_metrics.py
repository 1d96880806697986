"""The alarm inside the loops: what the log says of a policy that is paid for something else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from numerate import methods
from numerate.methods import ppo
from numerate.methods.shared import rollout_metrics
from numerate.methods.shared.options import PolicyFit, Sample
from numerate.types import Group, Problem, Reward, Rollout, Sampling, Scored, StepScores, Turn
from tests.methods.arms import PATH
from tests.methods.test_ppo_loop import config as ppo_config
from tests.methods.toy import PROBLEMS, Script, job, same, stage

ROUNDS = 12


def log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def letters(problem: Problem, paid: int, right: bool) -> str:
    return "a" * paid + "z" * (ROUNDS - paid) + f"\n#### {problem.answer if right else 'none'}"


def gaming(problem: Problem, index: int, params: Sampling) -> str:
    """Ever fewer of 16 attempts are right, and ever more of their letters are paid for."""
    return letters(problem, params.round + (index == 3), right=index >= params.round)


def honest(problem: Problem, index: int, params: Sampling) -> str:
    """Ever more are right, and their letters rise with them."""
    return letters(problem, params.round, right=index <= params.round)


def grpo(
    folder: Path, script: Script, die_after: list[int] | None = None, saves: float = 30.0, **more: Any
) -> Any:
    sample, fit = Sample(problems=2, rollouts=16, max_tokens=40), PolicyFit(lr=1e-3)
    rewards = ("correct", {"path": PATH, "weight": 5.0})
    cfg = methods.get_method("grpo").Config(steps=ROUNDS, sample=sample, fit=fit, rewards=rewards, **more)
    run, said = stage(folder), list[str]()
    run.save_seconds = saves
    run.progress.say = said.append  # pyright: ignore
    return methods.get_method("grpo").train(run, cfg, job(folder.parent, script, die_after)), said


def test_the_alarm_goes_off_and_names_the_wrong_attempts_that_earn_most(tmp_path: Path) -> None:
    _, said = grpo(tmp_path / "run", gaming)
    rows = log(tmp_path / "run")
    assert [row.get("alarm/hacking") for row in rows] == [None] * 4 + [1] * 8
    assert rows[-1]["alarm/reward_slope"] > 0 > rows[-1]["alarm/accuracy_slope"]
    assert rows[-1]["alarm/accuracy_slope"] == pytest.approx(-1 / 16)
    assert all("hacking" not in row for row in rows[:4])
    hacking = rows[9]["hacking"]
    assert hacking["rounds"] == 5
    worst = [(one["index"], one["text"].count("a")) for one in hacking["rollouts"]]
    assert worst == [(3, 10), (0, 9)]  # both questions have the same texts
    assert hacking["rollouts"][0]["reward"] > hacking["rollouts"][1]["reward"] > 1
    alarms = [line for line in said if line.startswith("ALARM")]
    assert len(alarms) == 1 and "step 4: " in alarms[0] and "rollout 3 (reward" in alarms[0]


def test_a_reward_that_rises_with_accuracy_is_no_alarm(tmp_path: Path) -> None:
    _, said = grpo(tmp_path / "run", honest)
    rows = log(tmp_path / "run")
    assert rows[-1]["alarm/accuracy_slope"] > 0 and rows[-1]["alarm/hacking"] == 0
    assert not any("hacking" in row for row in rows) and not any("ALARM" in line for line in said)


def test_stopped_in_the_middle_of_an_alarm_it_says_the_same(tmp_path: Path) -> None:
    whole, _ = grpo(tmp_path / "whole", gaming)
    with pytest.raises(KeyboardInterrupt):
        grpo(tmp_path / "cut", gaming, [32 * 10 + 5], saves=0.0)
    resumed, said = grpo(tmp_path / "cut", gaming)
    assert same(whole, resumed) and log(tmp_path / "whole") == log(tmp_path / "cut")
    assert not any("ALARM" in line for line in said)  # it has said so before it was stopped


def test_ppo_watches_what_it_pays(tmp_path: Path) -> None:
    """The reward of the tokens together, not the grade: here shared calculations count too."""
    cfg = ppo_config(steps=1, reference_steps=0.5)

    def shared(problem: Problem, index: int, params: Sampling) -> str:
        calculation = problem.solution.split("\n")[0]
        return f"{calculation}\n{calculation}\n#### {problem.answer if index else 'none'}"

    ppo.train(stage(tmp_path / "run"), cfg, job(tmp_path, shared))
    [row] = log(tmp_path / "run")
    assert (row["reward/right"], row["reward/wrong"]) == (1.5, 0.5)
    assert row["rollouts/accuracy"] == 0.75 and row["rollouts/repeated_steps"] == 0.5


def said(text: str, reward: float, right: bool | None, index: int = 0) -> Scored:
    turns = (Turn("assistant", text, (1,), (-1.0,), trained=True),)
    part = None if right is None else float(right)
    return Scored(Rollout("p", index, turns), Reward(reward, {"correct": part}))


def test_what_right_and_wrong_attempts_earn_by_hand(tmp_path: Path) -> None:
    wrong = (said("c", 1, False), said("d", 4, False), said("c", 7, False, 1))
    attempts = (said("a", 3, True), said("b", 1, True), *wrong)
    group = Group(PROBLEMS[0], (*attempts, said("e", 9, None)))
    stats, notes = rollout_metrics.check_reward_hacking(
        stage(tmp_path), rollout_metrics.measured_total_rewards([group])
    )
    assert stats == {"reward/right": 2, "reward/wrong": 4} and notes == {}
    overpaid = rollout_metrics.overpaid_rollouts(rollout_metrics.measured_total_rewards([group])[:5])
    assert [(one.rollout.text, one.reward) for one in overpaid] == [("c", 7), ("d", 4)]  # each text once


def test_without_answers_there_is_nothing_to_watch(tmp_path: Path) -> None:
    run = stage(tmp_path)
    group = Group(replace(PROBLEMS[0], answer=""), (said("a", 1, None),))
    assert (
        rollout_metrics.check_reward_hacking(run, rollout_metrics.measured_total_rewards([group])) == ({}, {})
        and "monitor" not in run.state
    )


def test_grpo_with_a_judge_watches_what_the_judge_pays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right or wrong is not paid at all: the judge likes the early letters."""

    class Fond:
        def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
            return [StepScores((text.count("a") / ROUNDS,), ()) for text in solutions]

    monkeypatch.setattr("numerate.methods.shared.step_scorer.load_scorer", lambda *_, **__: Fond())
    _, said = grpo(tmp_path / "run", gaming, judge="fond")
    rows = log(tmp_path / "run")
    assert rows[-1]["reward/mean"] > rows[0]["reward/mean"] and rows[-1]["alarm/hacking"] == 1
    assert sum(line.startswith("ALARM") for line in said) == 1


def test_a_stage_that_cannot_learn_says_why_and_says_the_same_when_resumed(tmp_path: Path) -> None:
    """No rollout is ever right. The condition begins in the third round; each row of the log holds it."""

    def wrong(problem: Problem, index: int, params: Sampling) -> str:
        return letters(problem, 0, right=False)

    _, said = grpo(tmp_path / "whole", wrong)
    rows = log(tmp_path / "whole")
    assert [row.get("health", {}).get("zero_variance") for row in rows] == [None, None] + [1.0] * 10
    lines = [line for line in said if "100% of the groups of the last 3 rows have zero variance" in line]
    assert len(lines) == 1 and lines[0].startswith("HEALTH, stage whole, step 2: ") and "Remedy: " in lines[0]
    with pytest.raises(KeyboardInterrupt):
        grpo(tmp_path / "cut", wrong, [32 * 5 + 5], saves=0.0)
    _, said = grpo(tmp_path / "cut", wrong)
    assert log(tmp_path / "cut") == rows and not any("HEALTH" in line for line in said)


def test_prompts_without_room_are_counted_in_the_log(tmp_path: Path) -> None:
    turns = (Turn("user", "long", (1, 2)), Turn("assistant", "", trained=True))
    lost = Scored(Rollout("p", 0, turns, "length"), Reward(0.0, {"correct": 0.0}))
    stats = rollout_metrics.rollout_stats([Group(PROBLEMS[0], (said("a", 1, True), lost))])
    assert (stats["rollouts/no_room"], stats["rollouts/truncated"]) == (0.5, 0.5)
    cut = Scored(
        Rollout("p", 0, (Turn("assistant", "", (1,), (-1.0,), trained=True),), "length"), Reward(0.0)
    )
    assert rollout_metrics.rollout_stats([Group(PROBLEMS[0], (cut,))])["rollouts/no_room"] == 0
    assert "model's context" in rollout_metrics.without_rows([Group(PROBLEMS[0], (lost, lost))])
    assert "has a reward" in rollout_metrics.without_rows([Group(PROBLEMS[0], (lost, cut))])


def test_no_call_of_an_engine_with_tools_is_counted_as_none() -> None:
    groups = [Group(PROBLEMS[0], (said("a", 1, True),))]
    assert rollout_metrics.rollout_stats(groups, has_tools=True)["tools/calls"] == 0
    assert "tools/calls" not in rollout_metrics.rollout_stats(groups)
