"""Walking back through a workspace: pages, gaps, threads, names, and what cannot be read; nothing lost or endless."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crowdalogue.channels.slack_calls import refusal
from crowdalogue.channels.slack_history import CALLS, Walk, progress_of, seconds

BASE = int(time.time()) - 86400


class Workspace:
    """Slack as far as history goes: newest first, paged, threads apart."""

    def __init__(self) -> None:
        self.channels: dict[str, list[dict[str, Any]]] = {}
        self.replies: dict[str, list[dict[str, Any]]] = {}
        self.closed: set[str] = set()
        self.calls: list[str] = []
        self.sizes: list[int] = []  # of the next pages, where they are smaller than asked for

    def say(self, channel: str, n: int, thread: int | None = None, **more: Any) -> None:
        message = {"type": "message", "user": "U1", "text": f"{channel} {n}", "ts": f"{BASE + n}.000001", **more}
        if thread is None:
            self.channels.setdefault(channel, []).append(message)
            return
        parent = next(m for m in self.channels[channel] if m["ts"].startswith(f"{BASE + thread}."))
        replies = self.replies.setdefault(parent["ts"], [])
        replies.append({**message, "thread_ts": parent["ts"]})
        parent |= {"reply_count": len(replies), "latest_reply": message["ts"]}

    def call(self, method: str, **asked: Any) -> dict[str, Any]:
        self.calls.append(method)
        if method == "auth.test":
            return {"ok": True, "user_id": "U0", "bot_id": "B0", "team_id": "T0"}
        if method == "users.conversations":
            return {"ok": True, "channels": [{"id": c} for c in self.channels]}
        if method == "users.info":
            return {"ok": True, "user": {"id": asked["user"], "name": "somebody"}}
        if asked["channel"] in self.closed:
            raise refusal({"error": "not_in_channel"})
        if method == "conversations.replies":
            parent = next(m for m in self.channels[asked["channel"]] if m["ts"] == asked["ts"])
            rows = [parent, *(m for m in self.replies.get(asked["ts"], []) if m["ts"] > asked.get("oldest", ""))]
        else:
            rows = sorted(self.channels.get(asked["channel"], []), key=lambda m: seconds(m["ts"]), reverse=True)
        start = int(asked.get("cursor") or 0)
        end = start + (self.sizes.pop(0) if self.sizes else asked["limit"])
        more = {"next_cursor": str(end)} if end < len(rows) else {}
        return {"ok": True, "messages": rows[start:end], "response_metadata": more}

    def ask(self, cursor: dict[str, Any], given: list[str] | None = None) -> tuple[set[str], dict[str, Any], list[Any]]:
        """Until there is no more: the texts, the cursor, and everything that is no message."""
        texts: set[str] = set()
        others: list[Any] = []
        for _ in range(500):
            fetched = Walk(self.call, cursor, given or [], 30).fetch(200)
            cursor = json.loads(json.dumps(fetched.cursor))
            for raw in fetched.deliveries:
                body = json.loads(raw.body)
                assert len(raw.key) <= 80
                if body["type"] == "history":
                    texts.add(body["event"]["text"])
                else:
                    others.append(body)
            if not fetched.more:
                return texts, cursor, others
        raise AssertionError("it never ends")


def test_everything_is_found_and_then_only_what_is_new() -> None:
    slack = Workspace()
    for n in range(450):
        slack.say("C1", n)
    slack.say("C2", 5)
    texts, cursor, others = slack.ask({})
    assert texts == {f"C1 {n}" for n in range(450)} | {"C2 5"}
    assert [o["event"]["id"] for o in others] == ["U1"]
    slack.calls.clear()
    for n in range(450, 700):
        slack.say("C1", n)
    texts, cursor, others = slack.ask(cursor)
    assert {f"C1 {n}" for n in range(450, 700)} <= texts
    assert (
        slack.calls.count("conversations.history") == 3 + 1 + 1
    )  # no further back than to what is known; C2; a last look
    assert others == []


def test_small_and_empty_pages_are_no_end() -> None:
    slack = Workspace()
    for n in range(120):
        slack.say("C1", n)
    slack.sizes = [15, 0, 15, 0]
    assert slack.ask({})[0] == {f"C1 {n}" for n in range(120)}


def test_threads_are_read_once_and_again_when_they_grow() -> None:
    slack = Workspace()
    slack.say("C1", 1)
    for n in range(2, 250):
        slack.say("C1", n, thread=1)
    texts, cursor, _ = slack.ask({})
    assert texts == {f"C1 {n}" for n in range(1, 250)}
    assert len(json.dumps(cursor)) < 1000
    slack.calls.clear()
    slack.ask(cursor)
    assert "conversations.replies" not in slack.calls
    slack.say("C1", 300, thread=1)
    texts, _, _ = slack.ask(cursor)
    assert "C1 300" in texts


def test_the_cursor_stays_small() -> None:
    slack = Workspace()
    for n in range(0, 900, 3):
        slack.say("C1", n)
        slack.say("C1", n + 1, thread=n)
    texts, cursor, _ = slack.ask({})
    assert len(texts) == 600
    assert len(cursor["channels"]["C1"]["threads"]) <= 100
    assert len(json.dumps(cursor)) < 8000


def test_what_cannot_be_read_is_said_and_stops_nothing() -> None:
    slack = Workspace()
    slack.say("C1", 1)
    slack.say("C2", 2)
    slack.closed.add("C1")
    texts, _, others = slack.ask({})
    assert texts == {"C2 2"}
    trouble = next(o for o in others if o["type"] == "trouble")
    assert trouble["channel"] == "C1" and "/invite" in trouble["event"]


def test_what_is_older_than_asked_for_is_left() -> None:
    slack = Workspace()
    slack.say("C1", 1)
    slack.say("C1", -40 * 86400)
    assert slack.ask({})[0] == {"C1 1"}


def test_many_channels_rest_between_rounds() -> None:
    slack = Workspace()
    for n in range(30):
        slack.say(f"C{n:02d}", n)
    texts, cursor, _ = slack.ask({})
    assert len(texts) == 30
    slack.calls.clear()
    slack.ask(cursor)
    assert slack.calls == []
    slack.ask({**cursor, "round_at": int(time.time()) - 60})
    assert slack.calls.count("conversations.history") == 30


def test_one_fetch_is_bounded() -> None:
    slack = Workspace()
    for n in range(50):
        slack.say(f"C{n:02d}", n, user=f"U{n}")
    fetched = Walk(slack.call, {}, [], 30).fetch(200)
    assert fetched.more
    assert len(slack.calls) <= 2 * CALLS + 2


@settings(max_examples=40)
@given(st.data())
def test_a_crash_at_any_moment_loses_nothing(data: st.DataObject) -> None:
    """Each fetch may be lost with its cursor; whatever was said in between, everything is found in the end."""
    slack = Workspace()
    cursor: dict[str, Any] = {}
    number, found = 0, set()
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(0, 130))):
            slack.say("C1", number)
            number += 1
        fetched = Walk(slack.call, cursor, ["C1"], 30).fetch(200)
        if data.draw(st.booleans()):
            found |= {json.loads(r.body)["event"].get("text") for r in fetched.deliveries}
            cursor = json.loads(json.dumps(fetched.cursor))
    texts, _, _ = slack.ask(cursor, ["C1"])
    assert {f"C1 {n}" for n in range(number)} <= texts | found


def test_progress_says_how_far_back_of_what() -> None:
    slack = Workspace()
    for n in range(450):
        slack.say("C1", n * 3600)
    slack.say("C2", 2)
    slack.say("C3", 3)
    slack.closed.add("C3")
    assert progress_of({}, [], 30) is None, "nothing was asked yet"
    shares: list[float] = []
    cursor: dict[str, Any] = {}
    more = True
    while more:
        fetched = Walk(slack.call, cursor, [], 30).fetch(100)
        cursor, more = json.loads(json.dumps(fetched.cursor)), fetched.more
        if found := progress_of(cursor, [], 30):
            assert (found.of, found.unit) == (3, "channel,channels")
            shares.append(found.share or 0)
            if found.what == "channel C1" and found.at:
                assert found.at == datetime.fromtimestamp(BASE + 3600 * (450 - 100 * len(shares)), UTC)
    assert len(shares) >= 4 and shares == sorted(shares) and shares[-1] < 1
    assert progress_of(cursor, [], 30) is None, "all is there; what is closed to us is waited for by nobody"
    slack.closed.clear()
    assert progress_of(slack.ask({**cursor, "round_at": 0})[1], [], 30) is None
