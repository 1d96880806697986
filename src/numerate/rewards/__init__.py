"""Reward functions. Usable from other training code by their dotted paths."""
