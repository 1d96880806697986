"""Shapes of models in known families, and what their products cost. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Shape:
    family: str
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    inner: int
    vocabulary: int

    @property
    def body(self) -> int:
        """Numbers of the layers' matrices."""
        attention = 2 * self.width * self.head_dim * (self.heads + self.kv_heads)
        return self.layers * (attention + 3 * self.width * self.inner)

    @property
    def head(self) -> int:
        """Numbers of the vocabulary head, which is the embedding."""
        return self.width * self.vocabulary

    def forward_operations(self, tokens: float, logits: float, context: float) -> float:
        """Of `tokens` that each see `context` others on average, with logits at some of them."""
        seen = 4 * self.layers * self.heads * self.head_dim * context
        return tokens * (2 * self.body + seen) + 2 * logits * self.head

    def token_bytes(self, size: int) -> int:
        """Keys and values of a token."""
        return 2 * self.layers * self.kv_heads * self.head_dim * size


SHAPES = {  # width, layers, heads, key-value heads, size of a head, inner width, vocabulary
    "llama-0.5b": Shape("Llama", 1280, 24, 20, 5, 64, 3456, 49_152),
    "qwen2-0.5b": Shape("Qwen2", 896, 24, 14, 2, 64, 4864, 151_936),
    "qwen3-0.6b": Shape("Qwen3", 1024, 28, 16, 8, 128, 3072, 151_936),
    "llama-1.5b": Shape("Llama", 2048, 24, 32, 8, 64, 8192, 49_152),
    "qwen2-1.5b": Shape("Qwen2", 1536, 28, 12, 2, 128, 8960, 151_936),
    "qwen3-1.7b": Shape("Qwen3", 2048, 28, 16, 8, 128, 6144, 151_936),
}
TOY = {
    "toy-llama": Shape("Llama", 64, 2, 4, 2, 16, 96, 512),
    "toy-qwen2": Shape("Qwen2", 64, 2, 6, 2, 16, 96, 1024),
    "toy-qwen3": Shape("Qwen3", 64, 2, 4, 2, 32, 96, 1024),
}


def shape_of(name: str) -> Shape:
    return (SHAPES | TOY)[name]


def shallow(shape: Shape, layers: int) -> Shape:
    return replace(shape, layers=min(layers, shape.layers))
