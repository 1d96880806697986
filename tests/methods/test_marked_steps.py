"""Process reward models from sets of labelled steps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from numerate import config, identities, run
from numerate.judges.load_judge import ProcessJudge
from numerate.methods import outcome_reward_model as orm
from numerate.methods import process_reward_model as prm
from numerate.progress import QuietProgress
from numerate.types import Problem
from tests import tiny
from tests.methods.test_judges import log
from tests.methods.toy import job, stage

CONFIG = prm.Config(fit=replace(orm.FIT, epochs=8, batch=8, lr=3e-3, max_length=200))
RECIPE = """\
name: small
model: MODEL
problems: {train: "stories/train[:2]", test: "stories/test[:2]"}
stages:
  prm: {method: process_reward_model, marked: FILE}
"""


def write(path: Path, rows: int, right: str = "Yes") -> Path:
    """Steps that say Yes are right, those that say No are wrong; nobody says anything of the first."""
    made = [
        {"prompt": f"What is {i}+1?", "completions": ["Hm", word], "labels": [None, word == right]}
        for i in range(rows)
        for word in ("Yes", "No")
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in made))
    return path


def test_a_judge_learns_from_labelled_steps(tmp_path: Path) -> None:
    file = write(tmp_path / "marked.jsonl", 8)
    tiny.make(tmp_path / "base")
    judge = prm.train(stage(tmp_path / "run"), replace(CONFIG, marked=str(file)), job(tmp_path))
    losses = [row["train/loss"] for row in log(tmp_path / "run")]
    assert sum(losses[-3:]) < 0.8 * sum(losses[:3])
    new = Problem("new", "What is 9+1?", "10")
    right, wrong = ProcessJudge(judge).score([new, new], ["Hm\nYes", "Hm\nNo"])
    assert right.scores[1] > 0.5 > wrong.scores[1]


def test_a_limit_takes_so_many_labelled_solutions(tmp_path: Path) -> None:
    """One alone has nothing to tell apart."""
    file = write(tmp_path / "marked.jsonl", 8)
    tiny.make(tmp_path / "base")
    few = replace(CONFIG, marked=str(file), marked_limit=1)
    with pytest.raises(ValueError, match="all 1 solutions carry the same label"):
        prm.train(stage(tmp_path / "run"), few, job(tmp_path))


def test_the_labels_are_part_of_what_a_stage_is(tmp_path: Path) -> None:
    tiny.make(tmp_path / "base")
    file = tmp_path / "marked.jsonl"
    text = RECIPE.replace("MODEL", str(tmp_path / "base")).replace("FILE", str(file))
    (tmp_path / "r.yaml").write_text(text)

    def identity(right: str) -> str:
        write(file, 2, right)
        recipe = config.load(str(tmp_path / "r.yaml"), out=tmp_path)
        sets = run.problem_sets(recipe, QuietProgress())
        return identities.plan(recipe, tmp_path / "none", sets)[0].identity

    assert identity("Yes") == identity("Yes") != identity("No")
