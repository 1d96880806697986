"""Trains language models to reason about mathematics, and measures the result."""

from typing import TYPE_CHECKING

from numerate import lazy

if TYPE_CHECKING:
    from numerate import answers, credit, metrics, problems, rewards, selection, steps, training
else:
    __getattr__, __dir__ = lazy.exports(
        __name__,
        answers="",
        credit="",
        metrics="",
        problems="",
        rewards="",
        selection="",
        steps="",
        training="",
    )

__all__ = ["answers", "credit", "metrics", "problems", "rewards", "selection", "steps", "training"]
__version__ = "0.1.0"
