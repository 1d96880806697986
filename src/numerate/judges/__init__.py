"""Scorers of solutions and their steps: reward models, evaluators, the oracle (`numerate.types.Scorer`)."""

from numerate.judges.load_judge import load
from numerate.judges.oracle import Judgement, Oracle
from numerate.judges.oracle.story_facts import has_graph

__all__ = ["Judgement", "Oracle", "has_graph", "load"]
