"""The options that methods share, one record each. A method has those of its own defaults that differ:
`fit: Fit = Fit(lr=1e-5)`; what a recipe leaves out of a record has these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
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
    """maximum of problems per step; each pass over all problems is shuffled anew and divided evenly into
    steps, except with a curriculum; expert_iteration takes them in the set's order, in a cycle; null: all"""
    rollouts: AtLeast1 = 8
    """rollouts per problem"""
    temperature: Positive | None = 1.0
    """sampling temperature; objectives assume 1, other values make the rollouts off-policy. null: 0.7 for a
    model trained by a stage, 0.2 for base, which is only prompted (arXiv:2403.04642)"""
    top_p: Share = 1.0
    """of the sampling"""
    top_k: AtLeast0 = 0
    """of the sampling; 0 keeps all tokens"""
    max_tokens: AtLeast1 = 256
    """maximum length of a rollout, in tokens; truncated rollouts are wrong unless grade_truncated"""
    grade_truncated: bool = False
    """grade truncated rollouts by their text; otherwise they are wrong"""
    ahead: Literal[0, 1] = 0
    """1: the local engine starts rollouts of the next step in slots that are free before the last rollout of
    a step ends; their tokens are at most one step off-policy"""

    def require_not_ahead(self) -> None:
        """Raises ValueError where rollouts of a next step are to be started, and there is none."""
        if self.ahead:
            raise ValueError("sample.ahead: 1 is for methods that learn on-policy: leave it out")

    def require_group_of_two(self) -> None:
        """Raises ValueError where a rollout has no other at its problem to be compared with."""
        if self.rollouts < 2:
            raise ValueError("sample.rollouts: a group needs at least 2 rollouts per problem, not 1")


@config
class Fit:
    """Optimization options of every method that trains."""

    lr: Positive = 1e-6
    """peak learning rate; 10 to 100 times higher suits adapters and models under 10 M parameters"""
    final_lr: NotNegative | None = None
    """learning rate at the end of a cosine; null keeps it constant"""
    warmup: Share = 0.0
    """share of the steps with a linear warm-up of the learning rate"""
    betas: Betas = (0.9, 0.95)
    """AdamW's: those of trlX, OpenRLHF (REINFORCE++) and the CISPO paper; most papers state none, and torch's
    defaults are 0.9 and 0.999"""
    weight_decay: NotNegative = 0.0
    """AdamW's"""
    max_norm: Positive = 1.0
    """gradient clipping norm"""
    epochs: AtLeast1 = 1
    """passes over the rows of a step; in stages with fixed rows, over these"""
    batch: AtLeast1 | None = None
    """maximum of rows per optimizer step; the rows of a pass are divided evenly. Methods that compare the
    rollouts of a problem keep these together"""
    minibatches: AtLeast1 | None = None
    """optimizer steps per pass, in place of batch. Without either a pass is one optimizer step"""
    micro_tokens: AtLeast1 = 2048
    """tokens per micro-batch; no effect on the result"""
    head_mib: AtLeast1 = 256
    """MiB of logits held at once per micro-batch; no effect on the result"""
    activation_checkpointing: Literal["auto", "on", "off"] = "auto"
    """recompute every layer in the backward pass to save memory; `auto`: if memory would not suffice; no
    effect on the result"""
    lora_rank: AtLeast0 = 0
    """rank of low-rank adapters, such as 8 to 128, merged when the model is saved; 0 trains all weights"""
    lora_alpha: Positive | None = None
    """scale of the adapters; default: twice the rank"""

    ALTERNATIVES: ClassVar = (("batch", "minibatches"),)

    def __post_init__(self) -> None:
        if self.batch and self.minibatches:
            raise ValueError("fit: batch and minibatches exclude each other: set one of them")

    def steps_per_pass(self, rows: int) -> int:
        """Returns the optimizer steps of one pass over so many rows."""
        return math.ceil(rows / self.batch) if self.batch else min(self.minibatches or 1, rows)

    def rate_at_end(self) -> float:
        """Returns the learning rate of the last step."""
        return self.lr if self.final_lr is None else self.final_lr

    def single_step_note(self) -> str:
        """Returns the warning about a stage whose only step is its last; empty at a constant rate."""
        end = self.rate_at_end()
        if end == self.lr:
            return ""
        rate = f"at fit.final_lr ({end:g}), the end of its schedule, and not at fit.lr ({self.lr:g})"
        return f"a stage of one step trains {rate}: take more steps, or set fit.final_lr to null"

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
    """truncated rollouts: trained on, or left out of the loss (they still count in the group's statistics)"""
    old_logprobs: Old = "auto"
    """log pi_old: auto, the engine's unless they drift; always the engine's; or recomputed"""
    correction: Literal["truncate", "mask", "none"] = "truncate"
    """importance weights pi_old / pi_sampler of recomputed log-probabilities: truncated at `cap` (TIS), or
    masked outside [floor, cap] (MIS)"""
    cap: Positive = 2.0
    """largest weight of a token"""
    floor: NotNegative = 0.5
    """smallest weight kept by `mask`"""


@config
class RowFit(Fit):
    """Optimization on fixed rows."""

    max_steps: AtLeast1 | None = None
    """maximum of optimizer steps, also the end of the schedule"""
    max_length: AtLeast1 = 1024
    """tokens; longer rows are left out and counted"""
    dropout: bool = False
    """train with the dropout of the model's configuration; without it the micro-batches have no effect on the
    result"""

    def learner_options(self) -> dict[str, Any]:
        return super().learner_options() | {"dropout": self.dropout}


