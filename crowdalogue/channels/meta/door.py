"""Meta's knock: the question whether an address is ours, and the signature over every delivery."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crowdalogue.channels.base import Raw, Refused, Response

__all__ = ["HEADER", "answer_challenge", "check_signature", "new_verify_token", "proof", "sign", "signed"]

HEADER = "x-hub-signature-256"
CHALLENGE = re.compile(r"[\w.~-]{1,200}")


def new_verify_token() -> str:
    return secrets.token_urlsafe(24)


def sign(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature-256 for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signed(secret: str, content: Mapping[str, Any]) -> Raw:
    """A delivery as Meta would send it."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return Raw(body, {"content-type": "application/json", HEADER: sign(secret, body)})


def proof(secret: str, token: str) -> str:
    """`appsecret_proof`: shows Meta that whoever calls with the token knows the app's secret too."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def check_signature(raw: Raw, secret: str) -> None:
    """Raise `Refused` unless the body was signed with the app's secret. Meta signs no time, so that a delivery
    that comes again hours later is as good as the first; the ids of its messages make it nothing."""
    if not secret:
        raise Refused("This account has no app secret yet, so it takes nothing. Enter it in the channel's settings.")
    given = raw.headers.get(HEADER, "")
    if not given:
        raise Refused("The signature is missing. Meta sends it in the header X-Hub-Signature-256.")
    if not hmac.compare_digest(sign(secret, raw.body).encode(), given.strip().encode("utf-8", "replace")):
        raise Refused(
            "The signature is wrong. Enter the app secret of the Meta app that sends to this address: "
            "App settings, Basic, App secret."
        )


def answer_challenge(raw: Raw, token: str) -> Response:
    """The answer to Meta's GET, which shows that the address is ours. Raises `Refused`."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(raw.url).query).items()}
    if asked.get("hub.mode") != "subscribe":
        raise Refused("This address is for Meta's webhooks. Enter it as the callback URL there.", status=405)
    right = bool(token) and hmac.compare_digest(
        token.encode(), asked.get("hub.verify_token", "").encode("utf-8", "replace")
    )
    if not right:
        raise Refused("The verify token is wrong. Enter the one shown in the channel's settings in Meta's form.")
    challenge = asked.get("hub.challenge", "")
    if not CHALLENGE.fullmatch(challenge):
        raise Refused("The challenge is missing or no challenge of Meta's.", status=400)
    return Response(challenge.encode(), "text/plain")
