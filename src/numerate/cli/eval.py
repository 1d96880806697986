"""numerate eval, numerate solve: evaluation of a model, solutions of one problem."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from numerate.cli import metric_tables, options, table, terminal
from numerate.cli.app import app
from numerate.cli.options import (
    Calculator,
    Device,
    Dtype,
    Engine,
    Json,
    Limit,
    MaxTokens,
    Model,
    Out,
    Prompt,
    Quiet,
    Seed,
    Served,
    Slots,
    Temperature,
    Tools,
    TopK,
    TopP,
)

if TYPE_CHECKING:
    from numerate.config import EngineOptions
    from numerate.types import Problem, Rollout, Sampling


@app.command("eval")
def measure_model(
    model: Model,
    problems: Annotated[
        list[str],
        Option("--problems", "-p", metavar="NAME", help="A problem set. Repeatable."),
    ],
    samples: Annotated[
        int, Option("--samples", "-n", min=0, metavar="N", help="Samples per problem for pass@k and maj@k.")
    ] = 32,
    limit: Limit = None,
    temperature: Temperature = 0.7,
    top_p: TopP = 1.0,
    top_k: TopK = 0,
    max_tokens: MaxTokens = 256,
    greedy: Annotated[bool, Option(help="Also decode greedily, for the accuracy.")] = True,
    rerank_with: Annotated[
        list[str] | None,
        Option(metavar="JUDGE", help="The directory of a reward model or evaluator, or oracle. Repeatable."),
    ] = None,
    aggregate: Annotated[
        str | None, Option(metavar="HOW", help="Aggregation of step scores: avg, prod, max, min, last.")
    ] = None,
    guided_by: Annotated[
        str | None,
        Option(
            metavar="JUDGE", help="Scorer of value-guided sampling, step by step: a directory, or oracle."
        ),
    ] = None,
    beams: Annotated[
        int | None,
        Option(min=1, metavar="N", help="Partial solutions that are kept after each step. [default: 4]"),
    ] = None,
    candidates: Annotated[
        int | None,
        Option(min=1, metavar="N", help="Next steps that are sampled for each of them. [default: 4]"),
    ] = None,
    prompt: Prompt = "plain",
    seed: Seed = 0,
    engine: Engine = "local",
    served_as: Served = None,
    slots: Slots = None,
    calculator: Calculator = False,
    tools: Tools = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
    out: Out = Path("runs"),
    json_file: Json = None,
    quiet: Quiet = False,
) -> None:
    """Evaluate a model on problem sets.

    Prints greedy accuracy, pass@k, maj@k and diversity with 95 % intervals. Samples and a report are stored
    in the folder eval-MODEL beside the runs: the same command reuses them, resumes a stopped evaluation, and
    adds further problem sets. Other settings, or another model of that name, get a separate folder.
    With --rerank-with, scorers re-rank the samples; a table lists the accuracy of each selection strategy.
    With --guided-by, a scorer also chooses step by step which partial solutions are extended.

    \b
    Examples:
      numerate eval numerate/pico -p stories/test --limit 200
      numerate eval runs/quickstart/stages/ei/model -p svamp -p singleop -n 8
      numerate eval Qwen/Qwen2.5-0.5B -p gsm8k/test --prompt qa --json qwen.json
      numerate eval Qwen/Qwen2.5-0.5B -p gsm8k/test --engine http://localhost:8000
      numerate eval numerate/pico -p stories/test -n 16 --rerank-with oracle
      numerate eval runs/tool-use/stages/code/model -p stories/test --tools tora
    """
    from numerate import config, progress
    from numerate.cli.extras import need_extras

    measured = {
        "greedy": greedy,
        "samples": samples,
        "temperature": temperature,
        "top_p": top_p,
        "top_k": top_k,
        "max_tokens": max_tokens,
        "rerank_with": rerank_with or [],
        "aggregate": aggregate,
    }
    measured |= guided_settings(guided_by, beams=beams, candidates=candidates)
    sampler = options.engine_settings(
        engine, model=served_as, slots=slots, calculator=calculator or None, tools=tools
    )
    settings = {"seed": seed, "prompt": prompt, "device": device, "dtype": dtype, "engine": sampler}
    choose = partial(
        config.evaluation_recipe, model, problems, limit, settings | {"evaluate": measured}, out=out
    )
    choose()  # what is wrong with the command shows before torch is loaded
    need_extras()
    from numerate.eval_run import measure_beside

    metrics = measure_beside(choose, progress.make_progress(quiet=quiet), partial(terminal.echo, err=True))
    metric_tables.show_metrics(metrics, to_stderr=str(json_file) == "-")
    table.save_json(json_file, metrics)


def guided_settings(judge: str | None, **sizes: int | None) -> dict[str, Any]:
    """Returns the key `guided` of an evaluation; nothing without a judge. sizes: the other options of
    value-guided sampling, None for their defaults. Raises ValueError for sizes without a judge."""
    chosen = {key: value for key, value in sizes.items() if value is not None}
    if not judge:
        for key in chosen:
            raise ValueError(f"--{key} is for --guided-by, which is missing: add it, or leave out --{key}")
        return {}
    return {"guided": {"judge": judge, **chosen}}


@app.command("solve")
def solve_question(
    model: Model,
    question: Annotated[str, Argument(metavar="PROBLEM", help="Text of the problem, in quotes.")],
    samples: Annotated[
        int,
        Option(
            "--samples", "-n", min=0, metavar="N", help="Samples for the majority vote; 0: one greedy sample."
        ),
    ] = 0,
    temperature: Temperature = 0.7,
    max_tokens: MaxTokens = 256,
    prompt: Prompt = "plain",
    seed: Seed = 0,
    engine: Engine = "local",
    served_as: Served = None,
    calculator: Calculator = False,
    tools: Tools = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
    json_file: Json = None,
) -> None:
    """Solve one problem, greedily or by majority vote.

    \b
    Examples:
      numerate solve numerate/pico "Tom has 3 apples and buys 5. How many now?"
      numerate solve runs/quickstart/stages/ei/model "..." -n 32
    """
    from numerate import config
    from numerate.cli.extras import need_extras
    from numerate.types import Problem, Sampling

    if not question.strip():
        raise ValueError("the problem is empty: write it in quotes after the model")
    settings = options.engine_settings(engine, model=served_as, calculator=calculator or None, tools=tools)
    sampler = config.check_model(model, prompt, settings, device, dtype)
    need_extras()
    greedy = Sampling(temperature=0.0, max_tokens=max_tokens)
    params = Sampling(temperature, max_tokens=max_tokens, seed=seed) if samples else greedy
    problem = Problem("question", question, answer="")
    rollouts = draw_samples(model, problem, samples or 1, params, prompt, sampler, device, dtype)
    votes = count_votes(rollouts, problem)
    to_stderr = str(json_file) == "-"
    terminal.echo(chosen_solution(rollouts, votes), err=to_stderr)
    if samples:
        terminal.echo("", err=to_stderr)
        rows = [[v["answer"], v["votes"], f"{v['share']:.0%}"] for v in votes]
        table.print_table(rows, ["answer", "votes", "share"], to_stderr=to_stderr)
    scored = [{"answer": r.answer, "text": r.text, "finish": r.finish} for r in rollouts]
    table.save_json(json_file, {"question": question, "votes": votes, "samples": scored})


def draw_samples(
    model: str,
    problem: Problem,
    n: int,
    params: Sampling,
    prompt: str,
    sampler: EngineOptions,
    device: str,
    dtype: Any,
) -> list[Rollout]:
    """Returns n samples with their answers, in the order of their numbers."""
    from dataclasses import replace

    from numerate.answers import extract
    from numerate.prompts import render
    from numerate.rollouts import engines

    engine = engines.make_engine(sampler, engines.load_policy(sampler, model, device, dtype))
    rollouts = sorted(engine.sample([render(problem, prompt)], n, params), key=lambda rollout: rollout.index)
    return [replace(rollout, answer=extract(rollout.solution, problem.kind)) for rollout in rollouts]


def count_votes(rollouts: Sequence[Rollout], problem: Problem) -> list[dict[str, Any]]:
    """Returns the votes per answer, the most frequent first, then the first seen; equal answers count as
    one."""
    from collections import Counter

    from numerate.answers import cluster

    clusters = cluster([rollout.answer for rollout in rollouts], problem.kind)
    first = {c: clusters.index(c) for c in dict.fromkeys(clusters)}
    counted = sorted(Counter(clusters).items(), key=lambda item: (item[0] == -1, -item[1], first[item[0]]))
    return [
        {
            "answer": rollouts[first[c]].answer if c != -1 else "(no answer)",
            "votes": votes,
            "share": votes / len(rollouts),
            "sample": first[c],
        }
        for c, votes in counted
    ]


def chosen_solution(rollouts: Sequence[Rollout], votes: Sequence[dict[str, Any]]) -> str:
    """Returns the solution that won the vote."""
    chosen = rollouts[votes[0]["sample"]]
    if chosen.no_room:
        return "(no solution: the prompt is longer than the model's context)"
    return chosen.text.strip() + ("\n" + TRUNCATED[chosen.finish] if chosen.truncated else "")


TRUNCATED = {
    "length": "(truncated: raise --max-tokens)",
    "max_turns": "(truncated at the limit of turns)",
    "tool_error": "(truncated by an error of a tool)",
}
"""a finish -> what is printed below the solution"""
