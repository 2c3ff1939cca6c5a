"""Our calls to Slack and Discord against their own OpenAPI files, served by Prism, which refuses what they forbid.

The files go beside the others (see prism.py): slackapi/slack-api-specs, web-api/slack_web_openapi_v2.json, as
slack.json; discord/discord-api-spec, specs/openapi.json, as discord.json. Slack's file is of 2020: it wants the
token as a parameter where Slack takes it in the Authorization header, and does not know how files are brought now.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from crowdalogue.channels.base import Attachment, Author, Outgoing, SendError
from crowdalogue.channels.discord import Discord
from crowdalogue.channels.slack import Slack
from crowdalogue.channels.slack_calls import SlackCalls
from tests.peers import prism

pytestmark = pytest.mark.peers

SLACK = (
    "/auth.test", "/chat.postMessage", "/conversations.history", "/conversations.replies", "/conversations.open",
    "/conversations.info", "/users.conversations", "/users.info", "/reactions.add", "/reactions.remove", "/files.info",
)  # fmt: skip
MESSAGES = "/channels/{channel_id}/messages"
DISCORD = (
    MESSAGES, f"{MESSAGES}/{{message_id}}", f"{MESSAGES}/{{message_id}}/reactions/{{emoji_name}}",
    f"{MESSAGES}/{{message_id}}/reactions/{{emoji_name}}/@me", "/channels/{channel_id}", "/users/@me",
    "/users/@me/channels", "/applications/@me", "/guilds/{guild_id}/channels", "/guilds/{guild_id}/threads/active",
    "/guilds/{guild_id}/bans/{user_id}",
)  # fmt: skip


def served(name: str, folder: Path, change: Callable[[dict[str, Any]], None], paths: tuple[str, ...]) -> Iterator[str]:
    """The provider's file with one thing changed, at an address of ours."""
    if why := prism.missing(name):
        pytest.skip(why)
    whole = json.loads(prism.file_of(name).read_text())
    change(whole)
    (folder / name).write_text(json.dumps(whole))
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PEERS_FILES", str(folder))
            url = stack.enter_context(prism.serving(name, *paths))
        yield url


def token_in_the_header(whole: dict[str, Any]) -> None:
    for path in whole["paths"].values():
        for call in path.values():
            call["parameters"] = [p for p in call.get("parameters", []) if p["name"] != "token"]


def ids_are_numbers(whole: dict[str, Any]) -> None:
    """Else Prism makes up the answer "string" for an id, and refuses it when we ask with it."""
    whole["components"]["schemas"]["SnowflakeType"]["examples"] = ["100"]


@pytest.fixture(scope="module")
def slack_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served("slack.json", tmp_path_factory.mktemp("slack"), token_in_the_header, SLACK)


@pytest.fixture(scope="module")
def discord_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from served("discord.json", tmp_path_factory.mktemp("discord"), ids_are_numbers, DISCORD)


@pytest.fixture
def slack(slack_address: str) -> Slack:
    return Slack({"token": "xoxb-tests", "server": slack_address, "days": 30})


@pytest.fixture
def discord(discord_address: str) -> Discord:
    return Discord({"token": "tests", "server": discord_address, "channels": "100", "days": 30})


def out(**more: Any) -> Outgoing:
    usual: dict[str, Any] = {"key": "k" * 12, "to": Author("U1"), "text": "It comes tomorrow."}
    return Outgoing(**usual | more)


# --- the peers themselves refuse, or what follows would prove nothing


def test_prism_refuses_what_slacks_file_does_not_allow(slack_address: str) -> None:
    key = {"authorization": "Bearer x"}
    assert httpx.post(f"{slack_address}/chat.postMessage", data={"text": "Hi"}, headers=key).status_code == 422
    assert httpx.get(f"{slack_address}/conversations.history?limit=many", headers=key).status_code == 422


def test_prism_refuses_what_discords_file_does_not_allow(discord_address: str) -> None:
    key = {"authorization": "Bot x"}
    place = f"{discord_address}/channels/100/messages"
    assert httpx.post(place, json={"content": 5}, headers=key).status_code == 422
    assert httpx.post(place, json={"nonce": "n" * 26}, headers=key).status_code == 422
    assert httpx.get(f"{place}?limit=101", headers=key).status_code == 422
    assert httpx.get(place).status_code == 401


# --- Slack


def test_slack_takes_an_answer_in_a_thread(slack: Slack) -> None:
    about = {"channel": "C0CARE", "ts": "1770000001.000100"}
    assert slack.send(out(about=about)).external_id
    assert slack.send(out(about={"channel": "D01", "ts": "1.1", "direct": True})).external_id


def test_slack_opens_a_direct_message(slack: Slack) -> None:
    try:
        slack.send(out(mode="direct"))
    except SendError as failure:  # the example of the file says {"ok": true} or holds another channel
        assert "number" in failure.text


def test_slack_takes_likes(slack: Slack) -> None:
    slack.act("like", "C0CARE:1770000001.000100", {})
    slack.act("unlike", "C0CARE:1770000001.000100", {})


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("auth.test", {}),
        ("users.conversations", {"types": "public_channel,im", "exclude_archived": "true", "limit": 200}),
        ("conversations.history", {"channel": "C0CARE", "limit": 100, "cursor": "bmV4dA=="}),
        ("conversations.replies", {"channel": "C0CARE", "ts": "1770000001.000100", "limit": 100, "oldest": "1.1"}),
        ("conversations.info", {"channel": "C0CARE"}),
        ("users.info", {"user": "U1"}),
        ("files.info", {"file": "F1"}),
    ],
)
def test_slack_takes_our_questions(slack_address: str, method: str, asked: dict[str, Any]) -> None:
    assert SlackCalls(slack_address, "xoxb-tests").read(method, **asked)["ok"] is True


def test_slack_is_walked_through(slack: Slack) -> None:
    """The examples of the file repeat themselves; what counts is that every call is allowed and each answer read."""
    fetched = slack.fetch({})
    for raw in fetched.deliveries:
        assert slack.parse(raw)


# --- Discord


def test_discord_takes_an_answer(discord: Discord) -> None:
    about = {"channel_id": "100", "guild_id": "7"}
    assert discord.send(out(about=about, answers="1001")).external_id
    bill = Attachment("bill.pdf", "application/pdf", b"%PDF")
    assert discord.send(out(about=about, answers="1001", attachments=(bill,))).external_id


def test_discord_opens_a_direct_channel(discord: Discord) -> None:
    assert discord.send(out(to=Author("80000000000000001"), mode="direct")).external_id


def test_discord_takes_our_deeds(discord: Discord) -> None:
    about = {"channel_id": "100", "guild_id": "7", "from_id": "80000000000000001"}
    for deed in discord.deeds:
        discord.act(deed, "1001", about)


def test_discord_takes_our_questions(discord: Discord) -> None:
    fetched = discord.fetch({})
    assert fetched.cursor["rooms"]
    for raw in fetched.deliveries:
        assert discord.parse(raw)
    discord._read("GET", "/guilds/7/channels")
    discord._read("GET", "/applications/@me")
    discord._read("GET", "/channels/100/messages/1001")
