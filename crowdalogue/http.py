"""Calls to the outside: every connector's traffic passes `request`, so tests fake one name.

Time-outs, retries with back-off where repeating is harmless, rate-limit headers obeyed, answers cut off
at a size, and the guard of `reach.py` where the connection is made.
Proxies named in the environment are not used, because a proxy would dial on our behalf, unjudged.
"""

from __future__ import annotations

import email.utils
import hashlib
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from crowdalogue.errors import Failure
from crowdalogue.reach import Guarded, Reach, allowed

__all__ = ["CallFailed", "addresses", "configure", "request"]

MEGABYTE = 1024 * 1024
HARMLESS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})  # repeating these changes nothing more
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
NEVER_DONE = frozenset({408, 425, 429})  # the other side says it did not begin, so any call may be repeated
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_HOPS = 5


class CallFailed(Failure):
    """A call that gave no usable answer; its text says cause, then remedy.

    `status` is the HTTP status, None where there was no answer. `uncertain` is True when the content had
    left and no answer came. `retry_after` is in seconds, where the other side said. `response` is the
    refusal itself, for channels that read reasons out of it; never log its body.
    """

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
        response: httpx.Response | None = None,
    ) -> None:
        super().__init__(text, permanent=permanent)
        self.uncertain = uncertain
        self.status = status
        self.retry_after = retry_after
        self.response = response

    @property
    def told(self) -> dict[str, Any]:
        """The refusal as a JSON object; empty where it is none."""
        try:
            found = self.response.json() if self.response is not None else None
        except (ValueError, RecursionError):
            found = None
        return found if isinstance(found, dict) else {}

    def saying(self, text: str, *, permanent: bool | None = None, uncertain: bool | None = None) -> CallFailed:
        """The same failure in other words, as the provider means it; what is not given stays."""
        return CallFailed(
            text,
            permanent=self.permanent if permanent is None else permanent,
            uncertain=self.uncertain if uncertain is None else uncertain,
            status=self.status,
            retry_after=self.retry_after,
            response=self.response,
        )


@dataclass(frozen=True, slots=True)
class Manners:
    """How calls behave, all in seconds or bytes. Set once at start by `configure`."""

    private_addresses: bool = False
    connect_timeout: float = 10.0
    read_timeout: float = 20.0
    total_timeout: float = 120.0  # of one attempt, against an answer that only drips
    attempts: int = 4
    backoff: float = 0.5  # first pause; doubles, with jitter
    longest_pause: float = 20.0  # a longer Retry-After is handed to the caller instead
    agent: str = "Crowdalogue"


_manners = Manners()
_lock = threading.Lock()
_clients: dict[Reach, httpx.Client] = {}
_paused: dict[str, float] = {}  # origin and credential -> monotonic time before which not to call


def configure(**manners: Any) -> None:
    """Set how calls behave (see `Manners`); called at start and by tests. Unknown names are a TypeError."""
    global _manners
    with _lock:
        _manners = replace(_manners, **manners)
        for client in _clients.values():
            client.close()
        _clients.clear()
        _paused.clear()


def addresses(host: str, port: int, *, trusted: bool = True) -> list[str]:
    """The IP addresses of a host that may be called, in the resolver's order; for mail and other protocols.

    Dial one of these rather than the name. `trusted` is True for hosts an administrator typed.
    Raises `Failure` when the name is unknown or any of its addresses is out of bounds.
    """
    return allowed(host, port, reach_of(trusted))


def reach_of(trusted: bool) -> Reach:
    if not trusted:
        return Reach.PUBLIC
    return Reach.PRIVATE if _manners.private_addresses else Reach.LOOPBACK


def client_for(reach: Reach) -> httpx.Client:
    """The one client of a reach; httpx clients are safe to share between threads."""
    with _lock:
        if reach not in _clients:
            context = httpx.create_ssl_context()
            transport = httpx.HTTPTransport(verify=context)
            # httpx offers no way to hand in a network backend; its pool is the one thing replaced.
            transport._pool.close()
            transport._pool = httpcore.ConnectionPool(
                ssl_context=context, max_connections=50, keepalive_expiry=30, network_backend=Guarded(reach)
            )
            timeout = httpx.Timeout(_manners.read_timeout, connect=_manners.connect_timeout)
            _clients[reach] = httpx.Client(
                transport=transport,
                timeout=timeout,
                trust_env=False,
                headers={"user-agent": _manners.agent},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # accounts share nothing
            )
        return _clients[reach]


# ---------------------------------------------------------------- one call


