"""Training rows of a mixed policy: demonstrations and rollouts, with the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.answers.calculator import wrong_annotations
from numerate.types import Example, Problem, Rollout, Scored

if TYPE_CHECKING:
    from numerate.models.operators import Operators
    from numerate.progress import Progress


def discounted_returns(tokens: int, reward: float, gamma: float) -> list[float]:
    """Returns R_t = gamma^(T - t) r for t = 1 .. T, eq. (3)."""
    ends = [0.0] * (tokens - 1) + [reward]
    return credit.gae(ends, [0.0] * tokens, gamma, 1.0) if tokens else []


def demonstration_row(row: Example, operators: Operators) -> Example:
    """Returns the row of a demonstration with the class of each of its tokens."""
    labels = operators.labels(credit.gather_trained(row.mask, row.ids))
    columns = {
        "token_class": credit.scatter_trained(row.mask, [float(label) for label in labels]),
        "acts": credit.scatter_trained(row.mask, 1.0),
        "returns": [0.0] * len(row.ids),
    }
    return row.with_token(**columns)


def rollout_row(scored: Scored, operators: Operators, gamma: float) -> Example | None:
    """Returns the row of a rollout with its sampled classes and returns; None without a reward or a token.
    Tokens of a calculator have no class and no return, and T does not count them."""
    rollout, reward = scored.rollout, scored.reward.value
    if reward is None or not any(rollout.mask):
        return None
    row = training.rollout_row(rollout)
    start = row.mask.index(True)
    acts = [False] * start + operators.acts(operators.places(row.ids[start:])).tolist()
    columns = {
        "token_class": [float(label) for label in sampled_classes(rollout)],
        "acts": [float(act and trained) for act, trained in zip(acts, row.mask, strict=True)],
        "returns": credit.scatter_trained(row.mask, discounted_returns(sum(row.mask), reward, gamma)),
    }
    return row.with_token(**columns)


def sampled_classes(rollout: Rollout) -> list[int]:
    """Returns the class sampled at each token, 0 off the trained ones."""
    classes: list[int] = []
    for turn in rollout.turns:
        assert not turn.trained or len(turn.token_classes) == len(turn.ids), (
            "this rollout was sampled without token classes"
        )
        classes += turn.token_classes if turn.trained else [0] * len(turn.ids)
    return classes


def set_row_weights(gold: Sequence[Example], rollouts: Sequence[Example]) -> list[Example]:
    """Returns the rows of a step with the columns `gold`, 1 / all tokens of the demonstrations, `sampled`,
    1 / rollouts / tokens of the rollout, each 0 on the rows of the other kind, and `number`, the index."""
    rows = [
        row.with_token(gold=row.token["weight"], sampled=[0.0] * len(row.ids))
        for row in training.set_loss_weights(gold, per="token")
    ]
    rows += [
        row.with_token(gold=[0.0] * len(row.ids), sampled=row.token["weight"])
        for row in training.set_loss_weights(rollouts, per="sequence")
    ]
    return [row.with_columns(number=float(i)) for i, row in enumerate(rows)]


def check_annotations(
    problems: Sequence[Problem], rows: Sequence[Example], operators: Operators, progress: Progress
) -> None:
    """Warns about annotations that the operator head cannot learn from. Raises ValueError where there is no
    operator at all."""
    from numerate.models.operators import OTHER

    own = [credit.gather_trained(row.mask, row.ids) for row in rows]
    if not any(label != OTHER for ids in own for label in operators.labels(ids)):
        inside = operators.scope == "inside_annotation"
        where = " between << and =" if inside else ""
        remedy = ": choose problems with calculator annotations (gsm8k, stories)" if inside else ""
        raise ValueError(
            f"none of {len(rows)} demonstrations has an operator{where}, so the operator head has no "
            f"training data{remedy}"
        )
    if fused := sum(operators.fused(ids) for ids in own):
        progress.warn(
            f"{fused} tokens of the demonstrations combine an operator with other characters, as "
            "`)*`: they count as V"
        )
    wrong = [(problem.id, slip) for problem in problems for slip in wrong_annotations(problem.solution)]
    if wrong:
        first, slip = wrong[0]
        progress.warn(
            f"{len(wrong)} annotations differ from the calculator's result, the first in {first!r}: {slip}"
        )
