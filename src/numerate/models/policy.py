"""A policy: a causal language model with its tokenizer; loading, saving, copying, LoRA.

On disk a policy is a plain Hugging Face directory (safetensors, adapters merged in) that loads anywhere."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal

import torch

from numerate.models import device as device_check
from numerate.models import locate, model_checks, return_tags, tokenization
from numerate.models.finite_weights import check_weights
from numerate.models.inference.weights import knows_shape
from numerate.models.lora import Lora, add_lora
from numerate.models.matmul import multiplies_bfloat16
from numerate.store import replace_folder
from numerate.types import Prompt

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
SHOWN = 500
"""characters of an error of transformers that are passed on"""
LARGE = 2**24
"""parameters from which a CPU samples in bfloat16: 64 MiB in float32"""
__all__ = ["Dtype", "Lora", "Policy", "load", "pick_device", "pick_dtype", "pick_sampling_dtype"]


class Policy:
    """A causal language model and its tokenizer."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        name: str = "",
        compute: torch.dtype | None = None,
        sampling: torch.dtype | None = None,
    ) -> None:
        """Creates a policy. compute: the data type of products, by default that of the weights. sampling:
        that of an engine that samples in this process, by default `compute`."""
        if tokenizer.eos_token_id is None:
            raise ValueError(
                f"model {name!r}: its tokenizer has no EOS token, so no solution could end; add one"
            )
        self.model = model
        self.tokenizer = tokenizer
        self.name = name
        self.compute: torch.dtype = compute or next(model.parameters()).dtype
        """the number format of products; weights that are trained are float32 all the same"""
        self.sampling: torch.dtype = sampling or self.compute
        """the data type of products in sampling"""
        self.turn_end: int = tokenization.end_of_turn(tokenizer)
        """the last token of a target in a chat; elsewhere it is EOS"""
        self.eos_ids: tuple[int, ...] = _eos_ids(model, tokenizer, self.turn_end)
        """tokens that end a solution, whatever the prompt; the first is EOS"""
        pad = tokenizer.pad_token_id
        self.pad_id: int = self.eos_ids[0] if pad is None else int(pad)

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def context(self) -> int | None:
        """Returns the length of the model's context in tokens, None where it is not known."""
        config = self.model.config
        length = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
        return int(length) if length else None

    def autocast(self) -> AbstractContextManager[Any]:
        """Returns a context in which products are computed in `compute`, for any data type of the weights. A
        weight is used once in a forward pass, so no rounded copies are kept."""
        return compute_context(self.device, self.compute)

    @property
    def remote_path(self) -> str | None:
        """Returns the folder of the weights, where they are not in memory (`models.remote_policy`); else
        None."""
        return getattr(self.model, "remote_path", None)

    @property
    def conditioning(self) -> return_tags.Conditioning | None:
        """Returns the tags before every line, of a policy that was trained with them; else None."""
        return return_tags.read_conditioning(self.model.config)

    def read_as(self, other: Policy) -> None:
        """Takes over the tags of `other`, or none: for a policy that learns from the other's rollouts."""
        return_tags.write_conditioning(self.model.config, other.conditioning)

    @property
    def has_lora(self) -> bool:
        return hasattr(self.model, "peft_config")

    def encode_prompt(self, prompt: Prompt) -> list[int]:
        """Returns the ids of a prompt, BOS as the tokenizer adds it; control tokens cannot come from its
        text."""
        return tokenization.encode_prompt(self.tokenizer, prompt)

    def encode_target(self, text: str, chat: bool = False) -> list[int]:
        """Returns the ids of a solution: no BOS, ends with EOS, or in a chat with the template's end of
        turn."""
        return tokenization.encode_target(self.tokenizer, text, self.turn_end if chat else None)

    def decode(self, ids: list[int] | tuple[int, ...]) -> str:
        """Returns the text of ids without control tokens."""
        return tokenization.decode_ids(self.tokenizer, list(ids))

    def add_lora(self, lora: Lora | None) -> None:
        """Freezes the weights and trains adapters instead; None leaves everything trainable."""
        if lora:
            self.model = add_lora(self.model, lora, self.compute)

    def reload(self, directory: str | Path) -> None:
        """Takes the weights of a saved policy, adapters merged, in place of its own."""
        dtype = next(self.model.parameters()).dtype
        self.model = load(str(directory), device=str(self.device), dtype="float32").model.to(dtype)

    def merged(self) -> Any:
        """Returns the model with its adapters merged in: a copy in float32 where there are any (16 bits would
        round them away), else the model itself."""
        return copy.deepcopy(self.model).float().merge_and_unload() if self.has_lora else self.model

    def save(self, directory: str | Path, *, lasting: bool = True) -> Path:
        """Writes weights (LoRA merged), configuration and tokenizer; the model in memory stays as it is.

        The directory appears at once and whole: everything is written beside it and then renamed. lasting: it
        is flushed to the disk and gets checksums, which a copy for a server needs not."""
        target = Path(directory)
        with replace_folder(target, lasting=lasting) as fresh:
            self.save_files(fresh)
        return target

    def save_files(self, folder: Path) -> None:
        """Writes the files of `save` into a folder that `replace_folder` yields.

        The generation settings get the end of turn that was trained: other programs stop at the tokens listed
        there."""
        with quiet_transformers():
            self.merged().save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        settings = copy.deepcopy(getattr(self.model, "generation_config", None))
        if settings is not None and self.turn_end not in _listed(settings):
            settings.eos_token_id = list(self.eos_ids)
            settings.save_pretrained(folder)

    def clone(self, name: str | None = None) -> Policy:
        """Returns an independent copy of the weights (adapters included); the tokenizer is shared."""
        named = self.name if name is None else name
        return Policy(copy.deepcopy(self.model), self.tokenizer, named, self.compute, self.sampling)

    @torch.no_grad()
    def copy_weights(self, other: Policy) -> None:
        """Takes over the weights of a policy of the same shape, merged where only `other` has adapters.

        Raises ValueError where the shapes differ, or where only this policy has adapters."""
        source = other.model if self.has_lora == other.has_lora else other.merged()
        try:
            self.model.load_state_dict(source.state_dict())
        except RuntimeError as error:
            raise ValueError(f"the weights of {other.name!r} do not fit {self.name!r}: {error}") from error


