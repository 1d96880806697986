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
    """Placeholder for the model of a policy without weights."""

    config: Any
    generation_config: Any
    remote_path: str
    """the directory or the hub id of the whole model"""


def load_outline(name: str) -> Policy:
    """Loads a policy without its weights. Raises ValueError, with the remedy, where the tokenizer or the
    configuration cannot be loaded."""
    import transformers

    locate.check_loadable(name)
    located = locate.locate_model(name)
    path = str(located.resolve() if isinstance(located, Path) else located)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(path, trust_remote_code=False)
        config = transformers.AutoConfig.from_pretrained(path, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise not_loaded(name, path, error) from error
    try:
        settings = transformers.GenerationConfig.from_pretrained(path)
    except OSError:  # a model need not have any
        settings = None
    return Policy(Outline(config, settings, path), tokenizer, name, torch.float32)
