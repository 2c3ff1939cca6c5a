"""Events of Matrix rooms as items: pure reading, nothing is asked.

A delivery is one event with what must be known to read it later, kept by `matrix.py`:

    {"me": "@brand:example.com", "room": {"id", "name", "public", "direct"}, "sender": {"displayname"},
     "event": {...as the homeserver gave it...}, "target": {"type", "sender"}}

`target` is of the event that a redaction takes back or an edit replaces. Else it is
`{"receipts": [...]}`, or `{"fault": "..."}` for what could not be fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from crowdalogue.channels.base import (
    Attachment,
    Author,
    Ignored,
    Incoming,
    Interaction,
    Item,
    Kind,
    NotUnderstood,
    Removal,
    Status,
    Unknown,
)
from crowdalogue.channels.mail.text import clean_html
from crowdalogue.channels.payload import flag, listed, moment, number, part, parts, word

__all__ = ["just_joined", "names", "read", "receipts", "target_of"]

MEDIA = {"m.image": "image/*", "m.file": "application/octet-stream", "m.audio": "audio/*", "m.video": "video/*"}
# Said of the room, not by a customer.
SILENT = ("m.room.", "m.space.", "m.call.", "m.key.", "m.policy.rule.", "org.matrix.msc3401.call")
FALLBACK = re.compile(r"<mx-reply>.*?</mx-reply>", re.DOTALL)
ENCRYPTED = (
    "an encrypted message in the room {room}. Crowdalogue cannot read encrypted rooms. "
    "Ask the customer to write in a room without encryption, or make one and invite them."
)


def read(delivery: dict[str, Any], mentions_only: bool = True) -> list[Item]:
    """Everything one delivery holds. `mentions_only`: what does not name us in a group is only overheard."""
    if "fault" in delivery:
        return [Unknown(word(delivery, "fault"))]
    if "receipts" in delivery:
        return [_receipt(one) for one in parts(delivery, "receipts")]
    event = part(delivery, "event")
    kind = word(event, "type", needed=True)
    if "redacted_because" in part(event, "unsigned"):
        return _gone_already(event, kind)
    if kind in ("m.room.message", "m.sticker"):
        return [_message(delivery, event, kind, mentions_only)]
    if kind == "m.reaction":
        return [_reaction(delivery, event)]
    if kind == "m.room.redaction":
        return [_redaction(delivery, event)]
    if kind == "m.room.encrypted":
        room = part(delivery, "room")
        return [Unknown(ENCRYPTED.format(room=word(room, "name") or word(room, "id")))]
    if "state_key" in event or kind.startswith(SILENT):
        return [Ignored(f"News of the room itself ({kind}).")]
    return [Unknown(f"an event of kind {kind}")]


def _receipt(one: dict[str, Any]) -> Status:
    return Status(word(one, "event_id", needed=True), "read", at=moment(one, "ts"))


def _gone_already(event: dict[str, Any], kind: str) -> list[Item]:
    """History holds redacted events without their content."""
    if kind not in ("m.room.message", "m.sticker", "m.room.encrypted"):
        return [Ignored(f"Taken back before it was read ({kind}).")]
    because = part(part(event, "unsigned"), "redacted_because")
    return [Removal(word(event, "event_id", needed=True), moment(because, "origin_server_ts"))]


def _redaction(delivery: dict[str, Any], event: dict[str, Any]) -> Item:
    # Rooms of version 11 and later keep the name inside the content.
    target = word(event, "redacts") or word(part(event, "content"), "redacts", needed=True)
    at = moment(event, "origin_server_ts")
    was = part(delivery, "target")
    if word(was, "type") == "m.reaction":
        sender = word(was, "sender", needed=True)
        author = Author(sender, ours=sender == word(delivery, "me"))
        return Interaction(target, author, "reaction", at, gone=True)
    return Removal(target, at)


def _author(delivery: dict[str, Any], event: dict[str, Any]) -> Author:
    user = word(event, "sender", needed=True)
    name = word(part(delivery, "sender"), "displayname")
    facts = {"username": user.removeprefix("@").partition(":")[0], "url": f"https://matrix.to/#/{user}"}
    return Author(user, name, ours=user == word(delivery, "me"), facts=facts)


def _reaction(delivery: dict[str, Any], event: dict[str, Any]) -> Interaction:
    relation = part(part(event, "content"), "m.relates_to")
    return Interaction(
        # Taking it back names this event and nothing else, so the event is its id; given again it is another.
        external_id=word(event, "event_id", needed=True),
        author=_author(delivery, event),
        kind=word(relation, "key")[:32] or "reaction",
        at=moment(event, "origin_server_ts"),
        target=word(relation, "event_id", needed=True),
    )


def _message(delivery: dict[str, Any], event: dict[str, Any], kind: str, mentions_only: bool) -> Item:
    content, own_id = part(event, "content"), word(event, "event_id", needed=True)
    relation = part(content, "m.relates_to")
    at = moment(event, "origin_server_ts")
    edited = word(relation, "rel_type") == "m.replace"
    if edited and word(part(delivery, "target"), "sender") != word(event, "sender"):
        # Homeservers pass on whatever is sent; only the author may change their words.
        return Ignored("An edit by somebody else than the author, or of a message that cannot be looked up.")
    # The new content of an edit stands beside a fallback for old programs.
    shown = part(content, "m.new_content") or content if edited else content
    room, author = part(delivery, "room"), _author(delivery, event)
    text, html = _words(shown, bool(part(relation, "m.in_reply_to")), author.name or author.address)
    direct = flag(room, "direct")
    room_id = word(room, "id", needed=True)
    return Incoming(
        external_id=word(relation, "event_id", needed=True) if edited else own_id,
        author=author,
        text=text,
        html=html,
        sent_at=at,
        edited_at=at if edited else None,
        parents=() if edited else _parents(relation),
        # In a group everybody has a conversation of their own.
        threads=(room_id,) if direct else (f"{room_id} {author.address}",) if not author.ours else (),
        kind=_kind(delivery, content, direct, mentions_only),
        url=f"https://matrix.to/#/{room_id}/{own_id}",
        public=flag(room, "public"),
        attachments=_files(shown, kind),
        extra=_extra(delivery, shown, relation),
    )


def _words(content: dict[str, Any], answers: bool, name: str) -> tuple[str, str]:
    """Text and HTML of a message, without the quotation that older programs put in front of an answer."""
    msgtype, body = word(content, "msgtype"), word(content, "body")
    if answers and body.startswith("> "):
        lines = body.split("\n")
        start = next((n for n, line in enumerate(lines) if not line.startswith(">")), len(lines))
        body = "\n".join(lines[start:]).lstrip("\n")
    if msgtype in MEDIA and word(content, "filename") in ("", body):
        return "", ""  # the file's name, no caption
    if msgtype == "m.location":
        body = f"{body}\n{word(content, 'geo_uri')}".strip()
    if msgtype == "m.emote":
        body = f"* {name} {body}"
    html = word(content, "formatted_body") if word(content, "format") == "org.matrix.custom.html" else ""
    return body, clean_html(FALLBACK.sub("", html)) if html else ""


def _parents(relation: dict[str, Any]) -> tuple[str, ...]:
    answered = word(part(relation, "m.in_reply_to"), "event_id")
    root = word(relation, "event_id") if word(relation, "rel_type") == "m.thread" else ""
    return tuple(dict.fromkeys(p for p in (answered, root) if p))


def _kind(delivery: dict[str, Any], content: dict[str, Any], direct: bool, mentions_only: bool) -> Kind:
    if word(content, "msgtype") == "m.notice":
        return Kind.AUTOMATIC  # by the specification: from a program, never to be answered by one
    me = word(delivery, "me")
    if direct or not mentions_only or me == word(part(delivery, "event"), "sender"):
        return Kind.MESSAGE
    named = me in listed(part(content, "m.mentions"), "user_ids") or me in word(content, "formatted_body")
    return Kind.MESSAGE if named or me in word(content, "body") else Kind.OVERHEARD


def _files(content: dict[str, Any], kind: str) -> tuple[Attachment, ...]:
    msgtype = "m.image" if kind == "m.sticker" else word(content, "msgtype")
    url = word(content, "url")
    if msgtype not in MEDIA:
        return ()
    if not url.startswith("mxc://"):
        raise NotUnderstood('"url" of a file must begin with mxc://. Files of encrypted rooms cannot be read.')
    name = word(content, "filename") or word(content, "body") or "file"
    media_type = word(part(content, "info"), "mimetype") or MEDIA[msgtype]
    return (Attachment(name[:200], media_type, url=url),)


def _extra(delivery: dict[str, Any], content: dict[str, Any], relation: dict[str, Any]) -> dict[str, Any]:
    room, event = part(delivery, "room"), part(delivery, "event")
    thread = word(relation, "event_id") if word(relation, "rel_type") == "m.thread" else ""
    found: dict[str, Any] = {
        "room": word(room, "id"),
        "room_name": word(room, "name"),
        "sender": word(event, "sender"),
        "thread": thread,
        "msgtype": word(content, "msgtype"),
        "place": word(content, "geo_uri"),
        "duration": number(part(content, "info"), "duration"),
    }
    return {name: value for name, value in found.items() if value}


# --- out of a sync


def names(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Display names by user, out of the membership events that come along."""
    members = [e for e in events if e.get("type") == "m.room.member" and isinstance(e.get("content"), dict)]
    names = {str(e.get("state_key")): e["content"].get("displayname") for e in members}
    return {user: {"displayname": name} for user, name in names.items() if isinstance(name, str)}


