"""Every method of the table in a small world of its own: what the contract in test_contract.py is held
against. A new method needs a case here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from numerate import judges, methods
from numerate.progress import QuietProgress
from numerate.rollouts.job import Job
from numerate.training import Stage
from numerate.types import Problem, StepScores
from tests.judges.models import base_with_words, leave_attempts, written
from tests.methods.arms import PATH, Mortal, game
from tests.methods.test_mixed_policy_loop import job as mixed_world
from tests.methods.test_return_conditioned import work as with_letters
from tests.methods.test_step_labels import Continuing
from tests.methods.test_step_labels import work as with_beginnings
from tests.methods.test_tool_solutions import world as tool_world
from tests.methods.toy import PROBLEMS, job

World = Callable[[Path, "list[int] | None"], Job]
"""a folder, and after how many questions the engine dies"""


@dataclass(frozen=True)
class Case:
    method: str
    options: Mapping[str, Any]
    """a stage of a few steps"""
    world: World
    longer: Mapping[str, Any] = field(default_factory=dict)
    """what makes it long enough to learn"""
    rises: str = ""
    """the toy reward, a column of metrics.jsonl"""
    falls: str = ""
    """or a loss"""
    file: str = "metrics.jsonl"
    kills: Sequence[int] = (1, 2)
    """rounds in whose middle it is killed; only what lies before the first is saved"""
    alike: int = 1
    """rounds whose log is the same to a few digits whatever the order of the sums; later, what is drawn and
    how Adam moves weights that have no gradient depend on the last digit"""
    asked: int = 0
    """and one while it samples for the so-manieth time"""
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    holds: Callable[[Any, Path], None] | None = None
    """what else is to be true of a model that learned"""

    def config(self, **more: Any) -> Any:
        return methods.get_method(self.method).Config(**(dict(self.options) | more))


def rows(file: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


class Digits:
    """A judge: the share of an attempt's characters that are digits, which anybody can learn."""

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return [StepScores((sum(c.isdigit() for c in text) / max(1, len(text)),)) for text in solutions]


def judged_by_digits() -> AbstractContextManager[Any]:
    return patch("numerate.methods.shared.step_scorer.load_scorer", lambda *_, **__: Digits())


# Methods that learn from their own attempts, at the game of letters from a to m.

SAMPLE = {"problems": 4, "rollouts": 4, "max_tokens": 12}
FIT = {"lr": 2e-2, "epochs": 2, "minibatches": 2}
PREFERENCES: dict[str, tuple[str, dict[str, Any]]] = {
    "dpo": ("dpo", {"threshold": 0.1}),
    "dpo, all pairs": ("dpo", {"threshold": 0.1, "pairs": "all", "pairs_per_problem": 4, "nll": 0.1}),
    "dpo, fixed reference": ("dpo", {"pairs": "best_worst", "kl": {"reference": "base"}}),
    "kto": ("kto", {"threshold": 0.1}),
    "kto, unbalanced": ("kto", {"threshold": 0.1, "balanced": False, "kl": {"reference": "base"}}),
}
ARMS: dict[str, dict[str, Any]] = {
    "grpo": {"kl": {"coef": 0.01}},
    "dr_grpo": {},
    "dapo": {"overlong_cache": 4},
    "gspo": {},
    "cispo": {},
    "rloo": {"kl": {"coef": 0.01}},
    "reinforce_pp": {},
}


def arm(method: str, options: Mapping[str, Any], **more: Any) -> Case:
    common = {"steps": 4, "sample": SAMPLE, "fit": FIT, "rewards": (PATH,)}
    learns: dict[str, Any] = {"longer": {"steps": 12}, "rises": "reward/mean", "asked": 4}
    return Case(method, common | dict(options), game_world, **(learns | more))


def preference(method: str, options: Mapping[str, Any]) -> Case:
    fit = FIT | {"old_logprobs": "recompute", "correction": "none"}
    return arm(method, {"fit": fit} | dict(options))


def game_world(folder: Path, die_after: list[int] | None) -> Job:
    return game(folder, die_after)


