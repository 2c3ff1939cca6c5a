"""What a Mastodon server delivers, as items: pure reading, nothing is asked.

A delivery has the form of the server's own stream of events, with who we are beside it:

    {"event": "notification" | "update" | "status.update" | "delete", "payload": {...} or an id,
     "me": our account's id, "domain": of the server's own people, "begun": true}

`update` is a new status: one of ours, or one that a search found. `begun` says that the status answers one of ours
that answers nothing itself: a hundred people beneath it are a hundred conversations, not one.
"""

from __future__ import annotations

import json
import mimetypes
from typing import Any
from urllib.parse import urlsplit

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
    Unknown,
)
from crowdalogue.channels.mail.text import clean_html, html_to_text
from crowdalogue.channels.payload import flag, load_object, moment, number, part, parts, word

__all__ = ["MESSAGES", "as_event", "read"]

MESSAGES = ("mention", "quote", "update", "quoted_update", "status")
INTERACTIONS = {
    "favourite": "like",
    "reblog": "repost",
    "follow": "follow",
    "follow_request": "follow",
    "reaction": "reaction",
    "pleroma:emoji_reaction": "reaction",
}
SILENT = ("poll", "severed_relationships", "moderation_warning", "annual_report", "added_to_collection")
TYPES = {"image": "image/jpeg", "gifv": "video/mp4", "video": "video/mp4", "audio": "audio/mpeg"}


def read(delivery: dict[str, Any]) -> list[Item]:
    """Everything one delivery holds."""
    event, payload = word(delivery, "event", needed=True), delivery.get("payload")
    if event == "delete":
        return [Removal(word(delivery, "payload", needed=True))]
    if isinstance(payload, str):  # the stream writes it as text inside the text
        payload = load_object(payload.encode("utf-8", "replace"))
    if not isinstance(payload, dict):
        raise NotUnderstood('"payload" must be an object.')
    if event == "notification":
        return [_notice(delivery, payload)]
    if event in ("update", "status.update"):
        return [_status(delivery, payload)]
    return [Unknown(f"an event of kind {event}")]


def _notice(delivery: dict[str, Any], notice: dict[str, Any]) -> Item:
    kind, status = word(notice, "type", needed=True), part(notice, "status")
    if kind in MESSAGES:
        # The status may have been deleted before its notice is read.
        return _status(delivery, status, kind) if status else Ignored(f"A {kind} whose status is no longer there.")
    if kind in INTERACTIONS:
        who, what = _author(delivery, part(notice, "account")), INTERACTIONS[kind]
        emoji = word(notice, "emoji") or word(part(notice, "reaction"), "name")
        target = word(status, "id")
        return Interaction(
            external_id=":".join(w for w in (emoji or what, who.address, target) if w),
            author=who,
            kind=(emoji or what)[:32],
            at=moment(notice, "created_at"),
            target=target,
        )
    if kind in SILENT or kind.startswith("admin."):
        return Ignored(f"News of the account or server itself ({kind}).")
    return Unknown(f"a notification of kind {kind}")


def _status(delivery: dict[str, Any], status: dict[str, Any], reason: str = "") -> Incoming:
    """The id is the server's own number for the status: notifications, timelines, searches, deletions and
    `in_reply_to_id` all name it so. The `uri`, which is the same on every server, is in `extra`; answers never
    name their parent by it."""
    author = _author(delivery, part(status, "account"))
    html, visibility = word(status, "content"), word(status, "visibility")
    parents, above = _parents(status), word(status, "in_reply_to_id") if flag(delivery, "begun") else ""
    return Incoming(
        external_id=word(status, "id", needed=True),
        author=author,
        text=_text(status, html),
        html=clean_html(html),
        sent_at=moment(status, "created_at"),
        edited_at=moment(status, "edited_at"),
        parents=tuple(p for p in parents if p != above),
        threads=(f"{above} {author.address}",) if above else (),
        to=tuple(Author(_address(delivery, m), word(m, "username")) for m in parts(status, "mentions"))[:20],
        kind=_kind(delivery, status, author, reason),
        language=word(status, "language")[:12],
        url=word(status, "url") or word(status, "uri"),
        public=visibility in ("public", "unlisted"),
        attachments=_files(status),
        extra=_extra(delivery, status, visibility),
    )


