"""Slack: signed events, their subtypes, answers in threads, and what Slack refuses; shapes after recorded events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crowdalogue import flow
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Ignored,
    Incoming,
    Interaction,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    Refused,
    Removal,
    SendError,
    Unknown,
)
from crowdalogue.channels.slack import SIGNATURE, STAMP, Slack, moment_of, signature
from crowdalogue.models import Account, Conversation, Delivery, Handle, Message
from tests.channels.contract import Peer, Said
from tests.outside import SLOW, Call, Outside, says

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = {"token": "xoxb-tests", "secret": "signing-secret-of-tests", "own": "U0LEE\nT0OURS", "days": 3650}


def ts(n: int) -> str:
    return f"{1_770_000_000 + n}.000100"


class SlackPeer(Peer):
    kind = "slack"
    settings = SETTINGS
    stamped = True

    def sign(self, body: bytes, now: datetime) -> Raw:
        return Slack(SETTINGS).signed(body, now)

    def message(self, said: Said) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "message", "user": f"U{said.author:04d}", "text": said.text, "ts": ts(said.n)}
        if said.parent is not None:
            found["thread_ts"] = ts(said.parent)
        if said.edited_at is not None:
            found["edited"] = {"user": found["user"], "ts": f"{said.edited_at.timestamp():.6f}"}
        return found

    def event(self, event: Mapping[str, Any], number: str, now: datetime) -> Raw:
        more = {"channel": "C0CARE", "channel_type": "channel", "event_ts": ts(0)}
        body = {"type": "event_callback", "team_id": "T0CUST", "event_id": f"Ev{number}", "event": {**event, **more}}
        return self.sign(json.dumps(body).encode(), now)

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        raws = []
        for one in said:
            message = self.message(one)
            if one.edited_at is None:
                raws.append(self.event(message, f"{one.n}", now))
            else:
                changed = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": ts(900)}
                raws.append(self.event({**changed, "message": message}, f"{one.n}e", now))
        return raws

    def unknown(self, now: datetime) -> Raw:
        return self.event({"type": "telepathy"}, "u", now)

    def removed(self, said: Said, now: datetime) -> Raw:
        gone = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "ts": ts(901),
            "deleted_ts": ts(said.n),
        }
        return self.event({**gone, "previous_message": self.message(said)}, f"{said.n}d", now)

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        messages = sorted(map(self.message, said), key=lambda m: str(m["ts"]), reverse=True)

        def history(call: Call) -> httpx.Response:
            start = int(call.query.get("cursor") or 0)
            end = start + int(call.query["limit"])
            page = {"next_cursor": str(end) if end < len(messages) else ""}
            return httpx.Response(200, json={"ok": True, "messages": messages[start:end], "response_metadata": page})

        def person(call: Call) -> httpx.Response:
            user = call.query["user"]
            profile = {"display_name": f"Customer {user}", "email": f"{user.lower()}@example.com"}
            return httpx.Response(
                200, json={"ok": True, "user": {"id": user, "name": user.lower(), "profile": profile}}
            )

        us = {"ok": True, "user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T0CUST"}
        outside.on("GET", "/auth.test", says(us))
        outside.on("GET", "/users.conversations", says({"ok": True, "channels": [{"id": "C0CARE"}]}))
        outside.on("GET", "/users.info", person)
        outside.on("GET", "/conversations.history", history)

    def accept(self, outside: Outside) -> None:
        outside.on("POST", "/chat.postMessage", says({"ok": True, "channel": "C0CARE", "ts": ts(900)}))

    def id_of(self, said: Said) -> str:
        return f"C0CARE:{ts(said.n)}"


PEER = SlackPeer()


@pytest.fixture
def slack() -> Slack:
    return Slack(SETTINGS)


def read(slack: Slack, event: Mapping[str, Any], **frame: Any) -> list[Item]:
    body = {"type": "event_callback", "team_id": "T0CUST", "event_id": "Ev1", "event": event, **frame}
    return slack.parse(Raw(json.dumps(body).encode()))


def said(**more: Any) -> dict[str, Any]:
    usual = {"type": "message", "channel": "C0CARE", "user": "U0001", "text": "It leaks", "ts": ts(1)}
    return {**usual, **more}


def one(slack: Slack, event: Mapping[str, Any], **frame: Any) -> Incoming:
    (item,) = read(slack, event, **frame)
    assert isinstance(item, Incoming)
    return item


# --- the door


def test_the_signature_is_slacks_own() -> None:
    """Computed by openssl over v0:<stamp>:<body>; Slack's documented example was tried too and fits."""
    made = signature("signing-secret-of-tests", b'{"type":"event_callback"}', "1770000000")
    assert made == "v0=d20aee51b004d1d2391a85f537814e8990db6f1da5e1a193ba22402461493872"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_five_minutes_either_way(slack: Slack, minutes: int) -> None:
    raw = PEER.sign(b"{}", NOW)
    slack.verify(raw, NOW + timedelta(minutes=4))
    with pytest.raises(Refused, match="five minutes"):
        slack.verify(raw, NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "1" * 20])
