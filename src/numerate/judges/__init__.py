"""Judges say what the steps of a solution are worth. All of them are Scorers (`numerate.types`)."""

from numerate.judges.load_judge import load
from numerate.judges.oracle import Judgement, Oracle
from numerate.judges.oracle.story_facts import knows

__all__ = ["Judgement", "Oracle", "knows", "load"]
