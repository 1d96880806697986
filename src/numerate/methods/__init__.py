"""The table of methods, and nothing else. A method module has `Config`, `VERSION`, `train(run, cfg, job)` and

    NEEDS               fields that a problem must have
    LEAVES              what a stage of it leaves behind: policy, evaluator (which also scores), judge,
                        step_judge (a score per step), rollouts, step_labels (with the rollouts)
    ENGINES             the kinds of engines that can sample for it, where not every one can
    LINE_BY_LINE        True where its policy is sampled line by line, without a calculator
    NEEDS_TOOLS         True where its rollouts call programs, which the recipe's engine has to run
    WHOLE_TOKENS        words that its models' tokenizers must not split
    needs_step_labels   whether a Config learns from labels that were stored with the rollouts

The last five may be left out. Options that name models, rollouts or judges have the types ModelName,
RolloutsName, JudgeName of `numerate.options`, which checks of recipes and identities of stages follow."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from numerate.options import did_you_mean, near_words

METHODS = {
    "cispo": "numerate.methods.cispo",
    "dapo": "numerate.methods.dapo",
    "dr_grpo": "numerate.methods.dr_grpo",
    "evaluator_training": "numerate.methods.evaluator_training",
    "expert_iteration": "numerate.methods.expert_iteration",
    "grpo": "numerate.methods.grpo",
    "gspo": "numerate.methods.gspo",
    "mixed_policy": "numerate.methods.mixed_policy",
    "on_policy_distillation": "numerate.methods.on_policy_distillation",
    "outcome_reward_model": "numerate.methods.outcome_reward_model",
    "outcome_value_model": "numerate.methods.outcome_value_model",
    "ppo": "numerate.methods.ppo",
    "process_reward_model": "numerate.methods.process_reward_model",
    "reinforce_pp": "numerate.methods.reinforce_pp",
    "return_conditioned": "numerate.methods.return_conditioned",
    "rloo": "numerate.methods.rloo",
    "sample": "numerate.methods.sample",
    "sft": "numerate.methods.sft",
    "step_labels": "numerate.methods.step_labels",
    "stepwise_outcome_model": "numerate.methods.stepwise_outcome_model",
    "tool_solutions": "numerate.methods.tool_solutions",
}


def get_method(name: str) -> ModuleType:
    """Returns the module of a method.

    Raises:
        ValueError: there is no method of this name; with a suggestion.
    """
    if name not in METHODS:
        near = near_words(name, METHODS)
        hint = did_you_mean(near) if near else f"there are: {', '.join(sorted(METHODS))}"
        raise ValueError(f"there is no method {name!r}; {hint}")
    return import_module(METHODS[name])


def leaves(name: str) -> frozenset[str]:
    """Returns what a method leaves behind, see LEAVES above."""
    return get_method(name).LEAVES


def leaving(*kinds: str) -> list[str]:
    """Returns the methods that leave one of these behind, in the table's order."""
    return [name for name in METHODS if leaves(name) & set(kinds)]


def needs_step_labels(name: str, options: Any) -> bool:
    """Checks whether a stage with these options learns from labels that are stored with the rollouts."""
    return getattr(get_method(name), "needs_step_labels", lambda cfg: False)(options)
