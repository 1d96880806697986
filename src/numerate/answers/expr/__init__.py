"""Expressions as trees, and their values: exact, modulo a prime, numeric."""
