"""The table of methods, and nothing else. A method module has a `Config`, `NEEDS`, `VERSION` and `train(run,
cfg, job)`; where what it trains is no policy, `GIVES` says what it is: judge, evaluator or rollouts; where
not every engine will do, `ENGINES` says which kinds do; where its policy is sampled line by line, which
leaves no place for a calculator, `LINE_BY_LINE` is True."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from types import ModuleType

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
}


def get(name: str) -> ModuleType:
    """The module of a method. Raises ValueError with a suggestion when there is none of that name."""
    if name not in METHODS:
        near = get_close_matches(name, METHODS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(METHODS))}"
        raise ValueError(f"no method is called {name!r}; {hint}")
    return import_module(METHODS[name])


def gives(name: str) -> str:
    """What a method leaves behind: a policy, an evaluator (one that also judges), a judge, or rollouts."""
    return getattr(get(name), "GIVES", "policy")
