"""Reward functions: what an attempt is worth. Usable from other training code by their dotted paths."""