def school(folder: Path, die_after: list[int] | None) -> Job:
    """The game, and a master of it."""
    work = game(folder, die_after)
    if not (folder / "master").exists():
        lessons = Stage(folder / "lessons", 0, QuietProgress())
        master = methods.get_method("cispo").train(lessons, arm("cispo", {"steps": 9}).config(), game(folder))
        master.save(folder / "master")
    return work


def pupil() -> Case:
    options = {"steps": 4, "sample": SAMPLE, "fit": FIT, "teacher": "master"}
    apart: dict[str, Any] = {"longer": {"steps": 8}, "falls": "train/reverse_kl", "asked": 4}
    return Case("on_policy_distillation", options, school, **apart)


# PPO, rewarded for digits by a judge, or for right answers.

PPO_FIT = {"epochs": 2, "batch": 8, "lr": 1e-3}
PPO = {
    "steps": 3,
    "sample": {"problems": 4, "rollouts": 4},
    "fit": PPO_FIT,
}
DIGITS = {
    "sample": {"problems": 8, "rollouts": 8, "max_tokens": 6, "temperature": 1.0, "grade_truncated": True},
    "fit": {"epochs": 2, "batch": 16, "lr": 5e-3},
    "kl": {"coef": 0.0},
    "process": {"outcome": 0.0, "weight": 1.0, "scores": "end"},
}


def real(folder: Path, die_after: list[int] | None) -> Job:
    return job(folder, engine=lambda policy: Mortal(policy, die_after))


def scripted(folder: Path, die_after: list[int] | None) -> Job:
    return job(folder, die_after=die_after)


def ppo(options: Mapping[str, Any], world: World = scripted, **more: Any) -> Case:
    return Case("ppo", {**PPO, "value": {"layers": 1}} | dict(options), world, **more)


# Judges, trained on attempts that differ in their words.

FEW = {"epochs": 2, "batch": 8, "lr": 3e-3, "max_length": 200}


def attempts_left(folder: Path, die_after: list[int] | None) -> Job:
    if not (folder / "attempts").exists():
        base_with_words(folder)
        leave_attempts(folder / "attempts", PROBLEMS)
    return replace(job(folder), stage_folder=lambda name: folder / name)


def ranks(made: Any, folder: Path) -> None:
    """Saved and loaded, the judge puts right solutions above wrong ones."""
    made.save(folder / "judge")
    texts = [text for text, _, _ in written(PROBLEMS[3])]
    said = judges.load(folder / "judge").score([PROBLEMS[3]] * len(texts), texts)
    found = [one.scores[-1] for one in said]
    assert all(0 <= score <= 1 for score in found)
    assert min(found[:3]) > max(found[3:])


def trained_judge(method: str, epochs: int = 6, fit: Mapping[str, Any] | None = None, **options: Any) -> Case:
    few = FEW | dict(fit or {})
    return Case(
        method,
        {"rollouts": "attempts", "fit": few, **options},
        attempts_left,
        longer={"fit": few | {"epochs": epochs}},
        falls="train/loss",
        kills=(2, 4),
        alike=4,
        holds=ranks,
    )


def letters_told(folder: Path, die_after: list[int] | None) -> Job:
    return with_letters(folder)


# Methods that leave rollouts behind and train nothing.


def beginnings(folder: Path, die_after: list[int] | None) -> Job:
    return with_beginnings(folder, Continuing([], die_after[0] if die_after else None))


# The mixed policy, on sums with annotations.

MIXED = {
    "steps": 4,
    "sample": {"problems": 4, "rollouts": 2, "max_tokens": 12},
    "fit": {"lr": 1e-3},
    "head_lr": 1e-2,
}


def mixed(**options: Any) -> Case:
    longer = {"steps": 20}
    return Case("mixed_policy", MIXED | options, mixed_world, longer=longer, falls="train/op", asked=3)


