"""A score model: a language model or an encoder (BERT, DeBERTa) with a linear head on its hidden states.

It reads a problem and the steps of a solution, and its head is asked at the ends of steps only:

    causal    [prompt] step_1 \\n step_2 \\n ... step_K \\n          read at each \\n
    encoder   [CLS] problem [SEP] step_1 [SEP] ... step_K [SEP]     read at each [SEP], or at the last of
                                                                    every prefix

Steps are tokenized one by one, so the ends are exact for any tokenizer, and the score of a prefix in a
causal judge cannot depend on what follows. An encoder sees all of its line at every end: which lines it was
trained on, and is read on, its card says (`reads`).

With `likelihood` the head sees two more numbers: log p of all tokens of the solution up to there, and of
those of the step, under the network's own language model. Line breaks at the ends of steps don't count: where
a solution stops, the model would have said something else.

On disk: the network in the Hugging Face layout, `head.safetensors` and `judge.json`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from numerate.models import locate, tokenization
from numerate.models.finite_weights import check_weights
from numerate.models.judge_config import HEAD, STEP_JUDGES, Card, check_head, read_card, write_card
from numerate.models.lora import Lora, add_lora
from numerate.models.policy import (
    Dtype,
    Policy,
    compute_context,
    not_loaded,
    pick_device,
    pick_dtype,
    quiet_transformers,
)
from numerate.prompts import plain_prompt, render
from numerate.store import replace_folder
from numerate.types import Problem

BELIEF = 0.3
"""weight of a log-probability in an untrained score"""


@dataclass(frozen=True, slots=True)
class EncodedSolution:
    """Token ids of a problem and a solution, with the positions of the step ends."""

    ids: list[int]
    prompt: int
    """tokens before the first step"""
    ends: tuple[int, ...]
    """place of the last token of each step that fits"""
    dropped: int
    """late steps that did not fit"""


def solution_prefixes(encoded: EncodedSolution) -> list[EncodedSolution]:
    """Returns the solution up to each of its steps, each as it is encoded alone."""
    return [
        EncodedSolution(encoded.ids[: end + 1], encoded.prompt, encoded.ends[: k + 1], 0)
        for k, end in enumerate(encoded.ends)
    ]


class ScoreNetwork(nn.Module):
    """The network and its head; the head computes in float32 whatever the network does."""

    def __init__(self, trunk: Any, card: Card) -> None:
        super().__init__()
        self.trunk = trunk
        self.encoder = card.encoder
        self.likelihood = card.likelihood
        config = trunk.config.get_text_config()
        width = getattr(config, "word_embed_proj_dim", None) or config.hidden_size
        seen = int(width) + 2 * card.likelihood
        self.head = nn.Linear(seen, card.classes, device=next(trunk.parameters()).device)
        nn.init.zeros_(self.head.weight)  # every score begins at 1/2, without a random number
        nn.init.zeros_(self.head.bias)
        if card.likelihood:  # or it begins with what the language model believes: of the step, or of all
            column = -1 if card.kind in STEP_JUDGES else -2
            nn.init.constant_(self.head.weight[-1:, column], BELIEF)

    @property
    def config(self) -> Any:
        return self.trunk.config

    def get_base_model(self) -> Any:
        """Returns the network itself, without the wrapper that LoRA puts around it (its layers stay in
        place)."""
        inner = getattr(self.trunk, "get_base_model", None)
        return inner() if inner else self.trunk

    def forward(self, h_ND: Tensor, logp_N2: Tensor | None = None) -> Tensor:
        """Maps hidden states at some positions to logits, [N, C] float32. logp: where the head sees
        likelihoods, log p of the solution up to each place, and of the step that ends there."""
        with torch.autocast(h_ND.device.type, enabled=False):
            seen = h_ND.float() if logp_N2 is None else torch.cat([h_ND.float(), logp_N2], dim=1)
            return self.head(seen)


class ScoreModel:
    """A score network with its tokenizer and its card. The learner trains it like a policy."""

    def __init__(
        self,
        network: ScoreNetwork,
        tokenizer: Any,
        card: Card,
        name: str = "",
        compute: torch.dtype = torch.float32,
    ) -> None:
        """Creates a score model. compute: the data type of the network's products."""
        self.model = network
        self.compute = compute
        self.tokenizer = tokenizer
        self.card = card
        self.name = name
        pad = tokenizer.pad_token_id
        self.pad_id = int(tokenizer.eos_token_id if pad is None else pad)
        context = getattr(network.config, "max_position_embeddings", None)
        self.room = min(card.max_length, int(context or card.max_length))
        """tokens that it can read"""

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def autocast(self) -> AbstractContextManager[Any]:
        """Returns a context in which the network's products are computed in `compute`."""
        return compute_context(self.device, self.compute)

    def adapt(self, lora: Lora | None) -> None:
        """Freezes the network and trains adapters on it beside the head; None trains everything."""
        if lora:
            task = "CAUSAL_LM" if self.card.has_vocabulary_head else None
            self.model.trunk = add_lora(self.model.trunk, lora, self.compute, task)

    def encode_solution(self, problem: Problem, steps: Sequence[str]) -> EncodedSolution:
        """Returns the tokens of problem and steps. A step that does not fit is dropped, with all after it."""
        ids = self._encode_problem(problem)
        prompt, ends = len(ids), list[int]()
        for step in steps:
            more = self._encode_step(step)
            if len(ids) + len(more) > self.room:
                break
            ids += more
            ends.append(len(ids) - 1)
        return EncodedSolution(ids, prompt, tuple(ends), len(steps) - len(ends))

    def _encode_problem(self, problem: Problem) -> list[int]:
        if self.card.encoder:
            inside = tokenization.encode_text(self.tokenizer, plain_prompt(problem).strip())
            return [self.tokenizer.cls_token_id, *inside, self.tokenizer.sep_token_id]
        return tokenization.encode_prompt(self.tokenizer, render(problem, self.card.style))

    def _encode_step(self, text: str) -> list[int]:
        if self.card.encoder:
            return [*tokenization.encode_text(self.tokenizer, text.strip()), self.tokenizer.sep_token_id]
        return tokenization.encode_target(self.tokenizer, text.strip() + "\n")[:-1]

    def save(self, directory: str | Path) -> Path:
        """Writes network (LoRA merged), tokenizer, head and card; the directory appears at once and whole."""
        target, trunk = Path(directory), self.model.trunk
        if hasattr(trunk, "peft_config"):
            trunk = copy.deepcopy(trunk).float().merge_and_unload()
        with replace_folder(target) as fresh:
            with quiet_transformers():
                trunk.save_pretrained(fresh)
            self.tokenizer.save_pretrained(fresh)
            head = {name: p.detach().cpu().contiguous() for name, p in self.model.head.state_dict().items()}
            save_file(head, fresh / HEAD)
            write_card(fresh, self.card)
        return target


