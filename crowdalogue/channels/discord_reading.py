"""What a message of Discord holds, in plain values: text, names, files, what it follows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from crowdalogue.channels.base import Attachment, Author
from crowdalogue.channels.payload import flag, number, part, parts, word

EPOCH = 1_420_070_400_000  # milliseconds; Discord's ids begin to count in 2015
DIRECT, THREADS = (1, 3), (10, 11, 12)  # types of channels
SAID = (0, 19, 20, 23)  # types of messages that somebody wrote: plain, reply, commands
NOTICES = (*range(1, 19), 21, 22, *range(24, 64))
FORWARD = 1  # type of a reference that passes a message on
MARKS = re.compile(r"<(@!?|@&|#|a?:(\w{1,60}):|t:)(-?\d{1,20})(?::[a-zA-Z])?>")


def snowflake(at: datetime) -> str:
    """The smallest id that something made at this moment can have."""
    return str(max(0, int(at.timestamp() * 1000) - EPOCH) << 22)


def born(identifier: str) -> datetime | None:
    """When the thing with this id was made."""
    if not (identifier.isdecimal() and len(identifier) <= 20):
        return None
    return datetime.fromtimestamp(((int(identifier) >> 22) + EPOCH) / 1000, UTC)


def text_of(message: dict[str, Any]) -> str:
    """What was written; of a message passed on, what it says; of a program's, its embeds; else a poll or sticker."""
    mentions = {word(user, "id"): name_of(user) for user in parts(message, "mentions")}
    written = plain(word(message, "content"), mentions)
    passed_on = [text_of(part(shot, "message")) for shot in parts(message, "message_snapshots")[:5]]
    lines = [written, *passed_on]
    if not any(line.strip() for line in lines):
        lines = [line for embed in parts(message, "embeds")[:10] for line in embed_lines(embed)]
        lines += poll_lines(part(message, "poll"))
    lines += [f"[{word(sticker, 'name')}]" for sticker in parts(message, "sticker_items")[:5]]
    return "\n".join(line for line in lines if line.strip())


def plain(text: str, mentions: dict[str, str]) -> str:
    """Marks between angle brackets as people see them."""

    def seen(found: re.Match[str]) -> str:
        sign, emoji, value = found.groups()
        if emoji:
            return f":{emoji}:"
        if sign == "t:":
            at = int(value)
            return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC" if 0 <= at < 4e9 else found.group(0)
        return ("#" if sign == "#" else "@") + mentions.get(value, value)

    return MARKS.sub(seen, text)


def embed_lines(embed: dict[str, Any]) -> list[str]:
    fields = [f"{word(field, 'name')}: {word(field, 'value')}" for field in parts(embed, "fields")]
    return [word(embed, "title"), word(embed, "description"), *fields]


def poll_lines(poll: dict[str, Any]) -> list[str]:
    answers = [word(part(answer, "poll_media"), "text") for answer in parts(poll, "answers")]
    return [word(part(poll, "question"), "text"), *(f"- {answer}" for answer in answers)] if poll else []


def name_of(user: dict[str, Any]) -> str:
    return word(user, "global_name") or word(user, "username")


def author_of(user: dict[str, Any], own: frozenset[str]) -> Author:
    """Who wrote it; an account's id says when it was made."""
    address = word(user, "id", needed=True)
    avatar, since = word(user, "avatar"), born(address)
    known = {
        "username": word(user, "username"),
        "bot": flag(user, "bot"),
        "picture": f"https://cdn.discordapp.com/avatars/{address}/{avatar}.png" if avatar else "",
        "joined": since.date().isoformat() if since else "",
        "url": f"https://discord.com/users/{address}",
    }
    facts = {name: value for name, value in known.items() if value}
    return Author(address, name_of(user), bool(own & {address, word(user, "username")}), facts=facts)


def attachments(message: dict[str, Any], channel: str = "") -> tuple[Attachment, ...]:
    """Files by address, which Discord signs for a day; behind # stands the message that has a fresh one."""
    found = []
    place = f"#{channel}/{word(message, 'id')}" if channel else ""
    shots = [part(shot, "message") for shot in parts(message, "message_snapshots")[:5]]
    for file in [file for one in (message, *shots) for file in parts(one, "attachments")][:50]:
        kind = word(file, "content_type").partition(";")[0]
        name = word(file, "filename")[:200] or "file"
        found.append(Attachment(name, kind or "application/octet-stream", url=word(file, "url", needed=True) + place))
    return tuple(found)


def parents(message: dict[str, Any], channel: dict[str, Any]) -> tuple[str, ...]:
    """The message it answers; in a thread also the message that the thread was made from, whose id the thread has."""
    reference = part(message, "message_reference")
    answered = word(reference, "message_id") if number(reference, "type") != FORWARD else ""
    here = word(channel, "id") if number(channel, "type") in THREADS else ""
    return tuple(dict.fromkeys(one for one in (answered, here) if one and one != word(message, "id")))


def threads(channel: dict[str, Any], author: Author) -> tuple[str, ...]:
    """A thread and a direct channel are one conversation; in a channel it is what one person says there."""
    here = word(channel, "id")
    if number(channel, "type") in (*DIRECT, *THREADS):
        return (f"chat:{here}",)
    return () if author.ours or not here else (f"chat:{here}:{author.address}",)
