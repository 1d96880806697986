"""Pairs of answers by kind. SAME: equal, and one vote. APART: equal, and nothing is claimed of votes.
DIFFERENT: near misses."""
