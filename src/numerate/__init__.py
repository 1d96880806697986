"""Teaches language models to reason about mathematics, and measures honestly whether they learned to."""

__version__ = "0.1.0"
