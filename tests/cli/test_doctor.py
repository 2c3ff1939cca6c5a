"""doctor: what is wrong, and the remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from crowdalogue import flow
from crowdalogue.channels.base import Author, Incoming
from crowdalogue.cli import doctor
from crowdalogue.models import Account, Delivery, LiveEvent, Message, User
from tests.cli.conftest import Done, last_json


def test_all_is_well(crowdalogue: Callable[..., Done]) -> None:
    crowdalogue("setup")
    found = last_json(crowdalogue("doctor", "--json"))
    states = {one["about"]: one["state"] for one in found["checks"]}
    assert found["ok"] is ("problem" not in states.values())
    assert states["store"] == states["clocks"] == states["deliveries"] == "ok"


def test_what_is_wrong_is_named(crowdalogue: Callable[..., Done], tmp_path: Path) -> None:
    done = crowdalogue("doctor", "--json", CROWDALOGUE_DATABASE_URL="postgresql://x:y@127.0.0.1:1/x")
    assert done.returncode == 1
    [store] = [one for one in json.loads(done.stdout)["checks"] if one["about"] == "store"]
    assert store["state"] == "problem"
    assert "Start it" in store["remedy"]
    empty = crowdalogue("doctor", CROWDALOGUE_DATABASE_URL=f"sqlite://{tmp_path / 'new.sqlite3'}")
    assert empty.returncode == 1
    assert "Run: crowdalogue setup" in empty.stdout


def said(look: Callable[[], object]) -> list[tuple[str, str]]:
    return [(one.state, one.text) for one in look()]  # type: ignore[attr-defined]


def test_channels_that_fail(account: Callable[..., Account]) -> None:
    assert said(doctor.channels) == [("ok", "none connected yet")]
    account("email", state="broken", failures=3, last_error="The mailbox refused the password.")
    account("webhook")
    account("email", state="paused", failures=9)
    silent = account("email")
    Account.objects.filter(pk=silent.pk).update(created_at=timezone.now() - timedelta(days=1))
    assert said(doctor.channels) == [
        ("problem", "The mailbox refused the password."),
        ("problem", "nobody has asked it for a while."),
    ]


def test_deliveries_that_wait(account: Callable[..., Account]) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    hook = account("webhook")
    Delivery.objects.create(account=hook, key="1", body=b"", received_at=long_ago)
    Delivery.objects.create(account=hook, key="2", body=b"", state="failed")
    assert [state for state, _ in said(doctor.deliveries)] == ["problem", "caution"]


def test_a_clock_that_went_back(owner: User) -> None:
    assert said(doctor.clocks)[0][0] == "ok"
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL is asked for its own clock")
    LiveEvent.objects.create(kind="conversation", object_id=1, at=timezone.now() + timedelta(hours=1))
    assert said(doctor.clocks)[0][0] == "problem"


@pytest.mark.parametrize("look", [doctor.reading, doctor.replies, doctor.imports, doctor.columns, doctor.encoder])
def test_an_empty_store_is_no_problem(db: None, look: Callable[[], object]) -> None:
    assert "problem" not in [state for state, _ in said(look)]


def test_a_key_others_can_read(settings: object) -> None:
    key = Path(settings.HOME) / "secret.key"  # type: ignore[attr-defined]
    mode = key.stat().st_mode
    key.chmod(0o644)
    try:
        assert ("problem", "others on this machine can read it.") in said(doctor.settings_seen)
    finally:
        key.chmod(mode)


def test_a_backlog_is_a_problem_only_once_it_is_late(account: Callable[..., Account]) -> None:
    flow.file(account("x"), [Incoming("1", Author("ada"), "Hello", sent_at=timezone.now() - timedelta(days=90))])
    assert [state for state, _ in (*said(doctor.reading), *said(doctor.columns))] == ["ok", "ok"]
    Message.objects.update(changed_at=timezone.now() - timedelta(hours=1))
    assert said(doctor.reading) == [("problem", "1 messages wait to be read.")]