@config
class JudgeFit(RowFit):
    """Optimization of a reward model on labelled solutions."""

    together: bool = False
    """keep the solutions of a problem in the same optimizer step, which then processes the prompt once"""


@config
class Clip:
    low: Positive = 0.2
    """lower bound 1 - low of the ratio pi / pi_old"""
    high: Positive | None = None
    """upper bound 1 + high; null: the same as `low`"""

    @property
    def bounds(self) -> tuple[float, float]:
        return self.low, self.low if self.high is None else self.high


@config
class Kl:
    """KL penalty to the reference policy."""

    coef: NotNegative = 0.0
    """weight of the KL; 0 loads no reference policy"""
    estimator: Literal["k1", "k2", "k3"] = "k3"
    """estimator per token: k1, log pi - log pi_ref; k2, half its square; k3, the non-negative one"""
    reference: ModelName | None = None
    """the reference policy: `base`, a stage, or null for the stage's initial policy"""
    placement: Literal["reward", "loss"] = "loss"
    """subtracted from the reward, or added to the loss"""


@config
class Process:
    """Use of step scores, with a judge."""

    outcome: NotNegative = 0.0
    """weight of `rewards`, added to the step scores; by default 0 in grpo and 1 in ppo, as in their papers"""
    refine: credit.Refine = "none"
    """refinement of step scores, against rewards that grow with the number of steps"""
    eta: Share = 0.5
    """threshold from which scores give no reward (clip, clip_delta)"""


@config
class Validate:
    every: AtLeast0 = 0
    """steps between two validations (of methods with one set of rows: epochs); 0 never validates"""
    limit: AtLeast1 | None = None
    """problems per validation; default all"""
    keep: Literal["last", "best"] = "last"
    """model that the stage saves: `last`, or `best` by validation accuracy (needs `every`). Papers take the
    best; `last` is the default because the problem set `validation` is optional"""

    def __post_init__(self) -> None:
        if self.keep == "best" and not self.every:
            raise ValueError("validate.keep: best needs `every`, the steps or epochs between two validations")

    def due(self, count: int) -> bool:
        """Checks whether the count-th step, from 1 on, ends with a validation."""
        return self.every > 0 and count % self.every == 0

    def require(self, problems: Sequence[object]) -> None:
        """Raises ValueError where there is nothing to validate on."""
        if self.every and not problems:
            raise ValueError(
                "the recipe has no problem set named `validation` to validate on: add it to problems, or set "
                "validate.every: 0"
            )


class Reinforcement:
    """Marks the options of a reinforcement method. A recipe may have all options of
    `reinforcement.SharedOptions` with each of these methods: those that a method does not use are left out,
    with a note."""

    UNUSED: ClassVar[frozenset[str]] = frozenset()
    """options of the method's own records that it does not use, such as `kl.placement`: they have one value,
    the default"""


@config
class OnPolicyOptions(Reinforcement):
    """Options of on-policy methods."""

    steps: AtLeast1 = 200
    """rounds of sampling and learning"""
    curriculum: Curriculum | None = None
    """choice of the problems of a step, and of the prefix of their solutions; null: all problems in turn,
    without a prefix"""
    sample: Sample = Sample()
    """sampling of a step"""
    fit: PolicyFit = PolicyFit()
    """optimization of a step"""
    validate: Validate = Validate()
    """greedy accuracy on the problem set `validation`, during the training"""

    def reference_model(self, initial: str) -> str | None:
        """Returns the model of the reference policy, None where none is loaded. initial: the model that the
        stage starts from."""
        kl: Kl | None = getattr(self, "kl", None)
        return (kl.reference or initial) if kl and kl.coef else None

    def ahead_conflict(self) -> str | None:
        """Returns why sampling cannot be ahead of learning with these options, None where it can."""
        if self.curriculum:
            return "a curriculum chooses problems by the outcomes of the step before: set ahead: 0"
        if self.fit.correction == "none":
            return (
                "rollouts of an older policy need the importance correction: set fit.correction to truncate "
                "or mask"
            )
        return None


@config
class PolicyGradient(OnPolicyOptions):
    """Options of policy-gradient methods."""

    rewards: RewardList = (CORRECT,)
    """reward functions: `correct`, functions by dotted path, each with a weight"""


@config
class ClippedPolicyGradient(PolicyGradient):
    """Options of methods that compare the rollouts of a problem, with a clipped ratio."""

    clip: Clip = Clip(0.2)
    """clip of the ratio"""

    def __post_init__(self) -> None:
        self.sample.require_group_of_two()
        for path in sorted(self.UNUSED):
            key, word = path.split(".")
            value, only = (getattr(record, word) for record in (getattr(self, key), default_of(self, key)))
            if value != only:
                raise ValueError(f"{path}: {value} is not supported by this method: set {only}")


def default_of(options: Any, key: str) -> Any:
    """Returns the default of an option."""
    return next(field.default for field in fields(options) if field.name == key)


@config
class GroupPolicyGradient(ClippedPolicyGradient):
    """Options of methods that have a KL to the reference policy, too."""

    kl: Kl = Kl()
    """the KL to the reference policy"""

    UNUSED: ClassVar = frozenset({"kl.placement"})
