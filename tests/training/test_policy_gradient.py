"""The correction for another sampler, by hand. The objectives are in tests/methods/test_objectives.py."""

from __future__ import annotations

import math

import pytest

from numerate.training.importance import importance_weights

OLD = [math.log(p) for p in (0.5, 0.9, 0.2, 0.1)]
SAMPLER = [math.log(p) for p in (0.5, 0.3, 0.8, 0.125)]
"""weights 1, 3, 1/4, .8"""


def test_truncated_masked_or_none() -> None:
    assert importance_weights(OLD, SAMPLER, "truncate", 2.0, 0.5) == pytest.approx([1, 2, 0.25, 0.8])
    assert importance_weights(OLD, SAMPLER, "mask", 2.0, 0.5) == pytest.approx([1, 0, 0, 0.8])
    assert importance_weights(OLD, SAMPLER, "none", 2.0, 0.5) == [1, 1, 1, 1]


def test_a_token_that_the_sampler_found_impossible_stays_finite() -> None:
    assert importance_weights([0.0], [-900.0], "truncate", 2.0, 0.5) == [2.0]
