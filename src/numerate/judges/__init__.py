"""Judges say what the steps of a solution are worth. All of them are Scorers (`numerate.types`)."""

from numerate.judges.oracle import Judgement, Oracle
from numerate.judges.trained import load
from numerate.judges.world import knows

__all__ = ["Judgement", "Oracle", "knows", "load"]
