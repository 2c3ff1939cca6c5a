"""Accounts by the API: passwords go in and never come out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from django.test import Client

from crowdalogue.channels.webhook import sign
from crowdalogue.models import Account, Audit, Message, User
from tests.api.conftest import Program, refused


def test_connecting_a_webhook_and_using_it(program: Callable[..., Program], manager: User) -> None:
    made = program(manager).post("/accounts", {"kind": "webhook", "name": "Shop"})
    assert made.status_code == 201
    body = json.dumps({"author": "ada", "text": "Hello"}).encode()
    path = "/" + made.json()["hook"].split("/", 3)[3]
    header = sign(made.json()["secret"], body, int(time.time()))
    answer = Client().post(path, body, content_type="application/json", headers={"X-Crowdalogue-Signature": header})
    assert answer.status_code == 200
    assert Message.objects.get().text == "Hello"
    assert Audit.objects.get(deed="connected").user == manager


def test_secrets_do_not_come_out(program: Callable[..., Program], account: Callable[..., Account], owner: User) -> None:
    row = account("webhook", secrets={"secret": "a-very-secret-word"})
    caller = program(owner)
    for path in ("/accounts", f"/accounts/{row.pk}"):
        assert "a-very-secret-word" not in caller.get(path).content.decode()


def test_changes(program: Callable[..., Program], account: Callable[..., Account], manager: User) -> None:
    row = account("webhook")
    got = program(manager).patch(f"/accounts/{row.pk}", {"state": "paused", "name": "Shop floor"}).json()
    assert (got["state"], got["name"]) == ("paused", "Shop floor")
    assert Audit.objects.get(deed="changed_settings").user == manager
    refused(program(manager).patch(f"/accounts/{row.pk}", {"state": "broken"}), 422)
    refused(program(manager).patch(f"/accounts/{row.pk}", {"name": ""}), 422)


def test_settings_that_cannot_work_are_worded(program: Callable[..., Program], owner: User) -> None:
    caller = program(owner)
    assert "Kinds are:" in refused(caller.post("/accounts", {"kind": "telepathy", "name": "x"}), 422)
    wrong = {"kind": "webhook", "name": "x", "settings": {"map": "txt = body"}}
    assert "not a field" in refused(caller.post("/accounts", wrong), 422)
    assert not Account.objects.exists()
