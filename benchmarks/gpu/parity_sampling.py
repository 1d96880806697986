"""Parity of sampling: log-probabilities of the same tokens along every path, and what bfloat16 costs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks import random_model as made
from benchmarks.gpu.engines import local_engine, open_backend
from benchmarks.gpu.meter import Row, error_text, guarded
from benchmarks.gpu.models import random_policy
from benchmarks.gpu.settings import Settings
from benchmarks.gpu.shapes import shape_of
from numerate.types import Example, Rollout, Sampling

Logps = NDArray[np.float64]
PROMPTS, SAMPLES = 8, 4
TIMES = 2.0
"""how much further from float32 than transformers a path in 16 bits may be on average"""
PAIRS = (
    ("graphs", "no graphs"),
    ("graphs", "transformers"),
    ("transformers with cache", "transformers"),
    ("graphs", "float32"),
    ("transformers", "float32"),
    ("learner", "float32"),
    ("engine", "learner"),
)


def parity_sampling(name: str, settings: Settings) -> Iterator[Row]:
    """The section: pairs of paths in each format; `engine` is what a rollout records, `float32` a forward
    pass of transformers with the same weights."""
    for dtype in (torch.float32, torch.bfloat16):
        short = str(dtype).removeprefix("torch.")
        policy = random_policy(name, settings, dtype)
        rollouts, same = sampled_twice(policy, settings)
        yield {"what": "the same rollouts with and without graphs", "dtype": short, "identical": same}
        paths = Paths(policy, rollouts, settings)
        for pair in PAIRS:
            row: Row = {"what": " - ".join(pair), "dtype": short}
            yield guarded(row, partial(paths.compare, *pair), settings.device)
        recorded = paths.recordings
        yield {"what": "CUDA graphs", "dtype": short, "recordings": recorded, "passes": recorded > 0}


def sampled_twice(policy: Any, settings: Settings) -> tuple[list[Rollout], float]:
    """Rollouts with graphs, and the share of them that come out the same without."""
    params = Sampling(1.0, max_tokens=settings.parity_tokens)
    samples = min(SAMPLES, settings.samples)
    both: list[list[Rollout]] = []
    for graphs in (True, False):
        engine, _ = local_engine(policy, 64, settings, graphs)
        prompts = made.word_prompts(PROMPTS, policy.model.config.vocab_size)
        drawn = list(engine.sample(prompts, samples, params))
        both.append(sorted(drawn, key=lambda r: (int(r.problem_id), r.index)))
    alike = [a.turns[-1].ids == b.turns[-1].ids for a, b in zip(*both, strict=True)]
    length = min(len(rollout.turns[-1].ids) for rollout in both[0])
    assert length > 1, "a text ended at once: its tokens can't be compared"
    return both[0], sum(alike) / len(alike)


class Paths:
    """Log-probabilities of the rollouts' tokens along a path, each computed once."""

    def __init__(self, policy: Any, rollouts: Sequence[Rollout], settings: Settings) -> None:
        self.policy, self.settings = policy, settings
        self.length = min(len(rollout.turns[-1].ids) for rollout in rollouts)
        self.engine = np.array([rollout.turns[-1].logprobs[: self.length] for rollout in rollouts], float)
        self.prompts = [[i for turn in rollout.turns[:-1] for i in turn.ids] for rollout in rollouts]
        self.written = [list(rollout.turns[-1].ids[: self.length]) for rollout in rollouts]
        self.recordings = 0
        self.done: dict[str, Logps | str] = {}

    def compare(self, first: str, second: str) -> Row:
        from numerate.training.old_logprobs import logprob_drift

        a, b = self.path(first), self.path(second)
        row: Row = {
            key.replace("drift/", ""): value for key, value in logprob_drift(a.ravel(), b.ravel()).items()
        }
        if first == "engine":
            row |= ratio_row(b - a)
        return row | self.verdict(second, row)

    def verdict(self, second: str, row: Row) -> Row:
        """In 16 bits against float32 no further than twice transformers; else what the learner tolerates."""
        from numerate.training.old_logprobs import COARSE, TOLERANCE

        if second == "float32" and self.policy.compute != torch.float32:
            theirs = np.abs(self.path("transformers") - self.path("float32")).mean()
            bound = TIMES * float(theirs)
            return {"bound": bound, "passes": row["mean"] <= bound}
        bound = TOLERANCE.get(self.policy.compute, COARSE)
        return {"bound": bound, "passes": row["max"] <= bound}

    def path(self, name: str) -> Logps:
        """Computes a path at its first use; raises what it raised, every time."""
        calls: dict[str, Callable[[], Logps]] = {
            "engine": lambda: self.engine,
            "graphs": lambda: self.forced(open_backend(self.policy, True, self.settings)(64, self.length)),
            "no graphs": lambda: self.forced(
                open_backend(self.policy, False, self.settings)(64, self.length)
            ),
            "transformers with cache": self.cached,
            "transformers": lambda: self.forward(self.policy.model),
            "float32": lambda: self.forward(copy.deepcopy(self.policy.model).float()),
            "learner": self.learner,
        }
        if name not in self.done:
            try:
                self.done[name] = calls[name]()
            except Exception as error:
                self.done[name] = error_text(error)
        if isinstance(result := self.done[name], str):
            raise RuntimeError(f"{name}: {result}")
        return result

    @torch.no_grad()
    def forced(self, backend: Any) -> Logps:
        """The tokens are fed to a backend one at a time, all rows in one batch."""
        logits: list[Tensor] = []
        for ids in self.prompts:
            state, logits_V = backend.prefill(ids)
            backend.join(state, 1)
            backend.close(state)
            logits.append(logits_V)
        out, logits_BV = [], torch.stack(logits)
        for tokens in zip(*self.written, strict=True):
            token_B = torch.tensor(tokens, device=logits_BV.device)
            out.append(chosen_logprobs(logits_BV, token_B))
            logits_BV = backend.step(token_B)
        self.recordings = max(self.recordings, len(getattr(backend, "recordings", ())))
        return torch.stack(out, 1).double().cpu().numpy()

    def cached(self) -> Logps:
        from numerate.models.inference.hf import PlainForward

        return self.forced(PlainForward(self.policy.model, self.policy.autocast))

    @torch.no_grad()
    def forward(self, net: Any) -> Logps:
        """One pass of transformers over each whole row."""
        out: list[Tensor] = []
        for prompt, written in zip(self.prompts, self.written, strict=True):
            ids = torch.tensor([[*prompt, *written]], device=net.device)
            logits = net(input_ids=ids, use_cache=False).logits[0, len(prompt) - 1 : -1]
            out.append(chosen_logprobs(logits, ids[0, len(prompt) :]))
        return torch.stack(out).double().cpu().numpy()

    def learner(self) -> Logps:
        """As the policy is trained: weights in float32, packed rows, products in the policy's format."""
        from numerate.models.policy import Policy
        from numerate.training import Learner, recompute_logprobs

        net = copy.deepcopy(self.policy.model).float()
        vocabulary = shape_of(self.policy.name).vocabulary
        trained = Policy(net, made.tokenizer(vocabulary), self.policy.name, self.policy.compute)
        rows = [
            Example([*prompt, *written], [False] * len(prompt) + [True] * len(written))
            for prompt, written in zip(self.prompts, self.written, strict=True)
        ]
        return np.array([logps[-self.length :] for logps in recompute_logprobs(Learner(trained), rows)])


def chosen_logprobs(logits_NV: Tensor, ids_N: Tensor) -> Tensor:
    return logits_NV.float().log_softmax(-1).gather(-1, ids_N[:, None])[:, 0]


def ratio_row(log_ratio: Logps) -> Row:
    """pi_learner / pi_sampler: of tokens, and of whole rollouts."""
    ratio = np.exp(log_ratio)
    return {
        "ratio_mean": float(ratio.mean()),
        "ratio_std": float(ratio.std()),
        "ratio_min": float(ratio.min()),
        "ratio_max": float(ratio.max()),
        "ratio_over_2": float((ratio > 2).mean()),
        "sequence_ratio_max": float(np.exp(log_ratio.sum(-1)).max()),
    }
