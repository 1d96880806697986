"""Answers in tags and in fields of JSON objects: `<answer>5</answer>`, `{"answer": 5}`."""

from __future__ import annotations

import json
import re

_NAMES = "answer|final_answer|finalanswer|final answer|ans"
_TAG = re.compile(
    rf"<(?P<tag>{_NAMES})\s?>(?P<inside>.*?)(?:</\s?(?P=tag)\s?>|\Z)", re.DOTALL | re.IGNORECASE
)
_OPENED = re.compile(rf"<(?:{_NAMES})\s?>", re.IGNORECASE)
_FIELD = re.compile(
    r"[\"'](?:final[_ ]?)?(?:answer|result)[\"']\s*:\s*"
    r"(?:(?P<string>\"(?:[^\"\\\n]|\\.){0,600}\")|'(?P<single>[^'\n]{0,600})'"
    r"|(?P<plain>[^\s,}\"'\[{][^,}\n]{0,80})|(?P<array>\[[^\[\]\n]{0,300}\]))",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"\s*\{\s*\"")


def tagged_text(tail: str) -> str | None:
    """Returns what stands in the last tag of an answer, or else in the last field of that name."""
    if "<" in tail and ("<a" in tail or "<f" in tail or "<A" in tail or "<F" in tail):
        tags = list(_TAG.finditer(tail))
        if tags:
            return _OPENED.split(tags[-1]["inside"])[-1].strip()
    if "{" not in tail or ("nswer" not in tail and "result" not in tail):
        return None
    if not ('nswer"' in tail or "nswer'" in tail or 'esult"' in tail or "esult'" in tail):
        return None
    fields = list(_FIELD.finditer(tail))
    return _field_value(fields[-1]) if fields else None


def _field_value(field: re.Match[str]) -> str:
    if field["string"]:
        try:
            return str(json.loads(field["string"]))
        except ValueError:  # LaTeX whose backslashes were not doubled
            return field["string"][1:-1]
    return (field["single"] or field["plain"] or (field["array"] or "")[1:-1]).strip()


def opens_object(text: str) -> bool:
    """Checks whether the text begins as a JSON object does."""
    return _OBJECT.match(text) is not None


def only_number(text: str) -> str | None:
    """Returns the one number of an object whose fields have other names."""
    try:
        values = json.loads(text).values()
    except (ValueError, AttributeError, RecursionError):
        return None
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return json.dumps(numbers[0]) if len(numbers) == 1 else None
