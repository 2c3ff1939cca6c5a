"""WhatsApp: every kind of message, receipts, files in two calls, and templates after a day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crowdalogue.channels.base import (
    Attachment,
    Author,
    Ignored,
    Incoming,
    Interaction,
    Item,
    Kind,
    Outgoing,
    Raw,
    Removal,
    SendError,
    Status,
    Unknown,
)
from crowdalogue.channels.manual import Phone
from crowdalogue.channels.whatsapp import WhatsApp
from crowdalogue.errors import Failure
from tests.channels.contract import Said
from tests.channels.test_meta import COMMON, NOW, MetaPeer
from tests.outside import SLOW, Outside, says

OWN = "100000000000001"
SETTINGS = COMMON | {"phone_number_id": OWN}
AT = str(int(NOW.timestamp()))
META = {"display_phone_number": "15550109999", "phone_number_id": OWN}
ORDER = {
    "catalog_id": "7",
    "text": "Please",
    "product_items": [{"product_retailer_id": "kettle", "quantity": "2", "item_price": 30.5, "currency": "EUR"}],
}
ROBIN = {"profile": {"name": "Robin Vale"}, "wa_id": "15550100123"}


class WhatsAppPeer(MetaPeer):
    kind = "whatsapp"
    settings = SETTINGS

    def message(self, said: Said) -> dict[str, Any]:
        body: dict[str, Any] = {"type": "text", "text": {"body": said.text}}
        if said.parent is not None:
            body["context"] = {"from": "15550109999", "id": f"wamid.fake{said.parent}"}
        if said.edited_at:
            edit = {"original_message_id": self.id_of(said), "message": body}
            at, id_, body = said.edited_at, f"wamid.edit{said.n}", {"type": "edit", "edit": edit}
        else:
            at, id_ = said.at, self.id_of(said)
        return {"from": f"1555010{said.author:04}", "id": id_, "timestamp": str(int(at.timestamp())), **body}

    def wrap(self, messages: Sequence[dict[str, Any]], now: datetime) -> Raw:
        """Five to a change, two changes to an entry, all in one delivery."""
        names = sorted({m["from"] for m in messages})
        contacts = [{"profile": {"name": f"Customer {n}"}, "wa_id": n} for n in names]
        common = {"messaging_product": "whatsapp", "metadata": META, "contacts": contacts}
        values = [common | {"messages": list(messages[n : n + 5])} for n in range(0, len(messages), 5)]
        changes = [{"field": "messages", "value": v} for v in values]
        entries = [{"id": "1", "changes": changes[n : n + 2]} for n in range(0, len(changes), 2)]
        return self.packed({"object": "whatsapp_business_account", "entry": entries}, now)

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        return [self.wrap([self.message(s) for s in said], now)]

    def unknown(self, now: datetime) -> Raw:
        change = {"field": "telepathy", "value": {"metadata": META}}
        return self.packed({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}, now)

    def removed(self, said: Said, now: datetime) -> Raw:
        revoke = {"type": "revoke", "revoke": {"original_message_id": self.id_of(said)}, "id": f"wamid.revoke{said.n}"}
        return self.wrap([self.message(said) | revoke], now)

    def accept(self, outside: Outside) -> None:
        contacts = [{"input": "+15550100001", "wa_id": "15550100001"}]
        answer = {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": "wamid.answer"}]}
        outside.on("POST", f"/{OWN}/messages", says(answer))

    def id_of(self, said: Said) -> str:
        return f"wamid.fake{said.n}"


PEER = WhatsAppPeer()


@pytest.fixture
def wa() -> WhatsApp:
    return WhatsApp(SETTINGS)


def read(wa: WhatsApp, field: str = "messages", **value: Any) -> list[Item]:
    common = {"messaging_product": "whatsapp", "metadata": META, "contacts": [ROBIN]}
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": field, "value": common | value}]}],
    }
    return wa.parse(Raw(json.dumps(body).encode()))


def one(wa: WhatsApp, kind: str, content: Any = None, **more: Any) -> Incoming:
    message = {"from": "15550100123", "id": "wamid.1", "timestamp": AT, "type": kind, kind: content} | more
    (item,) = read(wa, messages=[message])
    assert isinstance(item, Incoming)
    return item


def out(text: str = "It comes tomorrow.", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {
        "key": "answer-1",
        "to": Author("+15550100123"),
        "text": text,
        "answers": "wamid.1",
        "heard_at": datetime.now(UTC) - timedelta(hours=2),
    }
    return Outgoing(**usual | more)


# --- who


def test_people_are_known_by_their_number_as_by_phone(wa: WhatsApp) -> None:
    item = one(wa, "text", {"body": "Hi"})
    assert (item.author.address, item.author.name) == ("+15550100123", "Robin Vale")
    assert item.author.facts == {"phone": "+15550100123", "phone_verified": True}
    assert wa.handles == Phone.handles == "phone"
    assert wa.normalise(item.author.address) == Phone().normalise("+1 (555) 010-0123")
    assert item.threads == ("whatsapp:+15550100123",)
    assert item.to[0].address == "+15550109999" and item.to[0].ours


def test_people_who_show_a_name_and_no_number(wa: WhatsApp, outside: Outside) -> None:
    contact = {"profile": {"name": "Ada", "username": "ada.v"}, "user_id": "US.13491208655302741918"}
    message = {
        "from_user_id": "US.13491208655302741918",
        "id": "wamid.2",
        "timestamp": AT,
        "type": "text",
        "text": {"body": "Hi"},
    }
    (item,) = read(wa, contacts=[contact], messages=[message])
    assert isinstance(item, Incoming)
    assert (item.author.address, item.author.name) == ("US.13491208655302741918", "Ada")
    assert item.author.facts == {"username": "ada.v"}
    known = wa.normalise(item.author.address)
    assert known == "us.13491208655302741918"
    PEER.accept(outside)
    wa.send(out(to=Author(known), about=item.extra))
    assert outside.calls[0].json["recipient"] == "US.13491208655302741918" and "to" not in outside.calls[0].json


# --- every kind


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("text", {"body": "Where is it?"}, "Where is it?"),
        ("button", {"text": "Yes", "payload": "YES"}, "Yes"),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "a", "title": "Returns"}}, "Returns"),
        ("interactive", {"type": "button_reply", "button_reply": {"id": "b", "title": "Call me"}}, "Call me"),
        ("interactive", {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "{}"}}, "Sent"),
        ("location", {"latitude": 52.5, "longitude": -1.25, "name": "Home"}, "Location: Home, 52.5, -1.25"),
        (
            "contacts",
            [{"name": {"formatted_name": "Lee Moor"}, "phones": [{"phone": "+1 555 010 0177"}]}],
            "Contact: Lee Moor, +1 555 010 0177",
        ),
        ("order", ORDER, "Please\n2 × kettle at 30.5 EUR"),
        (
            "poll_creation",
            {},
            "(A message of the kind poll_creation, which WhatsApp does not hand on. Look on the phone.)",
        ),
    ],
)
def test_kinds_in_words(kind: str, content: Any, text: str, wa: WhatsApp) -> None:
    item = one(wa, kind, content)
    assert (item.text, item.extra["type"], item.sent_at) == (text, kind, NOW)


@pytest.mark.parametrize(
    ("kind", "content", "file", "text"),
    [
        ("image", {"id": "7", "mime_type": "image/jpeg", "caption": "Broken"}, ("image.jpg", "image/jpeg"), "Broken"),
        ("audio", {"id": "7", "mime_type": "audio/ogg; codecs=opus", "voice": True}, ("voice.ogg", "audio/ogg"), ""),
        ("audio", {"id": "7", "mime_type": "audio/mpeg"}, ("audio.ogg", "audio/mpeg"), ""),
        ("video", {"id": "7", "mime_type": "video/mp4"}, ("video.mp4", "video/mp4"), ""),
        ("document", {"id": "7", "mime_type": "text/csv", "filename": "bill.csv"}, ("bill.csv", "text/csv"), ""),
        ("sticker", {"id": "7"}, ("sticker.webp", "image/webp"), ""),
    ],
)
def test_kinds_that_are_files(kind: str, content: Any, file: tuple[str, str], text: str, wa: WhatsApp) -> None:
    item = one(wa, kind, content)
    (part,) = item.attachments
    assert ((part.name, part.media_type), part.url, item.text) == (file, "whatsapp-media:7", text)
    assert item.extra.get("voice") is (True if content.get("voice") else None)


def test_a_file_is_fetched_in_two_calls_and_the_token_goes_to_meta_only(wa: WhatsApp, outside: Outside) -> None:
    outside.on("GET", "/v23.0/7", says({"url": "https://lookaside.fbsbx.com/whatsapp/1", "mime_type": "image/jpeg"}))
    outside.on("GET", "lookaside", says(b"picture"))
    assert wa.download("whatsapp-media:7") == b"picture"
    first, second = outside.calls
    assert first.query["phone_number_id"] == OWN
    assert second.headers["authorization"].startswith("Bearer ")
    outside.on("GET", "/v23.0/7", says({"url": "https://elsewhere.example.com/1"}))
    outside.on("GET", "elsewhere", says(b"x"))
    wa.download("whatsapp-media:7")
    assert "authorization" not in outside.calls[-1].headers
    outside.on("GET", "/v23.0/7", says({}))
    with pytest.raises(Failure, match="30 days"):
        wa.download("whatsapp-media:7")


def test_answers_to_a_message_and_messages_of_groups(wa: WhatsApp, outside: Outside) -> None:
    item = one(
        wa,
        "text",
        {"body": "That one"},
        context={"from": "15550109999", "id": "wamid.0", "forwarded": True},
        group_id="G1",
    )
    assert item.parents == ("wamid.0",) and item.threads == ("whatsapp:group:G1",)
    assert item.extra["forwarded"] is True
    PEER.accept(outside)
    wa.send(out(about=item.extra))
    assert (outside.calls[0].json["recipient_type"], outside.calls[0].json["to"]) == ("group", "G1")


def test_what_came_by_an_advertisement(wa: WhatsApp) -> None:
    item = one(wa, "text", {"body": "Hi"}, referral={"headline": "Kettles", "source_url": "https://fb.example.com/ad"})
    assert (item.extra["advertisement"], item.extra["came_by"]) == ("Kettles", "https://fb.example.com/ad")


def test_reactions_edits_and_deletions(wa: WhatsApp) -> None:
    common = {"from": "15550100123", "id": "wamid.9", "timestamp": AT}
    liked, taken = read(
        wa,
        messages=[
            common | {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}},
            common | {"type": "reaction", "reaction": {"message_id": "wamid.0"}},
        ],
    )
    assert isinstance(liked, Interaction) and isinstance(taken, Interaction)
    assert (liked.kind, liked.target, liked.gone, taken.gone) == ("👍", "wamid.0", False, True)
    assert liked.external_id == taken.external_id
    inner = {"type": "image", "image": {"id": "8", "mime_type": "image/png", "caption": "Very broken"}}
    (edit,) = read(
        wa, messages=[common | {"type": "edit", "edit": {"original_message_id": "wamid.1", "message": inner}}]
    )
    assert isinstance(edit, Incoming)
    assert (edit.external_id, edit.text, edit.edited_at, edit.sent_at) == ("wamid.1", "Very broken", NOW, None)
    (gone,) = read(wa, messages=[common | {"type": "revoke", "revoke": {"original_message_id": "wamid.1"}}])
    assert gone == Removal("wamid.1", NOW)


def test_news_of_the_system_start_no_clock(wa: WhatsApp) -> None:
    body = "Robin changed from +15550100123 to +15550100124"
    item = one(wa, "system", {"body": body, "wa_id": "15550100124", "type": "user_changed_number"})
    assert item.kind == Kind.AUTOMATIC and item.text == body and item.extra["new_number"] == "+15550100124"


@pytest.mark.parametrize(("value", "allowed"), [("stop", False), ("resume", True)])
def test_leave_to_advertise_is_noted_on_the_person(value: str, allowed: bool, wa: WhatsApp) -> None:
    said = {
        "wa_id": "15550100123",
        "detail": "A choice",
        "category": "marketing_messages",
        "value": value,
        "timestamp": AT,
    }
    (item,) = read(wa, field="user_preferences", user_preferences=[said])
    assert isinstance(item, Incoming)
    assert item.author.facts["consent"] == {"whatsapp_marketing": allowed}
    assert (item.kind, item.text, item.external_id) == (Kind.AUTOMATIC, "A choice", f"preference:+15550100123:{AT}")
    (odd,) = read(wa, field="user_preferences", user_preferences=[said | {"value": "maybe"}])
    assert isinstance(odd, Unknown)


def test_unsupported_messages_are_kept_with_their_reason(wa: WhatsApp) -> None:
    errors = [
        {
            "code": 131051,
            "title": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }
    ]
    item = one(wa, "unsupported", {"type": "poll_update"}, errors=errors)
    assert "poll_update" in item.text and item.extra["why"] == "Message type is currently not supported."


def test_what_we_wrote_on_the_phone_and_what_was_said_before(wa: WhatsApp) -> None:
    echo = {
        "from": "15550109999",
        "to": "15550100123",
        "id": "wamid.5",
        "timestamp": AT,
        "type": "text",
        "text": {"body": "Soon"},
    }
    (ours,) = read(wa, field="smb_message_echoes", message_echoes=[echo])
    assert isinstance(ours, Incoming) and ours.author.ours
    assert ours.to[0].address == "+15550100123" and ours.threads == ("whatsapp:+15550100123",)
    past = {k: v for k, v in echo.items() if k != "to"}
    theirs = {"from": "15550100123", "id": "wamid.4", "timestamp": AT, "type": "text", "text": {"body": "When?"}}
    history = [{"metadata": {"phase": 0}, "threads": [{"id": "15550100123", "messages": [past, theirs]}]}]
    both = read(wa, field="history", history=history)
    assert [(i.external_id, i.author.ours) for i in both if isinstance(i, Incoming)] == [
        ("wamid.5", True),
        ("wamid.4", False),
    ]
    assert len({i.threads for i in both if isinstance(i, Incoming)}) == 1


# --- receipts


def test_receipts_name_our_key_or_the_message(wa: WhatsApp) -> None:
    common = {"id": "wamid.answer", "timestamp": AT, "recipient_id": "15550100123"}
    items = read(wa, statuses=[common | {"status": s} for s in ("sent", "delivered", "read", "played")])
    assert [(i.target, i.state) for i in items if isinstance(i, Status)] == [
        ("wamid.answer", "sent"),
        ("wamid.answer", "delivered"),
        ("wamid.answer", "read"),
        ("wamid.answer", "read"),
    ]
    (keyed,) = read(wa, statuses=[common | {"status": "sent", "biz_opaque_callback_data": "answer-1"}])
    assert keyed == Status("answer-1", "sent", "", NOW, "wamid.answer")
    (odd,) = read(wa, statuses=[common | {"status": "sung"}])
    assert isinstance(odd, Unknown)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"code": 131047, "title": "Re-engagement message"}, "takes only a template"),
        ({"code": 131026, "title": "Message undeliverable"}, "may have no WhatsApp"),
        ({"code": 999, "title": "Odd", "error_data": {"details": "A new thing"}}, r"A new thing \(999\)"),
    ],
)
def test_a_failed_receipt_says_why(error: dict[str, Any], words: str, wa: WhatsApp) -> None:
    import re

    (item,) = read(wa, statuses=[{"id": "wamid.answer", "status": "failed", "timestamp": AT, "errors": [error]}])
    assert isinstance(item, Status) and item.state == "failed" and re.search(words, item.reason)


def test_errors_of_the_account_and_quiet_fields(wa: WhatsApp) -> None:
    (told,) = read(wa, errors=[{"code": 130429, "title": "Rate limit hit"}])
    assert isinstance(told, Unknown) and "Rate limit hit" in told.what
    for field in ("account_update", "message_template_status_update", "phone_number_quality_update", "security"):
        (quiet,) = read(wa, field=field)
        assert isinstance(quiet, Ignored)
    (other,) = read(wa, metadata=META | {"phone_number_id": "9"}, messages=[{"from": "1", "id": "x", "type": "text"}])
    assert isinstance(other, Unknown) and "this account is" in other.what


# --- answers


def test_an_answer_within_a_day_quotes_and_carries_our_key(wa: WhatsApp, outside: Outside) -> None:
    PEER.accept(outside)
    assert wa.send(out()).external_id == "wamid.answer"
    assert outside.calls[0].json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+15550100123",
        "type": "text",
        "text": {"body": "It comes tomorrow.", "preview_url": False},
        "context": {"message_id": "wamid.1"},
        "biz_opaque_callback_data": "answer-1",
    }


@pytest.mark.parametrize("heard_at", [None, datetime.now(UTC) - timedelta(hours=25)])
def test_a_later_answer_is_a_template(heard_at: datetime | None, wa: WhatsApp, outside: Outside) -> None:
    PEER.accept(outside)
    with pytest.raises(SendError, match="only a template") as caught:
        wa.send(out(heard_at=heard_at))
    assert caught.value.permanent and not outside.calls
    late = WhatsApp(SETTINGS | {"template": "late_answer", "language": "en_US"})
    late.send(out("We are\nsorry.\t  Truly.", heard_at=heard_at))
    sent = outside.calls[0].json
    assert sent["template"] == {
        "name": "late_answer",
        "language": {"policy": "deterministic", "code": "en_US"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "We are sorry. Truly."}]}],
    }
    assert "context" not in sent and sent["biz_opaque_callback_data"] == "answer-1"
    with pytest.raises(SendError, match="takes no files"):
        late.send(out(heard_at=heard_at, attachments=(Attachment("a.png", "image/png", b""),)))


def test_files_carry_the_words_under_the_first(wa: WhatsApp, outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("POST", f"/{OWN}/media", says({"id": "55"}))
    wa.send(out(attachments=(Attachment("a.png", "image/png", b"1"), Attachment("b.pdf", "application/pdf", b"2"))))
    first, second = [c.json for c in outside.of("POST", "/messages")]
    assert (first["type"], first["image"]) == ("image", {"id": "55", "caption": "It comes tomorrow."})
    assert (second["type"], second["document"]) == ("document", {"id": "55", "filename": "b.pdf"})
    assert "context" in first and "context" not in second
    outside.calls.clear()
    wa.send(out(attachments=(Attachment("a.ogg", "audio/ogg", b"1"),)))
    assert [c.json["type"] for c in outside.of("POST", "/messages")] == ["text", "audio"]


def test_trouble_with_files_before_and_after_something_was_said(wa: WhatsApp, outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("POST", f"/{OWN}/media", SLOW)
    files = (Attachment("a.png", "image/png", b"1"), Attachment("b.png", "image/png", b"2"))
    with pytest.raises(SendError) as caught:
        wa.send(out(attachments=files))
    assert not caught.value.uncertain and not outside.of("POST", "/messages")
    outside.on("POST", f"/{OWN}/media", says({"id": "55"}))
    outside.on(
        "POST", f"/{OWN}/messages", says({"messages": [{"id": "wamid.a"}]}), says({"error": {"code": 131053}}, 400)
    )
    with pytest.raises(SendError, match="Only a part of the answer") as caught:
        wa.send(out(attachments=files))
    assert caught.value.uncertain


def test_check(wa: WhatsApp, outside: Outside) -> None:
    outside.on(
        "GET", f"/{OWN}", says({"id": OWN, "display_phone_number": "+1 555-010-0000", "verified_name": "Kettles"})
    )
    wa.check()
    outside.on("GET", f"/{OWN}", says({"id": OWN}))
    with pytest.raises(Failure, match="not the number itself"):
        wa.check()
    outside.on("GET", f"/{OWN}", says({"error": {"code": 190, "error_subcode": 463}}, 401))
    with pytest.raises(Failure, match=r"WhatsApp access token: it expired.*lives a day"):
        wa.check()
