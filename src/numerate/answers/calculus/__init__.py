"""Integrals, derivatives, limits and infinite sums: read from tokens, and compared by their values.

`reading` makes the nodes, `closed` does what is exact (derivatives, powers, constant factors), `values`
computes the rest with a fixed number of steps, `decide` compares two expressions. What none of them can
decide is Undecided, never a guess.
"""
