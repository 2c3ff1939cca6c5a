"""The generic signed webhook: any system that can post JSON is a channel.

    POST /hooks/<key>/
    X-Crowdalogue-Signature: t=1700000000,v1=<hex of HMAC-SHA256(secret, "1700000000." + body)>

    {"messages": [{"id": "42", "author": "ada@example.com", "name": "Ada", "text": "Where is my parcel?"}]}

Where an address for answers is set, each answer is posted there, signed the same way, with its key as
Idempotency-Key; the other side may name it by answering {"id": "..."}.

One object, a list, or an object with `messages` is taken. `FIELDS` are the names understood; a field map
reads other names; whatever is left over is kept in `extra`. One bad message makes the whole delivery
wait, so that nothing of it is half filed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from crowdalogue import http
from crowdalogue.channels.asking import not_sent
from crowdalogue.channels.base import Channel, Field, Item, NotUnderstood, Outgoing, Raw, Refused, SendError, Sent
from crowdalogue.channels.jsonbody import FIELDS, Reader, items_of, load, read_map
from crowdalogue.errors import Failure

HEADER = "x-crowdalogue-signature"
TOLERANCE = timedelta(minutes=5)
MAX_MESSAGES = 10_000


def new_secret() -> str:
    """A secret for signing, 43 characters."""
    return secrets.token_urlsafe(32)


def sign(secret: str, body: bytes, at: int) -> str:
    """The value of X-Crowdalogue-Signature for a body posted at `at` (seconds since 1970)."""
    return f"t={at},v1={digest(secret, body, str(at))}"


def digest(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def read_signature(header: str) -> tuple[str, list[str]]:
    """Timestamp and signatures out of the header; two `v1` are allowed while a secret is exchanged."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    signatures = [value for name, _, value in pairs if name == "v1"]
    if len(stamps) != 1 or not re.fullmatch(r"[0-9]{1,12}", stamps[0]) or not 1 <= len(signatures) <= 5:
        return "", []
    return stamps[0], signatures


