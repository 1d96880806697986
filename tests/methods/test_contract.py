"""One contract over the table of methods: each trains and improves a toy reward, resumes bit for bit after it
was killed, and depends neither on micro-batches nor on packing nor on the number of processes."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate import methods
from numerate.progress import QuietProgress
from numerate.store import read_rollouts
from numerate.training import Learner, Stage, checkpoint
from numerate.types import Stats
from tests.methods.cases import CASES, Case, rows
from tests.processes import launch

EVERY = pytest.mark.parametrize("name", CASES)


def writes_only(method: str) -> bool:
    """Whether a method leaves no network behind."""
    return methods.leaves(method) <= {"rollouts", "step_labels"}


TRAINED = pytest.mark.parametrize("name", [n for n in CASES if not writes_only(CASES[n].method)])
LEARNING = pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.rises or case.falls])
SAMPLING = pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.asked])


class Killed(Stage):
    """Stops in the middle of a round, as if it had been killed."""

    def __init__(self, folder: Path, at: int, save_seconds: float) -> None:
        super().__init__(folder, 0, QuietProgress(), save_seconds)
        self.at = at

    def log(self, stats: Stats, **notes: Any) -> None:
        if self.round == self.at:
            raise KeyboardInterrupt
        super().log(stats, **notes)


def train(case: Case, run: Stage | Path, cfg: Any, die_after: int = 0) -> Any:
    """A stage; the models that it starts from lie beside its folder."""
    run = run if isinstance(run, Stage) else Stage(run, 0, QuietProgress())
    dies = [die_after] if die_after else None
    with case.around():
        return methods.get_method(case.method).train(run, cfg, case.world(run.folder.parent, dies))


def test_every_method_is_held_to_the_contract() -> None:
    assert {case.method for case in CASES.values()} == set(methods.METHODS)
    for method in methods.METHODS:
        assert CASES[method].rises or CASES[method].falls or writes_only(method)


@LEARNING
def test_it_learns(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    made = train(case, tmp_path / "run", case.config(**case.longer))
    found = [row[case.rises or case.falls] for row in rows(tmp_path / "run" / case.file)]
    first, last = sum(found[:3]), sum(found[-3:])
    assert last > first + 0.3 if case.rises else last < 0.8 * first
    if case.holds:
        case.holds(made, tmp_path)


@TRAINED
def test_it_learns_without_dropout_and_with_the_betas_of_its_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In evaluation mode, which switches off all that is drawn at random, not dropout alone."""
    case, seen = CASES[name], list[Any]()
    case.world(tmp_path, None)  # may train a model to start from
    betas = (0.7, 0.8)
    cfg = case.config(fit={**case.options["fit"], "betas": betas})

    def step(self: Learner, *_: Any) -> Stats:
        used = [group["betas"] for optimizer in self.optimizers for group in optimizer.param_groups]
        seen.append((used, any(module.training for module in self.policy.model.modules()), self.dropout))
        raise KeyboardInterrupt

    monkeypatch.setattr(Learner, "step", step)
    with pytest.raises(KeyboardInterrupt):
        train(case, tmp_path / "run", cfg)
    [(used, training, dropout)] = seen
    assert used and set(used) == {betas}
    assert not training and not dropout


@EVERY
def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path, name: str) -> None:
    """Killed in one round, with all before it saved, then in a later one with nothing saved since."""
    case, cfg = CASES[name], CASES[name].config()
    train(case, tmp_path / "whole", cfg)
    for at in case.kills:
        with pytest.raises(KeyboardInterrupt):
            train(case, Killed(tmp_path / "cut", at, 0.0 if at == case.kills[0] else 1e9), cfg)
    train(case, tmp_path / "cut", cfg)
    same_stages(tmp_path / "whole", tmp_path / "cut")


@SAMPLING
def test_killed_while_sampling_and_resumed_equals_uninterrupted(tmp_path: Path, name: str) -> None:
    case, cfg = CASES[name], CASES[name].config()
    train(case, tmp_path / "whole", cfg)
    with pytest.raises(KeyboardInterrupt):
        train(case, tmp_path / "cut", cfg, die_after=case.asked)
    train(case, tmp_path / "cut", cfg)
    same_stages(tmp_path / "whole", tmp_path / "cut")


