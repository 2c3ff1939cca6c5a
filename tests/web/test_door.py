"""The short way in a rush: what it takes it answers as Django's view would, and everything else it leaves to it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from crowdalogue import flow
from crowdalogue.channels import channel_kinds, open_channel
from crowdalogue.channels.webhook import sign
from crowdalogue.flow import inwards
from crowdalogue.listen.rush import Rush
from crowdalogue.models import Account, Delivery, Message
from crowdalogue.web import door, server
from tests.channels.test_slack import PEER as SLACK

SECRET = "a secret of forty characters, more or less"
PARCEL = {"id": "1", "author": "ada@example.com", "name": "Ada Ex", "text": "Where is my parcel?"}
HOOKED = sorted(kind for kind, channel in channel_kinds().items() if channel.receives_hooks)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]
    short: bool  # taken by the short way

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Caller:
    """Posts to a door of its own, which is always in a rush, and sees what it leaves to Django's view."""

    left: int = 0
    door: door.Door = field(init=False)

    def __post_init__(self) -> None:
        self.door = door.Door(self.otherwise)

    async def otherwise(self, scope: Any, receive: Any, send: Any) -> None:
        self.left += 1
        await server.application.door.otherwise(scope, receive, send)

    def post(self, path: str, body: bytes, headers: dict[str, str], **more: Any) -> Answer:
        return asyncio.run(self.send(path, [body], headers, **more))

    async def send(
        self, path: str, pieces: list[bytes], headers: dict[str, str], *, method: str = "POST", cut: bool = False
    ) -> Answer:
        coming = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        coming[-1]["more_body"] = cut
        sent: list[Any] = []

        async def receive() -> Any:
            return coming.pop(0) if coming else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        before = self.left
        all_headers = {"host": "127.0.0.1", "content-length": str(sum(map(len, pieces))), **headers}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
            "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
            "headers": [(name.lower().encode(), value.encode("latin1")) for name, value in all_headers.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await self.door(scope, receive, send)
        if not sent:
            return Answer(0, b"", {}, self.left == before)
        said = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], b"".join(m.get("body", b"") for m in sent), said, self.left == before)


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    monkeypatch.setattr(inwards, "_rush", Rush(filing=0))
    caller = Caller()
    yield caller
    caller.door.close()


@pytest.fixture
def hook(account: Callable[..., Account]) -> Account:
    return account("webhook", secrets={"secret": SECRET})


def signed(what: Any, *, secret: str = SECRET, at: float | None = None) -> tuple[bytes, dict[str, str]]:
    body = what if isinstance(what, bytes) else json.dumps(what).encode()
    signature = sign(secret, body, int(at or time.time()))
    return body, {"Content-Type": "application/json", "X-Crowdalogue-Signature": signature}


def test_it_is_kept_answered_and_left_to_a_worker(caller: Caller, hook: Account) -> None:
    at = time.time()
    answer = caller.post(f"/hooks/{hook.key}/", *signed(PARCEL, at=at))
    kept = Delivery.objects.get()
    assert (answer.status, answer.short) == (202, True)
    assert answer.json() == {"kept": kept.pk, "repeated": False, "state": "kept", "reason": ""}
    assert bytes(kept.body) == json.dumps(PARCEL).encode()
    assert flow.pick_up() == 1
    assert Message.objects.get().text == "Where is my parcel?"
    again = caller.post(f"/hooks/{hook.key}/", *signed(PARCEL, at=at))
    assert (again.status, again.short) == (200, True)
    assert again.json() == {"kept": kept.pk, "repeated": True, "state": "filed", "reason": ""}


