"""Twilio's knock: a form (or JSON), signed over the public address and every field with the account's auth token."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

from crowdalogue.channels.base import Channel, NotUnderstood, Raw, Refused, Response
from crowdalogue.channels.jsonbody import clean
from crowdalogue.channels.manual import normalise_phone
from crowdalogue.channels.picking import body_of, words

__all__ = ["EMPTY", "HEADER", "Telephone", "check_signature", "form_of", "sign", "signed"]

HEADER = "x-twilio-signature"
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000
EMPTY = Response(b'<?xml version="1.0" encoding="UTF-8"?><Response/>', "text/xml")  # nothing is to be done


class Telephone(Channel):
    """What channels behind a number of Twilio share. Theirs: what is said."""

    handles = "phone"

    @property
    def ours(self) -> str:
        return normalise_phone(str(self.settings["number"] or ""))

    def normalise(self, address: str) -> str:
        return normalise_phone(address)

    def verify(self, raw: Raw, now: datetime) -> None:
        check_signature(raw, str(self.settings["auth_token"] or "").strip())


def sign(token: str, url: str, pairs: Sequence[tuple[str, str]] = ()) -> str:
    """The value of X-Twilio-Signature: the address, then every field and value in the order of the fields."""
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), text.encode("utf-8", "replace"), hashlib.sha1).digest()).decode()


def signed(token: str, url: str, fields: Mapping[str, str]) -> Raw:
    """A delivery as Twilio would send it."""
    body = urlencode(fields).encode()
    return Raw(body, {"content-type": FORM, HEADER: sign(token, url, list(fields.items()))}, url=url)


def check_signature(raw: Raw, token: str) -> None:
    """Raise `Refused` unless Twilio signed it. Twilio signs no time; the ids of its messages make a repeat nothing."""
    if not token:
        raise Refused("This account has no auth token yet, so it takes nothing. Enter it in the channel's settings.")
    given = raw.headers.get(HEADER, "").strip().encode("utf-8", "replace")
    if not given:
        raise Refused("The signature is missing. Twilio sends it in the header X-Twilio-Signature.")
    asked = {name: values[-1] for name, values in parse_qs(urlsplit(raw.url).query).items()}
    if "bodySHA256" in asked and not is_form(raw):
        same = hmac.compare_digest(hashlib.sha256(raw.body).hexdigest(), asked["bodySHA256"].strip().casefold())
        pairs: list[tuple[str, str]] = []
    else:
        same, pairs = True, pairs_of(raw.body)
    # Every spelling is compared, so that time tells nothing about which.
    matches = [hmac.compare_digest(sign(token, url, pairs).encode(), given) for url in spellings(raw.url)]
    if not (same and any(matches)):
        raise Refused(
            "The signature is wrong. Enter the auth token of the account whose number this is, and in Twilio exactly "
            "the address shown here."
        )


def is_form(raw: Raw) -> bool:
    return raw.headers.get("content-type", "").partition(";")[0].strip().casefold() in ("", FORM)


def spellings(url: str) -> list[str]:
    """The address as Twilio may have written it: a proxy may have taken off the s of https, and some sign the port."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return [url]
    usual = {"https": 443, "http": 80}
    places = [(scheme, place) for scheme in usual for place in (host, f"{host}:{port or usual[scheme]}")]
    return list(dict.fromkeys([url, *(urlunsplit((*place, parts.path, parts.query, "")) for place in places)]))


def pairs_of(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return []


def form_of(raw: Raw) -> dict[str, str]:
    """The fields of a delivery, from a form or from JSON. Raises `NotUnderstood`."""
    start = raw.body.lstrip()[:1]
    if start in (b"{", b"["):
        return {name: words(value) for name, value in body_of(raw.body).items()}
    try:
        pairs = parse_qsl(raw.body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise NotUnderstood("The body is not UTF-8.") from None
    except ValueError:
        raise NotUnderstood(f"The body has more than {MOST_FIELDS} fields.") from None
    if not pairs:
        raise NotUnderstood("The body is no form of Twilio's: it has no fields.")
    return {name: clean(value) for name, value in pairs}
