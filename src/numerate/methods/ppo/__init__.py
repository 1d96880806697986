"""Proximal policy optimization with a learned value (Schulman et al. 2017, arXiv:1707.06347, eq. 7 and 9;
for reasoning Havrilla et al. 2024, arXiv:2403.04642, section 3 "PPO"; with step scorers Pan et al. 2023,
arXiv:2311.05821, and Gao et al. 2024, arXiv:2410.15115).

for each collection:  o ~ pi_old(. | q), N per problem
    r_t    = R_t - beta (log pi_old - log pi_ref)                    R_t: see `token_rewards`
    A_t    = sum_l (gamma lam)^l (r_{t+l} + gamma V_{t+l+1} - V_{t+l}),   R^_t = A_t + V_t;  A is whitened
    K times over the collection, in minibatches:
        L_pi = mean_t max(- A rho, - A clip(rho, 1 - eps, 1 + eps))      rho = pi / pi_old
        L_V  = 1/2 mean_t max((V - R^)^2, (clip(V, V_old - c, V_old + c) - R^)^2)
        L    = L_pi + vf L_V + nll L_NLL                             means over all tokens of the minibatch

VAPO (Yue et al. 2025, arXiv:2504.05118) adds L_NLL = - mean log pi over the tokens of the minibatch's right
rollouts, a lambda of the value's own, a policy's lambda that grows with the length l of the rollout,
1 - 1 / (alpha l), and another upper bound of rho. All are off by default.

Policy and value are one network; the value branch reads the trunk without changing it (`models.value_head`).
The papers give no eps, gamma, lambda, vf: these are trlX's. Log-probabilities are those of temperature 1
whatever the sampling was. With LoRA the trunk has adapters and the branch trains in full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from numerate import credit, training
from numerate.methods.ppo import token_advantages, token_rewards, value_network
from numerate.methods.ppo.token_rewards import RewardedRollout
from numerate.methods.ppo.value_network import Value, value_loss
from numerate.methods.shared import rollout_metrics, step_scorer
from numerate.methods.shared.on_policy import OnPolicyLoop
from numerate.methods.shared.options import Clip, PolicyFit, PolicyGradient, Sample
from numerate.methods.shared.reinforcement import AdaptiveKl, StepRewards
from numerate.options import AtLeast1, JudgeName, NotNegative, Positive, Share, config
from numerate.types import Example, Group, Scorer, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 2


@config
class Config(PolicyGradient):
    steps: AtLeast1 = 31
    """rounds of sampling and learning; 31 of 128 optimizer steps each are the paper's 4,000 steps"""
    sample: Sample = Sample(problems=256, rollouts=4, temperature=None)
    """sampling of a step. A truncated rollout keeps its negative rewards only, unless grade_truncated. The
    value after its last token is 0, as after an EOS (trlX; Schulman et al. bootstrap with V at truncation)"""
    learn_from: AtLeast1 | None = None
    """K, number of rollouts per problem to train on, those with the highest rewards; null: all N"""
    fit: PolicyFit = PolicyFit(epochs=4, batch=32, correction="none")
    """optimization of a step"""
    clip: Clip = Clip(0.2)
    """bounds of rho; VAPO takes high: 0.28"""
    kl: AdaptiveKl = AdaptiveKl(coef=0.05, estimator="k1", placement="reward")
    """the KL to the reference policy; without it the paper's models collapse after some 100 steps"""
    gamma: Share = 1.0
    """discount per token"""
    lam: Share = 0.95
    """lambda: 1 trusts rewards, 0 trusts the values"""
    lam_alpha: Positive | None = None
    """length-adaptive lambda, in place of lam: 1 - 1 / (alpha * tokens of the rollout), at least 0; VAPO
    takes 0.05"""
    whiten: bool = True
    """advantages of a step get mean 0 and variance 1"""
    nll: NotNegative = 0.0
    """weight of the right rollouts' negative log-likelihood, beside the objective; VAPO takes 0.1"""
    max_ratio: Positive | None = 5.0
    """mean probability ratio above which the optimization of a step stops; null: never"""
    value: Value = Value()
    """the value branch"""
    judge: JudgeName | None = None
    """reward model that scores the steps of rollouts: a stage that trained one, its folder (with a slash), or
    `oracle` (stories only); null: none. The defaults of `process` add 0.1 times every step score to the 1 of
    a right answer, so that additional steps raise the reward: Gao et al. take `refine: clip_delta`, Pan et
    al. `outcome: 0, weight: 1, scores: end`"""
    process: StepRewards = StepRewards()
    """rewards from step scores, with a judge. The default adds them to `rewards` (`outcome: 1`, where grpo
    has 0)"""
    reference_steps: NotNegative = 0.0
    """total reward for the calculations of the reference solution, each counted once; 0.5 is half of a right
    answer's"""
    reward_limit: Positive | None = 10.0
    """clip of a token's reward to +- this, before the KL; null: no clip"""

    def __post_init__(self) -> None:
        if self.learn_from and self.learn_from > self.sample.rollouts:
            raise ValueError(f"learn_from: {self.learn_from} of sample.rollouts: {self.sample.rollouts}")


