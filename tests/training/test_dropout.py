"""Dropout is off while learning unless an option says otherwise: a step sees the log-probabilities that were
recomputed before it, and does not depend on its micro-batches. On models whose configuration has dropout."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from numerate import training
from numerate.methods import cispo, dapo, dr_grpo, grpo, gspo, ppo, reinforce_pp, rloo, sft
from numerate.methods import outcome_reward_model as orm
from numerate.methods.ppo import value_network
from numerate.methods.shared.options import Fit, RowFit
from numerate.models.lora import Lora
from numerate.models.policy import Policy
from numerate.progress import QuietProgress
from numerate.training import Batch, Learner, Stage, recompute_logprobs, token_logprobs
from numerate.types import Example, Problem, Stats
from tests import tiny
from tests.judges.models import scored_by

DROPOUT: dict[str, dict[str, float]] = {
    "gpt2": {"resid_pdrop": 0.1, "embd_pdrop": 0.1, "attn_pdrop": 0.1},
    "opt": {"dropout": 0.1, "attention_dropout": 0.1, "layerdrop": 0.1},
}
OBJECTIVES: dict[str, tuple[Any, Any]] = {
    "grpo": (grpo, "sequence"),
    "dr_grpo": (dr_grpo, "constant"),
    "dapo": (dapo, "token"),
    "gspo": (gspo, "sequence"),
    "cispo": (cispo, "token"),
    "rloo": (rloo, "sequence"),
    "reinforce_pp": (reinforce_pp, "token"),
}


def policy(kind: str) -> Policy:
    """Fresh from its configuration and in training mode, as a careless caller would hand it over."""
    made = tiny.model(kind, seed=1, spread=20.0)
    options = {key: value for key, value in made.config.to_dict().items() if key not in DROPOUT[kind]}
    with_dropout = type(made)(type(made.config).from_dict(options | DROPOUT[kind]))
    with_dropout.load_state_dict(made.state_dict())
    return Policy(with_dropout.train(), tiny.tokenizer(bos=False), "tiny")


def rows(count: int = 8) -> list[Example]:
    """Two prompts, attempts of several lengths, one of them with tokens that the policy did not write."""
    draw = torch.Generator().manual_seed(3)
    ids = torch.randint(3, 272, (count, 14), generator=draw).tolist()
    made = []
    for i, own in enumerate(ids):
        prompt, own = [1, 40 + i * 2 // count, 41], own[: 3 + i]
        mask = [False] * 3 + [t != 1 or i != 5 for t in range(len(own))]
        made.append(Example([*prompt, *own], mask, columns={"group": float(i * 2 // count)}))
    return made


def for_policy_gradient(learner: Learner) -> list[Example]:
    some = rows()
    total = sum(sum(row.mask) for row in some)
    old = recompute_logprobs(learner, some)
    return [
        row.with_token(
            old_logp=logp,
            advantage=[1.0 if i % 2 else -1.0] * len(row.ids),
            share=[seen / total for seen in row.mask],
        )
        for i, (row, logp) in enumerate(zip(some, old, strict=True))
    ]


def weighed(some: list[Example], per: Any) -> list[Example]:
    return training.set_loss_weights(some, per=per, constant=10)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("kind", DROPOUT)
def test_a_first_update_is_on_policy(kind: str, name: str) -> None:
    module, per = OBJECTIVES[name]
    learner = Learner(policy(kind))
    some = for_policy_gradient(learner)
    stats = learner.step(weighed(some, per), partial(module.loss, cfg=module.Config()), lr=0.0)
    assert stats["old_kl"] == pytest.approx(0, abs=1e-6)
    assert stats["clipped"] == 0


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("kind", DROPOUT)
def test_a_step_does_not_depend_on_its_micro_batches(kind: str, packed: bool) -> None:
    norms = []
    for tokens in (2048, 15):
        learner = Learner(policy(kind), packed=packed, micro_tokens=tokens)
        some = for_policy_gradient(learner)
        loss = partial(grpo.loss, cfg=grpo.Config())
        norms.append(learner.step(weighed(some, "sequence"), loss, lr=0.0)["grad_norm"])
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)


@pytest.mark.parametrize("kind", DROPOUT)
@pytest.mark.parametrize("lora", [None, Lora(r=2, dropout=0.5)], ids=["full", "lora"])
def test_ppo_sees_the_log_probabilities_and_values_of_the_collection(
    kind: str, lora: Lora | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Fit, "adapters", lambda _: lora)  # a recipe's have no dropout
    learner = value_network.make_learner(policy(kind), Fit(), value_network.Value(layers=1))
    nn.init.normal_(learner.policy.model.value.head.weight)
    some = for_policy_gradient(learner)
    values = training.compute_column(learner, some, training.token_values)
    some = [
        row.with_token(value=value, returns=value).with_columns(right=0.0)
        for row, value in zip(some, values, strict=True)
    ]
    stats = learner.step(ppo.set_row_weights(some), partial(ppo.loss, cfg=ppo.Config()), lr=0.0)
    assert stats["ratio"] == pytest.approx(1, abs=1e-5)
    assert stats["old_kl"] == pytest.approx(0, abs=1e-6)
    assert stats["value/loss"] == pytest.approx(0, abs=1e-8)


def logps(learner: Learner, seed: int) -> torch.Tensor:
    """Of one step, as its loss sees them."""
    seen: list[torch.Tensor] = []

    def loss(model: nn.Module, batch: Batch) -> tuple[torch.Tensor, Stats]:
        seen.append(token_logprobs(model, batch))
        return seen[-1].sum(), {}

    torch.manual_seed(seed)
    learner.step(rows(), loss, lr=0.0)
    return seen[0].detach()


@pytest.mark.parametrize("kind", DROPOUT)
def test_the_option_switches_it_on_for_a_step_and_for_nothing_else(kind: str) -> None:
    learner = Learner(policy(kind), dropout=True)
    assert learner.gradients.workers == 1
    before = recompute_logprobs(learner, rows())
    assert torch.equal(logps(learner, 0), logps(learner, 0))
    assert not torch.equal(logps(learner, 0), logps(learner, 1))
    assert not learner.policy.model.training
    assert recompute_logprobs(learner, rows()) == before


@pytest.mark.parametrize("dropout", [True, False])
@pytest.mark.parametrize("kind", DROPOUT)
def test_checkpointing_changes_no_bit_with_dropout_or_without(kind: str, dropout: bool) -> None:
    norms = []
    for switch in ("off", "on"):
        one = policy(kind)
        layer = learner_layer(one)
        learner = Learner(one, dropout=dropout, activation_checkpointing=switch)
        calls = count_calls(layer)
        torch.manual_seed(0)
        some = training.set_loss_weights(rows(), per="token")
        norms.append((learner.step(some, sft.loss, lr=0.0), len(calls) > len(list(learner.batches(some)))))
    assert norms[0][0] == norms[1][0]
    assert [again for _, again in norms] == [False, True] or (dropout and kind == "opt")  # a dropped layer


def learner_layer(one: Policy) -> nn.Module:
    """The feed-forward part of the last layer, which is computed again with its layer."""
    last = [m for m in one.model.modules() if type(m).__name__ in ("GPT2Block", "OPTDecoderLayer")][-1]
    return last.mlp.c_fc if hasattr(last, "mlp") else last.fc1  # pyright: ignore


def count_calls(layer: nn.Module) -> list[int]:
    calls: list[int] = []
    layer.register_forward_hook(lambda *_: calls.append(1))
    return calls


def modes(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the model was in training mode in each micro-batch that a learner learned from."""
    seen: list[bool] = []
    kept = Learner.scaled

    def scaled(self: Learner, loss: Any) -> Any:
        run = kept(self, loss)

        def looked(model: nn.Module, batch: Batch) -> Any:
            seen.append(any(m.training for m in model.modules()))
            return run(model, batch)

        return looked

    monkeypatch.setattr(Learner, "scaled", scaled)
    return seen


@pytest.mark.parametrize("dropout", [True, False])
def test_fine_tuning_and_judges_take_the_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dropout: bool
) -> None:
    seen = modes(monkeypatch)
    run = Stage(tmp_path / "sft", 0, QuietProgress())
    sft.fit_rows(run, RowFit(epochs=1, dropout=dropout, batch=128), policy("gpt2"), rows())
    assert seen == [dropout]
    judge = scored_by(tmp_path, "bert")  # its configuration has a dropout of 0.1
    encoded = [
        judge.encode_solution(Problem("p", "What is 1+1?", "2"), ["1+1=2", "It is 2."]) for _ in range(2)
    ]
    labelled = [row for row in (training.labelled_row(one, [1.0, 0.0]) for one in encoded) if row]
    run = Stage(tmp_path / "orm", 0, QuietProgress())
    orm.fit_judge(
        run, replace(orm.FIT, epochs=1, dropout=dropout), judge, labelled, orm.loss, training.set_read_weights
    )
    assert seen == [dropout, dropout]
