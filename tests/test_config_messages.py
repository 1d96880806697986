"""Mistakes in recipes: their order, the place that is named, and what is suggested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from numerate import config, methods
from numerate.config.build import build_recipe
from numerate.config.override import apply_overrides
from numerate.config.read import Tree, read_text
from numerate.options import near_words
from tests.command_line import call

RECIPE = """\
name: mine
stages:
  sft: {method: sft}
  rl:
    method: grpo
    model: sft
"""


def tree(*overrides: str, text: str = RECIPE) -> Tree:
    made = read_text(text, "r.yaml")
    apply_overrides(made, overrides)
    return made


def refusal(*overrides: str, text: str = RECIPE) -> str:
    with pytest.raises(ValueError) as error:
        build_recipe(tree(*overrides, text=text))
    return str(error.value)


@pytest.mark.parametrize(
    "overrides", [["engine=local"], ["engine=local", "engine.slots=3"], ["engine.kind=local"]]
)
def test_a_bare_kind_is_an_engine_of_this_kind(overrides: list[str]) -> None:
    engine: Any = build_recipe(tree(*overrides)).engine
    assert (engine.kind, engine.slots) == ("local", 3 if len(overrides) > 1 else None)


@pytest.mark.parametrize(
    "overrides", [["rl.curriculum=pools"], ["rl.curriculum=pools", "rl.curriculum.easy=0.9"]]
)
def test_a_bare_kind_is_a_curriculum_of_this_kind(overrides: list[str]) -> None:
    curriculum = build_recipe(tree(*overrides)).stages["rl"].options.curriculum
    assert (curriculum.kind, curriculum.easy) == ("pools", 0.9 if len(overrides) > 1 else 1.0)


def test_a_misspelt_kind_has_a_near_one() -> None:
    message = refusal(text="name: mine\nengine: locl\n")
    assert message.startswith(
        "r.yaml:2, engine: expected one of 'local', 'server', 'vllm', not the text 'locl'"
    )
    assert message.endswith("; did you mean 'local'?")
    assert "r.yaml:2, engine.kind: " in refusal(text="name: mine\nengine: {kind: locl}\n")
    assert "did you mean 'float32'?" in refusal("dtype=flot32")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("learning_rate: 1", "fit.lr"),
        ("fit: {learning_rate: 1}", "fit.lr"),
        ("num_generations: 4", "sample.rollouts"),
        ("group_size: 4", "sample.rollouts"),
        ("group: 4", "sample.rollouts"),
        ("sample: {n: 4}", "sample.rollouts"),
        ("clip_range: 0.2", "clip.low"),
        ("per_step: 4", "sample.problems"),
    ],
)
def test_names_of_other_libraries_lead_to_the_option(written: str, meant: str) -> None:
    assert refusal(text=f"{RECIPE}    {written}\n").endswith(f"; did you mean {meant!r}?")


def test_a_name_of_another_library_leads_to_no_option_that_the_method_lacks() -> None:
    assert "sample.rollouts" not in refusal("sft.num_generations=4")


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("sft.fit.lr='1e-3'", True),
        ("sft.fit.epochs='2'", True),
        ("evaluate.greedy='true'", True),
        ("sft.fit.lr=high", False),
        ("sft.fit.epochs='2.5'", False),
    ],
)
def test_a_number_in_quotes_is_recognized(override: str, hint: bool) -> None:
    assert refusal(override).endswith(": remove the quotes") == hint


def test_mistakes_are_in_the_order_of_their_lines() -> None:
    text = f"{RECIPE}    steps: none\nevaluate: {{samples: none}}\ndevise: cpu\n"
    lines = refusal("seed=none", text=text.replace("sft}", "sft, fit: {lr: high}}")).splitlines()
    places = ["on the command line, 'seed=none'", *(f"r.yaml:{line}" for line in (3, 7, 8, 9))]
    assert [line[: len(place)] for line, place in zip(lines, places, strict=True)] == places


def test_a_refused_combination_names_the_override_that_made_it() -> None:
    place = "on the command line, 'rl.sample.rollouts=1', stages.rl.sample.rollouts: "
    assert refusal("rl.sample.rollouts=1") == f"{place}a group needs at least 2 rollouts per problem, not 1"


def test_methods_that_are_equally_near_are_both_suggested() -> None:
    with pytest.raises(ValueError, match="did you mean 'grpo' or 'gspo'\\?"):
        methods.get_method("gpro")
    assert near_words("epocs", ["epochs", "every"]) == ["epochs"] and near_words("x", ["epochs"]) == []


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("test=svamp", "problems.test"),
        ("test.limit=4", "problems.test.limit"),
        ("samples=4", "evaluate.samples"),
        ("stf.limit=4", "sft"),
    ],
)
def test_what_lies_deeper_is_suggested_with_its_path(override: str, meant: str) -> None:
    assert refusal(override).endswith(f"; did you mean {meant!r}?")


def test_an_override_of_a_default_set_leaves_the_others() -> None:
    sets = build_recipe(tree("problems.test.limit=6")).problems
    assert (sets["test"].source, sets["test"].limit) == ("stories/test", 6)
    assert (sets["train"].source, sets["validation"].limit) == ("stories/train", None)
    assert (
        build_recipe(tree("problems.more.limit=6", "problems.more.source=svamp")).problems["more"].limit == 6
    )


def test_an_override_of_no_set_names_the_near_one() -> None:
    message = "this recipe has no problem set 'tset'; did you mean 'test'?"
    assert refusal("problems.tset.limit=6").endswith(message)


def test_a_set_that_evaluate_misspells_is_the_mistake(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE)
    with pytest.raises(ValueError, match="no problem set 'tset'; did you mean 'test'"):
        config.load(str(tmp_path / "r.yaml"), ["evaluate.problems=[tset]", "problems.test=stories/test"])


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (("eval", "numerate/pico", "-p", "stories/tset"), "error: -p stories/tset: problem set 'stories'"),
        (
            ("eval", "numerate/pico", "-p", "stories/test", "--engine", "locl"),
            "error: --engine locl: expected",
        ),
        (("solve", "numerate/pico", "1 + 1?", "--engine", "locl"), "expected one of"),
    ],
)
def test_arguments_of_the_command_line_are_named_as_typed(words: tuple[str, ...], start: str) -> None:
    done = call(*words)
    assert done.exit_code == 2 and start in done.stderr
    assert "locl" not in words or done.stderr.endswith("did you mean 'local'?\n")
