"""How far a channel is with what was said before, read from the cursor it goes on from. Nothing is asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["Progress", "open_walks"]

DEEPEST = 3  # levels of a cursor that are looked at
# What a cursor calls its lists, in words; `walk` and the like are the only one there is.
WORDS = {
    "notices": "notices",
    "chat": "direct messages",
    "direct": "direct messages",
    "messages": "private messages",
    "inbox": "the inbox",
    "sent": "sent messages",
    "own": "our own posts",
    "mentions": "mentions",
    "comments": "comments",
    "posts": "posts",
    "threads": "comments",
    "recommendations": "recommendations",
    "To": "messages to us",
    "From": "messages from us",
}
WAITING = ("page", "waiting", "gaps", "queue")  # names under which a cursor keeps what is still to be read


@dataclass(frozen=True, slots=True)
class Progress:
    """A back-fill at work. `what` is being read now; `done` of `of` parts (rooms, lists) are whole, 0 where there is
    one or their number is not known. `at` is how far it came in what is read now, `start` and `goal` between which
    times it goes, backwards or forwards; each None where that is not known."""

    what: str = ""
    done: int = 0
    of: int = 0
    unit: str = "list,lists"
    at: datetime | None = None
    start: datetime | None = None
    goal: datetime | None = None

    @property
    def share(self) -> float | None:
        """How much is done, from 0 to 1: by time within a part, by number over all parts. None where not known."""
        inner = None
        if self.at and self.start and self.goal and self.start != self.goal:
            inner = min(1.0, max(0.0, (self.at - self.start) / (self.goal - self.start)))
        if not self.of:
            return inner
        return min(1.0, (self.done + (inner or 0.0)) / self.of)


def open_walks(cursor: Mapping[str, Any]) -> Progress | None:
    """What a cursor of walks over pages still has to read: mappings with a next `page` (asking.Walk), things `waiting`
    (Meta's sweeps), `gaps` (Matrix) or a `queue` (YouTube). None where nothing is open."""
    found: dict[str, bool] = {}
    _look(cursor, "", found, DEEPEST)
    still = [WORDS.get(name, "") for name, is_open in found.items() if is_open]
    if not still:
        return None
    named = next((words for words in still if words), "")
    many = len(found) > 1 and len(found) > len(still)
    return Progress(named, done=len(found) - len(still) if many else 0, of=len(found) if many else 0)


def _look(value: Mapping[str, Any], name: str, found: dict[str, bool], depth: int) -> None:
    if any(key in value for key in WAITING):
        found[name] = any(bool(value.get(key)) for key in WAITING)
    if depth:
        for key, inner in list(value.items())[:500]:
            if isinstance(inner, Mapping):
                _look(inner, str(key), found, depth - 1)
