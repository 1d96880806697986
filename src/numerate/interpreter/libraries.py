# pyright: strict
"""Modules that programs use: loaded before a program begins, in the zygote, so that a fork has them.

A process without numpy and sympy is faster to fork, by a third for a short program, so there are supervisors
of both kinds; the text of a program decides which of them runs it."""

from __future__ import annotations

import re
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from typing import Any

LIBRARIES = ("numpy", "sympy", "mpmath")
STANDARD = """
abc array ast base64 bisect bz2 calendar cmath collections contextlib copy csv dataclasses datetime
decimal difflib enum fractions functools glob graphlib hashlib heapq html inspect io itertools json
locale logging lzma math numbers operator pathlib pickle platform pprint queue random re secrets
shutil statistics string struct tempfile textwrap threading time timeit traceback types typing
warnings weakref zlib zoneinfo concurrent.futures.thread
"""
IMPORTS = re.compile(r"\bfrom\s+(\w+)[\w.]*\s+import\b|\bimport\s+(\w+)|\b(numpy|sympy|mpmath)\b")


def needs_libraries(code: str) -> bool:
    """Checks whether a program names a library, or imports a module from outside Python, which may itself
    import a library. Other programs run in a process without libraries, and can still import them, slowly."""
    modules = {name for match in IMPORTS.finditer(code) for name in match.groups() if name}
    return not modules <= sys.stdlib_module_names


def load_standard() -> None:
    """Imports what programs use of the standard library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in STANDARD.split():
            import_module(name)


def load_libraries() -> None:
    """Imports the libraries that are installed and not loaded yet, and seeds their random numbers."""
    missing = {name for name in LIBRARIES if name not in sys.modules}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in missing:
            with suppress(ImportError):
                import_module(name)
    if "numpy" in missing & sys.modules.keys():
        sys.modules["numpy"].random.seed(0)
    if "sympy" in missing & sys.modules.keys():
        sys.modules["sympy"].core.random.seed(0)


def warm_libraries() -> list[str]:
    """Touches what the loaded libraries compute on first use; returns their names and versions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "numpy" in sys.modules:
            numpy = import_module("numpy")
            numpy.linalg.solve(numpy.eye(3), numpy.ones(3))
        if "sympy" in sys.modules:
            warm_sympy(import_module("sympy"))
    loaded = [(name, sys.modules[name]) for name in LIBRARIES if name in sys.modules]
    return [f"{name} {getattr(module, '__version__', '')}".strip() for name, module in loaded]


def warm_sympy(sympy: Any) -> None:
    """Computes a little of everything, so that modules loaded late and tables made late are there."""
    x, y = sympy.symbols("x y")
    sympy.solve(x**2 - 5 * x + 6, x)
    sympy.solve([x + y - 3, x - y - 1], [x, y])
    sympy.simplify(sympy.sin(x) ** 2 + sympy.cos(x) ** 2)
    sympy.integrate(x**2 * sympy.exp(-x), (x, 0, sympy.oo))
    sympy.summation(1 / x**2, (x, 1, sympy.oo))
    sympy.factorint(360360)
    sympy.solveset(abs(sympy.Symbol("r", real=True)) - 5, domain=sympy.S.Reals)
    sympy.Matrix([[1, 2], [3, 4]]).eigenvals()
    sympy.N(sympy.pi, 30)
    sympy.limit(sympy.sin(x) / x, x, 0)
    sympy.nsimplify(0.125)
    str(sympy.expand((x + y) ** 3) / sympy.sqrt(2))
    sympy.latex(x / y)
    sympy.core.cache.clear_cache()
    sympy.core.random.seed(0)
