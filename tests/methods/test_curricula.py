"""Curricula inside the loops: what is asked, what is learned, and that a stop changes nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from numerate import methods, training
from numerate.curricula import Backtracking, Pools
from numerate.judges import Oracle
from numerate.methods import ppo
from numerate.methods.ppo import token_rewards
from numerate.methods.shared import on_policy, step_scorer
from numerate.methods.shared.on_policy import OnPolicyLoop
from numerate.methods.shared.options import PolicyFit, PolicyGradient, Sample
from numerate.problems import load
from numerate.rollouts.job import Job
from numerate.store import read_rollouts
from numerate.training import checkpoint
from numerate.types import Group, Problem, Reward, Rollout, Sampling, Scored, Turn
from tests.methods.arms import game
from tests.methods.test_on_policy import METHODS, config
from tests.methods.test_ppo_loop import config as ppo_config
from tests.methods.toy import PROBLEMS, Script, job, same, stage

CURRICULA: dict[str, dict[str, Any]] = {
    "backtracking": {"kind": "backtracking"},
    "own": {"kind": "backtracking", "solutions": "own", "solved": 0.8},
    "prioritized_replay": {"kind": "prioritized_replay"},
    "pools": {"kind": "pools"},
}
LONG = [
    replace(
        p,
        solution="\n".join(f"{i}+{k}=<<{i}+{k}={i + k}>>{i + k}" for k in range(1, 5)) + f"\n#### {p.answer}",
    )
    for i, p in enumerate(PROBLEMS)
]


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def sometimes(problem: Problem, index: int, params: Sampling) -> str:
    """Right in attempts that depend on the question and the draw, in two steps."""
    right = (int(problem.id.removeprefix("sum-")) + index + params.round) % 3 == 0
    return f"so a={index}\nand b={params.round}\n#### {problem.answer if right else 'none'}"


def toy(folder: Path, die_after: list[int] | None = None, script: Script = sometimes) -> Job:
    return job(folder, script, die_after, problems=LONG)


def grpo(**more: Any) -> Any:
    sample, fit = Sample(problems=4, rollouts=4, max_tokens=12), PolicyFit(lr=2e-2, correction="none")
    return methods.get_method("grpo").Config(steps=4, sample=sample, fit=fit, **more)


def asked(folder: Path) -> list[list[tuple[str, str]]]:
    """(problem, beginning) of the questions of every draw."""
    found: list[list[tuple[str, str]]] = []
    for place in sorted((folder / "rollouts").iterdir()):
        attempts = [scored.rollout for scored in read_rollouts(place)]
        found.append(list(dict.fromkeys((rollout.problem_id, rollout.prefix) for rollout in attempts)))
    return found


@pytest.mark.parametrize("name", METHODS)
def test_without_a_curriculum_everything_is_asked_in_turn_from_the_start(tmp_path: Path, name: str) -> None:
    """As before there were curricula: the shuffles of sft's batches, and nothing remembered."""
    run, cfg = stage(tmp_path / "run"), config(name, steps=3)
    methods.get_method(name).train(run, cfg, game(tmp_path))
    found = asked(tmp_path / "run")
    turns = [training.batch_rows(8, 4, draw, 0) for draw in range(len(found))]
    assert found == [[(f"sum-{i}", "") for i in turn] for turn in turns] and len(found) >= 3
    assert "curriculum" not in run.state
    assert not any(key.startswith("curriculum") for row in log(tmp_path / "run") for key in row)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_a_curriculum(tmp_path: Path, name: str) -> None:
    cfg = config(name, steps=2, curriculum=CURRICULA["backtracking"])
    methods.get_method(name).train(stage(tmp_path / "run"), cfg, game(tmp_path, problems=LONG))
    assert [row["curriculum/prefix_steps"] for row in log(tmp_path / "run")] == [3, 3]
    assert all(begun.count("\n") == 3 for step in asked(tmp_path / "run") for _, begun in step)


