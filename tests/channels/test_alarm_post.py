"""A signed body is posted under its key, and what went wrong is said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crowdalogue.channels.alarm_post import post
from crowdalogue.channels.base import Raw
from crowdalogue.channels.webhook import Webhook
from crowdalogue.errors import SendError
from tests.outside import Outside, says


def test_it_is_signed_as_our_own_webhook_reads_it(outside: Outside) -> None:
    outside.on("POST", "chat.example.com/in", says({}))
    post("https://chat.example.com/in", b'{"text": "up"}', secret="s" * 43, key="alarm-1-2")
    (call,) = outside.calls
    assert call.headers["idempotency-key"] == "alarm-1-2"
    Webhook({"proof": "signature", "secret": "s" * 43}).verify(Raw(call.body, call.headers), datetime.now(UTC))


def test_a_refusal_is_worded_and_final(outside: Outside) -> None:
    outside.on("POST", "chat.example.com/in", says(status=404))
    with pytest.raises(SendError) as failure:
        post("https://chat.example.com/in", b"{}", secret="", key="k")
    assert failure.value.permanent
