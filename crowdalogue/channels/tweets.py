"""Posts, direct messages and people of X, as its two dialects write them: API v2 (asked, and newer webhooks) and the
older one of the Account Activity API. The same post gets the same id by either."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from crowdalogue.channels.base import Attachment, Author, Ignored, Incoming, Interaction, Item, Kind, Unknown
from crowdalogue.channels.jsonbody import take
from crowdalogue.channels.picking import link, must, objects, tidy, when, whole, words
from crowdalogue.errors import Failure

__all__ = ["Includes", "length", "old_author", "old_direct", "old_tweet", "pair_of", "query_of", "tweet", "v2_direct"]

LONGEST_QUERY = 512
EPOCH = 1288834974657  # milliseconds since 1970 at which X's numbering of posts begins
ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
LINK = re.compile(r"https?://\S+|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|co|de|uk|fr|es|it|eu|app|dev)\b(?:/\S*)?", re.I)
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # characters that count once; the others count twice
MEDIA_TYPES = {"photo": ("image/jpeg", "jpg"), "video": ("video/mp4", "mp4"), "animated_gif": ("video/mp4", "mp4")}


# ---------------------------------------------------------------- text


def length(text: str) -> int:
    """How long X takes a text to be: links count 23, most letters one, others and emoji two."""
    found = LINK.findall(text)
    total, joined, half = 23 * len(found), False, False
    for character in LINK.sub("", text):
        code = ord(character)
        if code == 0x200D:  # joins the emoji before and after into one
            joined = True
        elif joined or code == 0xFE0F or 0x1F3FB <= code <= 0x1F3FF:
            joined = False
        elif 0x1F1E6 <= code <= 0x1F1FF:  # two such letters are one flag
            total, half = total + (0 if half else 2), not half
        else:
            total += 1 if any(first <= code <= last for first, last in LIGHT) else 2
    return total


def plain(text: str, urls: list[dict[str, Any]]) -> str:
    """The text with its short links written out, those of its own pictures left out, and &, <, > as they are."""
    for url in urls:
        short, full = words(url, "url"), words(url, "expanded_url")
        if short and (url.get("media_key") or url.get("media_url_https") or "/photo/" in full or "/video/" in full):
            text = text.replace(short, "")
        elif short and full:
            text = text.replace(short, full)
    for escaped, character in ESCAPES:
        text = text.replace(escaped, character)
    return text.strip()


def born(identity: str) -> datetime | None:
    """When a post was made, as its number says; None for numbers before that began."""
    if not identity.isdecimal() or not 2**40 < int(identity) < 2**63:
        return None
    return datetime.fromtimestamp(((int(identity) >> 22) + EPOCH) / 1000, UTC)


def post_url(username: str, identity: str) -> str:
    return f"https://x.com/{username or 'i'}/status/{identity}"


def query_of(terms: Sequence[str]) -> str:
    """Any of these words or phrases, as X's search writes it, at most as long as X takes it."""
    end = " -is:retweet"
    wanted = ['"' + t.replace('"', " ").strip() + '"' if " " in t.strip() else t.strip() for t in terms if t.strip()]
    said = ""
    for term in wanted:
        longer = f"{said} OR {term}" if said else term
        if len(longer) + len(end) + 2 > LONGEST_QUERY:
            break
        said = longer
    if not said:
        raise Failure("There is nothing to search for. Enter at least one word.")
    return f"({said}){end}"


# ---------------------------------------------------------------- API v2


class Includes:
    """The people, files and places that a page of API v2 names beside its posts."""

    def __init__(self, page: Mapping[str, Any]) -> None:
        self.users = {words(u, "id"): u for u in objects(page, "includes.users")}
        self.media = {words(m, "media_key"): m for m in objects(page, "includes.media")}
        self.places = {words(p, "id"): p for p in objects(page, "includes.places")}

    def author(self, identity: str, own_id: str) -> Author:
        user = self.users.get(identity, {})
        count = "public_metrics."
        facts = {
            "username": words(user, "username"),
            "followers": whole(user, f"{count}followers_count"),
            "following": whole(user, f"{count}following_count"),
            "posts": whole(user, f"{count}tweet_count"),
            "verified": user.get("verified") if isinstance(user.get("verified"), bool) else None,
            "about": words(user, "description"),
            "place": words(user, "location"),
            "url": link(user, "url"),
            "picture": link(user, "profile_image_url"),
            "joined": words(user, "created_at")[:10],
        }
        return Author(identity, words(user, "name") or words(user, "username"), identity == own_id, facts=tidy(facts))

    def files(self, item: Mapping[str, Any]) -> tuple[Attachment, ...]:
        keys = take(item, "attachments.media_keys")
        found = [self.media.get(str(k)) for k in keys[:20]] if isinstance(keys, list) else []
        return tuple(f for m in found if m and (f := attachment(m, words(m, "media_key"))))


