"""Telegram's channel against telegram-test-api: asked, answered, told by webhook, refused."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from crowdalogue.channels.base import Author, Incoming, Interaction, Outgoing, Raw, SendError
from crowdalogue.channels.telegram import Telegram
from crowdalogue.errors import Failure
from tests.peers import telegram

pytestmark = pytest.mark.peers

TOKEN = "700:AAtests"
ROBIN = {"id": 555001, "first_name": "Robin", "username": "robinv", "is_bot": False}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if why := telegram.missing():
        pytest.skip(why)
    with telegram.serving() as address:
        yield address


@pytest.fixture
def bot(server: str) -> Telegram:
    return Telegram({"token": TOKEN, "secret": "s" * 32, "server": server})


def writes(server: str, text: str, what: str = "sendMessage", **more: Any) -> None:
    """What a person does in their own program."""
    chat = {"id": 555001, "type": "private", "first_name": "Robin"}
    message = {"botToken": TOKEN, "from": ROBIN, "chat": chat, "date": int(time.time()), "text": text, **more}
    httpx.post(f"{server}/{what}", json=message).raise_for_status()


@contextmanager
def listening() -> Iterator[tuple[str, queue.Queue[bytes]]]:
    heard: queue.Queue[bytes] = queue.Queue()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.put(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}/", heard
    finally:
        http.shutdown()
        http.server_close()


def test_a_message_is_asked_for_and_answered(bot: Telegram, server: str) -> None:
    writes(server, "Where is my kettle? 🙂")
    fetched = bot.fetch({})
    (item,) = [i for raw in fetched.deliveries for i in bot.parse(raw)]
    assert isinstance(item, Incoming)
    assert item.text == "Where is my kettle? 🙂"
    assert item.author.address == "555001"
    out = Outgoing("k" * 12, item.author, "It comes tomorrow.", answers=item.external_id, about=item.extra)
    sent = bot.send(out)
    seen = httpx.post(f"{server}/getUpdates", json={"token": TOKEN, "chatId": 555001}).json()["result"]
    assert [m["message"]["text"] for m in seen] == ["It comes tomorrow."]
    assert sent.external_id.startswith("555001:")
    assert bot.fetch(fetched.cursor).deliveries == ()


def test_by_webhook_the_same_shapes_come(bot: Telegram, server: str) -> None:
    with listening() as (address, heard):
        httpx.post(f"{server}/bot{TOKEN}/setWebhook", json={"url": address}).raise_for_status()
        writes(server, "By hook")
        press = {"message": {"message_id": 1, "chat": {"id": 555001, "type": "private"}}, "data": "yes"}
        writes(server, "", "sendCallback", **press)
        items = [i for _ in range(2) for i in bot.parse(Raw(heard.get(timeout=10)))]
        httpx.post(f"{server}/bot{TOKEN}/deleteWebhook").raise_for_status()
    message, pressed = items
    assert isinstance(message, Incoming) and message.text == "By hook"
    assert message.threads == ("chat:555001",)
    assert isinstance(pressed, Interaction) and pressed.target == "555001:1"


def test_what_it_does_not_know_is_said(bot: Telegram) -> None:
    with pytest.raises(SendError) as caught:
        bot.act("delete", "555001:987654", {})
    assert "found" in caught.value.text
    with pytest.raises(Failure):
        bot.download("telegram:none")  # getFile is not among its methods


def test_an_answer_to_nobody_in_particular(bot: Telegram) -> None:
    assert bot.send(Outgoing("k" * 12, Author("555002"), "Hello")).external_id.startswith("555002:")
