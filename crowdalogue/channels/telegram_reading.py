"""What Telegram's Bot API says, in plain values: the text, names and files of a message, what it follows, refusals."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from crowdalogue import http
from crowdalogue.channels.base import Attachment, Author, NotUnderstood
from crowdalogue.channels.payload import flag, number, part, parts, word

SCHEME = "telegram:"
LONGEST, LONGEST_LINK = 4096, 2000

# What says how a message is framed; anything else is content.
FRAME_WORDS = (
    "message_id from sender_chat chat date edit_date message_thread_id is_topic_message reply_to_message "
    "external_reply quote forward_origin is_automatic_forward media_group_id author_signature via_bot "
    "business_connection_id sender_boost_count sender_business_bot has_protected_content entities reply_markup "
    "link_preview_options effect_id show_caption_above_media has_media_spoiler paid_star_count sender_tag"
)
FRAME = frozenset(FRAME_WORDS.split())
# What happened to a chat, said as a message.
SERVICE_WORDS = (
    "new_chat_members left_chat_member new_chat_title new_chat_photo delete_chat_photo group_chat_created "
    "supergroup_chat_created channel_chat_created message_auto_delete_timer_changed migrate_to_chat_id "
    "migrate_from_chat_id pinned_message users_shared chat_shared connected_website write_access_allowed "
    "proximity_alert_triggered boost_added chat_background_set forum_topic_created forum_topic_edited "
    "forum_topic_closed forum_topic_reopened general_forum_topic_hidden general_forum_topic_unhidden "
    "giveaway_created giveaway giveaway_winners giveaway_completed video_chat_scheduled video_chat_started "
    "video_chat_ended video_chat_participants_invited web_app_data successful_payment refunded_payment gift "
    "unique_gift invoice story passport_data paid_message_price_changed direct_message_price_changed "
    "checklist_tasks_done checklist_tasks_added suggested_post_approved suggested_post_declined"
)
SERVICE = frozenset(SERVICE_WORDS.split())
NOTHING = {
    "message_reaction_count": "a count of reactions without names",
    "business_connection": "a business account was connected or disconnected",
    "chat_member": "somebody joined or left",
    "chat_join_request": "somebody asks to join",
    "inline_query": "words typed to an inline bot",
    "chosen_inline_result": "a choice from an inline bot",
    "poll": "the state of a poll",
    "poll_answer": "a vote in a poll",
    "chat_boost": "a boost",
    "removed_chat_boost": "a boost that ended",
}
# field -> (name where the sender gave none, media type where Telegram does not say)
FILES = {
    "document": ("file", "application/octet-stream"),
    "animation": ("animation.mp4", "video/mp4"),
    "audio": ("audio.mp3", "audio/mpeg"),
    "voice": ("voice.ogg", "audio/ogg"),
    "video": ("video.mp4", "video/mp4"),
    "video_note": ("video.mp4", "video/mp4"),
}


def key_of(update: dict[str, Any]) -> str:
    """The same for the same update by hook and by asking."""
    canonical = json.dumps(update, sort_keys=True, separators=(",", ":")).encode()
    return f"update:{str(update.get('update_id'))[:30]}:{hashlib.sha256(canonical).hexdigest()[:24]}"


def chat_id(item: dict[str, Any]) -> str:
    return word(part(item, "chat"), "id", needed=True)


def name_of(who: dict[str, Any]) -> str:
    """A person's first and last name, or the title of a group or channel."""
    full = f"{word(who, 'first_name')} {word(who, 'last_name')}".strip()
    return full or word(who, "title") or word(who, "username")


def facts_of(who: dict[str, Any]) -> dict[str, Any]:
    username = word(who, "username")
    known = {
        "username": username,
        "url": f"https://t.me/{username}" if username else "",
        "language": word(who, "language_code")[:12],
        "bot": flag(who, "is_bot"),
    }
    return {name: value for name, value in known.items() if value}


def author_of(who: dict[str, Any]) -> Author:
    return Author(word(who, "id", needed=True), name_of(who), facts=facts_of(who))


def own_number(message: dict[str, Any]) -> dict[str, Any]:
    """Who shares their own number by Telegram's button has it vouched for by Telegram."""
    shared = part(message, "contact")
    digits = word(shared, "phone_number").lstrip("+")
    own = word(shared, "user_id") and word(shared, "user_id") == word(part(message, "from"), "id")
    return {"phone": f"+{digits}", "phone_verified": True} if own and digits.isdecimal() else {}


