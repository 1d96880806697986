# pyright: strict
"""Credit: from what judges say of steps to numbers that training and selection use. Plain values, no torch.

steps     one number for a solution (avg, prod, max, min, last), and the Clip and Delta refinements
prefixes  labels of a solution's prefixes from attempts to finish them
"""

from numerate.credit.prefixes import broadcast, completable, good, monotone
from numerate.credit.steps import AGGREGATES, aggregate, clip, delta

__all__ = ["AGGREGATES", "aggregate", "broadcast", "clip", "completable", "delta", "good", "monotone"]
