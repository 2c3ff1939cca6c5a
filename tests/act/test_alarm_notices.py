"""Everybody is told once, by every way; what fails is tried again and says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from django.utils import timezone

from crowdalogue.act import alarm_notices
from crowdalogue.flow import alarms as flow_alarms
from crowdalogue.models import Account, AlarmNotice, LiveEvent
from tests.act.test_alarms import raise_one, rule
from tests.mailserver import mail_server, missing
from tests.outside import Outside, says

pytestmark = pytest.mark.django_db

HOOK = "https://chat.example.com/in"
FOUND = {
    "words": [{"word": "leaks"}],
    "channels": [{"value": "email", "n": 20}],
    "causes": [{"text": "One author wrote 9 of 20 messages."}],
}


def test_a_webhook_gets_it_signed_once_with_words_for_a_chat(company: Any, outside: Outside) -> None:
    outside.on("POST", HOOK, says({}))
    row = raise_one(rule(tell={"page": True, "webhook": HOOK}), evidence=FOUND)
    assert flow_alarms.tell() == 2
    assert flow_alarms.tell() == 0
    (call,) = outside.calls
    assert call.headers["x-crowdalogue-signature"].startswith("t=")
    body = json.loads(call.body)
    assert (body["id"], body["series"]) == (row.pk, "lids")
    assert "30 voices since" in body["text"]
    assert "leaks" in body["text"] and "One author wrote" in body["text"] and f"/alarms/{row.pk}/" in body["text"]
    assert {n.state for n in AlarmNotice.objects.all()} == {"sent"}
    assert LiveEvent.objects.filter(kind="alarm_raised", object_id=row.pk).count() == 1


def test_what_the_other_side_cannot_take_now_is_tried_again_later(company: Any, outside: Outside) -> None:
    outside.on("POST", HOOK, says(status=503))
    raise_one(rule(tell={"page": False, "webhook": HOOK}))
    flow_alarms.tell()
    notice = AlarmNotice.objects.get()
    assert (notice.state, notice.attempts) == ("queued", 1)
    assert notice.reason and notice.not_before > timezone.now()
    outside.on("POST", HOOK, says({}))
    AlarmNotice.objects.update(not_before=timezone.now())
    flow_alarms.tell()
    assert AlarmNotice.objects.get().state == "sent"


def test_a_refusal_ends_the_trying_with_its_reason(company: Any, outside: Outside) -> None:
    outside.on("POST", HOOK, says(status=404))
    raise_one(rule(tell={"page": False, "webhook": HOOK}))
    flow_alarms.tell()
    notice = AlarmNotice.objects.get()
    assert notice.state == "failed" and "chat.example.com" in notice.reason


def test_a_mail_leaves_by_the_mailbox_and_waits_where_there_is_none(
    company: Any, account: Callable[..., Account]
) -> None:
    raise_one(rule(tell={"page": False, "emails": ["ada@example.com"]}), evidence=FOUND)
    flow_alarms.tell()
    waiting = AlarmNotice.objects.get()
    assert waiting.state == "queued" and "mailbox" in waiting.reason
    if missing():
        pytest.skip(missing())
    with mail_server() as server:
        account("email", settings=server.settings("care@example.com"))
        AlarmNotice.objects.update(not_before=timezone.now())
        flow_alarms.tell()
    assert AlarmNotice.objects.get().state == "sent"
    ((recipients, content),) = server.sent
    mail = message_from_bytes(content, policy=default)
    assert recipients == ["ada@example.com"]
    assert "lids: 30 voices" in mail["Subject"]
    assert f"alarm-{waiting.episode_id}-{waiting.pk}" in mail["Message-ID"]


def test_two_workers_do_not_take_the_same_notice(company: Any) -> None:
    raise_one(rule(tell={"page": True}))
    now = timezone.now()
    assert len(alarm_notices.due(now, 10)) == 1
    assert alarm_notices.due(now, 10) == []


def test_what_was_raised_long_ago_is_on_the_page_only(company: Any) -> None:
    long_ago = timezone.now() - timedelta(days=2)
    row = raise_one(rule(tell={"page": True, "emails": ["ada@example.com"], "webhook": HOOK}), raised_at=long_ago)
    assert [n.way for n in row.notices.all()] == ["page"]
