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
from numerate.curricula import Curriculum
from numerate.methods import cispo, dapo, gspo, outcome_value_model, ppo, sft
from numerate.methods.shared.options import Clip, Fit, Kl, Validate
from tests.methods.arms import PATH, game
from tests.methods.toy import PROBLEMS, same, stage

SWAPPED = ("grpo", "dr_grpo", "gspo", "cispo", "dapo", "rloo", "reinforce_pp", "ppo", "expert_iteration")
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
OWN = {"dapo": {"overlong_cache": 4}, "ppo": {"value": {"layers": 1}}, "expert_iteration": {"threshold": 0.0}}
"""what 12 tokens and a random model need besides"""


def built(method: str, options: dict[str, Any]) -> Any:
    """The options of a stage, by way of a recipe's text."""
    text = yaml.safe_dump({"name": "r", "stages": {"s": {"method": method, **options}}})
    return config.build_recipe(read_text(text, "r.yaml")).stages["s"].options


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
    assert not same(tuned, work.load("base")) or rows[1]["validation/accuracy"] > 0


@pytest.mark.parametrize("name", [name for name in SWAPPED if name not in ("expert_iteration", "dapo")])
def test_bounds_and_penalty_have_the_same_names_too(name: str) -> None:
    cfg = built(name, SHARED | LOSSES | OWN.get(name, {}))
    assert cfg.clip.bounds == (0.1, 0.2) and cfg.kl.coef == 0.01


def test_a_method_without_a_penalty_says_so() -> None:
    message = "stages.s.kl: dapo has no option `kl` (cispo, dr_grpo, grpo and others have): remove it"
    assert message in refusal("dapo", LOSSES | OWN["dapo"])


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        ("grpo", {"value": {}}, "stages.s.value: grpo has no option `value` (ppo has): remove it"),
        (
            "grpo",
            {"kl": {"target": 1.0}},
            "stages.s.kl.target: grpo has no option `kl.target` (ppo has): remove it",
        ),
        (
            "expert_iteration",
            {"clip": {"low": 0.1}},
            "expert_iteration has no option `clip` (cispo, dapo, dr_grpo",
        ),
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
        ("ppo", {"kl": {"estimator": "k2"}}, "stages.s.kl.estimator: k2 is not supported"),
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
    assert "kl.placement: reward is not supported by this method: set loss" in refusal(
        "grpo", {"kl": {"placement": "reward"}}
    )
    assert "kl.estimator: k3 is not supported by this method: set k1" in refusal(
        "rloo", {"kl": {"estimator": "k3"}}
    )
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
        ("gspo", {"eps_high": 0.1}, "stages.s.eps_high: now `clip.high`"),
        ("cispo", {"low": 0.1}, "stages.s.low: now `clip.low`, as 1 - low"),
        ("ppo", {"clip": 0.2}, "stages.s.clip: now `clip.low`"),
        ("ppo", {"kl": {"beta": 0.1}}, "stages.s.kl.beta: now `kl.coef`"),
        ("ppo", {"reward": {"alpha": 0.1}}, "stages.s.reward.alpha: now `process.weight`"),
        ("ppo", {"reward": {"without_end": "pay"}}, "now `sample.grade_truncated`: true in place of pay"),
        ("ppo", {"keep": "last"}, "stages.s.keep: now `validate.keep`"),
        ("mixed_policy", {"batch": 4}, "stages.s.batch: now `sample.problems`"),
        ("step_labels", {"rollouts": "x", "continuations": 2}, "continuations: now `sample.rollouts`"),
        ("sample", {"temperature": 0.5}, "stages.s.temperature: now `sample.temperature`"),
    ],
)
def test_an_old_name_says_the_new_one_and_nothing_else(
    method: str, options: dict[str, Any], said: str
) -> None:
    message = refusal(method, options)
    assert said in message and len(message.splitlines()) == 1 and message.startswith("r.yaml:")


@pytest.mark.parametrize(("method", "key"), [("sft", "temperature"), ("dapo", "beta"), ("sft", "eps")])
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


def test_new_names_are_options_and_old_ones_are_not() -> None:
    every = {name: set(places(methods.get_method(name).Config)) for name in methods.METHODS}
    for new in renamed.EVERY.values():
        assert any(new in known for known in every.values()), new
    for method, table in renamed.METHOD.items():
        for old, new in table.items():
            match = renamed.ALONE.match(new)
            assert match and match[1].rstrip(".") in every[method], new
            assert old not in every[method], old
