"""Small C functions that are compiled on first use, where there is a compiler. Everything works without."""

from numerate.kernels.build import compiled_library, switched_off

__all__ = ["compiled_library", "switched_off"]
