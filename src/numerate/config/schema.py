"""Schema of a recipe: checked frozen records. The line under a field is its help in `numerate schema`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from numerate.models.judge_config import Aggregation
from numerate.options import AtLeast0, AtLeast1, config
from numerate.rollouts.engines import options_class
from numerate.rollouts.options import EngineOptions


@config
class ProblemSet:
    source: Annotated[str, Field(min_length=1)]
    """where the problems come from: stories/train, gsm8k/test, a JSONL or Parquet file, a hub dataset,
    or a mix such as 2*gsm8k/train+mawps"""
    limit: AtLeast1 | None = None
    """take this many at most"""
    seed: int | None = None
    """shuffle with this seed before taking; null keeps the source's order"""


@config
class StageRecipe:
    method: str
    """the method that this stage trains with; its own options are written beside this key"""
    model: str = "base"
    """what it starts from: base, or an earlier stage"""
    problems: str = "train"
    """the problem set it learns from, by its name in this recipe"""
    limit: AtLeast1 | None = None
    """use the first so many problems of the set only"""
    options: Any = None
    """the method's own Config; flat in the file"""


@config
class Evaluate:
    models: tuple[str, ...] = ()
    """what to measure: base and names of stages; empty measures base and every stage that trains a policy"""
    problems: tuple[str, ...] = ("test",)
    """the problem sets to measure on, by their names in this recipe"""
    limit: AtLeast1 | None = None
    """use the first so many problems of each set only"""
    greedy: bool = True
    """also take the one most likely solution of each problem: the accuracy row"""
    samples: AtLeast0 = 32
    """attempts per problem for pass@k, maj@k and diversity; 0 samples none"""
    samples_limit: AtLeast1 | None = None
    """sample the first so many problems of each set only; the greedy accuracy still takes all of them"""
    temperature: Annotated[float, Field(gt=0)] = 0.7
    """of those attempts"""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """keep the smallest set of tokens that holds this much probability"""
    top_k: AtLeast0 = 0
    """keep this many most likely tokens; 0 keeps all"""
    max_tokens: AtLeast1 = 256
    """longest solution, in tokens"""
    k: tuple[AtLeast1, ...] | None = None
    """the k of pass@k and maj@k; null takes the powers of two up to samples"""
    rerank_with: tuple[str, ...] = ()
    """judges that re-rank the samples: stages that train one, directories of judges, or oracle (stories)"""
    marked: tuple[str, ...] = ()
    """sets of labelled steps, such as processbench/gsm8k, that the judges of steps among rerank_with are
    measured on as well"""
    marked_limit: AtLeast1 | None = None
    """use so many labelled solutions of each of them only, a choice that is always the same"""
    aggregate: Aggregation | None = None
    """how a judge's step scores become one: avg, prod, max, min, last; null takes each judge's own way"""


@config
class Recipe:
    name: str
    """names the run and its folder"""
    seed: int = 0
    """every random choice of the run follows from this"""
    model: str = "numerate/pico"
    """what `base` is: numerate/pico, a model directory, or a hub id"""
    base_name: Annotated[str, Field(min_length=1)] = "base"
    """the name of the base model in tables, in the rows of metrics.json and under evals/"""
    prompt: str = "plain"
    """how a problem is put to the model: a style of numerate.prompts"""
    problems: dict[str, ProblemSet] = Field(
        default_factory=lambda: {
            "train": ProblemSet(source="stories/train"),
            "validation": ProblemSet(source="stories/validation"),
            "test": ProblemSet(source="stories/test"),
        }
    )
    """problem sets by name: a source, or {source, limit, seed}"""
    engine: EngineOptions = Field(default_factory=options_class("local"))
    """what samples solutions"""
    stages: dict[str, StageRecipe] = Field(default_factory=dict)
    """what is trained, in this order"""
    evaluate: Evaluate = Field(default_factory=Evaluate)
    """what is measured when the stages are done"""
    device: str = "auto"
    """auto, cpu, cuda, cuda:0, mps"""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """number format of products in training and sampling; weights that are trained are kept in float32"""
    report_to: Literal["none", "tensorboard", "wandb", "trackio"] = "none"
    """also send the curves to this tracker"""
    allow_test_training: bool = False
    """train on a test split all the same; whatever is measured on it afterwards is worth nothing"""

    @property
    def problem_sets(self) -> set[str]:
        """The names of the sets that stages, validations and the measurement use."""
        named = {stage.problems for stage in self.stages.values()} | {*self.evaluate.problems, "validation"}
        return named & set(self.problems)

    def name_of(self, model: str) -> str:
        """Returns the name of `base` or of a stage in rows, tables and folders."""
        return self.base_name if model == "base" else model
