"""The real command, in a process of its own, with a home that all tests of the command line share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import prepared
from tests.conftest import MODELS

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def shared_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return prepared.bare(tmp_path_factory.mktemp("cli") / "home", MODELS)


def call(environment: dict[str, str], *words: str | Path, given: str = "") -> Done:
    return subprocess.run(
        [sys.executable, "-m", "crowdalogue", *map(str, words)],
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        timeout=150,
    )


@pytest.fixture
def crowdalogue(shared_environment: dict[str, str]) -> Callable[..., Done]:
    """`crowdalogue("report", "response", "--json")` runs it and returns how it ended."""

    def run(*words: str | Path, given: str = "", **environment: str) -> Done:
        return call({**shared_environment, **environment}, *words, given=given)

    return run


def last_json(done: Done) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def refusal(done: Done) -> str:
    """Assert that it ended in one worded line without a traceback; the line."""
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    [line] = [x for x in done.stderr.strip().splitlines() if x.startswith("crowdalogue: ")]
    return line
