"""Calls to Slack's Web API: refusals in words, files, scopes."""

from __future__ import annotations

from typing import Any

import pytest

from crowdalogue.channels.base import SendError
from crowdalogue.channels.slack_calls import NEEDED, SlackCalls
from crowdalogue.errors import Failure
from tests.outside import Outside, says


@pytest.fixture
def calls() -> SlackCalls:
    return SlackCalls("", "xoxb-tests")


@pytest.mark.parametrize(
    ("answer", "says_what", "permanent", "uncertain"),
    [
        ({"error": "invalid_auth"}, "does not accept the bot token", True, False),
        ({"error": "token_revoked"}, r"token was revoked.*api\.slack\.com/apps", True, False),
        ({"error": "not_in_channel"}, "/invite", True, False),
        ({"error": "channel_not_found"}, "Invite the app", True, False),
        ({"error": "missing_scope", "needed": "chat:write"}, "lacks the scope chat:write", True, False),
        ({"error": "ratelimited"}, "fewer calls", False, False),
        ({"error": "internal_error"}, "trouble of its own", False, True),
        ({"error": "brand_new_reason"}, "refused: brand_new_reason", True, False),
    ],
)
def test_refusals_in_words(
    calls: SlackCalls, outside: Outside, answer: dict[str, Any], says_what: str, permanent: bool, uncertain: bool
) -> None:
    outside.always(says({"ok": False, **answer}))
    with pytest.raises(SendError, match=says_what) as caught:
        calls.post("chat.postMessage", {})
    assert (caught.value.permanent, caught.value.uncertain) == (permanent, uncertain)
    with pytest.raises(Failure, match=says_what):
        calls.read("conversations.history")


def test_missing_scopes_are_named(calls: SlackCalls, outside: Outside) -> None:
    outside.on("GET", "/auth.test", says({"ok": True}, X_OAuth_Scopes=",".join(NEEDED)))
    calls.check()
    outside.on("GET", "/auth.test", says({"ok": True}, X_OAuth_Scopes="chat:write,users:read"))
    with pytest.raises(Failure, match="lacks the scopes channels:history"):
        calls.check()
    with pytest.raises(Failure, match="token is missing"):
        SlackCalls("", "").check()


def test_a_channel_the_app_was_not_invited_to_is_named(calls: SlackCalls, outside: Outside) -> None:
    outside.on("GET", "/auth.test", says({"ok": True}, X_OAuth_Scopes=",".join(NEEDED)))
    outside.on("GET", "channel=C1", says({"ok": True, "channel": {"id": "C1", "name": "help", "is_member": True}}))
    outside.on("GET", "channel=D1", says({"ok": True, "channel": {"id": "D1", "is_im": True}}))
    calls.check(["C1", "D1"])
    outside.on("GET", "channel=C2", says({"ok": True, "channel": {"id": "C2", "name": "news", "is_member": False}}))
    with pytest.raises(Failure, match="not a member of news"):
        calls.check(["C1", "C2"])


def test_files_come_from_slack_only(calls: SlackCalls, outside: Outside) -> None:
    outside.on("GET", "files.slack.com/1", says(b"\x89PNG", Content_Type="image/png"))
    assert calls.download("https://files.slack.com/1") == b"\x89PNG"
    assert outside.calls[-1].headers["authorization"] == "Bearer xoxb-tests"
    outside.on("GET", "/files.info", says({"ok": True, "file": {"url_private": "https://files.slack.com/1"}}))
    assert calls.download("slack:F1") == b"\x89PNG"
    for stranger in (
        "https://example.com/1",
        "https://slack.com.example.com/1",
        "http://files.slack.com/1",
        "file:///x",
    ):
        with pytest.raises(Failure, match="not at Slack"):
            calls.download(stranger)
    outside.on("GET", "files.slack.com/1", says("<html>Sign in</html>", Content_Type="text/html; charset=utf-8"))
    with pytest.raises(Failure, match="files:read"):
        calls.download("https://files.slack.com/1")
