"""Killed at any change of the file system and resumed, a run ends as the undisturbed one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.kills import KINDS, Harness, differences


@pytest.fixture(scope="module")
def graded() -> Iterator[None]:
    """The harness replaces the grader in this process."""
    from numerate.rewards import correct

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(correct, "answers", correct.answers)
        yield


def test_a_few_kills(tmp_path: Path, graded: None) -> None:
    """While a checkpoint is saved, the lock is taken, a finished stage is replaced; and the comparison sees a
    difference."""
    harness = Harness("sample", tmp_path, seed=0, kinds=(".lock", ".replaced"))
    harness.cycle(redo=True)
    assert harness.score.differences == [] and harness.score.at_operations >= 1
    (harness.live / "r" / "metrics.json").write_text("{}")
    assert differences(tmp_path / "whole" / "r", harness.live / "r") == ["metrics.json"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", ["sft", "expert_iteration", "grpo", "grpo, ahead", "ppo", "process_reward_model"]
)
def test_many_kills(tmp_path: Path, graded: None, method: str) -> None:
    harness = Harness(method, tmp_path, seed=1)
    for redo in (False, True, False):
        harness.cycle(redo=redo)
    assert harness.score.differences == [] and harness.score.kills >= 3
    assert set(harness.score.kinds) <= set(KINDS)
