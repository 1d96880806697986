"""Proximal policy optimization with a learned value (Schulman et al. 2017, arXiv:1707.06347, eq. 7 and 9;
for reasoning Havrilla et al. 2024, arXiv:2403.04642, section 3 "PPO"; with judges of steps Pan et al. 2023,
arXiv:2311.05821, and Gao et al. 2024, arXiv:2410.15115).

for each collection:  o ~ pi_old(. | q), N per question
    r_t    = R_t - beta (log pi_old - log pi_ref)                    R_t: see `ppo_rewards`
    A_t    = sum_l (gamma lam)^l (r_{t+l} + gamma V_{t+l+1} - V_{t+l}),   R^_t = A_t + V_t;  A is whitened
    K times over the collection, in minibatches:
        L_pi = mean_t max(- A rho, - A clip(rho, 1 - eps, 1 + eps))      rho = pi / pi_old
        L_V  = 1/2 mean_t max((V - R^)^2, (clip(V, V_old - c, V_old + c) - R^)^2)
        L    = L_pi + vf L_V + nll L_NLL                             means over all tokens of the minibatch

VAPO (Yue et al. 2025, arXiv:2504.05118) adds L_NLL = - mean log pi over the tokens of the minibatch's right
attempts, a lambda of the value's own, a policy's lambda that grows with the length l of the attempt,
1 - 1 / (alpha l), and another upper bound of rho. All are off by default.

Policy and value are one network; the value branch reads the trunk without changing it (`models.value`). The
papers give no eps, gamma, lambda, vf: these are trlX's. Log-probabilities are those of temperature 1 whatever
the sampling was. With LoRA the trunk has adapters and the branch trains in full.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from numerate import credit, training
from numerate.curricula import Curriculum
from numerate.methods import judge, ppo_credit, ppo_network, ppo_rewards, sft, watching
from numerate.methods.asking import Asking, beginnings
from numerate.methods.ppo_credit import Kl
from numerate.methods.ppo_network import Value
from numerate.rewards.compose import meta_columns
from numerate.rollouts.collect import collect
from numerate.rollouts.job import Job
from numerate.typed import AtLeast0, AtLeast1, Betas, JudgeName, NotNegative, Positive, Share, config
from numerate.types import Engine, Example, Group, Sampling, Stats

if TYPE_CHECKING:
    from torch import Tensor, nn

    from numerate.models.policy import Policy

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
VERSION = 2


@config
class Config:
    rounds: AtLeast1 = 31
    """collections; 31 of 128 steps each are the paper's 4,000 steps"""
    problems_per_round: AtLeast1 = 256
    """questions of a collection at most; each pass over the problems is a new shuffle, spread evenly over its
    collections"""
    samples: AtLeast1 = 4
    """N, attempts per question"""
    learn_from: AtLeast1 | None = None
    """K, only so many attempts per question, those with the highest reward; null: all N"""
    temperature: Positive | None = None
    """of the sampling; null: the paper's 0.7 from a model that a stage trained, 0.2 from base, which was only
    prompted"""
    top_p: Share = 1.0
    """of the sampling"""
    max_tokens: AtLeast1 = 256
    """longest rollout; longer ones are truncated, and wrong: see reward.without_end. The value of what would
    have followed is 0 there, as behind an EOS (trlX; Schulman et al. bootstrap with V where one is cut)"""
    epochs: AtLeast1 = 4
    """times that a collection is learned from"""
    batch: AtLeast1 = 32
    """attempts per optimizer step at most: those of an epoch are spread evenly over its steps"""
    lr: Positive = 1e-6
    """of the policy; 10 to 100 times higher suits models under 10 M parameters"""
    final_lr: NotNegative | None = None
    """learning rate at the end of a cosine; null keeps it constant"""
    betas: Betas = (0.9, 0.95)
    """AdamW's, per step; trlX's, as the paper names none"""
    weight_decay: NotNegative = 0.0
    """AdamW's, per step"""
    max_norm: Positive = 1.0
    """gradients of policy and value together are clipped to this norm"""
    clip: Positive = 0.2
    """eps: the probability ratio counts within 1 - eps and 1 + eps"""
    clip_high: Positive | None = None
    """another eps above 1; VAPO takes 0.28; null: `clip`"""
    gamma: Share = 1.0
    """discount per token"""
    lam: Share = 0.95
    """lambda: 1 trusts rewards, 0 trusts the values"""
    lam_alpha: Positive | None = None
    """in place of lam: 1 - 1 / (alpha * tokens of the attempt), at least 0; VAPO takes 0.05"""
    whiten: bool = True
    """advantages of a collection get mean 0 and variance 1"""
    nll: NotNegative = 0.0
    """weight of the right attempts' negative log-likelihood, beside the objective; VAPO takes 0.1"""
    max_ratio: Positive | None = 5.0
    """a mean probability ratio above this ends the learning from this collection; null: never"""
    kl: Kl = Kl()
    """what leaving the reference policy, the model at the start, costs"""
    value: Value = Value()
    """the value branch"""
    curriculum: Curriculum | None = None
    """which problems a collection asks, and how much of their solutions is given; null: all in turn, from
    the start"""
    reward: ppo_rewards.Config = ppo_rewards.Config()
    """what an attempt earns"""
    judge: JudgeName | None = None
    """scores the steps of attempts: a stage that trained a judge, a folder that holds one (with a slash), or
    `oracle`, which knows stories only; null: no judge. The defaults of `reward` then add 0.1 times the score
    of every step to a right answer's 1, which more steps farm: Gao et al. take `refine: clip_delta`, Pan et
    al. `correct: 0, alpha: 1, scores: end`"""
    old_logp: Literal["auto", "sampler", "recompute"] = "auto"
    """log-probabilities of the sampling: what the engine recorded where it agrees with the learner, always,
    or never"""
    lora_rank: AtLeast0 = 0
    """0 trains all weights; the paper's 128 trains low-rank adapters, merged when the model is saved"""
    lora_alpha: Positive | None = None
    """scale of the adapters, by default twice the rank"""
    micro_tokens: AtLeast1 = 2048
    """tokens held in memory at once; never changes the result"""
    head_mib: AtLeast1 = 256
    """MiB of logits that a micro-batch holds at once; never changes the result"""
    activation_checkpointing: Literal["auto", "on", "off"] = "auto"
    """compute every layer again in the backward pass; never changes the result"""
    validate_every: AtLeast0 = 0
    """rounds between validations; 0 never validates"""
    validation_limit: AtLeast1 | None = None
    """problems per validation; default all"""
    keep: Literal["last", "best"] = "last"
    """`last` or `best` by validation accuracy (needs validate_every); the paper takes the best, `last` is the
    default as a recipe need not have a validation set"""

    def __post_init__(self) -> None:
        if self.keep == "best" and not self.validate_every:
            raise ValueError("keep: best needs validate_every, the rounds between two validations")
        if self.learn_from and self.learn_from > self.samples:
            raise ValueError(f"learn_from {self.learn_from} of {self.samples} samples: take more samples")


