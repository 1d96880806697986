"""Solutions with programs from a teacher and by self-training (MARIO: Liao et al. 2024, arXiv:2401.08190,
section 3).

A_0 = { o : o ~ teacher(. | q), all programs of o execute, answer(o) = a }      annotation
pi_i = argmin - sum_{A_0 .. A_i} log pi(o | q), started again from the base, outputs left out of the sum
A_i = { o : o ~ pi_{i-1}(. | q), q still without a solution, programs execute, answer(o) = a }

The paper annotates with GPT-3.5 and GPT-4 (one solution at temperature 0 and two at 0.6) and reviews the
disagreements by hand. Without a teacher the problems' own transcripts are run. Problems whose programs agree
on another answer than the reference are written to `corrections.jsonl` for a person; nothing is learned from
them. `with_solutions` adds the text solutions: one model then writes both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numerate import answers, training
from numerate.curricula import PrefixedProblem
from numerate.methods import sft
from numerate.methods.shared import rollout_metrics
from numerate.methods.shared.options import RowFit, Sample, Validate
from numerate.methods.shared.sampling import sample_groups
from numerate.options import AtLeast0, AtLeast1, ModelName, Share, config
from numerate.problems.consistency import usable_demonstrations
from numerate.rollouts.sharing import run_on_main
from numerate.rollouts.transcripts import RunTranscript, run_transcripts
from numerate.store import read_jsonl, write_jsonl
from numerate.types import Example, Group, Problem, Rollout, Stats

if TYPE_CHECKING:
    from numerate.models.policy import Policy
    from numerate.rollouts.episodes import Episodes
    from numerate.rollouts.job import Job

NEEDS = frozenset[str]()
LEAVES = frozenset({"policy", "rollouts"})
NEEDS_TOOLS = True
VERSION = 1
CORRECTIONS = "corrections.jsonl"


@config
class Config:
    teacher: ModelName | None = None
    """model that annotates the problems; null: their own solutions, run anew"""
    annotate: Sample = Sample(problems=None, rollouts=3, temperature=0.6)
    """the teacher's rollouts"""
    steps: AtLeast0 = 1
    """rounds of self-training on the problems that have no solution yet"""
    sample: Sample = Sample(problems=None, rollouts=8, temperature=0.6)
    """rollouts of a round of self-training"""
    keep_per_problem: AtLeast1 = 4
    """maximum of solutions per problem, the oldest first"""
    with_solutions: bool = False
    """also train on the problems' text solutions"""
    majority: Share = 0.5
    """share of a problem's rollouts that agree on another answer than the reference, above which it is listed
    in corrections.jsonl"""
    restart_from: ModelName = "base"
    """initial model of every fine-tuning"""
    fit: RowFit = sft.Config().fit
    """optimization"""
    validate: Validate = Validate(every=1)
    """greedy accuracy on the problem set `validation` after a round, where the recipe has one"""

    def __post_init__(self) -> None:
        self.annotate.require_not_ahead()
        self.sample.require_not_ahead()


def executes(rollout: Rollout) -> bool:
    """Checks whether a rollout ended by itself, has calls, and its last one ran without an error."""
    statuses = [turn.status for turn in rollout.turns if turn.role == "tool"]
    return not rollout.truncated and bool(statuses) and statuses[-1] == "ok"


def right_solutions(groups: Iterable[Group], format: str) -> dict[str, list[Problem]]:
    """Returns per problem its different rollouts that execute and have the reference's answer, as
    demonstrations."""
    kept: dict[str, list[Problem]] = {}
    for group in groups:
        right = [s.rollout for s in group.rollouts if s.reward.value == 1 and executes(s.rollout)]
        texts = dict.fromkeys(rollout.solution for rollout in right)
        if texts:
            kept[group.problem.id] = [as_demonstration(group.problem, text, format) for text in texts]
    return kept


def as_demonstration(problem: Problem, transcript: str, format: str) -> Problem:
    return replace(problem, solution=transcript, meta={**problem.meta, "tool_format": format})


def doubtful_reference(group: Group, majority: float) -> dict[str, Any] | None:
    """Returns the answer on which more than this share of a problem's rollouts agree, at least two, where it
    is not the reference; only rollouts that execute vote."""
    texts = [s.rollout.answer for s in group.rollouts if executes(s.rollout) and s.rollout.answer is not None]
    labels = answers.cluster(texts, group.problem.kind)
    if not labels:
        return None
    [(label, votes)] = Counter(labels).most_common(1)
    answer = texts[labels.index(label)]
    few = votes < 2 or votes <= majority * len(group.rollouts)
    if few or answers.equal(answer, group.problem.answer, group.problem.kind):
        return None
    entry = {"id": group.problem.id, "question": group.problem.question, "reference": group.problem.answer}
    return entry | {"answer": answer, "votes": votes, "rollouts": len(group.rollouts)}


