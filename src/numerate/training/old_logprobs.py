"""Log-probabilities of the policy that sampled (pi_old): the engine's own, or recomputed ones.

Those of the engine cost no forward pass, but come from another program: another order of sums, other
rounding. So each step a few rows are recomputed, and where the two differ too much all of them are. Rows with
tokens that older weights sampled are always recomputed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from numerate.credit import gather_trained, scatter_trained
from numerate.training import distributed
from numerate.training.batch import Batch
from numerate.training.learner import Learner
from numerate.training.logprobs import token_logprobs
from numerate.training.stage import Stage
from numerate.types import Example, Rollout, Stats

Source = Literal["auto", "sampler", "recompute"]
TOLERANCE = {torch.float32: 1e-3}
"""of |difference| at any token: float32 rounds by some 1e-6"""
COARSE = 0.5
"""the same in 16 bits; the bundled model's are off by up to 0.15 in bfloat16, by 0.004 in the mean"""


def sampler_logprobs(rollout: Rollout) -> list[float] | None:
    """Returns the engine's log-probabilities, one per id and 0 off the trained tokens; None where it recorded
    none, or one that is not finite."""
    for turn in rollout.turns:
        if turn.trained and len(turn.logprobs) != len(turn.ids):
            assert not turn.logprobs, f"{len(turn.logprobs)} logprobs for {len(turn.ids)} ids"
            return None
    logps = rollout.logprobs
    return logps if all(map(math.isfinite, logps)) else None


def add_old_logprobs(
    run: Stage,
    learner: Learner,
    rows: Sequence[Example],
    sampler_logps: Sequence[Sequence[float] | None],
    *,
    source: Source = "auto",
    checked: int = 16,
    tolerance: float | None = None,
    older: Sequence[bool] = (),
) -> tuple[list[Example], Stats]:
    """Returns the rows of a step with the column `old_logp`, and the statistics of `logprob_drift` with
    `drift/recomputed`, 1 or 0. To be called before the weights change.

    sampler_logps: `sampler_logprobs` of each row. source: `auto` takes the engine's unless one of `checked`
    rows differs by more than `tolerance` (None: 1e-3 in float32, 0.5 in 16 bits) at some token; `sampler`
    takes them in any case and measures the drift; `recompute` computes all. Where a row has none, all are
    computed: two sources in one step would be two policies. older: the rows, by flags, with tokens that older
    weights sampled; theirs are recomputed in any case, and do not count in the drift."""
    if any(older):
        return add_around_older(
            run, learner, rows, sampler_logps, older, source=source, checked=checked, tolerance=tolerance
        )
    recorded = [logp for logp in sampler_logps if logp is not None]
    assert len(sampler_logps) == len(rows), f"log-probabilities of {len(sampler_logps)} rows for {len(rows)}"
    if len(recorded) < len(rows):
        if source != "recompute":
            missing = len(rows) - len(recorded)
            say_once(run, f"{missing} of {len(rows)} rollouts have no log-probabilities: recomputing all")
        return old_column(rows, recompute_logprobs(learner, rows)), {"drift/recomputed": 1.0}
    if source == "recompute":
        logps = recompute_logprobs(learner, rows)
        return old_column(rows, logps), logprob_drift(*trained_columns(rows, recorded, logps)) | {
            "drift/recomputed": 1.0
        }
    if not checked or not rows:
        return old_column(rows, recorded), {"drift/recomputed": 0.0}
    some = spread_indices(len(rows), checked)
    chosen = [rows[i] for i in some]
    sampling = getattr(learner.policy, "sampling", learner.policy.compute)
    most = tolerance or TOLERANCE.get(sampling, COARSE)
    stats = logprob_drift(
        *trained_columns(chosen, [recorded[i] for i in some], recompute_logprobs(learner, chosen)), most
    )
    if source == "sampler" or stats["drift/max"] <= most:
        return old_column(rows, recorded), stats | {"drift/recomputed": 0.0}
    say_once(
        run,
        f"the sampler's log-probabilities differ by up to {stats['drift/max']:.2g} (more than "
        f"{most:g}): recomputing those of every step that drifts",
    )
    return old_column(rows, recompute_logprobs(learner, rows)), stats | {"drift/recomputed": 1.0}


