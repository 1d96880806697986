"""Schema of a recipe: checked frozen records. The line under a field is its help in `numerate schema`."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import Field

from numerate.models.judge_config import Aggregation
from numerate.options import AtLeast0, AtLeast1, config, named
from numerate.rollouts.engines import options_class
from numerate.rollouts.guided_options import GuidedOptions
from numerate.rollouts.options import EngineOptions


@config
class ProblemSet:
    source: Annotated[str, Field(min_length=1)]
    """source of the problems: stories/train, gsm8k/test, a JSONL or Parquet file, a hub dataset,
    or a mix such as 2*gsm8k/train+mawps"""
    limit: AtLeast1 | None = None
    """maximum number of problems"""
    seed: int | None = None
    """seed of a shuffle before the limit; null keeps the source's order"""


@config
class StageRecipe:
    method: str
    """method of the stage; its options are written beside this key"""
    model: str = "base"
    """initial model: base, or an earlier stage"""
    problems: str = "train"
    """training problems: the name of a problem set of this recipe"""
    limit: AtLeast1 | None = None
    """number of problems to use, the first of the set"""
    options: Any = None
    """the method's own Config; flat in the file"""
    note: str = field(default="", compare=False)
    """shared options in the file that the method does not use and `options` leaves out; no key of the file"""
    unused: Any = field(default=None, compare=False)
    """these options as a record, the others at their defaults: what they name is checked, too; no key of the
    file"""

    def named(self, what: Literal["model", "rollouts", "judge"]) -> dict[tuple[str, ...], str]:
        """Maps the places of the options that name a model, rollouts or a judge to the names, those that the
        method does not use included."""
        records = (record for record in (self.options, self.unused) if record is not None)
        return {path: name for record in records for path, name in named(record, what)}


@config
class Evaluate:
    models: tuple[str, ...] = ()
    """models to evaluate: base and names of stages; empty: base and every stage that trains a policy"""
    problems: tuple[str, ...] = ("test",)
    """evaluation problems: names of problem sets of this recipe"""
    limit: AtLeast1 | None = None
    """number of problems to use, the first of each set"""
    greedy: bool = True
    """also decode greedily, for the accuracy"""
    samples: AtLeast0 = 32
    """samples per problem for pass@k, maj@k and diversity; 0 for none"""
    samples_limit: AtLeast1 | None = None
    """number of problems to sample, the first of each set; the greedy accuracy uses all of them"""
    temperature: Annotated[float, Field(gt=0)] = 0.7
    """sampling temperature"""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """nucleus sampling: cumulative probability to keep"""
    top_k: AtLeast0 = 0
    """number of most likely tokens to keep; 0 keeps all"""
    max_tokens: AtLeast1 = 256
    """maximum length of a solution, in tokens"""
    k: tuple[AtLeast1, ...] | None = None
    """the k of pass@k and maj@k; null: powers of two up to samples"""
    rerank_with: tuple[str, ...] = ()
    """scorers that re-rank the samples: stages that train a reward model or evaluator, directories of such
    models, or oracle (stories)"""
    marked: tuple[str, ...] = ()
    """sets of labelled steps, such as processbench/gsm8k, to evaluate the process reward models of
    rerank_with on"""
    marked_limit: AtLeast1 | None = None
    """number of labelled solutions of each of these sets, a fixed choice"""
    aggregate: Aggregation | None = None
    """aggregation of step scores: avg, prod, max, min, last; null: each scorer's default"""
    guided: GuidedOptions | None = None
    """value-guided sampling beside the samples: a scorer chooses, step by step, which partial solutions are
    extended"""


@config
class Recipe:
    name: str
    """name of the run and of its folder"""
    seed: int = 0
    """random seed of the run"""
    model: str = "numerate/pico"
    """the base model: numerate/pico, a model directory, or a hub id"""
    base_name: Annotated[str, Field(min_length=1)] = "base"
    """name of the base model in tables, in the rows of metrics.json and under evals/"""
    prompt: str = "plain"
    """prompt style, see numerate.prompts"""
    problems: dict[str, ProblemSet] = Field(
        default_factory=lambda: {
            "train": ProblemSet(source="stories/train"),
            "validation": ProblemSet(source="stories/validation"),
            "test": ProblemSet(source="stories/test"),
        }
    )
    """problem sets by name: a source, or {source, limit, seed}"""
    engine: EngineOptions = Field(default_factory=options_class("local"))
    """sampling engine"""
    stages: dict[str, StageRecipe] = Field(default_factory=dict)
    """stages, in order"""
    evaluate: Evaluate = Field(default_factory=Evaluate)
    """evaluation after the stages"""
    device: str = "auto"
    """auto, cpu, cuda, cuda:0, mps"""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """data type of matrix products in training and sampling; trained weights are kept in float32"""
    report_to: Literal["none", "tensorboard", "wandb", "trackio"] = "none"
    """experiment tracker that also gets the curves"""
    allow_test_training: bool = False
    """allow training on a test split; results on that split are then invalid"""

    @property
    def problem_sets(self) -> set[str]:
        """Returns the names of the sets that stages, validations and the measurement use."""
        named = {stage.problems for stage in self.stages.values()} | {*self.evaluate.problems, "validation"}
        return named & set(self.problems)

    @property
    def notes(self) -> list[str]:
        """Sentences on the stages for whoever runs the recipe."""
        return [f"stage {name}: {stage.note}" for name, stage in self.stages.items() if stage.note]

    def name_of(self, model: str) -> str:
        """Returns the name of `base` or of a stage in rows, tables and folders."""
        return self.base_name if model == "base" else model
