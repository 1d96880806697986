"""Sampling ahead of learning: what the loop learns from, resumes, logs and refuses."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from numerate import config as recipes
from numerate import methods
from numerate.methods.shared.group_policy_gradient import group_advantages
from numerate.methods.shared.on_policy import OnPolicyLoop, with_advantages
from numerate.methods.shared.options import PolicyFit, PolicyGradient, Sample
from numerate.rollouts.job import Job
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.started import STARTED, read_started
from numerate.training import Stage, recompute_logprobs
from numerate.types import Rollout, Sampling
from tests import tiny
from tests.methods.arms import PATH
from tests.methods.test_contract import Killed, nearly_same_logs, same_stages
from tests.methods.toy import job, same, stage
from tests.small_recipe import make

STEPS = 4
SAMPLE = Sample(problems=4, rollouts=3, max_tokens=64, ahead=1)
OPTIONS: dict[str, dict[str, Any]] = {
    "grpo": {"rewards": (PATH,)},
    "dapo": {"rewards": ("tests.methods.arms.often_early",), "overlong_cache": 0},
    "rloo": {"rewards": (PATH,), "kl": {"coef": 0.1}},
    "on_policy_distillation": {"teacher": "teacher"},
    "ppo": {"rewards": (PATH,), "value": {"layers": 1}},
}


def config(name: str = "grpo", **more: Any) -> Any:
    fit = PolicyFit(lr=2e-2, minibatches=2)
    common = {"steps": STEPS, "sample": SAMPLE, "fit": fit} | OPTIONS[name]
    return methods.get_method(name).Config(**common | more)


def world(folder: Path, slots: int = 64) -> Job:
    """A model that ends at every twentieth token or so: rollouts of uneven lengths."""
    for name, seed in (("base", 0), ("teacher", 1)):
        if not (folder / name).exists():
            tiny.make(folder / name, seed=seed, spread=4.0)
            ends = {"eos_token_id": [2, *range(30, 42)]}
            (folder / name / "generation_config.json").write_text(json.dumps(ends))
    return replace(job(folder), engine=lambda policy: LocalEngine(policy, slots=slots))


def train(folder: Path | Stage, cfg: Any, name: str = "grpo", **more: Any) -> Any:
    run = folder if isinstance(folder, Stage) else stage(folder)
    return methods.get_method(name).train(run, cfg, world(run.folder.parent, **more))


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def started(folder: Path) -> list[list[dict[str, Any]]]:
    """What each draw started of the next one."""
    files = sorted(folder.glob(f"rollouts/*/{STARTED}"))
    return [[json.loads(line) for line in file.read_text().splitlines()] for file in files]


class Dies(LocalEngine):
    """Stops in the middle of a draw, after some of its rollouts."""

    at: tuple[int, int] = (-1, 0)

    def sample_ahead(self, prompts: Any, n: int, params: Sampling, ahead: Any) -> Iterator[Rollout]:
        for i, rollout in enumerate(super().sample_ahead(prompts, n, params, ahead)):
            if (params.round, i) == self.at:
                raise KeyboardInterrupt
            yield rollout


@pytest.mark.parametrize("name", OPTIONS)
def test_killed_and_resumed_equals_uninterrupted(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it samples, after it sampled with all saved, and with nothing saved since the start."""
    cfg = config(name)
    train(tmp_path / "whole", cfg, name)
    monkeypatch.setattr("tests.methods.test_ahead.LocalEngine", Dies)
    monkeypatch.setattr(Dies, "at", (2, 5))
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", cfg, name)
    monkeypatch.setattr(Dies, "at", (-1, 0))
    for at, seconds in ((1, 1e9), (1, 0.0), (3, 1e9)):
        with pytest.raises(KeyboardInterrupt):
            train(Killed(tmp_path / "cut", at, seconds), cfg, name)
    train(tmp_path / "cut", cfg, name)
    same_stages(tmp_path / "whole", tmp_path / "cut")
    assert started(tmp_path / "whole") == started(tmp_path / "cut")


@pytest.mark.parametrize("name", ["grpo", "dapo"])
def test_at_most_one_step_off_policy_and_counted(tmp_path: Path, name: str) -> None:
    run, cfg = stage(tmp_path / "run"), config(name)
    train(run, cfg, name)
    draws, rows = started(tmp_path / "run"), log(tmp_path / "run")
    assert len(draws) == run.state["draws"] >= STEPS == len(rows) and (name == "grpo" or len(draws) > STEPS)
    assert not draws[-1]  # there is no step after the last
    assert all(row["step"] <= i for i, draw in enumerate(draws) for row in draw)
    if name == "grpo":
        assert all(row["step"] == i for i, draw in enumerate(draws) for row in draw)
        older = [0, *(sum(len(row["ids"]) for row in draw) for draw in draws[:-1])]
        for row, tokens in zip(rows, older, strict=True):
            written = row["rollouts/length"] * row["rollouts/count"]
            assert row["rollouts/off_policy_share"] == pytest.approx(tokens / written)
    assert rows[0]["rollouts/off_policy_share"] == 0 < rows[1]["rollouts/off_policy_share"] < 1


