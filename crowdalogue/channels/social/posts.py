"""What Bluesky delivers, as items: pure reading, nothing is asked.

A delivery says by its one key beside `me` what it is; `bluesky.py` makes them:

    notification   one of app.bsky.notification.listNotifications; beside it `profile` and `post`, where asked for
    own            a record of our own repository: {"uri", "cid", "value"}
    found          a post that a search found (app.bsky.feed.defs#postView)
    gone           the address of a post that is no longer there
    chat           an entry of chat.bsky.convo.getLog; beside it `profiles`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

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
from crowdalogue.channels.payload import listed, moment, number, part, parts, word
from crowdalogue.channels.social.richtext import expanded

__all__ = ["MESSAGES", "chat_id", "read"]

MESSAGES = ("mention", "reply", "quote")
INTERACTIONS = {
    "like": "like",
    "like-via-repost": "like",
    "repost": "repost",
    "repost-via-repost": "repost",
    "follow": "follow",
}
SILENT = ("starterpack-joined", "verified", "unverified", "contact-match")
CHAT = "chat.bsky.convo.defs#"
CHAT_SILENT = ("Begin", "Accept", "Leave", "Mute", "Unmute", "Read", "Lock", "Unlock", "Edit", "Approve", "Reject")


def read(delivery: dict[str, Any], service: str = "") -> list[Item]:
    """Everything one delivery holds. `service` is our own server, where our own files are."""
    me = word(delivery, "me")
    if "notification" in delivery:
        return [_notification(delivery, me)]
    if "own" in delivery:
        own, ourselves = part(delivery, "own"), {"did": me, "handle": word(delivery, "handle")}
        return [_post(own, part(own, "value"), ourselves, me, files=_own_files(own, me, service))]
    if "found" in delivery:
        return [_found(part(delivery, "found"), me)]
    if "gone" in delivery:
        return [Removal(word(delivery, "gone", needed=True))]
    if "chat" in delivery:
        return [_chat(delivery, part(delivery, "chat"), me)]
    raise NotUnderstood("This is nothing of Bluesky: it has no notification, own, found, gone or chat.")


# --- posts


def _notification(delivery: dict[str, Any], me: str) -> Item:
    told = part(delivery, "notification")
    reason, author = word(told, "reason", needed=True), part(told, "author") | part(delivery, "profile")
    if reason in MESSAGES or reason == "subscribed-post":
        view = part(delivery, "post")
        kind = Kind.OVERHEARD if reason == "subscribed-post" else Kind.MESSAGE
        return _post(told, part(told, "record"), author, me, kind, _files(part(view, "embed")), view, reason)
    if reason in INTERACTIONS:
        kind_of, subject = INTERACTIONS[reason], word(told, "reasonSubject")
        who = _author(author, me)
        return Interaction(
            external_id=":".join(w for w in (kind_of, who.address, subject) if w),
            author=who,
            kind=kind_of,
            at=moment(told, "indexedAt"),
            target=subject,
        )
    return Ignored(f"News of the account itself ({reason}).") if reason in SILENT else Unknown(f"a notice of {reason}")


def _found(view: dict[str, Any], me: str) -> Incoming:
    """A post out of a search waits for an answer only where it is said to us."""
    record, author = part(view, "record"), part(view, "author")
    to_us = me and (me in _mentioned(record) or any(f"at://{me}/" in uri for uri in _parents(record)))
    kind = Kind.MESSAGE if to_us or word(author, "did") == me else Kind.OVERHEARD
    return _post(view, record, author, me, kind, _files(part(view, "embed")), view)


def _post(
    named: dict[str, Any],
    record: dict[str, Any],
    author: dict[str, Any],
    me: str,
    kind: Kind = Kind.MESSAGE,
    files: tuple[Attachment, ...] = (),
    view: dict[str, Any] | None = None,
    reason: str = "",
) -> Incoming:
    uri, who = word(named, "uri", needed=True), _author(author, me)
    languages = [language for language in listed(record, "langs") if isinstance(language, str)]
    return Incoming(
        external_id=uri,
        author=who,
        text=expanded(word(record, "text"), parts(record, "facets")),
        sent_at=_sent_at(named, record),
        parents=_answered(record, me, who.ours),
        threads=_beneath(record, me, who),
        to=_told(record, me) if who.ours else (),
        kind=kind,
        language=languages[0][:12] if languages else "",
        url=f"https://bsky.app/profile/{who.address}/post/{uri.rpartition('/')[2]}",
        public=True,
        attachments=files,
        extra=_extra(named, record, view or {}, who, reason),
    )


def _sent_at(named: dict[str, Any], record: dict[str, Any]) -> Any:
    """The author's clock, but never later than when the network heard of it."""
    written, indexed = moment(record, "createdAt"), moment(named, "indexedAt")
    return min(written, indexed) if written and indexed else written or indexed


