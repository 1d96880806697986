"""Integrals, derivatives, limits and infinite sums: read from tokens, and compared by their values.

`parse.calculus` makes the nodes, `closed_form` does what is exact (derivatives, powers, constant factors),
`values` computes the rest with a fixed number of steps, `decide` compares two expressions. What none of them
can decide is Undecided, never a guess.
"""
