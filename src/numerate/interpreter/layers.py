# pyright: strict
"""Layers that keep programs apart from this machine, and what they leave open."""

from __future__ import annotations

import sys
from dataclasses import dataclass

ALWAYS_OPEN = (
    "side channels and faults of the kernel",
    "names, sizes and times of files, by their path",
)


@dataclass(frozen=True, slots=True)
class IsolationLayer:
    """A layer, tried by an act that it forbids."""

    name: str
    holds: bool
    detail: str = ""
    """what it forbids, or why it does not hold"""


@dataclass(frozen=True, slots=True)
class Isolation:
    """Layers of this machine."""

    layers: tuple[IsolationLayer, ...]
    confined: bool
    """files, network and other processes are out of a program's reach"""
    libraries: tuple[str, ...] = ()
    """loaded before a program begins"""

    @property
    def gaps(self) -> tuple[str, ...]:
        """Returns what the layers do not cover."""
        holding = {layer.name for layer in self.layers if layer.holds}
        gaps: list[str] = []
        if not self.confined:
            gaps.append("files, network and processes of this user")
        if "limits" not in holding:
            gaps.append("memory and CPU time")
        elif "user" not in holding:
            gaps.append("the number of threads, which only memory limits")
        return (*gaps, *ALWAYS_OPEN)

    def line(self) -> str:
        """Returns one line for a person."""
        holding = ", ".join(layer.name for layer in self.layers if layer.holds) or "no layer"
        if self.confined:
            return f"programs are confined by {holding}; not covered: {'; '.join(self.gaps)}"
        return f"programs are NOT confined ({holding} only); open to them: {'; '.join(self.gaps)}"


NOWHERE = Isolation(
    (IsolationLayer("processes", False, f"there is no fork on {sys.platform}"),), confined=False
)
