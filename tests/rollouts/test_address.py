"""Logins in addresses of servers: they are sent, and written nowhere."""

from __future__ import annotations

import base64
import doctest
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from numerate import config, parallel, run
from numerate.cli import app
from numerate.consent import NO_CONSENT
from numerate.progress import make_progress
from numerate.rollouts import address
from numerate.rollouts.server import ServerOptions
from tests import fake_server, tiny
from tests.fake_server import Fake

SECRET = "s3cr3t:p@ss/word"
WRITTEN = "s3cr3t%3Ap%40ss%2Fword"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(address.VARIABLE, raising=False)
    return tmp_path


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(address).failed == 0


@pytest.mark.parametrize(
    ("text", "plain", "login"),
    [
        ("http://there:8000/v1", "http://there:8000/v1", None),
        (f"https://me:{WRITTEN}@there:8000/v1", "https://there:8000/v1", ("me", SECRET)),
        ("http://token@there", "http://there", ("token", "")),
        ("http://:pass@there", "http://there", ("", "pass")),
        ("http://a@b:c@there", "http://there", ("a@b", "c")),
        ("http://me:p@[::1]:8000", "http://[::1]:8000", ("me", "p")),
    ],
)
def test_the_login_stands_beside_the_address(text: str, plain: str, login: Any) -> None:
    found = address.split_login(text)
    assert (found, found.login, address.split_login(found)) == (plain, login, found)
    options = ServerOptions(kind="server", url=text)
    assert options.url == plain and address.find_login(options.url) == login
    assert "@" not in repr(options)


@pytest.mark.parametrize(
    "text",
    [
        "http://me:se/cret@there",
        "http://me:se#cret@there",
        "http://there/v1?key=secret",
        "http://me:p@there?key=secret",
        "http://me:secret@",
    ],
)
def test_what_would_be_cut_wrongly_is_refused_without_the_secret(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        address.split_login(text)
    assert "cret" not in str(refused.value)


@pytest.mark.parametrize(
    "words",
    [
        ("eval", "numerate/pico", "-p", "stories/test", "--engine", "http://me:s3cr3t@127.0.0.1:1"),
        ("eval", "numerate/pico", "-p", "stories/test", "--engine", "htp://me:s3cr3t@there"),
        ("eval", "numerate/pico", "-p", "stories/test", "--engine", "http://me:s3cr3t/@there"),
        ("solve", "numerate/pico", "1+1", "--engine", "http://me:s3cr3t@127.0.0.1:1"),
        ("run", "quickstart", "engine.url=http://me:s3cr3t@127.0.0.1:1", "engine.kind=server"),
        ("run", "quickstart", "engin.url=http://me:s3cr3t@there"),
        ("run", "quickstart", "http://me:s3cr3t@there"),
        ("run", "quickstart", "engine={kind: server, url: [http://me:s3cr3t@there]}"),
        ("run", "quickstart", "engine=http://me:s3cr3t@there"),
        ("run", "quickstart", "model=http://me:s3cr3t@there"),
    ],
)
def test_no_error_shows_it(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*words])
    assert done.exit_code == 2 and "error" in done.output and "s3cr3t" not in done.output


def measured(fake: Fake, login: str) -> None:
    url = fake.url.replace("://", f"://{login}@" if login else "://")
    engine = {"kind": "server", "url": url, "patience": 5.0}
    place = str(tiny.make(Path("MODEL"), context=512)) if not Path("MODEL").exists() else "MODEL"
    settings = {"evaluate": {"samples": 2, "max_tokens": 8}, "engine": engine}
    recipe = config.make_eval_recipe("m", place, ["stories/test"], 2, settings)
    run.run(recipe, Path("runs/m"), progress=make_progress(quiet=True))


def test_a_run_with_a_login_works_leaves_no_trace_and_resumes_with_another(here: Path) -> None:
    with Fake() as fake:
        measured(fake, f"me:{WRITTEN}")
        assert fake.keys == {basic("me", SECRET)}
        asked = len(fake.bodies)
        before = Path("runs/m/metrics.json").read_bytes()
        measured(fake, "me:second-one")
        measured(fake, "")
        assert len(fake.bodies) == asked and Path("runs/m/metrics.json").read_bytes() == before
    left = [path.read_bytes() for path in Path("runs").rglob("*") if path.is_file()]
    assert left and not any(
        part in content for content in left for part in (b"s3cr3t", b"p@ss", b"second-one", b"@127")
    )
    assert any(fake.url.encode() in content for content in left)


def test_a_recipe_written_out_takes_the_login_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with Fake() as fake:
        monkeypatch.setenv(address.VARIABLE, f"me:{SECRET}")
        measured(fake, "")
        assert fake.keys == {basic("me", SECRET)}
        fake.keys.clear()
        measured(fake, "you:p")  # the address goes first
        assert fake.keys == {basic("you", "p")}
        monkeypatch.setenv(address.VARIABLE, "nonsense")
        with pytest.raises(ValueError, match="NUMERATE_SERVER_LOGIN has no login: write user:password"):
            measured(fake, "")


def test_an_api_key_takes_the_place_of_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "k")
    monkeypatch.setenv(address.VARIABLE, "me:p")
    with Fake() as fake:
        list(fake_server.engine(fake, key_variable="KEY").sample(fake_server.ask(1), 1, fake_server.PARAMS))
        assert fake.keys == {"Bearer k"}
        url = fake.url.replace("://", "://me:p@")
        with pytest.raises(ValueError, match="exclude each other"):
            config.make_eval_recipe(
                "m",
                "numerate/pico",
                ["stories/test"],
                2,
                {"engine": {"kind": "server", "url": url, "key_variable": "KEY"}},
            )


def test_seeds_that_run_at_the_same_time_get_it_by_the_environment(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = here / "python"
    python.write_text(f'#!/bin/sh\necho "$@ ${address.VARIABLE}" > words\n')
    python.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(python))
    with Fake() as fake:
        url = fake.url.replace("://", f"://me:{WRITTEN}@")
        engine = {"engine": {"kind": "server", "url": url}}
        recipe = config.make_eval_recipe("m", "numerate/pico", ["stories/test"], 2, engine)
        parallel.run_all([(recipe, here / "seed-0")], 1, make_progress(quiet=True), NO_CONSENT)
    assert Path("words").read_text().split() == [
        *("-P", "-m", "numerate", "run"),
        str(here / "seed-0"),
        "--quiet",
        f"me:{SECRET}",
    ]
    assert "s3cr3t" not in (here / "seed-0" / "recipe.yaml").read_text()
