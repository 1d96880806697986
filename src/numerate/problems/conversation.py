"""Chat-shaped columns: lists of {role, content} messages, or plain text in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from numerate.problems.row import Row

ROLES = ("system", "user", "assistant", "tool")
Messages = list[dict[str, str]]


def read_messages(row: Row, name: str) -> Messages:
    """Returns a column of messages, checked: at least one, roles known, contents text.

    Raises ValueError for anything else."""
    messages = row.value(name)
    if not isinstance(messages, list | tuple) or not messages:
        raise row.wrong(name, 'a list of messages such as [{"role": "user", "content": "..."}]')
    return [_message(row, name, item) for item in cast("list[Any]", messages)]


def read_prompt(row: Row, name: str) -> tuple[str, Messages]:
    """Returns a prompt: its question, and the turns before it (a system message, earlier turns)."""
    if isinstance(row.value(name), str):
        return row.text(name), []
    return question_of(row, name, read_messages(row, name))


def question_of(row: Row, name: str, turns: Messages) -> tuple[str, Messages]:
    """Returns the last turn, which must be the user's, and the earlier ones."""
    if not turns or turns[-1]["role"] != "user":
        raise row.wrong(name, "messages in which a user's turn comes last, or last before the solution")
    return turns[-1]["content"], turns[:-1]


def read_completion(row: Row, name: str) -> str:
    """Returns a completion: text, or the contents of the assistant's messages."""
    if isinstance(row.value(name), str):
        return row.text(name)
    turns = read_messages(row, name)
    return "\n".join(turn["content"] for turn in turns if turn["role"] == "assistant")


def _message(row: Row, name: str, item: Any) -> dict[str, str]:
    if isinstance(item, Mapping):
        fields = cast("Mapping[str, Any]", item)
        content = _content(fields.get("content"))
        if fields.get("role") in ROLES and content is not None:
            return {"role": fields["role"], "content": content}
    raise row.wrong(name, f"messages with a role among {', '.join(ROLES)} and a text content")


def _content(content: Any) -> str | None:
    """Returns text, or the text parts of a list of typed parts."""
    if isinstance(content, list | tuple):
        parts = [
            cast("Mapping[str, Any]", part)
            for part in cast("list[Any]", content)
            if isinstance(part, Mapping)
        ]
        return "".join(str(part.get("text") or "") for part in parts)
    return content if isinstance(content, str) else None