def test_older_tokens_are_corrected_and_others_are_left(tmp_path: Path) -> None:
    """After an update: pi_old of continued rollouts is the new policy's, their weights pi_old / pi_sampler on
    what the old policy sampled, 1 on what the new one did."""
    run = stage(tmp_path / "run")
    cfg = PolicyGradient(sample=SAMPLE, steps=9, rewards=(PATH,), fit=PolicyFit(lr=2e-2, cap=1.5))
    loop = OnPolicyLoop(run, world(tmp_path, slots=4), cfg)
    grpo = methods.get_method("grpo")
    for _ in run.rounds(1, loop.learner):
        rows = loop.training_rows(loop.sample_groups())
        rows = with_advantages(rows, group_advantages(rows))
        loop.learn(rows, partial(grpo.loss, cfg=config()), per="sequence")
        loop.log()
    begun = {
        (r.problem_id, r.index): r for r in read_started(tmp_path / "run/rollouts/round-00000" / STARTED)
    }
    groups = loop.sample_groups()
    rows = loop.training_rows(groups)
    now, seen = recompute_logprobs(loop.learner, rows), {"older": 0, "moved": 0, "newer": 0, "fresh": 0}
    for row, rollout, logps in zip(rows, (s.rollout for g in groups for s in g.rollouts), now, strict=True):
        sampler, first = rollout.logprobs, list(row.mask).index(True)
        older = begun.get((rollout.problem_id, rollout.index))
        if older is None:
            assert row.token["old_logp"] == sampler and set(row.token["correction"]) == {1.0}
            seen["fresh"] += 1
            continue
        assert row.token["old_logp"] == pytest.approx(logps, abs=1e-5)
        assert tuple(sampler[first : first + len(older.ids)]) == older.logprobs
        for i, weight in enumerate(row.token["correction"][first:], first):
            if i < first + len(older.ids):
                assert weight == pytest.approx(min(math.exp(logps[i] - sampler[i]), 1.5), abs=1e-4)
                seen["older"] += 1
                seen["moved"] += abs(weight - 1) > 0.01
            else:
                assert weight == pytest.approx(1, abs=1e-3)
                seen["newer"] += 1
    assert all(seen.values()), seen
    assert loop.stats["drift/recomputed"] == 0 and loop.stats["drift/max"] < 1e-3


def test_micro_batches_change_nothing(tmp_path: Path) -> None:
    for tokens in (4096, 100):
        cfg = config(steps=2, fit=PolicyFit(lr=2e-3, micro_tokens=tokens))
        train(tmp_path / f"{tokens}", cfg)
    nearly_same_logs(tmp_path / "4096/metrics.jsonl", tmp_path / "100/metrics.jsonl", 2)
    assert log(tmp_path / "100")[1]["rollouts/off_policy_share"] > 0


def test_by_default_nothing_starts(tmp_path: Path) -> None:
    assert Sample().ahead == 0
    train(tmp_path / "run", config(sample=replace(SAMPLE, ahead=0)))
    assert not started(tmp_path / "run")
    assert all("rollouts/off_policy_share" not in row for row in log(tmp_path / "run"))


def test_where_no_slot_is_free_early_nothing_changes(tmp_path: Path) -> None:
    """With one slot there is never a free one before the last rollout ends."""
    made = [
        train(tmp_path / f"{ahead}", config(steps=2, sample=replace(SAMPLE, ahead=ahead)), slots=1)
        for ahead in (0, 1)
    ]
    assert same(*made) and not any(started(tmp_path / "1"))


def test_refusals(tmp_path: Path) -> None:
    refused: dict[str, dict[str, Any]] = {
        "a curriculum chooses problems by the outcomes": {"curriculum": {"kind": "pools"}},
        "rollouts of an older policy need": {"fit": PolicyFit(correction="none")},
    }
    for message, more in refused.items():
        with pytest.raises(ValueError, match=f"sample.ahead: {message}"):
            train(tmp_path / "run", config(**more))
    with pytest.raises(ValueError, match=r"sample.ahead: 1 needs engine kind: local"):
        methods.get_method("grpo").train(stage(tmp_path / "run"), config(), job(tmp_path))
    for name in ("sample", "expert_iteration", "mixed_policy"):
        with pytest.raises(ValueError, match=r"sample.ahead: 1 is for methods that learn on-policy"):
            methods.get_method(name).Config(sample={"ahead": 1})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["engine.kind=vllm"],
            "stages.rl.sample.ahead: engine vllm does not start rollouts",
        ),
        (["rl.curriculum={kind: pools}"], "stages.rl.sample.ahead: a curriculum chooses"),
        (["rl.fit.correction=none"], "stages.rl.sample.ahead: rollouts of an older policy need"),
        (["rl.method=ppo"], "stages.rl.sample.ahead: rollouts of an older policy need"),
        (["rl.sample.ahead=2"], "stages.rl.sample.ahead: expected"),
    ],
)
def test_a_recipe_is_refused_before_anything_starts(
    tmp_path: Path, words: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = make(tmp_path) / "r.yaml"
    recipe.write_text(
        recipe.read_text().split("  ei:")[0] + "  rl: {method: grpo, model: sft, sample: {ahead: 1}}\n"
    )
    assert recipes.load(str(recipe)).stages["rl"].options.sample.ahead == 1  # pyright: ignore
    with pytest.raises(ValueError) as refused:
        recipes.load(str(recipe), words)
    assert message in str(refused.value)
