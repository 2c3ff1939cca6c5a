"""One conversation at its doors: reading, answering once, notes, drafts, taking back, sending again, correcting."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crowdalogue import flow
from crowdalogue.models import Account, Correction, Draft, Message, Reading, Reply, Standing, User

Written = Callable[..., Any]
Browser = Callable[..., Client]
PIECE = {"HX-Request": "true"}


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def test_the_page_shows_who_said_what_and_the_person_beside_it(
    helper: User, client_for: Browser, written: Written
) -> None:
    row = written("Where is <b>my parcel</b>?", name="Mara Lindqvist", subject="Parcel 48213")
    page = client_for(helper).get(f"/inbox/{row.pk}/").content.decode()
    assert "Parcel 48213" in page and "Where is &lt;b&gt;my parcel&lt;/b&gt;?" in page
    assert "mara@example.com" in page and 'id="who-title"' in page
    row.refresh_from_db()
    assert row.unread is False


def test_where_they_stand_is_said_with_its_reason(helper: User, client_for: Browser, written: Written) -> None:
    row, other = written(name="Mara Lindqvist"), written(name="Per Berg")
    for kind, reason in (("advocate", "3 messages of praise"), ("detractor", "<b>4</b> complaints of 5")):
        Standing.objects.create(person=row.person, kind=kind, source="rule", reason=reason)
    browser = client_for(helper)
    page = browser.get(f"/inbox/{row.pk}/").content.decode()
    panel = page[page.index('id="who-title"') :]
    assert "<b>Detractor</b>: &lt;b&gt;4&lt;/b&gt; complaints of 5" in panel and "<b>Advocate</b>: 3 messages" in panel
    told = "Detractor: &lt;b&gt;4&lt;/b&gt; complaints of 5; Advocate: 3 messages of praise"
    assert page.count(f'<span class="badge neg" title="{told}">Detractor</span>') == 1, "one badge in the row"
    page = browser.get(f"/inbox/{other.pk}/").content.decode()
    assert 'class="why"' not in page[page.index('id="who-title"') :]


def test_reading_by_an_analyst_leaves_it_unread(analyst: User, client_for: Browser, written: Written) -> None:
    row = written()
    client_for(analyst).get(f"/inbox/{row.pk}/")
    row.refresh_from_db()
    assert row.unread is True


def test_the_same_form_twice_is_one_answer(helper: User, client_for: Browser, written: Written) -> None:
    row = written()
    client = client_for(helper)
    key = key_in(client.get(f"/inbox/{row.pk}/").content.decode())
    given = {"text": "It left today.", "key": key, "as": "reply", "then": ""}
    first = client.post(f"/inbox/{row.pk}/say/?queue=team", given, headers=PIECE).json()
    again = client.post(f"/inbox/{row.pk}/say/?queue=team", given, headers=PIECE).json()
    reply = Reply.objects.get()
    assert first == again and first["undo"] == f"/inbox/reply/{reply.pk}/recall/" and first["seconds"] == 8
    assert reply.user == helper and reply.message.text == "It left today." and reply.state == "queued"
    assert "Sending soon" in client.get(f"/inbox/{row.pk}/").content.decode()


def test_an_answer_can_be_taken_back_for_some_seconds(helper: User, client_for: Browser, written: Written) -> None:
    row = written()
    client = client_for(helper)
    undo = client.post(f"/inbox/{row.pk}/say/", {"text": "Too early", "key": "a" * 16}, headers=PIECE).json()["undo"]
    assert flow.deliver() == 0  # nothing leaves before the seconds are over
    told = client.post(undo, headers=PIECE).json()
    assert told["done"] and not Reply.objects.exists()
    assert "Too early</textarea>" in client.get(f"/inbox/{row.pk}/").content.decode()


def test_send_and_close_opens_the_next(helper: User, client_for: Browser, written: Written) -> None:
    first, second = written(name="A", minutes=20), written(name="B", minutes=10)
    given = {"text": "Done.", "key": "b" * 16, "then": "close"}
    told = client_for(helper).post(f"/inbox/{first.pk}/say/?queue=team", given, headers=PIECE).json()
    first.refresh_from_db()
    assert first.state == "closed" and told["next"] == f"/inbox/{second.pk}/?queue=team"
    last = client_for(helper).post(f"/inbox/{second.pk}/say/", {**given, "key": "c" * 16}, headers=PIECE).json()
    assert last["next"] == "/inbox/"


def test_an_empty_answer_is_refused_beside_the_field_and_files_stay(
    helper: User, client_for: Browser, written: Written
) -> None:
    row = written()
    client = client_for(helper)
    answer = client.post(f"/inbox/{row.pk}/say/", {"text": "  ", "key": "d" * 16})
    assert answer.status_code == 422 and "There is no text to send" in answer.content.decode()
    assert client.post(f"/inbox/{row.pk}/say/", {"text": "", "key": "d" * 16}, headers=PIECE).json()["text"]


def test_a_channel_that_cannot_be_answered_keeps_what_was_typed(
    helper: User, client_for: Browser, written: Written, account: Callable[..., Account]
) -> None:
    row = written(account=account("review"))
    client = client_for(helper)
    page = client.get(f"/inbox/{row.pk}/").content.decode()
    assert "cannot be answered from here" in page and 'value="reply"' not in page
    answer = client.post(f"/inbox/{row.pk}/say/", {"text": "Thank you for this", "key": "e" * 16, "as": "reply"})
    assert answer.status_code == 422 and "Thank you for this</textarea>" in answer.content.decode()
    assert not Reply.objects.exists()


def test_a_note_stays_inside(helper: User, client_for: Browser, written: Written) -> None:
    row = written()
    client = client_for(helper)
    given = {"text": "Serial is lot 38", "key": "f" * 16, "as": "note"}
    client.post(f"/inbox/{row.pk}/say/", given)
    client.post(f"/inbox/{row.pk}/say/", given)
    assert Message.objects.filter(direction="note").count() == 1 and not Reply.objects.exists()
    assert "Only we see this" in client.get(f"/inbox/{row.pk}/").content.decode()


def test_files_go_with_the_answer_and_too_many_are_refused(helper: User, client_for: Browser, written: Written) -> None:
    row = written()
    client = client_for(helper)
    files = [SimpleUploadedFile("label.pdf", b"%PDF-1.4", "application/pdf")]
    client.post(f"/inbox/{row.pk}/say/", {"text": "Here it is", "key": "g" * 16, "files": files})
    sent = Reply.objects.get().message.attachments.get()
    assert (sent.name, sent.size) == ("label.pdf", 8)
    many = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)]
    answer = client.post(
        f"/inbox/{row.pk}/say/", {"text": "All of them", "key": "h" * 16, "files": many}, headers=PIECE
    )
    assert answer.status_code == 422 and "at most 10" in answer.json()["text"]


def test_a_draft_survives_and_a_late_one_does_not_return(
    helper: User, owner: User, client_for: Browser, written: Written
) -> None:
    row = written()
    client = client_for(helper)
    given = {"text": "Dear Mara, I", "key": "i" * 16, "as": "reply"}
    assert client.post(f"/inbox/{row.pk}/draft/", given).status_code == 204
    assert "Dear Mara, I</textarea>" in client.get(f"/inbox/{row.pk}/").content.decode()
    assert "Dear Mara, I" not in client_for(owner).get(f"/inbox/{row.pk}/").content.decode()
    client.post(f"/inbox/{row.pk}/say/", given)
    client.post(f"/inbox/{row.pk}/draft/", given)  # was on its way when the answer was sent
    assert not Draft.objects.exists()
    client.post(f"/inbox/{row.pk}/draft/", {**given, "key": "j" * 16})
    client.post(f"/inbox/{row.pk}/draft/", {"text": "  ", "key": "j" * 16})
    assert not Draft.objects.exists()


@pytest.mark.parametrize(("state", "shown"), [("failed", "Not sent"), ("uncertain", "Perhaps sent")])
def test_what_was_not_surely_sent_is_sent_again_only_by_a_person(
    helper: User, analyst: User, client_for: Browser, written: Written, state: str, shown: str
) -> None:
    row = written()
    reply = flow.answer(helper, row, "Hello", key="k" * 16)
    Reply.objects.filter(pk=reply.pk).update(state=state, reason="The mail server hung up.")
    client = client_for(helper)
    page = client.get(f"/inbox/{row.pk}/").content.decode()
    assert shown in page and "The mail server hung up." in page and "Send again" in page
    assert "Send again" not in client_for(analyst).get(f"/inbox/{row.pk}/").content.decode()
    client.post(f"/inbox/reply/{reply.pk}/resend/")
    reply.refresh_from_db()
    assert reply.state == "queued" and reply.reason == ""


def reading(row: Any, **labels: Any) -> Message:
    message: Message = row.messages.get(direction="in")
    Reading.objects.create(message=message, version="test", findings=labels)
    return message


def test_findings_stand_beside_with_their_words_and_can_be_put_right(
    helper: User, analyst: User, client_for: Browser, written: Written
) -> None:
    row = written("It dies after eight minutes")
    found = {"label": "negative", "confidence": 0.94, "words": [[3, 7]], "version": "1"}
    message = reading(row, sentiment=found)
    client = client_for(helper)
    page = client.get(f"/inbox/{row.pk}/").content.decode()
    assert "It <mark>dies</mark> after eight minutes" in page and "94%" in page and "Wrong" in page
    answer = client.post(
        f"/inbox/message/{message.pk}/correct/", {"step": "sentiment", "label": "neutral"}, headers=PIECE
    )
    assert answer.json()["words"].startswith("Corrected")
    assert Correction.objects.get().label == "neutral"
    assert "by a person" in client.get(f"/inbox/{row.pk}/").content.decode()
    refused = client.post(f"/inbox/message/{message.pk}/correct/", {"step": "sentiment", "label": "purple"})
    assert refused.status_code == 422 and Correction.objects.count() == 1
    assert client_for(analyst).post(f"/inbox/message/{message.pk}/correct/", {}).status_code == 403


def test_a_long_conversation_is_shown_by_pieces_in_few_queries(
    helper: User, client_for: Browser, written: Written
) -> None:
    row = written("number 0", minutes=5000)
    at = row.last_at
    client = client_for(helper)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/inbox/{row.pk}/")
        return len(seen)

    queries()
    few = queries()
    Message.objects.bulk_create(
        Message(account=row.account, conversation=row, external_id=f"x{n}", direction="in", channel="email",
                handle=row.handle, sent_at=at, text=f"number {n} of many")
        for n in range(1, 150)
    )  # fmt: skip
    assert queries() <= few + 1
    page = client.get(f"/inbox/{row.pk}/").content.decode()
    assert "number 149 of many" in page and "number 49 of many" not in page
    link = re.search(r'href="(/inbox/\d+/\?before=[^"]+)"', page)
    assert link
    earlier = client.get(link[1].replace("&amp;", "&")).content.decode()
    assert "number 49 of many" in earlier and "number 50 of many" not in earlier and "number 0" in earlier


def test_what_is_not_there_is_not_found(helper: User, client_for: Browser) -> None:
    client = client_for(helper)
    for address in ("/inbox/999/", "/inbox/file/999/", "/inbox/message/999/html/"):
        assert client.get(address).status_code == 404
    for address in ("/inbox/999/say/", "/inbox/reply/999/recall/", "/inbox/reply/999/resend/"):
        assert client.post(address).status_code == 404