def test_a_stamp_that_is_none_is_refused(slack: Slack, stamp: str) -> None:
    with pytest.raises(Refused, match="signature is missing"):
        slack.verify(Raw(b"{}", {STAMP: stamp, SIGNATURE: "v0=00"}), NOW)


def test_slack_may_ask_whether_the_address_is_ours(slack: Slack) -> None:
    answer = slack.handshake(Raw(b'{"type": "url_verification", "challenge": "3eZbrw", "token": "x"}'))
    assert answer is not None
    assert (answer.body, answer.media_type) == (b"3eZbrw", "text/plain")
    assert slack.handshake(Raw(b'{"type": "event_callback"}')) is None
    assert slack.handshake(Raw(b"nothing")) is None


def test_trying_again_is_the_same_delivery(slack: Slack) -> None:
    first = PEER.deliver([Said(1, "a", NOW)], NOW)[0]
    again = Raw(first.body, {**first.headers, "x-slack-retry-num": "1", "x-slack-retry-reason": "http_timeout"})
    assert slack.delivery_key(first) == slack.delivery_key(again) == "Ev1"


# --- what it says


def test_a_message_in_a_channel(slack: Slack) -> None:
    item = one(slack, said(text="See <https://example.com|this> &amp; <@U0002>", channel_type="channel"))
    assert item.external_id == f"C0CARE:{ts(1)}"
    assert item.text == "See this (https://example.com) & @U0002"
    assert item.author == Author("U0001")
    assert item.sent_at == moment_of(ts(1))
    assert item.threads == () and item.parents == ()
    assert item.url == "https://app.slack.com/client/T0CUST/C0CARE/p1770000001000100"
    assert item.extra == {"channel": "C0CARE", "ts": ts(1), "team": "T0CUST"}


def test_threads_and_direct_messages(slack: Slack) -> None:
    assert one(slack, said(ts=ts(2), thread_ts=ts(1))).parents == (f"C0CARE:{ts(1)}",)
    assert one(slack, said(thread_ts=ts(1))).parents == ()  # the first of a thread
    assert one(slack, said(ts=ts(2), thread_ts=ts(1), subtype="thread_broadcast")).parents
    direct = one(slack, said(channel="D0123", channel_type="im"))
    assert direct.threads == ("chat:D0123",)
    assert direct.extra["direct"] is True


def test_a_mention_is_the_message_itself(slack: Slack) -> None:
    assert one(slack, said(type="app_mention")).external_id == one(slack, said()).external_id


def test_files_by_address(slack: Slack) -> None:
    files = [
        {"id": "F1", "name": "leak.png", "mimetype": "image/png", "url_private_download": "https://files.slack.com/1"},
        {"id": "F2", "mode": "tombstone"},
        {"id": "F3", "file_access": "check_file_info"},
    ]
    item = one(slack, said(text="", subtype="file_share", files=files))
    assert item.attachments == (
        Attachment("leak.png", "image/png", url="https://files.slack.com/1"),
        Attachment("file", "application/octet-stream", url="slack:F3"),
    )


def test_an_edit_is_the_same_message(slack: Slack) -> None:
    inner = {
        "type": "message",
        "user": "U0001",
        "text": "It leaks!",
        "ts": ts(1),
        "edited": {"user": "U0001", "ts": ts(60)},
    }
    changed = {"type": "message", "subtype": "message_changed", "channel": "C0CARE", "ts": ts(61), "message": inner}
    item = one(slack, changed)
    assert item.external_id == f"C0CARE:{ts(1)}"
    assert item.text == "It leaks!"
    assert item.edited_at == moment_of(ts(60))
    del inner["edited"]  # a preview was added: the same version
    assert one(slack, changed).edited_at is None
    tombstone = {**changed, "message": {"subtype": "tombstone", "ts": ts(1), "user": "USLACKBOT"}}
    assert read(slack, tombstone) == [Removal(f"C0CARE:{ts(1)}", moment_of(ts(61)).replace(microsecond=100))]  # type: ignore[union-attr]