def policy_loss(
    logp_BT: Tensor, old_BT: Tensor, A_BT: Tensor, w_BT: Tensor, eps: float, high: float | None = None
) -> tuple[Tensor, Stats]:
    """Returns sum_t w max(- A rho, - A clip(rho, 1 - eps, 1 + high)), high = eps where None: Schulman et al.
    2017, eq. 7."""
    rho_BT = training.ratio(logp_BT, old_BT)
    objective_BT, clipped_BT = training.clipped_surrogate(rho_BT, A_BT, eps, high or eps)
    return -(w_BT * objective_BT).sum(), {
        "ratio": (w_BT * rho_BT).sum().item(),
        "clipped": (w_BT * clipped_BT).sum().item(),
        "old_kl": (w_BT * (rho_BT - 1 - (logp_BT - old_BT))).sum().item(),
    }


def loss(model: nn.Module, batch: training.Batch, cfg: Config, beta: float = 0.0) -> tuple[Tensor, Stats]:
    """Computes the loss of a batch and its statistics. beta: the penalty's coefficient where it is part of
    the loss."""
    logp_BT, V_BT = training.logprobs_and_values(model, batch, detach=cfg.value.detach)
    col = batch.token
    L_pi, stats = policy_loss(logp_BT, col["old_logp"], col["advantage"], col["weight"], *cfg.clip.bounds)
    L_V, more = value_loss(V_BT, col["value"], col["returns"], col["weight"], cfg.value.clip)
    statistics = stats | more | {"policy/loss": L_pi.item(), "value/loss": L_V.item()}
    L = L_pi + cfg.value.coef * L_V
    if beta:
        L = L + beta * (col["weight"] * training.kl(logp_BT, col["ref_logp"], cfg.kl.estimator)).sum()
    if cfg.nll:
        L_nll = -(col["imitated"] * logp_BT).sum()
        L, statistics = L + cfg.nll * L_nll, statistics | {"policy/nll": L_nll.item()}
    return L, statistics


def set_row_weights(rows: Sequence[Example]) -> list[Example]:
    """Returns the rows of a step with the columns `weight`, 1 / all tokens, and `imitated`, 1 / all tokens of
    the rollouts whose number `right` is 1, and 0 on the others."""
    tokens = sum(sum(row.mask) for row in rows if row.columns["right"])
    return [
        row.with_token(imitated=credit.scatter_trained(row.mask, row.columns["right"] / max(1, tokens)))
        for row in training.set_loss_weights(rows, per="token")
    ]


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    if cfg.reference_steps and not any(problem.solution for problem in job.problems):
        raise ValueError("reference_steps needs problems with solutions, and these have none")
    scorer = step_scorer.load_scorer(cfg.judge, job, every=cfg.process.scores == "steps")
    loop = OnPolicyLoop(run, job, cfg, partial(value_network.open_network, cfg=cfg.value))
    for step in run.rounds(cfg.steps, loop.learner, label="steps"):
        # 1. rollouts of the current policy, and their rewards
        chosen = reward_rollouts(loop, loop.sample_groups(), scorer, cfg)
        # 2. advantages and returns
        beta = run.state.get("beta", cfg.kl.coef)
        rows, stats = make_rows(loop, chosen, beta, cfg)
        # 3. K epochs of minibatches
        loop.stats |= stats
        means = learn_from_rows(loop, rows, beta, cfg)
        # 4. adapt the coefficient of the penalty, where it has a target and the policy is trained
        if cfg.kl.target and step >= cfg.value.warmup:
            kl = stats["kl/per_rollout"]
            run.state["beta"] = credit.adapt_kl_coef(beta, kl, cfg.kl.target, len(rows), cfg.kl.horizon)
        loop.log(means, partial(token_advantages.mean_abs_advantages, chosen, rows))
    return loop.result()


