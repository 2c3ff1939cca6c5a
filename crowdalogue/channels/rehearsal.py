"""A channel of the demo company: reads and names things as the real one does, and sends nothing anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crowdalogue.channels.base import Channel, Fetched, Outgoing, Sent

BY_HAND = ("phone", "store")  # answered by speaking, with us as with anybody


def rehearse(channel: Channel) -> Channel:
    """The same channel with its ways out closed: an answer counts as sent, and nobody gets it."""
    real = type(channel)
    if real not in _made:
        _made[real] = _class(real)
    return _made[real](channel.settings)


_made: dict[type[Channel], type[Channel]] = {}


def _class(real: type[Channel]) -> type[Channel]:
    def fetch(self: Channel, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        return Fetched((), dict(cursor))

    def wait(self: Channel, cursor: Mapping[str, Any], seconds: float) -> Iterator[None]:
        return iter(())

    def send(self: Channel, outgoing: Outgoing) -> Sent:
        return Sent(external_id=self.identify(outgoing.key) or f"demo:{outgoing.key}", provider_id="demo")

    def check(self: Channel) -> None:
        return None

    def act(self: Channel, deed: str, target: str, about: Mapping[str, Any]) -> None:
        return None

    def answerable(self: Channel) -> bool:
        return real.kind not in BY_HAND

    closed = {
        "fetch": fetch,
        "wait": wait,
        "send": send,
        "check": check,
        "act": act,
        "answerable": answerable,
        "polls": False,
        "receives_hooks": False,
        "fetches_files": False,  # nobody comes to fetch them
        "replies": real.kind not in BY_HAND,
    }
    return type(f"Rehearsed{real.__name__}", (real,), closed)
