"""Inequalities solved, matrices computed, scripts out of order, and writing that says nothing."""

from __future__ import annotations

SAME = [
    # superscript before subscript
    ("a^2_n", "a_n^2"),
    (r"\sigma^2_x", r"\sigma_x^2"),
    ("x^2_1+1", "1+x_1^2"),
    (r"\log^2_2 x", r"(\log_2 x)^2"),
    (r"\sum^{n}_{k=1} k", r"\sum_{k=1}^{n} k"),
    (r"\sum^{10}_{k=1} k", "55"),
    (r"a^{2}_{n+1} - b^3_{m}", r"a_{n+1}^{2} - b_m^{3}"),
    (r"\lambda^{-1}_0", r"\frac{1}{\lambda_0}"),
    # inequalities
    (r"-1\le x\le 1", r"x^2\le1"),
    ("x^2 > 4", "x < -2 or x > 2"),
    ("x^2 > 4", r"(-\infty,-2)\cup(2,\infty)"),
    ("|x| < 2", "-2 < x < 2"),
    ("x^2 - 5x + 6 < 0", "2 < x < 3"),
    ("(x-1)(x-4) \\ge 0", r"x \le 1 \text{ or } x \ge 4"),
    (r"\frac{x-1}{x+2} \le 0", "-2 < x \\le 1"),
    ("x^2 < 2", r"-\sqrt2 < x < \sqrt2"),
    ("2x + 1 > 5", r"(2, \infty)"),
    ("|2x - 1| < 3", "-1 < x < 2"),
    ("x^3 - x > 0", r"(-1,0)\cup(1,\infty)"),
    (r"x^2 \ne 9", r"x \ne 3 \text{ and } x \ne -3"),
    (r"1 < 2x + 1 \le 7", "(0, 3]"),
    (r"9 - x^2 \ge 0", "[-3, 3]"),
    (r"x^2 \le 0", r"\{0\}"),
    # matrices
    (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}+\begin{pmatrix}5&6\\7&8\end{pmatrix}",
        r"\begin{pmatrix}6&8\\10&12\end{pmatrix}",
    ),
    (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}0&1\\1&0\end{pmatrix}",
        r"\begin{pmatrix}2&1\\4&3\end{pmatrix}",
    ),
    (
        r"\begin{bmatrix}5&6\\7&8\end{bmatrix}-2\begin{bmatrix}1&2\\3&4\end{bmatrix}",
        r"\begin{bmatrix}3&2\\1&0\end{bmatrix}",
    ),
    (r"\begin{pmatrix}1&1\\0&1\end{pmatrix}^2", r"\begin{pmatrix}1&2\\0&1\end{pmatrix}"),
    (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}1\\1\end{pmatrix}",
        r"\begin{pmatrix}3\\7\end{pmatrix}",
    ),
    (r"\begin{array}{c} 42 \end{array}", "42"),
    (r"\begin{aligned} x &= 5 \end{aligned}", "x = 5"),
    # functions
    (r"\cosh^2 x-\sinh^2 x", "1"),
    (r"\sinh 2x", r"2\sinh x\cosh x"),
    (r"\cosh x + \sinh x", "e^x"),
    # writing
    ("185\\", "185"),
    ("x = **5**", "5"),
    ("**5** apples", "5"),
    ("2**10", "1024"),
    (r"\frac{1}{2}" + "\\", "0.5"),
    # points that are repeated
    ("(1,2), (3,4), (1,2)", "(3,4), (1,2)"),
]

APART = [
    ("D \\text{ (none of the above)}", "D"),
    ("C (all of these)", "C"),
]

DIFFERENT = [
    ("a^2_n", "a_{2n}"),
    ("a^2_n", "a_2^n"),
    (r"\log^2_2 x", r"\log_2 x^2"),
    (r"\sum^{10}_{k=1} k", "54"),
    (r"-1 < x < 1", r"x^2 \le 1"),
    (r"-1\le x\le 1", r"x^2 \ge 1"),
    (r"-1\le x\le 1", r"y^2\le1"),
    ("x^2 > 4", "x > 2"),
    ("x^2 > 4", "-2 < x < 2"),
    ("x^2 > 4", r"x \le -2 or x \ge 2"),
    ("x^2 - 5x + 6 < 0", "2 < x < 4"),
    ("x^2 - 5x + 6 > 0", "2 < x < 3"),
    (r"\frac{x-1}{x+2} \le 0", r"-2 \le x \le 1"),
    ("x^2 = 4", "x = 2"),
    ("x^2 < 2", "-1.41 < x < 1.41"),
    ("x^3 - x > 0", r"(0,1)"),
    ("|2x - 1| < 3", "-2 < x < 1"),
    (r"x^2 \ne 9", r"x \ne 3"),
    (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}+\begin{pmatrix}5&6\\7&8\end{pmatrix}",
        r"\begin{pmatrix}6&8\\10&11\end{pmatrix}",
    ),
    (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}0&1\\1&0\end{pmatrix}",
        r"\begin{pmatrix}0&1\\1&0\end{pmatrix}\begin{pmatrix}1&2\\3&4\end{pmatrix}",
    ),
    (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}0&1\\1&0\end{pmatrix}",
        r"\begin{pmatrix}0&2\\3&0\end{pmatrix}",
    ),
    (r"\begin{pmatrix}1&1\\0&1\end{pmatrix}^2", r"\begin{pmatrix}1&1\\0&1\end{pmatrix}"),
    (r"\begin{array}{c} 4 \\ 2 \end{array}", "42"),
    (r"\cosh^2 x+\sinh^2 x", "1"),
    (r"\cosh^2 x-\sinh^2 x", "2"),
    ("D \\text{ (none of the above)}", "E"),
    ("D (not E)", "E"),
    ("D or E", "D"),
    ("185\\", "18"),
    ("2**10", "20"),
    ("x = **5**", "25"),
    ("1, 1", "1, 2"),
    ("(1,2), (3,4), (1,2)", "(3,4), (1,3)"),
    ("(1,2), (3,4), (1,2)", "(1,2)"),
]
