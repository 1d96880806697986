"""The value branch: the same numbers as by hand, and where its gradients go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.models.lora import Lora
from numerate.models.policy import Policy, load
from numerate.models.value_head import ValueBranch, join_value_branch
from numerate.training import Learner, logprobs_and_values, token_logprobs, token_values
from numerate.training.batch import Batch, pack_rows, pad_rows
from numerate.types import Example
from tests import tiny

PROMPT = [1, 40, 41, 42]
ROWS = [
    Example([*PROMPT, 50, 51, 52, 2], [False] * 4 + [True] * 4),
    Example([*PROMPT, 60, 61, 2], [False] * 4 + [True, False, True]),
    Example([1, 90, 91, 92, 93], [False] * 2 + [True] * 3),
]


def both(kind: str, layers: int, lora: bool = False) -> tuple[Policy, Any]:
    made = tiny.model(kind, layers=3)
    policy = Policy(made, tiny.tokenizer(), "tiny")
    branch = ValueBranch(made, layers)
    torch.manual_seed(5)
    torch.nn.init.normal_(branch.head.weight)
    torch.nn.init.normal_(branch.head.bias)
    policy.add_lora(Lora(r=2) if lora else None)
    return policy, join_value_branch(policy, branch)


def laid(packed: bool) -> Batch:
    return (pack_rows if packed else pad_rows)(ROWS, 0)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("layers", [0, 1, 3])
@pytest.mark.parametrize("kind", tiny.KINDS)
def test_a_fresh_branch_reads_what_the_vocabulary_head_reads(kind: str, layers: int, packed: bool) -> None:
    """Its layers are copies, so its head sits on the trunk's own last hidden states: the value of a token is
    w h + b with h of the token before it, here by transformers alone, a row at a time."""
    policy, network = both(kind, layers)
    alone = tiny.model(kind, layers=3)
    learner = Learner(network, packed=packed)
    got_BT = token_values(learner.policy.model, batch := laid(packed))
    head = network.model.value.head
    for n, row in enumerate(ROWS):
        h_TD = alone.base_model(torch.tensor([row.ids])).last_hidden_state[0]
        expected = [head(h_TD[t - 1]).item() for t, seen in enumerate(row.mask) if seen]
        mine = got_BT[(batch.row_BT == n) & batch.mask_BT]
        assert mine.tolist() == pytest.approx(expected, abs=2e-5)
    assert not got_BT[~batch.mask_BT].any()
    assert policy.model is network.model.trunk


def test_log_probabilities_beside_the_values_are_those_of_the_policy_alone() -> None:
    policy, network = both("llama", 2)
    batch = laid(True)
    logp_BT, value_BT = logprobs_and_values(network.model, batch)
    assert torch.equal(logp_BT, token_logprobs(policy.model, batch))
    assert torch.equal(value_BT, token_values(network.model, batch))


def gradients(network: Policy, detach: bool) -> dict[str, torch.Tensor | None]:
    model = network.model
    token_values(model, laid(True), detach).square().sum().backward()
    return {name: p.grad for name, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("lora", [False, True])
@pytest.mark.parametrize("layers", [0, 2])
def test_detached_nothing_at_all_reaches_the_trunk(layers: int, lora: bool) -> None:
    found = gradients(both("llama", layers, lora)[1], detach=True)
    assert all(g is None for name, g in found.items() if name.startswith("trunk"))
    branch = {name: g for name, g in found.items() if name.startswith("value")}
    assert branch and all(g is not None and g.any() for g in branch.values())


def test_attached_it_reaches_the_layers_below_the_branch_and_no_others() -> None:
    """Two of three layers are copied: the value reads the embeddings and the first layer."""
    found = gradients(both("llama", 2)[1], detach=False)
    reached = {name for name, g in found.items() if name.startswith("trunk") and g is not None and g.any()}
    assert any(".layers.0." in name for name in reached) and any("embed" in name for name in reached)
    assert not any(".layers.1." in name or ".layers.2." in name for name in reached)


def test_attached_gradients_are_those_of_the_function() -> None:
    """The embedding of a token moved a little, against the derivative."""
    _, network = both("qwen2", 2)
    weight = network.model.trunk.get_input_embeddings().weight
    found = gradients(network, detach=False)["trunk.model.embed_tokens.weight"]
    assert found is not None
    step = 1e-2 * torch.nn.functional.normalize(found[40], dim=0)

    def value(sign: int) -> float:
        with torch.no_grad():
            weight[40] += sign * step
            total = token_values(network.model, laid(True)).square().sum().item()
            weight[40] -= sign * step
        return total

    assert (value(1) - value(-1)) / 2 == pytest.approx(float(found[40] @ step), rel=1e-2)


def test_dropout_is_off_in_trunk_and_branch() -> None:
    made = tiny.model("llama", attention_dropout=0.5)
    policy = Policy(made, tiny.tokenizer(), "tiny")
    learner = Learner(join_value_branch(policy, ValueBranch(made, 1)))
    torch.nn.init.normal_(learner.policy.model.value.head.weight)
    seen: list[torch.Tensor] = []

    def loss(network: Any, batch: Batch) -> Any:
        for of in (token_logprobs, token_values):
            seen.extend([of(network, batch), of(network, batch)])
        return seen[-1].sum(), {}

    learner.step(ROWS, loss, lr=0.0)
    assert torch.equal(seen[0], seen[1]) and torch.equal(seen[2], seen[3])


def test_the_saved_model_is_the_trunk_alone(tmp_path: Path) -> None:
    policy, network = both("llama", 2)
    before = token_logprobs(policy.model, laid(True))
    policy.save(tmp_path / "m")
    again = load(str(tmp_path / "m"))
    assert sorted(again.model.state_dict()) == sorted(tiny.model("llama", layers=3).state_dict())
    assert torch.equal(before, token_logprobs(again.model, laid(True)))
    assert any(name.startswith("model/value.") for name in Learner(network).state())


def test_more_layers_than_the_model_has_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"5 layers on a model with 2: set value\.layers to at most 2"):
        ValueBranch(tiny.model(), 5)
