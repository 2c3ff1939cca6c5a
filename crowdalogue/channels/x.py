"""X (Twitter): mentions, replies and direct messages, by webhook and by asking API v2.

Signed as OAuth 1.0a asks, so that one set of keys reads, answers, hides and likes. The same post has the same id by
webhook, by asking and by search. X knows no idempotency keys; it refuses the same words twice for a while, which also
keeps an uncertain answer from standing there twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from crowdalogue import http
from crowdalogue.channels import tweets
from crowdalogue.channels.asking import (
    Walk,
    fault,
    is_stale,
    json_of,
    listed,
    looked,
    not_sent,
    reason_of,
    refuse_fault,
    resting,
)
from crowdalogue.channels.base import (
    UNTIL,
    Attachment,
    Channel,
    Fetched,
    Field,
    Ignored,
    Interaction,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    Refused,
    Removal,
    Response,
    SendError,
    Sent,
    Status,
    Unknown,
)
from crowdalogue.channels.oauth1 import Signed
from crowdalogue.channels.picking import body_of, each, must, objects, when, words
from crowdalogue.errors import Failure

API = "https://api.x.com/2"
SIGNATURE = "x-twitter-webhooks-signature"
OVERHEARD = "x-overheard"  # marks deliveries that a search found
DOOR = "x-asked"  # which list a page is from: mentions, direct, search
TWEET = {
    "tweet.fields": "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,entities,geo,"
    "in_reply_to_user_id,lang,note_tweet,public_metrics,referenced_tweets",
    "expansions": "author_id,attachments.media_keys,geo.place_id",
    "place.fields": "full_name",
}
DIRECT = {
    "dm_event.fields": "attachments,created_at,dm_conversation_id,entities,event_type,id,referenced_tweets,sender_id,"
    "text",
    "expansions": "sender_id,attachments.media_keys",
}
PEOPLE = {
    "user.fields": "created_at,description,location,name,profile_image_url,public_metrics,url,username,verified",
    "media.fields": "media_key,preview_image_url,type,url,variants",
}
NEW_KEYS = "Make new ones under Keys and tokens of the app in X's developer portal and enter all four here."
MAX_FILES = 4
NAMES = {"mentions": "Mentions", "own": "Our own posts", "direct": "Direct messages"}
LEFT_ALONE = {"direct_message_indicate_typing_events": "somebody is typing", "mute_events": "somebody muted somebody"}


class X(Channel):
    kind = "x"
    label = "X"
    icon = "i-post"
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 280
    public = True
    media = "both"
    edits = True
    receipts = True
    interactions = True
    deeds = ("hide", "unhide", "like", "unlike")
    searches = True
    tried = "the reader against Tweepy's 140 recordings (815 posts); answers and events as X's documentation shows them"
    fields = (
        Field("api_key", "API key", "Also called consumer key."),
        Field("api_secret", "API key secret", "It also proves that deliveries come from X.", kind="secret"),
        Field("access_token", "Access token", "Made with the rights Read, Write and Direct Messages."),
        Field("access_secret", "Access token secret", kind="secret"),
        Field("direct", "Also read direct messages", kind="flag", required=False, default=True),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=2),
    )
    guide = (
        "Mentions, replies and direct messages of one account. X counts and charges what is read; which calls are "
        "allowed depends on the plan of the app. Direct messages need an app with that right."
    )
    steps = (
        "In X's developer portal make a project and an app, and give the app the rights Read, Write and Direct "
        "Messages.",
        "Under Keys and tokens make the API key with its secret, then the access token with its secret, and enter "
        "all four here.",
        "Where the plan has webhooks: register {hook} as a webhook of the app and subscribe the account to it. "
        "Without, Crowdalogue asks every few minutes.",
    )

    @property
    def own_id(self) -> str:
        """The account's number, which an access token begins with."""
        return str(self.settings.get("access_token") or "").partition("-")[0]

    # --- the door

    def mac(self, body: bytes) -> str:
        secret = str(self.settings.get("api_secret") or "")
        if not secret:
            raise Refused("This account has no API key secret yet, so it takes nothing. Enter it in its settings.")
        return "sha256=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()

    def greet(self, raw: Raw) -> Response:
        """X asks now and then whether the address knows the secret."""
        token = parse_qs(urlsplit(raw.url).query).get("crc_token", [""])[0]
        if not token:
            return super().greet(raw)
        return Response(json.dumps({"response_token": self.mac(token.encode())}).encode())

    def verify(self, raw: Raw, now: datetime) -> None:
        given = raw.headers.get(SIGNATURE, "")
        if not given:
            raise Refused("The signature is missing. X sends it as X-Twitter-Webhooks-Signature.")
        if not hmac.compare_digest(self.mac(raw.body).encode(), given.encode("utf-8", "replace")):
            raise Refused("The signature is wrong. Check that the API key secret is that of the app with the webhook.")

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        identity = str((int(now.timestamp() * 1000) - tweets.EPOCH << 22) + number)
        told = {
            "id_str": identity,
            "created_at": now.astimezone(UTC).strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
            "user": {"id_str": "1001", "name": "Ada Example", "screen_name": "ada_example", "followers_count": 12},
            "entities": {"user_mentions": [{"id_str": self.own_id}]},
        }
        body = json.dumps({"for_user_id": self.own_id, "tweet_create_events": [told]}).encode()
        return Raw(body, {"content-type": "application/json", SIGNATURE: self.mac(body)})

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        body = body_of(raw.body)
        if raw.headers.get(DOOR):
            return self.read_page(body, raw)
        if isinstance(body.get("data"), dict) and "event_type" in body["data"]:
            return each([body["data"]], self.read_activity, "event")
        items: list[Item] = []
        for name, events in body.items():
            if name.endswith("_events"):
                items += self.read_events(name, events, body)
            elif name == "user_event":
                items.append(Unknown("X tells that this account took back the app's access. Connect it again."))
        if not items:
            raise NotUnderstood("The delivery holds no event that X is known to send.")
        return items

    def read_page(self, page: dict[str, Any], raw: Raw) -> list[Item]:
        """A page that was asked for."""
        includes = tweets.Includes(page)
        if raw.headers[DOOR] == "direct":
            return each(
                objects(page, "data"), lambda i: tweets.v2_direct(i, includes, self.own_id), "direct message"
            ) or [Ignored("an empty page")]
        heard = bool(raw.headers.get(OVERHEARD))
        return each(
            objects(page, "data"), lambda i: tweets.tweet(i, includes, self.own_id, overheard=heard), "post"
        ) or [Ignored("an empty page")]

    def read_activity(self, event: Mapping[str, Any]) -> Item:
        """An event of the X Activity API, whose posts are written as in API v2."""
        kind, told = words(event, "event_type"), event.get("payload")
        told = told if isinstance(told, dict) else {}
        if kind == "post.delete":
            return Removal(must(told, "id"))
        if kind.startswith("post.") and kind.endswith("create") and words(told, "text"):
            includes = tweets.Includes(told if "includes" in told else event)
            return tweets.tweet(told, includes, self.own_id)
        return Unknown(f"an event of kind {kind[:60]!r}")

    def read_events(self, name: str, events: Any, body: Mapping[str, Any]) -> list[Item]:
        """The events of one kind in a delivery of the Account Activity API."""
        users = body.get("users")
        people: Mapping[str, Any] = users if isinstance(users, dict) else {}
        readers = {
            "tweet_create_events": lambda e: tweets.old_tweet(e, self.own_id),
            "tweet_delete_events": lambda e: Removal(must(e, "status.id"), when(e, "timestamp_ms")),
            "favorite_events": self.read_like,
            "follow_events": self.read_relation,
            "block_events": self.read_relation,
            "direct_message_events": lambda e: tweets.old_direct(e, people, self.own_id),
            "direct_message_mark_read_events": self.read_receipt,
        }
        if name in LEFT_ALONE:
            return [Ignored(LEFT_ALONE[name])]
        if name not in readers or not isinstance(events, list):
            return [Unknown(f"events of kind {name[:60]!r}")]
        return each(events, readers[name], name.removesuffix("s").replace("_", " "))

    def read_like(self, event: Mapping[str, Any]) -> Item:
        user = event.get("user")
        author = tweets.old_author(user if isinstance(user, dict) else {}, self.own_id)
        target = words(event, "favorited_status.id_str") or must(event, "favorited_status.id")
        at = when(event, "timestamp_ms") or when(event, "created_at")
        return Interaction(f"like:{author.address}:{target}", author, "like", at, target)

    def read_relation(self, event: Mapping[str, Any]) -> Item:
        kind = must(event, "type")
        source, target = event.get("source"), event.get("target")
        author = tweets.old_author(source if isinstance(source, dict) else {}, self.own_id)
        whom = words(target, "id_str") or must(target, "id")
        what = kind.removeprefix("un")
        at = when(event, "created_timestamp")
        return Interaction(f"{what}:{author.address}:{whom}", author, what[:32], at, gone=what != kind)

    def read_receipt(self, event: Mapping[str, Any]) -> Item:
        if words(event, "sender_id") == self.own_id:
            return Ignored("we read a direct message")
        target = UNTIL + tweets.pair_of(must(event, "sender_id"), must(event, "target.recipient_id"))
        return Status(target, "read", at=when(event, "created_timestamp"))

    # --- asking

    def signed(self, lane: str) -> Signed:
        key, secret, token, token_secret = (
            str(self.settings.get(n) or "") for n in ("api_key", "api_secret", "access_token", "access_secret")
        )
        return Signed(key, secret, token, token_secret, lane)

    def call(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of an answer of API v2. Raises `CallFailed` in words that fit X."""
        try:
            return json_of(http.request(method, API + path, auth=self.signed(f"{method} {path}"), **more))
        except http.CallFailed as failure:
            raise in_words(failure) from failure

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """A page of mentions, then of our own posts and of direct messages, each newest first back to where it was
        last complete. What the plan does not allow is noted, and what is asked too often waits for the next look."""
        doors = ["mentions", "own", *(["direct"] if self.settings.get("direct") else [])]
        at = cursor.get("at", 0)
        at = at if isinstance(at, int) and 0 <= at < len(doors) else 0
        if "at" not in cursor and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        door = doors[at]
        walk = Walk.of(cursor.get(door))
        try:
            deliveries = self.page(door, walk, limit)
        except http.CallFailed as failure:
            passed_over = door != "mentions" and failure.status in (403, 429)
            if not passed_over and not is_stale(failure, walk.page):
                raise
            deliveries = (fault(NAMES[door], failure),) if failure.status == 403 else ()
            walk = walk if failure.status == 429 else Walk(walk.done)
            at += 1
        else:
            at += 0 if walk.page else 1
        after = {k: v for k, v in cursor.items() if k in NAMES} | {door: walk.cursor}
        if at < len(doors):
            return Fetched(deliveries, after | {"at": at}, more=True)
        return Fetched(deliveries, looked(after))

    def page(self, door: str, walk: Walk, limit: int) -> tuple[Raw, ...]:
        """One page as a delivery; `walk` goes on."""
        size = {"max_results": str(max(5, min(100, limit)))}
        if walk.page:
            size["pagination_token"] = walk.page
        if door == "direct":
            asked = DIRECT | PEOPLE | size | {"event_types": "MessageCreate"}
            return self.take_page(self.call("GET", "/dm_events", params=asked), door, walk)
        if walk.done:
            size["since_id"] = str(walk.done)
        path = f"/users/{self.own_id}/{'mentions' if door == 'mentions' else 'tweets'}"
        return self.take_page(self.call("GET", path, params=TWEET | PEOPLE | size), door, walk)

    def take_page(self, page: Any, door: str, walk: Walk, **headers: str) -> tuple[Raw, ...]:
        found = listed(page, "data", "X", absent="meta")
        walk.step([int(i) for e in found if (i := words(e, "id")).isdecimal()], words(page, "meta.next_token"))
        if not found:
            return ()
        body = json.dumps(page, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        return (Raw(body, {"content-type": "application/json", DOOR: door, **headers}),)

    def search(self, terms: Sequence[str], cursor: Mapping[str, Any], limit: int = 100) -> Fetched:
        """Posts of the last seven days, which is how far X's search goes back."""
        walk = Walk.of(cursor)
        asked = TWEET | PEOPLE | {"query": tweets.query_of(terms), "max_results": str(max(10, min(100, limit)))}
        if walk.page:
            asked["next_token"] = walk.page
        if walk.done:
            asked["since_id"] = str(walk.done)
        try:
            page = self.call("GET", "/tweets/search/recent", params=asked)
        except http.CallFailed as failure:
            if failure.status != 400 or "since_id" not in asked:
                raise
            del asked["since_id"]  # older than seven days, which X refuses
            page = self.call("GET", "/tweets/search/recent", params=asked)
        deliveries = self.take_page(page, "search", walk, **{OVERHEARD: "yes"})
        return Fetched(deliveries, walk.cursor, more=bool(walk.page))

    # --- answers

    def length(self, text: str) -> int:
        return tweets.length(text)

    def send(self, outgoing: Outgoing) -> Sent:
        private = str(outgoing.about.get("dm") or "")
        if outgoing.mode == "public" and private:
            raise SendError("This is a direct message. It can only be answered directly.", permanent=True)
        direct = outgoing.mode == "direct" or bool(private)
        try:
            files = [self.upload(a, direct) for a in outgoing.attachments[:MAX_FILES]]
            return self.send_direct(outgoing, private, files) if direct else self.send_public(outgoing, files)
        except SendError:
            raise
        except Failure as failure:
            raise not_sent(failure) from failure

    def send_public(self, outgoing: Outgoing, files: list[str]) -> Sent:
        told: dict[str, Any] = {"text": outgoing.text}
        answered = str(outgoing.about.get("tweet") or outgoing.answers or next(iter(outgoing.parents), ""))
        if answered:
            told["reply"] = {"in_reply_to_tweet_id": answered}
        if files:
            told["media"] = {"media_ids": files}
        return Sent(taken(self.call("POST", "/tweets", json=told), "data.id"))

    def send_direct(self, outgoing: Outgoing, conversation: str, files: list[str]) -> Sent:
        told: dict[str, Any] = {"text": outgoing.text}
        if files:
            told["attachments"] = [{"media_id": f} for f in files[:1]]
        path = conversation if conversation and "/" not in conversation else f"with/{outgoing.to.address}"
        identity = taken(self.call("POST", f"/dm_conversations/{path}/messages", json=told), "data.dm_event_id")
        return Sent(identity, provider_id=identity)

    def upload(self, file: Attachment, direct: bool) -> str:
        """A picture's number at X. Raises `SendError` for anything else."""
        if not file.media_type.startswith("image/") or len(file.content) > 5_000_000:
            raise SendError(f"X takes pictures up to 5 MB; {file.name} is something else. Send a link.", permanent=True)
        form = {"media_category": "dm_image" if direct else "tweet_image", "media_type": file.media_type}
        parts = {"media": (file.name, file.content, file.media_type)}
        return taken(self.call("POST", "/media/upload", data=form, files=parts, idempotent=True), "data.id")

    def download(self, url: str) -> bytes:
        """A picture or film of a message; those of direct messages are shown to their account only."""
        ours = (urlsplit(url).hostname or "").endswith(".twitter.com")
        return http.request("GET", url, trusted=False, auth=self.signed("GET media") if ours else None).content

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        tweet = str(about.get("tweet") or target)
        try:
            if deed in ("hide", "unhide"):
                self.call("PUT", f"/tweets/{tweet}/hidden", json={"hidden": deed == "hide"})
            elif deed == "like":
                self.call("POST", f"/users/{self.own_id}/likes", json={"tweet_id": tweet}, idempotent=True)
            elif deed == "unlike":
                self.call("DELETE", f"/users/{self.own_id}/likes/{tweet}")
            else:
                raise SendError(f"X cannot {deed} from here.", permanent=True)
        except SendError:
            raise
        except Failure as failure:
            raise not_sent(failure) from failure

    def check(self) -> None:
        """Ask X who we are, and where wanted whether direct messages may be read."""
        if not self.own_id.isdecimal():
            raise Failure(f"The access token is not complete: it begins with the account's number. {NEW_KEYS}")
        me = self.call("GET", "/users/me")
        if words(me, "data.id") != self.own_id:
            raise Failure(f"The access token is of another account than X says. {NEW_KEYS}")
        if self.settings.get("direct"):
            self.call("GET", "/dm_events", params={"max_results": "1"})


def taken(answer: Any, path: str) -> str:
    """The number of what X took. Raises `SendError`, uncertain, where it says none."""
    found = words(answer, path)
    if not found:
        raise SendError(
            "X answered without saying what it made of this. Look there before sending again.", uncertain=True
        )
    return found


def in_words(failure: http.CallFailed) -> http.CallFailed:
    """The refusal as X means it."""
    said = detail_of(failure.response)
    if failure.status == 401:
        text = f"X refused the keys or tokens (401). {NEW_KEYS}"
    elif failure.status == 403 and "duplicate" in said:
        text = "X refuses the same words twice. The answer may already be there; if not, change the words."
    elif failure.status == 403 and ("oauth1-permissions" in said or "permission" in said):
        text = (
            "X does not allow this app to do that (403): give it the rights Read, Write and Direct Messages, then make "
            "new access tokens and enter them here."
        )
    elif failure.status == 403:
        text = "X does not allow that (403): the app's plan or the other person's settings exclude it."
    elif failure.status == 429 and reason_of(failure) == "UsageCapExceeded":
        text = "The app has read as many posts as its plan allows this month. Take a larger plan or wait."
    else:
        return failure
    return failure.saying(text)


def detail_of(response: httpx.Response | None) -> str:
    """X's own words about a refusal, in small letters, to look for known ones in."""
    return response.text[:2000].lower() if response is not None else ""
