"""Dialects of servers. All implement OpenAI's completions, none quite the same: the fields beyond OpenAI's
own differ, and so does whether a prompt may be token ids.

The most telling form is tried first. Every form says what would otherwise be taken from the server's own
defaults (llama.cpp cuts at top_k 40, transformers at the model's generation settings), as far as it can."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numerate.models import tokenization
from numerate.types import Prompt, Sampling

if TYPE_CHECKING:
    from numerate.models.policy import Policy

Fields = dict[str, Any]


class UnsupportedForm(ValueError):
    """Settings or a prompt that this form of request cannot express."""


@dataclass(frozen=True)
class Form:
    name: str
    ids: bool
    """the prompt goes as token ids; else as a text that the server reads as the very same ids"""
    more: Callable[[Sampling, Policy], Fields]
    """fields beyond OpenAI's"""


def extended_form(params: Sampling, policy: Policy) -> Fields:
    """Returns the request for vLLM, SGLang, llama.cpp: no default truncation of the distribution, with token
    ids and log-probabilities. The server's own settings need not have all tokens that end a solution."""
    return {
        "top_k": params.top_k or -1,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "logprobs": 0,
        "return_token_ids": True,
        "stop_token_ids": list(policy.eos_ids),
    }


def transformers_form(params: Sampling, policy: Policy) -> Fields:
    """Returns the request for transformers serve, which takes whole generation settings in place of the
    model's own."""
    settings: Fields = {
        "do_sample": params.temperature > 0,
        "top_k": params.top_k,
        "repetition_penalty": 1.0,
        "eos_token_id": list(policy.eos_ids),
        "pad_token_id": policy.pad_id,
    }
    return {"generation_config": json.dumps(settings)}


def plain_form(params: Sampling, policy: Policy) -> Fields:
    """Returns the request with OpenAI's fields only; the rest are the server's own defaults."""
    if params.top_k:
        raise UnsupportedForm(f"it has no top_k, and top_k is {params.top_k}")
    return {}


FORMS = (
    Form("token ids, extended", True, extended_form),
    Form("text, transformers", False, transformers_form),
    Form("token ids, plain", True, plain_form),
    Form("text, plain", False, plain_form),
)


def request_body(
    form: Form,
    model: str,
    prompt: Prompt,
    ids: Sequence[int],
    n: int,
    seed: int,
    params: Sampling,
    policy: Policy,
) -> Fields:
    """Returns a request for n rollouts. Raises Unsayable."""
    body: Fields = {
        "model": model,
        "prompt": list(ids) if form.ids else as_text(prompt, ids, policy),
        "max_tokens": params.max_tokens,
        "temperature": params.temperature,
        "top_p": params.top_p,
        "seed": seed,
    }
    if n > 1:
        body["n"] = n
    if params.stop:
        body["stop"] = list(params.stop)
    return body | form.more(params, policy)


def as_text(prompt: Prompt, ids: Sequence[int], policy: Policy) -> str:
    """Returns a text that a server's tokenizer, which adds a BOS as it is used to, reads as these ids."""
    tokenizer = policy.tokenizer
    whole = str(tokenizer.decode(list(ids), clean_up_tokenization_spaces=False))
    texts = [whole.removeprefix(tokenizer.bos_token or ""), whole]
    if not prompt.chat:
        texts.insert(0, prompt.text)
    for text in texts:
        if tokenization.token_ids(tokenizer, text) == list(ids):
            return text
    raise UnsupportedForm(
        f"problem {prompt.problem_id!r}: as text its prompt would be tokenized differently (it has a "
        "control token, or lacks the BOS that would be added): choose a server that reads token ids, "
        "such as vLLM, or kind: local"
    )