def target_of(event: dict[str, Any]) -> str:
    """The event that this one takes back or replaces; empty where it does neither. People may send any content, and
    what is no name here is refused when it is read."""
    try:
        content = part(event, "content")
        if event.get("type") == "m.room.redaction":
            return word(event, "redacts") or word(content, "redacts")
        relation = part(content, "m.relates_to")
        return word(relation, "event_id") if word(relation, "rel_type") == "m.replace" else ""
    except NotUnderstood:
        return ""


def just_joined(events: Sequence[dict[str, Any]], me: str) -> bool:
    """Whether we entered just now: then what was said before is new as well."""
    own = [e for e in events if e.get("type") == "m.room.member" and e.get("state_key") == me]
    return any(word(part(e, "content"), "membership") == "join" for e in own)


def receipts(news: dict[str, Any], me: str, ours: set[str]) -> list[dict[str, Any]]:
    """Who read what of ours, out of a room's part of a sync. Other people's reading of other people's words is
    nobody's business."""
    found = []
    for event in parts(part(news, "ephemeral"), "events"):
        for target, read_by in part(event, "content").items() if event.get("type") == "m.receipt" else ():
            for user, at in part(read_by, "m.read").items() if target in ours else ():
                if user != me:
                    found.append(
                        {"event_id": target, "user": user, "ts": at.get("ts") if isinstance(at, dict) else None}
                    )
    return found
