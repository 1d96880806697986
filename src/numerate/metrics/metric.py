# pyright: strict
"""Record of a metric of `metrics.json`; the table of all is `metrics/catalog.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Unit = Literal["proportion", "share", "count", "score"]
Over = Literal[
    "greedy",
    "samples",
    "k samples",
    "k clusters",
    "scores",
    "step scores",
    "labelled steps",
    "greedy episodes",
    "sampled episodes",
]
Figure = Literal["curves", "diversity", "strategies", "cost", "histograms", "roc", "reliability", "positions"]


@dataclass(frozen=True, slots=True)
class Metric:
    name: str
    """in the rows of metrics.json"""
    title: str
    """heading; {k} stands for the k of a row"""
    help: str
    value: Callable[..., Any] | None = None
    """a number per problem, None where it does not apply to the problem; of scores, a list of points"""
    unit: Unit = "proportion"
    """proportion: of the problems, each right, wrong, or a chance. share: of a problem's samples. Both are
    printed in percent, with Wilson's interval where every value is 0 or 1, else a bootstrap. score: in
    [0, 1], printed with three digits. count: any number; bootstrap"""
    over: Over | None = None
    """what `value` takes. greedy, samples: the group of a problem; k samples, k clusters: its samples and
    k; scores, step scores, labelled steps: a scorer's scores, their labels and problems; greedy episodes,
    sampled episodes: the rollouts of a problem where some rollout calls programs, `value` returns numerator
    and denominator. None, for metrics without a `value`: their rows are made elsewhere"""
    in_summary: bool = False
    """a column of the tables of models, or of scorers"""
    figures: tuple[Figure, ...] = ()
    """figures of the report"""
    legend: str = ""
    """name in figures, where it is not the title"""

    def measure(self, *arguments: Any) -> Any:
        assert self.value is not None
        return self.value(*arguments)