def add_around_older(
    run: Stage,
    learner: Learner,
    rows: Sequence[Example],
    sampler_logps: Sequence[Sequence[float] | None],
    older: Sequence[bool],
    **options: Any,
) -> tuple[list[Example], Stats]:
    """Returns the rows with the column `old_logp`: recomputed for those that are flagged, and for the others
    as `add_old_logprobs` does, with its statistics."""
    flagged = [row for row, flag in zip(rows, older, strict=True) if flag]
    others = [row for row, flag in zip(rows, older, strict=True) if not flag]
    logps = [logp for logp, flag in zip(sampler_logps, older, strict=True) if not flag]
    added, stats = add_old_logprobs(run, learner, others, logps, **options)
    recomputed, rest = iter(old_column(flagged, recompute_logprobs(learner, flagged))), iter(added)
    return [next(recomputed if flag else rest) for flag in older], stats


def logprob_drift(
    sampler: NDArray[np.float64], learner: NDArray[np.float64], tolerance: float = TOLERANCE[torch.float32]
) -> Stats:
    """Returns the distance of two log-probabilities of the same tokens, with d = log pi_learner - log
    pi_sampler.

    max and mean of |d|; off: the share of tokens whose ratio exp(d) is not within `tolerance` of 1;
    kl = mean(exp(d) - 1 - d), an estimate of KL(sampler || learner) that is never negative and has little
    variance (k3 of Schulman 2020, "Approximating KL divergence")."""
    if not len(sampler):
        return {"drift/max": 0.0, "drift/mean": 0.0, "drift/kl": 0.0, "drift/off": 0.0}
    d = learner - sampler
    return {
        "drift/max": float(np.abs(d).max()),
        "drift/mean": float(np.abs(d).mean()),
        "drift/kl": float((np.expm1(d) - d).mean()),
        "drift/off": float((np.abs(np.expm1(d)) > tolerance).mean()),
    }


def recompute_logprobs(learner: Learner, rows: Sequence[Example]) -> list[list[float]]:
    """Returns log-probabilities of the rows under the learner's weights, one per id and 0 off the trained
    tokens, without dropout."""
    return compute_column(learner, rows, token_logprobs)


@torch.no_grad()
def compute_column(
    learner: Learner, rows: Sequence[Example], of: Callable[[nn.Module, Batch], Tensor]
) -> list[list[float]]:
    """Computes a column of the rows with the learner's weights, one number per id and 0 off the trained
    tokens, without dropout, a micro-batch at a time. Processes share the rows.

    of: function of the learner's model and a batch; returns one number per token, [B, T]."""
    model = learner.policy.model
    ends = np.cumsum([sum(row.mask) for row in rows]).tolist()
    flat = torch.zeros(ends[-1] if ends else 0, dtype=torch.float64)
    training = model.training
    model.eval()
    try:
        bare = [Example(row.ids, row.mask, columns={"index": float(i)}) for i, row in enumerate(rows)]
        for batch in learner.cut(learner.share(bare)):
            with learner.computing():
                x_BT = of(model, batch)
            for index, x_N in by_row(batch, x_BT):
                flat[ends[index] - len(x_N) : ends[index]] = x_N.double().cpu()
    finally:
        model.train(training)
    values = distributed.sum_tensor(flat).tolist()
    return [
        scatter_trained(row.mask, values[begin:end])
        for row, begin, end in zip(rows, [0, *ends], ends, strict=False)
    ]


def by_row(batch: Batch, x_BT: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Returns the index of each row (its column `index`) with the numbers of its trained tokens."""
    row_N, x_N = batch.row_BT[batch.mask_BT], x_BT[batch.mask_BT]
    order = row_N.argsort(stable=True)
    sizes = row_N.bincount(minlength=batch.rows).tolist()
    indices = [int(index) for index in batch.columns["index"].tolist()]
    return zip(indices, x_N[order].split(sizes), strict=True)


def trained_columns(
    rows: Sequence[Example], sampler: Sequence[Sequence[float]], learner: Sequence[Sequence[float]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns two columns of the rows, at the trained tokens."""
    first, other = (
        [x for row, column in zip(rows, columns, strict=True) for x in gather_trained(row.mask, column)]
        for columns in (sampler, learner)
    )
    return np.asarray(first, dtype=float), np.asarray(other, dtype=float)


def old_column(rows: Sequence[Example], logps: Sequence[Sequence[float]]) -> list[Example]:
    return [row.with_token(old_logp=logp) for row, logp in zip(rows, logps, strict=True)]


def spread_indices(count: int, n: int) -> list[int]:
    """Returns n numbers below `count`, or all, at equal distances."""
    n = min(n, count)
    return [(2 * i + 1) * count // (2 * n) for i in range(n)]


def say_once(run: Stage, text: str) -> None:
    """Warns once per run, also where it was resumed."""
    if not run.state.get("told_drift"):
        run.state["told_drift"] = True
        run.progress.warn(text)
