"""Checked options of the sampling engines: one record per kind. `engines.make_engine` makes the engine."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from numerate.options import AtLeast1, NotNegative, Positive, config
from numerate.rollouts import address


@config
class LocalOptions:
    kind: Literal["local"] = "local"
    """samples in this process"""
    slots: AtLeast1 | None = None
    """attempts that are decoded at the same time; null takes 256, on a GPU 512"""
    memory: Positive | None = None
    """GiB that their keys and values may take; null takes 1, or a quarter of the GPU's"""
    calculator: bool = False
    """an attempt that writes `<<48/2=` is given `24>>`, in training and in measuring"""


@config
class ServerOptions:
    kind: Literal["server"]
    """asks an OpenAI-compatible server: vLLM, SGLang, llama.cpp, transformers serve"""
    url: Annotated[str, Field(pattern=r"^https?://[^\s/]"), AfterValidator(address.split_login)]
    """its address, such as http://localhost:8000; a login in it is used and written nowhere, and stands else
    in the environment variable NUMERATE_SERVER_LOGIN, as user:password"""
    model: str | None = None
    """what the server calls the model; null asks the server"""
    weights: Literal["fixed", "by_path"] = "fixed"
    """fixed: the server has the base model and keeps it, so it can be measured and nothing be trained;
    by_path: the server loads any directory that a request names as its model, as transformers serve does"""
    folder: str | None = None
    """by_path saves new weights in this folder, which the server must see under the same path; null takes a
    temporary one, for a server on this machine"""
    concurrency: AtLeast1 = 64
    """requests at the same time; a request asks for all attempts at a problem where the server can"""
    timeout: Positive = 600.0
    """seconds until a request without an answer is given up and sent again"""
    patience: NotNegative = 600.0
    """seconds for which a request that fails is sent again, with growing pauses; then the run stops"""
    key_variable: str | None = None
    """the environment variable that holds the server's API key; never the key itself. It is sent to another
    machine only with `--trust VARIABLE@http://SERVER`"""


@config
class VllmOptions:
    kind: Literal["vllm"]
    """samples with vLLM in this process"""
    memory: Positive | None = None
    """GiB for keys and values; null takes 1 on a CPU, and on a GPU what gpu_share leaves"""
    gpu_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """how much of a GPU's memory it may take for weights, keys and values, the learner's aside"""
    max_seqs: AtLeast1 | None = None
    """attempts that are decoded at the same time; null leaves it to vLLM"""
    context: AtLeast1 | None = None
    """tokens that prompt and answer may have together; null takes as many as the model can hold"""
    sleep: bool = False
    """on a GPU, give the memory back between requests, at the price of moving the weights out and in"""


def _kind(value: Any) -> Any:
    """local where nothing is said."""
    return str(value.get("kind", "local")) if isinstance(value, dict) else getattr(value, "kind", None)


EngineOptions = Annotated[
    Annotated[LocalOptions, Tag("local")]
    | Annotated[ServerOptions, Tag("server")]
    | Annotated[VllmOptions, Tag("vllm")],
    Discriminator(_kind),
]
"""what samples: one record per kind"""
