"""Configuration of a reward model or evaluator: `judge.json` beside its weights. No torch, so that a
recipe can be checked."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pydantic import TypeAdapter, ValidationError

from numerate.models import locate
from numerate.options import AtLeast1, config
from numerate.store import read_json, recover_folder, write_json

Kind = Literal["outcome", "process", "stepwise-outcome", "value", "evaluator"]
Neutral = Literal["positive", "negative", "drop"]
Aggregation = Literal["avg", "prod", "max", "min", "last"]
Reads = Literal["prefixes", "whole"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FILE = "judge.json"
HEAD = "head.safetensors"
STEP_JUDGES: tuple[Kind, ...] = ("process", "stepwise-outcome")
"""the kinds that give a score per step"""
WORDS = (" correct", " incorrect")
"""what an evaluator says"""


@config
class Card:
    kind: Kind
    """outcome: is the final answer right; process: is the step right; stepwise-outcome: can the steps so far
    still reach the answer; value: the outcome as a value in (-1, 1) of a model that also writes solutions;
    evaluator: a language model that says ` correct` or ` incorrect`"""
    classes: Literal[1, 3] = 1
    """1: one logit; 3: logits of the ratings -1, 0, +1"""
    neutral: Neutral = "positive"
    """what a neutral step counts as: right, wrong, or left out"""
    aggregation: Aggregation = "last"
    """the default aggregation of its step scores"""
    likelihood: bool = False
    """its head also sees how likely the steps are to its own language model"""
    encoder: bool = False
    """the network reads in both directions, each solution padded on a line of its own"""
    reads: Reads = "prefixes"
    """what an encoder has read when it scores a step, as it was trained: the solution up to that step, each
    prefix on a line of its own, or the whole solution; a causal network has read the prefix in either case"""
    style: str = "plain"
    """how a problem is put to it, see numerate.prompts"""
    max_length: AtLeast1 = 512
    """tokens; late steps beyond are not seen, and counted"""

    @property
    def by_prefix(self) -> bool:
        """Checks whether each step is read on a line of its own, with what stands before it."""
        return self.encoder and self.reads == "prefixes"

    @property
    def has_vocabulary_head(self) -> bool:
        """Checks whether the network keeps the head of its vocabulary."""
        return self.likelihood or self.kind == "value"


def write_card(folder: Path, card: Card) -> None:
    write_json(folder / FILE, TypeAdapter(Card).dump_python(card, mode="json"))


def read_card(folder: Path) -> Card:
    """Reads the configuration of the reward model in a folder. Raises ValueError where the folder holds no
    judge, or one of a kind that is not known here."""
    recover_folder(folder)
    if not (folder / FILE).is_file():
        raise ValueError(
            f"{folder} has no reward model: {FILE} is missing; name the model/ folder of a stage that "
            "trained one"
        )
    values = read_json(folder / FILE)
    try:
        return TypeAdapter(Card).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, first["loc"])) or "the whole"
        raise ValueError(f"{folder / FILE}, {path}: {first['msg']}; train the reward model again") from error


def check_head(folder: Path, card: Card) -> None:
    """Raises ValueError where the linear head is missing, broken, or has other classes than the card says."""
    file = folder / HEAD
    if card.kind == "evaluator":
        return
    if not file.is_file():
        raise ValueError(f"{folder}: a reward model of kind {card.kind} needs {HEAD}, which is missing")
    shape = locate.tensor_headers(str(folder), file).get("weight", {}).get("shape")
    if not isinstance(shape, list) or shape[:1] != [card.classes]:
        raise ValueError(
            f"{file} has a head of shape {shape}, and {FILE} has classes: {card.classes}: copy both "
            "from the stage that trained the reward model, or train it again"
        )
