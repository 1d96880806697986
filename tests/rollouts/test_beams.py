"""Which partial solutions a value-guided search keeps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from numerate.rollouts.beams import Candidate, select_beams, share_candidates
from numerate.types import Finish


def test_the_best_values_are_kept_and_the_earlier_of_equal_ones() -> None:
    values = [0.2, 0.9, 0.5, 0.9, 0.1]
    candidates = [Candidate(str(i), value) for i, value in enumerate(values)]
    assert select_beams(candidates, 3) == [1, 3, 2]


def test_equal_texts_fill_one_beam() -> None:
    candidates = [Candidate("a", 0.9), Candidate("a", 0.9), Candidate("b", 0.1), Candidate("a", 0.9)]
    assert select_beams(candidates, 2) == [0, 2]
    assert select_beams(candidates, 3) == [0, 2]


def test_a_complete_solution_and_the_same_text_that_goes_on_are_two_candidates() -> None:
    candidates = [Candidate("a", 0.9), Candidate("a", 0.9, "stop"), Candidate("b", 0.1)]
    assert select_beams(candidates, 2) == [0, 1]


def test_truncated_candidates_are_kept_only_where_there_are_no_others() -> None:
    candidates = [Candidate("a", 0.9, "length"), Candidate("b", 0.1, "stop"), Candidate("c", 0.0)]
    assert select_beams(candidates, 2) == [1, 2]
    assert select_beams(candidates, 3) == [1, 2, 0]


def test_the_budget_is_spread_over_the_beams_and_the_best_get_the_rest() -> None:
    assert share_candidates(16, 1) == [16]
    assert share_candidates(16, 4) == [4, 4, 4, 4]
    assert share_candidates(8, 3) == [3, 3, 2]


ENDS: list[Finish | None] = [None, "stop", "length", "max_turns"]
made = st.builds(
    Candidate, st.sampled_from("abcd"), st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.sampled_from(ENDS)
)


@given(st.lists(made, max_size=8), st.integers(1, 5))
def test_beams_are_those_of_a_search_by_repeated_maximum(candidates: list[Candidate], beams: int) -> None:
    left, kept = list(range(len(candidates))), list[int]()
    while left and len(kept) < beams:
        best = left[0]
        for i in left:
            here, there = candidates[i], candidates[best]
            whole, whole_best = here.finish in (None, "stop"), there.finish in (None, "stop")
            if (whole and not whole_best) or (whole == whole_best and here.value > there.value):
                best = i
        kept.append(best)
        taken = candidates[best]
        left = [
            i
            for i in left
            if candidates[i].text != taken.text or (candidates[i].finish is None) != (taken.finish is None)
        ]
    values = [(candidates[i].value, candidates[i].text) for i in select_beams(candidates, beams)]
    same_text_same_value = len({(c.text, c.finish is None) for c in candidates}) == len(
        {(c.text, c.finish is None, c.value, c.finish) for c in candidates}
    )
    if same_text_same_value:  # as in a search: the value is that of the text
        assert values == [(candidates[i].value, candidates[i].text) for i in kept]
    assert len(values) == len(kept) or not same_text_same_value
