"""Settings: strict at start, worded for whoever set them, and nothing has to be set."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from crowdalogue import settings
from crowdalogue.settings import WrongSetting


def start(tmp_path: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """A process that reads the settings, as every command does before anything else."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CROWDALOGUE_")}
    code = "from crowdalogue import settings; print(settings.HOME, settings.DATABASES['default']['NAME'])"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "CROWDALOGUE_HOME": str(tmp_path / "home"), **given},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CROWDALOGUE_", "XDG_"))}
    done = subprocess.run(
        [sys.executable, "-c", "from crowdalogue import settings; print(settings.HOME)"],
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == tmp_path / ".local/share/crowdalogue"


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("CROWDALOGUE_HOEM", "/data", "is not a setting"),
        ("CROWDALOGUE_DATABASE_URL", "mysql://care@127.0.0.1/care", "must look like postgresql://"),
        ("CROWDALOGUE_DATABASE_URL", "postgresql://care@127.0.0.1", "names no database"),
        ("CROWDALOGUE_URL", "care.example.com", "https://care.example.com"),
        ("CROWDALOGUE_URL", "https://care.example.com/inbox", "without a path"),
        ("CROWDALOGUE_BIND", "8000", "host:port"),
        ("CROWDALOGUE_BIND", "127.0.0.1:99999", "host:port"),
        ("CROWDALOGUE_LOG", "loud", "debug, info, warning or error"),
        ("CROWDALOGUE_PRIVATE_ADDRESSES", "true", "yes or no"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_hint(tmp_path: Path, name: str, value: str, hint: str) -> None:
    done = start(tmp_path, **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith("crowdalogue: ")
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = start(tmp_path, CROWDALOGUE_HOME=str(tmp_path / "file" / "home"))
    assert done.returncode == 1
    assert "Choose a folder you own" in done.stderr


def test_the_secret_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    first, second = settings.read_secret(tmp_path), settings.read_secret(tmp_path)
    assert first == second
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31])
def test_a_damaged_secret_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(WrongSetting, match="backup"):
        settings.read_secret(tmp_path)


def test_the_home_is_closed_to_others(tmp_path: Path) -> None:
    home = settings.read_home(str(tmp_path / "home"))
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_password_in_the_address_of_the_store_is_unquoted(tmp_path: Path) -> None:
    found = settings.read_database("postgresql://care:p%40ss%2Fword@127.0.0.1:5433/care", tmp_path)
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "care",
        "p@ss/word",
        "127.0.0.1",
        "5433",
        "care",
    )


@pytest.mark.parametrize(
    ("bind", "url", "expected"),
    [
        ("", "http://127.0.0.1:8123", ("127.0.0.1", 8123)),
        ("", "https://care.example.com", ("127.0.0.1", 8000)),
        ("0.0.0.0:9000", "https://care.example.com", ("0.0.0.0", 9000)),
        ("[::1]:9000", "https://care.example.com", ("::1", 9000)),
    ],
)
def test_where_the_web_server_listens(bind: str, url: str, expected: tuple[str, int]) -> None:
    assert settings.read_bind(bind, url) == expected


def test_nobody_learns_one_key_from_the_other() -> None:
    assert settings.SECRET_KEY != settings.FIELD_KEY
    assert settings.DEBUG is False


def test_sqlite_is_durable_and_never_waits_in_vain() -> None:
    options = settings.sqlite(Path("store.sqlite3"))["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=FULL" in options["init_command"]
