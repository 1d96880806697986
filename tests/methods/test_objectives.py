"""Every objective against a second implementation: plain floats, one row and one token at a time, and slopes
by finite differences. Both layouts of a batch, and several micro-batches."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from numerate import training
from numerate.methods import cispo, dapo, dr_grpo, grpo, gspo, on_policy_distillation, reinforce_pp, rloo
from numerate.methods.shared.options import Clip, Kl
from numerate.training.batch import Batch, micro_batches, pack_rows, pad_rows
from numerate.types import Example

PROMPTS = ([5, 6, 7], [5, 6, 7], [8, 9])
LENGTHS = (3, 1, 4)
LOGP = ([-1.0, -2.0, -0.4], [-1.5], [-0.3, -0.9, -2.5, -1.1])
OLD = ([-1.3, -1.9, -0.9], [-1.1], [-0.35, -1.6, -2.4, -0.6])
REF = ([-1.1, -2.5, -0.5], [-1.0], [-0.8, -0.7, -2.9, -1.0])
ADVANTAGE = ([0.8] * 3, [-1.2], [0.5, -0.7, 1.1, -0.2])
"""per token: what process rewards, a correction or a teacher give; the ratios lie from .61 to 2.01"""

Rows = list[list[float]]


def tokens(rows: Rows, per: str) -> list[tuple[int, int, float]]:
    """(row, token, weight) of the means that the papers print."""
    count = {"token": sum(map(len, rows)), "constant": 0, "sequence": 0}[per]
    weight = {
        "token": lambda row: 1 / count,
        "sequence": lambda row: 1 / len(rows) / len(row),
        "constant": lambda row: 1 / len(rows) / 10,
    }[per]
    return [(i, t, weight(row)) for i, row in enumerate(rows) for t in range(len(row))]


def clipped(rho: float, a: float, low: float, high: float) -> float:
    return min(rho * a, max(1 - low, min(1 + high, rho)) * a)


def k2(i: int, t: int, logp: Rows) -> float:
    return (logp[i][t] - REF[i][t]) ** 2 / 2


def k3(i: int, t: int, logp: Rows) -> float:
    return math.exp(REF[i][t] - logp[i][t]) - (REF[i][t] - logp[i][t]) - 1


def rho(i: int, t: int, logp: Rows) -> float:
    return math.exp(logp[i][t] - OLD[i][t])


def by_token(per: str, low: float, high: float, beta: float = 0.0, kl: Any = k3) -> Callable[[Rows], float]:
    def J(logp: Rows) -> float:
        return sum(
            w * (clipped(rho(i, t, logp), ADVANTAGE[i][t], low, high) - beta * kl(i, t, logp))
            for i, t, w in tokens(logp, per)
        )

    return J


def by_sequence(mean: bool, low: float, high: float) -> Callable[[Rows], float]:
    """One ratio per attempt; where tokens have advantages of their own, their mean."""

    def J(logp: Rows) -> float:
        total = 0.0
        for i, row in enumerate(logp):
            log = sum(row) - sum(OLD[i])
            s = math.exp(log / len(row) if mean else log)
            total += sum(clipped(s, a, low, high) for a in ADVANTAGE[i]) / len(row) / len(logp)
        return total

    return J


def cispo_J(low: float, high: float) -> Callable[[Rows], float]:
    """The clipped ratios stay those of the given point."""
    kept = [
        [max(low, min(high, rho(i, t, list(LOGP)))) for t in range(len(row))] for i, row in enumerate(LOGP)
    ]
    return lambda logp: sum(
        w * kept[i][t] * ADVANTAGE[i][t] * logp[i][t] for i, t, w in tokens(logp, "token")
    )


def distilled(logp: Rows) -> float:
    return sum(w * rho(i, t, logp) * ADVANTAGE[i][t] for i, t, w in tokens(logp, "token"))


CASES: dict[str, tuple[Any, Any, str, Callable[[Rows], float]]] = {
    "grpo": (grpo, grpo.Config(), "sequence", by_token("sequence", 0.2, 0.2)),
    "grpo k3": (grpo, grpo.Config(kl=Kl(coef=0.3)), "sequence", by_token("sequence", 0.2, 0.2, 0.3)),
    "grpo k2": (grpo, grpo.Config(kl=Kl(0.3, "k2")), "sequence", by_token("sequence", 0.2, 0.2, 0.3, k2)),
    "dr_grpo": (dr_grpo, dr_grpo.Config(), "constant", by_token("constant", 0.2, 0.2)),
    "dapo": (dapo, dapo.Config(), "token", by_token("token", 0.2, 0.28)),
    "gspo": (gspo, gspo.Config(clip=Clip(0.1, 0.15)), "sequence", by_sequence(True, 0.1, 0.15)),
    "cispo": (cispo, cispo.Config(clip=Clip(0.3, 0.5)), "token", cispo_J(0.7, 1.5)),
    "rloo": (rloo, rloo.Config(), "sequence", by_sequence(False, 0.2, 0.2)),
    "reinforce_pp": (
        reinforce_pp,
        reinforce_pp.Config(kl=Kl(coef=0.1, estimator="k2")),
        "token",
        by_token("token", 0.2, 0.2, 0.1, k2),
    ),
}  # fmt: skip


def rows_of(per: Any) -> list[Example]:
    """The columns as the loop makes them, with the log-probabilities under test beside them."""
    made = []
    for prompt, logp, old, ref, advantage in zip(PROMPTS, LOGP, OLD, REF, ADVANTAGE, strict=True):
        off = [0.0] * len(prompt)
        columns = {"old_logp": old, "ref_logp": ref, "teacher_logp": ref, "advantage": advantage, "new": logp}
        mask = [False] * len(prompt) + [True] * len(logp)
        ids = [*prompt, *range(20, 20 + len(logp))]
        made.append(Example(ids, mask, token={k: [*off, *v] for k, v in columns.items()}))
    share = 1 / sum(map(len, LOGP))
    weighed = training.set_loss_weights(made, per, constant=10)
    return [row.with_token(share=[share * seen for seen in row.mask]) for row in weighed]


def measured(
    monkeypatch: pytest.MonkeyPatch, module: Any, cfg: Any, batch: Batch
) -> tuple[float, list[float], dict[str, float]]:
    """Value, slopes and statistics of a loss in float64, its log-probabilities given."""
    batch = replace(batch, token={name: x.double() for name, x in batch.token.items()})
    new_BT = batch.token["new"].clone().requires_grad_()
    monkeypatch.setattr(training, "token_logprobs", lambda model, batch: new_BT, raising=False)
    value, stats = module.loss(None, batch, cfg) if cfg else module.loss(None, batch)
    [slope_BT] = torch.autograd.grad(value, new_BT)
    return value.item(), slope_BT[batch.mask_BT].tolist(), stats


def slopes(J: Callable[[Rows], float]) -> list[float]:
    found = []
    for i, row in enumerate(LOGP):
        for t in range(len(row)):
            sides = []
            for step in (1e-6, -1e-6):
                moved = [list(r) for r in LOGP]
                moved[i][t] += step
                sides.append(J(moved))
            found.append((sides[0] - sides[1]) / 2e-6)
    return found


@pytest.mark.parametrize("lay", [pad_rows, pack_rows])
@pytest.mark.parametrize("name", CASES)
def test_the_objective_of_the_paper(monkeypatch: pytest.MonkeyPatch, name: str, lay: Any) -> None:
    module, cfg, per, J = CASES[name]
    value, slope, _ = measured(monkeypatch, module, cfg, lay(rows_of(per), 0))
    assert value == pytest.approx(-J([list(r) for r in LOGP]), rel=1e-6, abs=1e-7)
    assert slope == pytest.approx([-s for s in slopes(J)], rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("lay", [pad_rows, pack_rows])
def test_distillation(monkeypatch: pytest.MonkeyPatch, lay: Any) -> None:
    value, slope, stats = measured(monkeypatch, on_policy_distillation, None, lay(rows_of("token"), 0))
    assert value == pytest.approx(-distilled([list(r) for r in LOGP]), rel=1e-6)
    assert slope == pytest.approx([-s for s in slopes(distilled)], rel=1e-5)
    apart = [p - r for logp, ref in zip(LOGP, REF, strict=True) for p, r in zip(logp, ref, strict=True)]
    assert stats["reverse_kl"] == pytest.approx(sum(apart) / 8, rel=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_parts_of_a_step_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A micro-batch per row, with prompts of their own or shared: the sums of loss and statistics."""
    module, cfg, per, _ = CASES[name]
    rows = rows_of(per)
    whole, _, stats = measured(monkeypatch, module, cfg, pack_rows(rows, 0))
    parts = [
        measured(monkeypatch, module, cfg, pack_rows(part, 0)) for part in micro_batches(rows, 1, packed=True)
    ]
    assert len(parts) == 3
    assert sum(value for value, _, _ in parts) == pytest.approx(whole, rel=1e-6)
    for key, total in stats.items():
        assert sum(told[key] for _, _, told in parts) == pytest.approx(total, rel=1e-6)