def attachment(media: Mapping[str, Any], name: str) -> Attachment | None:
    """A picture, or the best film that is not huge; for films without an address their still picture."""
    kind = words(media, "type")
    media_type, ending = MEDIA_TYPES.get(kind, ("application/octet-stream", "bin"))
    films = objects(media, "variants") or objects(media, "video_info.variants")
    films = [v for v in films if "mp4" in words(v, "content_type") and link(v, "url")]
    films.sort(key=lambda v: rate if (rate := whole(v, "bit_rate") or whole(v, "bitrate") or 0) < 2_500_000 else -rate)
    url = link(films[-1], "url") if films else link(media, "media_url_https") or link(media, "url")
    if kind != "photo" and not films:
        url, media_type, ending = (
            link(media, "preview_image_url") or link(media, "media_url_https"),
            "image/jpeg",
            "jpg",
        )
    return Attachment(f"{name}.{ending}", media_type, url=url) if url else None


def tweet(item: Mapping[str, Any], includes: Includes, own_id: str, *, overheard: bool = False) -> Item:
    """A post of API v2. One that only repeats another is an interaction with it."""
    identity = must(item, "id")
    author = includes.author(must(item, "author_id"), own_id)
    related = {words(r, "type"): words(r, "id") for r in objects(item, "referenced_tweets")}
    if original := related.get("retweeted"):
        return Interaction(f"repost:{author.address}:{original}", author, "repost", when(item, "created_at"), original)
    versions = take(item, "edit_history_tweet_ids")
    first = str(versions[0]) if isinstance(versions, list) and versions else identity
    note = item.get("note_tweet") if isinstance(item.get("note_tweet"), dict) else {}
    urls = objects(item, "entities.urls") + objects(note, "entities.urls")
    mentioned = {words(m, "id") for m in objects(item, "entities.mentions")}
    to_us = own_id in mentioned or words(item, "in_reply_to_user_id") == own_id
    conversation = words(item, "conversation_id")
    parent = related.get("replied_to", "")
    extra = {
        "tweet": identity,
        "quotes": related.get("quoted"),
        "conversation": conversation,
        "place": words(includes.places.get(words(item, "geo.place_id"), {}), "full_name"),
        "reach": item.get("public_metrics") if isinstance(item.get("public_metrics"), dict) else None,
    }
    return Incoming(
        external_id=first,
        author=author,
        text=plain(words(note, "text") or words(item, "text"), urls),
        sent_at=(born(first) if first != identity else None) or when(item, "created_at") or born(identity),
        edited_at=when(item, "created_at") or born(identity) if first != identity else None,
        parents=(parent,) if parent else (),
        threads=(f"x:{conversation}",) if conversation else (),
        kind=Kind.OVERHEARD if overheard and not to_us else Kind.MESSAGE,
        language=spoken(item),
        url=post_url(str(author.facts.get("username", "")), identity),
        public=True,
        attachments=includes.files(item),
        extra=tidy(extra),
    )


def spoken(item: Mapping[str, Any]) -> str:
    """The language X heard; its own codes for none (und, qme, zxx) are left out."""
    said = words(item, "lang")[:12]
    return "" if said in ("und", "zxx", "art") or said.startswith("q") else said


def v2_direct(item: Mapping[str, Any], includes: Includes, own_id: str) -> Item:
    """An event of direct messages of API v2."""
    kind = words(item, "event_type")
    if kind in ("ParticipantsJoin", "ParticipantsLeave"):
        return Ignored(f"somebody {'joined' if kind.endswith('Join') else 'left'} a group")
    if kind != "MessageCreate":
        return Unknown(f"an event of direct messages of kind {kind[:40]!r}")
    identity, sender = must(item, "id"), must(item, "sender_id")
    conversation = words(item, "dm_conversation_id")
    shared = next((words(r, "id") for r in objects(item, "referenced_tweets")), "")
    return Incoming(
        external_id=identity,
        author=includes.author(sender, own_id),
        text=plain(words(item, "text"), objects(item, "entities.urls")),
        sent_at=when(item, "created_at") or born(identity),
        threads=(f"dm:{conversation}",) if conversation else (),
        attachments=includes.files(item),
        extra=tidy({"dm": conversation or f"with/{sender}", "quotes": shared}),
    )


