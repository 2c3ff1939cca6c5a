"""What a channel's test file tells the shared test (test_every_channel.py) about its provider.

Each tests/channels/test_<kind>.py has `PEER`, an object of a subclass of `Peer` that speaks the provider's dialect:
it makes genuine deliveries out of `Said`, and programs the outside network. Leave a method out only where the
provider has no such thing; the shared test then leaves out what needs it, by what the channel's class says it can do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from crowdalogue.channels import open_channel
from crowdalogue.channels.base import Channel, Raw
from tests.outside import Outside


@dataclass(frozen=True)
class Said:
    """One customer message as the shared test thinks of it; `n` is its number and makes the provider's id."""

    n: int
    text: str
    at: datetime
    author: int = 1  # which customer
    parent: int | None = None  # `n` of the message it answers
    edited_at: datetime | None = None


class Peer:
    """Speaks for one provider. Everything is pure but `serve`, `accept` and `welcome`, which program the outside."""

    kind: ClassVar[str]
    settings: ClassVar[Mapping[str, Any]] = {}
    signed: ClassVar[bool] = True  # a delivery by hook proves itself by a signature or secret
    stamped: ClassVar[bool] = False  # the signature covers a time, so an old one is refused
    threads: ClassVar[bool] = True  # a message can answer another by its id

    def channel(self) -> Channel:
        return open_channel(self.kind, self.settings)

    # --- by hook

    def sign(self, body: bytes, now: datetime) -> Raw:
        """Any body as a genuine delivery at `now`."""
        raise NotImplementedError

    def deliver(self, said: Sequence[Said], now: datetime) -> list[Raw]:
        """These messages as genuine deliveries: as few as the provider would send."""
        raise NotImplementedError

    def unknown(self, now: datetime) -> Raw | None:
        """A genuine delivery of a kind the channel does not know."""
        return None

    def removed(self, said: Said, now: datetime) -> Raw | None:
        """The delivery that says that the message was taken back."""
        return None

    def tamper(self, raw: Raw) -> Raw:
        """The same delivery with its proof spoiled."""
        spoiled = {
            name: value if name in ("content-type", "host") else value[:-1] + ("0" if value[-1:] != "0" else "1")
            for name, value in raw.headers.items()
        }
        return replace(raw, headers=spoiled)

    def strip(self, raw: Raw) -> Raw:
        """The same delivery without any proof."""
        return replace(raw, headers={k: v for k, v in raw.headers.items() if k == "content-type"}, url="")

    # --- by asking

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        """From now on the provider has exactly these messages, whatever cursor it is asked with."""
        raise NotImplementedError

    # --- answers

    def answering(self, said: Said) -> Mapping[str, Any]:
        """What differs from the usual in the answer to this message, as arguments of `Outgoing`."""
        return {}

    def accept(self, outside: Outside) -> None:
        """From now on the provider takes answers."""
        raise NotImplementedError

    # --- names

    def id_of(self, said: Said) -> str:
        """The external id this message must get, by every door."""
        raise NotImplementedError
