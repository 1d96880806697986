"""A policy without its weights: tokenizer and configuration, enough to put questions to a server that has
the weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from numerate.models import locate
from numerate.models.policy import Policy, not_loaded


@dataclass(frozen=True)
class Outline:
    """Stands where a policy's model would."""

    config: Any
    generation_config: Any
    place: str
    """the directory or the hub id of the whole model"""


def load_outline(name: str) -> Policy:
    """Raises ValueError, with the remedy, where the tokenizer or the configuration cannot be loaded."""
    import transformers

    locate.check_loadable(name)
    found = locate.locate_model(name)
    place = str(found.resolve() if isinstance(found, Path) else found)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(place, trust_remote_code=False)
        config = transformers.AutoConfig.from_pretrained(place, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise not_loaded(name, place, error) from error
    try:
        settings = transformers.GenerationConfig.from_pretrained(place)
    except OSError:  # a model need not have any
        settings = None
    return Policy(Outline(config, settings, place), tokenizer, name, torch.float32)