def test_who_speaks_for_us(slack: Slack) -> None:
    assert one(slack, said(user="U0LEE")).author.ours
    assert one(slack, said(team="T0OURS")).author.ours
    assert one(slack, said(user_team="T0OURS")).author.ours
    assert not one(slack, said(team="T0CUST")).author.ours
    echo = said(user="U0BOT", bot_id="B0BOT", app_id="A0")
    assert one(slack, echo, api_app_id="A0").author.ours
    assert one(slack, echo, authorizations=[{"user_id": "U0BOT", "is_bot": True}]).author.ours
    other = one(slack, said(user="", subtype="bot_message", bot_id="B0X", username="Status page"), api_app_id="A0")
    assert other.author == Author("B0X", "Status page", facts={"bot": True})


def test_reactions_come_and_go(slack: Slack) -> None:
    item = {"type": "message", "channel": "C0CARE", "ts": ts(1)}
    event = {"type": "reaction_added", "user": "U0001", "reaction": "fire", "item": item, "event_ts": ts(5)}
    (given,) = read(slack, event)
    (gone,) = read(slack, {**event, "type": "reaction_removed"})
    assert isinstance(given, Interaction) and isinstance(gone, Interaction)
    assert given.external_id == gone.external_id
    assert (given.kind, given.target, given.gone, gone.gone) == ("fire", f"C0CARE:{ts(1)}", False, True)
    (other,) = read(slack, {**event, "item": {"type": "file", "file": "F1"}})
    assert other == Ignored("a reaction to a file")


def test_who_somebody_is_reaches_the_handle(slack: Slack) -> None:
    profile = {"display_name": "", "real_name": "Robin Vale", "email": "robin@example.com", "title": "Buyer"}
    user = {"id": "U0001", "name": "rvale", "profile": profile, "updated": 1_770_000_000}
    (item,) = read(slack, {"type": "user_change", "user": user})
    assert isinstance(item, Interaction)
    assert item.author.name == "Robin Vale"
    assert item.author.facts == {"username": "rvale", "email": "robin@example.com", "about": "Buyer"}
    (asked,) = slack.parse(Raw(json.dumps({"type": "profile", "event": user}).encode()))
    assert asked == item


@pytest.mark.parametrize(
    "subtype", ["channel_join", "channel_topic", "group_leave", "message_replied", "huddle_thread"]
)
def test_notices_hold_nothing(slack: Slack, subtype: str) -> None:
    assert read(slack, said(subtype=subtype)) == [Ignored(f"a notice ({subtype})")]


@pytest.mark.parametrize(
    "kind", ["member_joined_channel", "tokens_revoked", "app_uninstalled", "channel_rename", "file_shared", "im_open"]
)
def test_events_that_hold_nothing(slack: Slack, kind: str) -> None:
    assert read(slack, {"type": kind}) == [Ignored(f"an event of the kind {kind}")]


def test_what_is_not_known_is_said(slack: Slack) -> None:
    assert read(slack, said(subtype="hologram")) == [Unknown("a message of the kind hologram")]
    assert read(slack, {"type": "telepathy"}) == [Unknown("an event of the kind telepathy")]
    trouble = {"type": "trouble", "channel": "C1", "event": "The app is not a member."}
    assert slack.parse(Raw(json.dumps(trouble).encode())) == [
        Unknown("Channel C1 cannot be read: The app is not a member.")
    ]


@pytest.mark.parametrize(
    "broken", [{"user": None}, {"channel": ""}, {"ts": []}, {"files": "x"}, {"text": {}}, {"edited": 5}, {"blocks": 1}]
)
def test_a_broken_message_names_its_field(slack: Slack, broken: dict[str, Any]) -> None:
    if "blocks" in broken:
        assert one(slack, said(**broken)).text  # text is there, so nobody looks
        return
    with pytest.raises(NotUnderstood, match=next(iter(broken))):
        read(slack, said(**broken))


# --- answers


def out(text: str = "It comes tomorrow.", **more: Any) -> Outgoing:
    usual: dict[str, Any] = {"answers": f"C0CARE:{ts(1)}", "about": {"channel": "C0CARE", "ts": ts(1)}}
    return Outgoing(key="k" * 12, to=Author("U0001"), text=text, **{**usual, **more})


