"""Signing calls as OAuth 1.0a asks (RFC 5849, HMAC-SHA1), for providers that still want it.

An object of `Signed` is handed to `crowdalogue.http.request` as `auth`: every attempt is then signed anew, with a
nonce and time of its own, and the pace of a provider is kept by account and kind of call.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

import httpx

__all__ = ["Signed", "signature"]


def escaped(text: str) -> str:
    return quote(text, safe="-._~")


def signature(
    method: str, url: str, parameters: Iterable[tuple[str, str]], consumer_secret: str, token_secret: str
) -> str:
    """The signature of a call; `parameters` are those of OAuth and of a form, the address's own query is added."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.port and (parts.scheme, parts.port) not in (("https", 443), ("http", 80)):
        host += f":{parts.port}"
    pairs = [*parameters, *parse_qsl(parts.query, keep_blank_values=True)]
    said = "&".join(f"{name}={value}" for name, value in sorted((escaped(n), escaped(v)) for n, v in pairs))
    base = "&".join(escaped(p) for p in (method.upper(), f"{parts.scheme}://{host}{parts.path}", said))
    key = f"{escaped(consumer_secret)}&{escaped(token_secret)}".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode()


@dataclass(frozen=True, repr=False)
class Signed:
    """Signs a request with an app's and an account's secrets. `lane` names the kind of call, for its own pace."""

    consumer_key: str
    consumer_secret: str
    token: str
    token_secret: str
    lane: str = ""

    def __repr__(self) -> str:
        """Stable for an account and kind of call, and without a secret: calls are paced by it."""
        return f"OAuth 1.0a {self.token} {re.sub(r'[0-9]+', '0', self.lane)}"

    def __call__(self, request: httpx.Request) -> httpx.Request:
        own = {
            "oauth_consumer_key": self.consumer_key,
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": str(int(time.time())),
            "oauth_token": self.token,
            "oauth_version": "1.0",
        }
        form: list[tuple[str, str]] = []
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            form = parse_qsl(request.read().decode(), keep_blank_values=True)
        url = str(request.url)
        own["oauth_signature"] = signature(
            request.method, url, [*own.items(), *form], self.consumer_secret, self.token_secret
        )
        request.headers["authorization"] = "OAuth " + ", ".join(f'{n}="{escaped(v)}"' for n, v in own.items())
        return request
