"""The page in a real browser, opened from disk as a reader opens it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from fake_run import make

from numerate import report
from numerate.store import read_rollouts, write_rollouts
from numerate.types import Problem, Reward, Rollout, Scored, Turn

pytestmark = pytest.mark.browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-quic"
)
HOSTILE = '</script><img src=x onerror="window.hit=1"><b>bold</b>\u2028 \u202egnp.exe 🙂'


def missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    found = os.environ.get("NUMERATE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        missing(f"no browser: install {' or '.join(NAMES)}, or set NUMERATE_CHROMIUM to one")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        missing("no playwright: pip install 'numerate[dev]'")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET.split())
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Any]:
    """A function that opens a page file at a width; at the end nothing may have gone wrong in any of them."""
    wrong: list[str] = []
    contexts: list[Any] = []

    def open_page(path: Path, width: int, **options: Any) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": 840}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("request", lambda request: note_request(request.url))
        page.goto(path.as_uri())
        return page

    def note_request(url: str) -> None:
        if not url.startswith(("file://", "data:")) or (
            url.startswith("file://") and not url.endswith("/index.html")
        ):
            wrong.append(f"request: {url}")

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def overflow(page: Any) -> int:
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def count(page: Any) -> str:
    return page.locator("#count").inner_text()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_reader_finds_a_wrong_solution(orchard_page: Path, opened: Any, width: int) -> None:
    page = opened(orchard_page, width)
    assert count(page) == "1–20 of 1,872 rollouts"
    assert page.locator("svg[role=img]").count() > 20
    page.select_option("select[name=model]", "sft")
    page.select_option("select[name=decoding]", "greedy")
    page.select_option("select[name=set]", "test")
    assert count(page).endswith("of 24 rollouts")
    page.click("#after")
    assert count(page) == "21–24 of 24 rollouts" and page.locator("#after").is_disabled()
    page.click("#before")
    page.select_option("select[name=result]", "wrong")
    wrong = page.locator("#list > li")
    assert 0 < wrong.count() < 24
    wrong.first.locator("summary").click()
    body = wrong.first.locator(".body")
    body.wait_for()
    assert body.locator(".wrote .step.wrong").count() == 1
    assert "✗ wrong" in body.locator(".graded").inner_text()
    assert "not equal to the reference" in body.inner_text() or "no extractable answer" in body.inner_text()
    assert overflow(page) <= 0
    body.locator("button").click()
    problem = page.locator("input[name=problem]").input_value()
    assert problem.startswith("test-00") and int(count(page).split()[-2]) == 3 * (1 + 8)
    assert overflow(page) <= 0


def test_rounds_and_words_can_be_looked_for(orchard_page: Path, opened: Any) -> None:
    page = opened(orchard_page, 1280)
    page.select_option("select[name=round]", "round 2")
    assert count(page) == "1–20 of 192 rollouts"
    page.click("button[type=reset]")
    page.fill("input[name=text]", "COUNT THE APPLES WITH CARE")
    page.locator("#list > li").first.locator("summary").click()
    page.locator(".wrote").first.wait_for()
    assert "with care" in page.locator(".wrote").first.inner_text()
    page.fill("input[name=text]", "no text has these words")
    assert count(page) == "No rollout matches. Clear a filter to see more."
    assert page.locator("#list > li").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_section_is_there_in_both_schemes(orchard_page: Path, opened: Any, scheme: str) -> None:
    page = opened(orchard_page, 390, color_scheme=scheme)
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).count() == 1
    assert overflow(page) <= 0


def test_hostile_text_is_only_read(tmp_path: Path, opened: Any) -> None:
    folder = make(tmp_path / "run", count=4, samples=0, models=("base",), stages=())
    problem = Problem("evil", HOSTILE, HOSTILE, HOSTILE * 40)
    (folder / "problems" / "evil.jsonl").write_text(json.dumps(asdict(problem)) + "\n")
    turn = Turn("assistant", HOSTILE + "9" * 1_000_000, (1,), (-1.5,), trained=True)
    scored = Scored(Rollout("evil", 0, (turn,), "stop", HOSTILE), Reward(None, {HOSTILE: None}))
    write_rollouts(
        folder / "evals" / "base" / HOSTILE.replace("/", "|") / "greedy" / "part-00000.parquet", [scored]
    )
    rows = [
        {"model": HOSTILE, "problems": "wild", "metric": "accuracy", "value": 0.5, "by": by, "group": HOSTILE}
        for by in ("", HOSTILE)
    ]
    (folder / "metrics.json").write_text(json.dumps({"results": rows, "run": {HOSTILE: HOSTILE}}))
    page = opened(report.build(folder), 390)
    page.select_option("select[name=result]", "ungraded")
    page.locator("#list > li summary").click()
    assert HOSTILE[:40] in page.locator(".wrote").inner_text()
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main b").count() == 0
    assert overflow(page) <= 0


def test_a_run_that_has_only_begun_is_readable(tmp_path: Path, opened: Any) -> None:
    folder = make(tmp_path / "run", count=4, samples=0, models=(), stages=("sft",))
    (folder / "metrics.json").unlink()
    page = opened(report.build(folder), 390)
    assert "unfinished" in page.locator(".banner").inner_text()
    assert page.locator("#rollouts .empty").is_visible() and page.locator("#learning svg").count() == 3
    assert overflow(page) <= 0


def test_rollouts_are_found_by_the_outcome_of_their_calls(tmp_path: Path, opened: Any) -> None:
    """Of 4 rollouts one has a failed call, behind the 6,000 characters that the page has of its text."""
    folder = make(tmp_path / "run", count=4, samples=0, models=("base",), sets=("test",), stages=())
    greedy = folder / "evals" / "base" / "test" / "greedy" / "part-00000.parquet"
    first, second, *others = read_rollouts(greedy)
    write_rollouts(greedy, [with_calls(first, "ok"), with_calls(second, "ok", "timeout"), *others])
    page = opened(report.build(folder), 390)
    assert page.locator("select[name=calls] option").all_inner_texts() == [
        "All",
        "with a failed call",
        "with a call",
        "without",
    ]
    for choice, size in (("with a failed call", 1), ("with a call", 2), ("without", 2)):
        page.select_option("select[name=calls]", choice)
        assert page.locator("#list > li").count() == size
    page.select_option("select[name=calls]", "with a failed call")
    page.locator("#list > li summary").click()
    page.locator(".wrote .tool").wait_for()
    assert page.locator(".wrote .failed").count() == 0
    assert overflow(page) <= 0


def test_a_run_without_calls_has_no_filter_of_them(orchard_page: Path, opened: Any) -> None:
    assert opened(orchard_page, 1280).locator("select[name=calls]").is_hidden()


def with_calls(scored: Scored, *statuses: str) -> Scored:
    """A rollout with programs before its text, each 4,000 characters long."""
    call = Turn("assistant", "```python\n" + "1 + " * 1000 + "2\n```\n```output", (1,), (-0.1,), trained=True)
    calls = [turn for status in statuses for turn in (call, Turn("tool", "\n6\n```\n", (2,), status=status))]
    question, *text = scored.rollout.turns
    return replace(scored, rollout=replace(scored.rollout, turns=(question, *calls, *text)))