def policy_loss(
    logp_BT: Tensor, old_BT: Tensor, A_BT: Tensor, w_BT: Tensor, eps: float, high: float | None = None
) -> tuple[Tensor, Stats]:
    """sum_t w max(- A rho, - A clip(rho, 1 - eps, 1 + high)), high = eps where None: Schulman et al. 2017,
    eq. 7."""
    rho_BT = training.ratio(logp_BT, old_BT)
    objective_BT, clipped_BT = training.surrogate(rho_BT, A_BT, eps, high or eps)
    return -(w_BT * objective_BT).sum(), {
        "policy/ratio": (w_BT * rho_BT).sum().item(),
        "policy/clipped": (w_BT * clipped_BT).sum().item(),
        "policy/kl_to_old": (w_BT * (rho_BT - 1 - (logp_BT - old_BT))).sum().item(),
    }


def value_loss(
    V_BT: Tensor, old_BT: Tensor, R_BT: Tensor, w_BT: Tensor, c: float | None
) -> tuple[Tensor, Stats]:
    """1/2 sum_t w max((V - R)^2, (clip(V, V_old - c, V_old + c) - R)^2); without c 1/2 sum_t w (V - R)^2."""
    error_BT = (V_BT - R_BT).square()
    if c is None:
        return 0.5 * (w_BT * error_BT).sum(), {"value/clipped": 0.0}
    near_error_BT = (old_BT + (V_BT - old_BT).clamp(-c, c) - R_BT).square()
    at_bound = w_BT * (near_error_BT > error_BT)
    return 0.5 * (w_BT * error_BT.maximum(near_error_BT)).sum(), {"value/clipped": at_bound.sum().item()}