def load(
    name: str,
    *,
    device: str = "auto",
    dtype: Dtype = "auto",
    lora: Lora | None = None,
    trained: bool = False,
    trust_remote_code: bool = False,
) -> Policy:
    """Loads numerate/pico, a directory or a hub id. A model's own code runs only with `trust_remote_code`.

    device: auto takes cuda, else mps, else cpu. dtype: auto is bfloat16 on a GPU (float16 where it has no
    bfloat16), else float32; a CPU may sample in bfloat16 all the same (`pick_sampling_dtype`). trained: the
    weights are float32 in any case, since a step of the optimizer is smaller than the steps of 16 bits;
    `dtype` is the format of the products.

    Raises:
        ValueError: the model cannot be loaded; with the remedy.
    """
    import transformers

    locate.check_loadable(name)
    locate.check_sums(name)
    locate.check_weights(name)
    path = str(locate.locate_model(name))
    where = pick_device(device)
    compute = pick_dtype(dtype, where)
    options: dict[str, Any] = {"trust_remote_code": trust_remote_code}
    with quiet_transformers():
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(path, **options)
            loaded: Any = transformers.AutoModelForCausalLM.from_pretrained(
                path,
                dtype=torch.float32 if trained and not lora else compute,
                use_safetensors=True,
                output_loading_info=True,
                **options,
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            raise not_loaded(name, path, error) from error
    model, report = loaded
    if report["missing_keys"]:
        some = ", ".join(sorted(report["missing_keys"])[:3])
        raise ValueError(
            f"model {name!r}: its files lack weights ({some}, ...), which would be random; download it again"
        )
    tokens = 1 + max(_written_ids(tokenizer), default=-1)
    rows = model.get_input_embeddings().weight.shape[0]
    if message := model_checks.too_many_tokens(tokens, rows):
        raise ValueError(f"model {name!r}: {message}")
    model = model.to(where).eval()
    check_weights(model.state_dict().items(), f"model {name!r}")
    sampling = pick_sampling_dtype(dtype, model, compute)
    return Policy(add_lora(model, lora, compute) if lora else model, tokenizer, name, compute, sampling)


def not_loaded(name: str, path: str, error: Exception) -> ValueError:
    """Returns the error for a model that transformers cannot load, in one line."""
    text = " ".join(str(error).split())
    if "trust_remote_code" in text:
        text = "it needs code of its own, which is not executed; choose a model that transformers includes"
    if "for this kind of AutoModel" in text:
        text = f"{text.partition(' for this kind of AutoModel')[0]}: it is not a causal language model"
    return ValueError(f"model {name!r} could not be loaded from {path}: {text[:SHOWN]}")


def compute_context(device: torch.device, compute: torch.dtype) -> AbstractContextManager[Any]:
    """Returns a context in which products are computed in `compute`."""
    if compute == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, compute, cache_enabled=False)


def pick_device(device: str = "auto") -> torch.device:
    """Returns the device; auto: cuda, else mps, else cpu. Raises ValueError for a device that is not
    there."""
    device_check.check_device(device)
    if device != "auto":
        return torch.device(device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def pick_dtype(dtype: Dtype, device: torch.device) -> torch.dtype:
    """Returns the data type; auto: bfloat16 where a CUDA device computes in it, float16 on an older one, else
    float32."""
    if dtype != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[dtype]
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def pick_sampling_dtype(dtype: Dtype, model: Any, compute: torch.dtype) -> torch.dtype:
    """Returns the data type of sampling. auto: bfloat16 on a CPU that multiplies it faster than float32, for
    a model of at least LARGE parameters whose shape the lean forward pass knows, else `compute`. A smaller
    one stays in the processor's cache and gains little."""
    device = next(model.parameters()).device
    fast = dtype == "auto" and device.type == "cpu" and multiplies_bfloat16()
    large = sum(p.numel() for p in model.parameters()) >= LARGE
    return torch.bfloat16 if fast and large and knows_shape(model) else compute


def _written_ids(tokenizer: Any) -> set[int]:
    """Returns the ids that a prompt or a row may have: those of text, BOS, EOS and padding. A tokenizer's
    class may add control tokens of its own that nothing ever writes."""
    control = {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
    used = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id} - {None}
    return (set(tokenizer.get_vocab().values()) - control) | used


def _eos_ids(model: Any, tokenizer: Any, turn_end: int) -> tuple[int, ...]:
    """Returns the tokenizer's EOS first, then the others in the model's generation settings (some chat
    models), and the chat template's end of turn."""
    listed = _listed(getattr(model, "generation_config", None))
    return tuple(dict.fromkeys([int(tokenizer.eos_token_id), *listed, turn_end]))


def _listed(settings: Any) -> list[int]:
    """Returns the EOS tokens of generation settings: none, one, or several."""
    more = getattr(settings, "eos_token_id", None)
    return [] if more is None else [more] if isinstance(more, int) else [int(i) for i in more]


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Disables transformers' own progress bars."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
