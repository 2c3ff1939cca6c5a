"""Asking Discord: forward to the newest, edits and deletions of the last page, threads, reactions, closed rooms."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue import http
from crowdalogue.channels.discord_history import CALLS, Rooms, Walk, progress_of, quoted
from crowdalogue.channels.discord_reading import snowflake

BASE = int(snowflake(datetime.now(UTC) - timedelta(days=1)))


class Server:
    """Discord as far as reading goes."""

    def __init__(self) -> None:
        self.rooms: dict[str, dict[str, Any]] = {}
        self.threads: list[dict[str, Any]] = []
        self.said: dict[str, dict[int, dict[str, Any]]] = {}
        self.closed: set[str] = set()
        self.calls: list[str] = []
        self.sizes: list[int] = []  # of the next pages, where they are smaller than asked for

    def say(self, room: str, n: int, **more: Any) -> None:
        if room not in self.rooms:
            self.rooms[room] = {"id": room, "type": 0, "guild_id": "7", "name": f"room {room}"}
        self.said.setdefault(room, {})[BASE + n] = {"id": str(BASE + n), "content": f"{room} {n}", **more}

    def call(self, verb: str, path: str, **more: Any) -> Any:
        self.calls.append(f"{verb} {path}")
        if path == "/users/@me":
            return {"id": "5"}
        if path == "/guilds/7/threads/active":
            return {"threads": self.threads}
        if path == "/guilds/7/channels":
            return list(self.rooms.values())
        if path == "/users/@me/channels":
            return {"id": "300", "type": 1}
        if "/reactions/" in path:
            return [{"id": "80", "username": "robinv"}]
        found = re.fullmatch(r"/channels/(\d+)(/messages)?(?:/(\d+))?", path)
        assert found
        room = found.group(1)
        if found.group(3):
            if int(found.group(3)) in self.said[room]:
                return self.said[room][int(found.group(3))]
            raise http.CallFailed("The message is no longer there.", permanent=True, status=404)
        if room in self.closed:
            raise http.CallFailed("The bot does not see this channel.", permanent=True, status=403)
        if not found.group(2):
            return self.rooms[room]
        params = more["params"]
        ids = sorted(i for i in self.said.get(room, {}) if i > int(params.get("after", 0)))
        limit = self.sizes.pop(0) if self.sizes else params["limit"]
        ids = ids[:limit] if "after" in params else ids[-limit:]
        return [self.said[room][i] for i in ids[::-1]]

    def rooms_of(self, channels: str = "", people: str = "") -> Rooms:
        return Rooms(self.call, channels.split(), "" if channels else "7", people.split())

    def ask(self, cursor: dict[str, Any], **where: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Until there is no more: every delivery that is new, and the cursor."""
        bodies: dict[str, dict[str, Any]] = {}
        for _ in range(300):
            fetched = Walk(self.call, cursor, self.rooms_of(**where), 30).fetch(200)
            cursor = json.loads(json.dumps(fetched.cursor))
            bodies |= {raw.key: json.loads(raw.body) for raw in fetched.deliveries}
            assert all(len(raw.key) <= 80 for raw in fetched.deliveries)
            if not fetched.more:
                return list(bodies.values()), cursor
        raise AssertionError("it never ends")


def texts(bodies: list[dict[str, Any]]) -> set[str]:
    return {body["event"]["content"] for body in bodies if body["kind"] == "message"}


def test_everything_is_found_and_then_only_what_is_new() -> None:
    discord = Server()
    for n in range(350):
        discord.say("100", n)
    discord.say("200", 3)
    bodies, cursor = discord.ask({})
    assert texts(bodies) == {f"100 {n}" for n in range(350)} | {"200 3"}
    discord.calls.clear()
    bodies, cursor = discord.ask(cursor)
    assert [c for c in discord.calls if c.endswith("/messages")] == [
        "GET /channels/100/messages",
        "GET /channels/200/messages",
    ]
    for n in range(350, 600):
        discord.say("100", n)
    bodies, _ = discord.ask(cursor)
    assert {f"100 {n}" for n in range(350, 600)} <= texts(bodies)


def test_small_pages_are_no_end() -> None:
    discord = Server()
    for n in range(300):
        discord.say("100", n)
    discord.sizes = [60, 20, 30]
    assert texts(discord.ask({})[0]) == {f"100 {n}" for n in range(300)}


def test_edits_and_deletions_of_the_newest_are_seen() -> None:
    discord = Server()
    for n in range(10):
        discord.say("100", n)
    _, cursor = discord.ask({})
    discord.say("100", 4, edited_timestamp="2026-03-01T12:00:00+00:00")
    del discord.said["100"][BASE + 5]
    bodies, cursor = discord.ask(cursor)
    assert [b["event"]["id"] for b in bodies if b["kind"] == "deleted"] == [str(BASE + 5)]
    assert [b["event"]["id"] for b in bodies if b["event"].get("edited_timestamp")] == [str(BASE + 4)]
    bodies, _ = discord.ask(cursor)
    assert not [b for b in bodies if b["kind"] == "deleted"]


def test_a_page_that_leaves_something_out_deletes_nothing() -> None:
    discord = Server()
    for n in range(40):
        discord.say("100", n)
    _, cursor = discord.ask({})
    discord.sizes = [20]
    bodies, cursor = discord.ask(cursor)
    assert not [b for b in bodies if b["kind"] == "deleted"]
    for n in range(30):
        del discord.said["100"][BASE + n]
    gone: set[str] = set()
    for _ in range(6):  # a few are looked at each time
        bodies, cursor = discord.ask(cursor)
        gone |= {b["event"]["id"] for b in bodies if b["kind"] == "deleted"}
    assert gone == {str(BASE + n) for n in range(5, 30)}  # the first five were seen to be there