SFT = {"epochs": 3, "batch": 3, "lr": 5e-3}
CASES: dict[str, Case] = {
    "sft": Case(
        "sft",
        {"fit": SFT},
        scripted,
        longer={"fit": SFT | {"epochs": 20}},
        falls="train/loss",
        kills=(2, 5),
        alike=9,
    ),
    "expert_iteration": Case(
        "expert_iteration",
        {"steps": 2, "sample": {"rollouts": 4}, "fit": SFT | {"batch": 4}},
        scripted,
        longer={"fit": SFT | {"batch": 4, "epochs": 20}},
        falls="train/loss",
        file="round-001/fit/metrics.jsonl",
        kills=(0, 1),
        asked=20,
    ),
    "tool_solutions": Case(
        "tool_solutions",
        {"steps": 1, "sample": {"rollouts": 3}, "fit": SFT | {"batch": 4}},
        tool_world,
        longer={"fit": SFT | {"batch": 4, "epochs": 20}},
        falls="train/loss",
        file="round-001/fit/metrics.jsonl",
        kills=(0, 1),
        asked=9,
    ),
    **{name: arm(name, options) for name, options in ARMS.items()},
    **{name: preference(method, options) for name, (method, options) in PREFERENCES.items()},
    "on_policy_distillation": pupil(),
    "mixed_policy": mixed(),
    "mixed_policy, released": mixed(rl_logprob="released", scope="everywhere"),
    "mixed_policy, adapters": mixed(rl_logprob="abstract", fit={"lr": 1e-3, "lora_rank": 2}),
    "ppo": ppo(DIGITS, real, longer={"steps": 20}, rises="reward/mean", asked=2, around=judged_by_digits),
    "ppo, adaptive": ppo({"kl": {"coef": 0.1, "target": 0.01, "horizon": 50}}, asked=20),
    "ppo, adapters": ppo(
        {"fit": PPO_FIT | {"lora_rank": 2}, "value": {"layers": 2, "lr": 1e-2, "warmup": 1}}, asked=20
    ),
    "ppo, attached": ppo(
        {"value": {"layers": 0, "detach": False}, "judge": "oracle", "learn_from": 3}, asked=20
    ),
    "ppo, imitating": ppo(
        {
            "nll": 0.1,
            "clip": {"high": 0.28},
            "lam_alpha": 0.05,
            "value": {"layers": 1, "lam": 1.0},
        },
        asked=20,
    ),
    "outcome_reward_model": trained_judge("outcome_reward_model"),
    "outcome_reward_model, at the end": trained_judge("outcome_reward_model", at="last"),
    "outcome_reward_model, at tokens": trained_judge("outcome_reward_model", at="tokens"),
    "outcome_reward_model, together": trained_judge("outcome_reward_model", fit={"together": True}),
    "outcome_reward_model of likelihood": trained_judge("outcome_reward_model", 16, likelihood=True),
    "process_reward_model": trained_judge("process_reward_model", labels="stored"),
    "process_reward_model of three": trained_judge("process_reward_model", labels="stored", classes=3),
    "process_reward_model of likelihood": trained_judge(
        "process_reward_model", 16, labels="stored", likelihood=True
    ),
    "stepwise_outcome_model": trained_judge("stepwise_outcome_model"),
    "outcome_value_model": trained_judge("outcome_value_model", fit={"lora_rank": 0}, alpha=1.0),
    "evaluator_training": trained_judge("evaluator_training", pairs=3),
    "evaluator_training, xent": trained_judge("evaluator_training", objective="xent"),
    "evaluator_training, two-way": trained_judge("evaluator_training", 16, objective="xent", space="two_way"),
    "evaluator_training, joint margin": trained_judge("evaluator_training", pairs=3, joint=0.5),
    "evaluator_training, joint xent": trained_judge("evaluator_training", objective="xent", joint=0.5),
    "return_conditioned": Case(
        "return_conditioned",
        {"rollouts": "attempts", "fit": {"epochs": 2, "batch": 4, "lr": 5e-3}},
        letters_told,
        longer={"fit": {"epochs": 6, "batch": 4, "lr": 5e-3}},
        falls="train/loss",
        kills=(2, 5),
        alike=4,
    ),
    "sample": Case("sample", {"sample": {"rollouts": 4}}, scripted, kills=(0,), asked=9),
    "step_labels": Case(
        "step_labels", {"rollouts": "attempts", "sample": {"rollouts": 3}}, beginnings, kills=(0,), asked=4
    ),
}