def same_stages(one: Path, other: Path) -> None:
    """The log, the attempts, all that a checkpoint holds (weights, moments, facts), and models of rounds."""
    assert rows(one / "metrics.jsonl") == rows(other / "metrics.jsonl")
    assert [list(read_rollouts(file)) for file in parquet(one)] == [
        list(read_rollouts(file)) for file in parquet(other)
    ]
    found, again = (checkpoint.load_checkpoint(folder / "checkpoints").loaded for folder in (one, other))
    assert found and again and found.state == again.state and found.tensors.keys() == again.tensors.keys()
    assert all(torch.equal(tensor, again.tensors[key]) for key, tensor in found.tensors.items())
    models = [sorted(folder.glob("round-*/model/*.safetensors")) for folder in (one, other)]
    assert [file.read_bytes() for file in models[0]] == [file.read_bytes() for file in models[1]]


def parquet(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.parquet"))


@TRAINED
def test_micro_batches_and_packing_change_nothing(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    for label, tokens, packed in (("large", 4096, True), ("small", 100, True), ("padded", 300, False)):
        if not packed:
            monkeypatch.setattr("numerate.training.learner.can_pack", lambda _: False)
        with suppress(KeyboardInterrupt):
            train(case, Killed(tmp_path / label, case.alike, 1e9), with_micro_tokens(case.config(), tokens))
    for other in ("small", "padded"):
        nearly_same_logs(tmp_path / "large" / case.file, tmp_path / other / case.file, case.alike)


def with_micro_tokens(cfg: Any, tokens: int) -> Any:
    return replace(cfg, fit=replace(cfg.fit, micro_tokens=tokens))


def nearly_same_logs(one: Path, other: Path, alike: int) -> None:
    """Sums in another order, and what follows from them in the first rounds. Shares of tokens beyond a bound
    jump, so they are left out."""
    first, second = rows(one)[:alike], rows(other)[:alike]
    assert first and len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert a.get("health") == b.get("health")
        kept = [key for key in a if not key.startswith("drift/") and not key.endswith("clipped")]
        kept = [key for key in kept if key != "health"]
        assert {key: a[key] for key in kept} == pytest.approx({k: b[k] for k in kept}, rel=5e-3, abs=5e-5)


@pytest.mark.slow
def test_two_processes_do_what_one_does(tmp_path: Path) -> None:
    """They sample a share each and sum their gradients; both hold the same weights to the bit, and one of
    them writes."""
    for name, case in CASES.items():
        case.world(tmp_path / name, None)  # the models to start from
    launch("tests.methods.test_contract", tmp_path)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first == second and first.keys() == CASES.keys()
    for name, case in CASES.items():
        alone, together = tmp_path / name / "alone", tmp_path / name / "together"
        train(case, alone, case.config())
        nearly_same_logs(alone / case.file, together / case.file, case.alike)
        files = [[file.relative_to(folder) for file in parquet(folder)] for folder in (alone, together)]
        assert files[0] == files[1]
        assert [told(alone / file) for file in files[0][:1]] == [
            told(together / file) for file in files[0][:1]
        ]


def told(file: Path) -> list[tuple[str, int, str]]:
    return [(s.rollout.problem_id, s.rollout.index, s.rollout.text) for s in read_rollouts(file)]


def fingerprint(made: Any) -> str:
    """Of all weights, to the bit."""
    whole = blake2b()
    for tensor in made.model.state_dict().values() if made else ():
        whole.update(tensor.detach().numpy().tobytes())
    return whole.hexdigest()


def as_one_of_two(out: Path) -> None:
    from numerate import processes

    assert processes.process_count() == 2
    found: dict[str, str] = {}
    for name, case in CASES.items():
        found[name] = fingerprint(train(case, out / name / "together", case.config()))
    (out / f"{processes.rank()}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    as_one_of_two(Path(os.environ["OUT"]))
