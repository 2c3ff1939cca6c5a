"""Matrix: rooms of any homeserver, by the client-server API.

The cursor is {"since": token, "me": user id, "gaps": [{"room", "from", "to", "back"}], "ours": [event ids]}. A sync
gives the newest events of each room; what it left out is a gap, fetched backwards page by page until it is closed. A
long absence is filled whole, what was said before we came as far `back` as the settings say, since anybody may invite
the account into a room of a million messages. Encrypted rooms cannot be read, and say so.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from crowdalogue import http
from crowdalogue.channels.base import Attachment, Channel, Fetched, Field, Item, Outgoing, Raw, SendError, Sent
from crowdalogue.channels.payload import flag, listed, load_object, number, part, parts, word
from crowdalogue.channels.picking import words
from crowdalogue.channels.social.rooms import just_joined, names, read, receipts, target_of
from crowdalogue.errors import Failure

__all__ = ["Matrix"]

PAGE = 100  # events asked for at once
NEWEST = 50  # events of each room that a sync gives
REMEMBERED = 200  # of our own events, to know whose reading concerns us
ROOMS = 1000  # facts about rooms that one process keeps
THUMB = "\N{THUMBS UP SIGN}"
MEGABYTES = 100 * 1024 * 1024  # of a first sync, which names every room
FILTER = json.dumps(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "account_data": {"types": []},
            "ephemeral": {"types": ["m.receipt"]},
            "state": {"types": ["m.room.member"], "lazy_load_members": True, "include_redundant_members": True},
            "timeline": {"limit": NEWEST, "lazy_load_members": True},
        },
    }
)


class Matrix(Channel):
    kind = "matrix"
    label = "Matrix"
    icon = "i-chat"
    polls = True
    backfills = True
    replies = True
    media = "both"
    edits = True
    receipts = True
    interactions = True
    longest = 30_000  # an event may hold 65,536 bytes, whatever language it is in
    deeds = ("like", "unlike", "delete", "block", "unblock")
    tried = "matrix-synapse 1.163 both ways, and recorded exchanges"
    guide = (
        "One account on any homeserver. Customers write to it in a room with it, or invite it to theirs. Rooms must "
        "not be encrypted: what is written in an encrypted room cannot be read, and is shown as such."
    )
    steps = (
        "Register an account for the brand on your homeserver, or use the one it has.",
        "Make an access token for it: in Element, Settings, Help and About, Access Token; or by POST to "
        "/_matrix/client/v3/login. Do not sign out of that session later: that ends the token.",
        "Enter the homeserver's address and the token here.",
        "Make rooms for customers without encryption, and invite the account.",
    )
    fields = (
        Field("server", "Homeserver", "Such as https://matrix.example.com."),
        Field("token", "Access token", "Of the brand's account.", kind="secret"),
        Field("join", "Accept invitations", "Customers can then start a room by themselves.", "flag", False, True),
        Field("days", "Days of history", "Of what was said in a room before.", "number", required=False, default=90),
        Field(
            "groups",
            "In rooms with more than two people",
            "What does not mention the account can be read without waiting for an answer.",
            "choice",
            required=False,
            default="mentions",
            choices=(("mentions", "Answer what mentions us"), ("all", "Answer everything")),
        ),
    )

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self._ready: tuple[str, dict[str, Any]] | None = None  # a sync that `wait` has done already
        self._rooms: dict[str, dict[str, Any]] = {}

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        return read(load_object(raw.body), self.settings.get("groups") != "all")

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        event = {
            "type": "m.room.message",
            "event_id": f"$test{number}",
            "sender": "@customer:example.com",
            "origin_server_ts": int(now.timestamp() * 1000),
            "content": {"msgtype": "m.text", "body": text},
        }
        room = {"id": "!test:example.com", "name": "Test", "public": False, "direct": True}
        return _delivery({"me": "@brand:example.com", "room": room, "sender": {}, "event": event}, f"$test{number}")

    # --- coming in

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        me = str(cursor.get("me") or "") or self._whoami()
        since = str(cursor.get("since") or "")
        answer = self._sync(since)
        found, gaps, ours = self._synced(answer, since, me, list(cursor.get("ours") or []))
        gaps = [*cursor.get("gaps", []), *gaps]
        while gaps and len(found) < limit:
            gaps, page = self._fill(gaps, me, min(PAGE, limit - len(found)))
            found += page
        moved = {"since": word(answer, "next_batch", needed=True), "me": me, "gaps": gaps, "ours": ours[-REMEMBERED:]}
        return Fetched(tuple(found), moved, more=bool(gaps))

    def wait(self, cursor: Mapping[str, Any], seconds: float) -> Iterator[None]:
        """The homeserver answers as soon as something happens; its answer is kept for the next `fetch`."""
        since = str(cursor.get("since") or "")
        if not since:
            return
        answer = self._ask_sync(since, seconds)
        if any(part(answer, "rooms").values()):
            self._ready = since, answer
            yield

    def _sync(self, since: str) -> dict[str, Any]:
        ready, self._ready = self._ready, None
        return ready[1] if ready and ready[0] == since else self._ask_sync(since, 0)

    def _ask_sync(self, since: str, seconds: float) -> dict[str, Any]:
        params = {"filter": FILTER, "timeout": str(int(seconds * 1000))} | ({"since": since} if since else {})
        return self._call("GET", "/v3/sync", params=params, max_bytes=MEGABYTES)

    def _synced(
        self, answer: dict[str, Any], since: str, me: str, ours: list[str]
    ) -> tuple[list[Raw], list[dict[str, Any]], list[str]]:
        """Deliveries, gaps and our own newest event ids out of one sync."""
        rooms, found, gaps = part(answer, "rooms"), [], []
        if self.settings.get("join"):
            found += [raw for room in part(rooms, "invite") for raw in self._accept(room)]
        for name in ("join", "leave"):
            for room, news in part(rooms, name).items():
                timeline = part(news, "timeline")
                events = parts(timeline, "events")
                if any("state_key" in event for event in events):
                    self._rooms.pop(room, None)  # who is in it, or what it is called, changed
                people = names([*parts(part(news, "state"), "events"), *events])
                found += self._deliveries(room, events, people, me, left=name == "leave")
                ours += [e["event_id"] for e in events if e.get("sender") == me and e.get("type") == "m.room.message"]
                if flag(timeline, "limited") and word(timeline, "prev_batch"):
                    gap = {"room": room, "from": word(timeline, "prev_batch")}
                    before = not since or just_joined(events, me)
                    gaps.append(gap | ({"back": self._horizon()} if before else {"to": since}))
                found += [
                    _delivery({"receipts": [one]}, f"read {one['event_id']} {one['user']}")
                    for one in receipts(news, me, set(ours))
                ]
        return found, gaps, ours

    def _horizon(self) -> int:
        """Before when history is not asked for, in milliseconds since 1970."""
        days = self.settings.get("days")
        wanted = float(days) if isinstance(days, int | float | str) and str(days).strip().isdecimal() else 90.0
        return int((time.time() - min(wanted, 36_500) * 86_400) * 1000)

    def _fill(self, gaps: list[dict[str, Any]], me: str, limit: int) -> tuple[list[dict[str, Any]], list[Raw]]:
        """One page of the oldest gap: the gaps that remain, and what the page held."""
        gap, *others = gaps
        room = gap["room"]
        params = {"dir": "b", "from": gap["from"], "limit": str(limit), "filter": '{"lazy_load_members":true}'}
        if gap.get("to"):
            params["to"] = str(gap["to"])
        try:
            page = self._call("GET", f"/v3/rooms/{_quoted(room)}/messages", params=params)
        except http.CallFailed as failure:
            if failure.status not in (403, 404):
                raise
            fault = f"what was said earlier in the room {room} cannot be read: the account is no longer in it"
            return others, [_delivery({"fault": fault}, f"{room} {gap['from']}")]
        whole = parts(page, "chunk")
        events = [e for e in whole if (number(e, "origin_server_ts") or 0) >= gap.get("back", 0)]
        found = self._deliveries(room, events, names([*parts(page, "state"), *whole]), me)
        end = word(page, "end") if len(events) == len(whole) else ""
        return ([{**gap, "from": end}, *others] if end and end != gap["from"] and events else others), found

    def _accept(self, room: str) -> list[Raw]:
        """Join a room we were invited to; an invitation that cannot be accepted is shown and stops nothing."""
        try:
            self._call("POST", f"/v3/join/{_quoted(room)}", json={})
            return []
        except http.CallFailed as failure:
            if not failure.permanent or failure.status == 401:
                raise
            fault = f"an invitation to the room {room} that could not be accepted ({_said(failure)})"
            return [_delivery({"fault": fault}, f"invitation {room}")]

    def _deliveries(
        self, room: str, events: Iterable[dict[str, Any]], people: Mapping[str, Any], me: str, left: bool = False
    ) -> list[Raw]:
        found = []
        for event in events:
            if "state_key" in event:
                continue  # comings and goings are no messages, and a large room is full of them
            body = {"me": me, "room": self._room(room, left), "sender": people.get(str(event.get("sender")), {})}
            if target := target_of(event):
                body["target"] = self._sort_of(room, target)
            found.append(_delivery(body | {"event": event}, str(event.get("event_id"))))
        return found

    def _sort_of(self, room: str, target: str) -> dict[str, str]:
        """Of what sort the event is that is taken back or edited, and whose: its name does not say."""
        try:
            was = self._call("GET", f"/v3/rooms/{_quoted(room)}/event/{_quoted(target)}")
        except http.CallFailed as failure:
            if not failure.permanent or failure.status == 401:
                raise
            return {}
        return {"type": word(was, "type"), "sender": word(was, "sender")}

    def _room(self, room: str, left: bool = False) -> dict[str, Any]:
        """Name, whether anybody can enter, whether it holds just the two of us; asked once a process."""
        if room not in self._rooms:
            if len(self._rooms) >= ROOMS:
                self._rooms.clear()
            public = not left and word(self._state(room, "m.room.join_rules"), "join_rule") == "public"
            direct = False
            if not public and not left:
                direct = len(part(self._call("GET", f"/v3/rooms/{_quoted(room)}/joined_members"), "joined")) <= 2
            name = "" if left else word(self._state(room, "m.room.name"), "name")
            facts = {"id": room, "name": name, "public": public, "direct": direct or left}
            if left:
                return facts
            self._rooms[room] = facts
        return self._rooms[room]

    def _state(self, room: str, kind: str) -> dict[str, Any]:
        try:
            return self._call("GET", f"/v3/rooms/{_quoted(room)}/state/{kind}")
        except http.CallFailed as failure:
            if failure.status in (403, 404):
                return {}
            raise

    def download(self, url: str) -> bytes:
        """The content of mxc://server/id, through our own homeserver."""
        parted = urlsplit(url)
        name = f"{parted.netloc}{parted.path}"
        if parted.scheme != "mxc" or name.count("/") != 1:
            raise Failure("The file's address is none of Matrix. It cannot be fetched.")
        try:
            return self._request("GET", f"/_matrix/client/v1/media/download/{name}").content
        except http.CallFailed as failure:
            if failure.status != 404:
                raise
            return self._request("GET", f"/_matrix/media/v3/download/{name}").content  # homeservers before 2024

    # --- going out

    def send(self, outgoing: Outgoing) -> Sent:
        """The homeserver knows a transaction's id again, so a retry is the same message."""
        room = str(outgoing.about.get("room") or "")
        if not room:
            raise SendError("It is not known in which room to answer. Answer to a message of theirs.", permanent=True)
        try:
            if self._state(room, "m.room.encryption"):
                raise SendError(
                    "This room is encrypted, and Crowdalogue cannot write there. Invite the customer to a room "
                    "without encryption.",
                    permanent=True,
                )
            files = [self._upload(file) for file in outgoing.attachments]
            first = self._put(room, outgoing.key, _words(outgoing)) if outgoing.text.strip() or not files else ""
            ids = [self._put(room, f"{outgoing.key}-{n}", file) for n, file in enumerate(files, 1)]
        except http.CallFailed as failure:
            raise _send_error(failure) from failure
        return Sent(first or ids[0], ",".join([first, *ids])[:200])

    def _put(self, room: str, key: str, content: Mapping[str, Any]) -> str:
        path = f"/v3/rooms/{_quoted(room)}/send/m.room.message/{_quoted(key)}"
        return word(self._call("PUT", path, json=content), "event_id", needed=True)

    def _upload(self, file: Attachment) -> dict[str, Any]:
        media_type = file.media_type or "application/octet-stream"
        answer = self._request(
            "POST",
            "/_matrix/media/v3/upload",
            params={"filename": file.name},
            content=file.content,
            headers={"content-type": media_type},
            idempotent=True,  # twice uploaded is once sent
        )
        kind = media_type.partition("/")[0]
        return {
            "msgtype": f"m.{kind}" if kind in ("image", "audio", "video") else "m.file",
            "body": file.name,
            "filename": file.name,
            "url": word(load_object(answer.content), "content_uri", needed=True),
            "info": {"mimetype": media_type, "size": len(file.content)},
        }

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        room, who = str(about.get("room") or ""), str(about.get("sender") or "")
        if not room or (deed in ("block", "unblock") and not who):
            raise SendError("It is not known in which room this was said.", permanent=True)
        try:
            if deed == "like":
                self._like(room, target)
            elif deed == "unlike":
                for event in self._likes(room, target):
                    self._redact(room, event)
            elif deed == "delete":
                self._redact(room, target)
            elif deed in ("block", "unblock"):
                verb = "ban" if deed == "block" else "unban"
                self._call("POST", f"/v3/rooms/{_quoted(room)}/{verb}", json={"user_id": who}, idempotent=True)
            else:
                raise SendError("Matrix has no such thing.", permanent=True)
        except http.CallFailed as failure:
            raise _send_error(failure) from failure

    def _like(self, room: str, target: str) -> None:
        content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": THUMB}}
        if not self._likes(room, target):
            key = _digest(f"like {target} {time.time_ns()}")
            self._call("PUT", f"/v3/rooms/{_quoted(room)}/send/m.reaction/{key}", json=content)

    def _likes(self, room: str, target: str) -> list[str]:
        """Our own thumbs beneath a message."""
        path = f"/v1/rooms/{_quoted(room)}/relations/{_quoted(target)}/m.annotation/m.reaction"
        me, found = self._whoami(), parts(self._call("GET", path, params={"limit": "100"}), "chunk")
        given = [e for e in found if e.get("sender") == me]
        return [word(e, "event_id") for e in given if word(part(part(e, "content"), "m.relates_to"), "key") == THUMB]

    def _redact(self, room: str, event: str) -> None:
        path = f"/v3/rooms/{_quoted(room)}/redact/{_quoted(event)}/{_digest(f'redact {event}')}"
        self._call("PUT", path, json={})

    # --- the homeserver

    def check(self) -> None:
        """Who the token belongs to, and whether rooms can be read."""
        self._whoami()
        listed(self._call("GET", "/v3/joined_rooms"), "joined_rooms")

    def _whoami(self) -> str:
        return word(self._call("GET", "/v3/account/whoami"), "user_id", needed=True)

    def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        return load_object(self._request(method, f"/_matrix/client{path}", **more).content)

    def _request(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        server = str(self.settings.get("server") or "").strip().rstrip("/")
        names = {"authorization": f"Bearer {str(self.settings.get('token') or '').strip()}", **(headers or {})}
        try:
            return http.request(method, f"{server}{path}", headers=names, trusted=True, **more)
        except http.CallFailed as failure:
            if failure.status == 401:
                failure.text = (
                    f"{urlsplit(server).hostname} does not know the access token any more. Sign the account in again "
                    "and enter the new token: in Element, Settings, Help and About, Access Token."
                )
                failure.args = (failure.text,)
            raise


def _delivery(body: dict[str, Any], name: str) -> Raw:
    """Keys are at most 80 characters; event ids of old rooms may be longer."""
    return Raw(json.dumps(body, ensure_ascii=False).encode(), key=_digest(name))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _quoted(name: str) -> str:
    return quote(name, safe="")


def _words(outgoing: Outgoing) -> dict[str, Any]:
    content: dict[str, Any] = {"msgtype": "m.text", "body": outgoing.text}
    if outgoing.answers:
        relation: dict[str, Any] = {"m.in_reply_to": {"event_id": outgoing.answers}}
        if thread := outgoing.about.get("thread"):
            relation |= {"rel_type": "m.thread", "event_id": thread, "is_falling_back": False}
        content |= {"m.relates_to": relation, "m.mentions": {"user_ids": [outgoing.to.address]}}
    return content


def _said(failure: http.CallFailed) -> str:
    """The homeserver's own words for a refusal."""
    return words(failure.told, "error")[:200]


def _send_error(failure: http.CallFailed) -> SendError:
    text = failure.text
    if failure.status in (400, 403) and (said := _said(failure)):
        text = f"The homeserver did not allow it: {said} Check that the account is in the room and may do this."
    # The homeserver knows a transaction again, so that it may have been done is no reason not to try once more.
    return SendError(text, permanent=failure.permanent)
