"""Mixed policy exploration (2023, arXiv:2307.08767; code vividitytech/math_lm_rl): what stands between the
operands of a calculation is sampled by an operator head, all else is greedy, and both heads learn from worked
solutions and from the rollouts together.

    p_O(. | h_t) = softmax(W_o Dropout(h_t) + b_o)     classes + - * / V, V: all other tokens          (1)
    y_t          = tok(o), o ~ p_O;  argmax_v p_LM(v | h_t) where o = V                                (2)
    R_t          = gamma^(T - t) r                     r = 1[right answer]                             (3)
    b_t          = w_b . Dropout(h_t) + c_b                                                            (4)
    L_RL         = (1/T) sum_t max(0, - (R_t - sg[b_t]) log pi_t)                                      (5)
    L_base       = (1/T) sum_t (R_t - b_t)^2                                                           (6)
    L_XE         = - mean_t log p_LM(y*_t)             over the tokens of worked solutions             (7)
    L_OP         = - mean_t log p_O(c(y*_t))           c: the class of a token                         (8)
    L            = L_XE + L_OP + 0.2 L_RL + 0.1 L_base                                                 (9)

As log pi <= 0, (5) keeps the steps with R_t > b_t alone: a wrong rollout teaches only the baseline.

Where we differ. log pi_t (the paper is silent) is by default that of both levels; the released code takes the
likeliest token's, also where another was written. An operator is one inside `<<...=` alone, and there alone
the head acts: elsewhere V is certain. The released code has a sixth class `x`, takes the digit 0 for `/`,
and applies softmax twice, so that at most 35 % of its tokens can be V. (1) and (2) are in
`rollouts.local.mixed_sampling`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from numerate import training
from numerate.methods.mixed_policy import class_rows, heads_network
from numerate.methods.shared.on_policy import OnPolicyLoop
from numerate.methods.shared.options import Fit, PolicyFit, PolicyGradient, Reinforcement, Sample, Validate
from numerate.methods.shared.validation import has_best
from numerate.options import AtLeast1, NotNegative, Positive, Share, config
from numerate.problems.consistency import usable_demonstrations
from numerate.rewards.compose import CORRECT, RewardList
from numerate.types import Example, Group, Problem, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.operator_head import MixedPolicy
    from numerate.models.operators import Operators
    from numerate.rollouts.job import Job

NEEDS = frozenset({"solution"})
LEAVES = frozenset({"policy", "rollouts"})
ENGINES = ("local",)
VERSION = 2
PASSES = 20
"""over the problems, by default"""
Mode = Literal["joint", "abstract", "released"]


@config
class MixedFit(Fit):
    """Optimization of model and heads."""

    max_length: AtLeast1 = 1024
    """tokens; longer demonstrations are left out and counted"""


@config
class Config(Reinforcement):
    steps: AtLeast1 | None = None
    """rounds of sampling and learning; null: 20 passes over the problems, as in the paper"""
    rewards: RewardList = (CORRECT,)
    """reward functions: `correct`, functions by dotted path, each with a weight"""
    sample: Sample = Sample(problems=1, rollouts=1, max_tokens=300)
    """sampling of a step, which also trains on the demonstrations of the same problems"""
    fit: MixedFit = MixedFit(lr=1e-5, final_lr=0.0, betas=(0.9, 0.999))
    """optimization: one optimizer step per step, linear decay of the learning rate, AdamW's betas of torch as
    in the released code"""
    head_lr: Positive | None = None
    """learning rate of operator head and baseline, which begin at random; by default the model's"""
    head_dropout: Share = 0.1
    """of the hidden state before both heads; the model's own dropout is off"""
    gamma: Share = 0.99
    """discount per token"""
    w_op: NotNegative = 1.0
    """weight of the token classes of demonstrations, L_OP"""
    w_rl: NotNegative = 0.2
    """weight of the rollouts, L_RL"""
    w_base: NotNegative = 0.1
    """weight of the baseline, L_base"""
    rl_logprob: Mode = "joint"
    """log pi of (5): joint, of the class and, where that is V, of the token; abstract, of the class alone;
    released, the likeliest token's"""
    scope: Literal["inside_annotation", "everywhere"] = "inside_annotation"
    """positions of operators: between << and =, or at every token, as in the paper"""
    spread: NotNegative = 0.2
    """standard deviation of the heads' first weights"""
    validate: Validate = Validate()
    """greedy accuracy on the problem set `validation`, during the training"""

    UNUSED: ClassVar = frozenset(
        {
            *("sample.temperature", "sample.top_p", "sample.top_k", "sample.ahead"),
            *("fit.epochs", "fit.batch", "fit.minibatches"),
        }
    )

    def __post_init__(self) -> None:
        sample, fit = self.sample, self.fit
        sample.require_not_ahead()
        if (sample.temperature, sample.top_p, sample.top_k) != (1.0, 1.0, 0):
            raise ValueError(
                "sample: sampling is greedy except for the operator head at temperature 1: leave out "
                "temperature, top_p and top_k"
            )
        if fit.epochs > 1 or fit.batch or (fit.minibatches or 1) > 1:
            raise ValueError(
                "fit: a step of this method is one optimizer step: leave out epochs, batch and minibatches; "
                "steps, sample.problems and sample.rollouts set its size"
            )
        if self.head_dropout == 1:
            raise ValueError("head_dropout: 1 removes all inputs of the heads; set less")
        if not self.w_op and (not self.w_rl or self.rl_logprob == "released"):
            raise ValueError(
                "w_op: 0 leaves the operator head untrained with w_rl: 0 or rl_logprob: released: set w_op "
                "above 0"
            )

    def loop_options(self) -> PolicyGradient:
        """Returns the options of the loop: a step is one optimizer step on all rows."""
        fit = PolicyFit(**{field.name: getattr(self.fit, field.name) for field in fields(Fit)})
        return PolicyGradient(rewards=self.rewards, sample=self.sample, fit=fit, validate=self.validate)


