"""Checks that a model directory suits its use: tokenizer and embeddings, quantised weights, folders of
runs. Reads headers and JSON; needs no torch."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

EMBEDDING = re.compile(r"(?:.*\.)?(?:embed_tokens|wte|embed_in|word_embeddings|tok_embeddings)\.weight")
"""the input embeddings' name in a safetensors file"""
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "aqlm": ("aqlm",),
    "awq": ("gptqmodel", "awq"),
    "bitsandbytes": ("bitsandbytes",),
    "compressed-tensors": ("compressed_tensors",),
    "eetq": ("eetq",),
    "gptq": ("gptqmodel", "auto_gptq"),
    "hqq": ("hqq",),
    "quanto": ("optimum.quanto", "optimum"),
    "torchao": ("torchao",),
    "vptq": ("vptq",),
}
"""how weights are quantised -> modules, any of which reads them"""


def quantization_method(config: Mapping[str, Any]) -> str:
    """Returns how the weights of a config are quantised, empty where they are not."""
    options = config.get("quantization_config")
    if not isinstance(options, Mapping):
        return ""
    listed = str(options.get("quant_method") or "")
    return listed or ("bitsandbytes" if any("load_in_" in key for key in options) else "some method")


def unreadable_quantization(config: Mapping[str, Any]) -> str:
    """Returns what to say of quantised weights whose package is missing, empty where there is none such."""
    quantised = quantization_method(config)
    modules = PACKAGES.get(quantised.replace("_", "-"), ())
    if not modules or any(map(_installed, modules)):
        return ""
    return (
        f"its weights are quantised ({quantised}), and the package {modules[0]} is not installed: "
        "choose the unquantised model, or one on a server (engine kind: server)"
    )


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def too_many_tokens(tokens: int, rows: int | None) -> str:
    """Returns what to say where the tokenizer has ids that the embeddings lack, empty where it has none."""
    if rows is None or tokens <= rows:
        return ""
    return (
        f"its tokenizer has {tokens:,} tokens and the embeddings have {rows:,} rows: use the model's "
        "own tokenizer, or enlarge the embeddings (resize_token_embeddings) and save both"
    )


def tokens_in(tokenizer: Path) -> int:
    """Returns the largest id that a tokenizer.json may write, plus 1; 0 where the file is absent or unlike
    others. Control tokens but for BOS, EOS and padding are never written: classes of tokenizers add some."""
    try:
        content = json.loads(tokenizer.read_text(encoding="utf-8"))
        vocabulary = content["model"]["vocab"]
        words = vocabulary if isinstance(vocabulary, dict) else {w[0]: i for i, w in enumerate(vocabulary)}
        added = content.get("added_tokens") or ()
        words = words | {token["content"]: token["id"] for token in added}
        control = {token["content"] for token in added if token.get("special")} - used_by(tokenizer.parent)
        return 1 + max((int(i) for word, i in words.items() if word not in control), default=-1)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return 0


def used_by(folder: Path) -> set[str]:
    """Returns the texts of BOS, EOS and padding, by tokenizer_config.json."""
    try:
        options = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        listed = [options.get(name) for name in ("bos_token", "eos_token", "pad_token")]
    except (OSError, ValueError, AttributeError):
        return set()
    return {str(token.get("content") if isinstance(token, dict) else token) for token in listed if token}


def embedding_rows(tensors: Iterable[tuple[str, Mapping[str, Any]]]) -> int | None:
    """Returns the rows of the input embeddings, by the headers of safetensors files; None if unknown."""
    rows = [header["shape"][0] for name, header in tensors if EMBEDDING.fullmatch(name) and header["shape"]]
    return max(rows, default=None)


def models_of_run(folder: Path) -> list[Path]:
    """Returns the models in a run's folder, or in that of one of its stages."""
    depths = ("stages/*/model", "*/model", "model")
    return sorted(
        {path for depth in depths for path in folder.glob(depth) if (path / "config.json").is_file()}
    )


def unfinished(folder: Path) -> str:
    """Returns what to say where a folder is that of a stage of a run that is not done, empty elsewhere."""
    run = folder.parent.parent
    if (
        folder.parent.name != "stages"
        or not (run / "recipe.yaml").is_file()
        or (folder / "DONE.json").exists()
    ):
        return ""
    what = f"stage {folder.name} of {run} is not completed and has no model yet"
    return f"{what}: numerate run {run} completes it"


def run_in_place(folder: Path) -> str:
    """Returns what to say where a folder is that of a run or of one of its stages, empty elsewhere."""
    stage = folder.parent.name == "stages" and folder.parent.parent
    if not ((folder / "recipe.yaml").is_file() or (stage and (stage / "recipe.yaml").is_file())):
        return ""
    what = "a stage of a run" if stage else "a run"
    judges = [path for path in models_of_run(folder) if (path / "head.safetensors").is_file()]
    models = [str(path) for path in models_of_run(folder) if path not in judges]
    if not models:
        none = f"that is the folder of {what}, without a language model: name the `model` of its recipe"
        return unfinished(folder) or none
    return f"that is the folder of {what}: name one of its models, {', '.join(models)}"
