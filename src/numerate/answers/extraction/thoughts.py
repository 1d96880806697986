"""Thoughts of a response, by the marks around them."""

from __future__ import annotations

import re

from numerate.answers.extraction.turns import own_turns

_NAMES = r"think(?:ing)?|thoughts?|reasoning|reflection|scratchpad|analysis|inner_monologue|seed:think"
_THOUGHT = re.compile(
    rf"<(?:(?P<close>/)\s?)?(?:{_NAMES})(?:\s[^<>\n]{{0,40}})?>"
    r"|<\|(?:(?P<end>end_of_|end_|/)|begin_of_|start_)?(?:thought|thinking|think)\|>",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[(?P<close>/)?THINK(?:ING)?\]|◁(?P<end>/)?think▷")
_FINAL_CHANNEL = "<|channel|>final<|message|>"
_CHANNEL = re.compile(r"<\|channel\|>\w{1,20}<\|message\|>")


def final_channel(text: str) -> tuple[str, bool]:
    """Returns what a model of several channels says in the final one; and whether it never came to that."""
    _, channel, final = text.rpartition(_FINAL_CHANNEL)
    return own_turns(final) if channel else "", not channel


def behind_thoughts(text: str) -> tuple[str, bool]:
    """Returns what stands behind the last finished thought, up to an unfinished one; and whether there is
    such a one."""
    pattern = _BRACKETED if "THINK" in text or "◁" in text else None
    marks = [m for p in (_THOUGHT, pattern) if p for m in p.finditer(text)]
    if not marks:
        return text, False
    marks.sort(key=lambda mark: mark.start())
    depth = start = end = 0
    opener: int | None = None
    for mark in marks:
        if mark["close"] or mark["end"]:
            depth = max(depth - 1, 0)
            start, opener = (mark.end(), None) if depth == 0 else (start, opener)
        elif depth == 0 or text[end : mark.start()].strip():  # a template's mark and the model's own are one
            depth += 1
            opener = mark.start() if depth == 1 else opener
        end = mark.end()
    return text[start:opener], opener is not None


def without_openers(text: str) -> str:
    """Removes the marks that open a thought, so that an unfinished one reads as the answer."""
    for pattern in (_THOUGHT, _BRACKETED):
        text = pattern.sub(lambda mark: mark[0] if mark["close"] or mark["end"] else "", text)
    return _CHANNEL.sub("", text)
