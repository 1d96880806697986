"""Samples and what a judge says of them -> rows of `metrics.json` about selection.

    vote_rows           what needs no judge: pass@k, maj@k
    cluster_rows        the same: MajK oracles, an evaluator's cost, shares of right answers
    selection_results   every strategy against samples, K and N; is the judge right, and calibrated
    step_results        does a judge find the wrong steps
    rerank              all of these for one judge and stored samples; its scores are stored beside them
    cross_table         judges by the models whose samples they re-rank

Scores come as a mapping (problem id, index of the sample) -> scores of its steps, so that they can be
stored, and made by any `numerate.types.Scorer` (`scored_by`). docs/selection.md lists the rows.
"""

from numerate.reranking.judges import cross_table, selection_results
from numerate.reranking.rerank import Judge, rerank_models
from numerate.reranking.scores import Judged, Scores, judged_groups, labels_of, scored_by
from numerate.reranking.steps import step_results
from numerate.reranking.votes import cluster_rows, vote_rows

__all__ = [
    "Judge",
    "Judged",
    "Scores",
    "cluster_rows",
    "cross_table",
    "judged_groups",
    "labels_of",
    "rerank_models",
    "scored_by",
    "selection_results",
    "step_results",
    "vote_rows",
]
