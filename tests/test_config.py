"""Recipes: what is accepted, what is refused, and that every refusal names the place and the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import numerate
from numerate import config
from tests.small_recipe import PLAIN, RECIPE, WORKED, make


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the small recipe; the current folder."""
    monkeypatch.chdir(tmp_path)
    return make(tmp_path)


Edit = Callable[..., str]


@pytest.fixture
def refusal(here: Path) -> Edit:
    """The message that refuses the recipe after one replacement; nothing may have been written."""

    def of(old: str, new: str, *overrides: str) -> str:
        assert old in RECIPE
        (here / "r.yaml").write_text(RECIPE.replace(old, new))
        before = sorted(here.rglob("*"))
        with pytest.raises(ValueError) as error:
            config.load("r.yaml", list(overrides))
        assert sorted(here.rglob("*")) == before
        return str(error.value)

    return of


@pytest.mark.parametrize(
    ("override", "stage"),
    [
        ("sft.validate.every=1", "sft"),
        ("sft.validate={every: 2, keep: best}", "sft"),
        ("ei.validate.keep=best", "ei"),
        ("ei.stop_after=1", "ei"),
    ],
)
def test_a_stage_that_validates_without_a_validation_set_is_refused_before_any_stage(
    here: Path, refusal: Edit, override: str, stage: str
) -> None:
    message = refusal("name: small", "name: small", override)
    assert f"stages.{stage}.validate: the recipe has no problem set named `validation`" in message
    assert config.load("r.yaml", [override, "problems.validation=asked.jsonl"])


def test_the_default_validation_of_expert_iteration_needs_no_validation_set(here: Path) -> None:
    assert config.load("r.yaml").stages["ei"].options.validate.every == 1


