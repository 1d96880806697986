"""Network and engine of the mixed policy: a model with its heads, and sampling steered by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared.options import Fit
from numerate.rollouts.job import Job

if TYPE_CHECKING:
    import torch

    from numerate.models.operator_head import MixedPolicy
    from numerate.models.operators import Operators, Scope
    from numerate.rollouts.local import LocalEngine


def open_policy(job: Job, spread: float, seed: int) -> MixedPolicy:
    """The model of the job with heads: those of the stage that it comes from, where there are any."""
    from numerate.models.operator_head import Heads, MixedPolicy

    policy = job.load(job.model)
    mixed = MixedPolicy(policy, Heads(policy.model, spread, seed))
    if job.model != "base":
        mixed.load_heads(job.stage_folder(job.model) / "model")
    return mixed


def operators_of(mixed: MixedPolicy, scope: Scope) -> Operators:
    from numerate.models.operators import find_operators, token_texts

    vocabulary = mixed.policy.model.config.get_text_config().vocab_size
    return find_operators(token_texts(mixed.policy.tokenizer, vocabulary), scope)


def make_learner(mixed: MixedPolicy, fit: Fit, head_lr: float | None) -> training.Learner:
    """Of model and heads, in place."""
    import torch

    mixed.policy.add_lora(fit.adapters())
    faster = (head_lr or fit.lr) / fit.lr
    options = fit.learner_options()
    adamw = {"betas": options.pop("betas"), "weight_decay": options.pop("weight_decay")}

    def optimizers(named: dict[str, torch.nn.Parameter]) -> list[torch.optim.Optimizer]:
        heads = [p for name, p in named.items() if name.startswith("heads.")]
        trunk = [p for name, p in named.items() if not name.startswith("heads.")]
        groups = [{"params": trunk, "lr_scale": 1.0}, {"params": heads, "lr_scale": faster}]
        fused = mixed.policy.device.type in ("cpu", "cuda")
        return [torch.optim.AdamW(groups, lr=0.0, fused=fused, **adamw)]

    return training.Learner(mixed.together(), optimizers=optimizers, **options)


def make_engine(job: Job, mixed: MixedPolicy, operators: Operators) -> LocalEngine:
    """The local engine, with the operator head at the wheel."""
    from numerate.rollouts.local import LocalEngine
    from numerate.rollouts.local.mixed_sampling import MixedSampling

    engine = job.engine(mixed.policy)
    if not isinstance(engine, LocalEngine):
        raise ValueError("mixed_policy samples with its operator head, which only engine kind: local can ask")
    engine.steer(MixedSampling(mixed.heads, operators))
    return engine
