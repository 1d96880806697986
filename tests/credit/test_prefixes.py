"""Labels of prefixes: the published examples."""

from __future__ import annotations

import json
from typing import Any

import pytest

from numerate.credit import broadcast_outcome, completable_prefixes, good_prefixes, make_monotone


def test_the_worked_examples(vectors: dict[str, Any]):
    vector = vectors["havrilla"]["sorm_labels"]
    labels = completable_prefixes(vector["rollout_success_per_prefix"])
    assert labels == vector["any_success"] == [1, 0, 1]
    assert make_monotone(labels) == vector["monotone_corrected(PROPOSAL)"] == [1, 0, 0]
    outcome = vectors["havrilla"]["orm_labels"]
    assert (
        broadcast_outcome(outcome["final_correct"], outcome["solution_steps"]) == outcome["per_prefix_labels"]
    )
    rule = vectors["havrilla"]["rcrl_label"]
    for successes, word in rule["K=4"].items():
        assert good_prefixes([json.loads(successes)], rule["T"]) == [word == "[GOOD]"]


def test_a_prefix_that_nobody_went_on_from_has_no_label():
    for rule in (completable_prefixes, good_prefixes):
        with pytest.raises(ValueError, match="prefix 2 has no continuations"):
            rule([[1], []])
    assert completable_prefixes([]) == make_monotone([]) == broadcast_outcome(True, 0) == []