def test_a_good_recipe_is_read_with_its_methods_options(here: Path) -> None:
    recipe = config.load("r.yaml")
    assert list(recipe.stages) == ["sft", "ei"]
    assert recipe.stages["sft"].options.fit.epochs == 2
    assert recipe.stages["ei"].options.fit.lr == 2e-5
    assert recipe.problems["train"] == config.ProblemSet(source="worked.jsonl")
    assert recipe.evaluate.models == ("base", "sft", "ei")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("epochs: 2", "epocs: 2", ["r.yaml:9, stages.sft.fit.epocs", "did you mean 'epochs'?"]),
        ("    model: sft", "    modle: sft", ["r.yaml:12, stages.ei.modle", "did you mean 'model'?"]),
        ("evaluate:", "evalute:", ["r.yaml:15, evalute", "did you mean 'evaluate'?"]),
        ("samples: 8", "sample: 8", ["r.yaml:16, evaluate.sample", "did you mean 'samples'?"]),
        ("{lr: 2e-5}", "{rl: 2e-5}", ["r.yaml:14, stages.ei.fit.rl", "did you mean 'lr'?"]),
        (
            "train: worked.jsonl",
            "train: {sorce: x}",
            ["r.yaml:4, problems.train.sorce", "did you mean 'source'?"],
        ),
        (
            "epochs: 2",
            "epochs: two",
            ["r.yaml:9, stages.sft.fit.epochs", "a whole number, not the text 'two'"],
        ),
        ("epochs: 2", "epochs: 2.5", ["r.yaml:9", "a whole number, not 2.5"]),
        ("epochs: 2", "epochs: true", ["r.yaml:9", "a whole number, not true"]),
        ("epochs: 2", 'epochs: "2"', ["r.yaml:9", "a whole number, not the text '2'"]),
        ("samples: 8", "samples: -1", ["r.yaml:16", "at least 0, not -1"]),
        ("samples: 8", "temperature: 0", ["r.yaml:16", "more than 0", "not 0"]),
        ("samples: 8", "problems: test", ["r.yaml:16", "a list such as [a, b], not the text 'test'"]),
        ("samples: 8", "k: [1, 64]", ["r.yaml:16, evaluate.k", "k = 64", "samples is 32"]),
        ("name: small", "name: 7", ["r.yaml:1, name", "expected text, not 7", 'put it in quotes, "7"']),
        ("name: small", "name: ../up", ["r.yaml:1, name", "cannot name a folder"]),
        ("name: small\n", "", ["r.yaml", "'name' is missing"]),
        ("    method: sft\n", "", ["r.yaml:7, stages.sft", "'method' is missing"]),
        ("method: sft", "method: stf", ["r.yaml:8, stages.sft.method", "did you mean 'sft'?"]),
        ("  sft:\n    method: sft\n    fit: {epochs: 2}", "  sft: 3", ["r.yaml:7, stages.sft", "not 3"]),
        ("name: small", "prompt: plan\nname: small", ["r.yaml:1, prompt", "did you mean 'plain'?"]),
        ("name: small", "dtype: f16\nname: small", ["r.yaml:1, dtype", "float16", "not the text 'f16'"]),
        (
            "name: small",
            "engine: {kind: tpu}\nname: small",
            ["r.yaml:1, engine.kind", "'local', 'server', 'vllm'", "the text 'tpu'"],
        ),
        ("name: small", "name: small\nname: big", ["r.yaml:2, name", "written twice (first at r.yaml:1)"]),
        ("epochs: 2", "epochs: [2", ["r.yaml", "not YAML"]),
    ],
)
def test_a_mistake_names_file_line_key_and_remedy(refusal: Edit, old: str, new: str, said: list[str]) -> None:
    message = refusal(old, new)
    for part in said:
        assert part in message
    assert "pydantic" not in message and "Input should" not in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "model: sft",
            "model: sfd",
            "r.yaml:12, stages.ei.model: there is no stage 'sfd'; did you mean 'sft'?",
        ),
        ("model: sft", "model: ei", "stage 'ei' cannot start from itself"),
        ("fit: {epochs: 2}", "model: ei", "stages 'sft' and 'ei' start from each other"),
        ("steps: 3", "restart_from: stf", "r.yaml:13, stages.ei.restart_from: there is no stage 'stf'"),
        (
            "samples: 8",
            "models: [bose]",
            "r.yaml:16, evaluate.models: there is no stage 'bose'; did you mean 'base'?",
        ),
        ("samples: 8", "problems: [tets]", "no problem set 'tets'; did you mean 'test'?"),
        (
            "fit: {epochs: 2}",
            "problems: trian",
            "r.yaml:9, stages.sft.problems: this recipe has no problem set 'trian'",
        ),
    ],
)
def test_references_between_parts_are_checked(refusal: Edit, old: str, new: str, said: str) -> None:
    assert said in refusal(old, new)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            "rewards: [tests.no_such_module.f]",
            "r.yaml:13, stages.rl.rewards: reward 'tests.no_such_module.f': importing",
        ),
        ("rewards: [corect]", "stages.rl.rewards: reward 'corect': write `correct`, or a function as"),
        (
            "rewards: [{path: json.loads}]",
            "stages.rl.rewards: reward 'json.loads': that is Python's standard",
        ),
        ("rewards: [yaml.load]", "stages.rl.rewards: this recipe runs code outside Numerate: yaml.load"),
        ("rewards: [{pth: json.loads}]", "stages.rl.rewards"),
        ("kl: {reference: sfd}", "stages.rl.kl.reference: there is no stage 'sfd'; did you mean 'sft'?"),
        ("kl: {reference: no/such/place}", "no/such/place"),
        ("sample: {rolouts: 4}", "stages.rl.sample.rolouts: unknown key 'rolouts'; did you mean 'rollouts'?"),
        ("fit: {mask: 1}", "stages.rl.fit.mask: unknown key 'mask'"),
    ],
)
def test_a_stage_of_reinforcement_is_checked(refusal: Edit, options: str, said: str) -> None:
    stage = f"  rl: {{method: grpo, model: sft, {options}}}\nevaluate:"
    message = refusal("    steps: 3\n    fit: {lr: 2e-5}\nevaluate:", stage)
    assert said in message


def test_the_functions_of_ppo_are_checked_too(here: Path) -> None:
    path = "tests.rewards.test_compose.lenght"
    (here / "r.yaml").write_text(
        RECIPE.replace("stages:", f"stages:\n  rl: {{method: ppo, rewards: [{path}]}}")
    )
    with pytest.raises(ValueError, match=r"stages.rl.rewards: .*has no function 'lenght'"):
        config.load("r.yaml")


def test_rewards_are_names_or_functions_with_a_weight(here: Path) -> None:
    path = "tests.rewards.test_compose.length"
    stages = f"""
  rl:
    method: grpo
    rewards: [correct, {{path: {path}, weight: 2}}]
  far: {{method: on_policy_distillation, teacher: ./MODEL}}
evaluate:"""
    (here / "r.yaml").write_text(RECIPE.replace("\nevaluate:", stages))
    recipe = config.load("r.yaml")
    first, second = recipe.stages["rl"].options.rewards
    assert first == "correct" and (second.path, second.weight) == (path, 2)
    assert recipe.stages["far"].options.teacher == "./MODEL"
    (here / "again.yaml").write_text(config.resolved_yaml(recipe))
    assert config.load("again.yaml") == recipe


