"""Stop strings: no token that could complete one is passed over."""

from __future__ import annotations

import pytest

from numerate.rollouts.stops import Stops
from tests import tiny


@pytest.mark.parametrize("string", ["==", "=", "the", "ü", "\n\n", " has 1", ">>2", "日本"])
def test_the_token_that_completes_a_stop_string_is_always_looked_at(string: str) -> None:
    tokenizer = tiny.tokenizer()
    stops = Stops(tokenizer, [2], [string], 272)
    ids = tokenizer(f"12 a{string} the end", add_special_tokens=False).input_ids
    ends = [n for n in range(1, len(ids) + 1) if string in tokenizer.decode(ids[:n])]
    assert ends and stops.may_complete[ids[ends[0] - 1]]
    assert stops.text_before(ids[: ends[0]]) == "12 a"
    assert stops.text_before(ids[: ends[0] - 1]) is None


def test_most_tokens_need_no_look() -> None:
    assert Stops(tiny.tokenizer(), [2], ["\n\n"], 272).may_complete[: 3 + 94].sum() == 0


def test_without_stop_strings_nothing_is_looked_at() -> None:
    stops = Stops(tiny.tokenizer(), [2, 7], [], 300)
    assert not stops.may_complete.any() and stops.is_eos.nonzero()[0].tolist() == [2, 7]
