"""The command as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from django.db import OperationalError

from crowdalogue.cli import STORE_AWAY, commands, worded
from tests.cli.conftest import Done, refusal

NAMES = {
    *("run", "serve", "work", "import", "export", "report", "evaluate", "label", "train"),
    *("demo", "doctor", "setup", "user", "token"),
    *("people", "watch", "alarms", "categories", "compare", "topics", "weekly"),
}


def walk(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    inner = command.commands.items() if isinstance(command, click.Group) else ()
    return [(path, command), *(found for name, sub in inner for found in walk(sub, (*path, name)))]


def test_every_command_has_help_with_an_example() -> None:
    assert set(commands.commands) == NAMES
    for path, command in walk(commands)[1:]:
        assert command.help, path
        assert "Example:  " in command.help or "Example: " in command.help, path
        assert " ".join(path) in command.help.replace("crowdalogue ", ""), path
        assert all(p.help for p in command.params if isinstance(p, click.Option) and p.name != "role"), path


def test_help_loads_nothing_heavy(crowdalogue: Callable[..., Done]) -> None:
    done = crowdalogue("import", "--help", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    assert "Columns are recognised" in done.stdout
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert not loaded & {"django", "numpy", "pyarrow", "duckdb", "ibis", "onnxruntime", "sklearn", "uvicorn"}


def test_wrong_settings_are_refused_first(crowdalogue: Callable[..., Done]) -> None:
    for name, value, says in (
        ("CROWDALOGUE_URL", "care.example.com", "must be an address"),
        ("CROWDALOGUE_COLOR", "blue", "is not a setting"),
        ("CROWDALOGUE_DATABASE_URL", "mysql://x/y", "must look like postgresql://"),
    ):
        assert says in refusal(crowdalogue("doctor", **{name: value}))


def test_a_store_that_is_away_is_worded(crowdalogue: Callable[..., Done]) -> None:
    done = crowdalogue("report", "response", CROWDALOGUE_DATABASE_URL="postgresql://x:secret@127.0.0.1:1/x")
    line = refusal(done)
    assert "PostgreSQL at 127.0.0.1 does not answer" in line
    assert "secret" not in done.stderr + done.stdout


def test_a_damaged_store_is_worded(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"this is no database, " * 100)
    assert "is damaged" in crowdalogue("doctor", CROWDALOGUE_DATABASE_URL=f"sqlite://{broken}").stdout
    assert "damaged" in refusal(crowdalogue("token", "a@example.com", CROWDALOGUE_DATABASE_URL=f"sqlite://{broken}"))


@pytest.mark.parametrize("error", [OperationalError("x"), sqlite3.OperationalError("x")])
def test_worded_store(error: Exception) -> None:
    assert worded(error) == STORE_AWAY


def test_worded_accidents_quote_nothing() -> None:
    try:
        raise KeyError("my parcel is late")
    except KeyError as error:
        text = worded(error)
    assert "KeyError" in text and "test_cli.py" in text
    assert "parcel" not in text
