"""A policy's weights as vLLM takes them: by the names that they have in a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

if TYPE_CHECKING:
    from numerate.models.policy import Policy

PASSING = ("_name_or_path", "dtype", "torch_dtype", "transformers_version")
"""keys of a configuration that say nothing about a model's shape"""


def weight_tensors(model: Any) -> dict[str, Tensor]:
    """Returns parameters and saved buffers, those that share memory once, under their first name."""
    tensors: dict[str, Tensor] = {}
    places: set[tuple[int, tuple[int, ...]]] = set()
    for name, tensor in model.state_dict().items():
        address = (tensor.data_ptr(), tuple(tensor.shape))
        if address not in places:
            places.add(address)
            tensors[name] = tensor
    return tensors


def saved_names(directory: Path) -> set[str]:
    """Returns the tensors in a saved model's files. transformers stores some models under other names than
    they have in memory (experts, for one); those cannot be handed over in memory."""
    from safetensors import safe_open

    names: set[str] = set()
    for path in sorted(directory.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            names |= set(file.keys())
    return names


def pack_head(model: Any) -> None:
    """Packs the output layer again. On a CPU vLLM computes with a packed copy of each matrix. When it takes
    new weights it packs all but an output layer that is tied to the embedding, which is no layer with weights
    of its own: samples would go on with the old one."""
    for module in model.modules():
        if type(module).__name__ == "ParallelLMHead":
            module.quant_method.process_weights_after_loading(module)


def weight_shapes(policy: Policy) -> dict[str, Any]:
    """Returns what must be the same of two policies for one vLLM to run either."""
    config = policy.model.config.to_dict()
    return {key: value for key, value in config.items() if key not in PASSING}
