"""Asking Discord for what was said: forward from where we were, and the newest page again for edits and deletions.

The cursor is plain data, so that a long back-fill goes on where it was:

    {"channels": {"1": {"after": "99", "recent": ["98", "99"], "walk": true}}, "turn": 2,
     "rooms": [{"id": "1", "type": 0, "guild_id": "7", "name": "help"}], "listed_at": 1700000000, "me": "5"}

A channel that cannot be read never stops the others: that it cannot is a delivery of its own, once a day.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crowdalogue.channels.base import Fetched, Progress, Raw
from crowdalogue.channels.discord_reading import born, snowflake
from crowdalogue.errors import Failure

__all__ = ["Rooms", "Walk", "progress_of"]

Call = Callable[..., Any]

PAGE, NEWEST = 100, 50
CALLS, REACTION_CALLS, CHECKS = 10, 5, 5  # in one fetch, so that what was found is kept soon
MOST_ROOMS = 300
LIST_AGAIN = 300  # seconds; new channels and threads are found that late
PER_ROOM = 0.5  # seconds a round takes for each room above twenty
LIVELY = timedelta(days=7)
READABLE = (0, 1, 2, 3, 5, 10, 11, 12, 13)  # types of channels that hold messages; forums hold threads only
CLOSED = (403, 404)
ROOM = ("id", "type", "guild_id", "name", "parent_id", "last_message_id")


class Rooms:
    """Where to look: channels and people of the settings, or all of a server, and their active threads."""

    def __init__(self, call: Call, channels: list[str], guild: str, people: list[str]) -> None:
        self.call = call
        self.channels = channels
        self.guild = guild
        self.people = people
        self.closed: dict[str, str] = {}

    def find(self) -> list[dict[str, Any]]:
        rooms = [room for one in self.channels if (room := self.tried("GET", f"/channels/{one}", one))]
        if self.guild and not self.channels:
            rooms += rows(self.call("GET", f"/guilds/{self.guild}/channels"))
        parents = {str(room.get("id")) for room in rooms}
        for guild in sorted({str(room["guild_id"]) for room in rooms if str(room.get("guild_id")).isdecimal()}):
            found = self.call("GET", f"/guilds/{guild}/threads/active")
            threads = rows(found.get("threads") if isinstance(found, dict) else None)
            rooms += [thread for thread in threads if str(thread.get("parent_id")) in parents]
        for person in self.people:
            room = self.tried("POST", "/users/@me/channels", person, json={"recipient_id": person})
            rooms += [room] if room else []
        usable = [{k: room.get(k) for k in ROOM if room.get(k) is not None} for room in rooms if room.get("id")]
        found_once = {str(room["id"]): room for room in usable if room.get("type", 0) in READABLE}
        return list(found_once.values())[:MOST_ROOMS]

    def tried(self, verb: str, path: str, name: str, **more: Any) -> dict[str, Any] | None:
        try:
            found = self.call(verb, path, **more)
        except Failure as failure:
            if getattr(failure, "status", None) not in CLOSED:
                raise
            self.closed[name] = failure.text
            return None
        return found if isinstance(found, dict) else None


class Walk:
    """One fetch: at most `CALLS` calls from where the cursor stands. `call(verb, path, **more)` asks Discord."""

    def __init__(self, call: Call, cursor: Mapping[str, Any], rooms: Rooms, days: int) -> None:
        self.call = call
        self.state: dict[str, Any] = json.loads(json.dumps(dict(cursor)))  # a copy: only what is returned counts
        self.rooms = rooms
        self.days = days
        self.found: dict[str, Raw] = {}
        self.calls = self.reaction_calls = 0

    def fetch(self, limit: int) -> Fetched:
        self.me()
        rooms = self.listed()
        turn = self.state.get("turn") or 0
        resting = not turn and time.time() - (self.state.get("round_at") or 0) < PER_ROOM * max(0, len(rooms) - 20)
        if resting:
            return Fetched(tuple(self.found.values()), self.state)
        while turn < len(rooms) and self.calls < CALLS and len(self.found) < limit:
            if self.step(rooms[turn]):
                turn += 1
        done = turn >= len(rooms)
        self.state["turn"] = 0 if done else turn
        if done:
            self.state["round_at"] = int(time.time())
        return Fetched(tuple(self.found.values()), self.state, more=not done)

    def me(self) -> None:
        if not self.state.get("me"):
            found = self.call("GET", "/users/@me")
            self.state["me"] = str(found.get("id") or "") if isinstance(found, dict) else ""

    def listed(self) -> list[dict[str, Any]]:
        fresh = time.time() - (self.state.get("listed_at") or 0) < LIST_AGAIN
        if not (self.state.get("turn") or (fresh and self.state.get("rooms"))):
            rooms = self.rooms.find()
            kept = {str(room["id"]) for room in rooms}
            states = self.state.get("channels") or {}
            self.state["channels"] = {name: state for name, state in states.items() if name in kept}
            self.state |= {"rooms": rooms, "listed_at": int(time.time())}
            for name, why in self.rooms.closed.items():
                self.trouble(name, why)
        return list(self.state.get("rooms") or [])

    # --- one room

    def step(self, room: dict[str, Any]) -> bool:
        """One call for a room. True where nothing is left of it this round."""
        here = str(room["id"])
        beginning = snowflake(datetime.now(UTC) - timedelta(days=self.days))
        state = self.state.setdefault("channels", {}).setdefault(here, {"after": beginning, "walk": True})
        self.calls += 1
        state.pop("closed", None)
        try:
            return self.forward(room, state) if state.get("walk") else self.newest(room, state)
        except Failure as failure:
            if getattr(failure, "status", None) not in CLOSED:
                raise
            self.trouble(here, failure.text)
            state["closed"] = True
            return True

    def forward(self, room: dict[str, Any], state: dict[str, Any]) -> bool:
        """The next page after what is known; when there is no more, the newest page is looked at."""
        page = self.ask(room, limit=PAGE, after=state["after"])
        for message in page:
            self.keep(room, message)
        state["after"] = max([state["after"], *(str(m["id"]) for m in page)], key=int)
        state["walk"] = len(page) >= PAGE
        return False

    def newest(self, room: dict[str, Any], state: dict[str, Any]) -> bool:
        """The newest page: what is new, what was changed, and what is gone of what was there before."""
        page = self.ask(room, limit=NEWEST)
        ids = sorted((str(m["id"]) for m in page), key=int)
        for message in page:
            self.keep(room, message)
        if ids and int(ids[0]) > int(state["after"]):
            state["walk"] = True  # more was said than this page shows
            return False
        oldest = int(ids[0]) if len(page) >= NEWEST else 0
        missing = sorted({one for one in state.get("recent") or [] if int(one) >= oldest} - set(ids), key=int)
        for one in missing[:CHECKS]:
            if self.is_gone(room, one):
                self.deliver(f"deleted:{one}", "deleted", room, {"id": one})
        newest = born(ids[-1]) if ids else None
        lively = newest is not None and datetime.now(UTC) - newest < LIVELY
        state["recent"] = (
            [*missing[CHECKS:], *ids][-PAGE:] if lively else []
        )  # the cursor stays small; in quiet rooms nobody deletes
        state["after"] = max([state["after"], *ids], key=int)
        return True

    def is_gone(self, room: dict[str, Any], message: str) -> bool:
        """Asked once more, by its id: a page alone proves nothing, and a removal is not taken back."""
        try:
            self.call("GET", f"/channels/{room['id']}/messages/{message}")
        except Failure as failure:
            if getattr(failure, "status", None) != 404:
                raise
            return True
        return False

    def ask(self, room: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
        found = self.call("GET", f"/channels/{room['id']}/messages", params=params)
        return [message for message in rows(found) if str(message.get("id")).isdecimal()]

    # --- what is found

    def keep(self, room: dict[str, Any], message: dict[str, Any]) -> None:
        """A message as a delivery; edited, it is another one."""
        version = digest([message.get("edited_timestamp"), message.get("content")])
        self.deliver(f"message:{message['id']}:{version}", "message", room, message)
        for reaction in rows(message.get("reactions"))[:20]:
            self.keep_reaction(room, message, reaction)

    def keep_reaction(self, room: dict[str, Any], message: dict[str, Any], reaction: dict[str, Any]) -> None:
        """Who reacted is asked when their number changes, for at most five kinds in one fetch."""
        emoji = reaction.get("emoji")
        emoji = emoji if isinstance(emoji, dict) else {}
        name = f"{emoji['name']}:{emoji['id']}" if emoji.get("id") else str(emoji.get("name") or "")
        known = self.state.setdefault("reactions", {})
        key = f"{message['id']}:{digest(name)}"
        if not name or known.get(key) == reaction.get("count") or self.reaction_calls >= REACTION_CALLS:
            return
        self.reaction_calls += 1
        path = f"/channels/{room['id']}/messages/{message['id']}/reactions/{quoted(name)}"
        users = rows(self.call("GET", path, params={"limit": 100}))
        body = {"id": message["id"], "emoji": emoji.get("name"), "users": users}
        self.deliver(f"reaction:{key}:{digest([u.get('id') for u in users])}", "reaction", room, body)
        known[key] = reaction.get("count")
        self.state["reactions"] = dict(list(known.items())[-1000:])

    def trouble(self, name: str, why: str) -> None:
        self.deliver(f"trouble:{name}:{time.time() // 86400:.0f}", "trouble", {"id": name}, {"why": why})

    def deliver(self, key: str, kind: str, room: Mapping[str, Any], event: Any) -> None:
        channel = {name: value for name, value in room.items() if name != "last_message_id"}
        body = {"kind": kind, "channel": channel, "me": self.state.get("me") or "", "event": event}
        self.found[key[:80]] = Raw(json.dumps(body, ensure_ascii=False).encode(), {}, key[:80])


def progress_of(cursor: Mapping[str, Any], days: int) -> Progress | None:
    """How far the first room is that is not whole yet, oldest first, and how many are."""
    rooms = rows(cursor.get("rooms"))
    states = cursor.get("channels") or {}
    told = [states.get(str(room.get("id"))) or {"walk": True} for room in rooms]
    unread = [room for room, state in zip(rooms, told, strict=True) if state.get("walk") and not state.get("closed")]
    if not unread:
        return None
    after = str((states.get(str(unread[0].get("id"))) or {}).get("after") or "")
    now = datetime.now(UTC)
    name = str(unread[0].get("name") or "")
    return Progress(
        f"#{name}" if name else "a private conversation",
        done=len(rooms) - len(unread),
        of=len(rooms),
        unit="channel,channels",
        at=born(after) if after else None,
        start=now - timedelta(days=days),
        goal=now,
    )


def rows(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def quoted(emoji: str) -> str:
    return "".join(
        c if c.isascii() and (c.isalnum() or c in "_-") else "".join(f"%{b:02X}" for b in c.encode()) for c in emoji
    )
