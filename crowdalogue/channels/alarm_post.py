"""Posting a signed JSON body to an address that an administrator typed: the way webhooks leave."""

from __future__ import annotations

from datetime import UTC, datetime

from crowdalogue import http
from crowdalogue.channels.asking import not_sent
from crowdalogue.channels.webhook import HEADER, sign


def post(url: str, body: bytes, *, secret: str, key: str) -> None:
    """Post once (with harmless retries, under one idempotency key). Raises SendError with cause and remedy."""
    stamp = int(datetime.now(UTC).timestamp())
    headers = {"content-type": "application/json", "idempotency-key": key}
    if secret:
        headers[HEADER] = sign(secret, body, stamp)
    try:
        http.request("POST", url, content=body, headers=headers, idempotent=True)
    except http.CallFailed as failure:
        raise not_sent(failure) from failure
