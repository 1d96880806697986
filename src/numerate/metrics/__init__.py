"""What a model can do, and how sure that is: numbers per problem, intervals over problems, paired tests.

    attempts    pass@k, maj@k, MajK@n, diversity       of the attempts at one problem
    intervals   Wilson, bootstrap means, breakdowns    over problems
    paired      bootstrap difference, McNemar          of two models on the same problems

Plain values in, plain values out; everything random is seeded, so the same input gives the same number.
"""

from numerate.metrics.attempts import diversity, maj_at_k, majk, pass_at_k
from numerate.metrics.intervals import Share, accuracy_by, mean_interval, wilson
from numerate.metrics.paired import Difference, McNemar, mcnemar, paired_bootstrap

__all__ = [
    "Difference",
    "McNemar",
    "Share",
    "accuracy_by",
    "diversity",
    "maj_at_k",
    "majk",
    "mcnemar",
    "mean_interval",
    "paired_bootstrap",
    "pass_at_k",
    "wilson",
]
