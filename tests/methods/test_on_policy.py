"""What is peculiar to methods that learn from their own attempts; the contract of all methods is in
test_contract.py."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from numerate import methods
from numerate.methods.shared import on_policy, rollout_metrics
from numerate.methods.shared.group_policy_gradient import group_advantages
from numerate.methods.shared.on_policy import OnPolicyLoop
from numerate.methods.shared.options import Kl, PolicyFit, PolicyGradient, Sample, Validate
from numerate.types import Group, Reward, Rollout, Scored, Turn
from tests.methods.arms import PATH, game
from tests.methods.cases import ARMS
from tests.methods.toy import PROBLEMS, job, same, stage

METHODS = ARMS | {"on_policy_distillation": {"teacher": "teacher"}}
STEPS = 4
TWO = Sample(problems=2, rollouts=4)


def config(name: str, fit: dict[str, Any] | None = None, **more: Any) -> Any:
    sample = Sample(problems=4, rollouts=4, max_tokens=12)
    chosen = PolicyFit(**({"lr": 2e-2, "epochs": 2, "minibatches": 2} | (fit or {})))
    common = {"steps": STEPS, "sample": sample, "fit": chosen}
    common |= {} if name == "on_policy_distillation" else {"rewards": (PATH,)}
    return methods.get_method(name).Config(**(common | METHODS[name] | more))


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def uniform(word: str) -> Any:
    """Everybody writes the same, right answer."""
    return lambda problem, index, params: f"{word}#### {problem.answer}"


def by_turns(problem: Any, index: int, params: Any) -> str:
    """Every other question has attempts of different worth."""
    number = int(problem.id.removeprefix("sum-"))
    return f"#### {problem.answer if number % 2 or index else 'none'}"


@pytest.mark.parametrize(("steps", "warns"), [(1, True), (2, False)])
def test_a_stage_of_one_step_warns_that_it_trains_at_the_final_rate(
    tmp_path: Path, steps: int, warns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = {"epochs": 1, "minibatches": 1, "final_lr": 1e-4}
    run, warnings = stage(tmp_path / "run"), list[str]()
    monkeypatch.setattr(run.progress, "warn", warnings.append)
    methods.get_method("grpo").train(run, config("grpo", fit, steps=steps), game(tmp_path))
    assert any("fit.final_lr (0.0001)" in text for text in warnings) == warns
    assert log(tmp_path / "run")[-1]["train/lr"] == 1e-4


def test_attempts_of_the_same_worth_leave_the_weights_alone(tmp_path: Path) -> None:
    """Also AdamW's momentum: no step is taken at all."""
    work = job(tmp_path, uniform(""))
    cfg = config("grpo", steps=2, rewards=("correct",), kl=Kl())
    tuned = methods.get_method("grpo").train(stage(tmp_path / "run"), cfg, work)
    assert same(tuned, work.load("base"))
    for row in log(tmp_path / "run"):
        assert (row["rollouts/zero_variance"], row["train/updates"], row["rollouts/accuracy"]) == (1, 0, 1)


def test_dapo_replaces_questions_that_teach_nothing(tmp_path: Path) -> None:
    """8 questions, 4 of which teach something, 2 asked at a time. DAPO goes on until it has 2 that do."""
    sample = Sample(problems=2, rollouts=4, max_tokens=12)
    kept: list[list[str]] = []
    run, work = stage(tmp_path / "run"), job(tmp_path, by_turns)
    cfg = config("dapo", sample=sample, rewards=("correct",), overlong_cache=0)
    loop = OnPolicyLoop(run, work, cfg)
    for _ in run.rounds(4, loop.learner):
        kept.append([group.problem.id for group in loop.sample_groups_with_signal(cfg.max_draws)])
        loop.log()
    assert all(len(ids) == 2 for ids in kept)
    assert all(int(id_.removeprefix("sum-")) % 2 == 0 for ids in kept for id_ in ids)
    assert run.state["draws"] > 4
    assert any(row["rollouts/zero_variance"] > 0 for row in log(tmp_path / "run"))