def loss(model: nn.Module, batch: training.Batch, cfg: Config, beta: float = 0.0) -> tuple[Tensor, Stats]:
    """beta: the penalty's coefficient where it is part of the loss, by k3."""
    logp_BT, V_BT = training.logprobs_and_values(model, batch, detach=cfg.value.detach)
    col = batch.token
    L_pi, stats = policy_loss(
        logp_BT, col["old_logp"], col["advantage"], col["weight"], cfg.clip, cfg.clip_high
    )
    L_V, more = value_loss(V_BT, col["value"], col["returns"], col["weight"], cfg.value.clip)
    told = stats | more | {"policy/loss": L_pi.item(), "value/loss": L_V.item()}
    L = L_pi + cfg.value.coef * L_V
    if beta:
        L = L + beta * (col["weight"] * training.kl(logp_BT, col["ref_logp"], "k3")).sum()
    if cfg.nll:
        L_nll = -(col["imitated"] * logp_BT).sum()
        L, told = L + cfg.nll * L_nll, told | {"policy/nll": L_nll.item()}
    return L, told


def weighed(rows: Sequence[Example]) -> list[Example]:
    """The rows of a step with the columns `weight`, 1 / all tokens, and `imitated`, 1 / all tokens of the
    attempts whose number `right` is 1, and 0 on the others."""
    tokens = sum(sum(row.mask) for row in rows if row.row["right"])
    return [
        row.with_token(imitated=[seen * row.row["right"] / max(1, tokens) for seen in row.mask])
        for row in training.weigh(rows, per="token")
    ]


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    check(cfg, job)
    scorer = judge.find(cfg.judge, job, every=cfg.reward.scores == "steps")
    policy = job.load(job.model)
    learner = make_learner(cfg, policy)
    reference = None
    if cfg.kl.beta:
        copy = None if cfg.lora_rank else job.load(job.model)
        reference = training.Reference(copy, micro_tokens=cfg.micro_tokens, head_mib=cfg.head_mib)
    engine = job.engine(policy)
    asking = Asking(run, job.problems, job.style, cfg.curriculum)
    for round_ in run.rounds(cfg.rounds, learner):
        # 1. attempts of the policy as it is now, and what they earn
        groups = list(sample(run, cfg, job, engine, policy, asking))
        told = judge.ask(scorer, groups)
        reward = ppo_rewards.with_eta(cfg.reward, told, run.facts)
        paid, stats = ppo_rewards.earned(groups, told, reward, policy.decode)
        chosen = [one for attempts in paid for one in best(attempts, cfg.learn_from)]
        if not chosen:
            raise ValueError(f"{run.position}: {watching.without_rows(groups)}")
        signs, notes = watching.watch(run, [one.paid for attempts in paid for one in attempts])
        # 2. advantages and returns
        beta = run.facts.get("beta", cfg.kl.beta)
        rows, more = prepared(run, cfg, learner, reference, chosen, beta)
        stats |= signs | more | asking.heard(groups, partial(ppo_credit.surprises, chosen, rows))
        # 3. K epochs of minibatches
        stats |= learn(run, cfg, learner, rows, beta, round_)
        # 4. the penalty follows the divergence, where it has a target and the policy moves
        if cfg.kl.target and round_ >= cfg.value.warmup:
            kl = stats["kl/per_attempt"]
            run.facts["beta"] = credit.adapted(beta, kl, cfg.kl.target, len(rows), cfg.kl.horizon)
        if cfg.validate_every and (round_ + 1) % cfg.validate_every == 0:
            stats["validation/accuracy"] = job.validate(run, policy, cfg.validation_limit)
            remember_best(run, policy, stats["validation/accuracy"], cfg)
        run.log(stats, **notes)
    return job.load_dir(run.folder / "best") if cfg.keep == "best" and "best" in run.facts else policy


def check(cfg: Config, job: Job) -> None:
    """Before anything long."""
    if cfg.validate_every and not job.validation:
        raise ValueError(
            "validate_every is set, but the recipe has no problem set named `validation`: add one"
        )
    if cfg.reward.reference_steps and not any(problem.solution for problem in job.problems):
        raise ValueError("reward.reference_steps needs worked solutions, and these problems have none")


def trusting(cfg: Config, tokens: int) -> float:
    """The policy's lambda for an attempt of so many tokens."""
    return max(0.0, 1 - 1 / (cfg.lam_alpha * tokens)) if cfg.lam_alpha else cfg.lam


