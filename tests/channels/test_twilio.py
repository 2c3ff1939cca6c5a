"""What Twilio's two channels share: the signature over address and form, and errors in words."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue import http
from crowdalogue.channels import open_channel
from crowdalogue.channels.base import NotUnderstood, Raw, Refused
from crowdalogue.channels.twilio import door
from crowdalogue.channels.twilio.calls import Api, in_words, is_news, reason
from crowdalogue.errors import Failure
from tests.outside import Outside, says

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SID = "AC" + "0" * 31 + "1"
TOKEN = "fake-auth-token-of-the-tests-0001"
SETTINGS = {"account_sid": SID, "auth_token": TOKEN, "number": "+15550100000"}
URL = "https://c.example.com/hooks/k/"


def test_the_signature_is_the_one_of_twilios_documentation() -> None:
    """The worked example of Twilio's security page."""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert door.sign("12345", url, list(fields.items())) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


def test_the_address_and_every_field_are_covered() -> None:
    fields = {"MessageSid": "SM1", "Body": "Grüße & 100 % 👍", "From": "+15550100199", "Empty": ""}
    raw = door.signed(TOKEN, URL, fields)
    door.check_signature(raw, TOKEN)
    for changed in (
        Raw(raw.body + b"&X=1", raw.headers, url=URL),
        Raw(raw.body, raw.headers, url="https://c.example.com/hooks/other/"),
        Raw(raw.body, {}, url=URL),
        Raw(raw.body, {**raw.headers, door.HEADER: "\u00fc"}, url=URL),
    ):
        with pytest.raises(Refused) as caught:
            door.check_signature(changed, TOKEN)
        assert TOKEN not in caught.value.text
    with pytest.raises(Refused, match="no auth token yet"):
        door.check_signature(door.signed("", URL, fields), "")


@pytest.mark.parametrize("seen", ["http://c.example.com/hooks/k/?a=1", "https://c.example.com:443/hooks/k/?a=1"])
def test_proxies_may_change_how_the_address_is_spelt(seen: str) -> None:
    signed = door.signed(TOKEN, "https://c.example.com/hooks/k/?a=1", {"A": "1"})
    door.check_signature(Raw(signed.body, signed.headers, url=seen), TOKEN)
    with pytest.raises(Refused):
        door.check_signature(Raw(signed.body, signed.headers, url=seen.replace("a=1", "a=2")), TOKEN)


def test_json_is_covered_by_its_digest() -> None:
    body = b'{"MessageSid": "SM1"}'
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", door.HEADER: door.sign(TOKEN, url)}
    door.check_signature(Raw(body, headers, url=url), TOKEN)
    with pytest.raises(Refused):
        door.check_signature(Raw(body + b" ", headers, url=url), TOKEN)
    assert door.form_of(Raw(body)) == {"MessageSid": "SM1"}


def test_fields_are_read_as_they_were_written() -> None:
    fields = {"Body": "a+b & c=d\n👍", "Empty": "", "From": "+15550100199"}
    assert door.form_of(Raw(urlencode(fields).encode())) == fields
    for body, words in (
        (b"", "no fields"),
        (b"\xff=1", "UTF-8"),
        (b"&".join(b"a=1" for _ in range(1001)), "1000 fields"),
    ):
        with pytest.raises(NotUnderstood, match=words):
            door.form_of(Raw(body))


@given(fields=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=6), body=st.binary(max_size=80))
def test_no_form_breaks_the_reader(fields: dict[str, str], body: bytes) -> None:
    known = {"MessageSid": "SM1", "RecordingSid": "RE1", "From": "+15550100199", "NumMedia": "9"}
    for kind in ("sms", "voice"):
        channel = open_channel(kind, SETTINGS)
        for raw in (
            Raw(urlencode(known | fields, errors="replace").encode()),
            Raw(body),
            Raw(b'{"object": "listed"' + body),
        ):
            channel.respond(raw)
            try:
                assert channel.parse(raw)
            except NotUnderstood as failure:
                assert failure.text


@pytest.mark.parametrize(
    ("answer", "status", "words", "permanent"),
    [
        ({"code": 20003, "message": "Authenticate"}, 401, "auth token.*Twilio Console", True),
        ({}, 401, "auth token", True),
        ({"code": 21610, "message": "Attempt to send to unsubscribed recipient"}, 400, "START", True),
        ({"code": 21211, "message": "Invalid 'To'"}, 400, "needs its country", True),
        ({"code": 20429, "message": "Too many"}, 429, "fewer calls", False),
        ({"code": 99999, "message": "A new thing"}, 400, r"A new thing, 99999", True),
        ("<html>", 503, "trouble of its own", False),
    ],
)
def test_errors_say_what_to_do(answer: Any, status: int, words: str, permanent: bool, outside: Outside) -> None:
    outside.always(says(answer, status))
    with pytest.raises(http.CallFailed, match=words) as caught:
        Api(SETTINGS).get("/Messages.json")
    assert caught.value.permanent is permanent and TOKEN not in caught.value.text


def test_words_of_a_failed_message() -> None:
    assert "landline" in reason(30006)
    assert "(Twilio's error 12345)" in reason(12345)
    assert reason(None) == "The network did not hand over the message."
    assert in_words(http.CallFailed("No answer.", uncertain=True)).uncertain


def test_the_password_is_shown_to_twilio_only(outside: Outside) -> None:
    place = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    outside.on("GET", "api.twilio.com", says("", 307, Location="https://media.example.com/file?signed=1"))
    outside.on("GET", "media.example.com", says(b"picture"))
    assert Api(SETTINGS).file(place) == b"picture"
    first, second = outside.calls
    assert first.headers["authorization"].startswith("Basic ") and "authorization" not in second.headers
    for url in ("https://elsewhere.example.com/a", "https://nottwilio.com/a", "https://api.twilio.com.example.com/a"):
        with pytest.raises(Failure, match="not Twilio's"):
            Api(SETTINGS).file(url)
    assert len(outside.calls) == 2


def test_next_pages_are_of_the_same_account() -> None:
    api = Api(SETTINGS)
    path = f"/2010-04-01/Accounts/{SID}/Messages.json?PageToken=x"
    assert api.next_page({"next_page_uri": path}) == path
    for odd in (None, "", "https://evil.example.com/", "/2010-04-01/Accounts/AC9/Messages.json", 7):
        assert api.next_page({"next_page_uri": odd}) == ""


def test_news_and_what_is_known() -> None:
    assert is_news(NOW.isoformat(), None) and is_news(None, NOW.isoformat())
    assert is_news("2026-03-01T11:51:00+00:00", NOW.isoformat())
    assert not is_news("2026-03-01T11:49:00+00:00", NOW.isoformat())


def test_check_looks_at_account_and_number(outside: Outside) -> None:
    outside.on("GET", f"/Accounts/{SID}.json", says({"status": "active"}))
    outside.on("GET", "/IncomingPhoneNumbers.json", says({"incoming_phone_numbers": [{"sid": "PN1"}]}))
    for kind in ("sms", "voice"):
        open_channel(kind, SETTINGS).check()
    assert outside.calls[1].query == {"PhoneNumber": "+15550100000"}
    outside.on("GET", "/IncomingPhoneNumbers.json", says({"incoming_phone_numbers": []}))
    with pytest.raises(Failure, match="not of this Twilio account"):
        open_channel("sms", SETTINGS).check()
    outside.on("GET", f"/Accounts/{SID}.json", says({"status": "suspended"}))
    with pytest.raises(Failure, match="is suspended"):
        open_channel("sms", SETTINGS).check()
