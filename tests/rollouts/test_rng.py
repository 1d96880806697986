"""Random streams: functions of their names, fixed for ever, independent of each other."""

from __future__ import annotations

import numpy as np

from numerate.rollouts.rng import uniform_stream


def test_a_stream_is_fixed_for_ever() -> None:
    """Values written down on the day it was made: a change would silently change every seeded run."""
    assert uniform_stream(0, 0, "p", 0, 3).round(6).tolist() == [0.889355, 0.654718, 0.15651]


def test_a_short_stream_begins_a_long_one() -> None:
    assert uniform_stream(1, 2, "p", 3, 1000)[:10].tolist() == uniform_stream(1, 2, "p", 3, 10).tolist()


def test_every_part_of_the_name_counts() -> None:
    names = [(0, 0, "p", 0), (1, 0, "p", 0), (0, 1, "p", 0), (0, 0, "q", 0), (0, 0, "p", 1), (0, 0, "0/p", 0)]
    assert len({tuple(uniform_stream(*name, 4)) for name in names}) == len(names)


def test_streams_are_uniform_and_unrelated() -> None:
    """200 000 numbers: mean 1/2 within 4 standard errors (0.29 / sqrt(n)), neighbours uncorrelated."""
    table = np.array([uniform_stream(0, 0, f"p{i // 20}", i % 20, 200) for i in range(1000)])
    assert abs(table.mean() - 0.5) < 4 * 0.2887 / np.sqrt(table.size)
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 4 / np.sqrt(table.size)
    assert table.min() >= 0 and table.max() < 1
