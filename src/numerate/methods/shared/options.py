"""The options that methods share, one record each. A method has those of its own defaults that differ:
`fit: Fit = Fit(lr=1e-5)`; what a recipe leaves out of a record has these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from numerate import credit
from numerate.curricula import Curriculum
from numerate.models.lora import Lora
from numerate.options import AtLeast0, AtLeast1, Betas, ModelName, NotNegative, Positive, Share, config
from numerate.rewards.compose import CORRECT, RewardList

Old = Literal["auto", "sampler", "recompute"]


@config
class Sample:
    """Rollouts of a step."""

    problems: AtLeast1 | None = 32
    """problems per step at most, each pass over all of them a new shuffle, spread evenly over its steps,
    unless a curriculum says otherwise; null: all of them"""
    rollouts: AtLeast1 = 8
    """rollouts per problem"""
    temperature: Positive | None = 1.0
    """of the sampling; objectives are about the policy at 1, elsewhere they are off-policy by as much. null:
    0.7 from a model that a stage trained, 0.2 from base, which was only prompted (arXiv:2403.04642)"""
    top_p: Share = 1.0
    """of the sampling"""
    top_k: AtLeast0 = 0
    """of the sampling; 0 keeps all tokens"""
    max_tokens: AtLeast1 = 256
    """longest rollout, in tokens; longer ones are truncated, and wrong unless grade_truncated"""
    grade_truncated: bool = False
    """a truncated rollout is graded by its text; otherwise it is never right"""

    def require_group_of_two(self) -> None:
        """Raises ValueError where a rollout has no other at its problem to be compared with."""
        if self.rollouts < 2:
            raise ValueError("sample.rollouts: 1 leaves nothing to compare a rollout with; take at least 2")


@config
class Fit:
    """Optimization: every method that trains has it."""

    lr: Positive = 1e-6
    """peak learning rate; 10 to 100 times higher suits adapters and models under 10 M parameters"""
    final_lr: NotNegative | None = None
    """learning rate at the end of a cosine; null keeps it constant"""
    warmup: Share = 0.0
    """share of the steps with a rising learning rate"""
    betas: Betas = (0.9, 0.95)
    """AdamW's, per optimizer step: those of trlX, OpenRLHF (REINFORCE++) and of the paper of CISPO; most
    papers name none, and torch takes 0.9 and 0.999"""
    weight_decay: NotNegative = 0.0
    """AdamW's, per optimizer step"""
    max_norm: Positive = 1.0
    """gradients are clipped to this norm"""
    epochs: AtLeast1 = 1
    """passes over the data of a step, or of the stage where it has one set of data"""
    batch: AtLeast1 | None = None
    """rows per optimizer step at most: those of a pass are spread evenly over its steps. Methods that compare
    the rollouts at a problem keep these together"""
    minibatches: AtLeast1 | None = None
    """in place of batch: optimizer steps per pass. Without either a pass is one optimizer step"""
    micro_tokens: AtLeast1 = 2048
    """tokens held in memory at once; never changes the result"""
    head_mib: AtLeast1 = 256
    """MiB of logits that a micro-batch holds at once; never changes the result"""
    activation_checkpointing: Literal["auto", "on", "off"] = "auto"
    """compute every layer again in the backward pass instead of keeping what it computed; `auto` does where
    the memory would not suffice; never changes the result"""
    lora_rank: AtLeast0 = 0
    """0 trains all weights; 8 to 128 trains low-rank adapters, merged when the model is saved"""
    lora_alpha: Positive | None = None
    """scale of the adapters, by default twice the rank"""

    ALTERNATIVES: ClassVar = (("batch", "minibatches"),)

    def __post_init__(self) -> None:
        if self.batch and self.minibatches:
            raise ValueError("fit: batch and minibatches say the same thing twice: give one of them")

    def steps_per_pass(self, rows: int) -> int:
        """Returns the optimizer steps of one pass over so many rows."""
        return math.ceil(rows / self.batch) if self.batch else min(self.minibatches or 1, rows)

    def rate_at_end(self) -> float:
        """Returns the learning rate of the last step."""
        return self.lr if self.final_lr is None else self.final_lr

    def learner_options(self) -> dict[str, Any]:
        """Returns the options of `training.Learner`."""
        names = ("betas", "weight_decay", "max_norm", "micro_tokens", "head_mib", "activation_checkpointing")
        return {name: getattr(self, name) for name in names}

    def adapters(self) -> Lora | None:
        """Returns the low-rank adapters that are trained, None where all weights are."""
        rank = self.lora_rank
        return Lora(r=rank, alpha=self.lora_alpha or 2 * rank) if rank else None


