"""Calls to Twilio's REST API, with its errors in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from crowdalogue import http
from crowdalogue.channels.asking import not_sent
from crowdalogue.channels.base import Attachment, Field, Outgoing, Raw, SendError, Sent
from crowdalogue.channels.picking import body_of, when, whole, words
from crowdalogue.errors import Failure

__all__ = ["ADDRESS", "FIELDS", "LONGEST", "WORDS", "Api", "attached", "is_news", "listed_of", "reason"]

ADDRESS = "https://api.twilio.com"
VERSION = "2010-04-01"
LONGEST = 1600
MOST_FILES = 10
LARGEST = 5 << 20  # bytes of files in one message, together

FIELDS = (
    Field("account_sid", "Account SID", "Begins with AC. On the first page of the Twilio Console."),
    Field("auth_token", "Auth token", "Beside it. It proves deliveries, and signs calls.", kind="secret"),
    Field("number", "Number", "Your Twilio number with its country, such as +15550100000."),
    Field("address", "Address of the API", "Change it only to go through a relay.", "text", False, ADDRESS),
)

# Twilio's error codes, of calls and of receipts, in words.
WORDS = {
    20003: "Twilio no longer takes the auth token. Copy the primary one from the Twilio Console, Account, API keys and "
    "tokens, and enter it in the channel's settings.",
    20404: "Twilio knows no such account, number or message. Check the account SID in the channel's settings.",
    20429: "Twilio asks for fewer calls. Crowdalogue waits and tries again.",
    21211: "The number to write to is not one. It needs its country, such as +15550100199.",
    21408: "Your Twilio account may not write to this country. Allow it in the Console: Messaging, Geo permissions.",
    21606: "The number cannot send text messages. Enter one of your Twilio account that can.",
    21608: "A trial account may write only to numbers that were verified. Verify this one, or pay for the account.",
    21610: "This person asked for no more text messages (STOP). Only they can allow them again, with START.",
    21614: "The number is no mobile number, so it takes no text messages. Call, or answer elsewhere.",
    21617: "The answer is longer than 1,600 characters. Shorten it.",
    21620: "Twilio could not use the address of a file. Set CROWDALOGUE_URL to the address this install has on the "
    "internet.",
    21623: "A text message takes at most ten files. Send fewer.",
    21659: "The number to send from is not of your Twilio account. Enter one that is.",
    30002: "Twilio has suspended the account. See the Console.",
    30003: "The phone could not be reached: off, or out of range. Try again later.",
    30004: "The message was blocked by the network or by the person.",
    30005: "The number does not exist any more.",
    30006: "The number is a landline or cannot be reached by this network.",
    11200: "Twilio could not fetch a file from here. See that CROWDALOGUE_URL is reached from the internet.",
    11751: "The files are larger than the network takes. Send smaller ones, or a link.",
    12300: "Twilio does not know this kind of file. Send another kind, or a link.",
    30007: "The network took the message for spam and did not hand it over. Change its words.",
    30008: "The network did not hand over the message and did not say why. Try again later.",
    30011: "The person's network takes no files by text message. Send a link.",
    30019: "The file is larger than the person's network takes. Send a smaller one, or a link.",
    30032: "The toll-free number is not verified yet, so networks refuse it. Verify it in the Console.",
    30034: "The number is not registered for A2P 10DLC, so US networks refuse it. Register it in the Console.",
}
TRY_AGAIN = frozenset({20429, 20500, 20503, 14107, 30001})


class Api:
    """Twilio's API as one account may use it."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.sid = str(settings["account_sid"] or "").strip()
        self.auth = (self.sid, str(settings["auth_token"] or "").strip())
        self.number = str(settings["number"] or "").strip()
        self.service = str(settings.get("service") or "").strip()
        self.callback = str(settings.get("callback") or "").strip()
        self.address = str(settings.get("address") or ADDRESS).rstrip("/")
        self.base = f"{self.address}/{VERSION}/Accounts/{self.sid}"

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """The JSON at a path below the account's, or at a next page's whole path. Raises `Failure`."""
        return self.call("GET", path, params={n: v for n, v in params.items() if v not in (None, "")} or None)

    def call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        url = self.address + path if path.startswith(f"/{VERSION}/") else f"{self.base}{path}"
        try:
            response = http.request(method, url, auth=self.auth, **more)
        except http.CallFailed as failure:
            raise in_words(failure) from None
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            # What was sent may well have been taken.
            raise http.CallFailed("Twilio answered with something that is not JSON. Try again later.", uncertain=True)
        return found

    def next_page(self, answer: Mapping[str, Any]) -> str:
        """The path of the next page, where it is one of this account."""
        path = words(answer, "next_page_uri")
        return path if path.startswith(f"/{VERSION}/Accounts/{self.sid}") else ""

    def file(self, url: str) -> bytes:
        """A recording or picture. The password is shown to Twilio only; where that leads elsewhere, it stays here."""
        own = urlsplit(url).netloc.casefold() == urlsplit(self.address).netloc.casefold()
        host = (urlsplit(url).hostname or "").casefold()
        if not own and host != "twilio.com" and not host.endswith(".twilio.com"):
            raise Failure(f"The file is at {host[:80]}, which is not Twilio's, so it was not fetched.", permanent=True)
        try:
            return http.request("GET", url, trusted=own, auth=self.auth, max_bytes=50 * http.MEGABYTE).content
        except http.CallFailed as failure:
            raise in_words(failure) from None

    def send(self, outgoing: Outgoing) -> Sent:
        """A text message. Twilio has no key by which a repeat is known, so a call without an answer stays in doubt."""
        check_files(outgoing.attachments)
        form: dict[str, Any] = {"To": outgoing.to.address, "Body": outgoing.text}
        form |= {"MediaUrl": [file.url for file in outgoing.attachments]} if outgoing.attachments else {}
        form |= {"MessagingServiceSid": self.service} if self.service else {"From": self.number}
        form |= {"StatusCallback": self.callback} if self.callback else {}
        try:
            answer = self.call("POST", "/Messages.json", data=form)
        except Failure as failure:
            raise not_sent(failure) from failure
        made = words(answer, "sid")
        if not made:
            raise SendError("Twilio did not say what it calls the message. Look in its log.", uncertain=True)
        if words(answer, "status") in ("failed", "undelivered"):
            raise SendError(reason(whole(answer, "error_code")), permanent=True)
        return Sent(made)

    def check(self) -> None:
        """Whether the account is open and the number its own. Raises `Failure`."""
        account = self.get(".json")
        if words(account, "status") not in ("active", ""):
            raise Failure(f"The Twilio account is {words(account, 'status')[:40]}. See the Console.")
        if self.number.startswith("+"):  # a short code is in no list of numbers
            found = self.get("/IncomingPhoneNumbers.json", PhoneNumber=self.number)
            if not found.get("incoming_phone_numbers"):
                raise Failure(f"The number {self.number[:40]} is not of this Twilio account. Enter one that is.")


