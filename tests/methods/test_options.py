"""One vocabulary of options: the same records everywhere, each method with defaults of its own, and old names
that say what they are called now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from numerate import config, methods
from numerate.config import renamed
from numerate.config.read import read_text
from numerate.config.write import plain_tree
from numerate.curricula import Curriculum
from numerate.methods import cispo, dapo, grpo, gspo, outcome_value_model, ppo, rloo, sft
from numerate.methods.shared.options import Clip, Fit, Kl, Reinforcement, Validate
from numerate.methods.shared.reinforcement import SharedOptions
from tests.methods.arms import PATH, game
from tests.methods.toy import PROBLEMS, same, stage

SWAPPED = ("grpo", "dr_grpo", "gspo", "cispo", "dapo", "rloo", "reinforce_pp", "ppo", "expert_iteration")
FAMILY = (*SWAPPED, "dpo", "kto", "mixed_policy", "on_policy_distillation")
SHARED: dict[str, Any] = {
    "steps": 2,
    "rewards": [PATH],
    "sample": {"problems": 4, "rollouts": 4, "temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_tokens": 12},
    "fit": {"lr": 1e-2, "final_lr": 1e-3, "warmup": 0.1, "betas": [0.9, 0.95], "weight_decay": 0.0}
    | {"max_norm": 1.0, "epochs": 2, "minibatches": 2, "micro_tokens": 1024, "head_mib": 64}
    | {"activation_checkpointing": "off", "lora_rank": 2, "lora_alpha": 4.0},
    "validate": {"every": 1, "limit": 2, "keep": "best"},
}
"""every shared option that has nothing to do with ratios and references"""
LOSSES = {"clip": {"low": 0.1, "high": 0.2}, "kl": {"coef": 0.01}}
"""and those that have"""
OWN = {"ppo": {"value": {"layers": 1}}, "expert_iteration": {"threshold": 0.0}}
"""what a random model needs besides"""
NEEDED = {"on_policy_distillation": {"teacher": "base"}}
"""what it cannot be without"""
WHOLE: dict[str, Any] = SHARED | {
    "fit": SHARED["fit"]
    | {"truncated": "mask", "old_logprobs": "recompute", "correction": "mask", "cap": 3.0, "floor": 0.1},
    "clip": LOSSES["clip"],
    "kl": {"coef": 0.01, "estimator": "k2", "reference": "base", "placement": "loss"},
    "judge": "oracle",
    "process": {"outcome": 0.5, "refine": "clip_delta", "eta": 0.4},
    "curriculum": {"kind": "prioritized_replay", "rho": 0.2},
}
"""every shared option of grpo"""


def recipe_of(method: str, options: dict[str, Any]) -> Any:
    """A recipe of one stage, by way of its text."""
    text = yaml.safe_dump({"name": "r", "stages": {"s": {"method": method, **options}}})
    return config.build_recipe(read_text(text, "r.yaml"))


def stage_recipe(method: str, options: dict[str, Any]) -> Any:
    return recipe_of(method, options).stages["s"]


def built(method: str, options: dict[str, Any]) -> Any:
    return stage_recipe(method, options).options


def noted(method: str, options: dict[str, Any]) -> str:
    return " ".join(recipe_of(method, options).notes)


def refusal(method: str, options: dict[str, Any]) -> str:
    with pytest.raises(ValueError) as error:
        built(method, options)
    return str(error.value)


@pytest.mark.parametrize("name", SWAPPED)
def test_one_stage_trains_with_every_method(tmp_path: Path, name: str) -> None:
    """Only `method:` differs, beside what a random model needs."""
    cfg = built(name, SHARED | OWN.get(name, {}))
    work = replace(game(tmp_path), validation=PROBLEMS[:3])
    tuned = methods.get_method(name).train(stage(tmp_path / "run"), cfg, work)
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").open()]
    assert len(rows) == 2 and all(row["rollouts/count"] == 16 for row in rows)
    assert all("validation/accuracy" in row for row in rows)
    if name != "expert_iteration":  # which has no ratio
        assert {"train/clipped", "train/old_kl", "train/grad_norm"} <= rows[0].keys()
    assert not same(tuned, work.load("base")) or rows[1]["validation/accuracy"] > 0


def test_the_family_is_every_method_that_learns_from_its_own_rollouts() -> None:
    kinds = {name: methods.get_method(name).Config for name in methods.METHODS}
    assert {name for name, kind in kinds.items() if issubclass(kind, Reinforcement)} == set(FAMILY)
    assert {field.name for field in fields(SharedOptions)} == set(WHOLE)


@pytest.mark.parametrize("name", FAMILY)
def test_only_the_method_changes(name: str) -> None:
    cfg = built(name, WHOLE | NEEDED.get(name, {}))
    for key in {field.name for field in fields(cfg)} & set(WHOLE):
        value = WHOLE[key] if isinstance(WHOLE[key], dict) else {}
        for word in {word for word in value if hasattr(getattr(cfg, key), word)}:
            real, default = at(cfg, f"{key}.{word}"), at(built(name, NEEDED.get(name, {})), key)
            left_out = f"{key}.{word}" in methods.get_method(name).Config.UNUSED
            expected = getattr(default, word) if left_out else value[word]
            assert real == (tuple(expected) if isinstance(expected, list) else expected), (key, word)


@pytest.mark.parametrize("first", FAMILY)
@pytest.mark.parametrize("second", FAMILY)
def test_shared_records_written_out_for_one_method_load_for_every_other(first: str, second: str) -> None:
    whole = config.resolved_yaml(recipe_of(first, NEEDED.get(first, {})))
    written = yaml.safe_load(whole)["stages"]["s"]
    shared = {key: written[key] for key in WHOLE if written.get(key) is not None}
    shared["sample"]["rollouts"] = 4  # a group has two; mixed_policy has one by default
    if second == "reinforce_pp" and shared.get("kl", {}).get("placement") == "reward":
        shared["kl"]["estimator"] = "k1"
    assert built(second, shared | NEEDED.get(second, {}))


def test_what_is_left_out_is_one_note_and_changes_nothing() -> None:
    both = {"clip": {"low": 0.1}, "kl": {"coef": 0.1}, "fit": {"lr": 0.5, "old_logprobs": "recompute"}}
    note = "stage s: expert_iteration does not use fit.old_logprobs, clip, kl"
    assert noted("expert_iteration", both) == note
    assert noted("expert_iteration", {"fit": {"lr": 0.5}, "judge": None}) == ""
    bare, full = (stage_recipe("expert_iteration", options) for options in ({"fit": {"lr": 0.5}}, both))
    assert plain_tree(bare) == plain_tree(full) and bare == full
    assert noted("rloo", {"kl": {"estimator": "k3", "placement": "reward"}}).endswith(
        "does not use kl.estimator"
    )
    assert noted("grpo", {"process": {"weight": 1.0}}).endswith("does not use process.weight")
    assert noted("mixed_policy", {"sample": {"temperature": 1, "top_p": 0.9}}).endswith(
        "does not use sample.top_p"
    )


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("dapo", {"kl": {"koef": 1}}, "stages.s.kl.koef: unknown key 'koef'; did you mean 'coef'?"),
        ("dapo", {"kl": {"coef": -1}}, "stages.s.kl.coef: expected at least 0.0, not -1"),
        ("dapo", {"judge": 3}, "stages.s.judge: expected text, not 3"),
        (
            "expert_iteration",
            {"fit": {"old_logprobs": "never"}},
            "stages.s.fit.old_logprobs: expected one of",
        ),
        ("expert_iteration", {"fit": {"old_logprob": "auto"}}, "fit.old_logprob: unknown key 'old_logprob'"),
        ("expert_iteration", {"curriculum": {"kind": "pool"}}, "stages.s.curriculum.kind: expected one of"),
        ("mixed_policy", {"sample": {"top_p": 3}}, "stages.s.sample.top_p: expected at most 1"),
        ("grpo", {"kl": [0.2]}, "stages.s.kl: expected a mapping of keys to values, not the list [0.2]"),
        (
            "grpo",
            {"clip": "wide"},
            "stages.s.clip: expected a mapping of keys to values, not the text 'wide'",
        ),
        ("dapo", {"kl": True}, "stages.s.kl: expected a mapping of keys to values, not true"),
        ("sft", {"kl": 0.2}, "stages.s.kl: sft has no option `kl` (cispo"),
        ("sft", {"kl": {"coef": 0.1}}, "stages.s.kl: sft has no option `kl` (cispo"),
        ("sft", {"fit": {"old_logprobs": "auto"}}, "sft has no option `fit.old_logprobs` (cispo"),
    ],
)
def test_a_mistake_in_what_is_left_out_is_one(method: str, options: Any, message: str) -> None:
    assert message in refusal(method, options) and len(refusal(method, options).splitlines()) == 1


def test_the_schema_has_the_options_that_are_left_out() -> None:
    branches = config.json_schema()["properties"]["stages"]["additionalProperties"]["oneOf"]
    found = {branch["title"]: branch["properties"] for branch in branches}
    assert found["dapo"]["kl"]["description"].startswith("not used by this method: ")
    assert "old_logprobs" in found["expert_iteration"]["fit"]["properties"]
    assert "kl" not in found["sft"] and "old_logprobs" not in found["sft"]["fit"]["properties"]


@pytest.mark.parametrize("name", [name for name in SWAPPED if name not in ("expert_iteration", "dapo")])
def test_bounds_and_penalty_have_the_same_names_too(name: str) -> None:
    cfg = built(name, SHARED | LOSSES | OWN.get(name, {}))
    assert cfg.clip.bounds == (0.1, 0.2) and cfg.kl.coef == 0.01


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("grpo", {"value": {}}, "stages.s.value: grpo has no option `value` (ppo has): remove it"),
        ("ppo", {"max_draws": 3}, "stages.s.max_draws: ppo has no option `max_draws` (dapo has): remove it"),
        (
            "grpo",
            {"rollouts": 8},
            "stages.s.rollouts: unknown key 'rollouts'; did you mean 'sample.rollouts'?",
        ),
        ("grpo", {"valu": {}}, "stages.s.valu: unknown key 'valu'"),
    ],
)
def test_an_option_of_other_methods_is_no_misspelling(method: str, options: Any, message: str) -> None:
    assert message in refusal(method, options)


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("grpo", {"fit": {"batch": 4, "minibatches": 2}}, "stages.s.fit: batch and minibatches exclude"),
        ("grpo", {"validate": {"keep": "best"}}, "stages.s.validate.keep: best needs `every`"),
        ("ppo", {"kl": {"coef": 0.0, "target": 1.0}}, "stages.s.kl: a coef of 0 cannot"),
    ],
)
def test_a_refusal_names_its_place_once(method: str, options: Any, message: str) -> None:
    assert message in refusal(method, options)


def test_a_penalty_in_the_reward_names_the_estimator_that_it_needs() -> None:
    kl = {"coef": 0.01, "placement": "reward"}
    needs = "kl.placement: reward needs kl.estimator: k1"
    assert f"{needs} (now k2, the method's default)" in refusal("reinforce_pp", {"kl": kl})
    assert f"{needs} (now k3)" in refusal("reinforce_pp", {"kl": kl | {"estimator": "k3"}})
    assert built("reinforce_pp", {"kl": kl | {"estimator": "k1"}}).kl.estimator == "k1"


@pytest.mark.parametrize(
    ("method", "given", "expected"),
    [
        (cispo, {"fit": {"lr": 1.0}}, {"fit.lr": 1.0, "fit.minibatches": 4, "clip.high": 4.0}),
        (cispo, {"fit": {"batch": 8}}, {"fit.batch": 8, "fit.minibatches": None}),
        (dapo, {"sample": {"problems": 4}}, {"sample.rollouts": 16, "clip.high": 0.28}),
        (gspo, {"clip": {"high": 0.1}}, {"clip.low": 3e-4, "clip.high": 0.1}),
        (ppo, {"kl": {"target": 1.0}}, {"kl.coef": 0.05, "kl.estimator": "k1", "kl.placement": "reward"}),
        (ppo, {"fit": {"minibatches": 2}}, {"fit.batch": None, "fit.epochs": 4, "fit.correction": "none"}),
        (sft, {"fit": {"lr": 1e-3}}, {"fit.epochs": 4, "fit.batch": 128, "fit.warmup": 0.03}),
        (outcome_value_model, {"rollouts": "x", "fit": {"epochs": 3}}, {"fit.lora_rank": 64, "fit.lr": 1e-4}),
    ],
)
def test_a_record_given_in_part_keeps_the_methods_own_defaults(
    method: Any, given: dict[str, Any], expected: dict[str, Any]
) -> None:
    name = method.__name__.rpartition(".")[2]
    for cfg in (built(name, given), method.Config(**given)):
        assert {key: at(cfg, key) for key in expected} == expected


def at(cfg: Any, key: str) -> Any:
    for word in key.split("."):
        cfg = getattr(cfg, word)
    return cfg


def test_a_default_record_is_not_changed_by_what_is_given() -> None:
    ppo.Config(fit={"minibatches": 2})  # pyright: ignore[reportArgumentType]
    assert ppo.Config().fit.batch == 32


def test_the_recipe_written_out_has_the_methods_defaults_and_loads_again() -> None:
    tree = read_text("name: r\nstages: {s: {method: cispo, fit: {lr: 1e-3}}}\n", "r.yaml")
    recipe = config.build_recipe(tree)
    text = config.resolved_yaml(recipe)
    written = yaml.safe_load(text)["stages"]["s"]
    assert (written["fit"]["minibatches"], written["fit"]["batch"], written["clip"]["high"]) == (4, None, 4.0)
    assert config.build_recipe(read_text(text, "again.yaml")) == recipe


def test_the_schema_has_the_methods_defaults() -> None:
    branches = config.json_schema()["properties"]["stages"]["additionalProperties"]["oneOf"]
    found = {branch["title"]: branch["properties"] for branch in branches}
    assert found["cispo"]["fit"]["properties"]["minibatches"]["default"] == 4
    assert found["grpo"]["fit"]["properties"]["minibatches"]["default"] is None
    assert found["sft"]["fit"]["properties"]["lr"]["default"] == 2e-5
    assert found["ppo"]["kl"]["properties"]["coef"]["default"] == 0.05
    assert found["ppo"]["sample"]["properties"]["rollouts"]["description"] == "rollouts per problem"


def test_two_sizes_of_a_minibatch_are_refused() -> None:
    assert "exclude each other: set one of them" in refusal("grpo", {"fit": {"batch": 4, "minibatches": 2}})


def test_a_pass_has_as_many_steps_as_asked() -> None:
    assert [Fit(batch=4).steps_per_pass(n) for n in (1, 4, 9)] == [1, 1, 3]
    assert [Fit(minibatches=4).steps_per_pass(n) for n in (1, 4, 9)] == [1, 4, 4]
    assert Fit().steps_per_pass(9) == 1


def test_an_objective_with_one_form_of_the_penalty_refuses_others() -> None:
    with pytest.raises(ValueError, match=r"kl.placement: reward is not supported by this method: set loss"):
        grpo.Config(kl=Kl(placement="reward"))
    with pytest.raises(ValueError, match=r"kl.estimator: k3 is not supported by this method: set k1"):
        rloo.Config(kl=Kl(estimator="k3", placement="reward"))
    assert Kl(0.1).placement == "loss" and Clip(0.3).bounds == (0.3, 0.3)


def test_the_best_model_needs_a_validation() -> None:
    with pytest.raises(ValueError, match=r"validate.keep: best needs `every`"):
        Validate(keep="best")
    assert [Validate(every=2).due(count) for count in (1, 2, 3, 4)] == [False, True, False, True]


# old names


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        ("expert_iteration", {"rounds": 3}, "stages.s.rounds: now `steps`"),
        ("expert_iteration", {"samples": 3}, "stages.s.samples: now `sample.rollouts`"),
        ("sft", {"lr": 1e-3}, "stages.s.lr: now `fit.lr`"),
        ("grpo", {"sample": {"attempts": 3}}, "stages.s.sample.attempts: now `sample.rollouts`"),
        ("grpo", {"fit": {"updates": 3}}, "stages.s.fit.updates: now `fit.epochs`"),
        ("grpo", {"kl": "k3"}, "stages.s.kl: now `kl.estimator`"),
        ("grpo", {"kl": 0.2}, "stages.s.kl: now `kl.coef`"),
        ("dapo", {"kl": 0}, "stages.s.kl: now `kl.coef`"),
        ("grpo", {"clip": {"eps": 0.2}}, "stages.s.clip.eps: now `clip.low`"),
        ("expert_iteration", {"clip": {"eps_high": 0.2}}, "stages.s.clip.eps_high: now `clip.high`"),
        ("grpo", {"sample": {"samples": 4}}, "stages.s.sample.samples: now `sample.rollouts`"),
        ("ppo", {"attempts": 4}, "stages.s.attempts: now `sample.rollouts`"),
        ("mixed_policy", {"attempts": 4}, "stages.s.attempts: now `sample.rollouts`"),
        ("grpo", {"curriculum": {"given": 0.5}}, "s.curriculum.given: now `curriculum.prefix_share`"),
        ("ppo", {"curriculum": {"given": 0.5}}, "s.curriculum.given: now `curriculum.prefix_share`"),
        (
            "grpo",
            {"curriculum": {"kind": "backtracking", "given": 0.5}},
            "s.curriculum.given: now `curriculum.prefix_share`",
        ),
        ("gspo", {"eps_high": 0.1}, "stages.s.eps_high: now `clip.high`"),
        ("cispo", {"low": 0.1}, "stages.s.low: now `clip.low`, as 1 - low"),
        ("ppo", {"clip": 0.2}, "stages.s.clip: now `clip.low`"),
        ("ppo", {"kl": {"beta": 0.1}}, "stages.s.kl.beta: now `kl.coef`"),
        ("ppo", {"reward": {"alpha": 0.1}}, "stages.s.reward.alpha: now `process.weight`"),
        ("ppo", {"reward": {"without_end": "pay"}}, "now `sample.grade_truncated`: true in place of pay"),
        ("ppo", {"keep": "last"}, "stages.s.keep: now `validate.keep`"),
        ("mixed_policy", {"batch": 4}, "stages.s.batch: now `sample.problems`"),
        ("mixed_policy", {"dropout": 0.2}, "stages.s.dropout: now `head_dropout`"),
        ("mixed_policy", {"max_length": 99}, "stages.s.max_length: now `fit.max_length`"),
        (
            "process_reward_model",
            {"marked": "x", "aggregation": "min"},
            "stages.s.aggregation: now `aggregate`",
        ),
        ("step_labels", {"rollouts": "x", "continuations": 2}, "continuations: now `sample.rollouts`"),
        ("sample", {"temperature": 0.5}, "stages.s.temperature: now `sample.temperature`"),
    ],
)
def test_an_old_name_says_the_new_one_and_nothing_else(
    method: str, options: dict[str, Any], said: str
) -> None:
    message = refusal(method, options)
    assert said in message and len(message.splitlines()) == 1 and message.startswith("r.yaml:")


@pytest.mark.parametrize(("method", "key"), [("sft", "temperature"), ("sft", "beta"), ("sft", "eps")])
def test_no_option_is_named_that_the_method_does_not_have(method: str, key: str) -> None:
    message = refusal(method, {key: 0.5})
    assert f"stages.s.{key}" in message and "now `" not in message


def test_the_same_old_name_in_several_stages_is_one_line() -> None:
    text = "name: r\nstages:\n" + "".join(f"  s{i}: {{method: sft, lr: 1e-3}}\n" for i in range(3))
    with pytest.raises(ValueError) as error:
        config.build_recipe(read_text(text, "r.yaml"))
    assert str(error.value) == "r.yaml:3, stages.s0.lr: now `fit.lr` (in 3 stages)"


def test_a_typo_is_looked_for_in_the_records_too() -> None:
    assert "unknown key 'epocs'; did you mean 'fit.epochs'?" in refusal("sft", {"epocs": 2})
    assert "unknown key 'xyz'; there are: fit, limit, method" in refusal("sft", {"xyz": 2})


def test_the_folder_of_an_old_run_says_that_it_is_old(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: r\nstages:\n  s: {method: sft, lr: 1e-3}\n")
    with pytest.raises(ValueError) as error:
        config.load(str(tmp_path))
    first, second = str(error.value).splitlines()
    assert first.startswith(f"{tmp_path}/recipe.yaml: written by an earlier version")
    assert second.endswith("stages.s.lr: now `fit.lr`")


def places(kind: Any) -> Iterator[str]:
    for field in fields(kind):
        yield field.name
        records = get_args(get_args(Curriculum)[0]) if field.name == "curriculum" else (field.default,)
        for record in filter(is_dataclass, records):
            yield from (f"{field.name}.{inner.name}" for inner in fields(record))


def test_one_name_for_the_aggregation_of_step_scores() -> None:
    names = {place.rpartition(".")[2] for name in methods.METHODS for place in places(config_of(name))}
    names |= {field.name for field in fields(config.Evaluate)}
    assert "aggregate" in names and "aggregation" not in names


def config_of(name: str) -> Any:
    return methods.get_method(name).Config


def test_new_names_are_options_and_old_ones_are_not() -> None:
    every = {name: set(places(methods.get_method(name).Config)) for name in methods.METHODS}
    for new in renamed.EVERY.values():
        assert any(new in known for known in every.values()), new
    for method, table in renamed.METHOD.items():
        for old, new in table.items():
            match = renamed.ALONE.match(new)
            assert match and match[1].rstrip(".") in every[method], new
            assert old not in every[method], old