def test_what_left_the_newest_page_is_not_taken_for_deleted() -> None:
    discord = Server()
    for n in range(60):
        discord.say("100", n)
    _, cursor = discord.ask({})
    for n in range(60, 90):
        discord.say("100", n)
    bodies, _ = discord.ask(cursor)
    assert not [b for b in bodies if b["kind"] == "deleted"]


def test_the_cursor_stays_small() -> None:
    discord = Server()
    for n in range(400):
        discord.say("100", n, reactions=[{"emoji": {"name": "🔥"}, "count": 1}])
        discord.say("200", n - 20 * 86_400_000 << 22)  # a room that has been quiet for weeks
    _, cursor = discord.ask({})
    assert len(cursor["channels"]["100"]["recent"]) == 50
    assert cursor["channels"]["200"]["recent"] == []
    assert len(json.dumps(cursor)) < 30_000


def test_threads_of_the_rooms_are_read_too() -> None:
    discord = Server()
    discord.say("100", 1)
    discord.say("900", 2)
    thread = discord.rooms.pop("900") | {"type": 11, "parent_id": "100"}
    discord.threads = [thread, {"id": "901", "type": 11, "guild_id": "7", "parent_id": "other"}]
    bodies, _ = discord.ask({}, channels="100")
    assert texts(bodies) == {"100 1", "900 2"}
    assert next(b for b in bodies if b["event"].get("content") == "900 2")["channel"]["type"] == 11


def test_people_are_asked_for_their_direct_channel() -> None:
    discord = Server()
    discord.say("100", 1)
    discord.said["300"] = {BASE + 2: {"id": str(BASE + 2), "content": "Psst"}}
    bodies, _ = discord.ask({}, channels="100", people="80")
    assert texts(bodies) == {"100 1", "Psst"}


def test_who_reacted_is_asked_when_the_number_changes() -> None:
    discord = Server()
    discord.say("100", 1, reactions=[{"emoji": {"id": None, "name": "🔥"}, "count": 1}])
    bodies, cursor = discord.ask({})
    (reaction,) = [b for b in bodies if b["kind"] == "reaction"]
    assert reaction["event"] == {"id": str(BASE + 1), "emoji": "🔥", "users": [{"id": "80", "username": "robinv"}]}
    discord.calls.clear()
    discord.ask(cursor)
    assert not [c for c in discord.calls if "/reactions/" in c]


def test_a_closed_room_is_said_and_stops_nothing() -> None:
    discord = Server()
    discord.say("100", 1)
    discord.say("200", 2)
    discord.closed.add("100")
    for where in ({}, {"channels": "100 200"}):
        bodies, _ = discord.ask({}, **where)
        assert texts(bodies) == {"200 2"}
        assert [b["channel"]["id"] for b in bodies if b["kind"] == "trouble"] == ["100"]


def test_one_fetch_is_bounded_and_many_rooms_rest() -> None:
    discord = Server()
    for n in range(60):
        discord.say(str(100 + n), n)
    fetched = Walk(discord.call, {}, discord.rooms_of(), 30).fetch(200)
    assert fetched.more
    assert len(discord.calls) <= CALLS + 3
    bodies, cursor = discord.ask({})
    assert len(texts(bodies)) == 60
    discord.calls.clear()
    discord.ask(cursor)
    assert not discord.calls


def test_custom_emoji_in_addresses() -> None:
    assert quoted("👍") == "%F0%9F%91%8D"
    assert quoted("kettle:123") == "kettle%3A123"


@settings(max_examples=40)
@given(st.data())
def test_a_crash_at_any_moment_loses_nothing(data: st.DataObject) -> None:
    discord = Server()
    cursor: dict[str, Any] = {}
    number, found = 0, set()
    discord.say("100", number)
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(0, 130))):
            number += 1
            discord.say("100", number)
        fetched = Walk(discord.call, cursor, discord.rooms_of(), 30).fetch(200)
        if data.draw(st.booleans()):
            found |= texts([json.loads(raw.body) for raw in fetched.deliveries])
            cursor = json.loads(json.dumps(fetched.cursor))
    bodies, _ = discord.ask(cursor)
    assert {f"100 {n}" for n in range(number + 1)} <= texts(bodies) | found


def test_progress_says_how_far_of_what() -> None:
    discord = Server()
    for n in range(350):
        discord.say("100", n)
    discord.say("200", 3)
    assert progress_of({}, 30) is None, "nothing was asked yet"
    seen: list[Any] = []
    cursor: dict[str, Any] = {}
    more = True
    while more:
        fetched = Walk(discord.call, cursor, discord.rooms_of(), 30).fetch(100)
        cursor, more = json.loads(json.dumps(fetched.cursor)), fetched.more
        seen += [progress_of(cursor, 30)] if more else []
    walking = [one for one in seen if one]
    assert walking and {one.of for one in walking} == {2}
    assert [one.at for one in walking] == sorted(one.at for one in walking), "oldest first"
    assert progress_of(cursor, 30) is None
    closed = {**cursor, "channels": {**cursor["channels"], "200": {"after": "1", "walk": True, "closed": True}}}
    assert progress_of(closed, 30) is None, "what is closed to us is waited for by nobody"
