"""The stream of notifications, from a real HTTP server on this machine that speaks as Mastodon's does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels import mastodon_stream
from crowdalogue.channels.mastodon import Mastodon
from crowdalogue.channels.mastodon_stream import LONGEST_LINE, PATH, Listener, lines, stream_address
from tests.servers import wait_until

EVENT = b'event: notification\ndata: {"id":"4","type":"mention"}\n\n'


class Server:
    """Answers the stream as told, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.status, self.kind = 200, "text/event-stream"
        self.send = threading.Event()
        self.drop = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.path, self.headers.get("authorization", "")))
                self.send_response(server.status if self.path == PATH else 404)
                self.send_header("content-type", server.kind)
                self.end_headers()
                if server.status != 200 or self.path != PATH:
                    return
                while not server.drop.is_set():
                    self.wfile.write(EVENT if server.send.is_set() else b":thump\n")
                    server.send.clear()
                    self.wfile.flush()
                    time.sleep(0.02)

            def log_message(self, *args: Any) -> None:
                return

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(mastodon_stream, "LEAST", 0.05)
    monkeypatch.setattr(mastodon_stream, "FIRST_PAUSE", 0.05)
    made = Server()
    yield made
    made.drop.set()
    made.http.shutdown()
    made.http.server_close()


def told(wait: Callable[[float], Iterator[None]], seconds: float = 10) -> bool:
    return any(True for _ in wait(seconds))


def test_news_are_told_as_they_come_and_heartbeats_are_no_news(server: Server) -> None:
    channel = Mastodon({"server": server.url, "token": "a-token"})
    try:
        assert told(lambda s: channel.wait({}, s)), "once it stands, what came before is asked for"
        assert server.asked[-1] == (PATH, "Bearer a-token")
        assert not told(lambda s: channel.wait({}, s), 0.3)
        server.send.set()
        began = time.monotonic()
        assert told(lambda s: channel.wait({}, s))
        assert time.monotonic() - began < 5
        assert sum(path == PATH for path, _ in server.asked) == 1, "one connection for all waits"
    finally:
        channel.close()


def test_a_lost_connection_is_made_again(server: Server) -> None:
    listener = Listener(server.url + PATH, "t", trusted=True)
    try:
        assert told(listener.wait)
        server.drop.set()
        wait_until(lambda: len(server.asked) > 1, 20, "it connects again")
        server.drop.clear()
        assert told(listener.wait)
    finally:
        listener.close()


@pytest.mark.parametrize(("status", "kind"), [(401, "text/event-stream"), (404, "text/plain"), (200, "text/html")])
def test_a_server_without_a_stream_is_left_alone_and_asked_as_before(server: Server, status: int, kind: str) -> None:
    server.status, server.kind = status, kind
    server.drop.set()
    listener = Listener(server.url + PATH, "t", trusted=True)
    assert not told(listener.wait, 0.5)
    assert len(server.asked) == 1
    listener.close()


def test_a_busy_server_is_asked_again_later(server: Server) -> None:
    server.status = 503
    listener = Listener(server.url + PATH, "t", trusted=True)
    assert not told(listener.wait, 0.1)
    wait_until(lambda: len(server.asked) >= 3, 20, "it tries again")
    listener.close()


def test_a_stream_elsewhere_must_be_a_public_address(server: Server) -> None:
    listener = Listener(server.url + PATH, "t", trusted=False)
    assert not told(listener.wait, 0.5)
    assert server.asked == [], "the token is not handed to what stands inside the network"
    listener.close()


@pytest.mark.parametrize(
    ("instance", "found"),
    [
        ({"configuration": {"urls": {"streaming": "wss://stream.example.com"}}}, "https://stream.example.com"),
        ({"urls": {"streaming_api": "wss://old.example.com/"}}, "https://old.example.com"),
        ({}, "https://example.com"),
        ({"configuration": {"urls": {"streaming": "file:///etc/passwd"}}}, "https://example.com"),
        ({"configuration": []}, "https://example.com"),
    ],
)
def test_where_the_stream_is(instance: dict[str, Any], found: str) -> None:
    assert stream_address("https://example.com", instance) == found + PATH


@given(st.lists(st.text(alphabet="ab:\n", max_size=40)))
def test_lines_are_whole_however_they_are_cut(pieces: list[str]) -> None:
    assert list(lines(iter(pieces))) == "".join(pieces).split("\n")[:-1]


def test_an_endless_line_fills_nothing() -> None:
    assert list(lines(iter(["x" * 10_000, "y" * 10_000 + "\n"]))) == [("x" * LONGEST_LINE + "y" * 9_999)[:LONGEST_LINE]]
