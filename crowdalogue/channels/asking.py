"""What channels that are asked share: access tokens kept in memory, and walks from the newest item back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from crowdalogue import http
from crowdalogue.channels.base import NotUnderstood, Raw, SendError
from crowdalogue.channels.jsonbody import take
from crowdalogue.channels.picking import body_of, digest, whole, words
from crowdalogue.errors import Failure

__all__ = [
    "Walk",
    "ask",
    "fault",
    "forget_tokens",
    "grant",
    "is_stale",
    "json_of",
    "kept",
    "listed",
    "looked",
    "not_sent",
    "reason_of",
    "refuse_fault",
    "resting",
]

MAX_TOKENS = 1000
FAILED = "x-failed"  # a header of deliveries that say what could not be asked
EARLY = 60.0  # seconds before its end that a token counts as over

_lock = threading.Lock()
_tokens: dict[str, tuple[str, float]] = {}  # digest of the credentials -> token, monotonic end


# ---------------------------------------------------------------- tokens


def kept(credentials: Sequence[str], make: Callable[[], tuple[str, float]], *, fresh: bool = False) -> str:
    """The token of these credentials, made (with its seconds to live) when there is none or `fresh` is asked for."""
    name = digest("\0".join(credentials))
    with _lock:
        token, end = _tokens.get(name, ("", 0.0))
    if token and not fresh and time.monotonic() < end:
        return token
    token, seconds = make()
    with _lock:
        if len(_tokens) >= MAX_TOKENS:
            _tokens.clear()
        _tokens[name] = (token, time.monotonic() + max(0.0, seconds - EARLY))
    return token


def forget_tokens() -> None:
    """Forget every token, as a restart does."""
    with _lock:
        _tokens.clear()


def grant(url: str, form: Mapping[str, str], remedy: str, **more: Any) -> tuple[str, float]:
    """A token from an OAuth token address. `remedy` says what to enter anew where the grant was refused."""
    try:
        answer = json_of(http.request("POST", url, data=dict(form), idempotent=True, **more))
    except http.CallFailed as failure:
        if failure.status in (400, 401, 403):
            said = reason_of(failure)
            raise Failure(f"The token was not renewed{f' ({said})' if said else ''}. {remedy}") from failure
        raise
    token = words(answer, "access_token")
    if not token:  # some refuse with 200
        said = words(answer, "error")[:80]
        raise Failure(f"The token was not renewed{f' ({said})' if said else ''}. {remedy}")
    return token, float(whole(answer, "expires_in") or 3600)


def reason_of(failure: http.CallFailed) -> str:
    """What a provider's JSON names as the reason, in its own short word; empty where it names none."""
    if failure.response is None:
        return ""
    try:
        body = failure.response.json()
    except ValueError:
        return ""
    for path in ("error.errors.0.reason", "error.status", "error", "reason", "errors.0.code", "message"):
        if found := words(body, path):
            return found[:80]
    return ""


def ask(
    method: str,
    url: str,
    token: Callable[[bool], str],
    *,
    headers: Mapping[str, str] | None = None,
    scheme: str = "Bearer",
    **more: Any,
) -> httpx.Response:
    """As `http.request`, with an access token; one that is refused (401) is renewed once. `token(fresh)` gives it."""
    named = dict(headers or {})
    try:
        return http.request(method, url, headers=named | {"authorization": f"{scheme} {token(False)}"}, **more)
    except http.CallFailed as failure:
        if failure.status != 401:
            raise
    return http.request(method, url, headers=named | {"authorization": f"{scheme} {token(True)}"}, **more)


def json_of(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises `Failure` where it is none."""
    try:
        return response.json()
    except ValueError:
        raise Failure(
            f"{response.url.host} answered with something that is not JSON. Try again later.", permanent=False
        ) from None


def is_stale(failure: http.CallFailed, page: str) -> bool:
    """Whether a walk's place in a list was forgotten by the other side, so that the walk must begin anew."""
    return bool(page) and failure.status in (400, 404, 410, 416)


def listed(answer: Any, path: str, host: str, *, absent: str = "") -> list[dict[str, Any]]:
    """The objects of the list an answer must have at `path`; where it has an object at `absent` the list may be
    missing. Raises `Failure`: an answer of another shape is no empty answer, and the cursor must not move past it."""
    found = take(answer, path)
    if isinstance(found, list):
        return [f for f in found if isinstance(f, dict)]
    if found is None and absent and isinstance(take(answer, absent), dict):
        return []
    raise Failure(f"{host} answered with something else than what was asked for. Try again later.", permanent=False)


def not_sent(failure: Failure, text: str = "") -> SendError:
    """The same failure, about an answer; `text` says it better than the call could."""
    uncertain = failure.uncertain if isinstance(failure, http.CallFailed) else False
    return SendError(text or failure.text, permanent=failure.permanent, uncertain=uncertain)


# ---------------------------------------------------------------- walks


@dataclass(slots=True)
class Walk:
    """A walk over pages from the newest item back to where the last whole walk began, over as many calls as it takes.

    `done` marks the newest item of the last whole walk, `high` the newest of this one, `page` where it goes on.
    Marks are compared as they are sorted: numbers by size, times as ISO text.
    """

    done: Any = None
    high: Any = None
    page: str = ""

    @classmethod
    def of(cls, cursor: Any) -> Walk:
        """A walk as an earlier call left it; anything odd begins anew."""
        if not isinstance(cursor, Mapping):
            return cls()
        page = take(cursor, "page")
        return cls(cursor.get("done"), cursor.get("high"), page if isinstance(page, str) else "")

    def step(self, marks: Sequence[Any], page: str) -> None:
        """A page with these marks was taken and `page` is the next, empty at the end."""
        known = [m for m in marks if m is not None]
        if known:
            newest = max(known)
            self.high = newest if self.high is None else max(self.high, newest)
        reached = self.done is not None and any(m < self.done for m in known)
        self.page = "" if reached else page
        if not self.page:
            self.done, self.high = self.high if self.high is not None else self.done, None

    @property
    def cursor(self) -> dict[str, Any]:
        return {"done": self.done, "high": self.high, "page": self.page}


# ---------------------------------------------------------------- pace


def resting(cursor: Mapping[str, Any], minutes: Any) -> bool:
    """Whether the last whole look was less than so many minutes ago, so that nothing needs to be asked yet."""
    looked = cursor.get("looked")
    try:
        pause = float(minutes or 0) * 60
    except (TypeError, ValueError):
        return False
    return isinstance(looked, int | float) and 0 <= time.time() - looked < pause


def looked(cursor: Mapping[str, Any]) -> dict[str, Any]:
    """The cursor after a whole look, with its time."""
    return {**cursor, "looked": int(time.time())}


# ---------------------------------------------------------------- what could not be asked


def fault(what: str, failure: Failure) -> Raw:
    """A part of a look that failed while the rest goes on, as a delivery that is listed with its reason, once a day."""
    said = json.dumps({"what": what, "failed": failure.text}, ensure_ascii=False).encode()
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return Raw(said, {FAILED: "yes"}, key=digest(f"{day} {what} {failure.text}"))


def refuse_fault(raw: Raw) -> None:
    """Raise `NotUnderstood` with the reason where a delivery is one that `fault` made; first thing in `parse`."""
    if raw.headers.get(FAILED):
        body = body_of(raw.body)
        raise NotUnderstood(f"{words(body, 'what')}: {words(body, 'failed')}")
