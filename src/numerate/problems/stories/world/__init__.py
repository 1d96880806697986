"""The scenarios. Their order is part of what makes a problem: append, never reorder."""

from __future__ import annotations

from numerate.problems.stories.world.food import BAKERY, COOKING, FARM, FISHING, ORCHARD
from numerate.problems.stories.world.leisure import COLLECTION, CYCLING, DRIVING, PRACTICE, ZOO
from numerate.problems.stories.world.scenario import Scenario
from numerate.problems.stories.world.school import LIBRARY, PARTY, READING, RECYCLING, SCHOOL, SPORTS
from numerate.problems.stories.world.shops import CLOTHES, MARKET, STATIONERY, TOYS
from numerate.problems.stories.world.work import CRAFTS, FACTORY, GARDEN, JOBS, SAVINGS, THEATER

SCENARIOS: tuple[Scenario, ...] = (
    ORCHARD,
    BAKERY,
    RECYCLING,
    LIBRARY,
    READING,
    SPORTS,
    GARDEN,
    FACTORY,
    COLLECTION,
    SAVINGS,
    JOBS,
    CYCLING,
    DRIVING,
    PRACTICE,
    COOKING,
    FISHING,
    THEATER,
    CRAFTS,
    FARM,
    PARTY,
    ZOO,
    SCHOOL,
)
BASKETS: tuple[Scenario, ...] = (
    STATIONERY,
    MARKET,
    CLOTHES,
    TOYS,
)

__all__ = ["BASKETS", "SCENARIOS", "Scenario"]
