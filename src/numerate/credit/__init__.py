# pyright: strict
"""Credit: rewards and step scores to advantages and to numbers for selection. Plain values, no torch.

    steps     aggregates (avg, prod, max, min, last); Clip, Delta and gains, per step
    prefixes  labels of a solution's prefixes from its continuations
    gae       advantages by a value function, rewards on tokens, KL penalties
    tokens    the token that a step ends with; columns of a row from and to its trained tokens
    preferences  losses of pairs and of labelled rollouts (DPO, KTO)
    groups    a rollout against its group or batch (GRPO, RLOO, REINFORCE++)

None stands for a reward that was not measured; it never counts as 0.
"""

from numerate.credit.gae import (
    adapt_kl_coef,
    best_of_n,
    gae,
    k1,
    k2,
    k3,
    on_tokens,
    subtract_kl_penalty,
    whiten,
)
from numerate.credit.groups import (
    group,
    has_signal,
    leave_one_out,
    normalize_advantages,
    overlong_penalty,
    process_advantages,
    return_advantages,
    returns_to_go,
)
from numerate.credit.preferences import dpo, kto, kto_kl
from numerate.credit.prefixes import broadcast_outcome, completable_prefixes, good_prefixes, make_monotone
from numerate.credit.steps import (
    AGGREGATES,
    Refine,
    aggregate,
    clip,
    delta,
    gain,
    refine_step_scores,
    score_quantile,
)
from numerate.credit.tokens import end_tokens, gather_trained, scatter_trained

__all__ = [
    "AGGREGATES",
    "Refine",
    "adapt_kl_coef",
    "aggregate",
    "best_of_n",
    "broadcast_outcome",
    "clip",
    "completable_prefixes",
    "delta",
    "dpo",
    "end_tokens",
    "gae",
    "gain",
    "gather_trained",
    "good_prefixes",
    "group",
    "has_signal",
    "k1",
    "k2",
    "k3",
    "kto",
    "kto_kl",
    "leave_one_out",
    "make_monotone",
    "normalize_advantages",
    "on_tokens",
    "overlong_penalty",
    "process_advantages",
    "refine_step_scores",
    "return_advantages",
    "returns_to_go",
    "scatter_trained",
    "score_quantile",
    "subtract_kl_penalty",
    "whiten",
]
