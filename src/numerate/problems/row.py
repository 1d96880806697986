"""One row of a dataset, and how it complains: every error names the file, the line, the field, what was found
and what was expected."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?(/[1-9]\d*)?")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    where: str
    """file and line, for error messages"""
    fields: Mapping[str, Any]

    def has(self, *names: str) -> bool:
        """Checks whether every one of these columns holds something; a column of nulls counts as absent."""
        return all(self.fields.get(name) is not None for name in names)

    def value(self, *names: str) -> Any:
        """Returns the first of these columns that holds something, None where none does."""
        return next((self.fields[name] for name in names if self.fields.get(name) is not None), None)

    def text(self, *names: str) -> str:
        """Returns the first of these columns as text; numbers are written out.

        Raises ValueError where it is missing, empty or neither text nor a number."""
        text = self.maybe(*names)
        if not text.strip():
            raise self.wrong(names, "a text that is not empty")
        return text

    def maybe(self, *names: str) -> str:
        """Returns the column like text, with "" for a missing or empty column, and for the NaN of a table."""
        value = self.value(*names)
        if is_missing(value):
            return ""
        if isinstance(value, str):
            return value if value.isascii() else LONE_SURROGATE.sub("\ufffd", value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return plain_number(repr(value))
        raise self.wrong(names, "a text or a number")

    def number(self, *names: str) -> str:
        """Returns the first of these columns as a plain number: 1,080 and 1080.0 give 1080.

        Raises ValueError where it isn't one."""
        number = plain_number(self.text(*names))
        if not NUMBER.fullmatch(number):
            raise self.wrong(names, "a number")
        return number

    def rest(self, *used: str) -> dict[str, Any]:
        """Returns every other column as JSON values, nulls left out."""
        return {
            key: plain_json(value)
            for key, value in self.fields.items()
            if key not in used and not is_missing(value)
        }

    def wrong(self, names: str | tuple[str, ...], expected: str) -> ValueError:
        """Returns the error for a field with an unexpected value."""
        columns = (names,) if isinstance(names, str) else names
        label = " or ".join(repr(name) for name in columns)
        value = self.value(*columns)
        if value is None:
            actual = f"nothing; the columns are {', '.join(map(repr, self.fields)) or 'none'}"
        else:
            actual = f"{type(value).__name__} {_short(value)}"
        return ValueError(f"{self.where}, field {label}: expected {expected}, found {actual}")


def is_missing(value: Any) -> bool:
    """Checks whether `value` is null, or the NaN that tables hold in its place."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def plain_number(text: str) -> str:
    """Returns a number as datasets write it, without its thousands separators and without a zero fraction."""
    stripped = text.strip().replace(",", "").removeprefix("$")
    return re.sub(r"(?<=\d)\.0*$", "", stripped)


def plain_json(value: Any) -> Any:
    """Returns the value as JSON values: other values of Parquet files (dates, bytes, decimals) become
    text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return str(value)


def _short(value: Any, width: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= width else text[: width - 3] + "..."
