"""Text <-> token ids, so that text from data is never encoded as a control token.

A question that contains "</s>" or "<|im_end|>" is text about such a string, not the end of a turn: every
text that comes with a prompt or a target is encoded with `split_special_tokens`, which spells control tokens
out in ordinary tokens. What this does not cover: tokens added to a vocabulary without being marked special
(tags such as [GOOD]) keep their meaning, and a tokenizer in Python may ignore the option."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from numerate.types import Prompt, Turn

SLOT = "\ue000{}\ue001"  # private-use characters: stand for a turn's text while a chat template is filled in


def encode_prompt(tokenizer: Any, prompt: Prompt) -> list[int]:
    """Returns the ids of a prompt: BOS as the tokenizer adds it, never an EOS at the end.

    A last turn of the assistant is the beginning of the answer: its own ids, where it has any; else it is
    tokenized apart, as what the policy writes is. No turn is closed behind it.

    Raises ValueError where a chat is asked of a tokenizer without a chat template."""
    if len(prompt.turns) > 1 and prompt.turns[-1].role == "assistant":
        *earlier, last = prompt.turns
        before = encode_prompt(tokenizer, replace(prompt, turns=tuple(earlier)))
        return before + (list(last.ids) or encode_target(tokenizer, last.text)[:-1])
    ids = _encode_chat(tokenizer, prompt.turns) if prompt.chat else _plain(tokenizer, prompt.text, bos=True)
    if ids and ids[-1] == tokenizer.eos_token_id and not prompt.chat:
        ids = ids[:-1]
    return ids


def encode_target(tokenizer: Any, text: str, end: int | None = None) -> list[int]:
    """Returns the ids of a target, the tokens after a prompt: no BOS; `end` (None: EOS) is the last."""
    anchor = "\n" if _marks_words(tokenizer) else ""
    before = _plain(tokenizer, anchor) if anchor else []
    ids = _plain(tokenizer, anchor + text)
    if (
        ids[: len(before)] != before
    ):  # the anchor grew into the text: rather one mark too many than a wrong cut
        before, ids = [], _plain(tokenizer, text)
    return [*ids[len(before) :], int(tokenizer.eos_token_id) if end is None else end]


def encode_tool_reply(tokenizer: Any, output: str) -> list[int]:
    """Returns the ids between a call of the assistant and the turn that follows: the end of its turn, the
    output in the tool role, and the beginning of the next turn. Control tokens come from the template alone.

    Raises ValueError where there is no chat template, or it has no tool role."""
    before, after = _reply_parts(tokenizer)
    return [*_template_ids(tokenizer, before), *_plain(tokenizer, output), *_template_ids(tokenizer, after)]


@lru_cache(maxsize=8)
def _reply_parts(tokenizer: Any) -> tuple[str, str]:
    """Returns the template's text before and after the output of a tool."""
    remedy = "choose another format of tools than chat"
    if not tokenizer.chat_template:
        raise ValueError(f"this model's tokenizer has no chat template: {remedy}")
    call, output = SLOT.format(0), SLOT.format(1)
    turns = (Turn("user", "?"), Turn("assistant", call), Turn("tool", output))
    try:
        filled = _fill(tokenizer, turns, [turn.text for turn in turns])
    except ValueError as error:
        raise ValueError(f"the model's chat template has no tool role ({error}): {remedy}") from error
    _, slot, reply = filled.partition(call)
    before, output_slot, after = reply.partition(output)
    if not slot or not output_slot:
        raise ValueError(f"the model's chat template leaves out calls or outputs of tools: {remedy}")
    return before, after


def end_of_turn(tokenizer: Any) -> int:
    """Returns the token that the chat template puts after the assistant's turn; EOS where there is no such
    token or no template."""
    eos, text = int(tokenizer.eos_token_id), SLOT.format(0)
    if not tokenizer.chat_template:
        return eos
    from jinja2 import TemplateError

    turns = [{"role": "user", "content": "?"}, {"role": "assistant", "content": text}]
    try:
        filled = str(tokenizer.apply_chat_template(turns, tokenize=False))
    except (TemplateError, ValueError):  # one that wants other turns, or is chosen by name
        return eos
    behind = filled.rpartition(text)[2].lstrip() if text in filled else ""
    added = {token.content: int(i) for i, token in tokenizer.added_tokens_decoder.items()}
    names = special_strings(tokenizer) | added
    ends = [name for name in names if name and behind.startswith(name)]
    return names[max(ends, key=len)] if ends else eos


def encode_text(tokenizer: Any, text: str) -> list[int]:
    """Returns the ids of a text by itself, without control tokens."""
    return _plain(tokenizer, text)


