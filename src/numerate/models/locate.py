"""Maps model names to places: the bundled model, a directory, or an id on the Hugging Face hub. Needs no
torch.

`check_loadable` reads a few kilobytes and finds what would otherwise fail minutes later: a missing file, a
truncated download, a Git-LFS pointer in place of weights, an adapter without its base."""

from __future__ import annotations

import json
import re
import struct
from importlib import resources
from pathlib import Path
from typing import Any, cast

from numerate.models import model_checks
from numerate.store import SUMS, find_damage, recover_folder

BUNDLED = {"numerate/pico": "pico"}
HUB_ID = re.compile(r"[A-Za-z0-9][\w.\-]{0,95}(/[A-Za-z0-9][\w.\-]{0,95})?")
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")


def locate_model(name: str) -> Path | str:
    """Returns the directory that holds the model, or the hub id where `name` is no directory. Reads no file;
    a directory whose writer was killed gets its name back."""
    if name in BUNDLED:
        return Path(str(resources.files("numerate"))) / "assets" / BUNDLED[name]
    path = Path(name).expanduser()
    recover_folder(path)
    return path if name and path.is_dir() else name


def short_name(name: str) -> str:
    """Returns quickstart-ei of runs/quickstart/stages/ei/model; Qwen2.5-0.5B of Qwen/Qwen2.5-0.5B."""
    parts = [part for part in Path(name).parts if part not in ("runs", "stages", "model", "/", "..")]
    kept = parts[-2:] if "stages" in Path(name).parts else parts[-1:]
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(kept)).strip("-.") or "model"


def name_of(name: str) -> str:
    """Returns a model's name in rows and folders, made from its whole place rather than its last word:
    quickstart-ei of runs/quickstart/stages/ei/model, quickstart-ei-round-002 of a round of that stage,
    a-final of a/final and of its absolute path; Qwen2.5-0.5B of Qwen/Qwen2.5-0.5B."""
    located = locate_model(name)
    if name in BUNDLED or not isinstance(located, Path):
        return short_name(name)
    path, cwd = located.resolve(), Path.cwd()
    parts = path.relative_to(cwd).parts if path.is_relative_to(cwd) else path.parts[1:]
    plain = [part for part in parts if part not in ("runs", "model")][-2:]
    if "stages" in path.parts[2:]:  # of a run: from its name on, wherever it lies
        last = len(path.parts) - 1 - path.parts[::-1].index("stages")
        plain = [part for part in path.parts[last - 1 :] if part not in ("stages", "model")]
    words = re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(plain))
    return words.strip("-._")[-60:].strip("-._") or short_name(str(path))


def check_loadable(name: str) -> None:
    """Raises ValueError where `name` cannot be loaded, as far as local files tell. A hub id that looks right
    passes: only the hub knows."""
    path = locate_model(name)
    parent = Path(name).parent
    if isinstance(path, Path):
        _check_directory(name, path)
    elif Path(name).expanduser().is_file():
        raise ValueError(f"model {name!r}: that is a file; name the directory that holds a model")
    elif name.startswith("numerate/"):
        raise ValueError(f"model {name!r}: {bundled_models()}")
    elif parent != Path() and parent.is_dir():
        absent = f"there is a folder {parent}, but no {Path(name).name} in it"
        raise ValueError(f"model {name!r}: {model_checks.unfinished(parent) or absent}")
    elif not HUB_ID.fullmatch(path) or path.startswith(("runs/", "./", "../")):
        raise ValueError(
            f"model {name!r}: no such directory, and not an id of the Hugging Face hub (owner/name); "
            "check the path, or use the bundled model numerate/pico"
        )


def nearby(name: str) -> str:
    """Returns what else a name that the hub does not know may mean, empty where nothing is near: the bundled
    model without `numerate/`, a run without `runs/`."""
    if f"numerate/{name}" in BUNDLED:
        return f"; did you mean numerate/{name}?"
    run = Path("runs") / name
    return f"; of {run}: {message}" if (message := model_checks.run_in_place(run)) else ""


def check_sums(name: str) -> None:
    """Raises ValueError where a directory with checksums (SHA256SUMS) holds another file than was written:
    a flipped bit makes other weights, without any other sign. Reads all files."""
    path = locate_model(name)
    if isinstance(path, Path) and (path / SUMS).is_file() and (message := find_damage(path)):
        raise ValueError(
            f"model {name!r}: {message}; restore it, or delete the file and run again, or delete "
            f"{SUMS} if the change was intended"
        )