def test_dapo_gives_up_with_a_clear_message(tmp_path: Path) -> None:
    sample = Sample(problems=2, rollouts=4, max_tokens=12)
    cfg = config("dapo", sample=sample, rewards=("correct",), max_draws=3, overlong_cache=4)
    with pytest.raises(
        ValueError, match="0 of 2 problems have rollouts with different rewards after 3 rounds"
    ):
        methods.get_method("dapo").train(stage(tmp_path / "run"), cfg, job(tmp_path, uniform("")))


def test_dapo_ends_the_stage_when_everything_is_solved(tmp_path: Path) -> None:
    def solved_later(problem: Any, index: int, params: Any) -> str:
        return f"#### {problem.answer if params.round or index else 'none'}"

    run, said = stage(tmp_path / "run"), list[str]()
    run.progress.say = said.append  # pyright: ignore
    cfg = config("dapo", steps=9, rewards=("correct",), overlong_cache=0, max_draws=2)
    methods.get_method("dapo").train(run, cfg, job(tmp_path, solved_later))
    assert [row["train/updates"] for row in log(tmp_path / "run")] == [4, 0]
    assert len(said) == 2 and "the stage ends here" in said[1]


def test_every_question_once_before_any_comes_again(tmp_path: Path) -> None:
    loop = OnPolicyLoop(
        stage(tmp_path / "run"), job(tmp_path), PolicyGradient(sample=Sample(problems=3, rollouts=2))
    )
    asked = [[group.problem.id for group in loop.sample_groups()] for _ in range(6)]
    every = sorted(problem.id for problem in PROBLEMS)
    assert [len(ids) for ids in asked] == [2, 3, 3] * 2
    assert sorted(chain(*asked[:3])) == every == sorted(chain(*asked[3:]))
    assert asked[:3] != asked[3:]


def test_attempts_that_nobody_measured_are_left_out_and_counted(tmp_path: Path) -> None:
    run = stage(tmp_path / "run")
    loop = OnPolicyLoop(run, job(tmp_path), PolicyGradient(sample=TWO))
    groups = loop.sample_groups()
    first = groups[0].rollouts
    lacking = (Scored(first[0].rollout, Reward(None, {"correct": None})), *first[1:])
    groups[0] = loop.sampled[0] = Group(groups[0].problem, lacking)
    rows = loop.training_rows(groups)
    assert [len(found) for found in on_policy.rows_by_group(rows)] == [3, 4]
    loop.log()
    assert log(tmp_path / "run")[0]["reward/unmeasured"] == 1 / 8
    nobody = [Group(g.problem, tuple(Scored(a.rollout, Reward(None)) for a in g.rollouts)) for g in groups]
    with pytest.raises(ValueError, match="no rollout of 2 problems has a reward"):
        loop.training_rows(nobody)


@pytest.mark.parametrize("truncated", ["learn", "mask"])
def test_cut_attempts_are_compared_with_and_can_be_left_out(tmp_path: Path, truncated: str) -> None:
    """Of four attempts at each question the two right ones were cut: the others lose against them all the
    same."""
    fit = PolicyFit(truncated=truncated)  # pyright: ignore[reportArgumentType]
    loop = OnPolicyLoop(stage(tmp_path / "run"), job(tmp_path), PolicyGradient(sample=TWO, fit=fit))
    cut = [
        Group(g.problem, tuple(replace(a, rollout=finished(a.rollout, a.reward.value)) for a in g.rollouts))
        for g in loop.sample_groups()
    ]
    rows = loop.training_rows(cut)
    given = on_policy.with_advantages(rows, group_advantages(rows))
    [part] = loop.minibatches(given)
    assert len(part) == (8 if truncated == "learn" else 4)
    wrong = [max(row.token["advantage"], key=abs) for row in part if not row.columns["truncated"]]
    assert len(wrong) == 4 and all(a < 0 for a in wrong)


def finished(rollout: Rollout, reward: float | None) -> Rollout:
    return replace(rollout, finish="length" if reward else "stop")


