from __future__ import annotations

from numerate.metrics import StepCounts, step_counts


def test_steps_and_repeated_steps_by_hand() -> None:
    """a b a a and c: five steps of two solutions, of which two say what the same solution said before."""
    assert step_counts(["a\nb\na\na\n#### 1", "c\n#### 1"]) == StepCounts(2.5, 0.4)


def test_the_same_step_in_two_solutions_is_no_repetition() -> None:
    assert step_counts(["a\nb", "a\nb"]) == StepCounts(2, 0)


def test_blanks_around_a_step_do_not_make_it_another() -> None:
    assert step_counts(["a\n  a \n\n\na"]).repeated == 2 / 3


def test_nothing_written_has_no_steps_and_no_repetition() -> None:
    assert step_counts([]) == step_counts(["", "#### 4"]) == StepCounts(0, 0)
