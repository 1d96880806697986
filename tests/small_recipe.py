"""A folder with everything that a recipe names, made in a millisecond: no torch, no real weights."""

from __future__ import annotations

import json
import struct
from pathlib import Path

WORKED = '{"question": "What is 1+1?", "answer": "1+1=2\\n#### 2"}\n'
PLAIN = '{"question": "What is 2+3?", "answer": "5"}\n'
RECIPE = """\
name: small
model: MODEL
problems:
  train: worked.jsonl
  test: asked.jsonl
stages:
  sft:
    method: sft
    fit: {epochs: 2}
  ei:
    method: expert_iteration
    model: sft
    steps: 3
    fit: {lr: 2e-5}
evaluate:
  samples: 8
"""


def make(folder: Path) -> Path:
    """MODEL/, worked.jsonl (with a solution), asked.jsonl (without) and r.yaml, a good recipe."""
    model = folder / "MODEL"
    model.mkdir()
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (model / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\0\0\0\0")
    (model / "config.json").write_text('{"model_type": "llama"}')
    (model / "tokenizer.json").write_text("{}")
    (folder / "worked.jsonl").write_text(WORKED)
    (folder / "asked.jsonl").write_text(PLAIN)
    (folder / "r.yaml").write_text(RECIPE)
    return folder
