"""The YAML of recipes: what scalars mean, what is refused, and that what we write reads as the same text."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from numerate.config.read import MAX_DEPTH, LineLoader, override_value, read_text
from numerate.config.write import Dumper


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\ufeff")
    )
)
def test_text_written_by_us_reads_as_the_same_text_here_and_elsewhere(text: str) -> None:
    written = yaml.dump({"x": text}, Dumper=Dumper, allow_unicode=True)
    assert read_text(written, "f").values == {"x": text}
    assert yaml.safe_load(written) == {"x": text}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("8", 8),
        ("2e-5", 2e-5),
        (".5", 0.5),
        ("-3", -3),
        ("null", None),
        ("", None),
        ("yes", "yes"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("true", True),
        ("2*gsm8k/train + mawps/train", "2*gsm8k/train + mawps/train"),
        ("[1, a]", [1, "a"]),
    ],
)
def test_scalars_mean_what_they_look_like(text: str, found: Any) -> None:
    assert override_value(text) == found and type(override_value(text)) is type(found)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "a: " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[" * 100_000,
        "a: !!python/object/apply:os.getcwd []",
        "a: !!python/name:os.getcwd",
        "? [a]\n: 1",
        "- 1",
        "",
        "a: 1e999",
        "a: " + "9" * 5000,
        "a: 1\n---\nb: 2",
        "a: \x00",
    ],
)
def test_hostile_and_odd_yaml_is_refused_with_a_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"^f\.yaml"):
        read_text(text, "f.yaml")


def test_the_loader_does_not_change_pyyamls_own() -> None:
    assert yaml.safe_load("yes") is True and yaml.load("yes", LineLoader) == "yes"
