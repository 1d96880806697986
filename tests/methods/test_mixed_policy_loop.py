"""The loop of the mixed policy: it learns, stops, resumes, keeps its heads, refuses what makes no sense."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate import config
from numerate.methods import mixed_policy
from numerate.methods.mixed_policy import Config, heads_network
from numerate.models.operator_head import FILE, MixedPolicy
from numerate.models.policy import Policy, load
from numerate.rollouts.job import Job
from numerate.rollouts.local import LocalEngine
from numerate.store import SUMS, read_rollouts
from numerate.types import Prompt, Rollout, Sampling
from tests import tiny
from tests.methods import toy
from tests.methods.toy import PROBLEMS, stage

SMALL: dict[str, Any] = {"steps": 4, "sample": {"problems": 4, "rollouts": 2, "max_tokens": 12}}
SMALL |= {"fit": {"lr": 1e-3}, "head_lr": 1e-2}


def made(**more: Any) -> Config:
    return Config(**(SMALL | more))


class Mortal(LocalEngine):
    """Until it has been asked so many times."""

    def __init__(self, policy: Policy, asked: list[int], **options: Any) -> None:
        super().__init__(policy, **options)
        self.asked = asked

    def sample(self, prompts: Iterable[Prompt], n: int, params: Sampling) -> Iterator[Rollout]:
        self.asked[0] -= 1
        if self.asked[0] == 0:
            raise KeyboardInterrupt
        return super().sample(prompts, n, params)


def job(folder: Path, die_after: list[int] | None = None, calculator: bool = True, **more: Any) -> Job:
    if not (folder / "base").exists():
        tiny.make(folder / "base", spread=4.0)
    work = toy.job(folder, stage_folder=lambda name: folder / "stages" / name, **more)
    asked = die_after or [0]
    return replace(work, engine=lambda policy: Mortal(policy, asked, slots=8, calculator=calculator))


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def same(a: MixedPolicy, b: MixedPolicy) -> bool:
    one, other = (each.together().model.state_dict().values() for each in (a, b))
    pairs = zip(one, other, strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_it_learns_the_solutions_and_their_operators(tmp_path: Path) -> None:
    """One sum by heart: both cross-entropies fall to a tenth, and in the end an attempt holds the one
    operator of its annotation."""
    cfg = made(
        steps=30, sample={"max_tokens": 24, "rollouts": 2}, fit={"lr": 2e-2}, head_lr=5e-2, head_dropout=0.0
    )
    mixed_policy.train(stage(tmp_path / "run"), cfg, job(tmp_path, problems=PROBLEMS[:1]))
    rows = log(tmp_path / "run")
    for name in ("train/xe", "train/op"):
        assert rows[-1][name] < rows[0][name] / 10
    assert rows[-1]["rollouts/operators"] == 1
    assert sum(row["train/credited"] for row in rows[-10:]) > 0
    # the entropy of classes, most of them certain, is near zero without a fault
    assert all(row["policy/class_entropy"] < 0.2 and "policy/entropy" not in row for row in rows)
    assert not any("entropy" in str(row.get("health")) for row in rows)


def test_the_log_is_that_of_the_shared_loop(tmp_path: Path) -> None:
    """One optimizer step per round; rewards by correctness; the best model is the mixed policy."""
    cfg = made(steps=2, validate={"every": 1, "keep": "best"})
    best = mixed_policy.train(stage(tmp_path / "run"), cfg, job(tmp_path, validation=PROBLEMS[:2]))
    rows = log(tmp_path / "run")
    assert [row["train/updates"] for row in rows] == [1, 1]
    assert all(row["reward/wrong"] == 0 and "validation/accuracy" in row for row in rows)
    rounds = sorted(path.name for path in (tmp_path / "run" / "rollouts").iterdir())
    assert rounds == ["round-00000", "round-00001"]
    assert (tmp_path / "run" / "best" / FILE).exists() and isinstance(best, MixedPolicy)


def test_classes_are_stored_with_the_attempts(tmp_path: Path) -> None:
    """Everywhere, all of them are drawn by a random head; inside annotations, which a random model does not
    write, only V."""
    for scope, drawn in (("everywhere", set(range(5))), ("inside_annotation", {4})):
        mixed_policy.train(stage(tmp_path / scope), made(scope=scope), job(tmp_path))
        turns = [t for s in read_rollouts(tmp_path / scope / "rollouts") for t in s.rollout.turns[1:]]
        assert {c for turn in turns for c in turn.token_classes} == drawn
        assert all(len(t.token_classes) == len(t.ids) == len(t.logprobs) for t in turns if t.trained)


def test_heads_are_saved_beside_a_model_that_loads_anywhere(tmp_path: Path) -> None:
    """A stage that starts from this one goes on with its heads; one that starts from a stage without heads,
    with new ones."""
    tuned = mixed_policy.train(stage(tmp_path / "a"), made(steps=2), job(tmp_path))
    place = tmp_path / "stages" / "mixed" / "model"
    tuned.save(place)
    assert (place / FILE).exists() and toy.same(load(str(place)), tuned.policy)
    again = job(tmp_path, model="mixed", load=lambda name: load(str(tmp_path / "stages" / name / "model")))
    mixed = heads_network.open_policy(again, 0.2, seed=5)
    assert same(mixed, tuned)
    (place / FILE).unlink()
    (place / SUMS).unlink()
    fresh = heads_network.open_policy(again, 0.2, seed=5)
    assert not same(fresh, tuned) and torch.equal(fresh.heads.baseline.bias, torch.zeros(1))


def test_heads_of_another_model_are_refused(tmp_path: Path) -> None:
    tuned = mixed_policy.train(stage(tmp_path / "a"), made(steps=1), job(tmp_path))
    tuned.save(tmp_path / "small")
    other = Policy(tiny.model(hidden=64), tiny.tokenizer(), "other")
    from numerate.models.operator_head import Heads

    with pytest.raises(ValueError, match="does not fit the model beside it"):
        MixedPolicy(other, Heads(other.model, 0.2)).load_heads(tmp_path / "small")


def test_a_constant_line_to_zero_and_heads_of_their_own_rate(tmp_path: Path) -> None:
    mixed_policy.train(stage(tmp_path / "a"), made(), job(tmp_path))
    assert [row["train/lr"] for row in log(tmp_path / "a")] == pytest.approx([1e-3, 7.5e-4, 5e-4, 2.5e-4])
    learner = heads_network.make_learner(
        heads_network.open_policy(job(tmp_path), 0.2, 0), made().fit, made().head_lr
    )
    trunk, heads = learner.optimizers[0].param_groups
    assert (trunk["lr_scale"], heads["lr_scale"]) == (1, pytest.approx(10)) and len(heads["params"]) == 4


# refused


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"head_dropout": 1.0}, "removes all inputs of the heads"),
        ({"w_op": 0.0, "w_rl": 0.0}, "leaves the operator head untrained"),
        ({"w_op": 0.0, "rl_logprob": "released"}, "leaves the operator head untrained"),
        ({"gamma": 1.5}, "gamma"),
        ({"scope": "inside"}, "inside_annotation"),
        ({"sample": {"problems": 0}}, "problems"),
        ({"sample": {"temperature": 0.7}}, "leave out temperature"),
        ({"fit": {"epochs": 2}}, "one optimizer step"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        made(**options)


def test_solutions_without_annotations_are_refused_or_taken_everywhere(tmp_path: Path) -> None:
    bare = [replace(p, solution=f"It is 1+1, so {p.answer}\n#### {p.answer}") for p in PROBLEMS]
    with pytest.raises(ValueError, match="none of 8 demonstrations has an operator between << and ="):
        mixed_policy.train(stage(tmp_path / "a"), made(), job(tmp_path, problems=bare))
    mixed_policy.train(stage(tmp_path / "b"), made(scope="everywhere", steps=1), job(tmp_path, problems=bare))
    none = [replace(p, solution=f"It is {p.answer}\n#### {p.answer}") for p in PROBLEMS]
    with pytest.raises(ValueError, match="has an operator, so the operator head"):
        mixed_policy.train(stage(tmp_path / "c"), made(scope="everywhere"), job(tmp_path, problems=none))
    with pytest.raises(ValueError, match=r"all 8 solutions are longer than fit.max_length: 5 tokens"):
        mixed_policy.train(stage(tmp_path / "d"), made(fit={"max_length": 5}), job(tmp_path))


def test_annotations_that_are_wrong_are_told(tmp_path: Path) -> None:
    """Two results that are none, and a product that the calculator cannot read, which is no mistake."""
    slip = [
        replace(PROBLEMS[0], solution="0+1=<<0+1=2>>2, <<2.50*2=5.00>>, <<4(2)=9>>\n#### 1"),
        replace(PROBLEMS[1], solution="1+2=<<1+2=three>>3\n#### 3"),
        *PROBLEMS[2:],
    ]
    run, said = stage(tmp_path / "a"), list[str]()
    run.progress.say = said.append  # pyright: ignore
    mixed_policy.train(run, made(steps=1), job(tmp_path, problems=slip))
    said = [line for line in said if not line.startswith("HEALTH")]
    assert said == ["2 annotations differ from the calculator's result, the first in 'sum-0': <<0+1=2>>"]


def test_an_engine_that_decides_for_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs its own token sampler"):
        mixed_policy.train(stage(tmp_path / "a"), made(), toy.job(tmp_path))
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "name: r\nengine: {kind: server, url: 'http://localhost:1', weights: by_path}\n"
        "stages:\n  m: {method: mixed_policy}\n"
    )
    with pytest.raises(ValueError, match=r"needs its own token sampler.*set engine kind: local"):
        config.load(str(recipe), [])


def test_validation_needs_its_problems(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no problem set named `validation`"):
        mixed_policy.train(stage(tmp_path / "a"), made(validate={"every": 1}), job(tmp_path))
    mixed_policy.train(
        stage(tmp_path / "b"), made(validate={"every": 2}), job(tmp_path, validation=PROBLEMS[:2])
    )
    assert ["validation/accuracy" in row for row in log(tmp_path / "b")] == [False, True, False, True]
