"""Exports of help desks come in with their history: every comment a message, notes as notes, endings as endings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crowdalogue import flow
from crowdalogue.listen import imports
from crowdalogue.listen.files.helpdesks import unfold
from crowdalogue.models import Conversation, Message

ZENDESK = {
    "id": 35, "subject": "Broken lamp", "status": "solved", "tags": ["lamp"], "priority": "high",
    "created_at": "2026-01-05T09:00:00Z", "via": {"channel": "email"},
    "requester": {"id": 11, "name": "Mara Lind", "email": "mara@example.com", "role": "end-user"},
    "assignee": {"id": 22, "name": "Hana Helper", "email": "hana@example.com", "role": "agent"},
    "satisfaction_rating": {"score": "good"},
    "comments": [
        {"id": 1, "author_id": 11, "plain_body": "My lamp came broken.", "public": True,
         "created_at": "2026-01-05T09:00:00Z"},
        {"id": 2, "author_id": 22, "html_body": "<p>Ask the <b>store</b> first</p>", "public": False,
         "created_at": "2026-01-05T09:10:00Z"},
        {"id": 3, "author_id": 22, "body": "A new one is on its way.", "public": True,
         "created_at": "2026-01-05T09:20:00Z"},
    ],
}  # fmt: skip
CHATWOOT = {
    "id": 9, "inbox_id": 2, "status": "open", "labels": ["vip"],
    "meta": {"sender": {"name": "Per Berg", "phone_number": "+15550100"}, "channel": "Channel::WebWidget"},
    "messages": [
        {"id": 1, "content": "Do you ship to Norway?", "message_type": 0, "created_at": 1767600000},
        {"id": 2, "content": "Assigned to Hana", "message_type": 2, "created_at": 1767600060},
        {"id": 3, "content": "We do.", "message_type": 1, "created_at": 1767600120, "sender": {"name": "Hana"}},
        {"id": 5, "content": "Please rate us", "message_type": 3, "created_at": 1767600130,
         "content_type": "input_csat",
         "content_attributes": {"submitted_values": {"csat_survey_response": {"rating": 4, "feedback_message": ""}}}},
        {"id": 4, "content": "", "message_type": 0, "created_at": 1767600180,
         "attachments": [{"file_type": "image", "data_url": "https://example.com/a.png"}]},
    ],
}  # fmt: skip
ZAMMAD = {
    "id": 4, "number": "66004", "title": "Invoice", "state": "open", "customer": "ida@example.com",
    "articles": [
        {"id": 1, "ticket_id": 4, "from": "Ida Vik <ida@example.com>", "sender": "Customer", "type": "email",
         "subject": "Invoice", "body": "<div>Where is it?</div>", "content_type": "text/html", "internal": False,
         "created_at": "2026-01-06T10:00:00Z"},
        {"id": 2, "ticket_id": 4, "from": "Hana <hana@example.com>", "sender": "Agent", "type": "email",
         "body": "Attached.", "content_type": "text/plain", "internal": False, "created_at": "2026-01-06T11:00:00Z"},
    ],
}  # fmt: skip


def test_a_file_of_tickets_becomes_conversations_with_their_history(db: None, tmp_path: Path) -> None:
    path = tmp_path / "tickets.json"
    path.write_text(json.dumps([ZENDESK, CHATWOOT, ZAMMAD]))
    run = imports.begin(path)
    imports.run(run, file=flow.file)
    run.refresh_from_db()
    assert (run.state, run.counts["new"]["conversations"], run.counts["failed"]) == ("done", 3, 0)
    said = {m.external_id: m for m in Message.objects.all()}
    assert len(said) == 10
    first, note, answer = (said[f"zendesk-35-{n}"] for n in (1, 2, 3))
    assert [m.direction for m in (first, note, answer)] == ["in", "note", "out"]
    assert note.text == "Ask the store first"
    assert str(first.handle) == "Mara Lind"
    ended = Conversation.objects.get(pk=first.conversation_id)
    assert (ended.kind, ended.subject, ended.state, ended.first_response_s) == ("email", "Broken lamp", "closed", 1200)
    assert answer.extra["tags"] == ["lamp"]
    assert answer.extra["ticket_satisfaction"] == "good"
    assert (first.extra["rating"], first.extra["rating_max"]) == (1, 1), "the customer's thumb is the customer's"
    assert (said["chatwoot-9-4"].extra["rating"], said["chatwoot-9-4"].extra["rating_max"]) == (4, 5)
    assert sum("rating" in m.extra for m in said.values()) == 2
    chat = Conversation.objects.get(kind="webchat")
    assert chat.state == "open"
    assert chat.waiting_since is not None
    assert said["chatwoot-9-2"].direction == "note"
    assert said["chatwoot-9-4"].text == "https://example.com/a.png"
    assert said["zammad-4-1"].text == "Where is it?"
    assert said["zammad-4-2"].direction == "out"
    again = imports.begin(path)
    imports.run(again, file=flow.file)
    again.refresh_from_db()
    assert again.counts["new"]["messages"] == 0


def test_articles_alone_as_lines(db: None, tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join(json.dumps(article) for article in ZAMMAD["articles"]))  # type: ignore[attr-defined]
    imports.run(imports.begin(path), file=flow.file)
    assert Conversation.objects.count() == 1
    assert [m.direction for m in Message.objects.order_by("sent_at")] == ["in", "out"]


@pytest.mark.parametrize("item", [7, None, "text", [], {}, {"comments": []}, {"comments": 3, "requester": 1}])
def test_anything_else_stays_what_it_is(item: Any) -> None:
    assert list(unfold(item)) == [item]


@pytest.mark.parametrize("name", ["comments", "messages", "articles"])
def test_odd_tickets_break_nothing(name: str) -> None:
    odd: dict[str, Any] = {"requester": None, "meta": [], "title": 3, "id": None, name: [{}, {"id": "x", "body": None}]}
    rows = list(unfold(odd))
    assert len(rows) == 2
    assert len({row["id"] for row in rows}) == 2
