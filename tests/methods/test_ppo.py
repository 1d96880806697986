from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from numerate.judges import Oracle
from numerate.methods import judge, ppo, ppo_network
from numerate.methods.ppo_credit import credited, explained
from numerate.models.options import Lora
from numerate.models.policy import Policy
from numerate.progress import QuietProgress
from numerate.rollouts.local import LocalEngine
from numerate.training import Learner, Stage, checkpoint, recompute, weigh
from numerate.types import Example, Problem, StepScores
from tests import tiny
from tests.judges.models import scored_by
from tests.methods.toy import PROBLEMS, job, same, stage

SMALL = {"rounds": 3, "problems_per_round": 4, "samples": 4, "epochs": 2, "batch": 8, "lr": 1e-3}


def config(**more: Any) -> ppo.Config:
    return ppo.Config(**({**SMALL, "value": {"layers": 1}} | more))


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
    assert stats["policy/ratio"] == pytest.approx(sum(case["ratio"]) / 3)
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


def rows() -> list[Example]:
    """Three attempts with every column, two of them at the same question; one has a turn that is not its
    own."""
    torch.manual_seed(3)
    shapes = [
        ([1, 40, 41, 42, 50, 51, 52, 2], [0, 0, 0, 0, 1, 1, 1, 1]),
        ([1, 40, 41, 42, 60, 61, 62, 2], [0, 0, 0, 0, 1, 0, 1, 1]),
        ([1, 90, 91, 92, 93], [0, 0, 1, 1, 1]),
    ]
    made: list[Example] = []
    for ids, mask in shapes:

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
        made.append(Example(ids, [bool(m) for m in mask], token=columns))
    return weigh(made, per="token")


def network(lora: bool = False, **more: Any) -> tuple[Policy, Learner]:
    """A learner of a tiny policy whose value head is random, with plain gradient descent: what a step changes
    is the gradient."""
    policy = Policy(tiny.model("llama", layers=2), tiny.tokenizer(), "tiny")
    learner = ppo_network.learner(policy, Lora(r=2) if lora else None, 1)
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
    eps, c = cfg.clip, cfg.value.clip
    count = sum(sum(row.mask) for row in rows())
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
            policy = torch.max(-A * rho, -A * torch.clamp(rho, 1 - eps, 1 + eps))
            near = torch.clamp(V, V_old - c, V_old + c)
            value = 0.5 * torch.max((V - R) ** 2, (near - R) ** 2)
            kl = torch.exp(ref - logp) - 1 - (ref - logp)
            total = total + (policy + cfg.value.coef * value + beta * kl) / count
    total.backward()
    grads = {f"trunk.{name}": p.grad for name, p in trunk.named_parameters()}
    grads |= {f"value.head.{name}": p.grad for name, p in head.named_parameters()}
    grads |= {f"value.layers.0.{name}": p.grad for name, p in lone.model.layers[1].named_parameters()}
    grads |= {f"value.norm.{name}": p.grad for name, p in lone.model.norm.named_parameters()}
    return total.item(), {name: g for name, g in grads.items() if g is not None}


@pytest.mark.parametrize("beta", [0.0, 0.3])
@pytest.mark.parametrize("detach", [True, False])
def test_loss_and_every_gradient_against_float64(detach: bool, beta: float) -> None:
    cfg = config(value={"layers": 1, "detach": detach, "coef": 0.7})
    value, grads = stepped(network()[1], cfg, beta)
    expected, wanted = by_hand(cfg, beta)
    assert value == pytest.approx(expected, rel=1e-5)
    assert grads.keys() == wanted.keys()
    for name, g in grads.items():
        assert torch.allclose(g.double(), wanted[name], rtol=2e-3, atol=2e-5), name


@pytest.mark.parametrize("lora", [False, True])
def test_micro_batches_packing_and_padding_change_nothing(lora: bool) -> None:
    cfg = config(value={"layers": 1, "detach": False})
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
    ppo.train(stage(tmp_path / "run"), config(rounds=1, epochs=1, batch=16), job(tmp_path))
    [row] = log(tmp_path / "run")
    assert row["policy/ratio"] == pytest.approx(1, abs=1e-5)
    assert row["policy/clipped"] == row["value/clipped"] == 0
    assert row["train/steps"] == 1
    assert row["kl/per_attempt"] == pytest.approx(0, abs=1e-9)  # the reference is where it began


