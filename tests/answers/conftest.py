"""Hypothesis: the same examples in every run, and no stop-watch on a busy machine.

HYPOTHESIS_PROFILE=wide searches further, with new examples each time."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("wide", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