@pytest.mark.parametrize(
    ("fit", "sizes"),
    [
        ({}, [16]),
        ({"batch": 8}, [8, 8]),
        ({"batch": 7}, [4, 4, 8]),
        ({"minibatches": 9, "epochs": 2}, [4] * 8),
    ],
)
def test_minibatches_are_of_whole_groups(tmp_path: Path, fit: dict[str, Any], sizes: list[int]) -> None:
    """Four rollouts at each of four problems: a batch of 7 takes three steps."""
    cfg = PolicyGradient(sample=Sample(problems=4, rollouts=4), fit=PolicyFit(**fit))
    loop = OnPolicyLoop(stage(tmp_path / "run"), job(tmp_path), cfg)
    parts = list(loop.minibatches(loop.training_rows(loop.sample_groups())))
    assert [len(part) for part in parts] == sizes
    assert all(len(group) == 4 for part in parts for group in on_policy.rows_by_group(part))


def test_a_sampler_that_drifts_is_corrected(tmp_path: Path) -> None:
    """The scripted engine says -1 for every token, which is not what the model thinks: pi_old is computed
    again, and the advantages carry pi_old / pi_sampler, cut at the cap."""
    cfg = PolicyGradient(sample=TWO, fit=PolicyFit(cap=0.01))
    loop = OnPolicyLoop(stage(tmp_path / "run"), job(tmp_path), cfg)
    rows = loop.training_rows(loop.sample_groups())
    given = on_policy.with_advantages(rows, [2.0] * len(rows))
    for row, gave in zip(rows, given, strict=True):
        for seen, old, a in zip(row.mask, row.token["old_logp"], gave.token["advantage"], strict=True):
            assert not seen or a == pytest.approx(2 * min(math.exp(old + 1), 0.01))
    assert loop.stats["drift/recomputed"] == 1 and loop.stats["correction/max"] <= 0.01
    assert 0 < loop.stats["correction/bound"] < 1


def test_the_local_engine_needs_no_correction(tmp_path: Path) -> None:
    methods.get_method("grpo").train(stage(tmp_path / "run"), config("grpo", steps=2), game(tmp_path))
    for row in log(tmp_path / "run"):
        assert row["correction/min"] == row["correction/max"] == 1 and row["drift/max"] < 1e-3


def test_adapters_learn_and_the_model_beneath_does_not(tmp_path: Path) -> None:
    work = game(tmp_path)
    tuned = methods.get_method("grpo").train(
        stage(tmp_path / "run"), config("grpo", {"lora_rank": 4}, steps=2), work
    )
    trained = {name for name, p in tuned.model.named_parameters() if p.requires_grad}
    assert trained and all("lora_" in name for name in trained)
    tuned.save(tmp_path / "tuned")
    assert not same(work.load("tuned"), work.load("base"))


def test_the_reference_is_another_model_and_stays(tmp_path: Path) -> None:
    """The KL to the model that the stage starts from is 0 before the first update; to another it is not."""
    once = {"epochs": 1, "minibatches": 1}
    for name, reference in (("own", None), ("other", "teacher")):
        cfg = config("grpo", once, steps=2, kl=Kl(0.1, reference=reference))
        methods.get_method("grpo").train(stage(tmp_path / name), cfg, game(tmp_path))
    own, other = ([row["train/kl"] for row in log(tmp_path / name)] for name in ("own", "other"))
    assert own[0] == pytest.approx(0, abs=1e-5) and own[1] > 1e-4
    assert min(other) > 0.1


def test_adapters_have_their_reference_beneath_them(tmp_path: Path) -> None:
    """Without a second copy of the weights, and with the same numbers as with one."""
    work, loaded = game(tmp_path), list[str]()

    def load(name: str) -> Any:
        loaded.append(name)
        return work.load(name)

    copied = str(tmp_path / "base")
    for name, reference in (("beneath", None), ("copied", copied)):
        cfg = config("grpo", {"lora_rank": 4}, steps=3, kl=Kl(0.5, reference=reference))
        methods.get_method("grpo").train(stage(tmp_path / name), cfg, replace(work, load=load))
    assert loaded == ["base", "base"]  # the policy of each; the copy comes from its folder
    beneath, second = ([row["train/kl"] for row in log(tmp_path / name)] for name in ("beneath", "copied"))
    assert beneath == pytest.approx(second, rel=1e-3, abs=1e-6) and beneath[2] > 1e-3


