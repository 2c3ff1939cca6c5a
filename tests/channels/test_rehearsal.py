"""Channels of the demo company: as the real ones, with their ways out closed."""

from __future__ import annotations

import pytest

from crowdalogue.channels import channel_kinds, open_channel
from crowdalogue.channels.base import Author, Outgoing
from crowdalogue.channels.rehearsal import rehearse


@pytest.mark.parametrize("kind", [*sorted(channel_kinds()), "webchat", "social"])
def test_nothing_leaves_and_names_stay(kind: str) -> None:
    real = open_channel(kind)
    channel = rehearse(real)
    assert (channel.kind, channel.label, channel.handles) == (real.kind, real.label, real.handles)
    assert channel.normalise(" +1 (555) 010-0199 ") == real.normalise(" +1 (555) 010-0199 ")
    assert not channel.polls
    assert channel.fetch({"uid": 7}).cursor == {"uid": 7}
    assert list(channel.wait({}, 5)) == []
    assert channel.replies == (kind not in ("phone", "store"))
    sent = channel.send(Outgoing(key="key-12345678", to=Author("anna@example.com"), text="Hello"))
    assert sent.external_id
    channel.check()


def test_the_real_channel_is_left_as_it_was() -> None:
    rehearse(open_channel("email"))
    assert type(open_channel("email")).__name__ == "Email"
    assert channel_kinds()["email"].polls
