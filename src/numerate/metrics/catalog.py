# pyright: strict
"""Table of the metrics of `metrics.json`: a record each, in the order of tables.

A new metric is a function in a file of its own and a record here. Evaluations measure what has a `value`;
the report, `numerate compare` and the tables of the terminal take title, help and unit from the record.
docs/extend.md shows an example."""

from __future__ import annotations

from functools import partial

from numerate.metrics import per_problem as of_problem
from numerate.metrics import score_points as of_scores
from numerate.metrics.metric import Figure, Metric, Over
from numerate.metrics.tool_metrics import TOOL_METRICS

greedy_metric = partial(Metric, over="greedy", in_summary=True)
diversity_metric = partial(Metric, unit="count", over="samples", figures=("diversity",))
strategy_metric = partial(Metric, figures=("strategies",))
histogram_metric = partial(Metric, figures=("histograms",))
judge_metric = partial(Metric, unit="score", over="scores", in_summary=True)
steps_metric = partial(Metric, unit="score", over="labelled steps")

METRICS: tuple[Metric, ...] = (
    greedy_metric("accuracy", "Accuracy", "greedy answers that are right", of_problem.right_share),
    greedy_metric(
        "accuracy_strict",
        "Strict",
        "greedy answers that GSM8K's official string comparison accepts",
        of_problem.strict_share,
    ),
    Metric(
        "accuracy_on_sampled",
        "Greedy, same problems",
        "greedy answers that are right, on the problems with samples",
        in_summary=True,
    ),
    Metric("accuracy_difference", "Accuracy, difference", "paired difference of greedy accuracy"),
    Metric("sampled_accuracy", "Sampled accuracy", "share of the samples that is right", unit="share"),
    Metric(
        "pass_at_k",
        "pass@{k}",
        "chance that at least one of {k} samples is right (unbiased estimate)",
        of_problem.pass_chance,
        over="k samples",
        in_summary=True,
        figures=("curves",),
    ),
    Metric(
        "maj_at_k",
        "maj@{k}",
        "chance that the majority answer of {k} samples is right",
        of_problem.vote_chance,
        over="k samples",
        in_summary=True,
        figures=("curves", "strategies"),
        legend="Majority",
    ),
    Metric(
        "majk_at_n",
        "Maj{k}",
        "one of the {k} largest clusters of answers is right (oracle selection)",
        of_problem.largest_hold_right,
        over="k clusters",
        figures=("curves",),
        legend="MajK, oracle",
    ),
    Metric(
        "scored_share",
        "Samples to score for Maj{k}",
        "share of the samples in the {k} largest clusters, which need scores",
        of_problem.scored_share,
        "share",
        over="k clusters",
        figures=("cost",),
    ),
    histogram_metric("right_share", "Share of the right answer", "problems by the share of right samples"),
    histogram_metric(
        "right_share_lost", "Share of the right answer, lost votes", "some sample right, majority wrong"
    ),
    histogram_metric(
        "right_to_top",
        "Size of the right cluster, lost votes",
        "relative to the size of the largest cluster",
    ),
    greedy_metric(
        "unanswered", "Unanswered", "greedy samples with no answer to grade", of_problem.unanswered_share
    ),
    greedy_metric(
        "truncated", "Truncated", "truncated greedy samples, without EOS", of_problem.truncated_share
    ),
    Metric(
        "no_room",
        "No room",
        "problems longer than the model's context: wrong, without a sample",
        in_summary=True,
    ),
    greedy_metric("tokens_mean", "Tokens", "mean length of a greedy sample", of_problem.mean_tokens, "count"),
    diversity_metric(
        "diversity_exact",
        "Distinct texts",
        "different texts among the {k} samples of a problem",
        of_problem.distinct("exact"),
    ),
    diversity_metric(
        "diversity_trace",
        "Distinct calculations",
        "different calculations among the {k} samples of a problem",
        of_problem.distinct("trace"),
    ),
    diversity_metric(
        "diversity_exact_right",
        "Distinct right texts",
        "different texts among the right ones of {k} samples",
        of_problem.distinct("exact", right=True),
    ),
    diversity_metric(
        "diversity_trace_right",
        "Distinct right calculations",
        "different calculations among the right ones of {k} samples",
        of_problem.distinct("trace", right=True),
    ),
    Metric(
        "truncated_sampled",
        "Truncated samples",
        "truncated samples, without EOS",
        of_problem.truncated_share,
        "share",
        over="samples",
    ),
    *TOOL_METRICS,
    strategy_metric(
        "rerank_all_at_k", "RR.All@{k}", "the best-scored of {k} samples is right", legend="Best score"
    ),
    strategy_metric(
        "rerank_topk_at_k",
        "RR.MajK@{k}",
        "the best-scored of {k} samples within the K largest clusters is right",
        legend="Best score in top K",
    ),
    strategy_metric(
        "weighted_at_k",
        "W.RR@{k}",
        "the cluster of {k} samples with the largest sum of scores is right",
        legend="Weighted vote",
    ),
    strategy_metric(
        "weighted_topk_at_k",
        "W.RR.MajK@{k}",
        "weighted vote within the K largest clusters",
        legend="Weighted in top K",
    ),
    strategy_metric(
        "majority_topn_at_k",
        "Maj1.TopN@{k}",
        "the majority answer of the N best-scored of {k} samples is right",
        legend="Majority of top N",
    ),
    strategy_metric(
        "outlier_free_at_k",
        "Outlier-free@{k}",
        "the cluster with the largest median score times size is right",
        legend="Outlier-free",
    ),
    strategy_metric(
        "guided_at_k",
        "Guided@{k}",
        "the answer of value-guided sampling with {k} candidates a step is right",
        legend="Value-guided",
    ),
    Metric(
        "guided_tokens",
        "Tokens of guided sampling",
        "sampled per problem, dropped candidates too",
        unit="count",
    ),
    Metric("guided_cost", "Cost of guided sampling", "its tokens in whole samples", unit="count"),
    Metric(
        "guided_gain",
        "Guided, difference at equal samples",
        "paired difference from a strategy on {k} whole samples",
    ),
    Metric(
        "guided_gain_tokens",
        "Guided, difference at equal tokens",
        "paired difference from a strategy on {k} whole samples, which have as many tokens",
    ),
    *(
        record
        for name, title, limit in (
            ("rerank_topk", "RR.MajK", "K"),
            ("weighted_topk", "W.RR.MajK", "K"),
            ("majority_topn", "Maj1.TopN", "N"),
        )
        for record in (
            Metric(f"{name}_by_limit", f"{title}, {limit} = {{k}}", f"on all samples, for this {limit}"),
            Metric(
                f"{name}_optimistic",
                f"{title}@{{k}}, best {limit} (optimistic)",
                f"{limit} chosen on the evaluated problems themselves",
            ),
        )
    ),
    judge_metric("auc", "AUC", "chance that a right sample scores above a wrong one", of_scores.auc_point),
    Metric(
        "roc",
        "True positive rate",
        "ROC curve; its area is the AUC",
        of_scores.roc_points,
        over="scores",
        figures=("roc",),
    ),
    judge_metric(
        "auc_within",
        "AUC within",
        "AUC among the samples of one problem, mean over problems with right and wrong samples",
        of_scores.auc_within_point,
    ),
    judge_metric(
        "ece",
        "ECE",
        "expected calibration error, bins of equal width",
        of_scores.ece_point,
    ),
    Metric(
        "ece_mass",
        "ECE, equal mass",
        "expected calibration error, bins of equally many scores",
        partial(of_scores.ece_point, equal="mass"),
        "score",
        over="scores",
    ),
    judge_metric("brier", "Brier", "mean squared difference of score and outcome", of_scores.brier_point),
    Metric(
        "reliability",
        "Reliability: share right by score",
        "diagonal: calibrated scores",
        of_scores.reliability_points,
        over="scores",
        figures=("reliability",),
    ),
    Metric(
        "first_error_f1",
        "F1 of first errors",
        "harmonic mean of the accuracies on solutions with and without an error (ProcessBench)",
        unit="score",
        in_summary=True,
    ),
    Metric("first_error_found", "First error found", "share of the solutions with an error", unit="score"),
    Metric("first_error_none", "No error called", "share of the solutions without an error", unit="score"),
    Metric(
        "step_auc",
        "AUC of steps",
        "chance that a right step scores above a wrong one",
        of_scores.auc_point,
        "score",
        over="step scores",
        in_summary=True,
    ),
    steps_metric(
        "step_ece",
        "ECE of steps",
        "expected calibration error of step scores",
        of_scores.ece_point,
        in_summary=True,
    ),
    steps_metric(
        "step_brier",
        "Brier of steps",
        "mean squared difference of step score and label",
        of_scores.brier_point,
    ),
    steps_metric(
        "step_reliability",
        "Reliability of step scores: share right by score",
        "diagonal: calibrated scores",
        of_scores.reliability_points,
        unit="proportion",
        figures=("reliability",),
    ),
    Metric(
        "step_precision",
        "Precision of wrong steps",
        "by position in the solution",
        figures=("positions",),
    ),
    Metric("step_recall", "Recall of wrong steps", "by position in the solution", figures=("positions",)),
    Metric("overlong", "Too long", "samples with late steps beyond the scorer's context", in_summary=True),
)


