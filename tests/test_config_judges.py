"""What a recipe with judges promises is checked before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from numerate import config
from tests import tiny

RECIPE = """\
name: small
model: MODEL
problems: {train: "stories/train[:4]", more: "stories/train[4:8]", test: "stories/test[:2]"}
stages:
  sft: {method: sft}
  some: {method: sample, model: sft, problems: more}
  labels: {method: step_labels, model: sft, problems: more, rollouts: some}
  orm: {method: outcome_reward_model, model: sft, problems: more, rollouts: some}
  sorm: {method: stepwise_outcome_model, model: sft, problems: more, rollouts: labels}
  LAST
evaluate: {samples: 2}
"""


LAST = "last: {method: sft, model: sft}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny.make(tmp_path / "MODEL")
    return tmp_path


def read(
    folder: Path, last: str = "last: {method: sft, model: sft}", old: str = "", new: str = ""
) -> config.Recipe:
    assert old in RECIPE
    text = RECIPE.replace(old, new, 1).replace("LAST", last).replace("MODEL", str(folder / "MODEL"))
    (folder / "r.yaml").write_text(text)
    return config.load(str(folder / "r.yaml"), out=folder)


def refusal(folder: Path, *change: str) -> str:
    with pytest.raises(ValueError) as error:
        read(folder, *change)
    return str(error.value)


def test_only_policies_are_measured_unless_asked(folder: Path) -> None:
    assert read(folder).evaluate.models == ("base", "sft", "last")


@pytest.mark.parametrize("method", ["ppo", "grpo", "dapo", "expert_iteration"])
def test_a_judge_may_learn_from_the_attempts_of_a_policy(folder: Path, method: str) -> None:
    rl = f"rl: {{method: {method}, model: sft, problems: more}}"
    last = f"{rl}\n  last: {{method: outcome_reward_model, problems: more, rollouts: rl}}"
    assert read(folder, last).stages["last"].options.rollouts == "rl"


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (
            "last: {method: outcome_reward_model, problems: more, rollouts: sam}",
            "last.rollouts: no stage 'sam' above this one stores rollouts; there are: some, labels",
        ),
        (
            "last: {method: stepwise_outcome_model, problems: more, rollouts: some}",
            "no stage 'some' above this one stores rollouts with labelled steps; there are: labels",
        ),
        (
            "last: {method: process_reward_model, problems: more, rollouts: some, labels: stored}",
            "no stage 'some' above this one stores rollouts with labelled steps; there are: labels",
        ),
        (
            "last: {method: outcome_reward_model, rollouts: some}",
            "stages.last.problems: the rollouts of stage 'some' are of the problem set 'more'",
        ),
        (
            "last: {method: sft, model: orm}",
            "'orm' (outcome_reward_model) trains a reward model, not a policy",
        ),
        ("last: {method: sft, model: some}", "'some' (sample) trains no model"),
        (
            "last: {method: outcome_reward_model, rollouts: some, problems: more, encoder: ./nowhere}",
            "stages.last.encoder: model './nowhere'",
        ),
        (
            "last: {method: process_reward_model, marked: prm800k/train, encoder: ./e, likelihood: true}",
            "stages.last.likelihood: an encoder gives no likelihoods",
        ),
        (
            "last: {method: evaluator_training, rollouts: some, problems: more}",
            "splits ' correct' and ' incorrect'",
        ),
        (
            "last: {method: ppo, model: sft, judge: some}",
            "last.judge: no stage 'some' above this one trains a reward model or evaluator; there are: orm, "
            "sorm; also allowed: `oracle`",
        ),
        (
            "last: {method: ppo, judge: ./nowhere}",
            "last.judge: './nowhere' is not a reward model: there is no such folder",
        ),
    ],
)
def test_what_a_stage_with_a_judge_needs_is_checked(folder: Path, last: str, said: str) -> None:
    assert said in refusal(folder, last)


def test_a_judge_is_not_measured_like_a_policy(folder: Path) -> None:
    said = refusal(folder, "last: {method: sft}", "samples: 2", "models: [sorm]")
    assert "evaluate.models: stage 'sorm'" in said


def test_the_oracle_is_asked_about_stories_only(folder: Path) -> None:
    (folder / "other.jsonl").write_text('{"question": "What is 2+3?", "answer": "5"}\n')
    last = "last: {method: process_reward_model, problems: more, rollouts: some}"
    said = refusal(folder, last, '"stories/train[4:8]"', str(folder / "other.jsonl"))
    assert "stages.last.labels: the oracle scores stories only" in said


def test_an_evaluator_that_goes_on_writing_needs_worked_solutions(folder: Path) -> None:
    (folder / "other.jsonl").write_text('{"question": "What is 2+3?", "answer": "5"}\n')
    last = "last: {method: evaluator_training, problems: more, rollouts: some, joint: 0.1}"
    said = refusal(folder, last, '"stories/train[4:8]"', str(folder / "other.jsonl"))
    assert "have no solution, and the method evaluator_training needs one" in said


@pytest.mark.parametrize("method", ["ppo", "grpo"])
def test_a_policy_may_be_rewarded_by_a_stage_above_it(folder: Path, method: str) -> None:
    assert read(folder, f"last: {{method: {method}, model: sft, judge: sorm}}").stages["last"].options
    (folder / "other.jsonl").write_text('{"question": "What is 2+3?", "answer": "5"}\n')
    last = f"last: {{method: {method}, problems: more, judge: oracle}}"
    said = refusal(folder, last, '"stories/train[4:8]"', str(folder / "other.jsonl"))
    assert "stages.last.judge: the oracle scores stories only" in said


def test_an_evaluator_may_be_gone_on_with(folder: Path) -> None:
    """Generator, evaluator, generator again. A tokenizer that only the model's own code reads is not judged
    here."""
    (folder / "MODEL" / "tokenizer.json").unlink()
    (folder / "MODEL" / "tokenizer.model").write_bytes(b"unknown")
    last = (
        "eva: {method: evaluator_training, rollouts: some, problems: more}\n  last: {method: sft, model: eva}"
    )
    assert read(folder, last).stages["last"].model == "eva"


UNUSED = [
    ("judge: nosuch", "last.judge: no stage 'nosuch' above this one trains a reward model or evaluator"),
    ("judge: some", "last.judge: no stage 'some' above this one trains a reward model or evaluator"),
    ("judge: ./nowhere", "last.judge: './nowhere' is not a reward model: there is no such folder"),
    ("kl: {reference: nosuch}", "last.kl.reference: there is no stage 'nosuch'"),
    ("kl: {reference: orm}", "last.kl.reference: stage 'orm' (outcome_reward_model) trains a reward model"),
    ("kl: {reference: last}", "last.kl.reference: stage 'last' cannot start from itself"),
    ("kl: {reference: ./nowhere}", "last.kl.reference: "),
]


@pytest.mark.parametrize("method", ["rloo", "dapo", "expert_iteration", "mixed_policy", "grpo"])
@pytest.mark.parametrize(("option", "message"), UNUSED)
def test_names_are_checked_where_the_method_does_not_use_them(
    folder: Path, method: str, option: str, message: str
) -> None:
    """As in grpo, which uses them all."""
    refused = refusal(folder, f"last: {{method: {method}, model: sft, {option}}}")
    assert message in refused and len(refused.splitlines()) == 1


def test_right_names_that_a_method_does_not_use_change_nothing(folder: Path) -> None:
    options = "judge: orm, kl: {reference: sft}"
    bare, full = (
        read(folder, f"last: {{method: expert_iteration, model: sft{more}}}") for more in ("", f", {options}")
    )
    assert full.notes == ["stage last: expert_iteration does not use kl, judge"]
    assert bare == full and config.resolved_yaml(bare) == config.resolved_yaml(full)


@pytest.mark.parametrize("method", ["rloo", "grpo"])
def test_an_oracle_without_use_is_checked_like_one_in_use(folder: Path, method: str) -> None:
    sums = folder / "sums.jsonl"
    sums.write_text('{"id": "1", "question": "What is 1+1?", "answer": "2"}\n')
    last = f"last: {{method: {method}, model: sft, problems: more, judge: oracle}}"
    refused = refusal(folder, last, '"stories/train[4:8]"', str(sums))
    assert "stages.last.judge: the oracle scores stories only" in refused
