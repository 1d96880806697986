"""Labels by continuing from every step: what is continued, how it is labelled, and that it resumes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from numerate.methods import step_labels
from numerate.methods.process_reward_model import label_steps
from numerate.methods.shared.options import Sample
from numerate.models.policy import Policy, load
from numerate.problems import load as load_problems
from numerate.prompts import render
from numerate.rollouts import collect, continuations
from numerate.rollouts.continuations import Beginning
from numerate.rollouts.job import Job
from numerate.rollouts.local import LocalEngine
from numerate.store import read_rollouts, write_rollouts
from numerate.types import Group, Prompt, Reward, Rollout, Sampling, Scored, Turn
from tests import tiny
from tests.methods.toy import PROBLEMS, job, stage

CFG = step_labels.Config(rollouts="attempts", sample=Sample(problems=None, rollouts=3, temperature=0.7))


@dataclass
class Continuing:
    """Right wherever the beginning does not say "slip"; of three, index 0 only."""

    seen: list[str]
    die_after: int | None = None

    def sync(self, policy: Any) -> None: ...

    def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        for prompt in prompts:
            begun = prompt.turns[-1]
            assert begun.role == "assistant" and not begun.trained
            self.seen.append(begun.text)
            problem = next(p for p in PROBLEMS if prompt.problem_id.startswith(f"{p.id}/"))
            for index in range(n):
                if self.die_after is not None:
                    self.die_after -= 1
                    if self.die_after < 0:
                        raise KeyboardInterrupt
                good = "slip" not in begun.text and index == 0
                text = f"#### {problem.answer if good else 'none'}"
                yield Rollout(
                    prompt.problem_id, index, (*prompt.turns, Turn("assistant", text, trained=True))
                )


def attempt(index: int, text: str, reward: float, problem_id: str = "sum-0") -> Scored:
    turns = (Turn("user", "?"), Turn("assistant", text, trained=True))
    return Scored(Rollout(problem_id, index, turns), Reward(reward))


ATTEMPTS = [
    attempt(0, "start\ngo on\nend\n#### 1", 1.0),
    attempt(1, "start\nslip\nend\n#### 1", 1.0),
    attempt(2, "start\nslip\nend\n#### 1", 1.0),
    attempt(3, "#### 1", 1.0),
    attempt(0, "alone\n#### 4", 0.0, "sum-1"),
]


def work(folder: Path, engine: Continuing) -> Job:
    write_rollouts(folder / "attempts" / "rollouts" / "part-00000.parquet", ATTEMPTS)
    return replace(job(folder), stage_folder=lambda name: folder / name, engine=lambda _: engine)


def labelled(folder: Path) -> dict[str, list[tuple[float | None, str | None]]]:
    rows = read_rollouts(folder / "rollouts")
    return {
        f"{r.rollout.problem_id}/{r.rollout.index}": [(s.score, s.label) for s in r.rollout.steps]
        for r in rows
    }


def test_labels_of_the_paper(vectors: dict[str, Any]) -> None:
    case = vectors["havrilla"]["sorm_labels"]
    hits = case["rollout_success_per_prefix"]
    assert step_labels.prefix_labels(hits, 0.0, monotone=False) == [bool(x) for x in case["any_success"]]
    corrected = [bool(x) for x in case["monotone_corrected(PROPOSAL)"]]
    assert step_labels.prefix_labels(hits, 0.0, monotone=True) == corrected


def test_a_threshold_asks_for_a_share(vectors: dict[str, Any]) -> None:
    """The rule of return-conditioned training: mean >= 1/2."""
    for hits, label in vectors["havrilla"]["rcrl_label"]["K=4"].items():
        good = step_labels.prefix_labels([json.loads(hits)], 0.5, monotone=False)
        assert good == [label == "[GOOD]"]


def test_every_step_gets_the_share_of_its_continuations(tmp_path: Path) -> None:
    """Attempt 0: one of three is right after every step. Attempt 1: never after the slip, and being right in
    the end does not help. Attempt 2 repeats attempt 1; attempt 3 has no step."""
    engine = Continuing([])
    cfg = replace(CFG, monotone=False)
    assert step_labels.train(stage(tmp_path / "run"), cfg, work(tmp_path, engine)) is None
    third = pytest.approx(1 / 3)
    assert labelled(tmp_path / "run") == {
        "sum-0/0": [(third, "right"), (third, "right"), (1.0, "right")],
        "sum-0/1": [(third, "right"), (0.0, "wrong"), (1.0, "right")],
        "sum-0/3": [],
        "sum-1/0": [(0.0, "wrong")],
    }
    assert engine.seen == ["start\n", "start\ngo on\n", "start\nslip\n"]


def test_after_a_bad_step_all_are_bad_and_labels_are_read_as_training_data(tmp_path: Path) -> None:
    step_labels.train(stage(tmp_path / "run"), CFG, work(tmp_path, Continuing([])))
    group = Group(PROBLEMS[0], tuple(read_rollouts(tmp_path / "run" / "rollouts"))[:2])
    first, second = label_steps([group], "stored")
    assert (first.labels, second.labels) == ((1, 1, 1), (1, -1, -1))
    assert second.steps == ("start", "slip", "end\n#### 1")


@pytest.mark.parametrize("die_after", [0, 4, 8])
def test_killed_and_resumed_equals_uninterrupted_and_samples_no_part_twice(
    tmp_path: Path, die_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts of one beginning each."""
    monkeypatch.setattr(collect, "PART_ROLLOUTS", 3)
    step_labels.train(stage(tmp_path / "whole"), CFG, work(tmp_path, Continuing([])))
    with pytest.raises(KeyboardInterrupt):
        step_labels.train(stage(tmp_path / "cut"), CFG, work(tmp_path, Continuing([], die_after)))
    engine = Continuing([])
    step_labels.train(stage(tmp_path / "cut"), CFG, work(tmp_path, engine))
    assert len(engine.seen) == 3 - die_after // 3
    for name in ("rollouts", "continuations"):
        whole, cut = (list(read_rollouts(tmp_path / run / name)) for run in ("whole", "cut"))
        assert whole == cut and whole


