"""A step that is not finite is not applied, in one process and in two; in float16 it stops the run only where
the scale can fall no further. Weights that are not finite are refused when they are loaded."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate import processes
from numerate.models.policy import Policy
from numerate.models.policy import load as load_policy
from numerate.progress import QuietProgress
from numerate.rollouts.local import LocalEngine
from numerate.rollouts.local.sampling import draw_tokens
from numerate.rollouts.sharing import write_part
from numerate.training import Learner, Stage, set_loss_weights
from numerate.types import NotFinite, Problem, Prompt, Reward, Rollout, Sampling, Scored, Turn
from tests import tiny
from tests.methods.toy import PROBLEMS
from tests.processes import launch
from tests.training.test_batch import nll, policy, rows


def times(factor: float, shift: float = 0.0) -> Any:
    return lambda model, batch: (nll(model, batch)[0] * factor + shift, {})


def weights(of: Policy) -> list[torch.Tensor]:
    return [p.detach().clone() for p in of.model.parameters()]


def same(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("loss", "quantity"),
    [(times(nan), "loss is nan"), (times(1, inf), "loss is inf"), (times(1e30), "gradient norm is inf")],
)
def test_a_step_that_is_not_finite_is_not_applied(loss: Any, quantity: str) -> None:
    """The loss, or the gradient alone: 1e30 times it squares to more than float32 holds."""
    one = policy()
    learner = Learner(one)
    learner.step(set_loss_weights(rows(4)), nll, lr=1e-3)
    before, moments = weights(one), {k: v.clone() for k, v in learner.state().items()}
    with pytest.raises(NotFinite, match=quantity + r": this step was not applied. Lower .*\(now 0.001\)"):
        learner.step(set_loss_weights(rows(4)), loss, lr=1e-3)
    assert same(before, weights(one))
    assert all(torch.equal(value, learner.state()[key]) for key, value in moments.items())
    again, untouched = learner.step(set_loss_weights(rows(4)), nll, lr=1e-3), Learner(policy())
    untouched.load_state(moments)
    assert again["grad_norm"] == untouched.step(set_loss_weights(rows(4)), nll, lr=1e-3)["grad_norm"]


def test_float16_stops_only_where_its_scale_can_fall_no_further() -> None:
    """65536 is 2^16: sixteen steps are left out, the seventeenth stops; NaN, which no scale mends, stops the
    first."""
    one = Policy(tiny.model("llama"), tiny.tokenizer(), compute=torch.float16)
    learner, before = Learner(one), weights(one)
    for step in range(16):
        assert learner.scaler.get_scale() == 2.0 ** (16 - step)
        assert not isfinite(learner.step(set_loss_weights(rows(4)), times(1e39), lr=1e-3)["grad_norm"])
    with pytest.raises(NotFinite, match="set dtype: float32 in place of float16"):
        learner.step(set_loss_weights(rows(4)), times(1e39), lr=1e-3)
    assert same(before, weights(one))
    with pytest.raises(NotFinite, match="loss is nan"):
        Learner(Policy(tiny.model("llama"), tiny.tokenizer(), compute=torch.float16)).step(
            set_loss_weights(rows(4)), times(nan), lr=1e-3
        )


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    run, learner = Stage(tmp_path / "stages" / "sft", 0, QuietProgress(), 0.0), Learner(policy())
    with pytest.raises(NotFinite, match=r"what is trained has weights that are not finite: .*embed"):
        for step in run.rounds(3, learner, label="steps"):
            if step == 1:
                next(learner.policy.model.parameters()).data[0, 0] = inf
    assert [path.name for path in (run.folder / "checkpoints").iterdir()] == ["step-1"]
    assert run.position == "stage sft, step 2"


def spoiled(folder: Path) -> Path:
    """A model with one NaN."""
    tiny.make(folder)
    one = load_policy(str(folder))
    one.model.get_input_embeddings().weight.data[7, 3] = nan
    return one.save(folder)


def test_a_model_with_a_nan_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(
        NotFinite, match=r"model '.*spoiled' has weights that are not finite: model.embed_tok"
    ):
        load_policy(str(spoiled(tmp_path / "spoiled")))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("bad", [nan, inf])
@pytest.mark.parametrize("how", [(1.0, 1.0, 0), (0.0, 1.0, 0), (1.0, 0.9, 0), (0.7, 1.0, 9)])
def test_the_draw_from_nan_has_no_probability_and_changes_no_other_row(
    dtype: torch.dtype, bad: float, how: tuple[float, float, int]
) -> None:
    logits = torch.randn(3, 605, generator=torch.Generator().manual_seed(0)).to(dtype)
    uniform = torch.tensor([0.5, 0.9999, 0.1], dtype=torch.float64)
    right, _ = draw_tokens(logits, uniform, *how)
    logits[1, 5:] = bad
    token, logp = draw_tokens(logits, uniform, *how)
    assert token[[0, 2]].equal(right[[0, 2]]) and logp[[0, 2]].isfinite().all()
    assert logp[1].isnan() and 0 <= token[1] < 605


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_sampling_stops_at_a_token_without_probability(temperature: float) -> None:
    one = policy()
    one.model.get_output_embeddings().weight.data[:] = nan
    prompt = Prompt("p-1", (Turn("user", "What is 1+1?"),))
    with pytest.raises(NotFinite, match=r"sampled token is not finite .problem 'p-1', sample 0, token 0"):
        list(LocalEngine(one).sample([prompt], 2, Sampling(temperature, max_tokens=4)))


def by_one(problems: Sequence[Problem]) -> list[Scored]:
    """The second process samples NaN."""
    if os.environ["RANK"] == "1":
        raise NotFinite("a sampled token is not finite")
    return [Scored(Rollout(p.id, 0, ()), Reward(1.0)) for p in problems]


def test_two_processes_stop_together(tmp_path: Path) -> None:
    """The loss is NaN, or the sample, in one of them."""
    launch("tests.training.test_finite", tmp_path)
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert first == second
    assert first["loss"].startswith("the loss is nan") and first["sample"] == "a sampled token is not finite"
    assert {file.name for file in tmp_path.glob("*.parquet")} == set()


def in_one_of_two() -> dict[str, str]:
    def loss(model: Any, batch: Any) -> Any:
        return nll(model, batch)[0] * (nan if processes.rank() == 1 else 1.0), {}

    said: dict[str, str] = {}
    for name, act in (
        ("loss", lambda: Learner(policy()).step(set_loss_weights(rows(5)), loss, lr=1e-3)),
        ("sample", lambda: write_part(Path(os.environ["OUT"], "part.parquet"), PROBLEMS, by_one)),
    ):
        try:
            act()
        except NotFinite as error:
            said[name] = str(error)
    return said


if __name__ == "__main__":
    assert processes.process_count() == 2
    Path(os.environ["OUT"], f"{processes.rank()}.json").write_text(json.dumps(in_one_of_two()))
