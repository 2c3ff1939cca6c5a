"""Private messages as Meta's Conversations API stores them: what was said before, and what no hook brought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from crowdalogue.channels.base import Attachment, Author, Incoming, Item, NotUnderstood
from crowdalogue.channels.meta.messaging import NOT_HANDED_ON, chat
from crowdalogue.channels.meta.sweep import Edges
from crowdalogue.channels.picking import each, link, must, objects, tidy, when, words

__all__ = ["NAME", "conversations", "read_conversations"]

NAME = "swept_conversations"
MESSAGE = "id,message,created_time,from,to,sticker,attachments{name,mime_type,file_url,image_data,video_data}"


def conversations(path: str, platform: str) -> Edges:
    """The stored conversations of Messenger or Instagram, the newest first."""
    return Edges(
        name=NAME,
        parents=path,
        fields=f"id,updated_time,participants,messages.limit(25){{{MESSAGE}}}",
        children="messages",
        child_fields=MESSAGE,
        time="updated_time",
        child_time="created_time",
        back=timedelta(hours=2),
        kept=("id", "participants"),
        page=10,
        more={"platform": platform},
    )


def read_conversations(body: Mapping[str, Any], ours: str, place: str) -> list[Item]:
    """The messages of fetched conversations, or of a further page of one."""
    talk = body.get("parent")
    conversation = talk if isinstance(talk, dict) else {}
    return each(objects(body, "data"), lambda m: read_stored(conversation, m, ours, place), "stored message")


def read_stored(conversation: Mapping[str, Any], message: Mapping[str, Any], ours: str, place: str) -> list[Item]:
    """A message as the Conversations API gives it; the same message by hook has the same id."""
    sender = must(message, "from.id")
    mine = sender == ours
    people = objects(message, "to.data") if mine else [message["from"]]
    there = objects(conversation, "participants.data")
    customer = next((p for p in [*people, *there] if words(p, "id") not in ("", ours)), None)
    if customer is None:
        raise NotUnderstood("nobody but ourselves is in this conversation.")
    name = words(customer, "name") or words(customer, "username")
    facts = tidy({"username": words(customer, "username"), "email": words(customer, "email")})
    them = Author(must(customer, "id"), name, facts=facts)
    us = Author(ours, ours=True)
    files = [
        Attachment(words(one, "name") or f"file-{number}", media_type_of(one), url=url)
        for number, one in enumerate(objects(message, "attachments.data"), 1)
        if (url := link(one, "image_data.url") or link(one, "video_data.url") or link(one, "file_url"))
    ]
    sticker = link(message, "sticker")
    text = words(message, "message")
    if not text and not files:
        text = "\N{THUMBS UP SIGN}" if sticker else NOT_HANDED_ON
    return [
        Incoming(
            external_id=must(message, "id"),
            author=us if mine else them,
            to=(them,) if mine else (us,),
            text=text,
            sent_at=when(message, "created_time"),
            threads=(chat(place, them.address),),
            attachments=tuple(files),
            extra={"via": place, "person": them.address},
        )
    ]


def media_type_of(one: Mapping[str, Any]) -> str:
    said = words(one, "mime_type")
    if said.count("/") == 1:
        return said
    return "image/jpeg" if link(one, "image_data.url") else "application/octet-stream"
