"""A language model with an operator head and a baseline beside its vocabulary head (arXiv:2307.08767).

    h_t ──┬── vocabulary head    log p_LM(y_t)
          ├── operator head      log p_O(o_t),  o in {+, -, *, /, V}
          └── baseline           b_t

h_t is the last hidden state before y_t. On disk: the model in the Hugging Face layout, which loads anywhere,
and beside it `operator_head.safetensors`, without which another stage would begin with random heads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from numerate.models.operators import CLASSES
from numerate.models.policy import Policy
from numerate.models.value_head import capture_output
from numerate.models.with_heads import WithHeads
from numerate.store import replace_folder

FILE = "operator_head.safetensors"


class Heads(nn.Module):
    """Both heads, in float32. Their weights are drawn from N(0, spread^2), the biases begin at 0."""

    def __init__(self, lm: Any, spread: float, seed: int = 0) -> None:
        super().__init__()
        config = lm.config.get_text_config()
        width = int(getattr(config, "word_embed_proj_dim", None) or config.hidden_size)
        self.operator = nn.Linear(width, CLASSES)
        self.baseline = nn.Linear(width, 1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for head in (self.operator, self.baseline):
                nn.init.normal_(head.weight, std=spread)
                nn.init.zeros_(head.bias)
        self.to(lm.device)
        lm.base_model.register_forward_hook(capture_output)


class HeadedModel(WithHeads):
    """Trunk and heads."""

    heads: Heads

    def __init__(self, trunk: Any, heads: Heads) -> None:
        super().__init__(trunk, heads=heads)


class MixedPolicy:
    """A policy and its heads: what a stage leaves behind."""

    def __init__(self, policy: Policy, heads: Heads) -> None:
        self.policy = policy
        self.heads = heads

    @property
    def model(self) -> HeadedModel:
        """Returns both heads and the model as one network."""
        return HeadedModel(self.policy.model, self.heads)

    def together(self) -> Policy:
        """Returns the network that the learner trains: it shares the policy's weights, and has the heads'
        too."""
        base = self.policy
        return Policy(self.model, base.tokenizer, base.name, base.compute, base.sampling)

    def save(self, directory: str | Path) -> Path:
        """Saves the model (LoRA merged), its tokenizer and the heads; the directory appears at once and
        whole."""
        target = Path(directory)
        with replace_folder(target) as fresh:
            self.policy.save_files(fresh)
            tensors = {name: p.detach().cpu().contiguous() for name, p in self.heads.state_dict().items()}
            save_file(tensors, fresh / FILE)
        return target

    def load_heads(self, directory: Path) -> bool:
        """Takes the heads that were saved with a model; False where there are none.

        Raises ValueError where they are those of another model."""
        if not (directory / FILE).is_file():
            return False
        try:
            self.heads.load_state_dict(load_file(directory / FILE))
        except RuntimeError as error:
            raise ValueError(f"{directory / FILE} does not fit the model beside it: {error}") from error
        return True
