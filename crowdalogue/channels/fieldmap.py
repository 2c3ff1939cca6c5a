"""A field map out of one pasted example: where the messages stand, and what is called what on the other side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from crowdalogue.channels.base import Incoming, Item, NotUnderstood
from crowdalogue.channels.jsonbody import Reader, items_of, load, read_map, read_moment, take

MOST_PATHS = 200
SAMPLE = 80
SHOWN = 3  # messages of the example that are read for the preview
# Ours -> what others call it; the first that is found counts. The last part of a path is compared.
USUAL = {
    "id": "id message_id messageid comment_id commentid uuid guid external_id ticket_id review_id number key sid",
    "text": "text body message content comment description review plain_text html_body note",
    "sent_at": "sent_at created_at createdat created timestamp date time posted_at published_at ts",
    "edited_at": "edited_at updated_at updatedat modified_at",
    "author": "email from from_email sender phone from_number user_id author_id customer_id username handle author",
    "name": "name full_name display_name fullname author_name customer_name sender_name first_name",
    "subject": "subject title headline summary",
    "conversation": "conversation_id thread_id ticket_id case_id chat_id conversation thread topic_id discussion_id",
    "in_reply_to": "in_reply_to reply_to parent_id parent in_response_to reply_to_id",
    "url": "url link permalink href",
    "language": "language lang locale",
}
NEEDED = ("author", "text")
LISTS = ("messages", "items", "events", "data", "comments", "results", "records")


def read_example(text: str) -> Any:
    """The JSON of a pasted example. Raises `NotUnderstood` saying where it breaks."""
    return load(text.strip().encode())


def messages_path(body: Any) -> str | None:
    """Where the messages of an example stand: a path to a list of objects, "" for the whole, None where it is one."""
    if isinstance(body, list):
        return ""
    lists = [(path, value) for path, value in inner_lists(body)]
    named = [
        path for path, _ in lists if path.rsplit(".", 1)[-1] in ("messages", "items", "events", "data", "comments")
    ]
    return named[0] if named else None


def inner_lists(body: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Lists of objects inside objects, outermost first."""
    if not isinstance(body, dict) or depth > 6:
        return
    for key, value in body.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            yield here, value
    for key, value in body.items():
        yield from inner_lists(value, f"{path}.{key}" if path else str(key), depth + 1)


def message_of(body: Any) -> Any:
    """The first message of an example."""
    path = messages_path(body)
    found = body if path in (None, "") else take(body, str(path))
    return found[0] if isinstance(found, list) and found else found


def paths_of(message: Any) -> list[tuple[str, str]]:
    """Every value of a message: (path, the start of the value), at most `MOST_PATHS`."""
    found: list[tuple[str, str]] = []
    for path, value in leaves(message):
        found.append((path, str(value)[:SAMPLE]))
        if len(found) == MOST_PATHS:
            break
    return found


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > 8:
        return
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value[:3]))
    elif value is not None and path:
        yield path, value
    for key, inner in pairs:
        if "." not in str(key):  # such a name cannot be said in a path
            yield from leaves(inner, f"{path}.{key}" if path else str(key), depth + 1)


def guess(body: Any) -> dict[str, str]:
    """A field map for an example: ours -> path. What cannot be guessed is left out, and what is ours already too."""
    message = message_of(body)
    known = dict(leaves(message))
    mapping: dict[str, str] = {}
    if where := messages_path(body):
        mapping["messages"] = where
    taken: set[str] = set()
    for ours, names in USUAL.items():
        path = best(names.split(), known, taken, ours)
        if path:
            taken.add(path)
            mapping[ours] = path
    return mapping


def best(names: list[str], known: Mapping[str, Any], taken: set[str], ours: str) -> str:
    """The shallowest path whose last part is the first of these names, and that holds what it should."""
    for name in names:
        fitting = [p for p, v in known.items() if plain(p.rsplit(".", 1)[-1]) == plain(name) and fits(ours, v)]
        fitting = [p for p in fitting if p not in taken]
        if fitting:
            return min(fitting, key=lambda p: p.count("."))
    return ""


def plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def fits(ours: str, value: Any) -> bool:
    """Whether a value can be what it is taken for."""
    if isinstance(value, bool):
        return False
    if ours in ("sent_at", "edited_at"):
        return read_moment(value) is not None
    if ours == "url":
        return str(value).startswith(("https://", "http://"))
    return bool(str(value).strip())


def lines_of(mapping: Mapping[str, str]) -> str:
    """The map as the settings keep it; what is called the same on both sides needs no line."""
    return "\n".join(f"{ours} = {path}" for ours, path in mapping.items() if path and path != ours)


def missing(mapping: Mapping[str, str]) -> list[str]:
    return [ours for ours in NEEDED if not mapping.get(ours)]


def preview(body: Any, lines: str) -> list[Item]:
    """The first messages of the example, read with the map. Raises `NotUnderstood` or `Failure`."""
    mapping = read_map(lines)
    found = items_of(body, mapping)
    return [Reader(item, mapping, n, f"example-{n}").read() for n, item in enumerate(found[:SHOWN], 1)]


def said(item: Item) -> dict[str, str]:
    """What the preview shows of one message."""
    if not isinstance(item, Incoming):
        return {"what": type(item).__name__}
    return {
        "what": "From us" if item.author.ours else "From a customer",
        "author": " ".join(filter(None, (item.author.name, f"({item.author.address})"))),
        "text": item.text or item.subject,
        "at": item.sent_at.isoformat() if item.sent_at else "when it arrives",
        "id": item.external_id,
        "conversation": ", ".join((*item.threads, *item.parents)) or "its own",
    }


__all__ = [
    "NotUnderstood", "guess", "lines_of", "message_of", "missing", "paths_of", "preview", "read_example", "said",
]  # fmt: skip
