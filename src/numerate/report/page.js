"use strict";
// Text from models and data reaches the page through textContent only.

// The section that is being read is marked in the navigation.
(() => {
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const mark = () => {
    const sections = [...links.keys()].map((id) => document.getElementById(id));
    const passed = sections.filter((section) => section.getBoundingClientRect().top < window.innerHeight / 3);
    for (const link of links.values()) link.removeAttribute("aria-current");
    if (!passed.length) return;
    const current = links.get(passed.at(-1).id);
    current.setAttribute("aria-current", "true");
    current.parentElement.scrollLeft = current.offsetLeft - 24;
  };
  let waiting = false;
  const later = () => {
    if (!waiting) requestAnimationFrame(() => ((waiting = false), mark()));
    waiting = true;
  };
  addEventListener("scroll", later, { passive: true });
  mark();
})();

// The browser of rollouts.
(() => {
  const embedded = document.getElementById("data");
  if (!embedded) return;
  const data = JSON.parse(embedded.textContent);
  const PAGE = 20;
  const byId = (id) => document.getElementById(id);
  const form = byId("filters");
  const look = new Map(data.models.map(([name, tint, glyph]) => [name, { tint, glyph }]));
  const HOW = {
    string: "same text as the reference",
    number: "equal as a number",
    structure: "equal in structure",
    symbolic: "equal by algebra",
    choice: "the same choice",
    no_answer: "no extractable answer",
    no_match: "not equal to the reference",
    error: "could not be compared",
  };
  const FINISH = {
    stop: "EOS or stop string",
    length: "truncated at the token limit",
    max_turns: "truncated at the turn limit",
    tool_error: "tool error",
  };
  const APART = new Set(["tool", "failed", "code", "prefix"]);
  const CALLS = {
    "with a failed call": (r) => r.c === "failed",
    "with a call": (r) => r.c !== "",
    without: (r) => r.c === "",
  };
  const RESULT = { right: ["✓", "right"], wrong: ["✗", "wrong"], ungraded: ["?", "not graded"] };
  const STEP = {
    right: ["✓", "right"],
    wrong: ["✗", "wrong"],
    unverifiable: ["?", "unverifiable"],
    step: ["·", "not scored"],
  };
  let found = [];
  let page = 0;

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const own = (tag, className, text) => {
    const element = make(tag, className, text);
    element.dir = "auto";
    return element;
  };
  const say = (table, word) => (Object.hasOwn(table, word) ? table[word] : word);
  const resultOf = (r) => (r.r === null ? "ungraded" : r.r ? "right" : "wrong");
  const roundOf = (r) => (r.o === null ? "evaluation" : `round ${r.o}`);
  const setOf = (r) => data.problems[r.p].set || "(unknown)";
  const haystack = (r) => {
    if (r.hay === undefined) {
      const problem = data.problems[r.p];
      r.hay = [problem.q, problem.s, problem.a, r.a ?? "", ...r.t.map((piece) => piece[0])].join("\n").toLowerCase();
    }
    return r.hay;
  };

  const fill = (name, values) => {
    const select = form.elements[name];
    select.append(new Option("All", ""));
    for (const value of values) select.append(new Option(value, value));
    select.disabled = values.length < 2;
  };
  const distinct = (of) => [...new Set(data.rollouts.map(of))];

  const wanted = () => {
    const get = (name) => form.elements[name].value;
    const [result, model, set, round, decoding] = ["result", "model", "set", "round", "decoding"].map(get);
    const [finish, calls] = ["finish", "calls"].map(get);
    const problem = get("problem").trim().toLowerCase();
    const text = get("text").trim().toLowerCase();
    const exact = problem && data.problems.some((p) => p.id.toLowerCase() === problem);
    return (r) =>
      (!result || (result === "no answer" ? r.a === null : resultOf(r) === result)) &&
      (!model || r.m === model) &&
      (!set || setOf(r) === set) &&
      (!round || roundOf(r) === round) &&
      (!decoding || r.d === decoding) &&
      (!finish || say(FINISH, r.f) === finish) &&
      (!calls || CALLS[calls](r)) &&
      (!problem || matches(data.problems[r.p].id.toLowerCase(), problem, exact)) &&
      (!text || haystack(r).includes(text));
  };
  const matches = (id, asked, exact) => (exact ? id === asked : id.includes(asked));

  const apply = () => {
    found = data.rollouts.filter(wanted());
    page = 0;
    render();
  };

  const render = () => {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const from = page * PAGE;
    const shown = found.slice(from, from + PAGE);
    byId("count").textContent = found.length
      ? `${(from + 1).toLocaleString("en")}–${(from + shown.length).toLocaleString("en")} of ${found.length.toLocaleString("en")} rollouts`
      : "No rollout matches. Clear a filter to see more.";
    byId("titles").hidden = !found.length;
    byId("place").textContent = `${page + 1} / ${pages}`;
    byId("before").disabled = page === 0;
    byId("after").disabled = page >= pages - 1;
    byId("list").replaceChildren(...shown.map(item));
  };

  const modelTag = (name) => {
    const { tint, glyph } = look.get(name) ?? { tint: 0, glyph: "" };
    const tag = make("span", `model m${tint}`);
    const mark = make("span", "glyph", glyph);
    mark.setAttribute("aria-hidden", "true");
    tag.append(mark, make("bdi", "", name));
    return tag;
  };

  const item = (r) => {
    const [symbol, word] = RESULT[resultOf(r)];
    const row = make("li");
    const details = make("details", `rollout ${resultOf(r)}`);
    const head = make("summary");
    const badge = make("span", "badge", symbol);
    badge.title = word;
    badge.setAttribute("role", "img");
    badge.setAttribute("aria-label", word);
    const where = make("span", "where");
    where.append(modelTag(r.m), make("span", "soft", `${roundOf(r)} · ${r.d === "greedy" ? "greedy" : `sample ${r.i}`}`));
    head.append(badge, own("span", "question", data.problems[r.p].q.slice(0, 240) || data.problems[r.p].id));
    head.append(own("span", "answer", r.a === null ? "no answer" : r.a.slice(0, 60)), where);
    details.append(head);
    details.addEventListener("toggle", () => details.childElementCount === 1 && details.append(body(r)));
    row.append(details);
    return row;
  };

  const block = (title, content) => {
    const part = make("div", "block");
    part.append(make("h5", "", title), content);
    return part;
  };

  const body = (r) => {
    const problem = data.problems[r.p];
    const box = make("div", "body");
    const task = make("div");
    task.append(block("Problem", own("p", "text", problem.q || "The problem is not in the run folder.")));
    if (problem.s) task.append(block("Reference solution", own("p", "text", problem.s)));
    if (problem.a) task.append(block("Reference answer", own("p", "text strong", problem.a)));
    const wrote = make("div");
    wrote.append(block("Rollout", text(r)));
    const only = make("button", "", "All rollouts of this problem");
    only.type = "button";
    only.addEventListener("click", () => {
      form.reset();
      form.elements.problem.value = problem.id;
      apply();
      byId("browser").scrollIntoView();
    });
    const foot = make("div", "foot");
    foot.append(only, own("span", "soft id", problem.id));
    box.append(task, wrote, facts(r), foot);
    return box;
  };

  const text = (r) => {
    const box = own("div", "text wrote");
    const labels = new Set();
    for (const [piece, label, score] of r.t) {
      if (label === null) box.append(piece);
      else if (APART.has(label)) box.append(own("span", label, piece));
      else box.append(step(piece, label, score, labels));
    }
    if (!r.t.length) box.append(make("span", "soft", "(nothing)"));
    if (!labels.size) return box;
    const both = make("div");
    const key = make("p", "key");
    for (const label of labels) key.append(make("span", `step ${label}`, STEP[label].join(" ")));
    both.append(box, key);
    return both;
  };

  const step = (piece, label, score, labels) => {
    const known = Object.hasOwn(STEP, label) ? label : "step";
    const span = make("span", `step ${known}`);
    const mark = make("span", "mark", STEP[known][0]);
    mark.title = STEP[known][1] + (score === null ? "" : `, score ${score.toFixed(3)}`);
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", `step: ${mark.title}`);
    if (known !== "step") labels.add(known);
    span.append(mark, piece);
    return span;
  };

  const facts = (r) => {
    const list = make("dl", "graded");
    const add = (name, value) => {
      const pair = make("div");
      pair.append(make("dt", "", name), own("dd", "", value));
      list.append(pair);
    };
    add("Result", RESULT[resultOf(r)].join(" "));
    add("Extracted answer", r.a ?? "none");
    if (r.h) add("Graded by", say(HOW, r.h));
    if (r.g !== null && r.r !== null && r.g !== r.r) {
      const truncated = r.g && r.f !== "stop";
      add("Note", truncated ? "truncated: right answer in the text, graded wrong" : "grade and stored reward differ");
    }
    add("Finish", say(FINISH, r.f));
    if (r.l) {
      const [tokens, sum, mean, lowest] = r.l;
      add("Length", `${tokens.toLocaleString("en")} tokens`);
      add("Log-probability", `${mean.toFixed(3)} per token, ${sum.toFixed(1)} in total, lowest ${lowest.toFixed(2)}`);
    }
    for (const [name, value] of r.x) {
      if (name !== "correct") add(`Reward: ${name}`, value === null ? "not measured" : String(value));
    }
    return list;
  };

  fill("result", [...distinct(resultOf), ...(data.rollouts.some((r) => r.a === null) ? ["no answer"] : [])].sort());
  fill("model", distinct((r) => r.m));
  fill("set", distinct(setOf));
  fill("round", distinct(roundOf));
  fill("decoding", distinct((r) => r.d));
  fill("finish", distinct((r) => say(FINISH, r.f)));
  form.elements.calls.parentElement.hidden = !data.rollouts.some(CALLS["with a call"]);
  fill("calls", Object.keys(CALLS).filter((name) => data.rollouts.some(CALLS[name])));
  byId("problem-ids").append(...data.problems.map((problem) => new Option(problem.id, problem.id)));
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  byId("before").addEventListener("click", () => (page--, render()));
  byId("after").addEventListener("click", () => (page++, render(), byId("browser").scrollIntoView()));
  apply();
})();