def test_a_stage_may_not_start_from_a_later_one(refusal: Edit) -> None:
    later = "stages:\n  first: {method: sft, model: sft}\n"
    assert "stage 'sft' comes later" in refusal("stages:\n", later)


def test_every_mistake_is_reported_at_once(refusal: Edit) -> None:
    message = refusal("epochs: 2", "epocs: 2, bach: 3", "evaluate.samples=many")
    assert [line.split(":")[0] for line in message.splitlines()] == [
        "on the command line, 'evaluate.samples=many', evaluate.samples",
        *["r.yaml"] * 2,
    ]


def test_the_model_is_looked_at(refusal: Edit, here: Path) -> None:
    (here / "empty").mkdir()
    (here / "empty" / "config.json").write_text('{"model_type": "llama"}')
    message = refusal("model: MODEL", "model: empty")
    assert message.startswith("r.yaml:2, model: ") and "no weights" in message


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none.jsonl", None, "no file or folder 'none.jsonl'"),
        ("empty.jsonl", "", "no problems"),
        ("bad.jsonl", "{]\n", "bad.jsonl"),
        ("asked.jsonl", PLAIN, "have no solution, and the method sft needs one"),
    ],
)
def test_problem_sets_are_looked_at(
    refusal: Edit, here: Path, name: str, text: str | None, said: str
) -> None:
    if text is not None:
        (here / name).write_text(text)
    message = (
        refusal("train: worked.jsonl", f"train: {name}")
        if name != "asked.jsonl"
        else refusal(
            "  train: worked.jsonl\n  test: asked.jsonl", "  train: asked.jsonl\n  test: worked.jsonl"
        )
    )
    assert message.startswith("r.yaml:4, problems.train: ") and said in message


def test_training_on_what_is_measured_is_refused_unless_asked_for(refusal: Edit, here: Path) -> None:
    (here / "my_test.jsonl").write_text(WORKED)
    (here / "test.jsonl").write_text(WORKED)
    assert "the run is evaluated on it" in refusal("test: asked.jsonl", "test: worked.jsonl")
    assert "trains on test.jsonl, a test set" in refusal("train: worked.jsonl", "train: test.jsonl")
    config.load("r.yaml", ["allow_test_training=true"])


def test_slices_of_one_file_may_be_trained_and_measured_on(here: Path) -> None:
    (here / "worked.jsonl").write_text(WORKED + WORKED.replace("1+1", "1 + 1"))
    config.load("r.yaml", ["problems.train=worked.jsonl[:1]", "problems.test=worked.jsonl[1:]"])


def test_a_full_disk_is_told_before_the_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=10))
    with pytest.raises(
        ValueError, match=r", and \d+ MB are free: free disk space, or choose another disk with --out"
    ):
        config.load("r.yaml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("epochs", "'epochs' is not an override: write key=value"),
        ("sfd.epochs=1", "'sfd' is neither a key of the recipe nor one of its stages; did you mean 'sft'?"),
        ("stages.sfd.epochs=1", "the stages of this recipe are sft, ei"),
        (
            "sft.fit.epocs=1",
            "'sft.fit.epocs=1', stages.sft.fit.epocs: unknown key 'epocs'; did you mean 'epochs'?",
        ),
        (
            "sft.fit.epochs=two",
            "'sft.fit.epochs=two', stages.sft.fit.epochs: expected a whole number, not the text 'two'",
        ),
        ("sft.fit.epochs.x=2", "stages.sft.fit.epochs is 2 and has no key 'x'"),
        ("seed=[", "in 'seed=[': the value:1: not YAML"),
    ],
)
def test_a_wrong_override_is_quoted_back(refusal: Edit, change: str, said: str) -> None:
    assert said in refusal("name", "name", change)


def test_pydantic_is_used_by_its_public_interface() -> None:
    internal = re.compile(r"__pydantic|pydantic_core|pydantic\._|__get_validators__|\.__fields__")
    files = [
        path for path in Path(numerate.__file__).parent.rglob("*.py") if internal.search(path.read_text())
    ]
    assert not files
