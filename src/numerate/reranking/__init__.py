"""Re-ranking: samples and scores to rows of `metrics.json` about selection.

    vote_rows           without scores: pass@k, maj@k
    cluster_rows        the same: MajK oracles, an evaluator's cost, shares of right answers
    selection_results   every strategy by samples, K and N; ranking and calibration of the scores
    step_results        how well step scores locate the wrong steps
    rerank_models       all of these for each reward model and stored samples; scores are stored too
    cross_table         reward models by the models whose samples they re-rank

Scores are a mapping (problem id, index of the sample) -> scores of its steps, so that they can be stored, and
made by any `numerate.types.Scorer` (`scored_by`). docs/selection.md lists the rows.
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