def test_its_answers_are_those_of_the_view(caller: Caller, hook: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    body, headers = signed(PARCEL)
    caller.post(f"/hooks/{hook.key}/", body, headers)
    by_door = caller.post(f"/hooks/{hook.key}/", body, headers)
    row = Delivery.objects.values().get()
    monkeypatch.setattr(inwards, "_rush", Rush())
    by_view = caller.post(f"/hooks/{hook.key}/", body, headers)
    assert (by_door.short, by_view.short) == (True, False)
    assert (by_door.status, by_door.body, by_door.headers) == (by_view.status, by_view.body, by_view.headers)
    Delivery.objects.all().delete()
    caller.post(f"/hooks/{hook.key}/", body, headers)
    by_view_row = Delivery.objects.values().get()
    same = ("account_id", "key", "body", "headers")
    assert [row[name] for name in same] == [by_view_row[name] for name in same]


@pytest.mark.parametrize("kind", HOOKED)
def test_every_channel_is_kept_and_hears_what_its_provider_wants(kind: str, caller: Caller, account: Any) -> None:
    peer = __import__(f"tests.channels.test_{kind}", fromlist=["PEER"]).PEER
    connected = account(kind, settings=dict(peer.settings))
    channel = open_channel(kind, connected.all_settings)
    raw = channel.sample(datetime.now(UTC))
    if raw is None or raw.url:
        pytest.skip("its sample is signed for another address")
    answer = caller.post(f"/hooks/{connected.key}/", raw.body, dict(raw.headers))
    assert answer.short
    assert bytes(Delivery.objects.get().body) == raw.body
    wanted = channel.respond(raw)
    if wanted is None:
        assert (answer.status, answer.json()["state"]) == (202, "kept")
    else:
        assert (answer.status, answer.body) == (wanted.status, wanted.body)
        assert answer.headers["Content-Type"] == wanted.media_type


def test_what_is_refused_is_worded_by_the_view(caller: Caller, hook: Account) -> None:
    path = f"/hooks/{hook.key}/"
    body, headers = signed(PARCEL)
    unsigned = {"Content-Type": "application/json"}
    refusals = [
        (403, "signature is missing", caller.post(path, body, unsigned)),
        (403, "signature is wrong", caller.post(path, body + b" ", headers)),
        (403, "too old", caller.post(path, *signed(PARCEL, at=time.time() - 400))),
        (404, "Copy it again", caller.post("/hooks/nobody/", body, headers)),
        (405, "come by POST", caller.post(path, b"", {}, method="GET")),
        (413, "larger than 10 MB", caller.post(path, *signed(b"x" * (10 * 1024 * 1024 + 1)))),
    ]
    for status, words, answer in refusals:
        assert (answer.status, answer.short) == (status, False)
        assert words in answer.json()["error"]["text"]
    assert caller.post(path, body, {**headers, "Host": "elsewhere.example.com"}).status == 400
    assert not Delivery.objects.exists()


def test_a_question_is_answered_and_nothing_is_kept(caller: Caller, account: Callable[..., Account]) -> None:
    slack = account("slack", settings=dict(SLACK.settings))
    raw = SLACK.sign(b'{"type": "url_verification", "challenge": "c-7"}', datetime.now(UTC))
    answer = caller.post(f"/hooks/{slack.key}/", raw.body, dict(raw.headers))
    assert (answer.status, answer.body, answer.short) == (200, b"c-7", False)
    assert not Delivery.objects.exists()


def test_large_ones_go_the_long_way_whole(caller: Caller, hook: Account) -> None:
    body, headers = signed({**PARCEL, "text": "x" * (2 * door.LARGEST)})
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)]
    answer = asyncio.run(caller.send(f"/hooks/{hook.key}/", pieces, headers))
    assert (answer.status, answer.short) == (202, False)
    assert bytes(Delivery.objects.get().body) == body


def test_who_hangs_up_in_the_middle_leaves_nothing(caller: Caller, hook: Account) -> None:
    body, headers = signed(PARCEL)
    assert asyncio.run(caller.send(f"/hooks/{hook.key}/", [body[:5]], headers, cut=True)).status == 0
    assert not Delivery.objects.exists()


def test_a_changed_account_counts_at_once_and_from_elsewhere_within_a_second(
    caller: Caller, hook: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/hooks/{hook.key}/"
    assert caller.post(path, *signed(PARCEL)).status == 202
    hook.secrets = {"secret": "another secret of forty characters too"}
    hook.save()  # in this process
    assert caller.post(path, *signed({**PARCEL, "id": "2"})).status == 403
    other = signed({**PARCEL, "id": "3"}, secret="another secret of forty characters too")
    assert caller.post(path, *other).status == 202
    Account.objects.update(state=Account.State.PAUSED)  # as another process would, past this one's signals
    began = time.monotonic()
    number = 4
    while caller.post(path, *signed({**PARCEL, "id": str(number)}, secret=hook.secrets["secret"])).status == 202:
        number += 1
        assert time.monotonic() - began < door.KEPT_S + 5
        time.sleep(0.1)
    answer = caller.post(path, *other)
    assert (answer.status, answer.short) == (503, False)


def test_an_account_that_went_meanwhile_is_said_to_be_gone(caller: Caller, hook: Account) -> None:
    path = f"/hooks/{hook.key}/"
    assert caller.post(path, *signed(PARCEL)).status == 202
    Delivery.objects.all().delete()
    Account.objects.filter(pk=hook.pk)._raw_delete("default")  # without a signal, as another process would
    assert caller.post(path, *signed({**PARCEL, "id": "2"})).status == 404
    assert not Delivery.objects.exists()


def test_store_away_is_said_and_nothing_acknowledged(caller: Caller, hook: Account) -> None:
    path = f"/hooks/{hook.key}/"
    assert caller.post(path, *signed(PARCEL)).status == 202
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE crowdalogue_delivery RENAME TO away")
        try:
            answer = caller.post(path, *signed({**PARCEL, "id": "2"}))
        finally:
            cursor.execute("ALTER TABLE away RENAME TO crowdalogue_delivery")
    assert (answer.status, answer.headers["Retry-After"], answer.short) == (503, "10", True)
    assert "nothing was kept" in answer.json()["error"]["text"]
    assert caller.post(path, *signed({**PARCEL, "id": "2"})).status == 202
    assert Delivery.objects.count() == 2


def test_many_at_once_share_transactions_and_each_gets_its_own_answer(caller: Caller, hook: Account) -> None:
    wanted = [signed({**PARCEL, "id": str(number)}) for number in range(60)]

    async def work() -> list[Answer]:
        asked = (caller.send(f"/hooks/{hook.key}/", [body], headers) for body, headers in wanted)
        return await asyncio.gather(*asked)

    answers = asyncio.run(work())
    assert {(a.status, a.short) for a in answers} == {(202, True)}
    by_id = {row.pk: bytes(row.body) for row in Delivery.objects.all()}
    assert [by_id[a.json()["kept"]] for a in answers] == [body for body, _ in wanted]
    assert caller.door.waiting == 0