def url_of(chat: dict[str, Any], message: int) -> str:
    """Where members can see it; private chats have no addresses."""
    kind, name, here = word(chat, "type"), word(chat, "username"), word(chat, "id")
    if kind not in ("supergroup", "channel"):
        return ""
    return f"https://t.me/{name}/{message}" if name else f"https://t.me/c/{here.removeprefix('-100')}/{message}"


def extra_of(message: dict[str, Any], author: Author) -> dict[str, Any]:
    """What an answer needs, and what else is worth knowing."""
    chat = part(message, "chat")
    known = {
        "chat_id": chat_id(message),
        "message_id": number(message, "message_id"),
        "from_id": author.address,
        "chat_type": word(chat, "type"),
        "chat_title": word(chat, "title"),
        "topic_id": number(message, "message_thread_id") if flag(message, "is_topic_message") else None,
        "business": word(message, "business_connection_id"),
        "forwarded_from": origin_of(message),
        "place": place_of(message),
    }
    return {name: value for name, value in known.items() if value}


# --- text


def text_of(message: dict[str, Any]) -> str:
    """What was written, or in words what was sent instead of words."""
    for text, entities in (("text", "entities"), ("caption", "caption_entities")):
        written = message.get(text)
        if written is not None:
            if not isinstance(written, str):
                raise NotUnderstood(f'"{text}" must be text.')
            return word({"text": with_links(written, parts(message, entities))}, "text")
    return sticker(message) or place_of(message) or contact(message) or question(message)


def with_links(text: str, entities: list[dict[str, Any]]) -> str:
    """Addresses that hide behind words are written after them. Telegram counts in UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    links = [
        (number(e, "offset"), number(e, "length"), word(e, "url")) for e in entities if e.get("type") == "text_link"
    ]
    for offset, length, url in sorted(((o or 0) + (n or 0), n, u[:LONGEST_LINK]) for o, n, u in links)[::-1]:
        end = max(0, offset) * 2
        if length and url and end <= len(units):
            units = units[:end] + f" ({url})".encode("utf-16-le", "surrogatepass") + units[end:]
    return units.decode("utf-16-le", "replace")


def sticker(message: dict[str, Any]) -> str:
    for kind in ("sticker", "dice"):
        if message.get(kind):
            return word(part(message, kind), "emoji") or f"[{kind}]"
    return ""


def place_of(message: dict[str, Any]) -> str:
    """A place as words: its name and address, or its coordinates."""
    venue = part(message, "venue")
    location = part(venue, "location") or part(message, "location")
    named = ", ".join(w for w in (word(venue, "title"), word(venue, "address")) if w)
    at = f"{word(location, 'latitude')}, {word(location, 'longitude')}" if location else ""
    return f"{named} ({at})" if named and at else named or at


def contact(message: dict[str, Any]) -> str:
    found = part(message, "contact")
    return ", ".join(w for w in (name_of(found), word(found, "phone_number")) if w)


def question(message: dict[str, Any]) -> str:
    """A poll or a checklist: what is asked, one choice a line."""
    poll, checklist = part(message, "poll"), part(message, "checklist")
    lines = [word(poll, "question"), *(f"- {word(o, 'text')}" for o in parts(poll, "options"))] if poll else []
    lines += [word(checklist, "title"), *(f"- {word(t, 'text')}" for t in parts(checklist, "tasks"))]
    return "\n".join(line for line in lines if line)


def emoji_of(reaction: dict[str, Any]) -> str:
    """The emoji of a reaction; for one of Telegram's own drawings its id, and for a paid one a star."""
    return (word(reaction, "emoji") or word(reaction, "custom_emoji_id") or ("⭐" if reaction.get("type") else "?"))[
        :32
    ]


def origin_of(message: dict[str, Any]) -> str:
    """Who wrote what was forwarded, as far as they let it be known."""
    origin = part(message, "forward_origin")
    who = part(origin, "sender_user") or part(origin, "sender_chat") or part(origin, "chat")
    return name_of(who) or word(origin, "sender_user_name")


# --- files