# ---------------------------------------------------------------- the older dialect


def old_author(user: Mapping[str, Any], own_id: str) -> Author:
    identity = words(user, "id_str") or must(user, "id")
    facts = {
        "username": words(user, "screen_name"),
        "followers": whole(user, "followers_count"),
        "following": whole(user, "friends_count"),
        "posts": whole(user, "statuses_count"),
        "verified": user.get("verified") if isinstance(user.get("verified"), bool) else None,
        "about": words(user, "description"),
        "place": words(user, "location"),
        "url": link(user, "url"),
        "picture": link(user, "profile_image_url_https"),
    }
    return Author(identity, words(user, "name") or words(user, "screen_name"), identity == own_id, facts=tidy(facts))


def old_tweet(item: Mapping[str, Any], own_id: str) -> Item:
    """A post as the Account Activity API writes it."""
    identity = words(item, "id_str") or must(item, "id")
    user: Any = item.get("user")
    author = old_author(user if isinstance(user, dict) else {}, own_id)
    original = words(item, "retweeted_status.id_str") or words(item, "retweeted_status.id")
    if original:
        return Interaction(f"repost:{author.address}:{original}", author, "repost", when(item, "created_at"), original)
    long = item.get("extended_tweet")
    full = long if isinstance(long, dict) else item
    files = objects(full, "extended_entities.media") or objects(full, "entities.media")
    urls = objects(full, "entities.urls") + files
    parent = words(item, "in_reply_to_status_id_str") or words(item, "in_reply_to_status_id")
    mentioned = {words(m, "id_str") or words(m, "id") for m in objects(full, "entities.user_mentions")}
    replied = words(item, "in_reply_to_user_id_str") or words(item, "in_reply_to_user_id")
    quoted_us = words(item, "quoted_status.user.id_str") == own_id
    first = words(item, "edit_history.initial_tweet_id") or identity
    made = when(item, "timestamp_ms") or when(item, "created_at") or born(identity)
    return Incoming(
        external_id=first,
        author=author,
        text=plain(words(full, "full_text") or words(full, "text"), urls),
        sent_at=(born(first) if first != identity else None) or made,
        edited_at=made if first != identity else None,
        parents=(parent,) if parent else (),
        kind=Kind.MESSAGE if author.ours or own_id in mentioned | {replied} or quoted_us else Kind.OVERHEARD,
        language=spoken(item),
        url=post_url(words(user, "screen_name"), identity),
        public=True,
        attachments=tuple(f for m in files[:20] if (f := attachment(m, words(m, "id_str") or words(m, "id")))),
        extra=tidy(
            {"tweet": identity, "quotes": words(item, "quoted_status_id_str"), "place": words(item, "place.full_name")}
        ),
    )


def pair_of(one: str, other: str) -> str:
    """What a conversation of two is called, whoever writes."""
    return "dm:" + "-".join(sorted((one, other), key=lambda n: (len(n), n)))


def old_direct(item: Mapping[str, Any], users: Mapping[str, Any], own_id: str) -> Item:
    """A direct message as the Account Activity API writes it; `users` are the people beside it by their ids."""
    if words(item, "type") != "message_create":
        return Unknown(f"an event of direct messages of kind {words(item, 'type')[:40]!r}")
    identity, sender = must(item, "id"), must(item, "message_create.sender_id")
    other = words(item, "message_create.target.recipient_id")
    pair = pair_of(sender, other).removeprefix("dm:")
    said = take(item, "message_create.message_data") or {}
    media = take(said, "attachment.media")
    file = attachment(media, words(media, "id_str") or words(media, "id")) if isinstance(media, dict) else None
    user = users.get(sender)
    person = {"id": sender} | user if isinstance(user, dict) else {"id": sender}
    return Incoming(
        external_id=identity,
        author=old_author(person, own_id),
        text=plain(words(said, "text"), objects(said, "entities.urls") + ([media] if file else [])),
        sent_at=when(item, "created_timestamp") or born(identity),
        threads=(f"dm:{pair}",),
        attachments=(file,) if file else (),
        extra={"dm": pair},
    )
