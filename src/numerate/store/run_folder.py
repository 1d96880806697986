# pyright: strict
"""Layout of a run's folder; other tools and people rely on these names.

runs/<name>/recipe.yaml  events.log  metrics.json  problems/<set>.jsonl  report/index.html
  .kept.json
  stages/<stage>/config.json  metrics.jsonl  times.jsonl  checkpoints/  model/  DONE.json
    rollouts/round-00000/part-00000.parquet, of expert_iteration and sample round-000/
  stages/.replaced/<stage>, until a finished stage that changed is completed again
  evals/<model>/<set>/{greedy,samples}/part-00000.parquet
  evals/<model>/<set>/scores/<judge>/part-00000.jsonl
  evals/<model>/<set>/guided/<judge>/part-00000.parquet
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.+*@-]|/(?=[A-Za-z0-9_]))*")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths only; nothing is made by asking for one. Names come from recipes: one that could lead out of
    the folder raises ValueError."""

    path: Path

    @classmethod
    def existing(cls, path: Path) -> RunFolder:
        """Returns the folder of an existing run. Raises ValueError where `path` is no run."""
        if not (path / "recipe.yaml").is_file():
            fault = "it has no recipe.yaml" if path.is_dir() else "there is no such folder"
            raise ValueError(f"{path} is not a run folder: {fault}; `numerate run` makes one")
        return cls(path)

    @property
    def recipe(self) -> Path:
        return self.path / "recipe.yaml"

    @property
    def events(self) -> Path:
        return self.path / "events.log"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.json"

    @property
    def report(self) -> Path:
        return self.path / "report" / "index.html"

    def problems(self, name: str) -> Path:
        return self.path / "problems" / f"{_checked(name)}.jsonl"

    def stage(self, name: str) -> Path:
        return self.path / "stages" / _checked(name)

    def replaced(self, name: str) -> Path:
        """Returns where a finished stage waits for its successor."""
        return self.path / "stages" / ".replaced" / _checked(name)

    def replaced_samples(self, model: str, problems: str) -> Path:
        return self.path / "evals" / ".replaced" / _checked(model) / _checked(problems)

    def samples(self, model: str, problems: str) -> Path:
        """Returns the folder of `greedy` and `samples`."""
        return self.path / "evals" / _checked(model) / _checked(problems)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a part of a run: use letters, digits and _ . + * @ - only")
    return name
