"""The relations, as tables: how each is told, which calculations follow, and how the solution says so."""

from __future__ import annotations

from numerate.problems.stories.relation import Relation
from numerate.problems.stories.tables.bills import BILL
from numerate.problems.stories.tables.changes import CHANGES
from numerate.problems.stories.tables.compared import COMPARED as DIRECT
from numerate.problems.stories.tables.fresh import FRESH
from numerate.problems.stories.tables.groups import GROUPS
from numerate.problems.stories.tables.indirect import INDIRECT
from numerate.problems.stories.tables.joined import JOINED
from numerate.problems.stories.tables.plans import PLANS
from numerate.problems.stories.tables.purse import PURSE
from numerate.problems.stories.tables.roads import ROAD
from numerate.problems.stories.tables.sales import SALES
from numerate.problems.stories.tables.shopping import BUY, NEXT, SUM

COMPARED = (*DIRECT, *INDIRECT)
EVENTS: tuple[Relation, ...] = (*CHANGES, *GROUPS, *PLANS, *SALES, *PURSE, *BILL, *ROAD)
RELATIONS: tuple[Relation, ...] = (*FRESH, *COMPARED, *JOINED, *EVENTS, *NEXT, SUM)

__all__ = ["BUY", "COMPARED", "EVENTS", "FRESH", "JOINED", "NEXT", "PURSE", "RELATIONS", "SUM"]
