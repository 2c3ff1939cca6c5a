"""OAuth 1.0a: the example that the standard works through, and every attempt anew."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest

from crowdalogue import http
from crowdalogue.channels.oauth1 import Signed, signature
from tests.outside import Outside, says


def test_the_worked_example_of_the_standard() -> None:
    """RFC 5849, section 1.2."""
    own = {
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_token": "nnch734d00sl2jdk",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131202",
        "oauth_nonce": "chapoH",
    }
    url = "http://photos.example.net/photos?file=vacation.jpg&size=original"
    made = signature("get", url, own.items(), "kd94hf93k423kf44", "pfkkdhi9sl3r4s00")
    assert made == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


def test_every_attempt_is_signed_anew(outside: Outside) -> None:
    outside.always(says(status=503), says())
    signed = Signed("ck", "cs", "7-token", "ts", "/2/users/7/mentions")
    http.request("GET", "https://api.example.com/2/things", params={"q": "ä b"}, auth=signed)
    first, second = (c.headers["authorization"] for c in outside.calls)
    assert first.startswith('OAuth oauth_consumer_key="ck", oauth_nonce="')
    assert first != second


def test_a_form_is_part_of_what_is_signed() -> None:
    request = httpx.Request("POST", "http://localhost:8080/x", data={"a": "1 2"})
    header = Signed("ck", "cs", "t", "ts")(request).headers["authorization"]
    said = dict(p.split("=", 1) for p in header.removeprefix("OAuth ").split(", "))
    own = [(n, v.strip('"')) for n, v in said.items() if n != "oauth_signature"]
    right = signature("POST", "http://localhost:8080/x", [*own, ("a", "1 2")], "cs", "ts")
    assert unquote(said["oauth_signature"].strip('"')) == right
    assert right != signature("POST", "http://localhost:8080/x", own, "cs", "ts")


@pytest.mark.parametrize("secret", ["cs", "ts"])
def test_pace_goes_by_account_and_call_and_shows_no_secret(secret: str) -> None:
    one = Signed("ck", "cs", "7-token", "ts", "/2/users/7/mentions")
    assert repr(one) == repr(Signed("ck", "cs", "7-token", "ts", "/2/users/8/mentions"))
    assert repr(one) != repr(Signed("ck", "cs", "7-token", "ts", "/2/dm_events"))
    assert f" {secret}" not in repr(one)