def log_pi(class_logp_N: Tensor, logp_N: Tensor, greedy_N: Tensor, other_N: Tensor, mode: Mode) -> Tensor:
    """Returns log pi_t of (5). joint: log p_O(o) + 1[o = V] log p_LM(y). abstract: log p_O(o). released: log
    p_LM of the likeliest token, not of the sampled one. other_N: whether o = V."""
    if mode == "released":
        return greedy_N
    return class_logp_N + logp_N * other_N if mode == "joint" else class_logp_N


def reinforce_loss(R_N: Tensor, b_N: Tensor, log_pi_N: Tensor) -> Tensor:
    """Returns max(0, - (R_t - sg[b_t]) log pi_t), eq. (5)."""
    return (-(R_N - b_N.detach()) * log_pi_N).clamp(min=0)


def baseline_error(R_N: Tensor, b_N: Tensor) -> Tensor:
    """Returns (R_t - b_t)^2, eq. (6)."""
    return (R_N - b_N).square()


def total_loss(L_XE: Any, L_OP: Any, L_RL: Any, L_base: Any, w_op: float, w_rl: float, w_base: float) -> Any:
    """Returns L_XE + w_op L_OP + w_rl L_RL + w_base L_base, eq. (9)."""
    return L_XE + w_op * L_OP + w_rl * L_RL + w_base * L_base


def loss(model: nn.Module, batch: training.Batch, cfg: Config, seed: int) -> tuple[Tensor, Stats]:
    from numerate.models.operators import OTHER
    from numerate.training.mixed_outputs import mixed_outputs

    outputs = mixed_outputs(model, batch, cfg.head_dropout, seed, greedy=cfg.rl_logprob == "released")
    gold_N, sampled_N, R_N, acts_N, class_N = (
        batch.token[name][batch.mask_BT] for name in ("gold", "sampled", "returns", "acts", "token_class")
    )
    class_N1 = class_N.long()[:, None]
    class_logp_N = outputs.class_NC.log_softmax(-1).gather(1, class_N1)[:, 0] * acts_N
    log_pi_N = log_pi(class_logp_N, outputs.logp_N, outputs.greedy_N, class_N == OTHER, cfg.rl_logprob)
    terms_N = reinforce_loss(R_N, outputs.baseline_N, log_pi_N)
    L_XE = -(gold_N * outputs.logp_N).sum()
    L_OP = -(gold_N * class_logp_N).sum()
    L_RL = (sampled_N * terms_N).sum()
    L_base = (sampled_N * baseline_error(R_N, outputs.baseline_N)).sum()
    stats = {
        "xe": L_XE.item(),
        "op": L_OP.item(),
        "rl": L_RL.item(),
        "base": L_base.item(),
        "credited": (sampled_N * (terms_N > 0)).sum().item(),
        "baseline": (sampled_N * outputs.baseline_N).sum().item(),
    }
    return total_loss(L_XE, L_OP, L_RL, L_base, cfg.w_op, cfg.w_rl, cfg.w_base), stats


