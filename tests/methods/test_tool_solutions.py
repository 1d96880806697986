"""Annotation by programs: what is kept, what is learned from, what is listed for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from numerate.methods import sft
from numerate.methods import tool_solutions as tools
from numerate.models.policy import Policy
from numerate.rollouts.episodes import Episodes
from numerate.rollouts.job import Job
from numerate.rollouts.tool_options import ToolOptions
from numerate.store import read_jsonl
from numerate.types import Group, Problem, Reward, Rollout, Scored, Turn
from tests.methods.toy import PROBLEMS, job, stage
from tests.scripted_episodes import CALL, Notebook, Script

FIT = replace(sft.Config().fit, epochs=2, batch=4, lr=5e-3)


def transcript(problem: Problem) -> Problem:
    solution = f"{CALL.format(problem.answer)}\n{problem.answer}\n```\n#### {problem.answer}"
    return replace(problem, solution=solution, meta={"tool_format": "tora"})


WORLD = [*map(transcript, PROBLEMS[:4]), *PROBLEMS[4:]]
"""four problems with programs, four without"""


def turns(name: str, index: int) -> Sequence[str]:
    """The first rollout is right, the second wrong, the third says so without a program."""
    answer = int(next(problem.answer for problem in PROBLEMS if problem.id == name))
    return ([CALL.format(answer), f"#### {answer}"], [CALL.format(1), "#### 1000"], [f"#### {answer}"])[index]


def world(folder: Path, die_after: list[int] | None = None, script: Any = turns) -> Job:
    def engine(policy: Policy) -> Episodes:
        return Episodes(Script(policy, script, die_after=die_after), policy, ToolOptions(), Notebook())

    return job(folder, problems=WORLD, engine=engine)


def config(**more: Any) -> tools.Config:
    return tools.Config(**({"steps": 1, "sample": {"rollouts": 3}, "fit": FIT} | more))


def test_references_are_run_and_the_rest_is_annotated_by_the_policy(tmp_path: Path) -> None:
    tools.train(stage(tmp_path / "run"), config(), world(tmp_path))
    first, second = read_jsonl(tmp_path / "run" / "metrics.jsonl")
    assert first["data/solved"] == 0.5 and second["data/solved"] == 1.0
    assert first["data/rows"] == 4 and second["data/rows"] == 8, (
        "a wrong one and one without a program left out"
    )
    references = list(read_jsonl(tmp_path / "run" / "rollouts" / "references.jsonl"))
    assert [row["executes"] for row in references] == [True] * 4
    assert "\n6\n```\n" in references[0]["solution"], "the output of now, not that of the data"


def test_text_solutions_are_learned_beside(tmp_path: Path) -> None:
    tools.train(stage(tmp_path / "run"), config(steps=0, with_solutions=True), world(tmp_path))
    [row] = read_jsonl(tmp_path / "run" / "metrics.jsonl")
    assert row["data/rows"] == 8


def test_a_teacher_annotates_all_problems(tmp_path: Path) -> None:
    tools.train(stage(tmp_path / "run"), config(steps=0, teacher="base"), world(tmp_path))
    [row] = read_jsonl(tmp_path / "run" / "metrics.jsonl")
    assert row["data/solved"] == 1.0 and row["data/rows"] == 8


def test_references_that_programs_contradict_are_listed_and_not_learned(tmp_path: Path) -> None:
    def contradict(name: str, index: int) -> Sequence[str]:
        return [CALL.format(1), "#### 777"] if name == "sum-5" else turns(name, index)

    tools.train(stage(tmp_path / "run"), config(), world(tmp_path, script=contradict))
    [doubt] = read_jsonl(tmp_path / "run" / "corrections.jsonl")
    assert (doubt["id"], doubt["reference"], doubt["answer"], doubt["votes"]) == ("sum-5", "11", "777", 3)
    *_, last = read_jsonl(tmp_path / "run" / "metrics.jsonl")
    assert last["data/solved"] == 7 / 8


def scored(answer: str | None, status: str, finish: Any = "stop") -> Scored:
    turns = (Turn("assistant", "x", trained=True), Turn("tool", "y", status=status))
    return Scored(Rollout("sum-0", 0, turns, finish, answer), Reward(0.0))


def test_only_rollouts_that_execute_vote() -> None:
    votes = [scored("5", "ok"), scored("5.0", "ok"), scored("7", "error"), scored("7", "ok", "max_turns")]
    doubt = tools.doubtful_reference(Group(PROBLEMS[0], tuple(votes)), 0.4)
    assert doubt and doubt["answer"] == "5" and doubt["votes"] == 2
    assert tools.doubtful_reference(Group(PROBLEMS[0], tuple(votes)), 0.5) is None
    assert tools.doubtful_reference(Group(replace(PROBLEMS[0], answer="5"), tuple(votes)), 0.4) is None


def test_an_engine_without_tools_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"set engine\.tools"):
        tools.train(stage(tmp_path / "run"), config(), job(tmp_path, problems=WORLD))