def attachments(message: dict[str, Any]) -> tuple[Attachment, ...]:
    """The files of a message, by their ids: the largest size of a photo, and the sticker itself."""
    found = [attachment(part(message, kind), *FILES[kind]) for kind in FILES if message.get(kind)]
    if message.get("animation") and message.get("document"):
        found.pop(0)  # an animation is also sent as a document, for old programs
    sizes = parts(message, "photo")
    if sizes:
        found.append(attachment(max(sizes, key=area), "photo.jpg", "image/jpeg"))
    if message.get("sticker"):
        found.append(sticker_file(part(message, "sticker")))
    return tuple(found)


def attachment(file: dict[str, Any], name: str, media_type: str) -> Attachment:
    given, kind = word(file, "file_name")[:200], word(file, "mime_type")[:120]
    return Attachment(given or name, kind or media_type, url=SCHEME + word(file, "file_id", needed=True))


def sticker_file(file: dict[str, Any]) -> Attachment:
    if flag(file, "is_video"):
        return attachment(file, "sticker.webm", "video/webm")
    animated = flag(file, "is_animated")
    return attachment(file, *(("sticker.tgs", "application/gzip") if animated else ("sticker.webp", "image/webp")))


def area(size: dict[str, Any]) -> int:
    return (number(size, "width") or 0) * (number(size, "height") or 0)


# --- what it follows


def parents(message: dict[str, Any], here: str) -> tuple[str, ...]:
    """The message it answers, in this chat or another; for a post passed on to a group, the post."""
    answered, elsewhere = part(message, "reply_to_message"), part(message, "external_reply")
    origin = part(message, "forward_origin") if flag(message, "is_automatic_forward") else {}
    found = [(here, word(answered, "message_id"))] if "forum_topic_created" not in answered else []
    found += [(word(part(one, "chat"), "id"), word(one, "message_id")) for one in (elsewhere, origin)]
    return tuple(f"{chat}:{one}" for chat, one in found if chat and one)


def threads(message: dict[str, Any], here: str, author: Author) -> tuple[str, ...]:
    """Other names of the conversation: the album, and the private chat, or in a group what one person says there."""
    album = word(message, "media_group_id")
    names = [f"album:{here}:{album}"] if album else []
    if word(part(message, "chat"), "type") == "private":
        names.append(f"chat:{here}")
    elif not author.ours:
        names.append(f"chat:{here}:{author.address}")
    return tuple(names)


# --- what Telegram refuses, in words


def said(failure: http.CallFailed) -> str:
    """Telegram's own description of why it refused."""
    return str(failure.told.get("description") or "")[:200]


def explained(failure: http.CallFailed) -> http.CallFailed:
    """The same failure, with cause and remedy as far as Telegram says."""
    why = said(failure)
    lower = why.casefold()
    text = next((text for sign, text in REASONS if sign in lower), "")
    if failure.status == 409:
        text = text or webhook_elsewhere("")
    elif failure.status in (401, 404) and not text:
        text = "Telegram does not know this bot token. Ask @BotFather for the token of the bot (/token) and enter it."
    elif why and failure.permanent and not text:
        text = f"Telegram refused: {why}."
    return failure.saying(text or failure.text, permanent=failure.permanent and failure.status != 409)


def webhook_elsewhere(host: str) -> str:
    place = f" at {host}" if host else ""
    return (
        f"The updates of this bot go to a webhook{place}, so it cannot be asked. "
        "Enter our address in the settings, or tick Take the bot over."
    )


REASONS = (
    ("bot was blocked", "This person has blocked the bot. Write to them by another channel."),
    ("user is deactivated", "This person's Telegram account no longer exists. Write to them by another channel."),
    ("can't initiate", "A bot cannot write first. The person must write to the bot once."),
    ("chat not found", "Telegram does not know this chat, or the bot is no longer in it. Add the bot again."),
    ("bot was kicked", "The bot was removed from this group. Add it again."),
    ("bot is not a member", "The bot is no longer in this chat. Add it again."),
    ("not enough rights", "The bot lacks the right to do that. Make it an administrator of the group."),
    ("have no rights", "The bot lacks the right to write here. Make it an administrator of the group or channel."),
    ("message is too long", f"The answer is longer than the {LONGEST} characters Telegram takes. Shorten it."),
    ("terminated by other getupdates", "Another program asks for this bot's news too. Stop it, or make a second bot."),
    ("file is too big", "The file is larger than the 20 MB that bots are given. Ask for a smaller one."),
    ("wrong file_id", "Telegram no longer has this file."),
    ("bad webhook", "Telegram does not take this address. It must be public, with a valid certificate."),
)
