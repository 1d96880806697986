# pyright: strict
"""Credit: from what judges say of steps to numbers that training and selection use. Plain values, no torch.

steps     one number for a solution (avg, prod, max, min, last), and the Clip and Delta refinements
prefixes  labels of a solution's prefixes from attempts to finish them
groups    an attempt beside the others of its group or batch (GRPO, RLOO, REINFORCE++)
"""

from numerate.credit.groups import by_steps, group, leave_one_out, normalised, overlong, to_go, varied
from numerate.credit.prefixes import broadcast, completable, good, monotone
from numerate.credit.steps import AGGREGATES, aggregate, clip, delta

__all__ = [
    "AGGREGATES",
    "aggregate",
    "broadcast",
    "by_steps",
    "clip",
    "completable",
    "delta",
    "good",
    "group",
    "leave_one_out",
    "monotone",
    "normalised",
    "overlong",
    "to_go",
    "varied",
]