def decode_ids(tokenizer: Any, ids: list[int]) -> str:
    """Returns the text of some ids without their control tokens; blanks are unchanged."""
    if _decodes_plainly(type(tokenizer)):
        return tokenizer.backend_tokenizer.decode(ids, skip_special_tokens=True)
    return str(tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


@cache
def _decodes_plainly(kind: type) -> bool:
    """Checks whether a class of tokenizers decodes by its backend alone. transformers looks at every id
    before it calls that, which takes as long as decoding."""
    from transformers import PreTrainedTokenizerFast

    names = ("decode", "_decode", "backend_tokenizer")
    return issubclass(kind, PreTrainedTokenizerFast) and all(
        getattr(kind, name) is getattr(PreTrainedTokenizerFast, name) for name in names
    )


def token_ids(tokenizer: Any, text: str, **options: bool) -> list[int]:
    """Returns the ids of a text, without transformers' own warning of a text longer than the model's context:
    what is too long is counted, and reported by the command or in the log."""
    return list(tokenizer(text, verbose=False, **options).input_ids)


def special_strings(tokenizer: Any) -> dict[str, int]:
    """Returns the texts of the control tokens, with their ids."""
    added = {token.content: int(i) for i, token in tokenizer.added_tokens_decoder.items() if token.special}
    return added | {text: int(tokenizer.convert_tokens_to_ids(text)) for text in tokenizer.all_special_tokens}


def _plain(tokenizer: Any, text: str, bos: bool = False) -> list[int]:
    return token_ids(tokenizer, text, add_special_tokens=bos, split_special_tokens=True)


def _marks_words(tokenizer: Any) -> bool:
    """Checks whether SentencePiece puts a word mark before the first word of a text, which a continuation
    must not have."""
    first = _plain(tokenizer, "a")[:1]
    return bool(first) and str(tokenizer.convert_ids_to_tokens(first[0])).startswith("▁")


def _encode_chat(tokenizer: Any, turns: tuple[Turn, ...]) -> list[int]:
    """Encodes the turns with the chat template: in one piece, unless a turn holds the text of a control
    token; then piece by piece, the template with control tokens and the turns without."""
    if not tokenizer.chat_template:
        raise ValueError("this model's tokenizer has no chat template: choose a prompt style other than chat")
    names = special_strings(tokenizer)
    if not any(name in turn.text for turn in turns for name in names):
        return _template_ids(tokenizer, _fill(tokenizer, turns, [turn.text for turn in turns]))
    filled = _fill(tokenizer, turns, [SLOT.format(i) for i in range(len(turns))])
    ids: list[int] = []
    for i, turn in enumerate(turns):
        before, slot, filled = filled.partition(SLOT.format(i))
        if not slot:
            raise ValueError(f"the chat template omits turn {i} ({turn.role}): choose another prompt style")
        ids += _template_ids(tokenizer, before) + _plain(tokenizer, turn.text.strip())
    return ids + _template_ids(tokenizer, filled)


def _fill(tokenizer: Any, turns: tuple[Turn, ...], texts: list[str]) -> str:
    """Returns the template with these texts. A system message that it refuses or leaves out goes to the head
    of the first turn of the user."""
    messages = [{"role": turn.role, "content": text} for turn, text in zip(turns, texts, strict=True)]
    system = next((message["content"] for message in messages if message["role"] == "system"), "")
    try:
        filled = _apply(tokenizer, messages)
        if system.strip() in filled:
            return filled
    except ValueError:
        if not system:
            raise
    return _apply(tokenizer, _merged(messages))


def _apply(tokenizer: Any, messages: list[dict[str, str]]) -> str:
    from jinja2.exceptions import TemplateError

    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    except TemplateError as error:
        roles = ", ".join(message["role"] for message in messages)
        raise ValueError(
            f"the model's chat template rejects a conversation of {roles} "
            f"({' '.join(str(error).split())}): choose another prompt style, or leave such problems "
            "out"
        ) from error


def _merged(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """Returns system messages at the head of the first turn of the user."""
    system = [message["content"] for message in messages if message["role"] == "system"]
    rest = [dict(message) for message in messages if message["role"] != "system"]
    first = next((message for message in rest if message["role"] == "user"), None)
    if first is None:
        return messages
    first["content"] = "\n\n".join([*system, first["content"]])
    return rest


def _template_ids(tokenizer: Any, text: str) -> list[int]:
    """Returns the ids of a template's text, which has its own BOS."""
    return token_ids(tokenizer, text, add_special_tokens=False)
