"""Discord: channels and threads read by asking, commands by the interactions endpoint, answers as replies.

The gateway, a websocket that is held open, is not used: it needs a process of its own for one channel and tells nothing
that asking every half minute does not, except what was taken back by a reaction. A message's name is its id, which is
unique in all of Discord.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from crowdalogue import http
from crowdalogue.channels import discord_reading as reading
from crowdalogue.channels.asking import not_sent
from crowdalogue.channels.base import (
    Channel,
    Fetched,
    Field,
    Ignored,
    Incoming,
    Interaction,
    Item,
    NotUnderstood,
    Outgoing,
    Progress,
    Raw,
    Refused,
    Removal,
    Response,
    SendError,
    Sent,
    Unknown,
)
from crowdalogue.channels.discord_history import Rooms, Walk, progress_of, quoted
from crowdalogue.channels.payload import load_object, moment, number, part, parts, word
from crowdalogue.errors import Failure

SIGNATURE, STAMP = "x-signature-ed25519", "x-signature-timestamp"
OURS = "x-crowdalogue-sample"  # proof of our own sample: only Discord can sign as Discord
TOLERANCE = timedelta(minutes=5)
LARGEST, FILES = 10 * http.MEGABYTE, 10
FILE_HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
CONTENT_FLAGS = (1 << 18) | (1 << 19)  # the message content intent, granted or limited
PING, COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 1, 2, 3, 4, 5  # types of interactions
PRIVATELY = 64
AGENT = "DiscordBot (crowdalogue, 1.0)"  # Discord asks programs to say that they are one


class Discord(Channel):
    kind = "discord"
    label = "Discord"
    icon = "i-forum"
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 2000
    media = "both"
    edits = True
    interactions = True
    deeds = ("like", "unlike", "delete", "block", "unblock")
    tried = "Discord's OpenAPI file (Prism) for what we call, documented shapes for what we hear"
    guide = (
        "Channels of your server, their threads and forum posts, asked every half minute from the day you choose. Of "
        "edits and deletions the newest fifty messages of a channel are seen. Discord names no direct channels to "
        "bots: enter the people whose direct messages to the bot should be read. With the public key, commands and "
        "the menu entry on a message (Apps) reach us at once."
    )
    steps = (
        "At discord.com/developers/applications, create an application. Under Bot, copy its token and turn on "
        "Message Content Intent.",
        "Under OAuth2, make an address with the scope bot and the permissions View Channels, Read Message History, "
        "Send Messages, Send Messages in Threads, Attach Files, Add Reactions, and Manage Messages if it should "
        "delete. Open it and add the bot to your server.",
        "In Discord, turn on Developer Mode; then Copy ID in the menu of the server or of each channel.",
        "For commands: copy the Public Key of the application here and save; then enter {hook} as the Interactions "
        "Endpoint URL.",
    )
    fields = (
        Field("token", "Bot token", "From the page Bot of your application.", kind="secret"),
        Field("guild", "Server", "Its id. All its channels are read, unless some are named below.", required=False),
        Field("channels", "Channels", "Their ids, one a line.", "lines", False),
        Field("people", "Direct messages with", "Ids of people, one a line.", "lines", False),
        Field("own", "Your own accounts", "Ids or user names of colleagues, one a line.", "lines", False),
        Field("days", "Days to fetch at first", "How far back.", kind="number", required=False, default=30),
        Field("public_key", "Public key", "Only for commands: 64 letters and digits.", required=False),
        Field(
            "receipt",
            "What a command is answered at once",
            "Only the person who gave it sees this.",
            required=False,
            default="Thank you, we have your message and answer here.",
        ),
        Field("server", "Address of the API", required=False, default="https://discord.com/api/v10"),
    )

    # --- the door

    def verify(self, raw: Raw, now: datetime) -> None:
        stamp, given = raw.headers.get(STAMP, ""), raw.headers.get(SIGNATURE, "")
        sample = hmac.compare_digest(raw.headers.get(OURS, "").encode("utf-8", "replace"), self._proof(raw.body, stamp))
        if not (sample and self._text("token")):
            self._verify_signature(given, stamp.encode() + raw.body)
        if not re.fullmatch(r"[0-9]{1,12}", stamp) or abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
            raise Refused("The signature is older than five minutes. Set this server's clock.", status=401)

    def _verify_signature(self, given: str, signed: bytes) -> None:
        key = self._text("public_key")
        if not re.fullmatch(r"[0-9a-fA-F]{64}", key):
            raise Refused("The public key is missing. Copy it from the application's General Information.")
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(given), signed)
        except (ValueError, InvalidSignature):
            raise Refused("The signature is missing or wrong. Compare the public key.", status=401) from None

    def _proof(self, body: bytes, stamp: str) -> bytes:
        signed = b"sample:" + stamp.encode("utf-8", "replace") + body
        return hmac.new(self._text("token").encode(), signed, hashlib.sha256).hexdigest().encode()

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        """A command as Discord sends it; as only Discord can sign like Discord, the proof is made with the token."""
        person = {"id": "550000000000000001", "username": "robin.test", "global_name": "Robin Test"}
        command = {"id": "1", "name": "ask", "type": 1, "options": [{"name": "words", "type": 3, "value": text}]}
        body = {"id": str(int(reading.snowflake(now)) + number), "type": COMMAND, "data": command, "user": person}
        content, stamp = json.dumps(body | {"channel_id": "1", "token": "sample"}).encode(), str(int(now.timestamp()))
        proof = self._proof(content, stamp).decode()
        return Raw(content, {"content-type": "application/json", STAMP: stamp, OURS: proof})

    def handshake(self, raw: Raw) -> Response | None:
        """Discord asks whether the address is ours."""
        try:
            body = load_object(raw.body)
        except NotUnderstood:
            return None
        if body.get("type") == 0 and "event" not in body:
            return Response(b"", status=204)
        return (
            Response(b'{"type": 1}')
            if body.get("type") == PING and "data" not in body and "event" not in body
            else None
        )

    def respond(self, raw: Raw) -> Response | None:
        """What the person who gave a command sees; a pressed button stays as it is."""
        try:
            kind = number(load_object(raw.body), "type")
        except NotUnderstood:
            return None
        answers: dict[Any, dict[str, Any]] = {
            COMPONENT: {"type": 6},
            AUTOCOMPLETE: {"type": 8, "data": {"choices": []}},
        }
        receipt = {"type": 4, "data": {"content": self._text("receipt")[:2000] or "✓", "flags": PRIVATELY}}
        answer = receipt if kind in (COMMAND, MODAL) else answers.get(kind)
        return Response(json.dumps(answer).encode()) if answer else None

    def delivery_key(self, raw: Raw) -> str:
        if raw.key:
            return raw.key
        try:
            body = load_object(raw.body)
            return f"interaction:{word(body, 'id')}"[:80] if body.get("id") else ""
        except NotUnderstood:
            return ""

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        body = load_object(raw.body)
        if "kind" in body:
            return self._asked(body)
        if "event" in body:
            kind = word(part(body, "event"), "type")
            known = kind.startswith(("APPLICATION_", "ENTITLEMENT_", "QUEST_"))
            return [Ignored(f"an event of the kind {kind}") if known else Unknown(f"an event of the kind {kind[:60]}")]
        if number(body, "type") is None:
            raise NotUnderstood('This is no interaction of Discord: "type" is missing.')
        return self._interaction(body)

    def _asked(self, body: dict[str, Any]) -> list[Item]:
        """What `discord_history` brought."""
        kind, event, channel = word(body, "kind"), part(body, "event"), part(body, "channel")
        if kind == "message":
            return [self._message(event, channel, word(body, "me"))]
        if kind == "deleted":
            return [Removal(word(event, "id", needed=True))]
        if kind == "reaction":
            target, emoji = word(event, "id", needed=True), word(event, "emoji", needed=True)
            authors = [reading.author_of(user, self._own()) for user in parts(event, "users")]
            names = f"{target}:{emoji}"
            found = [Interaction(f"reaction:{a.address}:{names}", a, emoji[:32], None, target) for a in authors]
            return [*found] or [Ignored("a reaction of nobody")]
        if kind == "trouble":
            return [Unknown(f"Channel {word(channel, 'id')[:40]} cannot be read: {word(event, 'why')[:300]}")]
        raise NotUnderstood(f"A delivery of the kind {kind[:40]} is not known.")

    def _message(self, message: dict[str, Any], channel: dict[str, Any], me: str = "") -> Item:
        kind, name = number(message, "type") or 0, word(message, "id", needed=True)
        if kind not in reading.SAID:
            known = kind in reading.NOTICES
            return Ignored(f"a notice of the type {kind}") if known else Unknown(f"a message of the type {kind}")
        here, guild = word(channel, "id") or word(message, "channel_id"), word(channel, "guild_id")
        text, files = reading.text_of(message), reading.attachments(message, here)
        if not text.strip() and not files:
            return Unknown("a message without its text. Turn on Message Content Intent on the application's page Bot")
        author = reading.author_of(part(message, "author"), self._own() | ({me} if me else frozenset()))
        extra = {"channel_id": here, "guild_id": guild, "channel": word(channel, "name"), "from_id": author.address}
        extra["direct"] = "yes" if number(channel, "type") in reading.DIRECT else ""
        return Incoming(
            external_id=name,
            author=author,
            text=text,
            sent_at=moment(message, "timestamp") or reading.born(name),
            edited_at=moment(message, "edited_timestamp"),
            parents=reading.parents(message, channel),
            threads=reading.threads(channel | {"id": here}, author),
            url=f"https://discord.com/channels/{guild or '@me'}/{here}/{name}" if here else "",
            attachments=files,
            extra={name: value for name, value in extra.items() if value},
        )

    def _interaction(self, body: dict[str, Any]) -> list[Item]:
        """A command, a menu entry used on a message, a form, a pressed button."""
        kind, data = number(body, "type"), part(body, "data")
        channel = part(body, "channel") | {"id": word(body, "channel_id"), "guild_id": word(body, "guild_id")}
        person = part(part(body, "member"), "user") or part(body, "user")
        if kind in (COMMAND, MODAL):
            chosen = part(part(data, "resolved"), "messages")
            if chosen:
                return [self._message(part(chosen, one), channel, word(body, "application_id")) for one in chosen]
            lines = option_lines(parts(data, "options")) + component_lines(parts(data, "components"))
            command = {"id": body.get("id"), "author": person, "content": "\n".join(lines), "type": 0}
            if not lines:
                return [Ignored(f"the command {word(data, 'name')[:40]} without words")]
            return [self._message(command, channel)]
        if kind == COMPONENT:
            author = reading.author_of(person, self._own())
            target = word(part(body, "message"), "id")
            return [Interaction(f"press:{word(body, 'id', needed=True)}", author, "button", None, target)]
        return [
            Ignored("words typed to a command")
            if kind == AUTOCOMPLETE
            else Unknown(f"an interaction of the type {kind}")
        ]

    # --- asked

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        rooms = Rooms(self._read, self._lines("channels"), self._text("guild"), self._lines("people"))
        return Walk(self._read, cursor, rooms, self._days()).fetch(limit)

    def progress(self, cursor: Mapping[str, Any]) -> Progress | None:
        return progress_of(cursor, self._days())

    def _days(self) -> int:
        written = self._text("days")
        return min(int(written[:5]) if written.isdecimal() else 30, 3650)

    def download(self, url: str) -> bytes:
        """A file by its address; where that has run out, by the address its message has now."""
        url, _, place = url.partition("#")
        try:
            return fetched(url)
        except http.CallFailed as failure:
            if failure.status not in (403, 404) or not re.fullmatch(r"\d+/\d+", place):
                raise
        found = self._read("GET", f"/channels/{place.replace('/', '/messages/')}")
        files = reading.attachments(found) if isinstance(found, dict) else ()
        fresh = next((file.url for file in files if urlsplit(file.url).path == urlsplit(url).path), "")
        if not fresh:
            raise Failure("Discord no longer has this file.")
        return fetched(fresh)

    def check(self) -> None:
        """Who the bot is, whether it may read texts, and whether it sees each channel."""
        if not (self._lines("channels") or self._text("guild") or self._lines("people")):
            raise Failure("Enter the id of your server, or of the channels to read.")
        me = self._read("GET", "/applications/@me")
        me = me if isinstance(me, dict) else {}
        if "flags" in me and not (number(me, "flags") or 0) & CONTENT_FLAGS:
            raise Failure("The bot may not read texts. Turn on Message Content Intent on the application's page Bot.")
        key = self._text("public_key")
        if key and me.get("verify_key") and key.casefold() != str(me["verify_key"]).casefold():
            raise Failure("The public key is not the one of this bot's application. Copy it again.")
        for channel in self._lines("channels")[:20]:
            self._read("GET", f"/channels/{channel}")

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once: Discord takes a message with the same nonce only once within some minutes."""
        files = outgoing.attachments
        if len(files) > FILES or any(len(f.content) > LARGEST for f in files):
            raise SendError(f"Discord takes at most {FILES} files of 10 MB at once. Send fewer.", permanent=True)
        channel, answered = self._where(outgoing)
        body: dict[str, Any] = {
            "content": outgoing.text,
            "allowed_mentions": {"parse": [], "replied_user": True},
            "nonce": hashlib.sha256(outgoing.key.encode()).hexdigest()[:25],
            "enforce_nonce": True,
        }
        if answered.isdecimal():
            body["message_reference"] = {"message_id": answered, "fail_if_not_exists": False}
        more: dict[str, Any] = {"json": body}
        if files:
            body["attachments"] = [{"id": str(n), "filename": one.name or "file"} for n, one in enumerate(files)]
            uploads = {f"files[{n}]": (one.name or "file", one.content) for n, one in enumerate(files)}
            more = {"data": {"payload_json": json.dumps(body)}, "files": uploads}
        found = self._write("POST", f"/channels/{channel}/messages", **more)
        name = word(found, "id") if isinstance(found, dict) else ""
        if not name:
            raise SendError("Discord took the message but did not say its number.", uncertain=True)
        return Sent(name, provider_id=name)

    def _where(self, outgoing: Outgoing) -> tuple[str, str]:
        """The channel, and the message that is answered; a direct channel where asked for, or where there is none."""
        channel = str(outgoing.about.get("channel_id") or "")
        if channel.isdecimal() and (outgoing.mode != "direct" or outgoing.about.get("direct")):
            return channel, outgoing.answers or next(iter(outgoing.parents), "")
        opened = self._write("POST", "/users/@me/channels", json={"recipient_id": outgoing.to.address})
        return word(opened if isinstance(opened, dict) else {}, "id", needed=True), ""

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        channel, guild, person = (str(about.get(name) or "") for name in ("channel_id", "guild_id", "from_id"))
        like = f"/channels/{channel}/messages/{target}/reactions/{quoted('👍')}/@me"
        ban = f"/guilds/{guild}/bans/{person}"
        calls: dict[str, tuple[str, str, dict[str, Any]]] = {
            "like": ("PUT", like, {}),
            "unlike": ("DELETE", like, {}),
            "delete": ("DELETE", f"/channels/{channel}/messages/{target}", {}),
            "block": ("PUT", ban, {"json": {}}),
            "unblock": ("DELETE", ban, {"json": {}}),  # Discord's own file wants a body here
        }
        known = all(one.isdecimal() for one in ((guild, person) if "block" in deed else (channel, target)))
        if deed not in calls or not known:
            raise SendError("Discord cannot do that with this message.", permanent=True)
        verb, path, more = calls[deed]
        self._write(verb, path, gone_is_well=verb == "DELETE", **more)

    # --- calls

    def _read(self, verb: str, path: str, **more: Any) -> Any:
        """A call that changes nothing. Raises `CallFailed` with words for what Discord says."""
        if not self._text("token"):
            raise http.CallFailed(
                "The bot token is missing. Copy it from the page Bot of the application.", permanent=True
            )
        headers = {"authorization": f"Bot {self._text('token')}", "user-agent": AGENT}
        url = (self._text("server").rstrip("/") or "https://discord.com/api/v10") + path
        try:
            answer = http.request(verb, url, idempotent=True, headers=headers, **more)
        except http.CallFailed as failure:
            raise explained(failure) from failure
        if answer.status_code == 204:
            return {}
        try:
            return answer.json()
        except ValueError:
            raise http.CallFailed("Discord's answer could not be read. Try again later.") from None

    def _write(self, verb: str, path: str, *, gone_is_well: bool = False, **more: Any) -> Any:
        """Each is safe to repeat: by a nonce, or by its nature. Raises `SendError`."""
        try:
            return self._read(verb, path, **more)
        except http.CallFailed as failure:
            if gone_is_well and failure.status == 404:
                return {}
            raise not_sent(failure) from failure

    def _own(self) -> frozenset[str]:
        return frozenset(self._lines("own"))

    def _lines(self, name: str) -> list[str]:
        return [line.strip() for line in self._text(name).splitlines() if line.strip()]

    def _text(self, name: str) -> str:
        return str(self.settings.get(name) or "").strip()


