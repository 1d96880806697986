"""Models on the hub: there or not, before a run begins."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub.errors import GatedRepoError, OfflineModeIsEnabled, RepositoryNotFoundError

from numerate.models import hub


def answers(monkeypatch: pytest.MonkeyPatch, answer: Any, cached: object = None) -> list[str]:
    asked: list[str] = []

    def model_info(self: object, name: str, timeout: float) -> Any:
        asked.append(name)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(siblings=[SimpleNamespace(rfilename=file) for file in answer])

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", model_info)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: cached)
    return asked


def test_a_model_with_weights_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, ["config.json", "model-00001-of-00002.safetensors"])
    hub.check_hub_model("owner/name")
    assert asked == ["owner/name"]


def test_a_cached_model_passes_unasked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = answers(monkeypatch, ConnectionError("no network"), cached=str(tmp_path / "config.json"))
    hub.check_hub_model("owner/name")
    assert not asked


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (["config.json", "pytorch_model.bin"], "no safetensors weights"),
        (ConnectionError("name not known"), "is unreachable (name not known); check the connection"),
        (OfflineModeIsEnabled("offline"), "HF_HUB_OFFLINE is set"),
        (
            RepositoryNotFoundError.__new__(RepositoryNotFoundError),
            "no model of this name; check the spelling",
        ),
        (GatedRepoError.__new__(GatedRepoError), "access on the hub needs a registration; accept its terms"),
    ],
)
def test_what_cannot_be_had_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, answer: Any, said: str
) -> None:
    answers(monkeypatch, answer)
    with pytest.raises(ValueError) as caught:
        hub.check_hub_model("owner/name")
    assert "'owner/name'" in str(caught.value) and said in str(caught.value)
