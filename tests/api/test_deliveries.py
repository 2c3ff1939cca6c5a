"""Deliveries by the API."""

from __future__ import annotations

import base64
from collections.abc import Callable

from crowdalogue import flow
from crowdalogue.channels.base import Raw
from crowdalogue.models import Account, Audit, Message, User
from tests.api.conftest import Program, refused


def test_deliveries(program: Callable[..., Program], account: Callable[..., Account], manager: User) -> None:
    hook = account("webhook", secrets={"secret": "x" * 40})
    kept = flow.receive(hook, Raw(b'{"who": "ada", "text": "Hello"}', {"x-a": "b"}), trusted=True)
    caller = program(manager)
    [item] = caller.get(f"/deliveries?state=failed&account={hook.pk}").json()["items"]
    assert (item["id"], item["state"], item["size"]) == (kept.pk, "failed", 31)
    assert '"author" is missing' in item["reason"]
    whole = caller.get(f"/deliveries/{kept.pk}").json()
    assert base64.b64decode(whole["body"]) == b'{"who": "ada", "text": "Hello"}'
    assert whole["headers"] == {"x-a": "b"}
    assert Audit.objects.get(deed="looked_at_delivery").user == manager
    assert caller.post(f"/deliveries/{kept.pk}/replay").json()["state"] == "failed"
    Account.objects.update(settings={"map": "author = who"})
    assert caller.post(f"/deliveries/{kept.pk}/replay").json()["state"] == "filed"
    assert caller.post(f"/deliveries/{kept.pk}/replay").json()["state"] == "filed"
    assert Message.objects.count() == 1
    refused(caller.get("/deliveries/99999"), 404)
