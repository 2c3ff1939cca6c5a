"""Private messages of Messenger and Instagram, which speak the same dialect, and answers to them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crowdalogue.channels.base import (
    UNTIL,
    Attachment,
    Author,
    Ignored,
    Incoming,
    Interaction,
    Item,
    NotUnderstood,
    Outgoing,
    Removal,
    SendError,
    Sent,
    Status,
    Unknown,
)
from crowdalogue.channels.picking import flag, link, must, objects, tidy, when, whole, words

__all__ = ["DAY", "NOT_HANDED_ON", "WEEK", "Mailer", "chat", "read_event"]

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
LONGEST = 2000  # characters of a private message
NOT_HANDED_ON = "(A kind of message that is not handed on. Open the app to see it.)"
# What an attachment is called and taken for, by Meta's word for it; the rest is a link to something elsewhere.
FILES = {
    "image": ("image.jpg", "image/jpeg"),
    "audio": ("audio.mp4", "audio/mp4"),
    "video": ("video.mp4", "video/mp4"),
    "file": ("file", "application/octet-stream"),
    "animated_image": ("image.gif", "image/gif"),
    "story_mention": ("story", "application/octet-stream"),
    "share": ("post", "application/octet-stream"),
    "reel": ("reel.mp4", "video/mp4"),
    "ig_reel": ("reel.mp4", "video/mp4"),
    "ig_post": ("post", "application/octet-stream"),
}
THUMBS = {"369239263222822", "369239343222814", "369239383222810"}  # the thumb of Messenger in its three sizes
# Events that say nothing a person would read.
QUIET = {
    "optin": "somebody allowed messages",
    "referral": "somebody came by a link or an advertisement",
    "account_linking": "an account was linked or unlinked",
    "pass_thread_control": "another app handed the conversation over",
    "take_thread_control": "another app took the conversation over",
    "request_thread_control": "another app asks for the conversation",
    "app_roles": "Meta changed which app has conversations",
    "policy_enforcement": "Meta warned or limited the page; see its Page quality",
    "typing": "somebody is typing",
}


def chat(place: str, customer: str) -> str:
    """The name of a conversation: one for each person and place, such as messenger:42."""
    return f"{place}:{customer}"


def read_event(event: Mapping[str, Any], ours: str, place: str) -> list[Item]:
    """What one private event holds. `ours` is our own id there, `place` messenger or instagram."""
    reader = Event(event, ours, place)
    for name in ("message", "message_edit", "postback", "reaction", "read", "delivery"):
        if isinstance(event.get(name), dict):
            read: Callable[[], list[Item]] = getattr(reader, name)
            return read()
    quiet = next((why for name, why in QUIET.items() if name in event), "")
    if quiet:
        return [Ignored(quiet)]
    names = sorted(set(event) - {"sender", "recipient", "timestamp", "account_id"})
    return [Unknown(f"a private event with {', '.join(names)[:100] or 'nothing in it'}")]


class Event:
    """One private event and who is on which side of it."""

    def __init__(self, event: Mapping[str, Any], ours: str, place: str) -> None:
        self.event, self.place = event, place
        self.at = when(event, "timestamp")
        sender = words(event, "sender.id") or words(event, "sender.user_ref") or must(event, "sender.id")
        recipient = words(event, "recipient.id")
        self.mine = sender == ours or flag(event, "message.is_echo") or flag(event, "reaction.is_echo")
        self.customer = recipient if self.mine else sender
        if not self.customer:
            raise NotUnderstood('"recipient.id" is missing.')
        self.us = Author(ours or (sender if self.mine else recipient) or place, ours=True)
        self.them = Author(self.customer)

    def incoming(self, name: str, external_id: str, text: str, **more: Any) -> Incoming:
        extra = tidy({"via": self.place, "person": self.customer} | more.pop("extra", {}))
        return Incoming(
            external_id=external_id,
            author=self.us if self.mine else self.them,
            to=(self.them,) if self.mine else (self.us,),
            text=text,
            threads=(chat(self.place, self.customer),),
            extra=extra,
            **more,
        )

    # --- one method for each sort of event

    def message(self) -> list[Item]:
        said = self.event["message"]
        mid = must(said, "mid")
        if flag(said, "is_deleted"):
            return [Removal(mid, self.at)]
        text, files, notes = self.content(said)
        key = words(said, "metadata") if self.mine else ""
        items: list[Item] = [
            self.incoming(
                "message",
                mid,
                text,
                sent_at=self.at,
                parents=tuple(p for p in (words(said, "reply_to.mid"),) if p),
                attachments=files,
                extra=notes | {"reply_key": key, "app": words(said, "app_id")},
            )
        ]
        if key:  # our answer has arrived, also where we were cut off before Meta said so
            items.append(Status(key, "sent", at=self.at, name=mid))
        return items

    def content(self, said: Mapping[str, Any]) -> tuple[str, tuple[Attachment, ...], dict[str, Any]]:
        text = words(said, "text")
        notes: dict[str, Any] = {
            "payload": words(said, "quick_reply.payload"),
            "story": link(said, "reply_to.story.url"),
            "referral": words(said, "referral.ref"),
            "advertisement": words(said, "referral.ad_id") or words(said, "referral.ads_context_data.ad_title"),
            "unsupported": flag(said, "is_unsupported") or None,
        }
        files, lines = [], []
        for number, one in enumerate(objects(said, "attachments"), 1):
            file, line = attachment(one, number)
            files += [file] if file else []
            lines += [line] if line else []
        if not text and not files and not lines:
            lines = [NOT_HANDED_ON]
        return text or "\n".join(lines), tuple(files), notes | ({"attached": lines} if text and lines else {})

    def message_edit(self) -> list[Item]:
        said = self.event["message_edit"]
        return [self.incoming("edit", must(said, "mid"), words(said, "text"), edited_at=self.at or datetime.now(UTC))]

    def postback(self) -> list[Item]:
        said = self.event["postback"]
        mid = words(said, "mid") or f"postback:{self.customer}:{words(self.event, 'timestamp')}"
        notes = {"payload": words(said, "payload"), "referral": words(said, "referral.ref")}
        text = words(said, "title") or words(said, "payload") or "(A button was pressed.)"
        return [self.incoming("postback", mid, text, sent_at=self.at, extra=notes)]

    def reaction(self) -> list[Item]:
        said = self.event["reaction"]
        target = must(said, "mid")
        return [
            Interaction(
                f"reaction:{'us' if self.mine else self.customer}:{target}",
                self.us if self.mine else self.them,
                words(said, "emoji") or words(said, "reaction") or "reaction",
                self.at,
                target,
                gone=words(said, "action") == "unreact",
            )
        ]

    def read(self) -> list[Item]:
        return self.receipt(self.event["read"], "read")

    def delivery(self) -> list[Item]:
        return self.receipt(self.event["delivery"], "delivered")

    def receipt(self, said: Mapping[str, Any], state: str) -> list[Item]:
        """Receipts that name messages are about those. Else a watermark says that everything sent until then
        arrived: that is news about the conversation, by its name, and about which answers only the rows know."""
        at = when(said, "watermark") or self.at
        mids = [words(m) for m in said.get("mids") or ()] if isinstance(said.get("mids"), list) else []
        mids += [words(said, "mid")]
        named = [mid for mid in mids if mid]
        return [Status(mid, state, at=at) for mid in named or [UNTIL + chat(self.place, self.customer)]]


def attachment(one: Mapping[str, Any], number: int) -> tuple[Attachment | None, str]:
    """A file of a message, and what stands in for it where there are no words."""
    kind = words(one, "type") or "file"
    url = link(one, "payload.url") or link(one, "url")
    title = words(one, "payload.title") or words(one, "title")
    if words(one, "payload.sticker_id") in THUMBS:
        return None, "\N{THUMBS UP SIGN}"
    if kind == "location":
        place = f"{words_of(one, 'payload.coordinates.lat')}, {words_of(one, 'payload.coordinates.long')}"
        return None, f"Location: {title + ', ' if title else ''}{place}"
    if kind in FILES and url:
        name, media_type = FILES[kind]
        stem, dot, ending = name.partition(".")
        line = "Mentioned us in a story." if kind == "story_mention" else f"Shared: {title}" if title else ""
        return Attachment(f"{stem}-{number}{dot}{ending}", media_type, url=url), line
    said = " ".join(part for part in (title, url) if part)
    return None, f"Shared: {said}" if said else f"({kind[:40].replace('_', ' ')})"


def words_of(one: Mapping[str, Any], path: str) -> str:
    """A coordinate as text: `words` knows no fractions."""
    value: Any = one
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, int | float) else "unknown"


# ---------------------------------------------------------------- answers


class Mailer:
    """Sends private messages by the Send API. `call` is `MetaChannel.call`, `place` the path of the page's messages."""

    def __init__(self, call: Callable[..., dict[str, Any]], place: str, *, human_agent: bool, files: str = "") -> None:
        self.call, self.place = call, place
        self.human_agent = human_agent
        self.files = files  # the path that takes files; empty where they cannot be sent or are fetched from `url`

    def answer(self, outgoing: Outgoing, now: datetime) -> Sent:
        """An answer in a conversation. Files are handed in first, so that a refused one costs nothing; those that
        Meta fetches from us go before the words, for the same reason."""
        check_length(outgoing)
        frame = {"recipient": {"id": outgoing.to.address}} | self.permission(outgoing, now)
        fetched = [to_fetch(file) for file in outgoing.attachments if file.url]
        ids = [self.hand_in(file) for file in outgoing.attachments if not file.url]
        messages: list[dict[str, Any]] = [{"attachment": one} for one in fetched]
        messages += [{"text": outgoing.text}] if outgoing.text.strip() else []
        messages += [{"attachment": {"type": kind, "payload": {"attachment_id": id_}}} for kind, id_ in ids]
        first = ""
        for message in messages:
            try:
                answer = self.post(frame | {"message": message | {"metadata": outgoing.key}})
            except SendError as error:
                if first:
                    text = f"Only a part of the answer arrived, then: {error.text}"
                    raise SendError(text, permanent=True, uncertain=True) from error
                raise
            first = first or words(answer, "message_id")
        return Sent(first)

    def private_reply(self, target: Mapping[str, str], outgoing: Outgoing) -> Sent:
        """A private answer to a public comment or post. Meta allows one, within seven days."""
        check_length(outgoing)
        if outgoing.attachments:
            raise SendError("A private answer to a comment takes no files. Send them afterwards.", permanent=True)
        message = {"recipient": dict(target), "message": {"text": outgoing.text, "metadata": outgoing.key}}
        return Sent(words(self.post(message), "message_id"))

    def post(self, message: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.call("POST", self.place, json=message)
        if not words(answer, "message_id"):
            raise SendError("Meta did not say what it calls the message. Look there.", uncertain=True)
        return answer

    def permission(self, outgoing: Outgoing, now: datetime) -> dict[str, str]:
        """By which right we write: an answer within a day, or as a human agent within a week."""
        age = now - outgoing.heard_at if outgoing.heard_at else timedelta()
        if age <= DAY:
            return {"messaging_type": "RESPONSE"}
        if self.human_agent and age <= WEEK:
            return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        if age > WEEK:
            raise SendError(
                "More than seven days have passed since the customer wrote, so Meta takes no message. "
                "Answer elsewhere.",
                permanent=True,
            )
        raise SendError(
            "More than 24 hours have passed since the customer wrote, so Meta takes no message. Ask Meta for the "
            "Human agent permission and switch it on in the channel's settings, or answer elsewhere.",
            permanent=True,
        )

    def hand_in(self, file: Attachment) -> tuple[str, str]:
        """(kind, id) of a file that Meta now has."""
        if not self.files:
            raise SendError("Files cannot be sent from here on this channel. Send a link.", permanent=True)
        kind = kind_of(file)
        form = {"message": json.dumps({"attachment": {"type": kind, "payload": {"is_reusable": False}}})}
        parts = {"filedata": (file.name, file.content, file.media_type)}
        try:
            answer = self.call("POST", self.files, data=form, files=parts, again=True)
        except SendError as error:  # nothing was said to the customer yet
            raise SendError(error.text, permanent=error.permanent) from error
        return kind, must_have(answer, "attachment_id")


def kind_of(file: Attachment) -> str:
    major = file.media_type.partition("/")[0]
    return major if major in ("image", "audio", "video") else "file"


def to_fetch(file: Attachment) -> dict[str, Any]:
    """A file that Meta fetches from its address."""
    return {"type": kind_of(file), "payload": {"url": file.url}}


def check_length(outgoing: Outgoing) -> None:
    if len(outgoing.text) > LONGEST:
        raise SendError(f"A private message has at most {LONGEST:,} characters. Shorten it.", permanent=True)


def must_have(answer: Mapping[str, Any], name: str) -> str:
    found = words(answer, name) or str(whole(answer, name) or "")
    if not found:
        raise SendError("Meta took the file and did not say what it calls it. Try again.")
    return found
