"""Scorers of solutions and their steps: reward models, evaluators, the oracle (`numerate.types.Scorer`)."""

from numerate.judges.oracle import Judgement, Oracle
from numerate.judges.oracle.story_facts import has_graph
from numerate.judges.trained import load

__all__ = ["Judgement", "Oracle", "has_graph", "load"]
