"""Sizes of the measurements, for a card and for a CPU. Needs no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

Row = dict[str, Any]
SHOWN = 600
"""characters of an error"""


@dataclass(frozen=True)
class Settings:
    device: str = "cuda"
    peak: float = 0.0
    """TFLOP/s of the products; 0: that of the table"""
    rounds: int = 3
    patience: float = 4.0
    """seconds after which no further round of a measurement begins"""
    rows: Sequence[int] = (64, 256, 1024)
    """live rows of sampling"""
    samples: int = 8
    """of a prompt"""
    tokens: int = 128
    """new ones of a row"""
    prefill: Sequence[int] = (128, 1024)
    """tokens of a prompt"""
    micro_tokens: Sequence[int] = (2048, 16_384)
    prompts: int = 16
    """of an update of GRPO, with `samples` rows each; an update of SFT has four times as many rows"""
    parity_tokens: int = 32
    optimizer_steps: int = 5

    @staticmethod
    def toy() -> Settings:
        return Settings(
            device="cpu",
            rounds=1,
            rows=(4, 8),
            samples=2,
            tokens=10,
            prefill=(8,),
            micro_tokens=(256,),
            prompts=2,
            parity_tokens=10,
            optimizer_steps=2,
        )

    @property
    def card(self) -> torch.device:
        """The device with its number, as tensors report it."""
        import torch

        device = torch.device(self.device)
        return torch.device("cuda", device.index or 0) if device.type == "cuda" else device

    @property
    def on_card(self) -> bool:
        return self.device.startswith("cuda")

    def text(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def read(text: str) -> Settings:
        values: dict[str, Any] = json.loads(text)
        return Settings(**values)
