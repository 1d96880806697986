"""Statistics of episodes: calls of programs in rollouts, how they end, and what the answer owes to them.

The functions of `Ratio` sum over rollouts: a numerator and its denominator, of one problem in an evaluation
(`metrics/tool_metrics.py`), of a whole step in training (`episode_stats`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from numerate import answers
from numerate.tool_formats import printed_text
from numerate.types import Finish, Rollout, Stats, Turn

FINISHES: tuple[Finish, ...] = ("max_turns", "tool_error")
"""ends of episodes that other rollouts do not have"""
LIMITS = ("timeout", "memory", "output", "disk")
"""statuses of programs that a limit ended; those of `ERRORS` ended by themselves, any other crashed or was
killed"""
ERRORS = ("error",)
SUMMED = ("ok", *ERRORS)
"""statuses that `tools/errors` says already"""
NOT_RUN = ("no_program", "not_json")
"""flaws of a call that has no program to run; the policy reads an error instead of an output"""
Ratio = tuple[float, float]
"""numerator, denominator"""


def has_tools(rollouts: Sequence[Rollout]) -> bool:
    """Checks whether any rollout is an episode. Text that a calculator supplies makes none."""
    return any(
        rollout.finish in FINISHES or any(turn.role == "tool" or turn.status for turn in rollout.turns)
        for rollout in rollouts
    )


def call_failed(status: str | None) -> bool:
    """Checks whether a call is recorded to have ended badly; one without a status is not."""
    return bool(status) and status != "ok"


def calls(rollout: Rollout) -> Iterator[tuple[Turn, str]]:
    """Yields the output of each call, with the flaw of the call; empty where there is none."""
    flaw = ""
    for turn in rollout.turns:
        if turn.role == "tool":
            yield turn, flaw
        flaw = turn.status if turn.role == "assistant" else ""


def flaws(rollout: Rollout) -> set[str]:
    """Returns what was wrong with the policy's calls."""
    return {turn.status for turn in rollout.turns if turn.role == "assistant" and turn.status}


def policy_turns(rollout: Rollout) -> int:
    """Returns the number of turns that the policy wrote: what a calculator supplies within a turn does not
    divide it."""
    count, open_turn = 0, False
    for turn in rollout.turns:
        if turn.role != "assistant":
            open_turn = False
        elif turn.trained and not open_turn:
            count, open_turn = count + 1, True
    return count


def call_count(rollouts: Sequence[Rollout]) -> Ratio:
    """Returns the calls that were answered, and the rollouts."""
    return sum(1 for rollout in rollouts for _ in calls(rollout)), len(rollouts)


def turn_count(rollouts: Sequence[Rollout]) -> Ratio:
    """Returns the turns that the policy wrote, and the rollouts."""
    return sum(map(policy_turns, rollouts)), len(rollouts)


def count_calls(matches: Callable[[str], bool]) -> Callable[[Sequence[Rollout]], Ratio]:
    """Returns a function that returns the calls whose programs ended with such a status, and the calls with a
    status. A call without a program to run is among the latter only."""

    def count(rollouts: Sequence[Rollout]) -> Ratio:
        ends = [(turn.status, flaw) for rollout in rollouts for turn, flaw in calls(rollout) if turn.status]
        return sum(matches(status) and flaw not in NOT_RUN for status, flaw in ends), len(ends)

    return count


failed_calls = count_calls(call_failed)
error_calls = count_calls(ERRORS.__contains__)
limit_calls = count_calls(LIMITS.__contains__)
crashed_calls = count_calls(lambda status: call_failed(status) and status not in (*ERRORS, *LIMITS))


def flawed_rollouts(rollouts: Sequence[Rollout]) -> Ratio:
    """Returns the rollouts with a flawed call, and the rollouts."""
    return sum(bool(flaws(rollout)) for rollout in rollouts), len(rollouts)


def printed_answers(rollouts: Sequence[Rollout]) -> Ratio:
    """Returns the answers that a program printed last, and the answers."""
    answered = [rollout for rollout in rollouts if rollout.answer is not None]
    return sum(map(answer_printed, answered)), len(answered)


def count_finish(finish: Finish) -> Callable[[Sequence[Rollout]], Ratio]:
    """Returns a function that returns the rollouts that ended so, and the rollouts."""
    return lambda rollouts: (sum(rollout.finish == finish for rollout in rollouts), len(rollouts))


RATIOS: dict[str, Callable[[Sequence[Rollout]], Ratio]] = {
    "calls": call_count,
    "turns": turn_count,
    "failures": failed_calls,
    "errors": error_calls,
    "limits": limit_calls,
    "crashes": crashed_calls,
    "flaws": flawed_rollouts,
    **{finish: count_finish(finish) for finish in FINISHES},
    "answer_printed": printed_answers,
}
"""logged in training, each as `tools/<name>`"""


def episode_stats(rollouts: Sequence[Rollout]) -> Stats:
    """Returns the ratios; the shares of calls with each status of `LIMITS` and of crashes that occurs, of
    rollouts with each flaw that occurs, and of tokens that the policy wrote. Nothing where no rollout is an
    episode; without a share where its denominator is 0."""
    if not has_tools(rollouts):
        return {}
    ratios = {name: count(rollouts) for name, count in RATIOS.items()}
    by_flaw = Counter(flaw for rollout in rollouts for flaw in flaws(rollout))
    statuses = Counter(turn.status for rollout in rollouts for turn, _ in calls(rollout) if turn.status)
    written = sum(sum(rollout.mask) for rollout in rollouts)
    return {
        **{f"tools/{name}": part / whole for name, (part, whole) in ratios.items() if whole},
        **{
            f"tools/{name}": n / statuses.total()
            for name, n in sorted(statuses.items())
            if name not in SUMMED
        },
        **{f"tools/{flaw}": n / len(rollouts) for flaw, n in sorted(by_flaw.items())},
        "tools/trained_tokens": written / max(1, sum(rollout.length for rollout in rollouts)),
    }


def answer_printed(rollout: Rollout) -> bool:
    """Checks whether the final answer equals the last output without an error, or its last line."""
    outputs = [turn.text for turn, _ in calls(rollout) if not call_failed(turn.status)]
    printed = printed_text(outputs[-1]) if outputs else ""
    if not printed or rollout.answer is None:
        return False
    last = printed.rpartition("\n")[2].strip()
    return any(answers.equal(text, rollout.answer) for text in dict.fromkeys((last, printed)))