def request(
    method: str,
    url: str,
    *,
    trusted: bool = True,
    idempotent: bool | None = None,
    max_bytes: int = 20 * MEGABYTE,
    attempts: int | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    """Call and return the whole answer (status below 400), or raise `CallFailed`.

    `trusted` is False for addresses that came with a payload: those must be public. `idempotent` says
    that repeating is harmless; by default that goes by the method. Redirects are followed for GET and
    HEAD only, and never to anything inside the network. `more` goes to httpx (params, json, data,
    files, content, auth).
    """
    method = method.upper()
    again = method in HARMLESS if idempotent is None else idempotent
    reach = reach_of(trusted)
    host = check_url(url)
    for hop in range(MAX_HOPS + 1):
        response = persist(method, url, reach, again, attempts or _manners.attempts, max_bytes, headers, more)
        if response.status_code not in REDIRECTS or method not in ("GET", "HEAD") or hop == MAX_HOPS:
            break
        url, headers, more, reach = follow(response, headers, more, reach)
    if response.status_code in REDIRECTS:
        raise CallFailed(
            f"{host} sent the call elsewhere. Enter the address it really has.",
            permanent=True,
            status=response.status_code,
            response=response,
        )
    return response


def check_url(url: str) -> str:
    """The host of an address that may be called at all."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable or parts.username is not None or parts.password is not None:
        raise CallFailed(
            "The address to call is not one. It must begin with http:// or https:// and hold no password.",
            permanent=True,
        )
    return str(parts.hostname)


def follow(
    response: httpx.Response, headers: Mapping[str, str] | None, more: dict[str, Any], reach: Reach
) -> tuple[str, Mapping[str, str] | None, dict[str, Any], Reach]:
    """Where a redirect leads. Another origin gets no credentials and must be public."""
    target = response.url.join(response.headers.get("location", ""))
    check_url(str(target))
    more = {k: v for k, v in more.items() if k != "params"}
    if origin_of(target) == origin_of(response.url):
        return str(target), headers, more, reach
    kept = {k: v for k, v in (headers or {}).items() if k.lower() in ("accept", "accept-language", "user-agent")}
    return str(target), kept, {k: v for k, v in more.items() if k not in ("auth", "cookies")}, Reach.PUBLIC


def origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def persist(
    method: str,
    url: str,
    reach: Reach,
    again: bool,
    attempts: int,
    max_bytes: int,
    headers: Mapping[str, str] | None,
    more: Mapping[str, Any],
) -> httpx.Response:
    """One hop, tried until it answers, may not be repeated, or the attempts are used up."""
    lane = lane_of(url, headers, more)
    for attempt in range(1, attempts + 1):
        keep_pace(lane, url)
        try:
            response = attempt_once(method, url, reach, max_bytes, headers, more)
            note_pace(lane, response)
            if response.status_code < 400:
                return response
            raise answer_failure(response)
        except CallFailed as failure:
            done_nothing = failure.status in NEVER_DONE or (failure.status is None and not failure.uncertain)
            if failure.permanent or attempt == attempts or not (again or done_nothing):
                raise
            pause = failure.retry_after if failure.retry_after is not None else backoff(attempt)
            if pause > _manners.longest_pause:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")  # the last attempt returns or raises


def backoff(attempt: int) -> float:
    """Seconds before the next attempt: doubling, with jitter so that many workers do not march in step."""
    longest = min(_manners.longest_pause, _manners.backoff * 2.0 ** (attempt - 1))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311


def attempt_once(
    method: str, url: str, reach: Reach, max_bytes: int, headers: Mapping[str, str] | None, more: Mapping[str, Any]
) -> httpx.Response:
    host = urlsplit(url).hostname or url
    began = time.monotonic()
    try:
        with client_for(reach).stream(method, url, headers=dict(headers or {}), **more) as response:
            read_within(response, host, max_bytes, began + _manners.total_timeout)
            return response
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise CallFailed(connect_text(host, error)) from None
    except httpx.TimeoutException:
        raise CallFailed(
            f"{host} did not answer within {_manners.read_timeout:g} s. Try again later.", uncertain=True
        ) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise CallFailed(f"The address of {host} cannot be called. Check it.", permanent=True) from None
    except CallFailed:
        raise
    except Failure as refused:  # by the guard
        raise CallFailed(refused.text, permanent=refused.permanent) from None
    except httpx.HTTPError:
        raise CallFailed(f"{host} broke off the connection. Try again later.", uncertain=True) from None


def connect_text(host: str, error: Exception) -> str:
    if "CERTIFICATE" in str(error).upper():
        return (
            f"The certificate of {host} could not be verified. Check the address, "
            "or add the authority that signed it to this machine's certificates."
        )
    if isinstance(error, httpx.TimeoutException):
        return f"{host} did not accept a connection in time. Check the address and the firewall."
    return f"{host} did not accept the connection. Check the address and port, and that the service runs."


def read_within(response: httpx.Response, host: str, max_bytes: int, deadline: float) -> None:
    """Read the (decoded) body into the response; give up on too much or too slow."""
    declared = response.headers.get("content-length", "")
    body = bytearray()
    if not (declared.isdigit() and int(declared) > max_bytes):
        for chunk in response.iter_bytes():  # as they arrive, so that the clock is looked at
            body += chunk
            if len(body) > max_bytes:
                break
            if time.monotonic() > deadline:
                raise CallFailed(
                    f"{host} took longer than {_manners.total_timeout:g} s to answer. Try again later.", uncertain=True
                )
        else:
            response._content = bytes(body)  # what Response.read() does, which knows no limit
            return
    raise CallFailed(
        f"{host} sent more than {max_bytes // MEGABYTE or 1} MB, so the answer was not read.",
        permanent=True,
        status=response.status_code,
    )


def answer_failure(response: httpx.Response) -> CallFailed:
    """The refusal in words."""
    status, host = response.status_code, response.url.host
    permanent = status not in TRY_AGAIN
    if status in (401, 403):
        text = f"{host} refused the sign-in ({status}). Enter the password or token again, and check its rights."
    elif status in (404, 410):
        text = f"{host} does not know this address ({status}). Check it."
    elif status == 413:
        text = f"{host} says that this is too large. Send less at once."
    elif status == 429:
        text = f"{host} asks for fewer calls. Crowdalogue waits and tries again."
    elif permanent:
        text = f"{host} did not accept the call ({status}). Check the settings."
    else:
        text = f"{host} has trouble of its own ({status}). Crowdalogue tries again later."
    return CallFailed(
        text,
        permanent=permanent,
        status=status,
        uncertain=status in (500, 502, 504),
        retry_after=asked_pause(response),
        response=response,
    )


# ---------------------------------------------------------------- pace


def lane_of(url: str, headers: Mapping[str, str] | None, more: Mapping[str, Any]) -> str:
    """Limits are counted per credential at a host; the credential itself is not kept."""
    parts = urlsplit(url)
    credential = "".join(v for k, v in (headers or {}).items() if k.lower() == "authorization")
    digest = hashlib.sha256((credential + repr(more.get("auth", ""))).encode()).hexdigest()[:16]
    return f"{parts.scheme}://{parts.netloc} {digest}"


def keep_pace(lane: str, url: str) -> None:
    """Wait for a limit that was announced earlier; raise where that would take too long."""
    wait = _paused.get(lane, 0.0) - time.monotonic()
    if wait <= 0:
        return
    if wait > _manners.longest_pause:
        host = urlsplit(url).hostname
        raise CallFailed(
            f"{host} allows no more calls for {round(wait)} s. Crowdalogue waits and tries again.",
            status=429,
            retry_after=wait,
        )
    time.sleep(wait)


def note_pace(lane: str, response: httpx.Response) -> None:
    """Remember when the other side says that its allowance is used up."""
    wait = asked_pause(response) if response.status_code in (429, 503) else None
    if wait is None and remaining(response.headers) == 0:
        wait = reset_in(response.headers)
    with _lock:
        if wait:
            _paused[lane] = time.monotonic() + wait
        elif lane in _paused and _paused[lane] <= time.monotonic():
            del _paused[lane]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as Retry-After says (a number or a date), else as rate-limit headers say; None: not said."""
    given = headers.get("retry-after", "").strip()
    if number := as_number(given):
        return max(0.0, number)
    if given == "0":
        return 0.0
    if given:
        parsed = email.utils.parsedate_tz(given)
        if parsed:
            return max(0.0, float(email.utils.mktime_tz(parsed)) - time.time())
    return reset_in(headers) if remaining(headers) == 0 else None


def asked_pause(response: httpx.Response) -> float | None:
    """Seconds to wait, from the headers, or from the body of a 429 where only that says it (Telegram, Discord,
    Matrix)."""
    wait = retry_after(response.headers)
    if wait is not None or response.status_code != 429:
        return wait
    try:
        body = response.json()
    except ValueError:
        return None
    said = body.get("parameters", body) if isinstance(body, dict) else None
    if not isinstance(said, dict):
        return None
    thousandths = said.get("retry_after_ms")  # Matrix
    number = thousandths / 1000 if isinstance(thousandths, int | float) else said.get("retry_after")
    return as_number(str(number)) if isinstance(number, int | float) else None


def remaining(headers: Mapping[str, str]) -> float | None:
    for name in ("ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"):
        if name in headers:
            return as_number(headers[name])
    return None


def reset_in(headers: Mapping[str, str]) -> float | None:
    """Seconds until the allowance is renewed: some services give seconds, some a clock time."""
    if "x-ratelimit-reset-after" in headers:
        return as_number(headers["x-ratelimit-reset-after"])
    for name in ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"):
        number = as_clock(headers.get(name, ""))
        if number is not None:
            return max(0.0, number - time.time()) if number > 1e9 else number
    return None


def as_clock(text: str) -> float | None:
    """A number, or a date in ISO form (Mastodon) as seconds since 1970."""
    if "T" not in text:
        return as_number(text)
    try:
        date = datetime.fromisoformat(text)
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def as_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < 1e12 else None