# credit


def test_columns_of_a_row_against_the_formulas_by_hand() -> None:
    """Values of a new branch are 0, so with gamma = lam = 1 returns are the rewards to go, less the penalty;
    off the trained tokens all columns are 0."""
    policy = Policy(tiny.model("llama", layers=2), tiny.tokenizer(), "tiny")
    learner = ppo_network.learner(policy, None, 1)
    bare = [Example(row.ids, row.mask, token={"old_logp": row.token["old_logp"]}) for row in rows()]

    class Ahead(ppo_network.Reference):
        """0.1 more log-probability than the policy everywhere."""

        def logprobs(self, learner: Any, rows: Sequence[Example]) -> list[list[float]]:
            return [
                [p + 0.1 * m for p, m in zip(row.token["old_logp"], row.mask, strict=True)] for row in rows
            ]

    rewards = [[0.0, 0.0, 0.5, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    kl = ppo.Kl(beta=0.5)
    settings: dict[str, Any] = {"gamma": 1.0, "lam": 1.0, "whiten": False, "kl": kl, "beta": 0.5}
    done, stats = credited(learner, Ahead(None), bare, rewards, **settings)
    # each token is paid + 0.05, for log pi - log pi_ref is - 0.1
    assert done[0].token["returns"] == pytest.approx([0, 0, 0, 0, 1.7, 1.65, 1.6, 1.05])
    assert done[1].token["returns"] == pytest.approx([0, 0, 0, 0, 0.15, 0, 0.10, 0.05])
    assert done[0].token["advantage"] == pytest.approx(done[0].token["returns"])
    assert stats["kl/per_attempt"] == pytest.approx((4 + 3 + 3) / 3 * (2.718281828**0.1 - 1.1), rel=1e-4)
    assert stats["value/explained_variance"] == 0
    white, _ = credited(learner, Ahead(None), bare, rewards, **{**settings, "whiten": True})
    flat = torch.tensor([row.token["advantage"][t] for row in white for t, m in enumerate(row.mask) if m])
    assert flat.mean().item() == pytest.approx(0, abs=1e-6) and flat.std().item() == pytest.approx(1)
    in_loss, _ = credited(
        learner, Ahead(None), bare, rewards, **{**settings, "kl": ppo.Kl(place="loss", estimator="k3")}
    )
    assert in_loss[0].token["returns"][4:] == pytest.approx([1.5, 1.5, 1.5, 1.0])
    assert in_loss[0].token["ref_logp"][4:] == pytest.approx([p + 0.1 for p in bare[0].token["old_logp"][4:]])


def test_the_reference_of_adapters_is_the_model_without_them() -> None:
    _, learner = network(lora=True)
    reference = ppo_network.Reference(None)
    before = reference.logprobs(learner, rows())
    for name, p in learner.named.items():
        if "lora" in name:
            torch.nn.init.normal_(p)
    assert reference.logprobs(learner, rows()) == before
    plain = ppo_network.learner(Policy(tiny.model("llama", layers=2), tiny.tokenizer(), "tiny"), None, 1)
    assert recompute(plain, rows())[0] == pytest.approx(before[0], abs=1e-5)
    assert recompute(learner, rows())[0] != pytest.approx(before[0], abs=1e-3)


def test_explained_variance_by_hand() -> None:
    """Returns 0 1 2 3: exact values explain all; their mean nothing; halves of them three quarters."""
    returns = [[0.0, 1.0], [2.0, 3.0]]
    assert explained(returns, returns) == 1
    assert explained([[1.5, 1.5], [1.5, 1.5]], returns) == 0
    assert explained([[0.0, 0.5], [1.0, 1.5]], returns) == pytest.approx(0.75)


# the loop


class Digits:
    """The share of an attempt's characters that are digits: anybody can learn that."""

    def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
        return [StepScores((sum(c.isdigit() for c in text) / max(1, len(text)),)) for text in solutions]


def digits(rounds: int) -> ppo.Config:
    return config(
        rounds=rounds,
        problems_per_round=8,
        samples=8,
        max_tokens=6,
        temperature=1.0,
        batch=16,
        lr=5e-3,
        kl={"beta": 0.0},
        reward={"correct": 0.0, "alpha": 1.0, "scores": "end", "without_end": "pay"},
    )


def test_it_learns_to_write_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 4 % of a random model's characters to most of them."""
    monkeypatch.setattr("numerate.methods.judge.find", lambda *_: Digits())
    ppo.train(stage(tmp_path / "run"), digits(20), job(tmp_path, engine=LocalEngine))
    rewards = [row["reward/mean"] for row in log(tmp_path / "run")]
    assert max(rewards[:2]) < 0.15 and min(rewards[-2:]) > 0.6


def test_the_value_learns_what_an_attempt_will_earn(tmp_path: Path) -> None:
    """Attempt 0 and 1 are right and the others wrong, and they differ in their first words."""
    cfg = config(rounds=12, problems_per_round=8, lr=1e-9, value={"layers": 1, "lr": 1e-2, "clip": 10.0})
    ppo.train(stage(tmp_path / "run"), cfg, job(tmp_path))
    rows = log(tmp_path / "run")
    assert rows[0]["value/explained_variance"] == 0 and rows[-1]["value/explained_variance"] > 0.5


def test_while_the_value_warms_up_the_policy_does_not_move(tmp_path: Path) -> None:
    value = {"layers": 1, "detach": False, "warmup": 2}
    cfg = config(rounds=2, weight_decay=0.1, value=value)
    work = job(tmp_path)
    assert same(ppo.train(stage(tmp_path / "a"), cfg, work), work.load("base"))
    moved = ppo.train(stage(tmp_path / "b"), config(rounds=3, weight_decay=0.1, value=value), work)
    assert not same(moved, work.load("base"))
    assert log(tmp_path / "a")[1]["value/mean"] != 0


def test_a_ratio_far_from_one_ends_the_learning_from_a_collection(tmp_path: Path) -> None:
    ppo.train(stage(tmp_path / "a"), config(rounds=1, max_ratio=0.5), job(tmp_path))
    assert log(tmp_path / "a")[0]["train/steps"] == 1  # any ratio is above 0.5 after the first step
    ppo.train(stage(tmp_path / "b"), config(rounds=1, max_ratio=None), job(tmp_path))
    assert log(tmp_path / "b")[0]["train/steps"] == 4  # 16 attempts, 8 a step, twice


def test_the_best_k_of_n_are_learned_from(tmp_path: Path) -> None:
    """4 problems, 4 attempts each, the best 2 of them: 8 rows, one step of 8. Both are right: every return is
    1, and the value begins at 0."""
    cfg = config(rounds=1, epochs=1, learn_from=2, lam=1.0, kl={"beta": 0.0})
    ppo.train(stage(tmp_path / "a"), cfg, job(tmp_path))
    [row] = log(tmp_path / "a")
    assert row["train/steps"] == 1 and row["rollouts/accuracy"] == 0.5
    assert row["value/loss"] == pytest.approx(0.5)


def test_the_coefficient_of_the_penalty_is_adapted(tmp_path: Path) -> None:
    """No divergence in the first round: 20 % off for 16 attempts of a horizon of 160, 2 % in all."""
    kl = {"beta": 0.1, "target": 5.0, "horizon": 160}
    run = stage(tmp_path / "a")
    ppo.train(run, config(rounds=2, kl=kl), job(tmp_path))
    assert [row["kl/beta"] for row in log(tmp_path / "a")] == pytest.approx([0.1, 0.098])
    assert run.facts["beta"] < 0.098


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "adaptive": {"kl": {"beta": 0.1, "target": 0.01, "horizon": 50}},
    "adapters": {"lora_rank": 2, "value": {"layers": 2, "lr": 1e-2, "warmup": 1}},
    "attached": {"value": {"layers": 0, "detach": False}, "judge": "oracle", "learn_from": 3},
}


@pytest.mark.parametrize("die_after", [5, 20, 40])
@pytest.mark.parametrize("case", CASES)
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, case: str, die_after: int) -> None:
    """The policy, the value branch, what the optimizer remembers, and the log."""
    cfg = config(**CASES[case])

    def often(folder: str) -> Stage:
        return Stage(tmp_path / folder, 0, QuietProgress(), save_seconds=0.0)

    whole = ppo.train(often("whole"), cfg, job(tmp_path))
    with pytest.raises(KeyboardInterrupt):
        ppo.train(often("cut"), cfg, job(tmp_path, die_after=[die_after]))
    resumed = ppo.train(often("cut"), cfg, job(tmp_path))
    assert same(whole, resumed)
    assert log(tmp_path / "whole") == log(tmp_path / "cut")
    one, other = (checkpoint.load(tmp_path / name / "checkpoints") for name in ("whole", "cut"))
    assert one and other and one[1] == other[1] and one[0].keys() == other[0].keys()
    assert all(torch.equal(x, other[0][name]) for name, x in one[0].items())
    assert any(name.startswith("optimizer/exp_avg/value.") for name in one[0])


