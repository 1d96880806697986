"""Return conditioning: a policy reads, before every line that it writes, a tag with the wanted return
(Havrilla et al. 2024, arXiv:2403.04642, section 3 "RCRL").

The policy's own config.json says so, under `return_conditioning`; so the saying goes wherever the model goes,
and whoever samples from it here asks for good lines without being told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from numerate.models.return_tags import Conditioning

if TYPE_CHECKING:
    from numerate.models.policy import Policy

ALIKE = 0.99
"""cosine of two embeddings without any difference from training; the bundled model's tags have 0.999999"""


def token_lines(policy: Policy, ids: Sequence[int]) -> list[list[int]]:
    """Returns the tokens of a solution, split after every token with a line break, where sampling with line
    breaks as stop strings stops. The tokens after the last break, if only an EOS, are the last line."""
    breaks = {i for i in set(ids) if "\n" in policy.decode([i])}
    ends = [index + 1 for index, i in enumerate(ids) if i in breaks]
    cuts = [0, *ends, *([len(ids)] if ends[-1:] != [len(ids)] else [])]
    return [list(ids[a:b]) for a, b in pairwise(cuts)]


def tag_ids(policy: Policy, tag: str) -> list[int]:
    """Returns the ids of a tag, tokenized apart from its context as a turn's text is."""
    return policy.encode_target(tag)[:-1]


def prepare_policy(policy: Policy, conditioning: Conditioning, tokens: bool) -> None:
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
    tags = [tag_ids(policy, word) for word in words]
    if all(len(ids) == 1 for ids in tags) and (tokens or _alike(policy, tags)):
        with torch.no_grad():
            for part in {model.get_input_embeddings(), model.get_output_embeddings()}:
                for [tag], pieces in zip(tags, made, strict=True):
                    part.weight[tag] = part.weight[pieces].mean(0)


def _alike(policy: Policy, tags: Sequence[Sequence[int]]) -> bool:
    """Checks whether the embeddings of two tags of one token each are almost parallel."""
    import torch

    first, other = (policy.model.get_input_embeddings().weight[ids[0]].float() for ids in tags)
    return torch.cosine_similarity(first, other, dim=0).item() > ALIKE
