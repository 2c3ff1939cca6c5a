"""What the channels at Google share."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from crowdalogue import http
from crowdalogue.channels.asking import forget_tokens
from crowdalogue.channels.google import hours_to_renewal, in_words, service_token, user_token
from crowdalogue.errors import Failure
from tests.outside import Outside, says

SIGN_IN = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}


@pytest.fixture(autouse=True)
def clean_start() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


def test_a_persons_sign_in(outside: Outside) -> None:
    outside.on("POST", "oauth2.googleapis.com/token", says({"access_token": "one", "expires_in": 3599}))
    assert user_token(SIGN_IN) == user_token(SIGN_IN) == "one"
    assert [c.form for c in outside.calls] == [SIGN_IN | {"grant_type": "refresh_token"}]
    outside.always(says({"error": "invalid_grant"}, 400))
    with pytest.raises(Failure, match=r"invalid_grant.*new refresh token"):
        user_token(SIGN_IN, fresh=True)
    with pytest.raises(Failure, match="incomplete"):
        user_token({"client_id": "c"})


def test_a_service_account(outside: Outside) -> None:
    outside.always(says({"access_token": "two", "expires_in": 3599}))
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    key = {"client_email": "s@p.example.com", "private_key": pem}
    assert service_token(json.dumps(key), "scope") == "two"
    claims = outside.calls[0].form["assertion"].split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert (told["iss"], told["scope"], told["exp"] - told["iat"]) == ("s@p.example.com", "scope", 3600)
    for broken in ("", "[]", "{}", '{"client_email": "a"}'):
        with pytest.raises(Failure, match="Paste the whole JSON file"):
            service_token(broken, "scope")


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 1, 15, 7, 30, tzinfo=UTC), 1),  # 23:30 in California
        (datetime(2026, 1, 15, 8, 0, tzinfo=UTC), 24),
        (datetime(2026, 7, 15, 6, 0, tzinfo=UTC), 1),  # summer time
    ],
)
def test_when_quotas_are_renewed(now: datetime, hours: int) -> None:
    assert hours_to_renewal(now) == hours


def reasons(reason: str) -> dict[str, Any]:
    return {"error": {"code": 403, "errors": [{"reason": reason}], "status": "PERMISSION_DENIED"}}


@pytest.mark.parametrize(
    ("body", "status", "says_what", "permanent"),
    [
        (reasons("quotaExceeded"), 403, r"midnight in California, in about \d+ h", False),
        (reasons("rateLimitExceeded"), 403, "fewer calls", False),
        (reasons("accessNotConfigured"), 403, "API library", True),
        (reasons("forbidden"), 403, r"\(403, forbidden\)\. It must own the thing", True),
        ({"error": {"status": "UNAUTHENTICATED"}}, 401, "new refresh token", True),
        ({"error": {"message": "API key not valid.", "errors": [{"reason": "badRequest"}]}}, 400, "API key", True),
        ({"error": {"status": "NOT_FOUND"}}, 404, "does not know this address", True),
    ],
)
def test_refusals_in_words(body: Any, status: int, says_what: str, permanent: bool, outside: Outside) -> None:
    outside.always(says(body, status))
    with pytest.raises(http.CallFailed) as caught:
        http.request("GET", "https://www.googleapis.com/x")
    worded = in_words(caught.value, "The API", "It must own the thing.")
    assert worded.permanent == permanent
    with pytest.raises(Failure, match=says_what):
        raise worded
