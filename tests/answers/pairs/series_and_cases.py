"""Sums, products and functions in pieces."""

from __future__ import annotations

SAME = [
    # sums and products
    (r"\sum_{k=1}^{4} k^2", "30"),
    (r"\prod_{j=1}^{4} j", "24"),
    (r"\sum_{k=0}^{n} 3^k", r"\frac{3^{n+1}-1}{2}"),
    (r"\sum_{k=1}^{n} k^2", r"\frac{n(n+1)(2n+1)}{6}"),
    (r"\sum_{i=1}^{n} i^3", r"\sum_{m=1}^{n} m^3"),
    (r"\sum_{k=1}^{n} k", r"\sum_{k=0}^{n-1} (k+1)"),
    (r"\sum_{k=0}^{n} x^k", r"\frac{x^{n+1}-1}{x-1}"),
    (r"\sum_{n=0}^{\infty} \frac{x^n}{n!}", r"\sum_{k=0}^\infty \frac{x^k}{k!}"),
    (r"\prod_{k=1}^n k", "n!"),
    (r"2\sum_{k=1}^{n} k", "n^2+n"),
    (r"\sum_{k=1}^{3} \frac{1}{k}", r"\frac{11}{6}"),
    (r"\sum_{k=1}^{3} a_k", "a_1+a_2+a_3"),
    (r"\sum\limits_{k=1}^{5} \sqrt{k}", r"1+\sqrt2+\sqrt3+2+\sqrt5"),
    (r"\sum_{k=0}^n \binom{n}{k}", "2^n"),
    (r"\sum_{i=1}^{n} \sum_{j=1}^{n} 1", "n^2"),
    (r"S = \sum_{k=1}^{n} k", r"\frac{n(n+1)}{2}"),
    (r"\sum_{k=1}^{n} x_k", r"\sum_{j=1}^{n} x_j"),
    # pieces and systems
    (r"\begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases}", "|x|"),
    (
        r"g(x) = \begin{cases} x+1, & \text{if } x < 2, \\ 3, & \text{if } x \ge 2 \end{cases}",
        r"\begin{cases} x+1 & x<2 \\ 3 & x\ge 2\end{cases}",
    ),
    (
        r"\begin{cases} 0.5x & x>1 \\ 2 & x \le 1\end{cases}",
        r"\begin{cases} 2, & x \le 1 \\ \frac{x}{2}, & x > 1\end{cases}",
    ),
    (
        r"\begin{cases} 1 & x>0 \\ 0 & \text{otherwise}\end{cases}",
        r"\begin{cases} 1 \text{ if } x > 0 \\ 0 \text{ if } x \le 0\end{cases}",
    ),
    (r"\begin{cases} 2, & n \text{ is odd} \\ 0, & n \text{ is even}\end{cases}", "1-(-1)^n"),
    (r"\begin{cases} x+y=1 \\ x-y=\frac12\end{cases}", r"\begin{cases} x+y=1\\ x-y=0.5 \end{cases}"),
    (r"\begin{cases} x=1 \\ y=2 \end{cases}", "x=1, y=2"),
    (
        r"f(x) = \left\{\begin{array}{ll} x^2 & x<0 \\ x & x \ge 0\end{array}\right.",
        r"\begin{cases} x^2 & x<0 \\ x & x\ge 0\end{cases}",
    ),
    (
        r"\begin{cases} x & 0 \le x \le 1 \\ 2-x & 1 < x \le 2\end{cases}",
        r"\begin{cases} x, & 0 \le x < 1 \\ 2-x, & 1 \le x \le 2\end{cases}",
    ),
    ("|x-1|", r"\begin{cases} x-1 & \text{for } x \ge 1 \\ 1-x & \text{for } x < 1 \end{cases}"),
]

DIFFERENT = [
    # sums and products
    (r"\sum_{k=1}^{4} k^2", "29"),
    (r"\sum_{k=1}^{5} k^2", "30"),
    (r"\prod_{j=1}^{4} j", "10"),
    (r"\sum_{k=0}^{n} 3^k", r"\frac{3^{n}-1}{2}"),
    (r"\sum_{k=1}^{n} k^2", r"\frac{n(n+1)}{2}"),
    (r"\sum_{i=1}^{n} i^3", r"\sum_{m=1}^{n} m^2"),
    (r"\sum_{k=1}^{n} k", r"\sum_{k=0}^{n} (k+1)"),
    (r"\sum_{k=1}^{n} k", r"\sum_{k=1}^{m} k"),
    (r"\sum_{n=0}^{\infty} \frac{x^n}{n!}", r"\sum_{n=1}^{\infty} \frac{x^n}{n!}"),
    (r"\sum_{k=1}^{3} a_k", "3a_k"),
    (r"\sum_{k=1}^{3} f(k)", "6f"),
    (r"\sum_{k=1}^{n} x_k", r"\sum_{k=1}^{n} y_k"),
    (r"\sum_{k=1}^n k", r"\prod_{k=1}^n k"),
    (r"\sum_{k=1}^{n} k", "5050"),
    (r"\sum_{k=1}^{5} x^k", r"\sum_{k=1}^{5} x"),
    (r"\sum_{k=1}^{n} n", r"\sum_{k=1}^{n} k"),
    # pieces and systems
    (r"\begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases}", "x"),
    (r"\begin{cases} x & x \ge 1 \\ -x & x < 1 \end{cases}", "|x|"),
    (
        r"\begin{cases} x+1 & x<2 \\ 4 & x\ge 2\end{cases}",
        r"\begin{cases} x+1 & x\le 2 \\ 4 & x> 2\end{cases}",
    ),
    (
        r"\begin{cases} 1 & x>0 \\ 0 & \text{otherwise}\end{cases}",
        r"\begin{cases} 1 & x > 0 \\ 0 & x < 0\end{cases}",
    ),
    (r"\begin{cases} 2, & n \text{ is even} \\ 0, & n \text{ is odd}\end{cases}", "1-(-1)^n"),
    (r"\begin{cases} x+y=1 \\ x-y=\frac12\end{cases}", r"\begin{cases} x+y=1\\ x-y=2 \end{cases}"),
    (r"\begin{cases} x=1 \\ y=2 \end{cases}", "x=2, y=1"),
    (
        r"\begin{cases} x & 0 \le x \le 1 \\ 2-x & 1 < x \le 2\end{cases}",
        r"\begin{cases} x & 0 \le x \le 1 \\ 2-x & 1 < x \le 3\end{cases}",
    ),
    (
        r"\begin{cases} x^2 & x<1 \\ 2x & x \ge 1\end{cases}",
        r"\begin{cases} t^2 & t<1 \\ 2x & x \ge 1\end{cases}",
    ),
    (
        r"f(x) = \begin{cases} 1 & x>0 \\ 0 & x \le 0\end{cases}",
        r"g(x) = \begin{cases} 1 & x>0 \\ 0 & x \le 0\end{cases}",
    ),
    (r"\begin{cases} 0 & x<1 \\ 1 & x \ge 1\end{cases}", r"\lfloor x \rfloor"),
]