def test_an_answer_in_the_beginning_counts_as_the_solutions(tmp_path: Path) -> None:
    """The policy only has to end: what it wrote before is part of what is graded."""
    begun = Beginning(PROBLEMS[0], "It is \\boxed{1}.\n")

    class Ends(Continuing):
        def sample(self, prompts: Sequence[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
            yield Rollout(prompts[0].problem_id, 0, (*prompts[0].turns, Turn("assistant", "", trained=True)))

    progress = stage(tmp_path / "s").progress
    found = continuations.continuation_successes(
        tmp_path / "c", Ends([]), [begun], 1, Sampling(), "plain", progress
    )
    assert found[begun.id] == [True]


@pytest.mark.parametrize("kind", ["llama", "qwen2", "gpt2", "opt"])
@pytest.mark.parametrize("style", ["plain", "qa", "chat"])
def test_a_beginning_is_tokenized_as_what_the_policy_writes_is(tmp_path: Path, kind: str, style: str) -> None:
    policy = load(str(tiny.make(tmp_path / kind, kind)))
    begun = Beginning(PROBLEMS[0], "It has the\n").prompt(style)
    asked = policy.encode_prompt(render(PROBLEMS[0], style))
    assert policy.encode_prompt(begun) == asked + policy.encode_target("It has the\n")[:-1]


def test_what_a_policy_goes_on_with_is_what_it_would_have_written() -> None:
    """Greedy from the beginning of a greedy solution: the rest of it."""
    policy: Policy = load("numerate/pico")
    problems = load_problems("stories/train", limit=3)
    params = Sampling(0.0, max_tokens=20)
    engine = LocalEngine(policy)
    whole = {r.problem_id: r for r in engine.sample([render(p) for p in problems], 1, params)}
    begun = {b.id: b for b in (Beginning(p, "Answer:") for p in problems)}
    for rest in engine.sample([b.prompt("plain") for b in begun.values()], 1, params):
        text = whole[begun[rest.problem_id].problem.id].text
        assert "Answer:" + rest.text == text and rest.text
