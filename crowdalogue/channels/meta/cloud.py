"""Messages of the WhatsApp Cloud API, each of its kinds translated once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crowdalogue.channels.base import (
    Attachment,
    Author,
    Incoming,
    Interaction,
    Item,
    Kind,
    NotUnderstood,
    Removal,
    Status,
    Unknown,
)
from crowdalogue.channels.picking import flag, link, must, objects, tidy, when, whole, words

__all__ = ["MEDIA", "Conversation", "address_of", "read_status"]

MEDIA = "whatsapp-media:"  # then the id by which the file is fetched
# Kinds that are files: what one is called and taken for where WhatsApp does not say.
FILES = {
    "image": ("image.jpg", "image/jpeg"),
    "audio": ("audio.ogg", "audio/ogg"),
    "voice": ("voice.ogg", "audio/ogg"),
    "video": ("video.mp4", "video/mp4"),
    "document": ("document", "application/octet-stream"),
    "sticker": ("sticker.webp", "image/webp"),
}
STATES = {"delivered": "delivered", "read": "read", "played": "read", "failed": "failed", "sent": "sent"}


def address_of(number: str) -> str:
    """A number as WhatsApp writes it (digits with the country, no plus) in the one spelling of phone numbers.

    Who has a user name is known by an id such as US.1234, which is kept as it is.
    """
    plain = number.strip()
    return f"+{plain}" if plain.isdecimal() else plain


class Conversation:
    """The messages of one change: who their people are, and which of them are ours."""

    def __init__(self, value: Mapping[str, Any], *, heard: bool = False) -> None:
        self.heard = heard  # voice notes are put into words
        self.number = words(value, "metadata.phone_number_id")
        shown = "".join(c for c in words(value, "metadata.display_phone_number") if c.isdecimal())
        self.us = Author(address_of(shown) or self.number or "us", ours=True)
        self.ours = {shown, self.number} - {""}
        self.people = {
            name: contact
            for contact in objects(value, "contacts")
            for name in (words(contact, "wa_id"), words(contact, "user_id"))
            if name
        }

    def person(self, number: str, user: str) -> Author:
        """`number` may be withheld where the person has a user name; `user` is then how they are known."""
        known = number or user
        if not known:
            raise NotUnderstood('"from" is missing.')
        contact = self.people.get(number) or self.people.get(user) or {}
        facts = {
            "username": words(contact, "profile.username"),
            "phone": address_of(number) if number else "",
            "phone_verified": True if number else None,
        }
        return Author(address_of(known), words(contact, "profile.name"), facts=tidy(facts))

    def read(self, said: Mapping[str, Any]) -> list[Item]:
        """One message, and what kind of thing it is."""
        sender, user = words(said, "from"), words(said, "from_user_id")
        mine = sender in self.ours
        if mine:
            other = self.person(words(said, "to") or words(said, "to_user_id"), words(said, "to_user_id"))
        else:
            other = self.person(sender, user)
        kind = words(said, "type") or "unknown"
        at = when(said, "timestamp")
        author = self.us if mine else other
        if kind == "reaction":
            target, emoji = must(said, "reaction.message_id"), words(said, "reaction.emoji")
            name = f"reaction:{'us' if mine else other.address}:{target}"
            return [Interaction(name, author, emoji or "reaction", at, target, gone=not emoji)]
        if kind == "revoke":
            return [Removal(must(said, "revoke.original_message_id"), at)]
        target, edited = must(said, "id"), None
        if kind == "edit":
            target, edited = must(said, "edit.original_message_id"), at
            inner = said["edit"].get("message")
            said = {**(inner if isinstance(inner, dict) else {}), "timestamp": None}
            kind = words(said, "type") or "text"
        text, files, extra = content(said, kind)
        group = words(said, "group_id")
        chat = f"whatsapp:group:{group}" if group else f"whatsapp:{other.address}"
        if self.heard and not mine and not text and any(f.media_type.startswith("audio/") for f in files):
            extra["transcript_wanted"] = True
        shared = {"forwarded": flag(said, "context.forwarded") or flag(said, "context.frequently_forwarded")}
        return [
            Incoming(
                external_id=target,
                author=author,
                to=(other,) if mine else (self.us,),
                text=text,
                sent_at=None if edited else at,
                edited_at=edited,
                parents=tuple(p for p in (words(said, "context.id"),) if p),
                threads=(chat,),
                kind=Kind.AUTOMATIC if kind == "system" else Kind.MESSAGE,
                attachments=files,
                extra=tidy(
                    {"type": kind, "group": group, "user": user} | {k: v for k, v in shared.items() if v} | extra
                ),
            )
        ]

    def preference(self, said: Mapping[str, Any]) -> list[Item]:
        """Somebody allows or forbids messages that advertise; noted on them, and nobody may answer it."""
        other = self.person(words(said, "wa_id"), words(said, "user_id"))
        allowed = {"resume": True, "stop": False}.get(words(said, "value"))
        if allowed is None:
            raise NotUnderstood('"value" must be stop or resume.')
        text = words(said, "detail") or f"Messages that advertise: {'allowed' if allowed else 'not wanted'}."
        return [
            Incoming(
                external_id=f"preference:{other.address}:{words(said, 'timestamp')}",
                author=replace(other, facts={**other.facts, "consent": {"whatsapp_marketing": allowed}}),
                to=(self.us,),
                text=text,
                sent_at=when(said, "timestamp"),
                threads=(f"whatsapp:{other.address}",),
                kind=Kind.AUTOMATIC,
                extra={"consent": "given" if allowed else "withdrawn"},
            )
        ]


def content(said: Mapping[str, Any], kind: str) -> tuple[str, tuple[Attachment, ...], dict[str, Any]]:
    """Words, files and facts of a message of any kind. What has no words says in brackets what it is."""
    extra: dict[str, Any] = {
        "advertisement": words(said, "referral.headline"),
        "came_by": link(said, "referral.source_url"),
    }
    if kind in FILES:
        text, files = file_of(said, kind)
        return text, files, extra | {"voice": flag(said, f"{kind}.voice") or None}
    if kind == "text":
        return words(said, "text.body"), (), extra
    if kind == "button":
        return words(said, "button.text"), (), extra | {"payload": words(said, "button.payload")}
    if kind == "interactive":
        return interactive(said, extra)
    if kind == "location":
        return location(said), (), extra
    if kind == "contacts":
        return "\n".join(contact(c) for c in objects(said, "contacts")) or "(contacts)", (), extra
    if kind == "order":
        return order(said), (), extra | {"catalog": words(said, "order.catalog_id")}
    if kind == "system":
        changed = words(said, "system.wa_id") or words(said, "system.new_wa_id")
        return words(said, "system.body") or "(news of the system)", (), extra | {"new_number": address_of(changed)}
    why = words(said, "errors.0.error_data.details") or words(said, "errors.0.title")
    what = words(said, "unsupported.type") or kind
    text = f"(A message of the kind {what[:40]}, which WhatsApp does not hand on. Look on the phone.)"
    return text, (), extra | {"unsupported": what[:40], "why": why[:200]}


def file_of(said: Mapping[str, Any], kind: str) -> tuple[str, tuple[Attachment, ...]]:
    media = must(said, f"{kind}.id")
    name, usual = FILES[kind]
    media_type = words(said, f"{kind}.mime_type").partition(";")[0].strip() or usual
    if kind == "audio" and flag(said, "audio.voice"):
        name = "voice.ogg"
    name = words(said, f"{kind}.filename") or name
    return words(said, f"{kind}.caption"), (Attachment(name, media_type, url=MEDIA + media),)


def interactive(said: Mapping[str, Any], extra: dict[str, Any]) -> tuple[str, tuple[Attachment, ...], dict[str, Any]]:
    kind = words(said, "interactive.type")
    if kind == "nfm_reply":  # a form that was filled in
        text = words(said, "interactive.nfm_reply.body") or "(A form was sent.)"
        return text, (), extra | {"form": words(said, "interactive.nfm_reply.response_json")}
    title = words(said, f"interactive.{kind}.title")
    described = words(said, f"interactive.{kind}.description")
    return (
        title or f"({kind or 'a choice'})",
        (),
        extra
        | {
            "payload": words(said, f"interactive.{kind}.id"),
            "described": described,
        },
    )


def location(said: Mapping[str, Any]) -> str:
    place = said.get("location")
    place = place if isinstance(place, dict) else {}
    numbers = [place.get(name) for name in ("latitude", "longitude")]
    where = ", ".join(str(n) for n in numbers if isinstance(n, int | float | str) and not isinstance(n, bool))
    named = [words(place, "name"), words(place, "address"), where]
    return "Location: " + ", ".join(part for part in named if part)


def contact(card: Mapping[str, Any]) -> str:
    numbers = [words(p, "phone") or words(p, "wa_id") for p in objects(card, "phones")]
    mails = [words(m, "email") for m in objects(card, "emails")]
    return "Contact: " + ", ".join(p for p in (words(card, "name.formatted_name"), *numbers, *mails) if p)


def order(said: Mapping[str, Any]) -> str:
    lines = [words(said, "order.text") or "Order:"]
    for item in objects(said, "order.product_items", 200):
        price = item.get("item_price")
        cost = f" at {price} {words(item, 'currency')}" if isinstance(price, int | float) else ""
        lines.append(f"{whole(item, 'quantity') or 1} × {words(item, 'product_retailer_id')}{cost}")
    return "\n".join(lines)


def read_status(status: Mapping[str, Any], why: str) -> list[Item]:
    """A receipt. It names our own key where we sent one, which also finds an answer we never heard to be taken."""
    said = words(status, "status")
    if said not in STATES:
        return [Unknown(f"a receipt with the state {said[:40]}")]
    key, name = words(status, "biz_opaque_callback_data"), must(status, "id")
    at = when(status, "timestamp")
    return [Status(key, STATES[said], why, at, name) if key else Status(name, STATES[said], why, at)]