def find(name: str) -> Metric:
    """Returns the record of a metric; for an unknown one, such as another version's, one made of its name."""
    record = next((metric for metric in METRICS if metric.name == name), None)
    return record or Metric(name, name.replace("_", " "), "")


def metrics_over(over: Over) -> list[Metric]:
    """Returns the metrics that evaluations measure over this."""
    return [metric for metric in METRICS if metric.over == over and metric.value]


def metrics_in(figure: Figure) -> list[Metric]:
    """Returns the metrics that a figure of the report shows."""
    return [metric for metric in METRICS if figure in metric.figures]


def summary() -> list[Metric]:
    return [metric for metric in METRICS if metric.in_summary]


def gains() -> list[Metric]:
    """Returns the paired differences of value-guided sampling: at equal samples, at equal tokens."""
    return [find("guided_gain"), find("guided_gain_tokens")]


def limit_letter(name: str) -> str:
    """Returns the paper's letter of a strategy's limit: N best-scored samples, else K clusters."""
    return "N" if "topn" in name else "K"


def title(name: str, k: int | str | None) -> str:
    """Returns the heading at a k; that of an unknown metric shows a k above 1."""
    heading = find(name).title
    if all(metric.name != name for metric in METRICS) and isinstance(k, int) and k > 1:
        return f"{heading} @{k}"
    return heading.replace("{k}", str(k))


def explain(name: str, k: int | str | None) -> str:
    """Returns the help at a k; empty for an unknown metric."""
    return find(name).help.replace("{k}", str(k))