def test_resumed_from_an_older_checkpoint_it_meets_its_own_attempts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in the fourth round with nothing saved but the attempts of the rounds so far: these are read,
    and the same weights follow from them."""

    class Dying(Digits):
        left = 4

        def score(self, problems: Sequence[Problem], solutions: Sequence[str]) -> list[StepScores]:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            return super().score(problems, solutions)

    work = job(tmp_path, engine=LocalEngine)
    judges = iter([Digits(), Dying(), Digits()])
    monkeypatch.setattr("numerate.methods.judge.find", lambda *_: next(judges))
    whole = ppo.train(stage(tmp_path / "whole"), digits(5), work)
    with pytest.raises(KeyboardInterrupt):
        ppo.train(stage(tmp_path / "cut"), digits(5), work)
    assert same(whole, ppo.train(stage(tmp_path / "cut"), digits(5), work))
    assert log(tmp_path / "whole") == log(tmp_path / "cut")


def test_the_best_round_by_validation_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = iter([0.5, 0.4, 0.3])
    monkeypatch.setattr("numerate.rollouts.job.Job.validate", lambda *_: next(marks))
    work = job(tmp_path, validation=PROBLEMS)
    best = ppo.train(stage(tmp_path / "a"), config(validate_every=1, keep="best"), work)
    assert same(best, ppo.train(stage(tmp_path / "b"), config(rounds=1), work))


def test_a_judge_is_the_oracle_a_stage_or_a_folder(tmp_path: Path) -> None:
    """A trained judge of steps, asked by its stage's name and by its folder, scores alike."""
    scored_by(tmp_path).save(tmp_path / "stages" / "prm" / "model")
    work = job(tmp_path, stage_folder=lambda name: tmp_path / "stages" / name)
    found = [judge.find(name, work) for name in ("prm", f"{tmp_path}/stages/prm/model")]
    scores = [one.score(PROBLEMS[:1], ["a\nb\nc"])[0].scores for one in found if one]
    assert len(scores) == 2 and scores[0] == scores[1] and len(scores[0]) == 3
    assert isinstance(judge.find("oracle", work), Oracle) and judge.find(None, work) is None
    cfg = config(rounds=1, judge="prm", reward={"correct": 0.0, "alpha": 1.0, "without_end": "pay"})
    ppo.train(stage(tmp_path / "run"), cfg, work)
    [row] = log(tmp_path / "run")
    assert row["reward/mean"] == pytest.approx(row["judge/score"] * row["rollouts/steps"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kl": {"place": "loss"}}, "take estimator: k3"),
        ({"kl": {"beta": 0.0, "target": 1.0}}, "cannot be adapted"),
        ({"learn_from": 9}, "learn_from 9 of 4 samples"),
        ({"keep": "best"}, "needs validate_every"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        config(**options)


def test_what_is_missing_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    def never(_: str) -> Policy:
        raise AssertionError("loaded a model")

    bare = [Problem("p", "?", "1")]
    with pytest.raises(ValueError, match="no problem set named `validation`"):
        ppo.train(stage(tmp_path / "a"), config(validate_every=1), job(tmp_path, load=never))
    with pytest.raises(ValueError, match="needs worked solutions"):
        dense = config(reward={"reference_steps": 0.5})
        ppo.train(stage(tmp_path / "b"), dense, job(tmp_path, load=never, problems=bare))
