# pyright: strict
"""Training health: a table of conditions under which a stage learns little or nothing, each with its
threshold, the reason for it, and the remedy.

Pure: a state (JSON values, small) and a row of the log in, the next state and the conditions that hold out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numerate.metrics import conditions
from numerate.metrics.conditions import (
    NORMS,
    ROWS,
    STATS,
    VALIDATIONS,
    Condition,
    History,
    finite_or_none,
    numeric_values,
)

REMEDY = "Remedy"
"""the heading of what to do, on terminals and in the report"""
QUIET = 10
"""rows without a condition after which it counts as new"""
FIRST: Mapping[str, Any] = {
    "rows": [],
    "norms": [],
    "entropy": [],
    "validations": [],
    "rewards": [0.0, 0],
    "seen": {},
}
"""the state before the first row; rewards: their sum since the last validation, and how many"""


@dataclass(frozen=True, slots=True)
class Check:
    """measure: the value where the condition holds in the newest row, else None."""

    name: str
    says: str
    """the condition, with {value}"""
    reason: str
    """for the threshold"""
    remedy: str
    measure: Condition


def check_row(
    state: Mapping[str, Any] | None, row: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, float], list[str]]:
    """Returns the state after a row of the log, the conditions that hold in it with their measured values,
    and those of them that begin. state: what it returned for the row before, None at first."""
    state = state or FIRST
    now = {name: value for name in STATS if (value := finite_or_none(row.get(name))) is not None}
    total, count = state["rewards"]
    for reward in numeric_values(now, "reward/mean"):
        total, count = total + reward, count + 1
    validations: list[list[float]] = state["validations"]
    validated = "validation/accuracy" in now and count > 0
    if validated:
        validations = [*validations, [now["validation/accuracy"], total / count]][-VALIDATIONS:]
        total, count = 0.0, 0
    history = History(
        rows=[*state["rows"], now][-ROWS:],
        norms=state["norms"],
        entropy=state["entropy"],
        validations=[(accuracy, reward) for accuracy, reward in validations] if validated else [],
    )
    holds = {check.name: value for check in CHECKS if (value := check.measure(history)) is not None}
    if "no_eos" in holds:
        holds.pop("truncated", None)
    seen: dict[str, int] = {name: ago + 1 for name, ago in state["seen"].items() if ago < QUIET}
    begins = [name for name in holds if name not in seen]
    after: dict[str, Any] = {
        "rows": list(history.rows),
        "norms": [*state["norms"], *numeric_values(now, "train/grad_norm")][-NORMS:],
        "entropy": [*state["entropy"], *numeric_values(now, "policy/entropy")][:ROWS],
        "validations": validations,
        "rewards": [total, count],
        "seen": seen | dict.fromkeys(holds, 0),
    }
    return after, holds, begins


def sentences(name: str, value: float) -> tuple[str, str]:
    """Returns a condition and its remedy, without full stops, as terminal and report word them."""
    check = BY_NAME[name]
    return check.says.format(value=value), f"{REMEDY}: {check.remedy}"


def condition_line(name: str, value: float) -> str:
    """Returns a condition and its remedy on one line."""
    return ". ".join(sentences(name, value))


CHECKS = (
    Check(
        "zero_variance",
        "{value:.0%} of the groups of the last 3 rows have zero variance of reward: no gradient",
        "0.9 in each of 3 rows: at most a tenth of the problems has a gradient",
        "choose problems with right and wrong rollouts (a fine-tuned model, easier or harder problems, "
        "curriculum: {kind: pools}), more rollouts per problem, or a reward with more than one value",
        conditions.zero_variance,
    ),
    Check(
        "no_eos",
        "{value:.0%} of the rollouts are truncated at the token limit: the model emits no EOS",
        "99 % sure to be above 0.9 of the rollouts of up to 3 rows",
        "fine-tune on solutions first, or set the prompt style of the model's training (prompt: chat)",
        conditions.cut_above(0.9),
    ),
    Check(
        "truncated",
        "{value:.0%} of the rollouts are truncated at the token limit",
        "99 % sure to be above a third of the rollouts of up to 3 rows",
        "raise sample.max_tokens, or reward short solutions (numerate.rewards.shaping.overlong)",
        conditions.cut_above(),
    ),
    Check(
        "max_turns",
        "{value:.0%} of the rollouts ended because they wanted more calls than allowed",
        "99 % sure to be above a third of the rollouts of up to 3 rows",
        "raise engine.tools.turns, or fine-tune on transcripts with fewer calls",
        conditions.share_above("tools/max_turns"),
    ),
    Check(
        "few_calls",
        "{value:.3f} calls of programs per rollout: the policy makes no use of its tools",
        "the mean of 3 rows is below 0.01",
        "fine-tune on transcripts with calls first (method: tool_solutions), set engine.tools.format to the "
        "format of the model's training, or sample without tools",
        conditions.few_calls,
    ),
    Check(
        "failed_calls",
        "{value:.0%} of the calls of programs fail",
        "99 % sure to be above half of the calls of up to 3 rows: more errors are read than outputs",
        "read the programs in the report (Calls: with a failed call); fine-tune on transcripts that execute "
        "(method: tool_solutions), raise the limits of engine.tools.interpreter where programs reach them, "
        "or run numerate doctor where they crash",
        conditions.most_calls_fail,
    ),
    Check(
        "unclosed_calls",
        "{value:.0%} of the rollouts have a program that is not closed and may not run",
        "99 % sure to be above a third of the rollouts of up to 3 rows",
        "raise sample.max_tokens where rollouts are truncated in their programs, else fine-tune on "
        "transcripts in the format of engine.tools.format",
        conditions.share_above("tools/unclosed"),
    ),
    Check(
        "malformed_calls",
        "{value:.0%} of the rollouts have a call without a program, or with an answer beside it",
        "99 % sure to be above a third of the rollouts of up to 3 rows",
        "set engine.tools.format to the format of the model's training, or fine-tune on transcripts in it",
        conditions.share_above("tools/no_program", "tools/not_json", "tools/code_and_answer"),
    ),
    Check(
        "unanswered",
        "{value:.0%} of the rollouts have no extractable answer",
        "99 % sure to be above a third of the rollouts of up to 3 rows",
        "choose a prompt style with an answer format (docs/grading-extraction.md), fine-tune on solutions in "
        "that format, or add the reward numerate.rewards.shaping.answer_format",
        conditions.share_above("rollouts/unanswered"),
    ),
    Check(
        "no_room",
        "{value:.0%} of the prompts are longer than the model's context: their rollouts are empty",
        "any: such a problem cannot be solved",
        "leave out or shorten the long problems, or choose a model with a longer context",
        conditions.newest_above("rollouts/no_room", 0.0),
    ),
    Check(
        "unmeasured",
        "{value:.0%} of the rollouts have no reward and are left out",
        "99 % sure to be above a third of the rollouts of up to 3 rows",
        "check for None from reward functions, problems without an answer, and scores that are not finite",
        conditions.unmeasured_share,
    ),
    Check(
        "overlong",
        "{value:.0%} of the training rows are longer than max_length and left out",
        "above a third: the remaining rows are a different set of problems",
        "raise fit.max_length",
        conditions.overlong_share,
    ),
    Check(
        "entropy",
        "the entropy of the policy has collapsed to {value:.3g} nats per token",
        "the mean of 3 rows is below a tenth of the first 3, or below 0.01: rollouts of a group are copies",
        "lower the learning rate, raise the upper clip (clip.high), add a KL to the reference policy "
        "(kl.coef), or keep the best model by validation (validate.keep: best)",
        conditions.low_entropy,
    ),
    Check(
        "kl",
        "the policy is far from the reference policy: KL {value:.3g} nats per token",
        "the mean of 3 rows is above 0.5: half a nat is a different choice at most tokens",
        "raise the coefficient of the KL (kl.coef), or lower the learning rate",
        conditions.level_above(0.5, "train/kl"),
    ),
    Check(
        "step_kl",
        "the updates of one step are far off-policy: KL {value:.3g} nats per token to the sampling policy",
        "the mean of 3 rows is above 0.1: beyond it most ratios are clipped or far from 1",
        "lower the learning rate, or set fewer epochs and minibatches per step",
        conditions.level_above(0.1, "train/old_kl"),
    ),
    Check(
        "spike",
        "the gradient norm is {value:.3g} times the median of the previous steps",
        "10 times the median of 30 steps and above 1, the default max_norm: clipping alone limits the step",
        "inspect the data of this step; if it recurs, lower the learning rate or raise fit.warmup",
        conditions.sudden_spike,
    ),
    Check(
        "drift",
        "log-probabilities of sampler and learner differ by {value:.3g} per token",
        "the mean of 3 rows is above 0.05, ratios off by 5 %; 16-bit rounding alone gives 0.004",
        "sync the engine's weights and sample with the same precision (dtype: float32), or recompute them in "
        "the learner (fit.old_logprobs: recompute)",
        conditions.level_above(0.05, "drift/mean"),
    ),
    Check(
        "validation",
        "validation accuracy has fallen by {value:.3f} while the reward rose",
        "3 validations in a row, each lower, by 0.05 or more together: beyond chance on 500 problems",
        "inspect the rewarded rollouts; keep the best model (validate.keep: best), train fewer steps, or "
        "add problems",
        conditions.worse_with_more_reward,
    ),
)
BY_NAME = {check.name: check for check in CHECKS}
