"""Network and engine of the mixed policy: a model with its heads, and sampling steered by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numerate import training
from numerate.methods.shared.network import Network, branch_learner
from numerate.methods.shared.options import Fit

if TYPE_CHECKING:
    from numerate.models.operator_head import MixedPolicy
    from numerate.models.operators import Operators, Scope
    from numerate.rollouts.job import Job
    from numerate.rollouts.local import LocalEngine


def open_policy(job: Job, spread: float, seed: int) -> MixedPolicy:
    """Returns the model of the job with heads: those of the stage that it comes from, where there are any."""
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


def make_network(
    job: Job, fit: Fit, mixed: MixedPolicy, operators: Operators, head_lr: float | None
) -> Network:
    """Returns the policy, trained in place with its heads, and sampled with the operator head; validations
    are greedy, as the evaluation, where that head does not act."""
    learner = make_learner(mixed, fit, head_lr)
    return Network(mixed.policy, learner, make_engine(job, mixed, operators), mixed)


def make_learner(mixed: MixedPolicy, fit: Fit, head_lr: float | None) -> training.Learner:
    """Returns the learner of model and heads."""
    mixed.policy.add_lora(fit.adapters())
    return branch_learner(mixed.together(), fit, "heads", head_lr)


def make_engine(job: Job, mixed: MixedPolicy, operators: Operators) -> LocalEngine:
    """Returns the local engine, with the operator head choosing the token class."""
    from numerate.rollouts.local import LocalEngine
    from numerate.rollouts.local.mixed_sampling import MixedSampling

    engine = job.engine(mixed.policy)
    if not isinstance(engine, LocalEngine):
        raise ValueError("mixed_policy needs its own token sampler: set engine kind: local")
    engine.steer(MixedSampling(mixed.heads, operators))
    return engine
