"""Direct messages of Bluesky: the log of all conversations, and at first what was said before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crowdalogue.channels.payload import part, parts, word
from crowdalogue.channels.social.posts import chat_id
from crowdalogue.channels.social.xrpc import Client

__all__ = ["entries", "name_of"]

CONVERSATIONS = 10  # looked at in one call of the first look
NEWEST = 100  # messages of each that the first look takes, the network's page
DEFS = "chat.bsky.convo.defs#"

Entry = tuple[dict[str, Any], list[dict[str, Any]]]  # of the log, and the profiles of who is in it


def entries(client: Client, place: Mapping[str, Any]) -> tuple[list[Entry], dict[str, Any], bool]:
    """What came after `place` (empty at first), where to go on, and whether there is more.

    What the first look finds has the form of the log, so that by either way it is one delivery.
    """
    if "log" not in place:
        return _history(client, place)
    answer = client.get("chat.bsky.convo.getLog", {"cursor": place["log"]}, chat=True)
    found: list[Entry] = [(e, parts(e, "relatedProfiles")) for e in parts(answer, "logs")]
    moved = word(answer, "cursor") or place["log"]
    return found, {"log": moved}, bool(found) and moved != place["log"]


def _history(client: Client, place: Mapping[str, Any]) -> tuple[list[Entry], dict[str, Any], bool]:
    params = {"limit": CONVERSATIONS, "cursor": str(place.get("page") or "")}
    answer = client.get("chat.bsky.convo.listConvos", params, chat=True)
    # The log is read from the state of the first page on: what changes meanwhile comes twice rather than never.
    newest = str(place.get("newest") or "") or max((word(c, "rev") for c in parts(answer, "convos")), default="")
    found = [entry for convo in parts(answer, "convos") for entry in _messages(client, convo)]
    page = word(answer, "cursor")
    return found, {"page": page, "newest": newest} if page else {"log": newest}, bool(page)


def _messages(client: Client, convo: dict[str, Any]) -> list[Entry]:
    name, members = word(convo, "id", needed=True), parts(convo, "members")
    answer = client.get("chat.bsky.convo.getMessages", {"convoId": name, "limit": NEWEST}, chat=True)
    return [
        ({"$type": f"{DEFS}logCreateMessage", "convoId": name, "message": message}, members)
        for message in parts(answer, "messages")
        if word(message, "$type") != f"{DEFS}systemMessageView"
    ]


def name_of(entry: dict[str, Any]) -> str:
    """What makes an entry the same one by log and by history."""
    message, reaction = part(entry, "message"), part(entry, "reaction")
    name = [word(entry, "$type"), chat_id(word(entry, "convoId"), word(message, "id"))]
    name += [word(reaction, "value"), word(part(reaction, "sender"), "did"), word(reaction, "createdAt")]
    return " ".join(name if message else [*name, word(entry, "rev")])
