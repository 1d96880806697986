"""Metrics with their uncertainty: numbers per problem, intervals over problems, paired tests.

    samples         pass@k, maj@k, MajK@n, diversity       of the samples at one problem
    rerank_accuracy  accuracy of every way to select        against samples, K and N; choosing K and N
    answer_shares    how the samples divide                oracle curves, histograms, an evaluator's cost
    ranking          ROC and AUC, also within problems      of a scorer's scores
    calibration      reliability, ECE, Brier                of scores that are probabilities
    first_errors     F1 of first errors, by position        of a step scorer
    episodes         calls of programs, their errors         of rollouts with tools; their table: tool_metrics
    health           whether a stage learns               conditions on its log, with remedies
    intervals        Wilson, bootstrap means, breakdowns    over problems
    reward_hacking   slopes of reward and accuracy          of a policy in training; steps, repeated ones
    paired           bootstrap difference, McNemar, Holm    of two models on the same problems

Plain values in, plain values out; everything random is seeded, so the same input gives the same number.
"""

from typing import TYPE_CHECKING

from numerate import lazy

if TYPE_CHECKING:
    from numerate.metrics.answer_shares import (
        Bar,
        cost_ratio,
        histogram,
        oracle_curve,
        right_share,
        right_to_top,
    )
    from numerate.metrics.calibration import Bin, brier, ece, reliability
    from numerate.metrics.first_errors import (
        FirstErrors,
        Position,
        by_position,
        choose_threshold,
        first_error,
        first_error_f1,
    )
    from numerate.metrics.intervals import Share, accuracy_by, mean_interval, wilson
    from numerate.metrics.paired import Difference, McNemar, holm, mcnemar, paired_bootstrap, paired_test
    from numerate.metrics.ranking import Operating, auc, auc_interval, auc_within, roc
    from numerate.metrics.rerank_accuracy import (
        LimitChoice,
        choose_limit,
        optimistic_choice,
        strategy_curves,
        strategy_outcomes,
    )
    from numerate.metrics.reward_hacking import StepCounts, step_counts
    from numerate.metrics.samples import Candidates, diversity, maj_at_k, majk, pass_at_k
    from numerate.metrics.subsets import rerank_at_k
else:
    __getattr__, __dir__ = lazy.exports(
        __name__,
        answer_shares="Bar cost_ratio histogram oracle_curve right_share right_to_top",
        calibration="Bin brier ece reliability",
        first_errors="FirstErrors Position by_position choose_threshold first_error first_error_f1",
        intervals="Share accuracy_by mean_interval wilson",
        paired="Difference McNemar holm mcnemar paired_bootstrap paired_test",
        ranking="Operating auc auc_interval auc_within roc",
        rerank_accuracy="LimitChoice choose_limit optimistic_choice strategy_curves strategy_outcomes",
        reward_hacking="StepCounts step_counts",
        samples="Candidates diversity maj_at_k majk pass_at_k",
        subsets="rerank_at_k",
    )

__all__ = [
    "Bar",
    "Bin",
    "Candidates",
    "Difference",
    "FirstErrors",
    "LimitChoice",
    "McNemar",
    "Operating",
    "Position",
    "Share",
    "StepCounts",
    "accuracy_by",
    "auc",
    "auc_interval",
    "auc_within",
    "brier",
    "by_position",
    "choose_limit",
    "choose_threshold",
    "cost_ratio",
    "diversity",
    "ece",
    "first_error",
    "first_error_f1",
    "histogram",
    "holm",
    "maj_at_k",
    "majk",
    "mcnemar",
    "mean_interval",
    "optimistic_choice",
    "oracle_curve",
    "paired_bootstrap",
    "paired_test",
    "pass_at_k",
    "reliability",
    "rerank_at_k",
    "right_share",
    "right_to_top",
    "roc",
    "step_counts",
    "strategy_curves",
    "strategy_outcomes",
    "wilson",
]
