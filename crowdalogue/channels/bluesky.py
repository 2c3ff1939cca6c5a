"""Bluesky, and other servers of the AT protocol.

The cursor is {"notices": walk, "own": key, "watched": [addresses], "turn": n, "chat": {...}}. Notices are walked from
the newest back to where the last walk began; our own posts are read from our repository, oldest first. The network
tells nobody that a post was deleted, so the newest posts we know are looked up again, some at every poll; one that
neither the network nor its author's server knows any more was deleted. Posts cannot be edited there. A like that is
taken back is not heard of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from crowdalogue import http
from crowdalogue.channels.asking import Walk
from crowdalogue.channels.base import Attachment, Channel, Fetched, Field, Item, Outgoing, Raw, SendError, Sent
from crowdalogue.channels.jsonbody import take
from crowdalogue.channels.payload import load_object, part, parts, word
from crowdalogue.channels.social import chat
from crowdalogue.channels.social.posts import MESSAGES, chat_id, read
from crowdalogue.channels.social.richtext import facets, graphemes
from crowdalogue.channels.social.xrpc import Client, reason, record_key
from crowdalogue.errors import Failure

__all__ = ["Bluesky"]

POST, LIKE, BLOCK, GATE = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.block", "app.bsky.feed.threadgate"
PAGE = 100
TOGETHER = 25  # posts or profiles asked for in one call, the network's limit
WATCHED = 100  # newest posts that are looked up again
PICTURES = 4
PICTURE_BYTES = 1_000_000
HIDDEN = 300
GONE = ("RecordNotFound", "InvalidRequest", "RepoNotFound", "RepoTakendown", "RepoDeactivated")


class Bluesky(Channel):
    kind = "bluesky"
    label = "Bluesky"
    icon = "i-globe"
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 300
    public = True
    media = "both"
    edits = True
    interactions = True
    deeds = ("like", "unlike", "hide", "unhide", "delete", "block", "unblock")
    searches = True
    tried = "@atproto/dev-env 0.3 (PDS and AppView) both ways; direct messages against recorded exchanges only"
    guide = (
        "Mentions, replies, quotes, likes, reposts and followers of one account, and its direct messages. Give the "
        "account an app password instead of its own."
    )
    steps = (
        "On Bluesky, sign in as the brand and open Settings, Privacy and security, App passwords.",
        "Add one. Tick that it may read direct messages if Crowdalogue is to answer those as well.",
        "Enter the handle and the app password here.",
    )
    fields = (
        Field("handle", "Handle", "Such as brand.bsky.social or brand.example.com."),
        Field("password", "App password", "Of the form abcd-efgh-ijkl-mnop.", kind="secret"),
        Field("service", "Server", "Change it if the account is not with Bluesky.", default="https://bsky.social"),
        Field("direct", "Direct messages too", "The app password must allow it.", "flag", False, False),
    )

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        named = (str(self.settings.get(name) or "") for name in ("service", "handle", "password"))
        self.client = Client(*named)

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        return read(load_object(raw.body), self.client.service)

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        author = {"did": "did:plc:customer", "handle": "customer.example.com", "displayName": "A customer"}
        stamp = now.isoformat()
        notice = {
            "uri": f"at://did:plc:customer/{POST}/test{number}",
            "cid": f"test{number}",
            "author": author,
            "reason": "mention",
            "record": {"$type": POST, "text": text, "createdAt": stamp},
            "indexedAt": stamp,
        }
        return _delivery({"me": "did:plc:brand", "notification": notice}, f"test {number}")

    # --- coming in

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        walk, watched = Walk.of(cursor.get("notices")), list(cursor.get("watched") or [])
        found = self._notices(walk, min(PAGE, limit), watched)
        own, moved = self._own(str(cursor.get("own") or ""), min(PAGE, limit), watched)
        found += own
        watched = sorted(set(watched), key=lambda uri: str(uri).rpartition("/")[2], reverse=True)[:WATCHED]
        place: dict[str, Any] = {"own": moved, "turn": 0, "chat": dict(cursor.get("chat") or {})}
        more = bool(walk.page) or len(own) == min(PAGE, limit)
        if self.settings.get("direct"):
            entries, place["chat"], waiting = self._chat(place["chat"])
            found, more = found + entries, more or waiting
        if not more:
            turn = int(cursor.get("turn") or 0)
            gone = self._gone(watched[turn : turn + TOGETHER])
            found += [_delivery({"gone": uri}, f"gone {uri}") for uri in gone]
            watched = [uri for uri in watched if uri not in gone]
            place["turn"] = turn + TOGETHER if turn + TOGETHER < len(watched) else 0
        return Fetched(tuple(found), {**place, "notices": walk.cursor, "watched": watched}, more)

    def _notices(self, walk: Walk, limit: int, watched: list[str]) -> list[Raw]:
        """One page of notices; the newest page is taken whole, since a post may be dated before it arrived."""
        before = walk.done or "" if not walk.page else ""
        # Accounts may have set that they are told of those they follow only: customers are others.
        params = {"limit": limit, "cursor": walk.page, "priority": "false"}
        answer = self.client.get("app.bsky.notification.listNotifications", params)
        notices = parts(answer, "notifications")
        new = [n for n in notices if word(n, "reason") in MESSAGES and word(n, "indexedAt") >= before]
        profiles, posts = self._known_of(new)
        found = []
        for notice in notices:
            uri = word(notice, "uri")
            author = word(part(notice, "author"), "did")
            about = {"profile": profiles.get(author), "post": posts.get(uri)}
            body = {"me": self.client.did, "notification": notice} | {k: v for k, v in about.items() if v}
            found.append(_delivery(body, f"{word(notice, 'reason')} {uri} {word(notice, 'cid')}"))
            if word(notice, "reason") in MESSAGES:
                watched.append(uri)
        walk.step([word(n, "indexedAt") or None for n in notices], word(answer, "cursor") if notices else "")
        return found

    def _known_of(self, notices: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Profiles of the authors (how many follow them) and, where there are pictures, the posts as shown."""
        people = dict.fromkeys(word(part(n, "author"), "did") for n in notices)
        pictured = dict.fromkeys(word(n, "uri") for n in notices if take(n, "record.embed"))
        profiles = self._many("app.bsky.actor.getProfiles", "actors", list(people), "profiles")
        posts = self._many("app.bsky.feed.getPosts", "uris", list(pictured), "posts")
        return {word(p, "did"): p for p in profiles}, {word(p, "uri"): p for p in posts}

    def _many(self, name: str, parameter: str, names: Sequence[str], found: str) -> list[dict[str, Any]]:
        wanted = [n for n in names if n]
        return [
            one
            for start in range(0, len(wanted), TOGETHER)
            for one in parts(self.client.get(name, {parameter: wanted[start : start + TOGETHER]}), found)
        ]

    def _own(self, after: str, limit: int, watched: list[str]) -> tuple[list[Raw], str]:
        """Our own posts after a record key, wherever they were written: oldest first."""
        params = {"repo": self.client.did, "collection": POST, "limit": limit, "cursor": after, "reverse": "true"}
        records = parts(self.client.get("com.atproto.repo.listRecords", params), "records")
        uris = [word(r, "uri", needed=True) for r in records]
        watched += uris
        me = {"me": self.client.did, "handle": self.client.session().handle}
        found = [
            _delivery(me | {"own": record}, f"own {uri} {word(record, 'cid')}")
            for uri, record in zip(uris, records, strict=True)
        ]
        return found, uris[-1].rpartition("/")[2] if uris else after

    def _gone(self, uris: Sequence[str]) -> list[str]:
        """Those that are no longer there: the network does not show them, and their author's server has none."""
        if not uris:
            return []
        shown = {word(p, "uri") for p in self._many("app.bsky.feed.getPosts", "uris", uris, "posts")}
        return [uri for uri in uris if uri not in shown and self._record(uri) is None]

    def _record(self, uri: str) -> dict[str, Any] | None:
        repo, collection, key = uri.removeprefix("at://").split("/")
        try:
            return self.client.get("com.atproto.repo.getRecord", {"repo": repo, "collection": collection, "rkey": key})
        except http.CallFailed as failure:
            if failure.status in (400, 404) and reason(failure)[0] in GONE:
                return None
            raise

    # --- direct messages

    def _chat(self, place: dict[str, Any]) -> tuple[list[Raw], dict[str, Any], bool]:
        try:
            entries, moved, more = chat.entries(self.client, place)
        except http.CallFailed as failure:
            raise Failure(_chat_text(failure), permanent=failure.permanent) from failure
        me = self.client.did
        return [_delivery({"me": me, "chat": e, "profiles": p}, chat.name_of(e)) for e, p in entries], moved, more

    # --- search

    def search(self, terms: Sequence[str], cursor: Mapping[str, Any], limit: int = 100) -> Fetched:
        """The newest posts with each term at first, then all that came since."""
        found, place, more = [], {}, False
        for term in terms:
            walk = Walk.of(cursor.get(term))
            first = walk.done is None
            params = {"q": f'"{term}"' if " " in term else term, "sort": "latest", "cursor": walk.page}
            answer = self.client.get(
                "app.bsky.feed.searchPosts", params | {"limit": max(1, min(PAGE, limit // len(terms)))}
            )
            posts = parts(answer, "posts")
            found += [_delivery({"me": self.client.did, "found": p}, f"found {word(p, 'uri')}") for p in posts]
            walk.step([word(p, "indexedAt") or None for p in posts], "" if first else word(answer, "cursor"))
            place[term], more = walk.cursor, more or bool(walk.page)
        return Fetched(tuple(found), place, more)

    def download(self, url: str) -> bytes:
        own = urlsplit(url).netloc == urlsplit(self.client.service).netloc
        return http.request("GET", url, trusted=own).content

    # --- going out

    def length(self, text: str) -> int:
        """Characters as a reader sees them."""
        return graphemes(text)

    def send(self, outgoing: Outgoing) -> Sent:
        """A reply in public, or a direct message where that was asked for or is what is answered."""
        try:
            if outgoing.mode == "direct" or outgoing.about.get("convo"):
                return self._send_direct(outgoing)
            return self._send_public(outgoing)
        except http.CallFailed as failure:  # of a call before the one that says it
            raise SendError(_send_error(failure).text, permanent=failure.permanent) from failure
        except SendError:
            raise
        except Failure as failure:
            raise SendError(failure.text, permanent=failure.permanent) from failure

    def _send_public(self, outgoing: Outgoing) -> Sent:
        """The record's key comes from the answer's, and only a new record is written: twice tried is once said."""
        record: dict[str, Any] = {
            "$type": POST,
            "text": outgoing.text,
            "createdAt": _stamp(),
            "reply": self._reply_to(outgoing),
        }
        if marks := facets(outgoing.text, self._did_of):
            record["facets"] = marks
        if outgoing.attachments:
            record["embed"] = self._pictures(outgoing.attachments)
        key = record_key(outgoing.key, outgoing.heard_at)
        try:
            uri = self._put(POST, key, record)
        except http.CallFailed as failure:
            known = self._own_record(POST, key) if _may_be_there(failure) else None
            if known is None:
                # It is not there, or we cannot tell; a later attempt finds out by itself.
                raise SendError(_send_error(failure).text, permanent=failure.permanent) from failure
            uri = word(known, "uri", needed=True)
        return Sent(uri, uri)

    def _reply_to(self, outgoing: Outgoing) -> dict[str, Any]:
        """Address and version of the post that is answered and of its thread's root."""
        about = outgoing.about
        parent = {"uri": str(about.get("uri") or ""), "cid": str(about.get("cid") or "")}
        root = about.get("root") or parent
        if not parent["cid"]:
            posts = self._many("app.bsky.feed.getPosts", "uris", [outgoing.answers], "posts")
            if not posts:
                raise SendError("The post to answer is no longer there.", permanent=True)
            parent = {"uri": word(posts[0], "uri"), "cid": word(posts[0], "cid")}
            root = part(part(part(posts[0], "record"), "reply"), "root") or parent
        return {"root": {"uri": root["uri"], "cid": root["cid"]}, "parent": parent}

    def _pictures(self, files: Sequence[Attachment]) -> dict[str, Any]:
        wrong = [f.name for f in files if not f.media_type.startswith("image/") or len(f.content) > PICTURE_BYTES]
        if wrong or len(files) > PICTURES:
            raise SendError(
                f"Bluesky takes up to {PICTURES} pictures of at most 1 MB with an answer. "
                f"Leave out {', '.join(wrong) or 'some of them'}, or send a link.",
                permanent=True,
            )
        images = [{"image": self._upload(file), "alt": file.name} for file in files]
        return {"$type": "app.bsky.embed.images", "images": images}

    def _upload(self, file: Attachment) -> dict[str, Any]:
        headers = {"content-type": file.media_type}
        answer = self.client.call(
            "POST", "com.atproto.repo.uploadBlob", content=file.content, headers=headers, idempotent=True
        )
        return part(load_object(answer.content), "blob")

    def _send_direct(self, outgoing: Outgoing) -> Sent:
        if outgoing.attachments:
            raise SendError("Bluesky takes no files in direct messages. Send a link instead.", permanent=True)
        message: dict[str, Any] = {"text": outgoing.text}
        if marks := facets(outgoing.text, self._did_of):
            message["facets"] = marks
        convo = str(outgoing.about.get("convo") or "") or self._convo_with(outgoing.to.address)
        try:
            body = {"convoId": convo, "message": message}
            sent = self.client.post("chat.bsky.convo.sendMessage", body, again=False, chat=True)
        except http.CallFailed as failure:
            text = _chat_text(failure)
            raise SendError(text, permanent=failure.permanent, uncertain=failure.uncertain) from failure
        return Sent(chat_id(convo, word(sent, "id", needed=True)))

    def _convo_with(self, did: str) -> str:
        try:
            answer = self.client.get("chat.bsky.convo.getConvoForMembers", {"members": [did]}, chat=True)
        except http.CallFailed as failure:
            raise SendError(_chat_text(failure), permanent=failure.permanent) from failure
        return word(part(answer, "convo"), "id", needed=True)

    def _did_of(self, handle: str) -> str:
        """The account of a handle; a name that is none stays plain text."""
        try:
            return word(self.client.get("com.atproto.identity.resolveHandle", {"handle": handle}), "did")
        except http.CallFailed as failure:
            if failure.status in (400, 404):
                return ""
            raise

    # --- deeds

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        try:
            if deed in ("hide", "unhide"):
                self._hide(deed == "hide", target, about)
            elif deed == "delete":
                self._drop(*_own_place(target, self.client.did))
            elif deed == "like":
                subject = {"uri": target, "cid": str(about.get("cid") or "")}
                self._put_once(LIKE, target, {"subject": subject})
            elif deed == "unlike":
                self._drop(LIKE, record_key(target))
            elif deed == "block":
                self._put_once(BLOCK, _who(about), {"subject": _who(about)})
            elif deed == "unblock":
                self._drop(BLOCK, record_key(_who(about)))
            else:
                raise SendError("Bluesky has no such thing.", permanent=True)
        except http.CallFailed as failure:
            raise _send_error(failure) from failure

    def _put(self, collection: str, key: str, record: Mapping[str, Any], was: str | None = None) -> str:
        """Write a record where there is none, or where version `was` is; returns its address."""
        body = {"repo": self.client.did, "collection": collection, "rkey": key, "record": record, "swapRecord": was}
        return word(self.client.post("com.atproto.repo.putRecord", body), "uri", needed=True)

    def _put_once(self, collection: str, name: str, record: Mapping[str, Any]) -> None:
        try:
            self._put(collection, record_key(name), {"$type": collection, "createdAt": _stamp(), **record})
        except http.CallFailed as failure:
            if reason(failure)[0] != "InvalidSwap":  # it is there already
                raise

    def _drop(self, collection: str, key: str) -> None:
        self.client.post(
            "com.atproto.repo.deleteRecord", {"repo": self.client.did, "collection": collection, "rkey": key}
        )

    def _own_record(self, collection: str, key: str) -> dict[str, Any] | None:
        return self._record(f"at://{self.client.did}/{collection}/{key}")

    def _hide(self, hide: bool, target: str, about: Mapping[str, Any]) -> None:
        """In a thread of ours, a reply is shown only to those who ask for hidden ones."""
        root = str((about.get("root") or {}).get("uri") or "")
        if not root.startswith(f"at://{self.client.did}/") or root == target:
            raise SendError("Only replies beneath a post of our own can be hidden.", permanent=True)
        key = root.rpartition("/")[2]
        known = self._own_record(GATE, key)
        gate = part(known, "value") if known else {"$type": GATE, "post": root, "createdAt": _stamp()}
        hidden = [uri for uri in gate.get("hiddenReplies") or [] if uri != target]
        if hide:
            hidden = [*hidden[-(HIDDEN - 1) :], target]
        self._put(GATE, key, {**gate, "hiddenReplies": hidden}, word(known, "cid") if known else None)

    def check(self) -> None:
        """Sign in, and look whether notices and direct messages may be read."""
        self.client.get("app.bsky.notification.listNotifications", {"limit": 1})
        if self.settings.get("direct"):
            try:
                self.client.get("chat.bsky.convo.listConvos", {"limit": 1}, chat=True)
            except http.CallFailed as failure:
                raise Failure(_chat_text(failure), permanent=failure.permanent) from failure


def _delivery(body: Mapping[str, Any], name: str) -> Raw:
    return Raw(json.dumps(body, ensure_ascii=False).encode(), key=hashlib.sha256(name.encode()).hexdigest()[:40])


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _who(about: Mapping[str, Any]) -> str:
    did = str(about.get("did") or "")
    if not did:
        raise SendError("It is not known who wrote this.", permanent=True)
    return did


def _own_place(target: str, did: str) -> tuple[str, str]:
    """Collection and key of a record of ours."""
    repo, _, rest = target.removeprefix("at://").partition("/")
    collection, _, key = rest.partition("/")
    if repo != did or not key:
        raise SendError("Only our own posts can be deleted.", permanent=True)
    return collection, key


def _may_be_there(failure: http.CallFailed) -> bool:
    """Whether an earlier attempt, or this one, may have written the record after all."""
    return failure.uncertain or reason(failure)[0] == "InvalidSwap"


def _chat_text(failure: http.CallFailed) -> str:
    if failure.status in (400, 401, 403):
        said = reason(failure)[1]
        return (
            f"Bluesky did not allow direct messages{f' ({said})' if said else ''}. The app password must be one that "
            "may read them, and the customer must accept messages from this account."
        )
    return failure.text


def _send_error(failure: http.CallFailed) -> SendError:
    said = reason(failure)[1]
    text = f"Bluesky did not take it: {said}" if said and failure.status == 400 else failure.text
    return SendError(text, permanent=failure.permanent, uncertain=failure.uncertain)
