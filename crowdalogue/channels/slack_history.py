"""Asking Slack for what was said: page by page backwards to where we were, threads too, and people's names.

The cursor is plain data, so that a crash in the middle of a long back-fill goes on where it was:

    {"channels": {"C1": {"top": "171.1", "page": "...", "newest": "172.1", "todo": [["171.5", "172.0"]],
                         "floor": "170.1", "at": "171.2", "threads": {"171.5": "171.9"}}},
     "turn": 3, "listed": ["C1"], "listed_at": 1700000000, "round_at": 1700000000,
     "named": ["U1"], "unnamed": ["U2"], "us": {"user": "U0", "bot": "B0", "team": "T0"}}

A channel that cannot be read never stops the others: that it cannot is a delivery of its own, once a day.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from crowdalogue.channels.base import Fetched, Progress, Raw
from crowdalogue.errors import Failure

__all__ = ["Walk", "progress_of"]

Call = Callable[..., dict[str, Any]]

PAGE = 100
CALLS = 10  # in one fetch, so that what was found is kept soon
MOST_CHANNELS, MOST_NAMES = 300, 2000
LIST_AGAIN = 600  # seconds; new channels are found that late
PER_CHANNEL = 2.0  # seconds a round takes for each channel above ten: Slack allows about 50 pages a minute
CLOSED = ("not_in_channel", "channel_not_found", "is_archived", "no_permission", "access_denied")
TYPES = "public_channel,private_channel,mpim,im"


class Walk:
    """One fetch: at most `CALLS` calls from where the cursor stands. `call(method, **params)` asks Slack."""

    def __init__(self, call: Call, cursor: Mapping[str, Any], given: list[str], days: int) -> None:
        self.call = call
        self.state: dict[str, Any] = json.loads(json.dumps(dict(cursor)))  # a copy: only what is returned counts
        self.given = given
        self.days = days
        self.found: dict[str, Raw] = {}
        self.us: dict[str, str] = {}
        self.calls = 0

    def fetch(self, limit: int) -> Fetched:
        channels = self.channels()
        if not channels or self.resting(len(channels)):
            return Fetched((), self.state)
        self.us = self.who_are_we()
        turn = whole(self.state.get("turn"))
        while turn < len(channels) and self.calls < CALLS and len(self.found) < limit:
            if self.step(channels[turn]):
                turn += 1
        self.name_some()
        done = turn >= len(channels)
        self.state["turn"] = 0 if done else turn
        if done:
            self.state["round_at"] = int(time.time())
        return Fetched(tuple(self.found.values()), self.state, more=not done or bool(self.state.get("unnamed")))

    def resting(self, channels: int) -> bool:
        pause = PER_CHANNEL * max(0, channels - 10)
        return not self.state.get("turn") and time.time() - whole(self.state.get("round_at")) < pause

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        self.calls += 1
        return self.call(method, **params)

    # --- which channels, and who we are

    def channels(self) -> list[str]:
        """Those of the settings, or all where the bot is a member; in one order, so that the turn means the same."""
        if self.given:
            return self.given[:MOST_CHANNELS]
        listed = self.state.get("listed")
        fresh = time.time() - whole(self.state.get("listed_at")) < LIST_AGAIN
        if isinstance(listed, list) and listed and (fresh or self.state.get("turn")):
            return [str(one) for one in listed]
        found: list[str] = []
        page = ""
        while len(found) < MOST_CHANNELS:
            answer = self.ask("users.conversations", types=TYPES, exclude_archived="true", limit=200, cursor=page)
            rows = answer.get("channels")
            found += [str(row["id"]) for row in rows or [] if isinstance(row, dict) and row.get("id")]
            page = next_page(answer)
            if not page or not rows:
                break
        self.state |= {"listed": sorted(set(found))[:MOST_CHANNELS], "listed_at": int(time.time()), "turn": 0}
        return list(self.state["listed"])

    def who_are_we(self) -> dict[str, str]:
        known = self.state.get("us")
        if not isinstance(known, dict) or not known.get("user"):
            answer = self.ask("auth.test")
            known = {"user": answer.get("user_id"), "bot": answer.get("bot_id"), "team": answer.get("team_id")}
            self.state["us"] = known
        return {str(k): str(v or "") for k, v in known.items()}

    # --- one channel

    def step(self, channel: str) -> bool:
        """One call for a channel: a thread that waits, else a page. True where nothing is left of it this round."""
        states = self.state.setdefault("channels", {})
        state = states.setdefault(channel, {})
        state.pop("closed", None)
        walked = bool(state.get("page"))  # after walking back, the newest page is looked at once more
        try:
            if state.get("todo"):
                self.thread(channel, state)
            else:
                self.page(channel, state)
        except Failure as failure:
            error = getattr(failure, "slack_error", "")
            if error not in CLOSED:
                raise
            self.deliver(f"trouble:{channel}:{error}:{time.time() // 86400:.0f}", "trouble", channel, failure.text)
            state["closed"] = error
            state.pop("page", None)
            state.pop("todo", None)
        return not (walked or state.get("todo") or state.get("page"))

    def page(self, channel: str, state: dict[str, Any]) -> None:
        """The newest page, or the next older one while there is a gap to what is known."""
        goal = str(state.get("top") or f"{time.time() - self.days * 86400:.6f}")
        page = str(state.get("page") or "")
        try:
            answer = self.ask("conversations.history", channel=channel, limit=PAGE, cursor=page)
        except Failure as failure:
            if page and getattr(failure, "slack_error", "") == "invalid_cursor":
                state["page"] = ""  # it ran out: begin again at the newest
                return
            raise
        messages = [m for m in answer.get("messages") or [] if isinstance(m, dict) and m.get("ts")]
        if not page:
            state["newest"] = max([str(m["ts"]) for m in messages], default=state.get("top", ""), key=seconds)
            state["floor"] = min([str(m["ts"]) for m in messages], default="", key=seconds)
        state["page"] = ""
        for message in messages:
            if seconds(message["ts"]) > seconds(goal) or state.get("top"):
                self.keep(channel, message)
                self.note_thread(state, message)
        # A page may hold fewer than were asked for, even none; only the cursor says that there is no more.
        reached = bool(messages) and min(seconds(m["ts"]) for m in messages) <= seconds(goal)
        state["page"] = "" if reached else next_page(answer)
        if not state["page"]:
            state["top"] = state.pop("newest", "") or goal
            state.pop("at", None)
        elif messages:
            state["at"] = min([str(m["ts"]) for m in messages], key=seconds)

    def note_thread(self, state: dict[str, Any], message: dict[str, Any]) -> None:
        """A thread that has answers newer than those we have is read later."""
        known = state.setdefault("threads", {})
        ts, latest = str(message["ts"]), str(message.get("latest_reply") or "")
        if message.get("reply_count") and seconds(latest) > seconds(known.get(ts, "")):
            state.setdefault("todo", []).append([ts, latest])

    def thread(self, channel: str, state: dict[str, Any]) -> None:
        """One page of the oldest waiting thread."""
        ts, noted = (str(one) for one in state["todo"][0])
        known, page = state.setdefault("threads", {}), str(state.get("thread_page") or "")
        oldest = known.get(ts, "")
        more = {"oldest": oldest} if oldest else {}
        try:
            answer = self.ask("conversations.replies", channel=channel, ts=ts, limit=PAGE, cursor=page, **more)
        except Failure as failure:
            if getattr(failure, "slack_error", "") not in ("thread_not_found", "invalid_cursor"):
                raise
            answer = {}  # deleted meanwhile
        replies = [m for m in answer.get("messages") or [] if isinstance(m, dict) and m.get("ts")]
        for message in replies:
            self.keep(channel, message)
        latest = max([str(m["ts"]) for m in replies], default=oldest or ts, key=seconds)
        state["thread_newest"] = max([latest, str(state.get("thread_newest") or "")], key=seconds)
        state["thread_page"] = next_page(answer)
        if not state["thread_page"]:
            known[ts] = max([state.pop("thread_newest"), noted], key=seconds)
            state["todo"] = state["todo"][1:]
            del state["thread_page"]
            floor = seconds(state.get("floor"))  # threads that began before the newest page are not looked at again
            state["threads"] = {one: latest for one, latest in known.items() if seconds(one) >= floor}

    # --- what is found

    def keep(self, channel: str, message: dict[str, Any]) -> None:
        """A message as a delivery. Another version of it (edited, reacted to) is another delivery."""
        version = [message.get(n) for n in ("ts", "edited", "reactions", "text", "subtype")]
        self.deliver(f"history:{channel}:{message['ts']}:{digest(version)}", "history", channel, message)
        user, unnamed = str(message.get("user") or ""), self.state.setdefault("unnamed", [])
        if user and user not in self.state.get("named", []) and user not in unnamed:
            unnamed.append(user)

    def name_some(self) -> None:
        """Who somebody is, asked once and delivered by itself, so that messages that came by hook get names too."""
        named, unnamed = list(self.state.get("named", [])), list(self.state.get("unnamed", []))
        for user in unnamed[:CALLS]:
            try:
                profile = self.ask("users.info", user=user).get("user")
            except Failure as failure:
                if getattr(failure, "slack_error", "") not in ("user_not_found", "user_not_visible", "missing_scope"):
                    raise
                profile = None
            if isinstance(profile, dict):
                self.deliver(f"profile:{user}:{digest(profile)}", "profile", "", profile)
            named.append(str(user))
        self.state |= {"named": named[-MOST_NAMES:], "unnamed": unnamed[CALLS:]}

    def deliver(self, key: str, kind: str, channel: str, event: Any) -> None:
        body = {"type": kind, "channel": channel, "us": self.us, "event": event}
        self.found[key[:80]] = Raw(json.dumps(body, ensure_ascii=False).encode(), {}, key[:80])


def progress_of(cursor: Mapping[str, Any], given: list[str], days: int) -> Progress | None:
    """How far back the first channel is that is not whole yet, and how many are."""
    channels = given[:MOST_CHANNELS] or [str(one) for one in cursor.get("listed") or []]
    states = cursor.get("channels") or {}
    unread = [one for one in channels if is_unread(states.get(one) or {})]
    if not unread or not cursor.get("us"):
        return None
    state = states.get(unread[0]) or {}
    now = time.time()
    goal = moment(state["top"]) if state.get("top") else moment(now - days * 86400)
    return Progress(
        f"channel {unread[0]}",
        done=len(channels) - len(unread),
        of=len(channels),
        unit="channel,channels",
        at=moment(state["at"]) if state.get("at") else None,
        start=moment(state.get("newest") or now),
        goal=goal,
    )


def is_unread(state: Mapping[str, Any]) -> bool:
    """Whether a channel was not looked through yet, or something of it waits; one that is closed to us waits for
    nothing."""
    return not state.get("closed") and (not state.get("top") or bool(state.get("page") or state.get("todo")))


def moment(ts: Any) -> datetime:
    return datetime.fromtimestamp(seconds(ts)[0], UTC)


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def next_page(answer: Mapping[str, Any]) -> str:
    found = answer.get("response_metadata")
    return str(found.get("next_cursor") or "") if isinstance(found, dict) else ""


def seconds(ts: Any) -> tuple[int, int]:
    """Slack's timestamps in order: seconds and the number after the point, exactly."""
    whole_part, _, rest = str(ts).partition(".")
    valid = whole_part.isdecimal() and (rest.isdecimal() or not rest)
    return (int(whole_part), int(rest.ljust(6, "0")[:6] or 0)) if valid else (0, 0)


def whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
