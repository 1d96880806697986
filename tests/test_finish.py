"""Every way in which a rollout can end is known to those who count, grade, store and show it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from numerate import report, store
from numerate.cli.eval import TRUNCATED, chosen_solution
from numerate.methods.shared import rollout_metrics
from numerate.metrics import per_problem
from numerate.rewards.correct import score_rollout
from numerate.types import Finish, Group, Problem, Rollout, Scored, Turn

PAGE = Path(str(report.__file__)).with_name("page.js")
ENDS = get_args(Finish)


def scored(finish: Finish) -> Scored:
    problem = Problem("p", "1+1", "2", source="x")
    turns = (Turn("user", "1+1"), Turn("assistant", "#### 2", (5, 6), trained=True))
    return score_rollout(problem, Rollout("p", 0, turns, finish=finish))


@pytest.mark.parametrize("finish", ENDS)
def test_all_but_stop_is_truncated_everywhere(tmp_path: Path, finish: Finish) -> None:
    sample = scored(finish)
    truncated = finish != "stop"
    assert sample.rollout.truncated == truncated and sample.reward.value == float(not truncated)
    assert rollout_metrics.ending_stats([sample])["rollouts/truncated"] == float(truncated)
    assert rollout_metrics.ending_stats([sample])["rollouts/no_room"] == 0
    assert per_problem.truncated_share(Group(Problem("p", "1+1", "2", source="x"), (sample,))) == truncated
    store.write_rollouts(tmp_path / "part.parquet", [sample])
    assert [row.rollout.finish for row in store.read_rollouts(tmp_path / "part.parquet")] == [finish]
    shown = chosen_solution([sample.rollout], [{"sample": 0}])
    assert shown == "#### 2" + (f"\n{TRUNCATED[finish]}" if truncated else "")


def test_the_page_has_words_for_each() -> None:
    words = PAGE.read_text(encoding="utf-8").partition("const FINISH = {")[2].partition("}")[0]
    assert {line.split(":")[0].strip() for line in words.splitlines() if ":" in line} == set(ENDS)
