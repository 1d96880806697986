from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.methods import ppo
from numerate.methods.ppo import value_network
from numerate.methods.ppo.token_advantages import AdaptiveKl, add_advantages, explained_variance
from numerate.methods.ppo.value_network import Value
from numerate.methods.shared.options import Fit
from numerate.models.policy import Policy
from numerate.training import Learner, Reference, recompute_logprobs
from numerate.types import Example
from tests import tiny
from tests.methods.toy import job, stage

SMALL = {"sample": {"problems": 4, "rollouts": 4}, "fit": {"epochs": 2, "batch": 8, "lr": 1e-3}}


def config(**more: Any) -> ppo.Config:
    records = {key: small | more.pop(key, {}) for key, small in SMALL.items()}
    return ppo.Config(**({"steps": 3, "value": {"layers": 1}} | records | more))


def log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def tensor(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def even(n: int) -> torch.Tensor:
    return torch.full((n,), 1 / n, dtype=torch.float64)


# the two losses


def test_the_clipped_objective_of_the_vectors(vectors: dict[str, Any]) -> None:
    case = vectors["prm_orm_ppo"]["ppo_clip"]
    new, old, A = (tensor(*case[k]) for k in ("new_logp", "old_logp", "advantages_unwhitened"))
    got, stats = ppo.policy_loss(new, old, A, even(3), case["eps"])
    assert got.item() == pytest.approx(case["pg_loss_mean"], abs=1e-8)
    assert stats["ratio"] == pytest.approx(sum(case["ratio"]) / 3)
    for i, one in enumerate(case["per_token_pg_loss"]):
        assert ppo.policy_loss(new[i], old[i], A[i], tensor(1), case["eps"])[0].item() == pytest.approx(one)
    for row in vectors["havrilla"]["ppo_objective"]:
        ratio = tensor(row["ratio"]).log()
        got, _ = ppo.policy_loss(ratio, tensor(0), tensor(row["A"]), tensor(1), row["eps"])
        assert -got.item() == pytest.approx(row["obj"])


def test_the_clipped_value_of_the_vectors(vectors: dict[str, Any]) -> None:
    case = vectors["prm_orm_ppo"]["value_clip"]
    new, old, returns = (tensor(*case[k]) for k in ("new_values", "old_values", "returns"))
    got, stats = ppo.value_loss(new, old, returns, even(3), case["clip"])
    assert got.item() == pytest.approx(case["value_loss_half_mean"], abs=1e-9)
    assert stats["value/clipped"] == 0  # 0.6 is clipped to 0.5, nearer to the return: the larger error counts


def test_a_value_that_is_not_clipped_is_held_by_its_return_alone() -> None:
    """V 0, 1, 3 and R 1, 1, 1: 1/2 (1 + 0 + 4) / 3, with the slopes (V - R) / 3. Clipped to .2 around V_old 0
    the third keeps its larger error, and so does the second, .8, without a slope."""
    V, R = tensor(0, 1, 3).requires_grad_(), tensor(1, 1, 1)
    got, stats = ppo.value_loss(V, tensor(0, 0, 0), R, even(3), None)
    got.backward()
    assert V.grad is not None
    assert got.item() == pytest.approx(5 / 6) and V.grad.tolist() == pytest.approx([-1 / 3, 0, 2 / 3])
    assert stats == {"value/clipped": 0}
    held, stats = ppo.value_loss(V, tensor(0, 0, 0), R, even(3), 0.2)
    assert held.item() == pytest.approx((1 + 0.64 + 4) / 6) and stats["value/clipped"] == pytest.approx(1 / 3)


def rows() -> list[Example]:
    """Three attempts with every column, two of them at the same question; one has a turn that is not its
    own, and is wrong."""
    torch.manual_seed(3)
    shapes = [
        ([1, 40, 41, 42, 50, 51, 52, 2], [0, 0, 0, 0, 1, 1, 1, 1]),
        ([1, 40, 41, 42, 60, 61, 62, 2], [0, 0, 0, 0, 1, 0, 1, 1]),
        ([1, 90, 91, 92, 93], [0, 0, 1, 1, 1]),
    ]
    made: list[Example] = []
    for right, (ids, mask) in zip([1.0, 0.0, 1.0], shapes, strict=True):

        def column(size: float, middle: float = 0.0, mask: Sequence[int] = tuple(mask)) -> list[float]:
            drawn = (torch.randn(len(mask)) * size + middle).tolist()
            return [x * m for x, m in zip(drawn, mask, strict=True)]

        columns = {
            "old_logp": column(0.3, -5.6),
            "ref_logp": column(0.3, -5.6),
            "advantage": column(1.0),
            "returns": column(0.5),
            "value": column(0.3),
        }
        made.append(Example(ids, [bool(m) for m in mask], token=columns, columns={"right": right}))
    return ppo.set_row_weights(made)


def network(lora: bool = False, **more: Any) -> tuple[Policy, Learner]:
    """A learner of a tiny policy whose value head is random, with plain gradient descent: what a step changes
    is the gradient."""
    policy = Policy(tiny.model("llama", layers=2), tiny.tokenizer(), "tiny")
    learner = value_network.make_learner(policy, Fit(lora_rank=2 * lora), Value(layers=1))
    both = learner.policy
    torch.manual_seed(7)
    torch.nn.init.normal_(both.model.value.head.weight)
    return policy, Learner(both, max_norm=1e9, optimizers=descent, **more)


def descent(named: dict[str, torch.nn.Parameter]) -> list[torch.optim.Optimizer]:
    return [torch.optim.SGD(named.values(), lr=0.0)]


def stepped(learner: Learner, cfg: ppo.Config, beta: float) -> tuple[float, dict[str, torch.Tensor]]:
    before = {name: p.detach().clone() for name, p in learner.named.items()}
    stats = learner.step(rows(), partial(ppo.loss, cfg=cfg, beta=beta), 1.0)
    return stats["loss"], {name: before[name] - p.detach() for name, p in learner.named.items()}


def by_hand(cfg: ppo.Config, beta: float) -> tuple[float, dict[str, torch.Tensor]]:
    """The loss as METHODS prints it, in float64, token by token, with whole softmaxes and transformers'
    layers called one after the other."""
    _, learner = network()
    both = learner.policy.model
    trunk = tiny.model("llama", layers=2).double()
    lone = tiny.model("llama", layers=2).double()  # the branch: its top layer, norm and head
    head = torch.nn.Linear(32, 1).double()
    head.load_state_dict(both.value.head.state_dict())
    (eps, high), c = cfg.clip.bounds, cfg.value.clip or math.inf
    count = sum(sum(row.mask) for row in rows())
    imitated = sum(sum(row.mask) for row in rows() if row.columns["right"])
    total = torch.zeros((), dtype=torch.float64)
    for row in rows():
        ids = torch.tensor([row.ids])
        out = trunk(ids, output_hidden_states=True)
        below = out.hidden_states[1]
        below = below.detach() if cfg.value.detach else below
        place = torch.arange(len(row.ids))[None]
        turned = lone.model.rotary_emb(below, place)
        mask = torch.full((1, 1, len(row.ids), len(row.ids)), -1e300, dtype=torch.float64).triu(1)
        h = lone.model.layers[1](below, attention_mask=mask, position_embeddings=turned)
        V_T = head(lone.model.norm(h))[0, :, 0]
        logp_TV = out.logits[0].log_softmax(-1)
        for t, seen in enumerate(row.mask):
            if not seen:
                continue
            old, ref, A, R, V_old = (
                row.token[k][t] for k in ("old_logp", "ref_logp", "advantage", "returns", "value")
            )
            logp, V = logp_TV[t - 1, row.ids[t]], V_T[t - 1]
            rho = torch.exp(logp - old)
            policy = torch.max(-A * rho, -A * torch.clamp(rho, 1 - eps, 1 + high))
            near = torch.clamp(V, V_old - c, V_old + c)
            value = 0.5 * torch.max((V - R) ** 2, (near - R) ** 2)
            d = logp - ref
            kl = d.square() / 2 if cfg.kl.estimator == "k2" else torch.exp(-d) - 1 + d
            total = total + (policy + cfg.value.coef * value + beta * kl) / count
            if row.columns["right"]:
                total = total - cfg.nll * logp / imitated
    total.backward()
    grads = {f"trunk.{name}": p.grad for name, p in trunk.named_parameters()}
    grads |= {f"value.head.{name}": p.grad for name, p in head.named_parameters()}
    grads |= {f"value.layers.0.{name}": p.grad for name, p in lone.model.layers[1].named_parameters()}
    grads |= {f"value.norm.{name}": p.grad for name, p in lone.model.norm.named_parameters()}
    return total.item(), {name: g for name, g in grads.items() if g is not None}


@pytest.mark.parametrize(
    "more", [{"kl": {"estimator": "k2"}}, {"nll": 0.4, "clip": {"high": 0.05}, "kl": {"estimator": "k3"}}]
)
@pytest.mark.parametrize("beta", [0.0, 0.3])
@pytest.mark.parametrize("detach", [True, False])
def test_loss_and_every_gradient_against_float64(detach: bool, beta: float, more: dict[str, Any]) -> None:
    cfg = config(value={"layers": 1, "detach": detach, "coef": 0.7}, **more)
    value, grads = stepped(network()[1], cfg, beta)
    expected, wanted = by_hand(cfg, beta)
    assert value == pytest.approx(expected, rel=1e-5)
    assert grads.keys() == wanted.keys()
    for name, g in grads.items():
        assert torch.allclose(g.double(), wanted[name], rtol=2e-3, atol=2e-5), name


@pytest.mark.parametrize("lora", [False, True])
def test_micro_batches_packing_and_padding_change_nothing(lora: bool) -> None:
    cfg = config(value={"layers": 1, "detach": False}, nll=0.1)
    value, grads = stepped(network(lora=lora)[1], cfg, 0.1)
    ways: list[dict[str, Any]] = [{"micro_tokens": 1}, {"packed": False}, {"packed": False, "micro_rows": 1}]
    for more in [*ways, {"activation_checkpointing": "on"}]:
        again, others = stepped(network(lora=lora, **more)[1], cfg, 0.1)
        assert again == pytest.approx(value, rel=1e-5)
        for name, g in grads.items():
            assert torch.allclose(g, others[name], rtol=1e-3, atol=1e-5), (name, more)


def test_two_micro_batches_at_a_time_hear_their_own_forward_passes() -> None:
    """The hooks that hear the trunk are the same for all threads."""
    cfg = config(value={"layers": 1, "detach": False})
    value, grads = stepped(network(micro_tokens=1)[1], cfg, 0.1)
    torch.set_num_threads(2)
    try:
        learner = network(micro_tokens=1)[1]
        assert learner.gradients.workers == 2
        again, others = stepped(learner, cfg, 0.1)
    finally:
        torch.set_num_threads(1)
    assert again == value and all(torch.equal(g, others[name]) for name, g in grads.items())


def test_a_first_step_has_ratio_one_and_clips_nothing(tmp_path: Path) -> None:
    ppo.train(stage(tmp_path / "run"), config(steps=1, fit={"epochs": 1, "batch": 16}), job(tmp_path))
    [row] = log(tmp_path / "run")
    assert row["train/ratio"] == pytest.approx(1, abs=1e-5)
    assert row["train/clipped"] == row["value/clipped"] == 0
    assert row["train/updates"] == 1
    assert (
        row["kl/per_rollout"] == row["train/kl"] == pytest.approx(0, abs=1e-9)
    )  # the reference is where it began


# credit


def sampled() -> list[Example]:
    """Rows as the loop makes them: pi_old, and no correction for another sampler."""
    columns = ({"old_logp": row.token["old_logp"], "correction": [1.0] * len(row.ids)} for row in rows())
    return [Example(row.ids, row.mask, token=kept) for row, kept in zip(rows(), columns, strict=True)]


def test_columns_of_a_row_against_the_formulas_by_hand() -> None:
    """Values of a new branch are 0, so with gamma = lam = 1 returns are the rewards to go, less the penalty;
    off the trained tokens all columns are 0."""
    policy = Policy(tiny.model("llama", layers=2), tiny.tokenizer(), "tiny")
    learner = value_network.make_learner(policy, Fit(), Value(layers=1))
    bare = [
        row.with_token(ref_logp=[p + 0.1 * m for p, m in zip(row.token["old_logp"], row.mask, strict=True)])
        for row in sampled()
    ]
    rewards = [[0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    kl = AdaptiveKl(coef=0.5, placement="reward", estimator="k1")
    settings: dict[str, Any] = {"gamma": 1.0, "value_lam": None, "whiten": False, "kl": kl, "beta": 0.5}
    settings["lam"] = lambda _: 1.0
    done, stats = add_advantages(learner, bare, rewards, **settings)
    # each token is paid + 0.05, for log pi - log pi_ref is - 0.1
    assert done[0].token["returns"] == pytest.approx([0, 0, 0, 0, 1.7, 1.65, 1.6, 1.05])
    assert done[1].token["returns"] == pytest.approx([0, 0, 0, 0, 0.15, 0, 0.10, 0.05])
    assert done[0].token["advantage"] == pytest.approx(done[0].token["returns"])
    per_token = 2.718281828**0.1 - 1.1
    assert stats["train/kl"] == pytest.approx(per_token, rel=1e-4) and stats["kl/coef"] == 0.5
    assert stats["kl/per_rollout"] == pytest.approx((4 + 3 + 3) / 3 * per_token, rel=1e-4)
    assert stats["value/explained_variance"] == 0
    squares = AdaptiveKl(coef=0.5, placement="reward", estimator="k2")
    paid, _ = add_advantages(learner, bare, rewards, **{**settings, "kl": squares})
    assert paid[1].token["returns"] == pytest.approx([0, 0, 0, 0, -0.0075, 0, -0.005, -0.0025])
    white, _ = add_advantages(learner, bare, rewards, **{**settings, "whiten": True})
    flat = torch.tensor([row.token["advantage"][t] for row in white for t, m in enumerate(row.mask) if m])
    assert flat.mean().item() == pytest.approx(0, abs=1e-6) and flat.std().item() == pytest.approx(1)
    in_loss, _ = add_advantages(learner, bare, rewards, **{**settings, "kl": AdaptiveKl(coef=0.05)})
    assert in_loss[0].token["returns"][4:] == pytest.approx([1.5, 1.5, 1.5, 1.0])


def test_value_and_policy_may_trust_their_rewards_differently() -> None:
    """The value is 0, gamma 1: with a lambda of 1 it learns rewards to go, and with one of 1/2, for
    the attempt of four tokens, advantages fall by half with every token before the reward."""
    policy = Policy(tiny.model("llama", layers=2), tiny.tokenizer(), "tiny")
    learner = value_network.make_learner(policy, Fit(), Value(layers=1))
    bare = sampled()
    cfg = config(lam_alpha=0.5, value={"layers": 1, "lam": 1.0})
    done, _ = add_advantages(
        learner,
        bare,
        [[0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
        gamma=cfg.gamma,
        lam=partial(ppo.adaptive_lambda, cfg),
        value_lam=cfg.value.lam,
        whiten=False,
        kl=AdaptiveKl(),
        beta=0.0,
    )
    assert done[0].token["returns"][4:] == pytest.approx([1.5, 1.5, 1.5, 1.0])
    assert done[0].token["advantage"][4:] == pytest.approx([0.25, 0.5, 1.0, 1.0])
    assert done[2].token["advantage"][2:] == pytest.approx([1 / 9, 1 / 3, 1.0])


def test_a_lambda_by_length() -> None:
    """1 - 1 / (0.05 l)."""
    vapo = config(lam_alpha=0.05)
    assert [ppo.adaptive_lambda(vapo, n) for n in (10, 20, 40, 200)] == pytest.approx([0, 0, 0.5, 0.9])
    assert ppo.adaptive_lambda(config(lam=0.95), 10) == 0.95


def test_a_step_without_right_attempts_imitates_nothing() -> None:
    wrong = [
        Example([1, 2], [False, True], columns={"right": 0.0}),
        Example([3], [True], columns={"right": 0.0}),
    ]
    assert [row.token["imitated"] for row in ppo.set_row_weights(wrong)] == [[0, 0], [0]]
    one = ppo.set_row_weights(
        [wrong[0], wrong[1].with_columns(right=1.0), Example([4, 5], [True, True], columns={"right": 1.0})]
    )
    assert [row.token["imitated"] for row in one] == [[0, 0], [1 / 3], [1 / 3, 1 / 3]]
    assert [row.token["weight"] for row in one] == [[0, 0.25], [0.25], [0.25, 0.25]]


def test_the_reference_of_adapters_is_the_model_without_them() -> None:
    _, learner = network(lora=True)
    reference = Reference(None)
    before = reference.logprobs(learner, rows())
    for name, p in learner.named.items():
        if "lora" in name:
            torch.nn.init.normal_(p)
    assert reference.logprobs(learner, rows()) == before
    policy = Policy(tiny.model("llama", layers=2), tiny.tokenizer(), "tiny")
    plain = value_network.make_learner(policy, Fit(), Value(layers=1))
    assert recompute_logprobs(plain, rows())[0] == pytest.approx(before[0], abs=1e-5)
    assert recompute_logprobs(learner, rows())[0] != pytest.approx(before[0], abs=1e-3)


def test_explained_variance_by_hand() -> None:
    """Returns 0 1 2 3: exact values explain all; their mean nothing; halves of them three quarters."""
    returns = [[0.0, 1.0], [2.0, 3.0]]
    assert explained_variance(returns, returns) == 1
    assert explained_variance([[1.5, 1.5], [1.5, 1.5]], returns) == 0
    assert explained_variance([[0.0, 0.5], [1.0, 1.5]], returns) == pytest.approx(0.75)


def test_the_defaults_make_the_papers_number_of_updates(vectors: dict[str, Any]) -> None:
    """1,024 attempts, 4 at each of 256 questions, 4 times in batches of 32: 128 updates; 4,000 updates take
    31 such collections, which is 32,000 attempts."""
    case, cfg = vectors["havrilla"]["ppo_accounting"], ppo.Config()
    assert (cfg.sample.rollouts, cfg.sample.problems) == (case["per_question"], case["questions_per_batch"])
    assert cfg.sample.rollouts * (cfg.sample.problems or 0) == case["rollouts"]
    assert cfg.fit.epochs == case["ppo_epochs"]
    updates = case["rollouts"] // cfg.fit.batch * cfg.fit.epochs
    assert updates == case["bs32_updates_per_collection"]
    assert cfg.steps == 4000 // updates
    assert 4000 / updates * case["rollouts"] == case["4000_updates_rollouts_bs32"]
