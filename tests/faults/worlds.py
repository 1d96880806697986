"""A small run for every method: recipes of a few steps on a tiny random model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from numerate.rewards import correct
from numerate.types import Problem
from tests.judges.models import base_with_words

BY_TEXT = {"grade_truncated": True}
"""a random model ends nothing by itself"""
FIT = {"epochs": 2, "batch": 4, "lr": 1e-3}
SFT = {"method": "sft", "fit": {**FIT}, "limit": 8}
SOME = {"method": "sample", "model": "sft", "sample": {"rollouts": 4, "max_tokens": 12, **BY_TEXT}}
LABELS = {
    "method": "step_labels",
    "model": "sft",
    "rollouts": "some",
    "sample": {"rollouts": 2, "max_tokens": 6, **BY_TEXT},
}
SAMPLE = {"problems": 3, "rollouts": 4, "max_tokens": 8, **BY_TEXT}
PPO = {"steps": 2, "sample": SAMPLE, "fit": {"batch": 4, "lr": 1e-3}}
ARMS = ("cispo", "dapo", "dr_grpo", "grpo", "gspo", "reinforce_pp", "rloo")
JUDGES = ("outcome_reward_model", "outcome_value_model", "evaluator_training")

Stages = dict[str, dict[str, Any]]
START: Stages = {"sft": SFT, "some": SOME}
WORLDS: dict[str, Stages] = {
    "sft": {"sft": SFT},
    "sample": START,
    "step_labels": START | {"labels": LABELS},
    "expert_iteration": {
        "sft": SFT,
        "ei": {"method": "expert_iteration", "model": "sft", "steps": 2}
        | {"sample": SAMPLE | {"problems": None}}
        | {"fit": FIT | {"epochs": 1}},
    },
    **{
        name: {
            "sft": SFT,
            name: {"method": name, "model": "sft", "steps": 3, "sample": SAMPLE, "fit": {"lr": 1e-3}}
            | ({"overlong_cache": 4} if name == "dapo" else {}),
        }
        for name in ARMS
    },
    "grpo, ahead": {
        "sft": SFT,
        "rl": {"method": "grpo", "model": "sft", "steps": 4, "fit": {"lr": 1e-3}}
        | {"sample": SAMPLE | {"ahead": 1}},
    },
    "on_policy_distillation": {
        "sft": SFT,
        "pupil": {"method": "on_policy_distillation", "model": "base", "teacher": "sft", "steps": 3}
        | {"sample": SAMPLE, "fit": {"lr": 1e-3}},
    },
    "ppo": {"sft": SFT, "ppo": {"method": "ppo", "model": "sft", "value": {"layers": 1}} | PPO},
    "mixed_policy": {
        "mixed": {
            "method": "mixed_policy",
            "steps": 2,
            "sample": {"problems": 4, "rollouts": 2, "max_tokens": 8, **BY_TEXT},
        }
    },
    **{
        name: START | {"judge": {"method": name, "model": "sft", "rollouts": "some", "fit": FIT}}
        for name in JUDGES
    },
    "process_reward_model": START
    | {
        "labels": LABELS,
        "judge": {"method": "process_reward_model", "model": "sft", "rollouts": "labels", "labels": "stored"}
        | {"fit": FIT},
    },
    "stepwise_outcome_model": START
    | {
        "labels": LABELS,
        "judge": {"method": "stepwise_outcome_model", "model": "sft", "rollouts": "labels", "fit": FIT},
    },
    "return_conditioned": START
    | {
        "labels": LABELS,
        "rc": {"method": "return_conditioned", "model": "sft", "rollouts": "labels", "balance": None}
        | {"fit": FIT},
    },
}


def write(folder: Path, method: str) -> Path:
    """Writes the recipe of a method, and the model that it starts from. Returns the recipe's path."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "MODEL").exists():
        base_with_words(folder / "made", context=512)
        (folder / "made" / "base").rename(folder / "MODEL")
    recipe: Mapping[str, Any] = {
        "name": "r",
        "seed": 3,
        "model": str(folder / "MODEL"),
        "problems": {"train": "stories/train[:12]", "test": "stories/test[:4]"},
        "engine": {"slots": 5} if "ahead" in method else {},
        "stages": WORLDS[method],
        "evaluate": {"models": ["base"], "samples": 2, "max_tokens": 8},
    }
    path = folder / f"{method}.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return path


def grade_by_length(text: str, problem: Problem, **options: Any) -> SimpleNamespace:
    """Takes the place of the grader: a random model has no right answers, and judges need some."""
    return SimpleNamespace(correct=bool(len(text) % 2), answer=str(len(text)))


BY_LENGTH = SimpleNamespace(grade=grade_by_length)


def use_them() -> None:
    """In this process and its children."""
    correct.answers = BY_LENGTH  # pyright: ignore[reportAttributeAccessIssue]
