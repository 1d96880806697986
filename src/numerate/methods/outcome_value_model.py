"""Outcome value model (OVM of MARIO, arXiv:2401.08190; loss of its follow-up Super_MARIO,
implementation_details.md): one model that writes solutions and says what they are worth.

v_k = tanh(w . h_k)       Q = +1 where the final answer is right, else -1, the same at the end of every step
L   = L_LM(right solutions) + alpha sum_k (v_k - Q)^2 / (n + 1e-3)          n: all step ends of the batch

L_LM is the mean of - log p over the tokens of right solutions, outputs of tools left out; wrong ones teach
the value only. MARIO's own loss is not public, and neither are its settings: Q at every step, LoRA of rank
64, 1e-4 and alpha 0.1 are ours. The steps are joined by single line breaks, so the model learns to end with
one. Texts that repeat count once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from numerate import credit, training
from numerate.methods import outcome_reward_model as orm
from numerate.methods.shared.options import JudgeFit
from numerate.models import tokenization
from numerate.models.judge_config import Card
from numerate.options import NotNegative, RolloutsName, config
from numerate.prompts import STYLES
from numerate.types import Example, Stats

if TYPE_CHECKING:
    from torch import Tensor

    from numerate.models.reward_model import EncodedSolution, ScoreModel
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"evaluator"})
VERSION = 2
EPSILON = 1e-3


@config
class Config:
    rollouts: RolloutsName
    """stage with the rollouts to train on"""
    alpha: NotNegative = 0.1
    """weight of the value's loss"""
    fit: JudgeFit = replace(orm.FIT, lr=1e-4, max_length=1024, lora_rank=64)
    """optimization of the model"""


def value_row(
    encoded: EncodedSolution,
    right: bool,
    eos: int,
    outputs: Sequence[tuple[int, int]] = (),
    decode: Callable[[list[int]], str] | None = None,
) -> Example | None:
    """Returns the row with value targets at the ends of steps; tokens and EOS of a whole and right solution
    are trained too, without those of tools. outputs: see `orm.output_starts`; decode: needed for them."""
    if not encoded.ends:
        return None
    row = training.score_row(encoded, dict.fromkeys(encoded.ends, 1.0 if right else -1.0))
    is_written = right and not encoded.dropped
    ids = [*row.ids, eos]
    columns = {name: [*values, 0.0] for name, values in row.token.items()}
    written = [float(is_written and index >= encoded.prompt) for index in range(len(ids))]
    starts = [encoded.prompt, *(end + 1 for end in encoded.ends)]
    for step, character in outputs if decode else ():
        if step < len(encoded.ends):
            start, stop = starts[step : step + 2]
            if character and decode:
                start += credit.end_tokens(ids[start:stop], [character], decode)[0] + 1
            written[start:stop] = [0.0] * (stop - start)
    return Example(ids, [*row.mask, True], token={**columns, "written": written})


def last_token(judge: ScoreModel, style: str) -> int:
    """Returns the last token of a written solution: EOS, or in a chat the template's end of turn."""
    tokenizer = judge.tokenizer
    return tokenization.end_of_turn(tokenizer) if STYLES[style].chat else int(tokenizer.eos_token_id)


def loss(model: Any, batch: training.Batch, alpha: float) -> tuple[Tensor, Stats]:
    raw_N1, where = training.head_logits(model, batch)
    weight_N, outcome_N = batch.token["weight"][where], batch.token["target"][where]
    value = training.objectives.ovm_value(raw_N1[:, 0], outcome_N, weight_N)
    written = -(batch.token["lm_weight"] * training.token_logprobs(model, batch)).sum()
    right_N = (raw_N1[:, 0] > 0) == (outcome_N > 0)
    stats = {"value": value.item(), "lm": written.item(), "right": (weight_N * right_N).sum().item()}
    return written + alpha * value, stats


def set_value_weights(rows: Sequence[Example]) -> list[Example]:
    """Sets the weights: 1 / (n + 1e-3) where the value is read, 1 / written tokens on those of a right
    solution."""
    tokens = sum(sum(row.token["written"]) for row in rows)
    share = 1 / tokens if tokens else 0.0
    weighed = training.set_read_weights(rows, EPSILON)
    return [row.with_token(lm_weight=[share * w for w in row.token["written"]]) for row in weighed]


def train(run: training.Stage, cfg: Config, job: Job) -> ScoreModel:
    """Trains on the graded rollouts of an earlier stage."""
    # 1. rollouts with their outcomes
    data = orm.label_outcomes(job.rollouts(cfg.rollouts))
    # 2. value at every step, words of the right ones
    judge = orm.make_judge(job, Card("value", style=job.style, max_length=cfg.fit.max_length), None)
    eos = last_token(judge, job.style)
    rows = [
        value_row(
            judge.encode_solution(solution.problem, solution.steps),
            solution.labels[-1] == 1,
            eos,
            solution.meta[orm.OUTPUTS],
            partial(tokenization.decode_ids, judge.tokenizer),
        )
        for solution in data
    ]
    # 3. fit
    rows = orm.usable_rows(run, rows, "right and wrong rollouts")
    return orm.fit_judge(run, cfg.fit, judge, rows, partial(loss, alpha=cfg.alpha), set_value_weights)