def _parents(record: dict[str, Any]) -> tuple[str, ...]:
    """What a post answers or quotes, nearest first."""
    reply, embed = part(record, "reply"), part(record, "embed")
    quoted = part(embed, "record")
    uris = (
        word(part(reply, "parent"), "uri"),
        word(part(reply, "root"), "uri"),
        word(quoted, "uri") or word(part(quoted, "record"), "uri"),
    )
    return tuple(dict.fromkeys(uri for uri in uris if uri))


def _ours_above(record: dict[str, Any], me: str) -> str:
    """The post of ours that began the thread, or that is quoted; empty where there is none."""
    root = word(part(part(record, "reply"), "root"), "uri")
    quoted = "" if root else next(iter(_parents(record)), "")
    above = root or quoted
    return above if above.startswith(f"at://{me}/") else ""


def _answered(record: dict[str, Any], me: str, ours: bool) -> tuple[str, ...]:
    """The same, without a post of ours that began it all: a hundred people who answer it are a hundred
    conversations, not one."""
    above = "" if ours else _ours_above(record, me)
    return tuple(uri for uri in _parents(record) if uri != above)


def _beneath(record: dict[str, Any], me: str, who: Author) -> tuple[str, ...]:
    above = "" if who.ours else _ours_above(record, me)
    return (f"{above} {who.address}",) if above else ()


def _told(record: dict[str, Any], me: str) -> tuple[Author, ...]:
    """Whom a post of ours answers: their name stands in the address of what they wrote."""
    did = word(part(part(record, "reply"), "parent"), "uri").removeprefix("at://").partition("/")[0]
    return (Author(did),) if did and did != me else ()


def _mentioned(record: dict[str, Any]) -> list[str]:
    return [word(feature, "did") for facet in parts(record, "facets") for feature in parts(facet, "features")]


def _author(view: dict[str, Any], me: str) -> Author:
    did, handle = word(view, "did", needed=True), word(view, "handle")
    proof = part(view, "verification")
    facts: dict[str, Any] = {
        "username": handle,
        "followers": number(view, "followersCount"),
        "following": number(view, "followsCount"),
        "posts": number(view, "postsCount"),
        "about": word(view, "description")[:500],
        "picture": word(view, "avatar"),
        "joined": word(view, "createdAt")[:10],
        "verified": "valid" in (word(proof, "verifiedStatus"), word(proof, "trustedVerifierStatus")) or None,
        "url": f"https://bsky.app/profile/{did}",
    }
    known = {name: value for name, value in facts.items() if value is not None and value != ""}
    return Author(did, word(view, "displayName") or handle, ours=did == me, facts=known)


def _extra(
    named: dict[str, Any], record: dict[str, Any], view: dict[str, Any], who: Author, reason: str
) -> dict[str, Any]:
    """What an answer needs: the post and the root of its thread, each by address and version."""
    here = {"uri": word(named, "uri"), "cid": word(named, "cid")}
    root = part(part(record, "reply"), "root")
    links = [word(f, "uri") for facet in parts(record, "facets") for f in parts(facet, "features")]
    card = part(part(record, "embed"), "external")
    found: dict[str, Any] = {
        **here,
        "root": {"uri": word(root, "uri"), "cid": word(root, "cid")} if root else here,
        "did": who.address,
        "reason": reason,
        "links": list(dict.fromkeys(link for link in (*links, word(card, "uri")) if link))[:20],
        "likes": number(view, "likeCount"),
        "reposts": number(view, "repostCount"),
        "replies": number(view, "replyCount"),
    }
    return {name: value for name, value in found.items() if value not in (None, "", [])}