def train(run: training.Stage, cfg: Config, job: Job) -> Policy:
    solutions: dict[str, list[Problem]] = {}
    doubts: dict[str, dict[str, Any]] = {}
    policy = job.load(job.model)
    for step in run.rounds(cfg.steps + 1, label="steps"):
        # 1. annotate: by the teacher, later by the policy where a solution is missing
        sampler = annotator(run, cfg, job, step)
        solutions.clear()
        for earlier in range(step):
            annotate(run, cfg, job, sampler, earlier, solutions, doubts)
        stats = annotate(run, cfg, job, sampler, step, solutions, doubts)
        # 2. fine-tune, from the base again
        policy = job.load(cfg.restart_from)
        rows = solution_rows(cfg, job, policy, solutions)
        rows, overlong = training.drop_overlong(rows, cfg.fit.max_length)
        if not rows:
            raise ValueError(
                f"step {step}: no solution with a program is right, there are no training rows: choose "
                "another teacher, or problems whose solutions are transcripts with tool_format"
            )
        policy = sft.fit_rows(run.sub(f"round-{step:03d}/fit"), cfg.fit, policy, rows)
        run.save(policy, f"round-{step:03d}/model")
        # 3. list what a person should look at
        run_on_main(lambda: write_jsonl(run.folder / CORRECTIONS, list(doubts.values())))
        stats |= {"data/rows": float(len(rows)), "data/overlong": float(overlong)}
        stats |= {"data/solved": len(solutions) / len(job.problems), "data/doubtful": float(len(doubts))}
        if job.validation and cfg.validate.due(step + 1):
            stats["validation/accuracy"] = job.validate(run, policy, cfg.validate.limit)
        run.log(stats)
    return job.load_dir(run.folder / f"round-{run.round - 1:03d}" / "model")


def annotator(run: training.Stage, cfg: Config, job: Job, step: int) -> Episodes:
    """Returns the engine of a step: the teacher's, later that of the policy of the step before.

    Raises ValueError where the recipe's engine runs no programs."""
    from numerate.rollouts.episodes import Episodes

    policy = job.load_dir(run.folder / f"round-{step - 1:03d}" / "model") if step else None
    engine = job.engine(policy or job.load(cfg.teacher or job.model))
    if not isinstance(engine, Episodes):
        raise ValueError("tool_solutions needs an engine that runs programs: set engine.tools")
    return engine


def annotate(
    run: training.Stage,
    cfg: Config,
    job: Job,
    engine: Episodes,
    step: int,
    solutions: dict[str, list[Problem]],
    doubts: dict[str, dict[str, Any]],
) -> Stats:
    """Adds the solutions and the doubtful references of a step; what is on disk is read, not made again."""
    if step == 0 and cfg.teacher is None:
        added, doubtful, stats = run_references(run, job, engine)
    else:
        problems = [problem for problem in job.problems if problem.id not in solutions]
        chosen = [PrefixedProblem(problem) for problem in problems]
        sample = cfg.sample if step else cfg.annotate
        groups = list(sample_groups(run, job, engine, chosen, sample, step, f"round-{step:03d}"))
        added = right_solutions(groups, engine.format.name)
        doubtful = [entry for group in groups if (entry := doubtful_reference(group, cfg.majority))]
        rollouts = [scored for group in groups for scored in group.rollouts]
        stats = rollout_metrics.length_stats(rollouts) if rollouts else {}
    for name, problems in added.items():
        solutions[name] = [*solutions.get(name, ()), *problems][: cfg.keep_per_problem]
    doubts |= {entry["id"]: entry for entry in doubtful}
    return stats


def run_references(
    run: training.Stage, job: Job, engine: Episodes
) -> tuple[dict[str, list[Problem]], list[dict[str, Any]], Stats]:
    """Returns the problems' own transcripts that execute and end in the reference's answer, as their programs
    print it now; those that execute and end in another one as doubtful references."""
    path = run.folder / "rollouts" / "references.jsonl"
    if not path.exists():
        own = [problem for problem in job.problems if problem.meta.get("tool_format")]
        with run.progress.task("running programs", total=len(own), unit="problems") as task:
            rows: list[dict[str, Any]] = []
            for transcript in run_transcripts(engine.executor, engine.options, own):
                rows.append(reference_row(transcript))
                task.advance(1)
        run_on_main(lambda: write_jsonl(path, rows))
    rows = list(read_jsonl(path))
    by_id = {problem.id: problem for problem in job.problems}
    right = {
        row["id"]: [as_demonstration(by_id[row["id"]], row["solution"], row["tool_format"])]
        for row in rows
        if row["executes"] and row["right"]
    }
    keys = ("id", "question", "reference", "answer")
    other = [row for row in rows if row["executes"] and not row["right"] and row["answer"] is not None]
    count = max(1, len(rows))
    stats = {"data/executes": sum(row["executes"] for row in rows) / count, "data/right": len(right) / count}
    return right, [{key: row[key] for key in keys} for row in other], stats


def reference_row(transcript: RunTranscript) -> dict[str, Any]:
    """Returns the line of a transcript: what it says now, and whether that is right."""
    problem = transcript.problem
    grade = answers.grade(problem.solution, problem)
    return {
        "id": problem.id,
        "question": problem.question,
        "reference": problem.answer,
        "answer": grade.answer,
        "right": grade.correct,
        "executes": transcript.executes,
        "tool_format": problem.meta["tool_format"],
        "solution": problem.solution,
    }


def solution_rows(
    cfg: Config, job: Job, policy: Policy, solutions: Mapping[str, Sequence[Problem]]
) -> list[Example]:
    """Returns the training rows: solutions with programs in the problems' order, then text solutions."""
    chosen = [entry for problem in job.problems for entry in solutions.get(problem.id, ())]
    if cfg.with_solutions:
        texts = [problem for problem in job.problems if not problem.meta.get("tool_format")]
        chosen += usable_demonstrations(texts)[0]
    return [training.demonstration_row(policy, problem, job.style) for problem in chosen]