def check_files(files: Sequence[Attachment]) -> None:
    """Raise `SendError` for what Twilio would not take, before anything leaves."""
    if len(files) > MOST_FILES:
        raise SendError(f"A text message takes at most {MOST_FILES} files. Send fewer.", permanent=True)
    if sum(len(file.content) for file in files) > LARGEST:
        raise SendError(f"A text message takes at most {LARGEST >> 20} MB of files. Send a link.", permanent=True)
    if not all(file.url for file in files):
        raise SendError("Twilio fetches files, and this one has no address it could fetch.", permanent=True)


def in_words(failure: http.CallFailed) -> http.CallFailed:
    """The refusal with cause and remedy; Twilio's own text only where we have none, and never what was sent."""
    body = failure.told
    code = whole(body, "code") or 0
    if failure.status in (401, 403) and code not in WORDS:
        code = 20003
    if code in WORDS:
        return failure.saying(WORDS[code], permanent=code not in TRY_AGAIN, uncertain=False)
    if code:
        said = " ".join(words(body, "message").split())[:200]
        text = f"Twilio did not accept the call ({said or 'error'}, {code}). Check the settings."
        return failure.saying(text, permanent=failure.permanent and code not in TRY_AGAIN)
    return failure


def reason(code: int | None) -> str:
    """Why a message was not handed over."""
    if not code:
        return "The network did not hand over the message."
    return WORDS.get(code, f"The network did not hand over the message (Twilio's error {code}).")


OVERLAP = timedelta(minutes=10)  # of one look with the last, for what was listed late


def is_news(mark: str | None, done: Any) -> bool:
    """Whether a thing of a list (its time, ISO) is newer than the last whole look, or nearly."""
    last = when(done) if done else None
    at = when(mark) if mark else None
    return last is None or at is None or at >= last - OVERLAP


def listed_of(raw: Raw) -> dict[str, Any] | None:
    """What was asked for and not sent to us: a delivery that we made of a list."""
    if not raw.body.lstrip().startswith(b"{"):
        return None
    body = body_of(raw.body)
    return body if words(body, "object") == "listed" else None


def named(media_type: str, number: int) -> str:
    """A name for a file that came without one."""
    major, _, minor = media_type.partition("/")
    ending = {"jpeg": "jpg", "mpeg": "mp3", "quicktime": "mov", "plain": "txt", "x-vcard": "vcf"}.get(minor, minor)
    kind = {"image": "picture", "video": "film", "audio": "sound"}.get(major, "file")
    return f"{kind}-{number}.{ending}" if ending.isalnum() else f"{kind}-{number}"


def attached(url: str, media_type: str, number: int) -> Attachment:
    known = media_type.partition(";")[0].strip().casefold() or "application/octet-stream"
    return Attachment(named(known, number), known, url=url)
