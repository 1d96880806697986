"""Columns of a row, from and to its trained tokens."""

import ast
import re
from pathlib import Path

import pytest

import numerate
from numerate.credit import gather_trained, scatter_trained

MASK = [False, True, True, False, True]


def test_trained_tokens_are_taken_and_put_back() -> None:
    assert gather_trained(MASK, [5, 6, 7, 8, 9]) == [6, 7, 9]
    assert scatter_trained(MASK, [0.5, -1.0, 2.0]) == [0.0, 0.5, -1.0, 0.0, 2.0]
    assert scatter_trained(MASK, -0.25) == [0.0, -0.25, -0.25, 0.0, -0.25]
    assert str(scatter_trained([False], -1.0)) == "[0.0]", "no -0.0 off the trained tokens"
    assert scatter_trained([False, False], []) == [0.0, 0.0] and gather_trained([], []) == []


@pytest.mark.parametrize("values", [[1.0], [1.0] * 4])
def test_another_number_of_values_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="zip"):
        scatter_trained(MASK, values)
    with pytest.raises(ValueError, match="zip"):
        gather_trained(MASK, values)


OTHER = re.compile(r"(next\(| \* | else ).* in [^ ]+\.mask[\])]|zip\(.*\.mask\b.*\) if \w+[\])]")
"""comprehensions that place values by the mask of a row, or take some by it"""


def test_nothing_else_scatters_or_gathers_by_a_mask() -> None:
    root, wrong = Path(numerate.__file__).parent, list[str]()
    for path in [*root.glob("training/*.py"), *root.glob("methods/**/*.py"), *root.glob("credit/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.unparse(node) if isinstance(node, ast.ListComp | ast.GeneratorExp) else ""
            if OTHER.search(text):
                wrong.append(f"{path.relative_to(root)}: {text}")
    assert not wrong
    for line in (
        "[next(a) if seen else 0.0 for seen in row.mask]",
        "[weight(row) * trained for trained in row.mask]",
        "[x for x, trained in zip(column, row.mask, strict=True) if trained]",
    ):
        assert OTHER.search(line)