@pytest.mark.parametrize("saves", [0.0, 1e9])
@pytest.mark.parametrize("name", CURRICULA)
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, name: str, saves: float) -> None:
    """Killed twice among the attempts of the third step, with a checkpoint of every step or none at all: the
    same questions with the same beginnings, the same weights, log and memory."""
    cfg, train = grpo(curriculum=CURRICULA[name]), methods.get_method("grpo").train
    whole = train(stage(tmp_path / "whole"), cfg, toy(tmp_path))
    for after in (40, 6):
        cut = stage(tmp_path / "cut")
        cut.save_seconds = saves
        with pytest.raises(KeyboardInterrupt):
            train(cut, cfg, toy(tmp_path, [after]))
    resumed = train(stage(tmp_path / "cut"), cfg, toy(tmp_path))
    assert same(whole, resumed)
    assert log(tmp_path / "whole") == log(tmp_path / "cut")
    assert asked(tmp_path / "whole") == asked(tmp_path / "cut")
    one, other = (
        checkpoint.load_checkpoint(tmp_path / place / "checkpoints").loaded for place in ("whole", "cut")
    )
    assert one and other and one.state == other.state and one.state["facts"]["curriculum"]


@pytest.mark.parametrize("name", CURRICULA)
def test_ppo_too(tmp_path: Path, name: str) -> None:
    cfg = ppo_config(steps=4, curriculum=CURRICULA[name])
    whole = ppo.train(stage(tmp_path / "whole"), cfg, toy(tmp_path))
    for saves, after in ((0.0, 40), (1e9, 6)):
        cut = stage(tmp_path / "cut")
        cut.save_seconds = saves
        with pytest.raises(KeyboardInterrupt):
            ppo.train(cut, cfg, toy(tmp_path, [after]))
    assert same(whole, ppo.train(stage(tmp_path / "cut"), cfg, toy(tmp_path)))
    assert log(tmp_path / "whole") == log(tmp_path / "cut")
    assert asked(tmp_path / "whole") == asked(tmp_path / "cut")


def test_a_cut_step_does_not_move_the_curriculum_twice(tmp_path: Path) -> None:
    """Everything is right: 3, 2, 1 and 0 steps are given the first, second, ... time that a problem comes."""

    def right(problem: Problem, index: int, params: Sampling) -> str:
        return f"#### {problem.answer}"

    cfg = grpo(curriculum={"kind": "backtracking"})
    cfg = replace(cfg, steps=10)
    for after in (20, 45):
        with pytest.raises(KeyboardInterrupt):
            methods.get_method("grpo").train(stage(tmp_path / "run"), cfg, toy(tmp_path, [after], right))
    methods.get_method("grpo").train(stage(tmp_path / "run"), cfg, toy(tmp_path, None, right))
    given = [{begun.count("\n") for _, begun in step} for step in asked(tmp_path / "run")]
    assert given == [{3}, {3}, {2}, {2}, {1}, {1}, *[{0}] * 4]
    alone = [row.get("curriculum/accuracy_alone") for row in log(tmp_path / "run")]
    assert alone == [None] * 6 + [1.0] * 4


def test_what_was_given_is_not_learned_and_the_solution_is_graded_whole(tmp_path: Path) -> None:
    """The answer stands in what is given: who writes nothing more is right, and has only an end to learn."""
    told = [replace(p, solution=f"It is {p.answer}\nThat is all\n#### {p.answer}") for p in PROBLEMS]

    def nothing(problem: Problem, index: int, params: Sampling) -> str:
        return "" if index else "#### none"

    work = job(tmp_path, nothing, problems=told)
    curriculum = Backtracking(kind="backtracking")
    loop = OnPolicyLoop(
        stage(tmp_path / "run"),
        work,
        PolicyGradient(sample=Sample(problems=2, rollouts=3), curriculum=curriculum),
    )
    groups = loop.sample_groups()
    assert [[a.reward.value for a in group.rollouts] for group in groups] == [[0, 1, 1]] * 2
    rows = loop.training_rows(groups)
    for group, found in zip(groups, on_policy.rows_by_group(rows), strict=True):
        given = loop.policy.encode_target(f"It is {group.problem.answer}\n")[:-1]
        for row, attempt in zip(found, group.rollouts, strict=True):
            written = list(attempt.rollout.turns[-1].ids)
            assert list(row.ids)[-len(given + written) :] == given + written
            assert list(row.mask) == [False] * (len(row.ids) - len(written)) + [True] * len(written)
        assert sum(found[1].mask) == 1


