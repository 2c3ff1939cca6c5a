"""Calls to a personal data server of the AT protocol: sessions kept in memory, renewed when they end."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from crowdalogue import http
from crowdalogue.channels.payload import load_object, word
from crowdalogue.errors import Failure

__all__ = ["Client", "forget_sessions", "reason", "record_key"]

MOST = 500  # sessions kept; servers allow few sign-ins a day, so every part of the program shares them
LETTERS = "234567abcdefghijklmnopqrstuvwxyz"  # of record keys, in their order
CHAT = "did:web:api.bsky.chat#bsky_chat"
REMEDY = "Make a new app password on Bluesky (Settings, Privacy and security, App passwords) and enter it."


@dataclass(frozen=True, slots=True)
class Session:
    did: str
    handle: str
    access: str
    refresh: str


_lock = threading.Lock()
_sessions: dict[str, Session] = {}


def forget_sessions() -> None:
    """Forget every session, as a restart does."""
    with _lock:
        _sessions.clear()


def reason(failure: http.CallFailed) -> tuple[str, str]:
    """The error's name and the server's own words; empty where it says none."""
    try:
        body = load_object(failure.response.content) if failure.response is not None else {}
        return word(body, "error"), word(body, "message")[:200]
    except Failure:
        return "", ""


def record_key(name: str, at: datetime | None = None) -> str:
    """A record key of 13 letters made of a name: the time it is for, then a digest, so that a retry has the same."""
    digest = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    second = int((at or datetime(2023, 1, 1, tzinfo=UTC)).timestamp())
    # Microseconds since 1970 and ten bits that tell clocks apart: here both come from the digest below the second.
    value = ((second * 1_000_000 + digest % 1_000_000) << 10) | (digest // 1_000_000) % 1024
    if at is None:
        value += (digest >> 30) % 2**33 << 20  # without a time more of the digest, spread over months
    return "".join(LETTERS[value >> shift & 31] for shift in range(60, -5, -5))


class Client:
    """One account at one server. Raises `http.CallFailed`, and `Failure` where signing in fails."""

    def __init__(self, service: str, identifier: str, password: str) -> None:
        self.service = service.strip().rstrip("/")
        self.identifier = identifier.strip().removeprefix("@")
        self.password = password.strip()
        self.name = hashlib.sha256("\0".join((self.service, self.identifier, self.password)).encode()).hexdigest()

    @property
    def did(self) -> str:
        """Who we are: an account's name that never changes."""
        return self.session().did

    def get(self, name: str, params: Mapping[str, Any] | None = None, *, chat: bool = False) -> dict[str, Any]:
        given = {k: v for k, v in (params or {}).items() if v not in (None, "")}
        return load_object(self.call("GET", name, params=given, chat=chat).content)

    def post(self, name: str, body: Mapping[str, Any], *, again: bool = True, chat: bool = False) -> dict[str, Any]:
        """`again`: repeating it changes nothing more."""
        content = self.call("POST", name, json=dict(body), idempotent=again, chat=chat).content
        return load_object(content) if content else {}

    def call(
        self, method: str, name: str, *, chat: bool = False, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        named = dict(headers or {}) | ({"atproto-proxy": CHAT} if chat else {})
        session = self.session()
        try:
            return self.request(method, name, session.access, named, **more)
        except http.CallFailed as failure:
            # An access token lives two hours; that it ended is said with 400 or 401.
            if failure.status not in (400, 401) or reason(failure)[0] != "ExpiredToken":
                raise
        return self.request(method, name, self.session(instead_of=session).access, named, **more)

    def request(
        self, method: str, name: str, token: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        named = dict(headers or {}) | ({"authorization": f"Bearer {token}"} if token else {})
        return http.request(method, f"{self.service}/xrpc/{name}", headers=named, trusted=True, **more)

    # --- sessions

    def session(self, instead_of: Session | None = None) -> Session:
        with _lock:
            known = _sessions.get(self.name)
        if known is not None and known is not instead_of:
            return known
        made = (self.renewed(known) if known is not None else None) or self.signed_in()
        with _lock:
            if len(_sessions) >= MOST:
                _sessions.clear()
            _sessions[self.name] = made
        return made

    def signed_in(self) -> Session:
        body = {"identifier": self.identifier, "password": self.password}
        try:
            answer = self.request("POST", "com.atproto.server.createSession", "", json=body, idempotent=True)
        except http.CallFailed as failure:
            if failure.status not in (400, 401, 403):
                raise
            raise Failure(self.refused(*reason(failure))) from failure
        return self.read(answer)

    def refused(self, error: str, said: str) -> str:
        host = urlsplit(self.service).hostname
        if error == "AuthFactorTokenRequired":
            return f"{host} asks for a second factor: this is the account's own password. {REMEDY}"
        if error in ("AccountTakedown", "AccountDeactivated", "AccountSuspended"):
            return f"{host} says that the account is closed or suspended. Sign in there to see why."
        return f"{host} did not accept the handle and app password{f' ({said})' if said else ''}. {REMEDY}"

    def renewed(self, session: Session) -> Session | None:
        """A new session out of the old one's refresh token, good for some weeks; None where that ended as well."""
        try:
            answer = self.request("POST", "com.atproto.server.refreshSession", session.refresh)
        except http.CallFailed as failure:
            if failure.status in (400, 401, 403):
                return None
            raise
        return self.read(answer)

    @staticmethod
    def read(answer: httpx.Response) -> Session:
        body = load_object(answer.content)
        return Session(
            did=word(body, "did", needed=True),
            handle=word(body, "handle"),
            access=word(body, "accessJwt", needed=True),
            refresh=word(body, "refreshJwt", needed=True),
        )
