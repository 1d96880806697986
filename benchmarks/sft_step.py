"""One step of supervised fine-tuning per processor second, beside TRL's SFTTrainer with its defaults.

python -m benchmarks.sft_step --peer PYTHON [--sizes 1m,5m] [--rounds 3] [--json FILE]

32 demonstrations of GSM8K, random models, one thread; the loss is on the solutions. PYTHON belongs to an
environment with trl (`pip install trl datasets accelerate`); without it only Numerate is measured. TRL's
defaults: eight rows at a time, gradient checkpointing. `--plain` switches the checkpointing off.
"""

from __future__ import annotations

import json
import tempfile
import time
from typing import Annotated, Any

import typer

from benchmarks import random_model as made
from benchmarks.inputs import JsonFile, Rounds, check_peer, choices
from benchmarks.meter import time_each
from benchmarks.sitting import call, sit, table, write
from benchmarks.texts import bpe, gsm8k

ROWS = 32
STEPS = 3
RATE = 1e-5


def mine(size: str) -> None:
    from numerate.methods import sft
    from numerate.models import process_tuning
    from numerate.models.policy import Policy
    from numerate.training import Learner, set_loss_weights
    from numerate.types import Example

    process_tuning.tune_process()  # as the command line does
    texts = gsm8k()
    net, tok = made.model(size), bpe(texts, made.SHAPES[size][-1])
    learner = Learner(Policy(net, tok))

    def row(question: str, solution: str) -> Example:
        prompt, target = tok(question)["input_ids"], [*tok(solution)["input_ids"], made.EOS]
        return Example([*prompt, *target], [False] * len(prompt) + [True] * len(target))

    batches = [[row(*pair) for pair in texts[i * ROWS : (i + 1) * ROWS]] for i in range(STEPS + 1)]
    seconds = time_each(lambda rows: learner.step(set_loss_weights(rows), sft.loss, RATE), batches)
    tokens = sum(len(r.ids) for rows in batches[1:] for r in rows)
    report(seconds[1:], tokens, net)


def theirs(size: str, plain: bool) -> None:
    """Runs in the peer's environment."""
    import datasets  # pyright: ignore
    import transformers
    import trl  # pyright: ignore

    transformers.logging.set_verbosity_error()
    texts = gsm8k()
    net, tok = made.model(size), bpe(texts, made.SHAPES[size][-1])
    rows = [{"prompt": question, "completion": text} for question, text in texts[: ROWS * (STEPS + 1)]]
    seconds: list[tuple[float, float]] = []

    class Clock(transformers.TrainerCallback):
        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.began = time.perf_counter(), time.process_time()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            wall, cpu = self.began
            seconds.append((time.process_time() - cpu, time.perf_counter() - wall))

    with tempfile.TemporaryDirectory() as folder:
        more = {"gradient_checkpointing": False} if plain else {}
        options = trl.SFTConfig(
            output_dir=folder,
            max_steps=STEPS + 1,
            per_device_train_batch_size=8,
            gradient_accumulation_steps=ROWS // 8,
            learning_rate=RATE,
            max_length=1024,
            use_cpu=True,
            bf16=False,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            **more,
        )
        trainer = trl.SFTTrainer(
            model=net,
            args=options,
            train_dataset=datasets.Dataset.from_list(rows),
            processing_class=tok,
            callbacks=[Clock()],
        )
        trainer.train()
    tokens = sum(len(tok(a)["input_ids"]) + len(tok(b)["input_ids"]) + 1 for a, b in texts[ROWS : len(rows)])
    report(seconds[1:], tokens, net)


def report(seconds: list[tuple[float, float]], tokens: int, net: Any) -> None:
    """Prints the numbers of all steps but the first, which warms up."""
    cpu, wall = (sum(column) for column in zip(*seconds, strict=True))
    numbers = {
        "rows/cpu s": len(seconds) * ROWS / cpu,
        "tokens/cpu s": tokens / cpu,
        "tokens/s": tokens / wall,
        "of ceiling": tokens / cpu * 6 * made.matrix_parameters(net) / made.gemm_rate(),
    }
    print(json.dumps(numbers))


def main(
    peer: Annotated[str, typer.Option(callback=check_peer, help="a Python with trl")] = "",
    sizes: Annotated[str, typer.Option(help="of the random model: 1m, 5m, 25m parameters")] = "1m,5m",
    rounds: Rounds = 3,
    plain: Annotated[bool, typer.Option(help="TRL without gradient checkpointing")] = False,
    json_file: JsonFile = None,
) -> None:
    """Compare a step of supervised fine-tuning, Numerate and TRL in turn."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size in choices("--sizes", sizes, made.SHAPES):
        entries = [call("numerate", "sft_step.mine", size)]
        if peer:
            entries.append(call("TRL", "sft_step.theirs", size, plain, python=peer))
        results[size] = sit(entries, rounds)
        print(f"\n{size}\n{table(results[size], ratio_of=('rows/cpu s', 'tokens/s'))}\n")
    write(json_file, results)


if __name__ == "__main__":
    typer.run(main)