def test_what_the_clip_holds_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ratios 1.35 .90 1.65 with A > 0: two held from above. .67 with A < 0: held from below. Then 1.05 2.01
    .90 .61 with A + - + -: 2.01 at A < 0 is not held, .61 at A < 0 is. 4 of 8."""
    stats = measured(monkeypatch, grpo, grpo.Config(), pack_rows(rows_of("sequence"), 0))[2]
    assert stats["clipped"] == pytest.approx(4 / 8, rel=1e-6)
    logs = [p - o for logp, old in zip(LOGP, OLD, strict=True) for p, o in zip(logp, old, strict=True)]
    assert stats["old_kl"] == pytest.approx(sum(math.exp(x) - 1 - x for x in logs) / 8, rel=1e-5)


def test_at_the_old_policy_rloo_is_reinforce(monkeypatch: pytest.MonkeyPatch) -> None:
    """grad J = 1/G sum_i A_i grad log pi(o_i): every token of an attempt has the slope A_i / 3, undivided
    by its length."""
    rows = []
    for row, a in zip(rows_of("sequence"), (0.8, -1.2, 0.5), strict=True):
        rows.append(row.with_token(new=row.token["old_logp"], advantage=[a * seen for seen in row.mask]))
    _, slope, _ = measured(monkeypatch, rloo, rloo.Config(), pad_rows(rows, 0))
    expected = [-a / 3 for a, n in zip((0.8, -1.2, 0.5), LENGTHS, strict=True) for _ in range(n)]
    assert slope == pytest.approx(expected, rel=1e-6)


def test_k1_has_its_value_and_the_slope_of_the_kl() -> None:
    """d = .5: k1 = .5, k2 = .125, k3 = exp(-.5) - .5 = .10653; slopes .5, .5 and 1 - exp(-.5)."""
    found: dict[Any, tuple[float, float]] = {}
    for how in ("k1", "k2", "k3"):
        logp = torch.tensor([-1.0], dtype=torch.float64, requires_grad=True)
        value: Tensor = training.kl(logp, torch.tensor([-1.5], dtype=torch.float64), how)
        value.sum().backward()
        assert logp.grad is not None
        found[how] = (value.item(), logp.grad.item())
    assert found["k1"] == pytest.approx((0.5, 0.5))
    assert found["k2"] == pytest.approx((0.125, 0.5))
    assert found["k3"] == pytest.approx((math.exp(-0.5) - 0.5, 1 - math.exp(-0.5)))


def test_a_ratio_out_of_hand_leaves_gradients_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row.with_token(old_logp=[-200.0 * seen for seen in row.mask]) for row in rows_of("sequence")]
    for module, cfg in (
        (grpo, grpo.Config()),
        (gspo, gspo.Config()),
        (rloo, rloo.Config()),
        (cispo, cispo.Config()),
    ):
        value, slope, _ = measured(monkeypatch, module, cfg, pad_rows(rows, 0))
        assert math.isfinite(value) and all(map(math.isfinite, slope))
