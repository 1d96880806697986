"""Checks that a model is on the Hugging Face hub, before a run starts, in a request without retries."""

from __future__ import annotations

TIMEOUT = 10.0
"""seconds"""


def check_hub_model(name: str) -> None:
    """Raises ValueError where the hub model `name` is neither in the local cache nor to be had.

    Without huggingface_hub installed nothing is asked: what then is missing is told elsewhere."""
    try:
        from huggingface_hub import HfApi, try_to_load_from_cache
        from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, RepositoryNotFoundError
    except ImportError:
        return
    if isinstance(try_to_load_from_cache(name, "config.json"), str):
        return
    try:
        files = [file.rfilename for file in HfApi().model_info(name, timeout=TIMEOUT).siblings or ()]
    except GatedRepoError as error:
        remedy = "accept its terms on its page, then log in with `hf auth login`"
        raise ValueError(f"model {name!r}: access on the hub needs a registration; {remedy}") from error
    except RepositoryNotFoundError as error:
        remedy = "check the spelling; a private model needs `hf auth login`"
        raise ValueError(f"model {name!r}: the hub has no model of this name; {remedy}") from error
    except OfflineModeIsEnabled as error:
        raise ValueError(
            f"model {name!r} is not in the local cache, and HF_HUB_OFFLINE is set; unset it, or give the "
            "directory of a model"
        ) from error
    except Exception as error:  # whichever HTTP library the hub's client uses, its errors are its own
        why = str(error) or type(error).__name__
        remedy = "check the connection, or give the directory of a model, or numerate/pico"
        raise ValueError(
            f"model {name!r} is not in the local cache, and the hub is unreachable ({why}); {remedy}"
        ) from error
    if not any(file.endswith((".safetensors", ".safetensors.index.json")) for file in files):
        raise ValueError(f"model {name!r}: the hub has no safetensors weights for it; choose another model")
