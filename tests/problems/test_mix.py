"""Slices, limits, shuffles and mixtures."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from numerate.problems import check, load
from numerate.problems.spec import Part, parse_spec


@pytest.fixture
def many(tmp_path: Path) -> str:
    return written(tmp_path / "many.jsonl", 30)


@pytest.fixture
def few(tmp_path: Path) -> str:
    return written(tmp_path / "few.jsonl", 6)


def written(path: Path, count: int) -> str:
    rows = [
        {"id": f"{path.stem}-{n}", "question": f"{path.stem} {n}?", "answer": str(n)} for n in range(count)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(path)


def ids(name: str, **options: Any) -> list[str]:
    return [problem.id for problem in load(name, **options)]


def test_names_are_taken_apart():
    assert parse_spec("gsm8k/train") == [Part("gsm8k/train")]
    assert parse_spec("2*gsm8k/train[:500] + .5 * math/train[10:]") == [
        Part("gsm8k/train", Fraction(2), 0, 500),
        Part("math/train", Fraction(1, 2), 10, None),
    ]


@pytest.mark.parametrize("name", ["", "a+", "+a", "0*a", "a[5:5]", "a[7:2]"])
def test_a_name_with_an_empty_part_is_refused(name: str):
    with pytest.raises(ValueError, match=r"problem set '.*': (expected sets|the slice)"):
        parse_spec(name)


def test_a_path_with_a_plus_is_a_path(tmp_path: Path):
    assert len(load(written(tmp_path / "a+b.jsonl", 3))) == 3


def test_a_limit_takes_the_first_and_a_seed_shuffles_before(many: str):
    assert ids(many, limit=3) == ["many-0", "many-1", "many-2"]
    assert ids(many, limit=5, seed=1) == ids(many, seed=1)[:5]
    assert sorted(ids(many, seed=1)) == sorted(ids(many))
    assert ids(many, seed=1) != ids(many, seed=2) != ids(many)


def test_a_slice_is_of_the_sources_order_and_a_shuffle_comes_after(many: str):
    assert ids(f"{many}[10:12]") == ["many-10", "many-11"]
    assert sorted(ids(f"{many}[:4]", seed=3)) == ["many-0", "many-1", "many-2", "many-3"]
    assert ids(f"{many}[10:]", limit=1) == ["many-10"]


def test_the_order_of_a_seed_is_the_same_on_every_machine(many: str):
    assert ids(many, seed=0, limit=4) == ["many-0", "many-12", "many-19", "many-18"]


def test_without_weights_every_problem_comes_once_evenly_spread(many: str, few: str):
    mixture = ids(f"{many}+{few}")
    assert sorted(mixture) == sorted(ids(many) + ids(few))
    for start in range(0, 36, 6):  # five to one, everywhere
        assert sum(name.startswith("few") for name in mixture[start : start + 6]) == 1


def test_weights_are_shares_and_no_problem_comes_twice(many: str, few: str):
    # the smaller set ends the mixture: 6 of few are one share, 12 of many are two
    mixture = ids(f"2*{many} + {few}")
    assert (len(mixture), len(set(mixture))) == (18, 18)
    assert sum(name.startswith("many") for name in mixture) == 12
    assert sum(name.startswith("many") for name in mixture[:9]) == 6
    # 0.3 of the mixture are 6, so 0.7 of it are 14
    assert sum(name.startswith("many") for name in ids(f"0.7*{many}+0.3*{few}")) == 14


def test_a_limited_mixture_is_the_beginning_of_the_whole(many: str, few: str):
    for name in (f"{many}+{few}", f"2*{many}+{few}"):
        assert ids(name, limit=7) == ids(name)[:7]
        assert ids(name, limit=7, seed=4) == ids(name, seed=4)[:7]


def test_the_same_problem_in_two_sets_is_taken_once_and_a_clash_is_renamed(tmp_path: Path, few: str):
    assert ids(f"{few}+{few}") == ids(few)
    other = tmp_path / "other.jsonl"
    other.write_text('{"id": "few-0", "question": "something else?", "answer": "1"}', encoding="utf-8")
    assert f"{other}:few-0" in ids(f"{few}+{other}")


def test_every_part_of_a_mixture_is_checked(few: str):
    with pytest.raises(ValueError, match=r"there is no problem set 'gsm9k'"):
        check(f"{few} + gsm9k")
