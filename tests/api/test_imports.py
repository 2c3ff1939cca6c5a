"""Imports by the API."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from crowdalogue import jobs
from crowdalogue.models import Import, Message, User
from tests.api.conftest import Program, refused

CSV = b"""id,author,text,sent_at
1,ada,Where is it?,2026-03-01T12:00:00Z
2,bob,,2026-03-01T12:00:00Z
3,cy,Hi,2026-03-01
"""


def upload(caller: Program, content: bytes = CSV, name: str = "calls.csv", **more: Any) -> Any:
    file = SimpleUploadedFile(name, content)
    return caller.client.post(
        "/api/v1/imports", {"file": file, **more}, headers={"Authorization": f"Bearer {caller.key}"}
    )


def test_upload_runs_to_its_end(program: Callable[..., Program], manager: User) -> None:
    caller = program(manager)
    made = upload(caller)
    assert made.status_code == 201, made.content
    assert (made.json()["state"], made.json()["name"]) == ("waiting", "calls.csv")
    pk = made.json()["id"]
    jobs.run_imports(threading.Event())
    done = caller.get(f"/imports/{pk}").json()
    assert done["state"] == "done"
    assert done["counts"]["new"]["messages"] == Message.objects.count() > 0
    assert [i["id"] for i in caller.get("/imports").json()["items"]] == [pk]
    failures = b"".join(caller.get(f"/imports/{pk}/failures.csv").streaming_content).decode()
    assert failures.startswith("row,reason")
    assert failures.count("\r\n") == 1 + done["counts"]["failed"]


def test_stop_and_resume(program: Callable[..., Program], owner: User) -> None:
    caller = program(owner)
    pk = upload(caller).json()["id"]
    assert caller.post(f"/imports/{pk}/stop").json()["state"] == "stopped"
    refused(caller.post(f"/imports/{pk}/stop"), 409)
    assert caller.post(f"/imports/{pk}/resume").json()["state"] == "waiting"
    refused(caller.post(f"/imports/{pk}/resume"), 409)


@pytest.mark.parametrize(
    ("content", "more"),
    [
        (b"", {}),
        (b"\x00\x01\x02" * 400, {}),
        (b"a,b\n1,2\n", {}),
        (CSV, {"mapping": "["}),
        (CSV, {"mapping": "[]"}),
        (CSV, {"mapping": '{"demo": true}'}),
        (CSV, {"mapping": '{"fields": {"text": 3}}'}),
        (CSV, {"account": "x"}),
    ],
)
def test_what_is_no_table_is_refused_and_not_kept(
    program: Callable[..., Program], owner: User, content: bytes, more: dict[str, str]
) -> None:
    folder = settings.HOME / "imports"
    before = set(folder.iterdir())
    assert refused(upload(program(owner), content, **more), 422)
    assert set(folder.iterdir()) == before
    assert not Import.objects.exists()


def test_names_choose_no_place(program: Callable[..., Program], owner: User) -> None:
    made = upload(program(owner), name="../../../etc/passwd.csv")
    assert made.status_code == 201
    assert "/" not in Import.objects.get().path
    assert Import.objects.get().name == "passwd.csv"