@config
class PolicyFit(Fit):
    """Optimization on rollouts of the policy itself."""

    truncated: Literal["learn", "mask"] = "learn"
    """truncated rollouts: learned from like all others, or compared with and then left out of the loss"""
    old_logprobs: Old = "auto"
    """log pi_old: as the engine recorded them unless they drift, in any case, or computed again"""
    correction: Literal["truncate", "mask", "none"] = "truncate"
    """where they were computed again, weigh tokens by pi_old / pi_sampler: at most `cap` (TIS), or left out
    beyond [floor, cap] (MIS)"""
    cap: Positive = 2.0
    """largest weight of a token"""
    floor: NotNegative = 0.5
    """smallest weight that `mask` keeps"""


@config
class RowFit(Fit):
    """Optimization on rows that a stage has from the beginning."""

    max_steps: AtLeast1 | None = None
    """stop after so many optimizer steps; the schedule ends there"""
    max_length: AtLeast1 = 1024
    """tokens; longer rows are left out and counted"""
    dropout: bool = False
    """learn with the dropout that the model's configuration has; off, a step is the same whatever its
    micro-batches"""

    def learner_options(self) -> dict[str, Any]:
        return super().learner_options() | {"dropout": self.dropout}


@config
class JudgeFit(RowFit):
    """Optimization of a judge on labelled solutions."""

    together: bool = False
    """solutions of a problem go into the same optimizer step, which then reads the problem once"""


@config
class Clip:
    low: Positive = 0.2
    """ratios of the policies, pi / pi_old, count from 1 - low on"""
    high: Positive | None = None
    """and up to 1 + high; null: as far as `low`"""

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.low if self.high is None else self.high


@config
class Kl:
    """The penalty for leaving the reference policy."""

    coef: NotNegative = 0.0
    """its weight; 0 loads no reference policy"""
    estimator: Literal["k1", "k2", "k3"] = "k3"
    """of a token's divergence: log pi - log pi_ref, half its square, or the one that is never negative"""
    reference: ModelName | None = None
    """the reference policy: `base`, a stage, or null for the model that this stage starts from"""
    placement: Literal["reward", "loss"] = "loss"
    """subtracted from the reward, or added to the loss"""

    def keep_to(self, **only: str) -> None:
        """Raises ValueError where an option differs from the only value that an objective has."""
        for name, value in only.items():
            if getattr(self, name) != value:
                raise ValueError(f"kl.{name}: {getattr(self, name)}, and this method has {value} only")


@config
class Process:
    """How the scores of steps are used; read where the method has a judge."""

    outcome: NotNegative = 0.0
    """weight of `rewards`, which what steps earn is added to"""
    refine: credit.Refine = "none"
    """what keeps more steps from earning more"""
    eta: Share = 0.5
    """scores from here on earn nothing (clip, clip_delta)"""


@config
class Validate:
    every: AtLeast0 = 0
    """steps between two validations (of methods with one set of rows: epochs); 0 never validates"""
    limit: AtLeast1 | None = None
    """problems per validation; default all"""
    keep: Literal["last", "best"] = "last"
    """the model that the stage leaves: `last`, or `best` by validation accuracy (needs `every`). Papers take
    the best; `last` is the default as a recipe need not have a validation set"""

    def __post_init__(self) -> None:
        if self.keep == "best" and not self.every:
            raise ValueError("validate.keep: best needs `every`, the steps or epochs between two validations")

    def due(self, count: int) -> bool:
        """Whether the count-th step, from 1 on, ends with a validation."""
        return self.every > 0 and count % self.every == 0

    def require(self, problems: Sequence[object]) -> None:
        """Raises ValueError where there is nothing to validate on."""
        if self.every and not problems:
            raise ValueError(
                "validate.every is set, but the recipe has no problem set named `validation`: add one"
            )


@config
class OnPolicyOptions:
    """The options of methods that learn from rollouts of the policy itself."""

    steps: AtLeast1 = 200
    """rounds of sampling and learning"""
    curriculum: Curriculum | None = None
    """which problems a step takes, and how much of their solutions is given; null: all in turn, from the
    start"""
    sample: Sample = Sample()
    """what is sampled in a step"""
    fit: PolicyFit = PolicyFit()
    """how a step learns from it"""
    validate: Validate = Validate()
    """greedy accuracy on the problem set `validation`, during the training"""


@config
class PolicyGradient(OnPolicyOptions):
    """The options of methods that learn from the rewards of these rollouts."""

    rewards: RewardList = (CORRECT,)
    """what a rollout is worth: `correct`, functions by dotted path, each with a weight"""


@config
class GroupPolicyGradient(PolicyGradient):
    """The options of methods that compare the rollouts at a problem, with bounds of the ratio of the
    policies."""

    clip: Clip = Clip(0.2)
    """bounds of the ratio"""
    kl: Kl = Kl()
    """the KL to the reference policy"""

    def __post_init__(self) -> None:
        self.sample.require_group_of_two()
        self.kl.keep_to(placement="loss")