class Webhook(Channel):
    kind = "webhook"
    label = "Webhook"
    icon = "i-hook"
    receives_hooks = True
    replies = True
    media = "in"
    edits = True
    receipts = True
    interactions = True
    tried = "signed deliveries over HTTP in tests, chaos and benchmarks"
    steps = (
        "In the other system, send messages to {hook}.",
        "Sign them with the secret, or send the secret as Authorization: Bearer.",
        "Where its messages look different, paste one into the field map.",
    )
    guide = (
        "Any system that can post JSON over HTTP. It sends messages to the address shown here and signs them with the "
        "secret. Give every message an id: then the same message sent twice is filed once."
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "proof",
            "How the sender proves itself",
            "A signature also protects against changed and repeated deliveries. Choose the plain secret only for "
            "systems that cannot sign; they send it as Authorization: Bearer.",
            kind="choice",
            default="signature",
            choices=(("signature", "Signature (HMAC-SHA256)"), ("bearer", "Plain secret")),
        ),
        Field("secret", "Secret", "Leave empty and one is made.", kind="secret", required=False),
        Field(
            "map",
            "Field map",
            "Only where the sender has other names: one a line, ours = theirs, such as text = data.comment.body "
            f"and messages = data.items. Ours are: {', '.join(FIELDS)}.",
            kind="lines",
            required=False,
        ),
        Field(
            "answers",
            "Address for answers",
            "Where our answers are posted, signed with the same secret. Leave empty if the other side takes none.",
            required=False,
        ),
    )

    @classmethod
    def prepare(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**settings, "secret": settings.get("secret") or new_secret()}

    def check(self) -> None:
        """Raise `Failure` where the settings cannot work."""
        read_map(self.settings["map"])
        if self.settings["proof"] not in ("signature", "bearer"):
            raise Failure("How the sender proves itself must be signature or bearer.")
        if len(str(self.settings["secret"])) < 16:
            raise Failure("The secret is too short to be safe. Leave it empty and one is made.")
        if self.settings["answers"] and not str(self.settings["answers"]).startswith(("https://", "http://")):
            raise Failure("The address for answers must begin with https:// or http://.")

    # --- the door

    def verify(self, raw: Raw, now: datetime) -> None:
        secret = str(self.settings["secret"] or "")
        if not secret:
            raise Refused("This webhook has no secret yet, so it takes nothing. Save its settings once.")
        if self.settings["proof"] == "bearer":
            self.verify_bearer(raw, secret)
        else:
            self.verify_signature(raw, secret, now)

    def verify_bearer(self, raw: Raw, secret: str) -> None:
        scheme, _, given = raw.headers.get("authorization", "").partition(" ")
        same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), secret.encode())
        if scheme.casefold() != "bearer" or not same:
            raise Refused("The secret is missing or wrong. Send it in the header Authorization: Bearer.")

    def verify_signature(self, raw: Raw, secret: str, now: datetime) -> None:
        header = raw.headers.get(HEADER, "")
        if not header:
            raise Refused("The signature is missing. Send the header X-Crowdalogue-Signature: t=...,v1=...")
        stamp, signatures = read_signature(header)
        if not stamp:
            raise Refused("The signature cannot be read. It must look like t=1700000000,v1=0123abcd...")
        right = digest(secret, raw.body, stamp).encode()
        # Every one is compared, so that time tells nothing about which.
        matches = [hmac.compare_digest(right, given.encode("utf-8", "replace")) for given in signatures]
        if not any(matches):
            raise Refused(
                "The signature is wrong. Check the secret, and that exactly the bytes that were signed are sent."
            )
        age = now.timestamp() - int(stamp)
        if abs(age) > TOLERANCE.total_seconds():
            way = "old" if age > 0 else "far in the future"
            raise Refused(f"The signature is too {way} ({abs(int(age))} s). Sign again, and set the sender's clock.")

    def delivery_key(self, raw: Raw) -> str:
        """The same time and body is the same delivery, however often it knocks."""
        stamp, _ = read_signature(raw.headers.get(HEADER, ""))
        if raw.key or not stamp or self.settings["proof"] == "bearer":
            return raw.key
        return hashlib.sha256(stamp.encode() + b"." + raw.body).hexdigest()

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        mapping = read_map(self.settings["map"])
        found = items_of(load(raw.body), mapping)
        if len(found) > MAX_MESSAGES:
            raise NotUnderstood(f"{len(found)} messages in one delivery are too many. Send at most {MAX_MESSAGES}.")
        start = self.delivery_key(raw) or hashlib.sha256(raw.body).hexdigest()
        return [Reader(item, mapping, number, f"{start}-{number}").read() for number, item in enumerate(found, 1)]

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        item = {"id": f"test-{int(now.timestamp())}-{number}", "author": "test@example.com", "name": "A test"}
        mapping = read_map(self.settings["map"])
        body: Any = {}
        for name, value in {**item, "text": text, "sent_at": now.isoformat()}.items():
            put(body, mapping.get(name, name), value)
        wrapped: Any = {}
        put(wrapped, mapping.get("messages", "messages"), [body])
        return self.proven(json.dumps(wrapped).encode(), now)

    def proven(self, content: bytes, now: datetime) -> Raw:
        """A body as a genuine delivery at `now`, by whichever proof this account asks for."""
        secret = str(self.settings["secret"])
        if self.settings["proof"] == "bearer":
            return Raw(content, {"authorization": f"Bearer {secret}"})
        return Raw(content, {HEADER: sign(secret, content, int(now.timestamp()))})

    def download(self, url: str) -> bytes:
        return http.request("GET", url, trusted=False).content

    # --- answers

    def answerable(self) -> bool:
        return bool(self.settings["answers"])

    def send(self, outgoing: Outgoing) -> Sent:
        address = str(self.settings["answers"] or "")
        if not address:
            raise SendError(
                "This webhook has no address for answers. Enter one in its settings, or answer by another channel.",
                permanent=True,
            )
        content = json.dumps(answer_of(outgoing), ensure_ascii=False).encode()
        stamp = int(datetime.now(UTC).timestamp())
        headers = {
            "content-type": "application/json",
            "idempotency-key": outgoing.key,
            HEADER: sign(str(self.settings["secret"]), content, stamp),
        }
        try:
            response = http.request("POST", address, content=content, headers=headers, idempotent=True)
        except http.CallFailed as failure:
            raise not_sent(failure) from failure
        return Sent(external_id=name_given(response.content) or f"answer:{outgoing.key}")


def answer_of(outgoing: Outgoing) -> dict[str, Any]:
    """An answer as it is posted: the same names as a message that comes in."""
    return {
        "type": "message",
        "key": outgoing.key,
        "direction": "out",
        "to": {"address": outgoing.to.address, "name": outgoing.to.name},
        "text": outgoing.text,
        "subject": outgoing.subject,
        "author": outgoing.sender_name,
        "in_reply_to": list(outgoing.parents[:5]),
    }


def name_given(body: bytes) -> str:
    """The id the other side gave the answer, if it says one."""
    try:
        found = load(body)
    except NotUnderstood:
        return ""
    given = found.get("id") if isinstance(found, dict) else None
    return str(given)[:200] if isinstance(given, str | int) and not isinstance(given, bool) else ""


def put(item: dict[str, Any], path: str, value: Any) -> None:
    """Set what is at a path such as data.user.name, making the objects on the way."""
    *before, last = path.split(".")
    for name in before:
        item = item.setdefault(name, {})
    item[last] = value
