"""Mastodon's stream of notifications: told within a second that there is something to ask for.

What the stream says is never read for what it holds, only that it came: `fetch` then asks as ever, so that a lost
event costs half a minute and nothing else. One thread holds the connection, for as long as the channel is open;
where the server has no stream, refuses it, or breaks it off again and again, asking every half minute remains.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx

from crowdalogue import http
from crowdalogue.errors import Failure

__all__ = ["Listener", "stream_address"]

log = logging.getLogger(__name__)

PATH = "/api/v1/streaming/user/notification"
SILENCE = 90.0  # seconds without even a heartbeat (servers send one every 15) after which the connection is dead
LEAST = 5.0  # seconds between two times that news are told: a storm of them must not become a storm of calls
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # between attempts to connect
REFUSED_PAUSE = 3600.0  # where the server says that it will not
STEADY = 60.0  # a connection that stood so long was a good one
LONGEST_LINE = 256  # characters of a line that are kept: only its beginning is looked at


def stream_address(server: str, instance: Mapping[str, object]) -> str:
    """Where the stream is, by what the server says of itself (wss:// is the same place for https://)."""
    found: object = instance
    for name in ("configuration", "urls", "streaming"):
        found = found.get(name) if isinstance(found, Mapping) else None
    if not found:  # before 4.0
        urls = instance.get("urls")
        found = urls.get("streaming_api") if isinstance(urls, Mapping) else None
    said = str(found or server).strip().rstrip("/")
    for theirs, ours in (("wss://", "https://"), ("ws://", "http://")):
        if said.startswith(theirs):
            said = ours + said.removeprefix(theirs)
    return (said if urlsplit(said).scheme in ("https", "http") and urlsplit(said).hostname else server) + PATH


class Listener:
    """Listens in a thread of its own from the first `wait` on, until `close`."""

    def __init__(self, address: str, token: str, *, trusted: bool) -> None:
        """`trusted`: the address is on the server that an administrator typed; else it must be a public one."""
        self.address, self.trusted = address, trusted
        self.headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
        self.news = threading.Event()
        self.over = threading.Event()
        self.told_at = 0.0
        self.thread: threading.Thread | None = None

    def wait(self, seconds: float) -> Iterator[None]:
        """Yield when something came; return after about `seconds`."""
        if self.thread is None:
            self.thread = threading.Thread(target=self.run, name="mastodon stream", daemon=True)
            self.thread.start()
        if not self.news.wait(seconds):
            return
        self.over.wait(max(0.0, min(LEAST, self.told_at + LEAST - time.monotonic())))
        self.told_at = time.monotonic()
        self.news.clear()
        yield

    def close(self) -> None:
        """The thread ends with the next line, at the latest after `SILENCE`."""
        self.over.set()

    def run(self) -> None:
        pause = FIRST_PAUSE
        while not self.over.is_set():
            began = time.monotonic()
            refused = False
            try:
                refused = self.listen()
            except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, Failure, OSError) as error:
                log.info("the stream of %s ended (%s)", urlsplit(self.address).hostname, type(error).__name__)
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY else min(LONGEST_PAUSE, 2 * pause)
            self.over.wait(REFUSED_PAUSE if refused else pause)

    def listen(self) -> bool:
        """Hold one connection until it ends. Whether the server refused it."""
        client = http.client_for(http.reach_of(self.trusted))
        patience = httpx.Timeout(20.0, read=SILENCE)
        with client.stream("GET", self.address, headers=self.headers, timeout=patience) as response:
            kind = response.headers.get("content-type", "")
            if response.status_code != 200 or not kind.startswith("text/event-stream"):
                log.info("%s offers no stream (%s)", urlsplit(self.address).hostname, response.status_code)
                return response.status_code < 500 and response.status_code != 429
            self.news.set()  # what came before the connection stood is asked for once
            for line in lines(response.iter_text()):
                if self.over.is_set():
                    break
                if line.startswith("event:"):
                    self.news.set()
        return False


def lines(pieces: Iterator[str]) -> Iterator[str]:
    """The lines of a stream, each only as far as its beginning: nothing that is sent can fill the memory."""
    kept = ""
    for piece in pieces:
        *whole, rest = (kept + piece).split("\n")
        yield from (line[:LONGEST_LINE] for line in whole)
        kept = rest[:LONGEST_LINE]