def fetched(url: str) -> bytes:
    """The content at one of Discord's own addresses for files."""
    if urlsplit(url).scheme != "https" or urlsplit(url).hostname not in FILE_HOSTS:
        raise Failure("This file is not at Discord. Open it there.")
    return http.request("GET", url, trusted=False, max_bytes=50 * http.MEGABYTE).content


def option_lines(options: list[dict[str, Any]], depth: int = 0) -> list[str]:
    """The words given with a command, also inside its parts."""
    if depth > 3:
        return []
    lines = [word(option, "value") for option in options if not isinstance(option.get("value"), bool)]
    lines += [line for option in options for line in option_lines(parts(option, "options"), depth + 1)]
    return [line for line in lines if line]


def component_lines(components: list[dict[str, Any]], depth: int = 0) -> list[str]:
    """The words typed into a form."""
    if depth > 5:
        return []
    lines = [word(one, "value") for one in components]
    for one in components:
        inner = parts(one, "components") + ([part(one, "component")] if one.get("component") else [])
        lines += component_lines(inner, depth + 1)
    return [line for line in lines if line]


REASONS = {
    0: "Discord does not accept the bot token. Reset it on the page Bot of the application and enter the new one.",
    10003: "Discord does not know this channel. Copy its id again.",
    10004: "Discord does not know this server. Copy its id again, and add the bot to it.",
    10008: "The message is no longer there.",
    50001: "The bot does not see this channel. Give it View Channel and Read Message History there.",
    50007: "This person takes no direct messages from the bot. Answer in the channel.",
    50013: "The bot lacks the permission for that. Give it Send Messages (to delete: Manage Messages, to block: Ban).",
    50083: "This thread is archived. Open it in Discord first.",
    160002: "The bot may not reply here. Give it Read Message History.",
    200000: "The server's AutoMod blocked the answer. Change its words, or the rule.",
}


def explained(failure: http.CallFailed) -> http.CallFailed:
    """The same failure, with cause and remedy as far as Discord says."""
    found = failure.told
    code = 0 if failure.status == 401 else found.get("code")
    said = str(found.get("message") or "")[:200] if failure.permanent else ""
    text = REASONS.get(code if isinstance(code, int) and (code or failure.status == 401) else -1)
    return failure.saying(text or (f"Discord refused: {said}." if said else failure.text))