def on_policy(policy: Policy, card: Card) -> ScoreModel:
    """Returns a score model that is initialized from a language model, in place. One that generates keeps the
    vocabulary head."""
    trunk = policy.model if card.has_vocabulary_head else policy.model.base_model
    network = ScoreNetwork(trunk, card)
    return ScoreModel(network, policy.tokenizer, card, policy.name, policy.compute)


def on_encoder(name: str, card: Card, *, device: str = "auto", dtype: Dtype = "auto") -> ScoreModel:
    """Returns a score model that is initialized from an encoder: a directory or a hub id. Its weights are
    float32; `dtype` is the format of the products.

    Raises ValueError where it cannot be loaded, or has no [CLS] and [SEP]."""
    locate.check_loadable(name)
    trunk, tokenizer = _open(name, str(locate.locate_model(name)), device, "float32", "AutoModel")
    if tokenizer.cls_token_id is None or tokenizer.sep_token_id is None:
        raise ValueError(
            f"model {name!r}: its tokenizer has no [CLS] and [SEP], so it is not an encoder: leave "
            "`encoder` out to start from the stage's language model"
        )
    compute = pick_dtype(dtype, next(trunk.parameters()).device)
    return ScoreModel(ScoreNetwork(trunk, card), tokenizer, card, name, compute)


def load_score_model(directory: str | Path, *, device: str = "auto", dtype: Dtype = "auto") -> ScoreModel:
    """Loads a score model that `save` wrote. Raises ValueError for a folder without a judge, or with one that
    has no head."""
    folder = Path(directory)
    card = read_card(folder)
    check_head(folder, card)
    locate.check_sums(str(folder))
    kind = "AutoModelForCausalLM" if card.has_vocabulary_head else "AutoModel"
    trunk, tokenizer = _open(str(folder), str(folder), device, dtype, kind)
    network = ScoreNetwork(trunk, card)
    made = ScoreModel(network, tokenizer, card, str(folder), next(trunk.parameters()).dtype)
    made.model.head.load_state_dict(load_file(folder / HEAD))
    check_weights(made.model.head.state_dict().items(), f"model {str(folder)!r}")
    made.model.eval()
    return made


def _open(name: str, path: str, device: str, dtype: Dtype, kind: str) -> tuple[Any, Any]:
    """Returns the network and the tokenizer."""
    import transformers

    where = pick_device(device)
    with quiet_transformers():
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(path, trust_remote_code=False)
            trunk, report = getattr(transformers, kind).from_pretrained(
                path,
                dtype=pick_dtype(dtype, where),
                use_safetensors=True,
                output_loading_info=True,
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            raise not_loaded(name, path, error) from error
    missing = sorted(key for key in report["missing_keys"] if "pooler" not in key)  # nobody reads the pooler
    if missing:
        raise ValueError(f"model {name!r}: its files lack weights ({', '.join(missing[:3])}, ...)")
    check_weights(trunk.state_dict().items(), f"model {name!r}")
    return trunk.to(where).eval(), tokenizer
