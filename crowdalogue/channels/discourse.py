"""Discourse: posts by webhook as they happen, and by asking what was missed, because it does not repeat a time-out.

A post's name is its id, by either door. A topic is one conversation, and so is a private message. People are named by
their number and the forum's host, because every forum counts its own. Discourse takes the same post from an API key
once within two minutes, so a short cut in the line sends nothing twice.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from crowdalogue import http
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
    SendError,
    Sent,
    Unknown,
)
from crowdalogue.channels.discourse_reading import attachments, text_and_quotes
from crowdalogue.channels.payload import flag, load_object, moment, number, part, parts, word
from crowdalogue.errors import Failure

SIGNATURE, EVENT = "x-discourse-event-signature", "x-discourse-event"
POLLED = "post_asked"  # our own name for a post that asking brought
REGULAR, MODERATOR, SMALL, WHISPER = 1, 2, 3, 4  # types of posts
LIKE, SPAM = 2, 8  # types of actions upon posts
WRITTEN = ("post_created", "post_edited", "post_recovered", "post_approved", "approved_post", POLLED)
NOTHING = ("topic_", "user_", "group_", "category_", "tag_", "reviewable_", "notification_", "badge_", "accepted_",
           "unaccepted_", "flag_", "queued_post_", "rejected_post", "calendar_", "category_experts_")  # fmt: skip
CALLS = 4  # in one fetch
EMPTY = 20  # empty pages in a row: older versions page by ranges of fifty ids, which may hold nothing
LARGEST = 20 * http.MEGABYTE


class Discourse(Channel):
    kind = "discourse"
    label = "Discourse"
    icon = "i-forum"
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 32_000
    public = True
    media = "both"
    edits = True
    interactions = True
    deeds = ("hide", "unhide", "like", "unlike", "delete", "block", "unblock")
    tried = "recorded shapes of Discourse's webhooks and API, read in its source"
    guide = (
        "Your forum, with private messages to the account the key belongs to. What its webhook could not deliver is "
        "asked for every half minute. Forum staff counts as yours unless you say otherwise. Hiding flags a post as "
        "spam and takes action at once; blocking silences its author."
    )
    steps = (
        "In the forum's admin area under API, make a key for the account that should answer. For hiding and blocking "
        "it must be a moderator's. Enter key and user name here and save: a secret is made.",
        "Under API, Webhooks, add one with the payload address {hook} and the secret. Choose the events Post, Topic, "
        "Like and User, or send all of them.",
    )
    fields = (
        Field("url", "Address of the forum", "Such as https://forum.example.com."),
        Field("api_key", "API key", "From the forum's admin area, API.", kind="secret"),
        Field("username", "User name", "Of the account that answers."),
        Field("secret", "Webhook secret", "Leave empty and one is made.", kind="secret", required=False),
        Field("own", "Your own accounts", "User names, one a line.", kind="lines", required=False),
        Field("staff", "Forum staff speaks for us", kind="flag", required=False, default=True),
        Field("days", "Days to fetch at first", "How far back.", kind="number", required=False, default=30),
    )

    @classmethod
    def prepare(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**settings, "secret": settings.get("secret") or secrets.token_urlsafe(32)}

    # --- the door

    def verify(self, raw: Raw, now: datetime) -> None:
        secret = self._text("secret")
        if not secret:
            raise Refused("This forum has no webhook secret yet, so nothing is taken. Save its settings once.")
        given = raw.headers.get(SIGNATURE, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, signature(secret, raw.body).encode()):
            raise Refused("The signature is missing or wrong. Compare the webhook's secret with the one here.")

    def delivery_key(self, raw: Raw) -> str:
        """The number of a webhook's event is another one on every attempt, so the content counts."""
        event = raw.headers.get(EVENT, "").encode("utf-8", "replace")
        return raw.key or hashlib.sha256(event + b"\n" + raw.body).hexdigest()

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        post = {
            "id": 900_000_000 + number,
            "user_id": 900_000_001,
            "username": "robin_test",
            "name": "Robin Test",
            "created_at": now.isoformat(),
            "raw": text,
            "post_number": number,
            "post_type": REGULAR,
            "version": 1,
            "topic_id": 900_000_000,
            "topic_slug": "test",
            "topic_title": "Test",
            "topic_archetype": "regular",
        }
        return self.signed(json.dumps({"post": post}).encode(), "post_created")

    def signed(self, body: bytes, event: str) -> Raw:
        """A body as the forum would sign it."""
        names = {EVENT: event, SIGNATURE: signature(self._text("secret"), body), "content-type": "application/json"}
        return Raw(body, names)

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        body, event = load_object(raw.body), raw.headers.get(EVENT, "")
        if "ping" in body:
            return [Ignored("the forum tries whether we are here")]
        if event in WRITTEN:
            return [self._post(part(body, "post"))]
        if event == "post_destroyed" and "post" in body:
            return [Removal(word(part(body, "post"), "id", needed=True))]
        if event == "post_liked" and "like" in body:
            return [self._like(part(body, "like"))]
        if event == "user_created" and "user" in body:
            return [self._joined(part(body, "user"))]
        if not event:
            raise NotUnderstood("The header X-Discourse-Event is missing, so nobody knows what this is.")
        known = event.startswith(NOTHING)
        return [
            Ignored(f"an event of the kind {event[:60]}") if known else Unknown(f"an event of the kind {event[:60]}")
        ]

    def _post(self, post: dict[str, Any]) -> Item:
        name, kind = word(post, "id", needed=True), number(post, "post_type") or REGULAR
        if kind == SMALL:
            return Ignored("a notice of the forum, such as a topic that was closed")
        if kind == WHISPER:
            return Ignored("a whisper among the forum's staff")
        if post.get("deleted_at") or flag(post, "user_deleted"):
            return Removal(name, moment(post, "deleted_at"))
        topic, place = word(post, "topic_id", needed=True), word(post, "post_number")
        text, quoted = text_and_quotes(post)
        files = attachments(post, self._base)
        if not text and not files:
            raise NotUnderstood('The post has neither "raw" nor "cooked".')
        author = self._author(post)
        private = word(post, "topic_archetype") == "private_message"
        extra = {
            "topic_id": topic,
            "post_number": place,
            "username": word(post, "username"),
            "user_id": word(post, "user_id"),
            "category": word(post, "category_slug"),
            "direct": private,
        }
        return Incoming(
            external_id=name,
            author=author,
            text=text,
            quoted=quoted,
            subject=word(post, "topic_title"),
            sent_at=moment(post, "created_at"),
            edited_at=moment(post, "updated_at") if (number(post, "version") or 1) > 1 else None,
            threads=(f"topic:{topic}",),
            kind=Kind.AUTOMATIC if author.facts.get("bot") else Kind.MESSAGE,
            url=f"{self._base}/t/{word(post, 'topic_slug') or '-'}/{topic}/{place}",
            public=not private,
            attachments=files,
            extra={name: value for name, value in extra.items() if value},
        )

    def _author(self, who: dict[str, Any], identifier: str = "user_id") -> Author:
        """By number and host. The forum's own robots have negative numbers."""
        address, username = word(who, identifier, needed=True), word(who, "username")
        own = {line.strip().casefold() for line in self._text("own").splitlines() if line.strip()}
        own.add(self._text("username").casefold())
        staff = any(flag(who, name) for name in ("staff", "admin", "moderator"))
        ours = username.casefold() in own or (staff and bool(self.settings.get("staff")))
        picture = word(who, "avatar_template").replace("{size}", "96")
        facts = {
            "username": username,
            "bot": address.startswith("-"),
            "about": word(who, "user_title") or word(who, "title"),
            "picture": f"{self._base}{picture}" if picture.startswith("/") else picture,
            "url": f"{self._base}/u/{username}" if username else "",
            "email": word(who, "email"),
        }
        known = {name: value for name, value in facts.items() if value}
        brand = self._text("brand") if ours else ""
        return Author(f"{address}@{self._host}", word(who, "name") or username, ours, brand, known)

    def _like(self, like: dict[str, Any]) -> Item:
        author, target = self._author(part(like, "user"), "id"), word(part(like, "post"), "id", needed=True)
        return Interaction(f"like:{author.address}:{target}", author, "like", None, target)

    def _joined(self, user: dict[str, Any]) -> Item:
        author = self._author(user, "id")
        return Interaction(f"join:{author.address}", author, "join", moment(user, "created_at"))

    # --- asked

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """The newest posts, then back to where we were: {"public": {"top", "before", "newest", "empty"}, "private"}."""
        state: dict[str, Any] = json.loads(json.dumps(dict(cursor)))
        found: dict[str, Raw] = {}
        open_walks = False
        for name, path in (("public", "/posts.json"), ("private", "/private-posts.json")):
            walk = state.setdefault(name, {})
            for _ in range(CALLS):
                self._page(walk, path, found)
                if not walk.get("before") or len(found) >= limit:
                    break
            open_walks |= bool(walk.get("before"))
        known = [w for w in state.values() if isinstance(w, dict) and w.get("before") and w.get("top")]
        left = sum(max(0, w["before"] - w["top"]) for w in known) if known else None
        return Fetched(tuple(found.values()), state, more=open_walks, left=left)

    def _page(self, walk: dict[str, Any], path: str, found: dict[str, Raw]) -> None:
        """One page: the newest, or the one before where the walk stands; it ends at what is known or is too old."""
        before = walk.get("before") or 0
        answer = self._call("GET", path, params={"before": before} if before else {}, harmless=True)
        root = "private_posts" if "private" in path else "latest_posts"
        posts = [post for post in parts(answer, root) if isinstance(post.get("id"), int)]
        if root not in answer:
            raise Failure("The forum's answer holds no posts. Check its address, and that the key may read them.")
        for post in posts:
            if "private" in path:
                post["topic_archetype"] = "private_message"
            key = f"post:{post['id']}:{number(post, 'version') or 1}"
            found[key] = Raw(json.dumps({"post": post}, ensure_ascii=False).encode(), {EVENT: POLLED}, key)
        ids = [post["id"] for post in posts]
        if not before:
            walk["newest"] = max(ids, default=walk.get("top") or 0)
        walk["empty"] = 0 if ids else (walk.get("empty") or 0) + 1
        following = min(ids) if ids and (not before or min(ids) < before) else before - 50
        too_old = any((moment(post, "created_at") or self._beginning()) < self._beginning() for post in posts)
        ended = (not ids and not before) or walk["empty"] >= EMPTY or too_old
        walk["before"] = 0 if ended or following <= max(1, walk.get("top") or 0) else following
        if not walk["before"]:
            walk["top"] = max(walk.pop("newest", 0), walk.get("top") or 0)

    def _beginning(self) -> datetime:
        written = self._text("days")
        return datetime.now(UTC) - timedelta(days=min(int(written[:5]) if written.isdecimal() else 30, 3650))

    def download(self, url: str) -> bytes:
        """A file of a post. Only the forum itself is shown the key."""
        if urlsplit(url).netloc == urlsplit(self._base).netloc:
            return http.request("GET", url, max_bytes=LARGEST, headers=self._headers).content
        return http.request("GET", url, trusted=False, max_bytes=LARGEST).content

    def check(self) -> None:
        """Whose key it is."""
        if urlsplit(self._base).scheme not in ("http", "https"):
            raise Failure("The address of the forum must begin with https://.")
        found = self._call("GET", "/session/current.json", harmless=True)
        name = word(part(found, "current_user"), "username")
        if name.casefold() != self._text("username").casefold():
            raise Failure("The forum knows this key, but for another user name. Enter the name of the key's account.")

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        """Send once. The forum takes the same post again within two minutes as the one it has."""
        if any(len(one.content) > LARGEST for one in outgoing.attachments) or len(outgoing.attachments) > 10:
            raise SendError("Send at most ten files of 20 MB at once.", permanent=True)
        raw = "\n\n".join([outgoing.text, *(self._upload(one) for one in outgoing.attachments)])
        about = outgoing.about
        asked: dict[str, Any] = {"raw": raw}
        if about.get("topic_id") and (outgoing.mode != "direct" or about.get("direct")):
            asked["topic_id"] = int(about["topic_id"])
            if str(about.get("post_number") or "").isdecimal():
                asked["reply_to_post_number"] = int(about["post_number"])
        else:
            title = f"Re: {outgoing.subject}" if outgoing.subject else "Your post"
            asked |= {
                "title": title[:200],
                "archetype": "private_message",
                "target_recipients": self._name_of(outgoing),
            }
        found = self._do("POST", "/posts.json", json=asked, attempts=2)
        name = word(found, "id")
        if not name:
            text = "The forum did not publish the answer; it may wait there for a moderator. Look at its review queue."
            raise SendError(text, uncertain=True)
        return Sent(name, provider_id=name)

    def _name_of(self, outgoing: Outgoing) -> str:
        username = str(outgoing.about.get("username") or outgoing.to.facts.get("username") or "")
        if not username:
            raise SendError(
                "The forum's name of this person is not known, so there is nobody to write to.", permanent=True
            )
        return username

    def _upload(self, file: Attachment) -> str:
        """Bring a file to the forum; the Markdown that shows it."""
        name = (file.name or "file").replace("]", "").replace("|", "").replace("[", "")
        uploads = {"file": (file.name or "file", file.content, file.media_type)}
        found = self._do("POST", "/uploads.json", data={"type": "composer", "synchronous": "true"}, files=uploads)
        address = word(found, "short_url") or word(found, "url")
        if not address:
            raise SendError("The forum did not take a file. Allow its type in the forum's settings.", permanent=True)
        return f"![{name}]({address})" if file.media_type.startswith("image/") else f"[{name}|attachment]({address})"

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        user = str(about.get("user_id") or "")
        flagged = {"id": target, "post_action_type_id": SPAM, "take_action": "true"}
        liked = {"id": target, "post_action_type_id": LIKE}
        calls: dict[str, tuple[str, str, dict[str, Any]]] = {
            "hide": ("POST", "/post_actions.json", {"json": flagged}),
            "unhide": ("PUT", f"/posts/{target}/unhide.json", {}),
            "like": ("POST", "/post_actions.json", {"json": liked}),
            "unlike": ("DELETE", f"/post_actions/{target}.json", {"params": {"post_action_type_id": LIKE}}),
            "delete": ("DELETE", f"/posts/{target}.json", {}),
            "block": ("PUT", f"/admin/users/{user}/silence.json", {"json": {"reason": "Blocked in Crowdalogue"}}),
            "unblock": ("PUT", f"/admin/users/{user}/unsilence.json", {}),
        }
        if deed not in calls or not target.isdecimal() or ("block" in deed and not user.isdecimal()):
            raise SendError("The forum cannot do that with this post.", permanent=True)
        verb, path, more = calls[deed]
        try:
            self._do(verb, path, **more)
        except SendError as failure:
            if not (failure.permanent and self._is_done(deed, target)):
                raise

    def _is_done(self, deed: str, target: str) -> bool:
        """Whether it had been done before, which Discourse refuses like something forbidden."""
        try:
            post = self._call("GET", f"/posts/{target}.json", harmless=True)
        except http.CallFailed as failure:
            return deed == "delete" and failure.status in (404, 410)
        acted = any(number(one, "id") == LIKE and flag(one, "acted") for one in parts(post, "actions_summary"))
        states = {
            "like": acted,
            "unlike": not acted,
            "hide": flag(post, "hidden"),
            "unhide": not flag(post, "hidden"),
            "delete": bool(post.get("deleted_at")) or flag(post, "user_deleted"),
        }
        return states.get(deed, False)

    # --- calls

    def _do(self, verb: str, path: str, **more: Any) -> dict[str, Any]:
        """A call that does something, and is safe to repeat soon. Raises `SendError`."""
        try:
            return self._call(verb, path, harmless=True, **more)
        except http.CallFailed as failure:
            raise not_sent(failure) from failure

    def _call(self, verb: str, path: str, *, harmless: bool, **more: Any) -> dict[str, Any]:
        if not self._text("api_key"):
            raise http.CallFailed("The API key is missing. Make one in the forum's admin area, API.", permanent=True)
        try:
            answer = http.request(verb, self._base + path, idempotent=harmless, headers=self._headers, **more)
        except http.CallFailed as failure:
            raise explained(failure) from failure
        if not answer.content.strip():
            return {}
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise http.CallFailed("The forum's answer could not be read. Check that the address is one of Discourse.")
        return found

    @property
    def _headers(self) -> dict[str, str]:
        return {"api-key": self._text("api_key"), "api-username": self._text("username"), "accept": "application/json"}

    @property
    def _base(self) -> str:
        return self._text("url").rstrip("/")

    @property
    def _host(self) -> str:
        return urlsplit(self._base).hostname or "forum"

    def _text(self, name: str) -> str:
        return str(self.settings.get(name) or "").strip()


def signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def explained(failure: http.CallFailed) -> http.CallFailed:
    """The same failure, with what the forum says about it."""
    errors = failure.told.get("errors")
    said = " ".join(str(one) for one in errors)[:300] if isinstance(errors, list) else ""
    text = failure.text
    if failure.status in (401, 403):
        why = f" It says: {said}" if said else ""
        text = f"The forum does not accept the API key for this. Make a new one for the account in its admin area.{why}"
    elif failure.status in (400, 404, 410, 422) and said:
        text = f"The forum refused: {said}"
    return failure.saying(text)