def test_validation_every_so_many_steps(tmp_path: Path) -> None:
    work = game(tmp_path, validation=PROBLEMS[:2])
    methods.get_method("grpo").train(
        stage(tmp_path / "run"), config("grpo", validate=Validate(every=2)), work
    )
    assert ["validation/accuracy" in row for row in log(tmp_path / "run")] == [False, True, False, True]
    with pytest.raises(ValueError, match="no problem set named `validation`"):
        methods.get_method("grpo").train(
            stage(tmp_path / "b"), config("grpo", validate=Validate(every=2)), game(tmp_path)
        )


def test_a_teacher_with_other_words_is_refused(tmp_path: Path) -> None:
    work = game(tmp_path)
    other = work.load("teacher")
    other.tokenizer.add_tokens(["<new>"])
    other.model.resize_token_embeddings(len(other.tokenizer))
    other.save(tmp_path / "teacher")
    with pytest.raises(ValueError, match="different vocabularies"):
        methods.get_method("on_policy_distillation").train(
            stage(tmp_path / "run"), config("on_policy_distillation"), work
        )


def test_what_a_step_logs_by_hand() -> None:
    """Two questions: attempts of 2 and 4 tokens, right and wrong, the second cut; two wrong ones of 1."""

    def said(ids: int, right: float, finish: Any = "stop") -> Scored:
        turns = (Turn("assistant", "a", tuple(range(ids)), (-0.5,) * ids, trained=True),)
        return Scored(Rollout("p", 0, turns, finish), Reward(right + 1, {"correct": right}))

    groups = [
        Group(PROBLEMS[0], (said(2, 1.0), said(4, 0.0, "length"))),
        Group(PROBLEMS[1], (said(1, 0.0), said(1, 0.0))),
    ]
    assert rollout_metrics.rollout_stats(groups) == pytest.approx(
        {
            "rollouts/count": 4,
            "rollouts/length": 2,
            "rollouts/truncated": 1 / 4,
            "rollouts/truncated_right": 0,
            "rollouts/unanswered": 1,
            "rollouts/no_room": 0,
            "rollouts/zero_variance": 1 / 2,
            "reward/unmeasured": 0,
            "reward/mean": 5 / 4,
            "rollouts/steps": 1,
            "rollouts/repeated_steps": 0,
            "rollouts/accuracy": 1 / 4,
            "policy/entropy": 0.5,
        }
    )


def test_distillation_needs_no_answers(tmp_path: Path) -> None:
    bare = [replace(problem, answer="") for problem in PROBLEMS]
    cfg = config("on_policy_distillation", steps=1)
    methods.get_method("on_policy_distillation").train(
        stage(tmp_path / "run"), cfg, game(tmp_path, problems=bare)
    )
    [row] = log(tmp_path / "run")
    assert row["train/updates"] == 4 and row["reward/unmeasured"] == 1 and "rollouts/accuracy" not in row


def test_one_attempt_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    alone = Sample(problems=4, rollouts=1, max_tokens=12)
    for name in METHODS:
        if name == "on_policy_distillation":
            config(name, sample=alone)
        else:
            with pytest.raises(ValueError, match="a group needs at least 2 rollouts"):
                config(name, sample=alone)
    cfg = config(
        "reinforce_pp", sample=alone, baseline="none", kl=Kl(0.01, "k1", placement="reward"), steps=2
    )
    methods.get_method("reinforce_pp").train(stage(tmp_path / "run"), cfg, game(tmp_path))
    assert all(row["train/updates"] == 4 for row in log(tmp_path / "run"))
