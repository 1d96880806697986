"""Options that had other names in earlier versions: what a recipe with one of them should say now."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from numerate.config.read import Path_
from numerate.config.unused import known_names

OF_STAGE = re.compile(r".*, stages\.[^.]+\.([^ ]+: now `.*)")
"""an error about an option that is elsewhere now; the group is what several stages have in common"""
ALONE = re.compile(r"^([a-z_.]+)")
"""the place itself at the head of what is said of it"""

OPTIMIZATION = (
    *("epochs", "batch", "lr", "final_lr", "warmup", "betas", "weight_decay", "max_norm", "max_steps"),
    *("max_length", "micro_tokens", "head_mib", "activation_checkpointing", "dropout", "lora_rank"),
    "lora_alpha",
)
SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "grade_truncated")

EVERY: Mapping[str, str] = {
    **{key: f"fit.{key}" for key in OPTIMIZATION},
    **{key: f"sample.{key}" for key in SAMPLING},
    "rounds": "steps",
    "samples": "sample.rollouts",
    "attempts": "sample.rollouts",
    "problems_per_round": "sample.problems",
    "sample.attempts": "sample.rollouts",
    "sample.samples": "sample.rollouts",
    "sample.problems_per_round": "sample.problems",
    "fit.updates": "fit.epochs",
    "validate_every": "validate.every",
    "validation_limit": "validate.limit",
    "keep": "validate.keep",
    "fit.validate_every": "validate.every",
    "fit.validation_limit": "validate.limit",
    "fit.keep": "validate.keep",
    "beta": "kl.coef",
    "kl.beta": "kl.coef",
    "kl.place": "kl.placement",
    "curriculum.given": "curriculum.prefix_share",
    "reference": "kl.reference",
    "eps": "clip.low",
    "eps_low": "clip.low",
    "eps_high": "clip.high",
    "clip_high": "clip.high",
    "clip.eps": "clip.low",
    "clip.eps_low": "clip.low",
    "clip.eps_high": "clip.high",
}
"""of every method: what an option was called -> its place now"""

ALSO_CALLED: Mapping[str, str] = {
    "learning_rate": "fit.lr",
    "num_train_epochs": "fit.epochs",
    "num_ppo_epochs": "fit.epochs",
    "ppo_epochs": "fit.epochs",
    "train_batch_size": "fit.batch",
    "batch_size": "fit.batch",
    "num_mini_batches": "fit.minibatches",
    "max_grad_norm": "fit.max_norm",
    "warmup_ratio": "fit.warmup",
    "gradient_checkpointing": "fit.activation_checkpointing",
    "lora_r": "fit.lora_rank",
    "max_seq_length": "fit.max_length",
    "num_generations": "sample.rollouts",
    "group_size": "sample.rollouts",
    "group": "sample.rollouts",
    "n": "sample.rollouts",
    "per_step": "sample.problems",
    "prompts_per_step": "sample.problems",
    "max_new_tokens": "sample.max_tokens",
    "max_completion_length": "sample.max_tokens",
    "clip_range": "clip.low",
    "cliprange": "clip.low",
    "epsilon": "clip.low",
    "epsilon_high": "clip.high",
    "kl_coef": "kl.coef",
    "init_kl_coef": "kl.coef",
    "reward_funcs": "rewards",
    "max_steps": "steps",
}
"""other libraries' name of an option -> the option"""

METHOD: Mapping[str, Mapping[str, str]] = {
    "cispo": {"low": "clip.low, as 1 - low", "high": "clip.high, as high - 1"},
    "mixed_policy": {
        "epochs": "steps, as epochs * problems / sample.problems",
        "max_steps": "steps",
        "batch": "sample.problems",
        "dropout": "head_dropout",
    },
    "ppo": {
        "old_logp": "fit.old_logprobs",
        "reward": "process and rewards",
        "reward.correct": "process.outcome, or the weight of `correct` in rewards",
        "reward.functions": "rewards, beside `correct`",
        "reward.alpha": "process.weight",
        "reward.limit": "reward_limit",
        "reward.reference_steps": "reference_steps",
        "reward.without_end": "sample.grade_truncated: true in place of pay",
        **{
            f"reward.{key}": f"process.{key}"
            for key in ("scores", "aggregate", "refine", "eta", "eta_quantile")
        },
    },
    "process_reward_model": {"aggregation": "aggregate"},
    "reinforce_pp": {"beta": "kl.coef; with baseline: none also kl.estimator: k1 and kl.placement: reward"},
    "step_labels": {"continuations": "sample.rollouts"},
}
"""the same of one method, where that differs"""

NUMBER = {"kl": "kl.coef", "clip": "clip.low"}
"""options that are a record now -> the place of the number that stood there"""
WORD = {"kl": "kl.estimator"}
"""likewise of a word"""
VALUE: Mapping[type, Mapping[str, str]] = {int: NUMBER, float: NUMBER, str: WORD}


def split_old(method: str, kind: Any, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[Path_, str]]:
    """Returns the options of a stage without those of earlier versions, and of each of these what to say.

    kind: the Config of the method."""
    named = {path: new_name(method, path, kind, options[path[0]]) for path in unknown(kind, options)}
    old = {path: message(new) for path, new in named.items() if new}
    kept = {key: value for key, value in options.items() if (key,) not in old}
    for key, value in kept.items():
        if isinstance(value, Mapping):
            kept[key] = {word: inner for word, inner in value.items() if (key, word) not in old}
    emptied = {path[0] for path in old if len(path) == 2}
    return {key: value for key, value in kept.items() if value or key not in emptied}, old


def unknown(kind: Any, options: Mapping[str, Any]) -> Iterator[Path_]:
    """Yields the places of options that a method does not have, and of values in place of records."""
    defaults = {field.name: field.default for field in fields(kind)}
    for key, value in options.items():
        inner = names(defaults[key]) if is_dataclass(defaults.get(key)) else set[str]()
        if isinstance(value, Mapping) and (inner or key not in defaults):
            yield from ((key, word) for word in value if word not in inner)
        elif isinstance(value, Mapping):  # one of several records, which none of them is the default
            yield from ((key, word) for word in value if f"{key}.{word}" in EVERY)
        elif key not in defaults or (inner and value is not None):
            yield (key,)


def names(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)}


def new_name(method: str, path: Path_, kind: Any, value: Any) -> str | None:
    """Returns what to write in place of an option, None for one that there never was, and where the method
    does not have what is there now. value: of the option at the head of the path."""
    key = ".".join(path)
    own = METHOD.get(method, {}).get(key)
    new = EVERY.get(key) or VALUE.get(type(value), {}).get(key)
    return own or (new if new and new.partition(".")[0] in known_names(kind) else None)


def message(new: str) -> str:
    """Returns what to say of an option that is elsewhere now."""
    return ALONE.sub(r"now `\1`", new, count=1)


def folded(errors: Sequence[str], run: str = "") -> list[str]:
    """Returns the errors, those about the same option of several stages as one that counts them; before them,
    where they are about the recipe file of a `run`, why it has such options."""
    same: dict[str, list[str]] = defaultdict(list)
    for error in errors:
        match = OF_STAGE.match(error)
        same[match[1] if match else error].append(error)
    lines = [
        f"{group[0]} (in {len(group)} stages)" if len(group) > 1 else group[0] for group in same.values()
    ]
    old = run and any(map(OF_STAGE.match, errors))
    why = (
        f"{run}: written by an earlier version, with other names of options: rename them, or start a new run"
    )
    return [why, *lines] if old else lines
