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
ALIKE = 0.99
"""cosine of two embeddings that nothing has told apart; the bundled model's tags have 0.999999"""


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


def prepare(policy: Policy, conditioning: Conditioning, tokens: bool) -> None:
    """Makes a policy that is to be trained with tags ready for them. tokens: a token of its own for each tag
    that has none yet.

    Tokens that no text of the pretraining held have all come to the same embedding, and a model that cannot
    tell its tags apart learns nothing from them, as measured with the bundled one. Each such tag begins as
    the mean of what its word is made of (`[GOOD]` as `good`): the same every time."""
    import torch

    words = [conditioning.tag(good).strip() for good in (True, False)]
    made = [policy.encode_target(word.strip("[]").lower())[:-1] for word in words]
    if tokens:
        policy.tokenizer.add_tokens([word for word in words if len(tag_ids(policy, word)) > 1])
    model, old = policy.model, policy.model.get_input_embeddings().num_embeddings
    if len(policy.tokenizer) > old:  # some vocabularies have room
        model.resize_token_embeddings(len(policy.tokenizer), mean_resizing=False)
    found = [tag_ids(policy, word) for word in words]
    if all(len(ids) == 1 for ids in found) and (tokens or _alike(policy, found)):
        with torch.no_grad():
            for part in {model.get_input_embeddings(), model.get_output_embeddings()}:
                for [tag], pieces in zip(found, made, strict=True):
                    part.weight[tag] = part.weight[pieces].mean(0)


def _alike(policy: Policy, tags: Sequence[Sequence[int]]) -> bool:
    """Whether the embeddings of two tags of one token each are almost parallel."""
    import torch

    one, other = (policy.model.get_input_embeddings().weight[ids[0]].float() for ids in tags)
    return torch.cosine_similarity(one, other, dim=0).item() > ALIKE
