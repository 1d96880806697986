"""GRPO that compares steps with steps: advantages by hand, and the loop with a judge."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from numerate.methods import grpo
from numerate.methods.shared import process_advantages
from numerate.methods.shared.options import PolicyFit, Process, Sample
from numerate.methods.shared.process_advantages import Steps
from numerate.steps import split
from numerate.types import Example, Problem, Reward, Rollout, Scored, StepScores, Turn
from tests.methods.arms import game
from tests.methods.toy import same, stage

S = math.sqrt(0.32 / 3)
"""the spread of .9 .1 .5"""


def row(tokens: int, reward: float, group: float = 0.0) -> Example:
    """A prompt of two tokens before those of the policy."""
    columns = {"group": group, "reward": reward}
    return Example([1] * (tokens + 2), [False, False] + [True] * tokens, columns)


def test_steps_are_compared_with_all_steps_at_the_question() -> None:
    """.9 .1 and .5, mean .5: the first two together are average, the second alone is not. The next question
    has steps of its own."""
    rows = [row(4, 1.0), row(2, 0.0), row(1, 1.0, 1.0), row(1, 0.0, 1.0)]
    told = [Steps([0.9, 0.1], [1, 3]), Steps([0.5], [1]), Steps([0.2], [0]), Steps([0.1], [0])]
    got = process_advantages.advantages(rows, told, Process())
    wanted = [[0, 0, 0, 0, -0.4 / S, -0.4 / S], [0, 0, 0, 0], [0, 0, 1], [0, 0, -1]]
    for found, expected in zip(got, wanted, strict=True):
        assert found == pytest.approx(expected, abs=1e-4)


def test_the_right_answer_is_added_with_its_weight() -> None:
    """Rewards 1 and 0 are +1 and -1 beside each other."""
    told = [Steps([0.9, 0.1], [1, 3]), Steps([0.5], [1])]
    got = process_advantages.advantages([row(4, 1.0), row(2, 0.0)], told, Process(outcome=2.0))
    assert got[0] == pytest.approx([0, 0, 2, 2, 2 - 0.4 / S, 2 - 0.4 / S], abs=1e-4)
    assert got[1] == pytest.approx([0, 0, -2, -2], abs=1e-4)


def test_what_nobody_judged_is_left_out_of_the_comparison() -> None:
    rows = [row(1, 1.0), row(4, 1.0), row(2, 0.0)]
    told = [None, Steps([0.9, 0.1], [1, 3]), Steps([0.5], [1])]
    first, *others = process_advantages.advantages(rows, told, Process())
    assert first is None and others == process_advantages.advantages(rows[1:], told[1:], Process())


def test_repeating_a_good_step_pays_in_the_paper_and_not_when_refined() -> None:
    """.9, the same three times over, .2 and .2: three good steps are worth three times one. Clipped at .5
    they are all 0: nothing is earned by writing more."""

    def first_tokens(refine: Any) -> list[float]:
        scores = [[0.9], [0.9, 0.9, 0.9], [0.2], [0.2]]
        rollout = [attempt("\n".join("abc"[: len(p)])) for p in scores]
        told = [StepScores(tuple(p), tuple(split(r.text))) for p, r in zip(scores, rollout, strict=True)]
        cfg = Process(refine=refine)
        steps = [
            process_advantages.step_rewards(r, t, cfg, decode) for r, t in zip(rollout, told, strict=True)
        ]
        rows = [row(len(r.ids), 0.0) for r in rollout]
        return [found[2] for found in process_advantages.advantages(rows, steps, cfg) if found]

    once, thrice, *_ = first_tokens("none")
    assert thrice == pytest.approx(3 * once) and once > 0
    once, thrice, bad, _ = first_tokens("clip")
    assert once == thrice > 0 > bad


def decode(ids: list[int]) -> str:
    """A token is a character; 0 ends."""
    return "".join(chr(i) for i in ids if i)


def attempt(text: str) -> Rollout:
    return Rollout("p", 0, (Turn("assistant", text, (*map(ord, text), 0), trained=True),))


def test_the_last_step_ends_with_the_attempt() -> None:
    """one, two, the answer, EOS: the judge has read the answer with the second step."""
    rollout = attempt("one\ntwo\n#### 5")
    told = StepScores((0.5, 0.25), tuple(split(rollout.text)))
    assert process_advantages.step_rewards(rollout, told, Process(), decode) == Steps([0.5, 0.25], [2, 14])
    delta = process_advantages.step_rewards(rollout, told, Process(refine="delta"), decode)
    assert delta == Steps([0.5, 0.0], [2, 14])
    assert process_advantages.step_rewards(attempt("#### 5"), StepScores(()), Process(), decode) == Steps(
        [], []
    )
    lost = StepScores((0.5, math.nan), tuple(split(rollout.text)))
    assert process_advantages.step_rewards(rollout, lost, Process(), decode) is None


def test_what_an_attempt_earned_by_hand() -> None:
    """.9 and .1 are .5 in their mean; refined, their sum; half of a right answer beside it."""
    attempts = [Scored(attempt(text), Reward(1.0, {"correct": 1.0})) for text in ("ab\ncd", "ab", "cd")]
    told = [Steps([0.9, 0.1], [1, 4]), Steps([0.3], [1]), None]

    def earned(**process: Any) -> list[float]:
        return [
            one.reward for one in process_advantages.rollout_total_rewards(attempts, told, Process(**process))
        ]

    assert earned() == pytest.approx([0.5, 0.3])
    assert earned(refine="clip") == pytest.approx([1.0, 0.3])
    assert earned(outcome=0.5) == pytest.approx([1.0, 0.8])
    unknown = [Scored(one.rollout, Reward(None)) for one in attempts]
    assert len(process_advantages.rollout_total_rewards(unknown, told, Process())) == 2
    assert not process_advantages.rollout_total_rewards(unknown, told, Process(outcome=0.5))
    assert [one.right for one in process_advantages.rollout_total_rewards(attempts, told, Process())] == [
        True,
        True,
    ]


class EarlyLetters:
    """Scores a step by its share of letters from a to m, and may die."""

    def __init__(self, lives: int = 99) -> None:
        self.lives = lives

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        self.lives -= 1
        if not self.lives:
            raise KeyboardInterrupt
        return [StepScores(tuple(map(self.one, split(text))), tuple(split(text))) for text in solutions]

    def one(self, step: Any) -> float:
        return len(re.findall("[a-m]", step.text)) / len(step.text)


def config(**process: Any) -> grpo.Config:
    fit = PolicyFit(lr=2e-2, epochs=2, minibatches=2)
    sample = Sample(problems=4, rollouts=4, max_tokens=12)
    return grpo.Config(steps=8, judge="letters", process=Process(**process), sample=sample, fit=fit)


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("process", [{}, {"refine": "clip", "eta": 1.0, "outcome": 0.5}])
def test_it_learns_what_the_judge_likes_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, process: dict[str, Any]
) -> None:
    judges = iter([EarlyLetters(), EarlyLetters(5), EarlyLetters()])
    monkeypatch.setattr("numerate.methods.shared.step_scorer.load_scorer", lambda *_, **__: next(judges))
    whole = grpo.train(stage(tmp_path / "whole"), config(**process), game(tmp_path))
    scores = [one["judge/score"] for one in log(tmp_path / "whole")]
    assert sum(scores[-2:]) > sum(scores[:2]) + 0.15
    rewards = [one["reward/mean"] for one in log(tmp_path / "whole")]
    assert sum(rewards[-2:]) > sum(rewards[:2])
    cut = stage(tmp_path / "cut")
    cut.save_seconds = 0.0
    with pytest.raises(KeyboardInterrupt):
        grpo.train(cut, config(**process), game(tmp_path))
    assert same(whole, grpo.train(stage(tmp_path / "cut"), config(**process), game(tmp_path)))
    assert log(tmp_path / "whole") == log(tmp_path / "cut")