def _text(status: dict[str, Any], html: str) -> str:
    """The words, under their content warning, and what a poll asks to choose from."""
    options = [f"○ {word(option, 'title')}" for option in parts(part(status, "poll"), "options")]
    pieces = (word(status, "spoiler_text"), html_to_text(html), "\n".join(options))
    return "\n\n".join(piece for piece in pieces if piece)


def _parents(status: dict[str, Any]) -> tuple[str, ...]:
    quote = part(status, "quote") if isinstance(status.get("quote"), dict) else {}
    quoted = word(part(quote, "quoted_status"), "id") or word(quote, "quoted_status_id")
    return tuple(p for p in (word(status, "in_reply_to_id"), quoted) if p)


def _kind(delivery: dict[str, Any], status: dict[str, Any], author: Author, reason: str) -> Kind:
    """Somebody waits for an answer where they spoke to us: by name, or by quoting us."""
    mentioned = any(word(m, "id") == word(delivery, "me") for m in parts(status, "mentions"))
    return Kind.MESSAGE if author.ours or mentioned or reason in ("mention", "quote") else Kind.OVERHEARD


def _address(delivery: dict[str, Any], account: dict[str, Any]) -> str:
    """name@server; people of the server itself are named without it."""
    name = word(account, "acct", needed=True)
    return name if "@" in name else f"{name}@{word(delivery, 'domain')}"


def _author(delivery: dict[str, Any], account: dict[str, Any]) -> Author:
    address = _address(delivery, account)
    proven = [html_to_text(word(f, "value")) for f in parts(account, "fields") if word(f, "verified_at")]
    facts: dict[str, Any] = {
        "username": word(account, "username"),
        "followers": number(account, "followers_count"),
        "following": number(account, "following_count"),
        "posts": number(account, "statuses_count"),
        "bot": flag(account, "bot") or None,
        # The only proof there is: a page that links back to the profile.
        "verified": bool(proven) or None,
        "verified_links": proven[:4],
        "about": html_to_text(word(account, "note"))[:500],
        "url": word(account, "url"),
        "picture": word(account, "avatar_static") or word(account, "avatar"),
        "joined": word(account, "created_at")[:10],
    }
    known = {name: value for name, value in facts.items() if value not in (None, "", [])}
    own = word(account, "id") == word(delivery, "me")
    return Author(address, word(account, "display_name") or word(account, "username"), ours=own, facts=known)


def _files(status: dict[str, Any]) -> tuple[Attachment, ...]:
    found = []
    for media in parts(status, "media_attachments"):
        url = word(media, "url") or word(media, "remote_url")
        if not url:
            continue  # still being worked on by the server; an edit brings it
        path = urlsplit(url).path
        guessed = mimetypes.guess_type(path)[0] or TYPES.get(word(media, "type"), "application/octet-stream")
        name = word(media, "description")[:100] or path.rpartition("/")[2] or "file"
        found.append(Attachment(name, guessed, url=url))
    return tuple(found)


def _extra(delivery: dict[str, Any], status: dict[str, Any], visibility: str) -> dict[str, Any]:
    account = part(status, "account")
    others = [_address(delivery, m) for m in parts(status, "mentions") if word(m, "id") != word(delivery, "me")]
    found: dict[str, Any] = {
        "id": word(status, "id"),
        "uri": word(status, "uri"),
        "visibility": visibility,
        "acct": word(account, "acct"),
        "account_id": word(account, "id"),
        "warning": word(status, "spoiler_text"),
        "sensitive": flag(status, "sensitive") or None,
        "mentions": others[:20],
        "link": word(part(status, "card"), "url"),
        "likes": number(status, "favourites_count"),
        "reposts": number(status, "reblogs_count"),
        "replies": number(status, "replies_count"),
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def as_event(event: str, payload: Any, me: str, domain: str, begun: bool = False) -> bytes:
    """A delivery's body."""
    body = {"event": event, "payload": payload, "me": me, "domain": domain} | ({"begun": True} if begun else {})
    return json.dumps(body, ensure_ascii=False).encode()