def bundled_models() -> str:
    return f"the bundled {'model is' if len(BUNDLED) == 1 else 'models are'} {', '.join(BUNDLED)}"


def _check_directory(name: str, path: Path) -> None:
    if not path.is_dir():
        raise ValueError(f"model {name!r}: {path} is missing from this installation; install numerate again")
    if (path / "adapter_config.json").is_file() and not (path / "config.json").is_file():
        raise ValueError(
            f"model {name!r}: {path} has a LoRA adapter only; merge it into its base model first"
        )
    if not any(path.glob("*.safetensors")) and (message := model_checks.run_in_place(path)):
        raise ValueError(f"model {name!r}: {message}")
    model_type = read_json(name, path / "config.json").get("model_type")
    if not isinstance(model_type, str):
        raise ValueError(f"model {name!r}: {path / 'config.json'} has no model_type: name a model directory")
    files = _weights(name, path)
    try:
        headers = [tensor for file in files for tensor in tensor_headers(name, file).items()]
    except ValueError:
        check_sums(name)  # of a model that was made here the checksums know the remedy
        raise
    if not any((path / file).is_file() for file in TOKENIZERS):
        raise ValueError(
            f"model {name!r}: no tokenizer in {path} (looked for {', '.join(TOKENIZERS)}); "
            "copy the tokenizer files of the base model there"
        )
    rows = model_checks.embedding_rows(headers)
    if message := model_checks.too_many_tokens(model_checks.tokens_in(path / "tokenizer.json"), rows):
        raise ValueError(f"model {name!r}: {message}")


def check_weights(name: str) -> None:
    """Raises ValueError where the weights of a model directory are quantised in a way that cannot be read
    here; on a server they may be."""
    path = locate_model(name)
    if isinstance(path, Path) and (
        message := model_checks.unreadable_quantization(read_json(name, path / "config.json"))
    ):
        raise ValueError(f"model {name!r}: {message}")


def read_json(name: str, path: Path) -> dict[str, Any]:
    """Returns a model's JSON file as a dictionary; ValueError where it is missing or is something else."""
    if not path.is_file():
        raise ValueError(
            f"model {name!r}: no {path.name} in {path.parent}; expected a Hugging Face model directory"
        )
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"model {name!r}: {path} is not JSON ({error}); download the model again") from error
    if not isinstance(value, dict):
        raise ValueError(f"model {name!r}: {path} must hold a JSON object, found {type(value).__name__}")
    return cast(dict[str, Any], value)


def _weights(name: str, path: Path) -> list[Path]:
    """Returns the safetensors files of a directory, which must be complete."""
    if (path / WEIGHTS).is_file():
        return [path / WEIGHTS]
    if not (path / INDEX).is_file():
        old = any(path.glob("pytorch_model*.bin"))
        remedy = (
            "it has pytorch_model.bin, an unsupported pickle; convert it with transformers: "
            "AutoModelForCausalLM.from_pretrained(...).save_pretrained(...)"
            if old
            else "save a model there, or name another directory"
        )
        raise ValueError(f"model {name!r}: no weights in {path} (looked for {WEIGHTS}); {remedy}")
    shards = read_json(name, path / INDEX).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise ValueError(f"model {name!r}: {path / INDEX} has no weight_map; download the model again")
    files = [path / Path(str(shard)).name for shard in sorted(set(cast(dict[str, Any], shards).values()))]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ValueError(f"model {name!r}: {path} lacks {', '.join(missing)}; download the model again")
    return files


def tensor_headers(name: str, path: Path) -> dict[str, Any]:
    """Returns the header of a safetensors file: dtype, shape, data_offsets of each tensor. Compares the
    file's size with what it promises: 8 bytes of length, a JSON header, the data."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        header = file.read(length) if 0 < length <= min(size, 100_000_000) else b""
    if start == b"version ":
        raise ValueError(f"model {name!r}: {path} is a Git-LFS pointer, not weights; run `git lfs pull`")
    try:
        tensors = {key: value for key, value in json.loads(header).items() if key != "__metadata__"}
        end = max(value["data_offsets"][1] for value in tensors.values())
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(
            f"model {name!r}: {path} is not a safetensors file; download the model again"
        ) from error
    if size < 8 + length + end:
        raise ValueError(
            f"model {name!r}: {path} is truncated ({size} bytes of {8 + length + end}); download the "
            "model again"
        )
    return tensors
