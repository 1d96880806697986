"""What a return-conditioned policy reads before every line that it writes: a tag that says how well things
should go (Havrilla et al. 2024, arXiv:2403.04642, section 3 "RCRL").

The policy's own config.json says so, under `return_conditioning`; so the saying goes wherever the model goes,
and whoever samples from it here asks for good lines without being told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from numerate.typed import config

if TYPE_CHECKING:
    from numerate.models.policy import Policy

KEY = "return_conditioning"


@config
class Conditioning:
    good: str = "[GOOD]\n"
    """stands before a line from which the answer is mostly reached; on a line of its own, so that the tokens
    of a solution's lines are those that they are without tags"""
    bad: str = "[BAD]\n"
    """stands before the other lines"""
    ask: Literal["good", "bad"] = "good"
    """which of the two is given when the policy is sampled from"""

    def tag(self, good: bool) -> str:
        return self.good if good else self.bad

    @property
    def asked(self) -> str:
        return self.tag(self.ask == "good")


def write(settings: Any, conditioning: Conditioning | None) -> None:
    """settings: the configuration of a model, which is saved with it; None takes the entry out."""
    if conditioning is None:
        vars(settings).pop(KEY, None)
    else:
        setattr(settings, KEY, TypeAdapter(Conditioning).dump_python(conditioning, mode="json"))


def read(settings: Any) -> Conditioning | None:
    """None for a policy that reads no tags. Raises ValueError where the entry is none of ours."""
    given = getattr(settings, KEY, None)
    if given is None:
        return None
    try:
        return TypeAdapter(Conditioning).validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (KEY, *first["loc"])))
        raise ValueError(f"a model's config.json, {place}: {first['msg']}; train the model again") from error


def lines(policy: Policy, ids: Sequence[int]) -> list[list[int]]:
    """The tokens of a solution, cut after every token that holds a line break: where sampling stops that
    stops at line breaks. What follows the last break, if only an EOS, is the last line."""
    breaks = {i for i in set(ids) if "\n" in policy.decode([i])}
    ends = [place + 1 for place, i in enumerate(ids) if i in breaks]
    cuts = [0, *ends, *([len(ids)] if ends[-1:] != [len(ids)] else [])]
    return [list(ids[a:b]) for a, b in pairwise(cuts)]


def tag_ids(policy: Policy, tag: str) -> list[int]:
    """Tokenized apart from what stands around it, as a turn's text is."""
    return policy.encode_target(tag)[:-1]


def add_tokens(policy: Policy, conditioning: Conditioning) -> None:
    """Makes a token of each tag that is none yet. Its embedding begins as the mean of all others: the same
    every time, and nowhere far off."""
    import torch

    words = [conditioning.tag(good).strip() for good in (True, False)]
    policy.tokenizer.add_tokens([word for word in words if len(tag_ids(policy, word)) > 1])
    model, size = policy.model, len(policy.tokenizer)
    old = model.get_input_embeddings().num_embeddings
    if size <= old:  # some vocabularies have room
        return
    model.resize_token_embeddings(size, mean_resizing=False)
    with torch.no_grad():
        for part in (model.get_input_embeddings(), model.get_output_embeddings()):
            part.weight[old:] = part.weight[:old].mean(0)