def train(run: training.Stage, cfg: Config, job: Job) -> MixedPolicy:
    cfg.validate.require(job.validation)
    mixed = heads_network.open_policy(job, cfg.spread, run.seed)
    operators = heads_network.operators_of(mixed, cfg.scope)
    gold = gold_rows(run, cfg, job, mixed, operators)
    network = partial(heads_network.make_network, mixed=mixed, operators=operators, head_lr=cfg.head_lr)
    solved = replace(job, problems=[problem for problem, _ in gold.values()])
    loop = OnPolicyLoop(run, solved, cfg.loop_options(), network)
    steps = cfg.steps or PASSES * math.ceil(len(gold) / (cfg.sample.problems or len(gold)))
    for step in run.rounds(steps, loop.learner, label="steps"):
        # 1. rollouts of the mixed policy, and their rewards
        groups = loop.sample_groups()
        sampled = [class_rows.rollout_row(s, operators, cfg.gamma) for g in groups for s in g.rollouts]
        # 2. the worked solutions of the same problems; a step on (9)
        solutions = [gold[group.problem.id][1] for group in groups]
        rows = class_rows.set_row_weights(solutions, [row for row in sampled if row])
        objective = partial(loss, cfg=cfg, seed=run.seed * 1_000_003 + step)
        lr = loop.rate(step / steps, training.linear)
        loop.updates.append(loop.learner.step(rows, objective, lr))
        loop.stats["rollouts/operators"] = operators_per_rollout(groups)
        loop.log()
    if has_best(run, cfg.validate):
        mixed.policy.reload(run.folder / "best")
        mixed.load_heads(run.folder / "best")
    return mixed


def gold_rows(
    run: training.Stage, cfg: Config, job: Job, mixed: MixedPolicy, operators: Operators
) -> dict[str, tuple[Problem, Example]]:
    """Returns the problems by id, each with its worked solution as a row. Raises ValueError where nothing is
    left."""
    problems, others = usable_demonstrations(job.problems)
    if not problems:
        raise ValueError(f"there are no demonstrations: {others}; choose other problems")
    if others:
        run.progress.warn(others)
    rows = [(problem, training.demonstration_row(mixed.policy, problem, job.style)) for problem in problems]
    longest = cfg.fit.max_length
    kept = [(problem, row) for problem, row in rows if len(row.ids) <= longest]
    if not kept:
        raise ValueError(
            f"all {len(rows)} solutions are longer than fit.max_length: {longest} tokens: raise it"
        )
    if len(kept) < len(rows):
        run.progress.warn(
            f"{len(rows) - len(kept)} of {len(rows)} rows are longer than {longest} tokens: left out"
        )
    class_rows.check_annotations(
        [problem for problem, _ in kept], [row for _, row in kept], operators, run.progress
    )
    return {problem.id: (problem, class_rows.demonstration_row(row, operators)) for problem, row in kept}


def operators_per_rollout(groups: Sequence[Group]) -> float:
    """Returns the classes other than V per rollout."""
    from numerate.models.operators import OTHER

    rollouts = [scored.rollout for group in groups for scored in group.rollouts]
    classes = (label for rollout in rollouts for turn in rollout.turns for label in turn.token_classes)
    return sum(label != OTHER for label in classes) / len(rollouts)
