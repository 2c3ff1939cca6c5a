"""Slack: events as they happen by the Events API, what was said before by asking, answers in the thread.

A message is <channel>:<ts> by either door; an edit is the same one. Events carry ids instead of names: names come with
asking, each as a delivery of its own. `slack_history.py` walks back through channels, `slack_text.py` reads text.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

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
from crowdalogue.channels.payload import flag, listed, load_object, moment, part, parts, word
from crowdalogue.channels.slack_calls import NEEDED, SlackCalls
from crowdalogue.channels.slack_history import Walk, progress_of
from crowdalogue.channels.slack_text import escaped, plain, text_of

SIGNATURE, STAMP = "x-slack-signature", "x-slack-request-timestamp"
TOLERANCE = timedelta(minutes=5)
FILES = 10
SAID = ("", "file_share", "thread_broadcast", "me_message", "bot_message", "reply_broadcast")
SERVICE = re.compile(
    r"(channel|group)_\w+|message_replied|pinned_item|unpinned_item|ekm_access_denied|bot_(add|remove|enable|disable)|"
    r"reminder_\w+|sh_room_\w+|huddle_thread|file_comment|document_mention|assistant_app_thread|joiner_notification\w*"
)
NOTHING = re.compile(
    r"(channel|group|im|member|subteam|team|file|pin|star|emoji|dnd|app|scope|tokens|user|call|bot|link|invite|workflow|"
    r"grid|resources|shared|assistant|function|message_metadata|email_domain|entity|canvas|list|huddle)_\w+"
)


class Slack(Channel):
    kind = "slack"
    label = "Slack"
    icon = "i-community"
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 4000
    media = "both"
    edits = True
    interactions = True
    deeds = ("like", "unlike")
    tried = "Slack's OpenAPI file (Prism) for what we call, recorded event shapes for what we hear"
    guide = (
        "Channels that customers write in, shared or of a community, and direct messages to the app. Events come as "
        "they happen; what was said before, and while we were away, is asked for. An app can neither hide nor delete "
        "what others wrote."
    )
    steps = (
        "At api.slack.com/apps, create an app for your workspace.",
        "Under OAuth & Permissions, give the bot these scopes: " + ", ".join(NEEDED) + "; for private channels and "
        "direct messages also groups:history, groups:read, im:history, im:read, im:write, mpim:history, mpim:read; "
        "to know people by their addresses users:read.email. "
        "Install the app and copy the Bot User OAuth Token.",
        "Under Basic Information, copy the Signing Secret. Enter both here and save.",
        "Under Event Subscriptions, enter {hook} as the Request URL, and subscribe the bot to message.channels, "
        "message.groups, message.im, message.mpim, reaction_added and reaction_removed.",
        "In each channel, write /invite and the app's name.",
    )
    fields = (
        Field("token", "Bot User OAuth Token", "It begins with xoxb-.", kind="secret"),
        Field("secret", "Signing secret", "From Basic Information of the app.", kind="secret"),
        Field("channels", "Channels", "Their ids, one a line. Empty: all the app was invited to.", "lines", False),
        Field(
            "own", "Your own accounts", "Ids of members (U...) or workspaces (T...) who answer for you.", "lines", False
        ),
        Field("days", "Days to fetch at first", "How far back.", kind="number", required=False, default=30),
        Field("server", "Address of the Web API", required=False, default="https://slack.com/api"),
    )

    # --- the door

    def verify(self, raw: Raw, now: datetime) -> None:
        secret = self._text("secret")
        if not secret:
            raise Refused("The signing secret is missing, so nothing is taken. Enter it in the channel's settings.")
        stamp, given = raw.headers.get(STAMP, ""), raw.headers.get(SIGNATURE, "")
        if not re.fullmatch(r"[0-9]{1,12}", stamp):
            raise Refused("The signature is missing. Slack sends X-Slack-Signature and X-Slack-Request-Timestamp.")
        wanted = signature(secret, raw.body, stamp)
        if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
            raise Refused("The signature is wrong. Copy the Signing Secret again from Basic Information of the app.")
        if abs(now.timestamp() - int(stamp)) > TOLERANCE.total_seconds():
            raise Refused("The signature is older than five minutes. Set this server's clock.")

    def handshake(self, raw: Raw) -> Response | None:
        """Slack asks once whether the address is ours."""
        try:
            body = load_object(raw.body)
            challenge = word(body, "challenge") if body.get("type") == "url_verification" else ""
        except NotUnderstood:
            return None
        return Response(challenge.encode(), "text/plain") if challenge else None

    def delivery_key(self, raw: Raw) -> str:
        """Slack's id of the event: it is the same when Slack tries again."""
        if raw.key:
            return raw.key
        try:
            return word(load_object(raw.body), "event_id")[:80]
        except NotUnderstood:
            return ""

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        ts = f"{int(now.timestamp())}.{number:06d}"
        event = {
            "type": "message",
            "channel": "C0TEST",
            "channel_type": "channel",
            "user": "U0TEST",
            "text": text,
            "ts": ts,
        }
        body = {"type": "event_callback", "team_id": "T0TEST", "event_id": f"EvTEST{ts}", "event": event}
        return self.signed(json.dumps(body).encode(), now)

    def signed(self, body: bytes, now: datetime) -> Raw:
        """A body as Slack would sign it."""
        stamp = str(int(now.timestamp()))
        names = {
            STAMP: stamp,
            SIGNATURE: signature(self._text("secret"), body, stamp),
            "content-type": "application/json",
        }
        return Raw(body, names)

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        body = load_object(raw.body)
        kind, event = word(body, "type"), body.get("event")
        if kind == "trouble":
            return [Unknown(f"Channel {word(body, 'channel')[:40]} cannot be read: {str(event)[:300]}")]
        if kind == "app_rate_limited":
            return [Ignored("Slack held back events because there were too many; asking fetches them")]
        if not isinstance(event, dict) or kind not in ("event_callback", "history", "profile"):
            raise NotUnderstood('This is no event of Slack: "type" and "event" must say what happened.')
        if kind == "profile":
            return [self._profile(event)]
        if kind == "history":
            event = {"type": "message", **event, "channel": word(body, "channel", needed=True)}
            return [self._message(event, body), *self._standing_reactions(event)]
        return self._event(event, body)

    def _event(self, event: dict[str, Any], body: dict[str, Any]) -> list[Item]:
        kind = word(event, "type", needed=True)
        if kind == "message":
            return [self._change(event, body)]
        if kind == "app_mention":
            return [self._message(event, body)]
        if kind in ("reaction_added", "reaction_removed"):
            return [self._reaction(event, gone=kind == "reaction_removed")]
        if kind in ("user_change", "team_join", "user_profile_changed"):
            return [self._profile(part(event, "user"))]
        return [
            Ignored(f"an event of the kind {kind}")
            if NOTHING.fullmatch(kind)
            else Unknown(f"an event of the kind {kind}")
        ]

    def _change(self, event: dict[str, Any], body: dict[str, Any]) -> Item:
        """A message, or what became of one."""
        subtype, channel = word(event, "subtype"), word(event, "channel", needed=True)
        if subtype == "message_deleted":
            return Removal(f"{channel}:{word(event, 'deleted_ts', needed=True)}", moment(event, "ts"))
        if subtype == "message_changed":
            inner = part(event, "message")
            if word(inner, "subtype") == "tombstone":  # deleted, while its thread goes on
                return Removal(f"{channel}:{word(inner, 'ts', needed=True)}", moment(event, "ts"))
            frame = {"channel": channel, "channel_type": event.get("channel_type")}
            return self._message({**inner, **frame}, body)
        return self._message(event, body)

    def _message(self, event: dict[str, Any], body: dict[str, Any]) -> Item:
        subtype, channel, ts = (word(event, name) for name in ("subtype", "channel", "ts"))
        if subtype == "tombstone":
            return Removal(f"{channel}:{ts}")
        if subtype not in SAID:
            known = SERVICE.fullmatch(subtype)
            return Ignored(f"a notice ({subtype})") if known else Unknown(f"a message of the kind {subtype[:60]}")
        if not channel or not ts:
            raise NotUnderstood('A message must have "channel" and "ts".')
        text, files = text_of(event), attachments(event)
        if not text.strip() and not files:
            return Ignored("a message without text or files")
        thread = word(event, "thread_ts")
        direct = word(event, "channel_type") in ("im", "mpim") or channel.startswith("D")
        author = self._author(event, body)
        team = word(body, "team_id") or word(part(body, "us"), "team")
        extra = {
            "channel": channel,
            "ts": ts,
            "thread_ts": thread,
            "team": word(event, "team") or team,
            "direct": direct,
        }
        return Incoming(
            external_id=f"{channel}:{ts}",
            author=author,
            text=text,
            sent_at=moment_of(ts),
            edited_at=moment_of(word(part(event, "edited"), "ts")),
            parents=(f"{channel}:{thread}",) if thread and thread != ts else (),
            threads=(f"chat:{channel}",) if direct else (),
            url=f"https://app.slack.com/client/{team}/{channel}/p{ts.replace('.', '')}" if team else "",
            attachments=files,
            extra={name: value for name, value in extra.items() if value},
        )

    def _author(self, event: dict[str, Any], body: dict[str, Any]) -> Author:
        user, bot = word(event, "user"), word(event, "bot_id")
        profile = part(event, "bot_profile")
        address = user or bot
        if not address:
            raise NotUnderstood('A message must have "user" or "bot_id".')
        us, teams = part(body, "us"), {word(event, "team"), word(event, "user_team"), word(event, "source_team")}
        ourselves = {word(us, "user"), word(us, "bot")}
        ourselves |= {word(a, "user_id") for a in parts(body, "authorizations") if flag(a, "is_bot")}
        app = word(event, "app_id") or word(profile, "app_id")
        ours = bool(
            {user, bot} & (ourselves - {""})
            or (bot and app and app == word(body, "api_app_id"))
            or self._own() & {user, bot, *teams} - {""}
        )
        name = word(event, "username") or word(profile, "name") if bot else ""
        facts = {"bot": True} if bot and not ours else {}
        brand = str(self.settings.get("brand") or "") if ours else ""
        return Author(address, name, ours, brand, facts)

    def _own(self) -> set[str]:
        return {line.strip() for line in str(self.settings.get("own") or "").splitlines() if line.strip()}

    def _profile(self, user: dict[str, Any]) -> Item:
        """Who somebody is: the name and facts reach the handle, and the timeline says when they were seen."""
        address, profile = word(user, "id", needed=True), part(user, "profile")
        names = (word(profile, "display_name"), word(profile, "real_name"), word(user, "real_name"), word(user, "name"))
        facts = {
            "username": word(user, "name"),
            "email": word(profile, "email"),
            "about": word(profile, "title"),
            "picture": word(profile, "image_192"),
            "bot": flag(user, "is_bot"),
        }
        ours = bool(self._own() & {address, word(user, "team_id")} - {""})
        known = {name: value for name, value in facts.items() if value}
        author = Author(address, next(filter(None, names), ""), ours, facts=known)
        return Interaction(f"profile:{address}", author, "profile", moment(user, "updated"))

    def _reaction(self, event: dict[str, Any], *, gone: bool) -> Item:
        item, user = part(event, "item"), word(event, "user", needed=True)
        if word(item, "type") != "message":
            return Ignored(f"a reaction to a {word(item, 'type')[:40] or 'thing'}")
        target = f"{word(item, 'channel', needed=True)}:{word(item, 'ts', needed=True)}"
        return self._like(user, target, word(event, "reaction", needed=True), moment_of(word(event, "event_ts")), gone)

    def _standing_reactions(self, event: dict[str, Any]) -> list[Item]:
        """Those that history shows; it names at most some of the people."""
        target = f"{word(event, 'channel')}:{word(event, 'ts')}"
        return [
            self._like(user, target, word(reaction, "name", needed=True), None, False)
            for reaction in parts(event, "reactions")
            for user in listed(reaction, "users")
            if isinstance(user, str)
        ]

    def _like(self, user: str, target: str, name: str, at: datetime | None, gone: bool) -> Interaction:
        author = Author(user, ours=user in self._own())
        return Interaction(f"reaction:{user}:{target}:{name}", author, name[:32], at, target, gone)

    def normalise(self, address: str) -> str:
        return address.strip()

    # --- asked

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        return Walk(self._calls().read, cursor, self._channels(), self._days()).fetch(limit)

    def progress(self, cursor: Mapping[str, Any]) -> Progress | None:
        return progress_of(cursor, self._channels(), self._days())

    def _days(self) -> int:
        written = self._text("days")
        return min(int(written[:5]) if written.isdecimal() else 30, 3650)

    def _channels(self) -> list[str]:
        return [line.strip() for line in self._text("channels").splitlines() if line.strip()]

    def download(self, url: str) -> bytes:
        """A file of a message; only Slack's own hosts are given the token."""
        return self._calls().download(url)

    def check(self) -> None:
        """Who the bot is, which scopes are missing, and in which of the channels it is no member."""
        self._calls().check(self._channels())

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. Slack knows no idempotency key, so a cut connection leaves it uncertain."""
        calls = self._calls()
        if len(outgoing.attachments) > FILES:
            raise SendError(f"Send at most {FILES} files at once.", permanent=True)
        where = self._where(outgoing, calls)
        uploaded = [calls.upload(one) for one in outgoing.attachments]  # nobody sees them yet
        answer = calls.post("chat.postMessage", {**where, "text": escaped(outgoing.text)})
        channel, ts = word(answer, "channel") or where["channel"], word(answer, "ts")
        if not ts:
            raise SendError("Slack took the message but did not say its number.", uncertain=True)
        if uploaded:
            try:
                thread = where.get("thread_ts", "")
                calls.complete(uploaded, channel, thread)
            except SendError as failure:
                text = f"The text was sent, its files were not: {failure.text} Send the files by themselves."
                raise SendError(text, uncertain=True) from failure
        return Sent(f"{channel}:{ts}", provider_id=ts)

    def _where(self, outgoing: Outgoing, calls: SlackCalls) -> dict[str, str]:
        """The thread of the message that is answered; a direct message where asked for, or where there is none."""
        about = outgoing.about
        channel, _, ts = (outgoing.answers or next(iter(outgoing.parents), "")).partition(":")
        channel, ts = str(about.get("channel") or channel), str(about.get("ts") or ts)
        if not channel or (outgoing.mode == "direct" and not about.get("direct")):
            opened = calls.post("conversations.open", {"users": outgoing.to.address}, harmless=True)
            return {"channel": word(part(opened, "channel"), "id", needed=True)}
        thread = str(about.get("thread_ts") or ("" if about.get("direct") else ts))
        return {"channel": channel, "thread_ts": thread} if thread else {"channel": channel}

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        channel, _, ts = target.partition(":")
        method = {"like": "reactions.add", "unlike": "reactions.remove"}.get(deed)
        if not method:
            raise SendError("An app can neither hide nor delete what others wrote in Slack.", permanent=True)
        done = ("already_reacted",) if deed == "like" else ("no_reaction",)
        asked = {"channel": channel, "timestamp": ts, "name": "+1"}
        self._calls().post(method, asked, harmless=True, well=done)

    def _calls(self) -> SlackCalls:
        return SlackCalls(self._text("server"), self._text("token"))

    def _text(self, name: str) -> str:
        return str(self.settings.get(name) or "").strip()


def signature(secret: str, body: bytes, stamp: str) -> str:
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()


def moment_of(ts: str) -> datetime | None:
    """The time in one of Slack's timestamps, to the second; it is also the message's name."""
    seconds, _, rest = ts.partition(".")
    if not (seconds.isdecimal() and len(seconds) <= 11):
        return None
    micros = int(rest[:6].ljust(6, "0")) if rest.isdecimal() else 0
    return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=micros)


def attachments(event: dict[str, Any]) -> tuple[Attachment, ...]:
    """Files by address; those Slack hides or that were deleted have none. Of a shared channel only the id is known."""
    found = []
    for file in parts(event, "files")[:50]:
        if word(file, "mode") in ("tombstone", "hidden_by_limit"):
            continue
        url = word(file, "url_private_download") or word(file, "url_private")
        if not url and word(file, "file_access") == "check_file_info":
            url = f"slack:{word(file, 'id', needed=True)}"
        name, kind = word(file, "name") or word(file, "title") or "file", word(file, "mimetype")
        if url:
            found.append(Attachment(plain(name)[:200], kind or "application/octet-stream", url=url))
    return tuple(found)