def adaptive_lambda(cfg: Config, tokens: int) -> float:
    """Returns the policy's lambda for a rollout of so many tokens."""
    return max(0.0, 1 - 1 / (cfg.lam_alpha * tokens)) if cfg.lam_alpha else cfg.lam


def reward_rollouts(
    loop: OnPolicyLoop, groups: Sequence[Group], scorer: Scorer | None, cfg: Config
) -> list[RewardedRollout]:
    """Returns the rollouts to train on, the best K of N per problem, with their rewards."""
    step_scores = step_scorer.score_groups(scorer, groups)
    process = token_rewards.with_eta(cfg.process, step_scores, loop.run.state)
    withhold = not cfg.sample.grade_truncated
    amounts = token_rewards.Amounts(cfg.rewards, process, cfg.reference_steps, cfg.reward_limit, withhold)
    paid, stats = token_rewards.rollout_rewards(groups, step_scores, amounts, loop.policy.decode)
    loop.stats |= stats
    loop.total_rewards = [rewarded.total_reward for rollouts in paid for rewarded in rollouts]
    chosen = [rewarded for rollouts in paid for rewarded in best_rollouts(rollouts, cfg.learn_from)]
    if not chosen:
        raise ValueError(f"{loop.run.position}: {rollout_metrics.without_rows(groups)}")
    return chosen


def best_rollouts(rollouts: Sequence[RewardedRollout], k: int | None) -> list[RewardedRollout]:
    """Returns the best K of N rollouts."""
    return [
        rollouts[i] for i in credit.best_of_n([rewarded.total for rewarded in rollouts], k or len(rollouts))
    ]


def make_rows(
    loop: OnPolicyLoop, chosen: Sequence[RewardedRollout], beta: float, cfg: Config
) -> tuple[list[Example], Stats]:
    """Returns the training rows of a step, with every column that the loss reads."""
    by_id = {group.problem.id: group.problem for group in loop.sampled}
    groups = [Group(by_id[rewarded.scored.rollout.problem_id], (rewarded.scored,)) for rewarded in chosen]
    bare = loop.training_rows(groups, judged=False)
    return token_advantages.add_advantages(
        loop.learner,
        [
            row.with_columns(right=float(rewarded.imitable))
            for row, rewarded in zip(bare, chosen, strict=True)
        ],
        [rewarded.tokens for rewarded in chosen],
        gamma=cfg.gamma,
        lam=partial(adaptive_lambda, cfg),
        value_lam=cfg.value.lam,
        whiten=cfg.whiten,
        kl=cfg.kl,
        beta=beta,
    )


def learn_from_rows(loop: OnPolicyLoop, rows: Sequence[Example], beta: float, cfg: Config) -> Stats:
    """Takes the optimizer steps on the rows of a step, and returns the means of their statistics."""
    round_ = loop.run.round
    objective = partial(loss, cfg=cfg, beta=beta if cfg.kl.placement == "loss" else 0.0)
    value_network.set_policy_trainable(loop.learner, policy=round_ >= cfg.value.warmup)
    updates: list[Stats] = []
    for part, done in loop.independent_minibatches(rows):
        lr = loop.rate((round_ + done) / cfg.steps)
        updates.append(loop.learner.step(set_row_weights(part), objective, lr))
        if cfg.max_ratio and updates[-1]["ratio"] > cfg.max_ratio:
            break
    means = {name: math.fsum(stats[name] for stats in updates) / len(updates) for name in updates[0]}
    named = {name if "/" in name else f"train/{name}": mean for name, mean in means.items()}
    return named | {"train/updates": float(len(updates))}
