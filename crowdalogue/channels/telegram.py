"""Telegram by the Bot API: a webhook where Telegram can reach us, else asked with a long poll.

Both doors bring the same updates, so a message is <chat>:<message> by either. A private chat is one conversation;
in groups a conversation is what one person says and what answers it. Telegram tells bots of edits and reactions, but
not of deletions (only in chats of a connected business account), and keeps what was not fetched for a day.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from crowdalogue import http
from crowdalogue.channels import telegram_reading as reading
from crowdalogue.channels.asking import not_sent
from crowdalogue.channels.base import (
    Attachment,
    Author,
    Channel,
    Fetched,
    Field,
    Ignored,
    Incoming,
    Interaction,
    Item,
    Kind,
    NotUnderstood,
    Outgoing,
    Raw,
    Refused,
    Removal,
    Response,
    SendError,
    Sent,
    Unknown,
)
from crowdalogue.channels.payload import flag, listed, load_object, moment, number, part, parts, word
from crowdalogue.channels.telegram_reading import (
    LONGEST,
    NOTHING,
    SCHEME,
    chat_id,
    explained,
    key_of,
    said,
    webhook_elsewhere,
)
from crowdalogue.errors import Failure

HEADER = "x-telegram-bot-api-secret-token"
MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post")
BUSINESS = ("business_message", "edited_business_message")
ALLOWED = (*MESSAGES, *BUSINESS, "deleted_business_messages", "message_reaction", "callback_query", "my_chat_member")
LARGEST_IN, LARGEST_OUT = 20 * http.MEGABYTE, 50 * http.MEGABYTE  # what the Bot API hands over and takes
LONGEST_CAPTION, FILES = 1024, 10
LONGEST_POLL = 15  # seconds; below the time-out of outside calls
FORGOTTEN = timedelta(days=6)  # after a quiet week update numbers begin anew, so an old offset says nothing
Asked = dict[str, Any]
Files = Mapping[str, Any] | None


class Telegram(Channel):
    kind = "telegram"
    label = "Telegram"
    icon = "i-send"
    receives_hooks = True
    polls = True
    replies = True
    longest = LONGEST
    media = "both"
    edits = True
    interactions = True
    deeds = ("like", "unlike", "delete", "block", "unblock")
    tried = "telegram-test-api (asked, answered), updates after the Bot API's documentation"
    guide = (
        "A bot that people write to, or that is a member of your groups and channels. It is asked for news all the "
        "time, which works behind any firewall; with an address below, Telegram brings them instead. Posts of channels "
        "and of anonymous administrators where the bot is a member count as yours. Telegram does not tell bots what "
        "was deleted, and gives them nothing that was said before they joined."
    )
    steps = (
        "In Telegram, write /newbot to @BotFather and choose a name. It answers with the token.",
        "For groups: write /setprivacy to @BotFather, choose the bot, then Disable. Add the bot to the group, and "
        "make it an administrator if reactions should be heard and messages deleted.",
        "Enter the token here and save. From now on the bot is asked.",
        "If Telegram can reach this server: enter {hook} as the address for Telegram and save again. "
        "Telegram is then told of it, with a secret that is made here.",
    )
    fields = (
        Field("token", "Bot token", "From @BotFather, such as 123456789:AAE...", kind="secret"),
        Field("address", "Address for Telegram", "Empty: the bot is asked for news.", required=False),
        Field("own", "Your own accounts", "User names or ids of colleagues who answer in groups.", "lines", False),
        Field(
            "take_over",
            "Take the bot over",
            "If another program's webhook is set for this bot, remove it.",
            kind="flag",
            required=False,
            default=False,
        ),
        Field("secret", "Webhook secret", "Leave empty and one is made.", kind="secret", required=False),
        Field("server", "Bot API server", required=False, default="https://api.telegram.org"),
    )

    @classmethod
    def prepare(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**settings, "secret": settings.get("secret") or secrets.token_urlsafe(32)}

    # --- the door

    def verify(self, raw: Raw, now: datetime) -> None:
        secret = self._text("secret")
        if not secret:
            raise Refused("This bot has no webhook secret yet, so it takes nothing. Save its settings once.")
        given = raw.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
            raise Refused("The secret token is missing or wrong. Save the channel's settings, which tells Telegram.")

    def delivery_key(self, raw: Raw) -> str:
        """The same update by hook and by asking is one delivery. Numbers begin anew after a week, hence the digest."""
        if raw.key:
            return raw.key
        try:
            return key_of(load_object(raw.body))
        except NotUnderstood:
            return ""

    def respond(self, raw: Raw) -> Response | None:
        """A pressed button stops turning once its press is confirmed; that can be said right here."""
        try:
            pressed = word(part(load_object(raw.body), "callback_query"), "id")
        except NotUnderstood:
            return None
        answer = {"method": "answerCallbackQuery", "callback_query_id": pressed}
        return Response(json.dumps(answer).encode()) if pressed else None

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        person = {"id": 555000111, "is_bot": False, "first_name": "Robin", "last_name": "Test"}
        message = {
            "message_id": number,
            "from": person,
            "chat": {"id": 555000111, "type": "private", "first_name": "Robin"},
            "date": int(now.timestamp()),
            "text": text,
        }
        body = json.dumps({"update_id": number, "message": message}).encode()
        return Raw(body, {"content-type": "application/json", HEADER: self._text("secret")})

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        update = load_object(raw.body)
        if "update_id" not in update:
            raise NotUnderstood('This is no update of Telegram: "update_id" is missing.')
        kinds = [name for name in update if name != "update_id"]
        found = [item for kind in kinds for item in self._read(kind, part(update, kind))]
        return found or [Ignored("an update that holds nothing")]

    def _read(self, kind: str, body: dict[str, Any]) -> list[Item]:
        if kind in MESSAGES or kind in BUSINESS:
            return [self._message(body, business=kind in BUSINESS)]
        if kind == "deleted_business_messages":
            chat = chat_id(body)
            gone = [Removal(f"{chat}:{one}") for one in listed(body, "message_ids") if isinstance(one, int)]
            return [*gone] or [Ignored("a deletion of nothing")]
        if kind == "message_reaction":
            return self._reactions(body)
        if kind == "callback_query":
            return [self._press(body)]
        if kind == "my_chat_member":
            return [self._membership(body)]
        return [Ignored(NOTHING[kind]) if kind in NOTHING else Unknown(f"an update of the kind {kind[:60]}")]

    def _message(self, message: dict[str, Any], *, business: bool) -> Item:
        text, found = reading.text_of(message), reading.attachments(message)
        if not (text or found):
            service = sorted(reading.SERVICE & set(message))
            if service:
                return Ignored(f"a service message ({service[0]})")
            odd = sorted(set(message) - reading.FRAME)
            return Unknown(f"a message that holds {', '.join(odd)[:120] or 'nothing'}")
        chat = part(message, "chat")
        here, author = chat_id(message), self._author(message, business=business)
        private = word(chat, "type") == "private"
        number_here = number(message, "message_id")
        if number_here is None:
            raise NotUnderstood('"message_id" is missing.')
        customer = Author(here, reading.name_of(chat), facts=reading.facts_of(chat))
        return Incoming(
            external_id=f"{here}:{number_here}",
            author=author,
            text=text,
            sent_at=moment(message, "date"),
            edited_at=moment(message, "edit_date"),
            quoted=word(part(message, "quote"), "text"),
            parents=reading.parents(message, here),
            threads=reading.threads(message, here, author),
            to=(customer if author.ours else Author(self._bot_id, ours=True),) if private else (),
            kind=Kind.AUTOMATIC if re.match(r"/start\b", text) else Kind.MESSAGE,
            url=reading.url_of(chat, number_here),
            public=not private and bool(word(chat, "username")),
            attachments=found,
            extra=reading.extra_of(message, author),
        )

    def _author(self, message: dict[str, Any], *, business: bool) -> Author:
        chat, person = part(message, "chat"), part(message, "sender_chat") or part(message, "from")
        person = person or chat  # a post of a channel
        address = word(person, "id", needed=True)
        here = chat_id(message)
        ours = (
            address == self._bot_id
            or (business and address != here)
            or (address == here and word(chat, "type") != "private")
            or flag(message, "is_automatic_forward")
            or self._is_own(address, word(person, "username"))
        )
        brand = str(self.settings.get("brand") or "") if ours else ""
        facts = reading.facts_of(person) | reading.own_number(message)
        return Author(address, reading.name_of(person), ours, brand, facts)

    def _is_own(self, address: str, username: str) -> bool:
        own = {line.strip().lstrip("@").casefold() for line in str(self.settings.get("own") or "").splitlines()}
        return bool({address, username.casefold()} & (own - {""}))

    def _reactions(self, body: dict[str, Any]) -> list[Item]:
        person = part(body, "user") or part(body, "actor_chat")
        author, target = reading.author_of(person), f"{chat_id(body)}:{word(body, 'message_id', needed=True)}"
        old = [reading.emoji_of(r) for r in parts(body, "old_reaction")]
        new = [reading.emoji_of(r) for r in parts(body, "new_reaction")]
        changed = [(e, True) for e in old if e not in new] + [(e, False) for e in new if e not in old]
        at = moment(body, "date")
        return [
            Interaction(f"reaction:{author.address}:{target}:{emoji}", author, emoji, at, target, gone)
            for emoji, gone in changed
        ] or [Ignored("a reaction that changed nothing")]

    def _press(self, body: dict[str, Any]) -> Item:
        person, message = part(body, "from"), part(body, "message")
        author = reading.author_of(person)
        target = f"{chat_id(message)}:{word(message, 'message_id')}" if message else ""
        return Interaction(f"press:{word(body, 'id', needed=True)}", author, "button", None, target)

    def _membership(self, body: dict[str, Any]) -> Item:
        """In a private chat this is how we hear that somebody blocked the bot, or let it in again."""
        chat, person = part(body, "chat"), part(body, "from")
        status = word(part(body, "new_chat_member"), "status")
        if word(chat, "type") != "private":
            return Ignored(f"the bot's membership in a group or channel is now: {status[:40]}")
        author = reading.author_of(person)
        blocked = status in ("kicked", "left")
        return Interaction(f"block:{author.address}", author, "block", moment(body, "date"), gone=not blocked)

    # --- asked

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """Updates after the cursor {"offset", "at"}. With a webhook, its health instead, which only Telegram knows."""
        if self._text("address"):
            self._look_at_webhook()
            return Fetched((), dict(cursor))
        updates = [u for u in self._updates(cursor, min(limit, 100), 0) if isinstance(u, dict)]
        numbers = [n for u in updates if isinstance(n := u.get("update_id"), int)]
        moved = {"offset": max(numbers) + 1, "at": int(time.time())} if numbers else dict(cursor)
        raws = tuple(Raw(json.dumps(u, ensure_ascii=False).encode(), {}, key_of(u)) for u in updates)
        return Fetched(raws, moved, more=len(updates) >= min(limit, 100))

    def wait(self, cursor: Mapping[str, Any], seconds: float) -> Iterator[None]:
        """A long poll that confirms nothing: the next `fetch` gets what it saw."""
        timeout = min(int(seconds), LONGEST_POLL)
        if self._text("address") or timeout < 1:
            return
        try:
            seen = self._updates(cursor, 1, timeout)
        except Failure:
            return  # the next fetch says what is wrong
        if seen:
            yield

    def _updates(self, cursor: Mapping[str, Any], limit: int, timeout: int) -> list[Any]:
        asked: dict[str, Any] = {"limit": limit, "timeout": timeout, "allowed_updates": json.dumps(ALLOWED)}
        offset, at = cursor.get("offset"), cursor.get("at")
        if isinstance(offset, int) and isinstance(at, int) and time.time() - at < FORGOTTEN.total_seconds():
            asked["offset"] = offset
        found = self._call("getUpdates", asked, harmless=True)
        return found if isinstance(found, list) else []

    def _look_at_webhook(self) -> None:
        info = self._call("getWebhookInfo", {}, harmless=True)
        info = info if isinstance(info, dict) else {}
        waiting, failed_at = number(info, "pending_update_count"), number(info, "last_error_date")
        if info.get("url") != self._text("address"):
            raise Failure("Telegram has another webhook address than this one. Save the channel's settings again.")
        if waiting and failed_at and time.time() - failed_at < 600:
            why = word(info, "last_error_message")[:200]
            raise Failure(f"Telegram cannot reach us ({why}); {waiting} updates wait there. Check the address.")

    # --- answers

    def length(self, text: str) -> int:
        """Telegram counts UTF-16 units: most emoji are two."""
        return len(text.encode("utf-16-le", "replace")) // 2

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Telegram knows no idempotency key, so a cut connection leaves it uncertain."""
        chat = str(outgoing.about.get("chat_id") or outgoing.to.address)
        where = self._where(chat, outgoing)
        files = outgoing.attachments
        if len(files) > FILES or any(len(f.content) > LARGEST_OUT for f in files):
            raise SendError(f"Telegram takes at most {FILES} files of 50 MB at once. Send fewer.", permanent=True)
        as_caption = files and self.length(outgoing.text) <= LONGEST_CAPTION
        sent: Any = None
        if not as_caption:
            sent = self._post("sendMessage", {**where, "text": outgoing.text})
        if files:
            try:
                with_files = self._send_files(where, outgoing.text if as_caption else "", files)
            except SendError as failure:
                if sent is None:
                    raise
                text = f"The text was sent, its files were not: {failure.text} Send the files by themselves."
                raise SendError(text, uncertain=True) from failure
            sent = sent or with_files
        first = sent[0] if isinstance(sent, list) and sent else sent
        if not isinstance(first, dict) or "message_id" not in first:
            raise SendError("Telegram took the message but did not say its number.", uncertain=True)
        name = f"{chat_id(first) if first.get('chat') else chat}:{first['message_id']}"
        return Sent(name, provider_id=name)

    def _where(self, chat: str, outgoing: Outgoing) -> dict[str, Any]:
        about = outgoing.about
        here, _, message = (outgoing.answers or next(iter(outgoing.parents), "")).rpartition(":")
        where: dict[str, Any] = {"chat_id": chat}
        if here == chat and message.isdecimal():
            where["reply_parameters"] = {"message_id": int(message), "allow_sending_without_reply": True}
        if about.get("topic_id"):
            where["message_thread_id"] = about["topic_id"]
        if about.get("business"):
            where["business_connection_id"] = about["business"]
        return where

    def _send_files(self, where: dict[str, Any], caption: str, files: tuple[Attachment, ...]) -> Any:
        """One file alone, several as an album: either way one call, so that half of it is never sent."""
        form = {name: value if isinstance(value, str | int) else json.dumps(value) for name, value in where.items()}
        if len(files) == 1:
            form |= {"caption": caption} if caption else {}
            return self._post("sendDocument", form, {"document": (files[0].name, files[0].content)})
        album = [{"type": "document", "media": f"attach://file{n}"} for n in range(len(files))]
        album[-1] |= {"caption": caption} if caption else {}
        uploads = {f"file{n}": (one.name, one.content) for n, one in enumerate(files)}
        return self._post("sendMediaGroup", {**form, "media": json.dumps(album)}, uploads)

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        chat, _, message = target.rpartition(":")
        if not (chat and message.isdecimal()):
            raise SendError("This message is not one of Telegram.", permanent=True)
        if deed in ("like", "unlike"):
            reaction = [{"type": "emoji", "emoji": "👍"}] if deed == "like" else []
            self._post("setMessageReaction", {"chat_id": chat, "message_id": int(message), "reaction": reaction})
        elif deed == "delete":
            self._post("deleteMessage", {"chat_id": chat, "message_id": int(message)}, gone_is_well=True)
        elif deed in ("block", "unblock") and about.get("chat_type") != "private" and about.get("from_id"):
            method = "banChatMember" if deed == "block" else "unbanChatMember"
            more = {} if deed == "block" else {"only_if_banned": True}
            self._post(method, {"chat_id": chat, "user_id": about["from_id"], **more})
        else:
            raise SendError("A bot can block people in groups only, not in a private chat.", permanent=True)

    def download(self, url: str) -> bytes:
        """The content of a file by its id, at most 20 MB, which is what bots are given."""
        if not url.startswith(SCHEME):
            raise Failure("This is not the address of a file of Telegram.")
        found = self._call("getFile", {"file_id": url.removeprefix(SCHEME)}, harmless=True)
        path = word(found, "file_path") if isinstance(found, dict) else ""
        if not re.fullmatch(r"[\w./-]+", path) or ".." in path or path.startswith("/"):
            raise Failure("Telegram did not say where the file is. It may be larger than the 20 MB bots are given.")
        return http.request("GET", f"{self._server}/file/bot{self._token}/{path}", max_bytes=LARGEST_IN).content

    # --- set-up

    def check(self) -> None:
        """Who the bot is; then tell Telegram where its updates go."""
        found = self._call("getMe", {}, harmless=True)
        if not isinstance(found, dict) or not found.get("is_bot", True):
            raise Failure("This token is not one of a bot. Copy it again from @BotFather.")
        address = self._text("address")
        if address:
            if urlsplit(address).scheme != "https":
                raise Failure("Telegram calls only addresses with https://. Enter such a one, or leave it empty.")
            hook = {"url": address, "secret_token": self._text("secret"), "allowed_updates": list(ALLOWED)}
            self._call("setWebhook", hook, harmless=True)
            return
        info = self._call("getWebhookInfo", {}, harmless=True)
        url = word(info, "url") if isinstance(info, dict) else ""
        if url and self.settings.get("take_over"):
            self._call("deleteWebhook", {}, harmless=True)
        elif url:
            raise Failure(webhook_elsewhere(urlsplit(url).hostname or ""))

    # --- calls

    def _post(self, method: str, asked: Asked, files: Files = None, *, gone_is_well: bool = False) -> Any:
        try:
            return self._call(method, asked, files)
        except http.CallFailed as failure:
            if gone_is_well and "not found" in said(failure).casefold():
                return None
            raise not_sent(failure) from failure

    def _call(self, method: str, asked: Asked, files: Files = None, *, harmless: bool = False) -> Any:
        """What a method of the Bot API answers. Raises `CallFailed` with words for what Telegram says."""
        if not re.fullmatch(r"\d+:[\w-]+", self._token):
            raise http.CallFailed("The bot token looks like 123456789:AAE... Copy it again from @BotFather.")
        body: dict[str, Any] = {"data": asked, "files": files} if files else {"json": asked}
        try:
            url = f"{self._server}/bot{self._token}/{method}"
            answer = http.request("POST", url, idempotent=harmless, **body)
        except http.CallFailed as failure:
            raise explained(failure) from failure
        try:
            found = answer.json()
        except ValueError:
            found = None
        if isinstance(found, dict) and found.get("ok") is False:
            raise explained(http.CallFailed("Telegram refused.", permanent=True, response=answer))
        if not isinstance(found, dict) or not found.get("ok"):
            raise http.CallFailed("Telegram's answer could not be read. Check the address of the Bot API server.")
        return found.get("result")

    def _text(self, name: str) -> str:
        return str(self.settings.get(name) or "").strip()

    @property
    def _token(self) -> str:
        return self._text("token")

    @property
    def _bot_id(self) -> str:
        return self._token.partition(":")[0]

    @property
    def _server(self) -> str:
        return self._text("server").rstrip("/") or "https://api.telegram.org"
