"""The tags of a return-conditioned policy, as its config.json holds them under `return_conditioning`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from numerate.options import config

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
    def target_tag(self) -> str:
        return self.tag(self.ask == "good")


def write_conditioning(settings: Any, conditioning: Conditioning | None) -> None:
    """Writes the tags into a model's configuration. settings: it is saved with the model; None removes the
    entry."""
    if conditioning is None:
        vars(settings).pop(KEY, None)
    else:
        setattr(settings, KEY, TypeAdapter(Conditioning).dump_python(conditioning, mode="json"))


def read_conditioning(settings: Any) -> Conditioning | None:
    """Reads the tags; None for a policy without tags. Raises ValueError where the entry is none of ours."""
    values = getattr(settings, KEY, None)
    if values is None:
        return None
    try:
        return TypeAdapter(Conditioning).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, (KEY, *first["loc"])))
        raise ValueError(f"a model's config.json, {path}: {first['msg']}; train the model again") from error
