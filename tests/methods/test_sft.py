from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate import training
from numerate.methods import evaluator_training as evaluator
from numerate.methods import expert_iteration as ei
from numerate.methods import sft
from numerate.methods.shared.options import Validate
from numerate.models.evaluator import EvaluatorModel
from numerate.models.judge_config import Card
from numerate.models.policy import load
from numerate.types import Problem
from tests.judges.models import base_with_words
from tests.methods.toy import PROBLEMS, job, same, stage


def config(validate: Validate = sft.NEVER, **fit: Any) -> sft.Config:
    return sft.Config(
        fit=replace(sft.Config().fit, **{"epochs": 3, "batch": 3, "lr": 5e-3} | fit), validate=validate
    )


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["train/loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_every_epoch_sees_every_row_once_in_a_new_order() -> None:
    epochs = [
        [i for step in range(e * 3, e * 3 + 3) for i in training.batch_rows(8, 3, step, 0)] for e in range(2)
    ]
    assert [sorted(e) for e in epochs] == [list(range(8))] * 2
    assert epochs[0] != epochs[1]
    assert training.batch_rows(8, 3, 2, 0) == training.batch_rows(8, 3, 2, 0)


@pytest.mark.parametrize(("count", "size"), [(100, 32), (300, 256), (33, 32), (8, 3), (5, 9), (7, 7), (1, 1)])
def test_no_step_of_an_epoch_is_more_than_a_row_smaller(count: int, size: int) -> None:
    """Every row once, in ceil(count / size) steps: a small last step would have the whole learning rate."""
    per_epoch = math.ceil(count / size)
    for epoch in range(2):
        steps = [training.batch_rows(count, size, epoch * per_epoch + s, 0) for s in range(per_epoch)]
        sizes = [len(step) for step in steps]
        assert max(sizes) - min(sizes) <= 1 and max(sizes) <= size
        assert sorted(i for step in steps for i in step) == list(range(count))


@pytest.mark.parametrize(
    ("fit", "warns"),
    [
        ({"epochs": 1, "batch": 99, "final_lr": 1e-4}, True),
        ({"epochs": 9, "max_steps": 1, "final_lr": 0.0}, True),
        ({"epochs": 1, "batch": 99, "final_lr": None}, False),
        ({"epochs": 2, "batch": 99, "final_lr": 1e-4}, False),
    ],
)
def test_a_stage_of_one_step_warns_that_it_trains_at_the_final_rate(
    tmp_path: Path, fit: dict[str, Any], warns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, warnings = stage(tmp_path / "run"), list[str]()
    monkeypatch.setattr(run.progress, "warn", warnings.append)
    sft.train(run, config(warmup=0.0, **fit), job(tmp_path))
    assert bool(warnings) == warns
    if warns:
        [row] = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
        assert row["train/lr"] == fit["final_lr"]
        assert f"at fit.final_lr ({fit['final_lr']:g})" in warnings[0]


def test_lora_trains_adapters_only_and_merges_them_when_saved(tmp_path: Path) -> None:
    work = job(tmp_path)
    base = work.load("base")
    tuned = sft.train(stage(tmp_path / "run"), config(lora_rank=4, epochs=10), work)
    trained = {name for name, p in tuned.model.named_parameters() if p.requires_grad}
    assert trained and all("lora_" in name for name in trained)
    tuned.save(tmp_path / "tuned")
    again = work.load("tuned")
    assert not again.has_lora and not same(base, again)
    ids = torch.tensor([[3, 4, 5, 6]])
    tuned.model.eval()
    torch.testing.assert_close(
        tuned.model(input_ids=ids).logits, again.model(input_ids=ids).logits, atol=1e-4, rtol=1e-4
    )


def test_the_best_model_by_validation_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accuracies .1, .9, .3 after the three epochs: the weights after the second are the result."""
    marks = iter([0.1, 0.9, 0.3])
    seen: list[list[torch.Tensor]] = []

    def validate(
        self: object, run: object, policy: object, limit: object = None, engine: object = None
    ) -> float:
        seen.append([p.detach().clone() for p in policy.model.parameters()])  # pyright: ignore
        return next(marks)

    monkeypatch.setattr("numerate.rollouts.job.Job.validate", validate)
    work = job(tmp_path, validation=PROBLEMS)
    best = sft.train(stage(tmp_path / "run"), config(Validate(every=1, keep="best")), work)
    assert all(torch.equal(a, b) for a, b in zip(best.model.parameters(), seen[1], strict=True))


def test_rows_that_are_too_long_are_left_out_and_all_too_long_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="max_length=5 tokens: raise it"):
        sft.train(stage(tmp_path / "run"), config(max_length=5), job(tmp_path))


def test_validation_options_that_cannot_work_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="20 is larger than fit"):
        config(Validate(every=20), epochs=2)
    with pytest.raises(ValueError, match="best needs `every`"):
        Validate(keep="best")
    with pytest.raises(ValueError, match="no problem set named `validation`"):
        sft.train(stage(tmp_path / "run"), config(Validate(every=1)), job(tmp_path))


WRONG = replace(PROBLEMS[0], id="wrong", solution="0+1=2\n#### 2")
BARE = replace(PROBLEMS[0], id="bare", solution=" ")
MIXED: list[Problem] = [WRONG, *PROBLEMS, BARE]


def test_solutions_that_end_in_another_answer_teach_nothing_and_are_counted(tmp_path: Path) -> None:
    """The model is the one that the good rows alone make: no wrong solution with the reference glued on."""
    run, told = stage(tmp_path / "mixed"), list[str]()
    run.progress.say = told.append  # pyright: ignore[reportAttributeAccessIssue]
    mixed = sft.train(run, config(epochs=1), job(tmp_path, problems=MIXED))
    assert same(mixed, sft.train(stage(tmp_path / "good"), config(epochs=1), job(tmp_path)))
    assert told == [
        "of 10 problems 1 have no solution, and 1 have one that ends in a different answer: left out"
    ]
    with pytest.raises(ValueError, match="there are no demonstrations: of 2 problems"):
        sft.train(stage(tmp_path / "none"), config(), job(tmp_path, problems=[WRONG, BARE]))


def test_whatever_learns_from_worked_solutions_leaves_them_out(tmp_path: Path) -> None:
    work = job(tmp_path, problems=MIXED)
    rows = ei.solution_rows(ei.Config(with_solutions=True), work, work.load("base"))
    assert len(rows) == len(PROBLEMS)
    policy = load(str(base_with_words(tmp_path / "words")))
    data = [evaluator.Sorted(problem, (), (), number) for number, problem in enumerate(MIXED)]
    judge = EvaluatorModel(policy, Card("evaluator"))
    cfg = evaluator.Config(rollouts="x", joint=0.1)
    written = evaluator.demonstration_rows(stage(tmp_path / "run"), judge, data, cfg, "plain")
    assert sorted(written) == list(range(1, 9))
