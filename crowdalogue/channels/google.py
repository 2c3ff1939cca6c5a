"""What the channels at Google share: access tokens by refresh token or service account, and refusals in words."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from crowdalogue import http
from crowdalogue.channels import jwt
from crowdalogue.channels.asking import grant, kept, reason_of
from crowdalogue.channels.picking import words
from crowdalogue.errors import Failure

__all__ = ["hours_to_renewal", "in_words", "service_token", "user_token"]

TOKEN = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
SIGN_IN = (
    "The sign-in with Google is no longer valid: it was revoked, unused for six months, or the app is still in testing "
    "and its tokens end after seven days. Make a new refresh token and enter it here."
)
SERVICE = "Check that the service account still exists, or make a new key for it and paste the file here."
USED_UP = {"quotaExceeded", "dailyLimitExceeded"}
TOO_FAST = {"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED"}


def user_token(settings: Mapping[str, Any], fresh: bool = False) -> str:
    """An access token of a person's sign-in: `client_id`, `client_secret` and `refresh_token` of the settings."""
    form = {name: str(settings.get(name) or "") for name in ("client_id", "client_secret", "refresh_token")}
    if not all(form.values()):
        raise Failure("The sign-in with Google is incomplete. Enter the client's id and secret and the refresh token.")
    return kept(
        (TOKEN, *form.values()),
        lambda: grant(TOKEN, form | {"grant_type": "refresh_token"}, SIGN_IN),
        fresh=fresh,
    )


def service_token(key_file: str, scope: str, fresh: bool = False) -> str:
    """An access token of a service account by the JSON file of its key."""
    try:
        key = json.loads(key_file)
    except ValueError:
        key = None
    mail, private = words(key, "client_email"), key.get("private_key") if isinstance(key, dict) else ""
    if not (mail and isinstance(private, str) and private):
        raise Failure("The key of the service account cannot be read. Paste the whole JSON file that Google made.")

    def make() -> tuple[str, float]:
        now = int(time.time())
        claims = {"iss": mail, "scope": scope, "aud": TOKEN, "iat": now, "exp": now + 3600}
        proof = jwt.signed(claims, private, {"kid": words(key, "private_key_id")})
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": proof}
        return grant(TOKEN, form, SERVICE)

    return kept((TOKEN, mail, private, scope), make, fresh=fresh)


def hours_to_renewal(now: datetime) -> int:
    """Hours until Google renews daily quotas: midnight in California, rounded up."""
    there = now.astimezone(ZoneInfo("America/Los_Angeles"))
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return int(-((there - midnight.astimezone(there.tzinfo)).total_seconds() // 3600))


def in_words(failure: http.CallFailed, service: str, rights: str) -> http.CallFailed:
    """The refusal as Google means it. `rights` says what the sign-in must be allowed to do."""
    reason = reason_of(failure)
    permanent = failure.permanent
    if reason in USED_UP:
        hours = hours_to_renewal(datetime.now(UTC))
        text = (
            f"The daily quota of {service} is used up. Google renews it at midnight in California, in about {hours} h. "
            "Look less often, or ask Google for a larger quota."
        )
        permanent = False
    elif reason in TOO_FAST:
        text, permanent = f"{service} asks for fewer calls. Crowdalogue waits and tries again.", False
    elif reason in ("keyInvalid", "badRequest", "INVALID_ARGUMENT") and "key not valid" in said_by(failure):
        text = f"{service} does not know the API key. Enter it again."
    elif failure.status == 401:
        text = f"{service} refused the access token (401). {SIGN_IN}"
    elif reason in ("accessNotConfigured", "SERVICE_DISABLED"):
        text = f"{service} is not switched on in the Google Cloud project. Switch it on in the project's API library."
    elif failure.status == 403:
        text = f"{service} does not allow that (403{f', {reason}' if reason else ''}). {rights}"
    else:
        return failure
    return failure.saying(text, permanent=permanent)


def said_by(failure: http.CallFailed) -> str:
    return failure.response.text[:2000].lower() if failure.response is not None else ""