def make_learner(cfg: Config, policy: Policy) -> training.Learner:
    from numerate.models.policy import Lora

    lora = Lora(r=cfg.lora_rank, alpha=cfg.lora_alpha or 2 * cfg.lora_rank) if cfg.lora_rank else None
    return ppo_network.learner(
        policy,
        lora,
        cfg.value.layers,
        faster=(cfg.value.lr or cfg.lr) / cfg.lr,
        betas=cfg.betas,
        weight_decay=cfg.weight_decay,
        max_norm=cfg.max_norm,
        micro_tokens=cfg.micro_tokens,
        head_mib=cfg.head_mib,
        activation_checkpointing=cfg.activation_checkpointing,
    )


def sample(
    run: training.Stage, cfg: Config, job: Job, engine: Engine, policy: Policy, asking: Asking
) -> Iterator[Group]:
    """The graded attempts of a round; those that are on disk are read, not sampled again."""
    temperature = cfg.temperature or (0.2 if job.model == "base" else 0.7)
    params = Sampling(temperature, cfg.top_p, 0, cfg.max_tokens, seed=run.seed, round=run.round)
    engine.sync(policy)
    asked = asking.next(cfg.problems_per_round, run.round)
    return collect(
        run.folder / "rollouts" / f"round-{run.round:03d}",
        engine,
        [question.problem for question in asked],
        cfg.samples,
        params,
        job.style,
        run.progress,
        beginnings=beginnings(asked),
        reward=ppo_rewards.by_functions(
            cfg.reward.functions, job.style, job.trust, lambda: run.position, meta_columns(job.problems)
        ),
        grade_truncated=cfg.reward.without_end == "pay",
    )


def best(attempts: Sequence[ppo_rewards.Earned], k: int | None) -> list[ppo_rewards.Earned]:
    """Best K of N."""
    return [attempts[i] for i in credit.best([one.total for one in attempts], k or len(attempts))]


def prepared(
    run: training.Stage,
    cfg: Config,
    learner: training.Learner,
    reference: training.Reference | None,
    chosen: Sequence[ppo_rewards.Earned],
    beta: float,
) -> tuple[list[Example], Stats]:
    """The training rows of a collection, with every column that the loss reads."""
    rollouts = [one.scored.rollout for one in chosen]
    rows, drift = training.with_old(
        run,
        learner,
        [training.attempt(one.scored.rollout).with_row(right=float(one.imitable)) for one in chosen],
        [training.recorded(rollout) for rollout in rollouts],
        source=cfg.old_logp,
    )
    rewards = [one.tokens for one in chosen]
    rows, stats = ppo_credit.credited(
        learner,
        reference,
        rows,
        rewards,
        gamma=cfg.gamma,
        lam=partial(trusting, cfg),
        value_lam=cfg.value.lam,
        whiten=cfg.whiten,
        kl=cfg.kl,
        beta=beta,
    )
    return rows, drift | stats


def learn(
    run: training.Stage,
    cfg: Config,
    learner: training.Learner,
    rows: Sequence[Example],
    beta: float,
    round_: int,
) -> Stats:
    """The optimizer steps on one collection; the means of their statistics."""
    objective = partial(loss, cfg=cfg, beta=beta if cfg.kl.place == "loss" else 0.0)
    ppo_network.let_move(learner, policy=round_ >= cfg.value.warmup)
    steps = cfg.epochs * math.ceil(len(rows) / cfg.batch)
    lr, final = cfg.lr, cfg.lr if cfg.final_lr is None else cfg.final_lr
    told: list[Stats] = []
    with run.progress.task("learning", total=steps, unit="steps") as task:
        for step in range(steps):
            mini = [rows[i] for i in sft.batches(len(rows), cfg.batch, step, run.seed * 1_000_003 + round_)]
            lr = training.cosine((round_ + (step + 1) / steps) / cfg.rounds, cfg.lr, final)
            told.append(learner.step(weighed(mini), objective, lr))
            task.advance(1)
            if cfg.max_ratio and told[-1]["policy/ratio"] > cfg.max_ratio:
                break
    means = {name: math.fsum(one[name] for one in told) / len(told) for name in told[0]}
    means["train/grad_norm"] = means.pop("grad_norm")
    return means | {"train/loss": means.pop("loss"), "train/lr": lr, "train/steps": float(len(told))}


def remember_best(run: training.Stage, policy: Policy, accuracy: float, cfg: Config) -> None:
    if cfg.keep == "best" and accuracy > run.facts.get("best", -1.0):
        run.facts["best"] = accuracy
        run.save(policy, "best")
