# pyright: strict
"""Credit: from what judges say of steps to numbers that training and selection use. Plain values, no torch.

steps     one number for a solution (avg, prod, max, min, last); Clip, Delta and gains, one number per step
prefixes  labels of a solution's prefixes from attempts to finish them
gae       advantages by a learned value, rewards on tokens, the divergence from a reference
tokens    which token a step ends with
groups    an attempt beside the others of its group or batch (GRPO, RLOO, REINFORCE++)
"""

from numerate.credit.gae import adapted, best, gae, k1, k3, on_tokens, penalised, whiten
from numerate.credit.groups import (
    by_returns,
    by_steps,
    group,
    leave_one_out,
    normalised,
    overlong,
    to_go,
    varied,
)
from numerate.credit.prefixes import broadcast, completable, good, monotone
from numerate.credit.steps import AGGREGATES, Refine, aggregate, clip, delta, gain, quantile, refined
from numerate.credit.tokens import end_tokens

__all__ = [
    "AGGREGATES",
    "Refine",
    "adapted",
    "aggregate",
    "best",
    "broadcast",
    "by_returns",
    "by_steps",
    "clip",
    "completable",
    "delta",
    "end_tokens",
    "gae",
    "gain",
    "good",
    "group",
    "k1",
    "k3",
    "leave_one_out",
    "monotone",
    "normalised",
    "on_tokens",
    "overlong",
    "penalised",
    "quantile",
    "refined",
    "to_go",
    "varied",
    "whiten",
]