def test_an_answer_goes_into_the_thread(slack: Slack, outside: Outside) -> None:
    PEER.accept(outside)
    assert slack.send(out("1 < 2 & <!channel>")).external_id == f"C0CARE:{ts(900)}"
    call = outside.calls[-1]
    assert call.headers["authorization"] == "Bearer xoxb-tests"
    assert call.form == {"channel": "C0CARE", "thread_ts": ts(1), "text": "1 &lt; 2 &amp; &lt;!channel&gt;"}
    slack.send(out(about={"channel": "C0CARE", "ts": ts(2), "thread_ts": ts(1)}))
    assert outside.calls[-1].form["thread_ts"] == ts(1)
    slack.send(out(about={"channel": "D01", "ts": ts(2), "direct": True}, answers=""))
    assert outside.calls[-1].form == {"channel": "D01", "text": "It comes tomorrow."}


def test_a_direct_answer_opens_a_direct_message(slack: Slack, outside: Outside) -> None:
    PEER.accept(outside)
    outside.on("POST", "/conversations.open", says({"ok": True, "channel": {"id": "D77"}}))
    slack.send(out(mode="direct"))
    assert outside.calls[0].form == {"users": "U0001"}
    assert outside.calls[1].form["channel"] == "D77" and "thread_ts" not in outside.calls[1].form


def test_files_are_shown_after_the_text(slack: Slack, outside: Outside) -> None:
    PEER.accept(outside)
    place = {"ok": True, "upload_url": "https://files.slack.com/upload/v1/abc", "file_id": "F9"}
    outside.on("POST", "/files.getUploadURLExternal", says(place))
    outside.on("POST", "/upload/v1/abc", says("OK - 4"))
    outside.on("POST", "/files.completeUploadExternal", says({"ok": True, "files": [{"id": "F9"}]}))
    bill = Attachment("bill.pdf", "application/pdf", b"%PDF")
    assert slack.send(out(attachments=(bill,))).external_id == f"C0CARE:{ts(900)}"
    names = [call.path.rpartition("/")[2] for call in outside.calls]
    assert names == ["files.getUploadURLExternal", "abc", "chat.postMessage", "files.completeUploadExternal"]
    assert outside.calls[0].form == {"filename": "bill.pdf", "length": "4"}
    assert "authorization" not in outside.calls[1].headers
    assert outside.calls[3].form["thread_ts"] == ts(1)
    outside.on("POST", "/files.completeUploadExternal", says({"ok": False, "error": "invalid_channel"}))
    with pytest.raises(SendError, match="text was sent, its files were not") as caught:
        slack.send(out(attachments=(bill,)))
    assert caught.value.uncertain


def test_a_cut_connection_leaves_it_uncertain(slack: Slack, outside: Outside) -> None:
    outside.always(SLOW)
    with pytest.raises(SendError) as caught:
        slack.send(out())
    assert caught.value.uncertain
    assert len(outside.calls) == 1


def test_likes_may_be_repeated(slack: Slack, outside: Outside) -> None:
    outside.on("POST", "/reactions.add", says({"ok": True}), says({"ok": False, "error": "already_reacted"}))
    slack.act("like", f"C0CARE:{ts(1)}", {})
    slack.act("like", f"C0CARE:{ts(1)}", {})
    assert outside.calls[-1].form == {"channel": "C0CARE", "timestamp": ts(1), "name": "+1"}
    with pytest.raises(SendError, match="neither hide nor delete"):
        slack.act("delete", f"C0CARE:{ts(1)}", {})


# --- filed


def test_names_come_with_asking_also_for_messages_that_came_by_hook(db: None, outside: Outside) -> None:
    account = Account.objects.create(kind="slack", name="Slack of tests", settings=dict(SETTINGS))
    said = [Said(1, "It leaks", NOW), Said(2, "Still", NOW, parent=1)]
    flow.receive(account, PEER.deliver(said[:1], datetime.now(UTC))[0])
    assert Handle.objects.get(kind="slack", address="U0001").name == ""
    PEER.serve(outside, said)
    while flow.poll(account)[1]:
        pass
    handle = Handle.objects.get(kind="slack", address="U0001")
    assert handle.name == "Customer U0001"
    assert handle.person is not None and handle.person.name == "Customer U0001"
    assert Message.objects.count() == 2
    assert Conversation.objects.count() == 1


def test_a_closed_channel_is_seen_among_the_deliveries(db: None, outside: Outside) -> None:
    account = Account.objects.create(kind="slack", name="Slack of tests", settings=dict(SETTINGS))
    PEER.serve(outside, [Said(1, "It leaks", NOW)])
    outside.on("GET", "/conversations.history", says({"ok": False, "error": "not_in_channel"}))
    while flow.poll(account)[1]:
        pass
    (delivery,) = Delivery.objects.all()
    assert delivery.state == Delivery.State.FAILED
    assert "C0CARE cannot be read" in delivery.reason and "/invite" in delivery.reason
