# pyright: strict
"""Consent of the person who starts a run: which finished work may be replaced, which foreign code may run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Redo = bool | Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Consent:
    """Comes from the command line or the caller, never from a recipe."""

    redo: Redo = False
    """whether finished stages may be replaced where the recipe changed, or a function that prompts the
    user"""
    trust: tuple[str, ...] = ()
    """modules outside this package whose functions the recipe may run, see `rewards.trust`"""

    def to_replace(self, message: str) -> bool:
        """Checks whether the finished work that the message names may be replaced."""
        return self.redo(message) if callable(self.redo) else self.redo


NO_CONSENT = Consent()
