"""A key of the environment goes to another machine only where whoever starts the run names both."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from numerate import config, run
from numerate.cli import app
from numerate.config import trusting
from numerate.progress import QuietProgress
from numerate.rewards import trust
from numerate.rollouts import address, engines
from numerate.rollouts.server import ServerOptions

RECIPE = """
name: r
model: numerate/pico
problems: {test: 'stories/test[:2]'}
engine: {kind: server, url: 'URL', key_variable: MY_KEY}
evaluate: {samples: 0}
"""
ELSEWHERE = "https://There.example:8000/v1"
CONSENT = "MY_KEY@https://there.example:8000"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The servers that were asked with the key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_KEY", "s3cr3t")
    monkeypatch.delenv(trust.VARIABLE, raising=False)
    Path("r.yaml").write_text(RECIPE.replace("URL", ELSEWHERE))
    servers: list[str] = []
    monkeypatch.setattr(engines, "check_engine", lambda options: servers.append(options.url))
    return servers


@pytest.mark.parametrize("words", [("run", "r.yaml"), ("run", "r.yaml", "--dry-run"), ("shootout", "r.yaml")])
def test_one_line_names_variable_and_server_and_nothing_is_sent(
    asked: list[str], words: tuple[str, ...]
) -> None:
    done = CliRunner().invoke(app, [*words])
    assert done.exit_code == 2 and not asked
    assert done.stderr.count("\n") == 1 and f"start with --trust {CONSENT} (or NUMERATE_TRUST=" in done.stderr
    assert "variable MY_KEY to https://there.example:8000" in done.stderr and "s3cr3t" not in done.stderr


def test_it_is_sent_where_both_are_trusted(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.load("r.yaml", trust=[CONSENT, "mine.rewards"]).name == "r"
    monkeypatch.setenv(trust.VARIABLE, f"mine,{CONSENT}")
    assert config.load("r.yaml").name == "r"
    assert asked == ["https://There.example:8000/v1"] * 2


@pytest.mark.parametrize(
    "other",
    [
        "MY_KEY@https://there.example",
        "MY_KEY@http://there.example:8000",
        "OTHER@https://there.example:8000",
        "MY_KEY@https://there",
        "MY_KEY",
    ],
)
def test_another_server_or_variable_is_none(asked: list[str], other: str) -> None:
    with pytest.raises(
        ValueError, match=r"sends the environment variable MY_KEY to https://there\.example:8000"
    ):
        config.load("r.yaml", trust=[other])
    assert not asked


def test_a_run_in_python_checks_it_too(asked: list[str]) -> None:
    recipe = config.load("r.yaml", trust=[CONSENT])
    with pytest.raises(ValueError, match="start with --trust MY_KEY@"):
        run.run(recipe, Path("runs/r"), progress=QuietProgress())
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8000", True),
        ("http://127.0.0.1:9/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://me:p@LocalHost", True),
        ("http://localhost.example", False),
        ("http://127.0.0.1.example", False),
        ("http://127.0.0.1@there.example", False),
        ("http://localhost\\@there.example", False),
        ("http://0.0.0.0", False),
    ],
)
def test_a_server_of_this_machine_needs_no_word(url: str, local: bool) -> None:
    options = ServerOptions(kind="server", url=address.split_login(url), key_variable="MY_KEY")
    assert (trusting.key_question(options, ()) == "") == local
    assert trusting.key_question(ServerOptions(kind="server", url=address.split_login(url)), ()) == ""
