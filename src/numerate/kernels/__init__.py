"""Small C functions that are compiled on first use, where there is a compiler. Everything works without."""

from numerate.kernels.build import library, switched_off

__all__ = ["library", "switched_off"]
