"""Error messages for invalid values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from numerate.config.read import describe_value, override_value
from numerate.options import did_you_mean, near_words

EXPECTED = {
    "bool_type": "true or false",
    "dataclass_type": "a mapping of keys to values",
    "dict_type": "a mapping of keys to values",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list such as [a, b]",
    "string_type": "text",
    "tuple_type": "a list such as [a, b]",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "one of {expected}",
    "union_tag_invalid": "one of {expected_tags}",
    "union_tag_not_found": "a mapping with the key 'kind'",
    "string_too_short": "some text",
    "string_pattern_mismatch": "text that matches {pattern}",
}
"""pydantic's name of an error -> the expected value"""


def complaint_text(kind: str, value: Any, context: Mapping[str, Any], message: str) -> str:
    """Returns `expected a whole number, not the text 'eight'`, from the parts of one pydantic error."""
    if kind == "value_error":
        return str(context.get("error", message))
    if kind not in EXPECTED:
        return f"{message[:1].lower()}{message[1:]} (given: {describe_value(value)})"
    hint = quoted_value(value, kind) + near_choice(value, context)
    if kind == "string_type" and isinstance(value, bool | int | float):
        hint = f': put it in quotes, "{str(value).lower() if isinstance(value, bool) else value}"'
    return f"expected {EXPECTED[kind].format(**context)}, not {describe_value(value)}{hint}"


def quoted_value(value: Any, kind: str) -> str:
    """Returns the hint about a number, true or false in quotes; empty for other values."""
    types = {"float_type": int | float, "int_type": int, "bool_type": bool}
    if kind not in types or not isinstance(value, str):
        return ""
    try:
        plain = override_value(value)
    except ValueError:
        return ""
    return ": remove the quotes" if isinstance(plain, types[kind]) else ""


def near_choice(value: Any, context: Mapping[str, Any]) -> str:
    """Returns the hint about a misspelt word of a list of choices; empty where none is similar."""
    choices = re.findall(r"'([^']*)'", str(context.get("expected_tags") or context.get("expected") or ""))
    near = near_words(value, choices) if isinstance(value, str) else []
    return f"; {did_you_mean(near)}" if near else ""


def suggest_word(word: str, known: Iterable[str], inner: Iterable[str] = ()) -> str:
    """Returns `; did you mean 'epochs'?`, or all names when none is similar. inner: what lies deeper, as
    `fit.epochs`."""
    known = sorted(set(known))
    near = near_words(word, [*known, *inner], cutoff=0.5)
    if near:
        return f"; {did_you_mean(near)}"
    return f"; there are: {', '.join(known)}" if known else "; there are none"
