"""What the channels of Meta have in common: settings, who is let in, and deliveries with many parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from crowdalogue import http
from crowdalogue.channels.asking import not_sent, refuse_fault
from crowdalogue.channels.base import (
    Channel,
    Field,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    Response,
    SendError,
    Unknown,
)
from crowdalogue.channels.meta import door
from crowdalogue.channels.meta.graph import ADDRESS, VERSION, Graph
from crowdalogue.channels.picking import body_of, each, objects, when, words
from crowdalogue.errors import Failure

__all__ = ["ADDRESS_FIELD", "APP_SECRET", "VERIFY_TOKEN", "VERSION_FIELD", "MetaChannel", "files_of"]

APP_SECRET = Field(
    "app_secret",
    "App secret",
    "Of your Meta app: App settings, Basic. It proves deliveries and signs calls.",
    kind="secret",
)
VERIFY_TOKEN = Field(
    "verify_token",
    "Verify token",
    "Leave empty and one is made. Meta's webhook form asks for it beside the callback URL.",
    required=False,
)
VERSION_FIELD = Field(
    "version", "Graph API version", "Meta keeps each for about two years.", required=False, default=VERSION
)
ADDRESS_FIELD = Field(
    "address", "Address of the Graph API", "Change it only to go through a relay of your own.", "text", False, ADDRESS
)
MOST_ENTRIES = 10_000


class MetaChannel(Channel):
    """Base of Meta's channels. Yours: `read_field` (or `read_change`) and `read_event`, each one part of a delivery."""

    object_name: ClassVar[str] = ""  # "object" of deliveries
    own_field: ClassVar[str] = ""  # the setting with our own id
    credential: ClassVar[str] = "page access token"
    renewal: ClassVar[str] = (
        "Make a new one in Meta's Business settings: Users, System users, Generate token, never expiring; then take "
        "the page's own token of it, and enter that here."
    )

    @classmethod
    def prepare(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        cleaned = {name: value.strip() if isinstance(value, str) else value for name, value in settings.items()}
        return {**cleaned, "verify_token": cleaned.get("verify_token") or door.new_verify_token()}

    @property
    def own_id(self) -> str:
        return str(self.settings[self.own_field] or "").strip()

    def graph(self) -> Graph:
        return Graph(
            str(self.settings["token"] or "").strip(),
            str(self.settings["app_secret"] or "").strip(),
            named=self.credential,
            remedy=self.renewal,
            address=str(self.settings.get("address") or ""),
            version=str(self.settings.get("version") or ""),
        )

    # --- the door

    def greet(self, raw: Raw) -> Response:
        return door.answer_challenge(raw, str(self.settings["verify_token"] or ""))

    def verify(self, raw: Raw, now: datetime) -> None:
        door.check_signature(raw, str(self.settings["app_secret"] or "").strip())

    def respond(self, raw: Raw) -> Response | None:
        """Meta wants to hear 200 and nothing else, also for what we keep and do not understand yet."""
        return Response(b'{"kept": true}')

    def signed(self, content: Mapping[str, Any]) -> Raw:
        return door.signed(str(self.settings["app_secret"] or ""), content)

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        body = body_of(raw.body)
        about = words(body, "object")
        if not about or not isinstance(body.get("entry"), list):
            raise NotUnderstood('This is no delivery of Meta\'s: "object" or "entry" is missing.')
        if about.startswith("swept_"):
            return self.read_swept(about, body)
        if about != self.object_name:
            return [Unknown(f"a delivery about {about[:60]}, which {self.label} does not know")]
        if len(body["entry"]) > MOST_ENTRIES:
            raise NotUnderstood(f"{len(body['entry'])} entries in one delivery are too many.")
        return [item for entry in body["entry"] for item in self.read_entry(entry)]

    def read_entry(self, entry: Any) -> list[Item]:
        """Everything of one entry. A part that cannot be read is `Unknown` and never loses the others."""
        if not isinstance(entry, dict):
            return [Unknown("an entry that is not an object")]
        found = each(objects(entry, "changes"), lambda change: self.read_change(entry, change), "change")
        for name in ("messaging", "standby"):  # standby: another app has the conversation, but it is ours too
            found += each(objects(entry, name), lambda event: self.read_event(entry, event), "event")
        if "field" in entry and "value" in entry:  # Instagram's own login sends the change without its list
            found += each([entry], lambda change: self.read_change(entry, change), "change")
        odd = [n for n in ("changes", "messaging", "standby") if len(objects(entry, n)) != length_of(entry.get(n))]
        found += [Unknown(f'"{name}" holds something that is not an object') for name in odd]
        return found or [Unknown("an entry without changes or messages")]

    def read_change(self, entry: Mapping[str, Any], change: Mapping[str, Any]) -> Iterable[Item]:
        stranger = self.stranger(words(entry, "id"))
        if stranger:
            return [stranger]
        field, value = words(change, "field"), change.get("value")
        if not isinstance(value, dict):
            return [Unknown(f"news of the field {field[:60]} without a value")]
        return self.read_field(field, value, when(entry, "time"))

    def read_field(self, field: str, value: Mapping[str, Any], heard: datetime | None) -> Iterable[Item]:
        return [Unknown(f"news of the field {field[:60]}")]

    def read_event(self, entry: Mapping[str, Any], event: Mapping[str, Any]) -> Iterable[Item]:
        return [Unknown("a private message, which comes to another channel")]

    def read_swept(self, about: str, body: Mapping[str, Any]) -> list[Item]:
        return [Unknown(f"a fetched page of the kind {about[:60]}")]

    def stranger(self, owner: str) -> Unknown | None:
        """An item instead of the event where it is not of this account: it stays to be looked at."""
        if not owner or not self.own_id or owner in (self.own_id, "0"):  # "0" is what Meta's own test button sends
            return None
        return Unknown(
            f"an event of {owner[:40]}, and this account is {self.own_id}. Connect that one too, or take its "
            "subscription off this address"
        )

    def check_page(self, needed: frozenset[str], where: str) -> None:
        """Raise `Failure` unless the token is the page's own and the page sends what is `needed` to the app."""
        graph = self.graph()
        me = graph.get("me", fields="id,name")
        if words(me, "id") != self.own_id:
            raise Failure(
                f"The token is not of {self.own_id}, but of {words(me, 'name')[:80]} ({words(me, 'id')}). "
                "Enter the page's own token: GET me/accounts lists it."
            )
        apps = objects(graph.get(f"{self.own_id}/subscribed_apps"), "data")
        subscribed = {str(f) for app in apps for f in app.get("subscribed_fields") or ()}
        if missing := sorted(needed - subscribed):
            raise Failure(f"The page does not send {', '.join(missing)} to the app. {where}")

    # --- files and answers

    def download(self, url: str) -> bytes:
        """A file that a message named. Meta's addresses hold their own key and are open for days."""
        try:
            return http.request("GET", url, trusted=False).content
        except http.CallFailed as failure:
            if failure.status in (403, 404, 410):
                text = f"{self.label} no longer has this file at the address that the message named."
                raise Failure(text, permanent=True) from failure
            raise

    def call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """A call by which something is sent. Raises `SendError`."""
        try:
            return self.graph().call(method, path, **more)
        except Failure as failure:
            raise not_sent(failure) from failure


def length_of(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0 if value is None else 1


def files_of(outgoing: Outgoing, most: int, what: str) -> None:
    """Raise `SendError` where an answer has more files than go at once."""
    if len(outgoing.attachments) > most:
        raise SendError(f"{what} takes at most {most} files with one answer. Send fewer.", permanent=True)
