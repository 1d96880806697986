"""Plus-minus written out, words that state a bound, matrices with a factor, sums with dots."""

from __future__ import annotations

APART = [
    # two signs of their own are four values
    (r"\pm2\pm\sqrt3", r"2+\sqrt3, 2-\sqrt3, -2+\sqrt3, -2-\sqrt3"),
    (r"x = \pm 1 \pm 3", "4, -2, 2, -4"),
    (r"\pm 1 \pm 1", "2, 0, -2"),
    # a minus-plus follows the plus-minus
    (r"\pm \sqrt 5 \mp 2", r"\sqrt5 - 2, 2 - \sqrt5"),
    # points
    (r"(\pm 5, 1)", "(5,1), (-5,1)"),
    (r"(0, \pm\sqrt{12})", r"(0, 2\sqrt3) \text{ and } (0, -2\sqrt3)"),
    (r"(\pm 2, \mp 7)", "(2,-7), (-2,7)"),
    # matrices
    (r"-\frac13\begin{pmatrix}3&0\\6&-9\end{pmatrix}", r"\begin{pmatrix}-1&0\\-2&3\end{pmatrix}"),
    (r"-2\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}-2\\-4\end{pmatrix}"),
    # sums with dots
    (r"1+2+3+\cdots+30", "465"),
    (r"2+5+8+\dots+29", "155"),
    # words of a bound
    ("less than 7", r"\text{less than } 7"),
    (r"\text{at least } 3", "At least 3"),
]

DIFFERENT = [
    (r"\pm2\pm\sqrt3", r"2+\sqrt3, -2-\sqrt3"),
    (r"\pm2\pm\sqrt3", r"\pm2\mp\sqrt3"),
    (r"\pm 1 \pm 3", "4, -4"),
    (r"\pm \sqrt 5 \mp 2", r"\sqrt5 - 2, 2 - \sqrt5, \sqrt5 + 2, -\sqrt5 - 2"),
    (r"(\pm 5, 1)", "(5,1)"),
    (r"(\pm 5, 1)", "(5,1), (5,-1)"),
    (r"(\pm 2, \mp 7)", "(2,7), (-2,-7)"),
    (r"(\pm 2, \pm 7)", "(2,7), (-2,-7)"),
    (r"-\frac13\begin{pmatrix}3&0\\6&-9\end{pmatrix}", r"\begin{pmatrix}1&0\\-2&3\end{pmatrix}"),
    (r"-2\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}-2\\4\end{pmatrix}"),
    (r"1+2+3+\cdots+30", "464"),
    (r"1+2+\cdots+64", "2080"),
    ("at least 7", "at most 7"),
    ("at least 7", "7"),
    ("fewer than 7", "more than 7"),
    ("not 7", "7"),
    (r"7 \text{ or less}", "7"),
    (r"\text{no more than } 7", r"\text{no less than } 7"),
]