def test_a_function_that_rewards_sees_the_whole_solution(tmp_path: Path) -> None:
    from numerate.rewards.compose import column_table

    problem = LONG[0]
    turns = (Turn("user", "?"), Turn("assistant", "a\n"), Turn("assistant", "b", (1, 2), trained=True))
    columns = column_table([problem], [Scored(Rollout(problem.id, 0, turns), Reward(1.0))], "plain")
    assert columns["completions"] == ["a\nb"] and columns["completion_ids"] == [[1, 2]]


def test_steps_that_were_given_are_judged_and_not_paid() -> None:
    """A story's four steps, two of them given. The oracle is asked about all of it and finds all right; the
    two that the policy wrote are paid at their ends, and the end for the answer."""
    problem = next(p for p in load("stories/train", limit=50) if p.meta["steps"] == 4)
    lines = problem.solution.split("\n")
    given, own = "\n".join(lines[:2]) + "\n", "\n".join(lines[2:])
    ids = tuple(map(ord, own))
    turns = (Turn("user", "?"), Turn("assistant", given), Turn("assistant", own, ids, trained=True))
    scored = Scored(Rollout(problem.id, 0, turns), Reward(1.0, {"correct": 1.0}))
    process = token_rewards.StepRewards(weight=0.5)
    amounts = token_rewards.Amounts(("correct",), process, reference_steps=0.8)
    groups = [Group(problem, (scored,))]
    told = step_scorer.score_groups(Oracle(), groups)
    [[paid]], _ = token_rewards.rollout_rewards(
        groups, told, amounts, lambda tokens: "".join(map(chr, tokens))
    )
    third, fourth = len(lines[2]) - 1, len(lines[2]) + len(lines[3])
    expected = [0.0] * len(ids)
    expected[third] = expected[fourth] = 0.5 + 0.2
    expected[-1] += 1.0
    assert paid.tokens == pytest.approx(expected)


def test_a_step_that_draws_again_asks_others_while_there_are_some(tmp_path: Path) -> None:
    """As DAPO does: 3 of 8 problems a draw, two draws without a repetition; the third has not 3 left."""
    curriculum = Pools(kind="pools")
    loop = OnPolicyLoop(
        stage(tmp_path / "run"),
        toy(tmp_path),
        PolicyGradient(sample=Sample(problems=3), curriculum=curriculum),
    )
    draws = [[group.problem.id for group in loop.sample_groups()] for _ in range(3)]
    assert len({*draws[0], *draws[1]}) == 6 and len(set(draws[2])) == 3
    loop.log()
    assert set(loop.run.state["curriculum"]["pool"]) == set().union(*draws)


def test_a_curriculum_without_solutions_to_go_by_is_refused(tmp_path: Path) -> None:
    bare = [replace(problem, solution="") for problem in PROBLEMS]
    with pytest.raises(ValueError, match="needs the solutions of the problems, and these have none"):
        cfg = grpo(curriculum={"kind": "backtracking"})
        methods.get_method("grpo").train(stage(tmp_path / "run"), cfg, job(tmp_path, problems=bare))


def test_the_score_of_a_problem_is_the_mean_absolute_advantage_of_its_tokens(tmp_path: Path) -> None:
    """Of 4 attempts one right: A = (1 - 1/4) / s and three times (0 - 1/4) / s with s = sqrt(3) / 4."""

    def one(problem: Problem, index: int, params: Sampling) -> str:
        return f"#### {problem.answer}" if not index and problem.id != "sum-0" else "####  no"

    cfg = replace(grpo(curriculum={"kind": "prioritized_replay", "replay": 0.0}), steps=2)
    run = stage(tmp_path / "run")
    methods.get_method("grpo").train(run, cfg, toy(tmp_path, None, one))
    scores, s = run.state["curriculum"]["score"], 3**0.5 / 4
    assert len(scores) == 8 and scores.pop("sum-0") == 0
    lengths = {p.id: [len(a.rollout.turns[-1].ids) for a in g] for p, g in attempts_of(tmp_path / "run")}
    for problem, found in scores.items():
        right, *wrong = lengths[problem]
        each = (right * 0.75 / s + sum(wrong) * 0.25 / s) / (right + sum(wrong))
        assert found == pytest.approx(each, rel=1e-4)


def attempts_of(folder: Path) -> list[tuple[Problem, list[Scored]]]:
    rows = list(read_rollouts(folder / "rollouts"))
    return [(p, [row for row in rows if row.rollout.problem_id == p.id]) for p in PROBLEMS]
