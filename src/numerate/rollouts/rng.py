"""Random numbers by counter: the t-th number of rollout `index` at a problem is a pure function of (seed,
round, problem id, index, t). So a sample depends neither on its neighbours in a batch, nor on the number of
workers, nor on a restart.

Philox 4x64 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), its key a hash of the
four."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def uniform_stream(seed: int, round: int, problem_id: str, index: int, count: int) -> NDArray[np.float64]:
    """Returns the first `count` numbers of a stream, in [0, 1); a longer stream starts with a shorter one."""
    key = _key(seed, round, problem_id, index)
    return np.random.Generator(np.random.Philox(key=key)).random(count)


def seed_of(seed: int, round: int, problem_id: str, index: int) -> int:
    """Returns one number for a rollout, in [0, 2^31): for engines that have random numbers of their own."""
    return _key(seed, round, problem_id, index) % 2**31


def _key(seed: int, round: int, problem_id: str, index: int) -> int:
    name = f"{seed}/{round}/{index}/{problem_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=16).digest(), "little")
