"""Private messages as Meta's Conversations API stores them: what was said before, and what no hook brought."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from crowdalogue.channels.base import Attachment, Author, Incoming, Item, NotUnderstood, Profile, Raw
from crowdalogue.channels.meta.graph import Graph, GraphFailed
from crowdalogue.channels.meta.messaging import NOT_HANDED_ON, chat
from crowdalogue.channels.meta.sweep import Edges
from crowdalogue.channels.picking import each, link, must, objects, tidy, when, whole, words

__all__ = ["NAME", "PERSON", "PROFILES", "conversations", "profiles", "read_conversations", "read_profile"]

NAME = "swept_conversations"
PROFILES = "swept_profiles"
PERSON = "id,name,first_name,last_name,profile_pic"  # of Messenger; Instagram shows more
MOST_PROFILES = 20  # a call
MOST_KNOWN = 500  # whose profiles are not asked for again
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


def read_profile(found: Mapping[str, Any]) -> list[Item]:
    """Who somebody is, as Meta's profile of a person in a conversation says it."""
    name = words(found, "name") or " ".join(p for n in ("first_name", "last_name") if (p := words(found, n)))
    facts = {
        "username": words(found, "username"),
        "followers": whole(found, "follower_count"),
        "verified": found.get("is_verified_user") if isinstance(found.get("is_verified_user"), bool) else None,
        "picture": link(found, "profile_pic"),
    }
    return [Profile(Author(must(found, "id"), name or words(found, "username"), facts=tidy(facts)))]


def profiles(
    graph: Graph, deliveries: Sequence[Raw], known: Any, ours: str, fields: str
) -> tuple[list[Raw], list[str]]:
    """The profiles of people in these conversations who are not `known` yet: deliveries, and who is known now.

    Whom Meta does not show is left as they are; a token that is over is said by the next look.
    """
    before = [str(k) for k in known] if isinstance(known, list) else []
    people = (one for raw in deliveries for one in objects(json.loads(raw.body), "parent.participants.data"))
    new = [name for name in dict.fromkeys(words(p, "id") for p in people) if name and name not in {*before, ours}]
    raws = []
    for person in new[:MOST_PROFILES]:
        try:
            found = graph.get(person, fields=fields)
        except GraphFailed as failure:
            if not failure.forbidden:
                break  # asked again with the next look
            found = {}
        before.append(person)
        if words(found, "id"):
            body = {"object": PROFILES, "entry": [], "data": [found]}
            raws.append(Raw(json.dumps(body, ensure_ascii=False).encode()))
    return raws, before[-MOST_KNOWN:]


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
    said: list[Item] = [
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
    # Hooks name nobody: the message may be here already, and its author without a name.
    return [*said, Profile(them)] if them.name else said


def media_type_of(one: Mapping[str, Any]) -> str:
    said = words(one, "mime_type")
    if said.count("/") == 1:
        return said
    return "image/jpeg" if link(one, "image_data.url") else "application/octet-stream"