# --- files


def _files(embed: dict[str, Any]) -> tuple[Attachment, ...]:
    """Pictures of a post as the network shows it; `media` where it also quotes."""
    embed = part(embed, "media") or embed
    pictures = [
        Attachment((word(image, "alt") or "picture")[:100], "image/jpeg", url=word(image, "fullsize"))
        for image in parts(embed, "images")
    ]
    playlist = word(embed, "playlist")
    film = [Attachment((word(embed, "alt") or "video")[:100], "video/mp4", url=playlist)] if playlist else []
    return tuple(file for file in (*pictures, *film) if file.url)


def _own_files(own: dict[str, Any], me: str, service: str) -> tuple[Attachment, ...]:
    embed = part(part(own, "value"), "embed")
    found = []
    for image in parts(part(embed, "media") or embed, "images"):
        blob = part(image, "image")
        cid = word(part(blob, "ref"), "$link")
        if cid and service:
            address = f"{service}/xrpc/com.atproto.sync.getBlob?did={quote(me)}&cid={quote(cid)}"
            name = (word(image, "alt") or "picture")[:100]
            found.append(Attachment(name, word(blob, "mimeType") or "image/jpeg", url=address))
    return tuple(found)


# --- direct messages


def chat_id(convo: str, message: str) -> str:
    """Ids of messages are unique within their conversation."""
    return f"chat:{convo}:{message}"


def _chat(delivery: dict[str, Any], entry: dict[str, Any], me: str) -> Item:
    kind = word(entry, "$type", needed=True).removeprefix(f"{CHAT}log")
    convo, message = word(entry, "convoId", needed=True), part(entry, "message")
    if kind == "DeleteMessage" or word(message, "$type") == f"{CHAT}deletedMessageView":
        return Removal(chat_id(convo, word(message, "id", needed=True)))
    if kind == "CreateMessage":
        return _chat_message(delivery, convo, message, me)
    if kind in ("AddReaction", "RemoveReaction"):
        return _chat_reaction(delivery, entry, convo, me)
    if kind.startswith(CHAT_SILENT):
        return Ignored(f"News of the conversation itself ({kind}).")
    return Unknown(f"an entry of kind {kind}")


def _people(delivery: dict[str, Any]) -> Mapping[str, dict[str, Any]]:
    return {word(profile, "did"): profile for profile in parts(delivery, "profiles")}


def _chat_message(delivery: dict[str, Any], convo: str, message: dict[str, Any], me: str) -> Incoming:
    did = word(part(message, "sender"), "did", needed=True)
    who = _author(_people(delivery).get(did, {"did": did}), me)
    return Incoming(
        external_id=chat_id(convo, word(message, "id", needed=True)),
        author=who,
        text=expanded(word(message, "text"), parts(message, "facets")),
        sent_at=moment(message, "sentAt"),
        threads=(f"chat:{convo}",),
        extra={"convo": convo, "did": who.address, "message": word(message, "id")},
    )


def _chat_reaction(delivery: dict[str, Any], entry: dict[str, Any], convo: str, me: str) -> Interaction:
    given = part(entry, "reaction")
    did = word(part(given, "sender"), "did", needed=True)
    target = chat_id(convo, word(part(entry, "message"), "id", needed=True))
    value = word(given, "value")[:32]
    return Interaction(
        external_id=f"{value}:{did}:{target}",
        author=_author(_people(delivery).get(did, {"did": did}), me),
        kind=value or "reaction",
        at=moment(given, "createdAt"),
        target=target,
        gone=word(entry, "$type").endswith("logRemoveReaction"),
    )
