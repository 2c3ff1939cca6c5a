"""YouTube: comments on a channel and its videos, with their replies, by asking the Data API v3.

Threads come newest first by when they began, so a new reply to an old one would not be noticed: the newest threads are
asked for again by name, and those whose count of replies changed, or that are gone, are looked into. An API key is
enough to read; answering and hiding needs a sign-in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crowdalogue import http
from crowdalogue.channels import google
from crowdalogue.channels.asking import Walk, ask, is_stale, json_of, listed, looked, not_sent, refuse_fault, resting
from crowdalogue.channels.base import (
    Author,
    Channel,
    Fetched,
    Field,
    Incoming,
    Item,
    NotUnderstood,
    Outgoing,
    Raw,
    Removal,
    SendError,
    Sent,
)
from crowdalogue.channels.picking import body_of, digest, each, link, must, objects, tidy, when, whole, words
from crowdalogue.errors import Failure

API = "https://www.googleapis.com/youtube/v3"
GONE = "crowdalogue#gone"  # our own note that threads asked for by name were not there any more
RIGHTS = (
    "The sign-in must be that of the channel's owner or manager, with the right youtube.force-ssl; or comments are "
    "switched off for this video."
)
WATCHED = 50  # threads looked at again, as many as one call takes
MAX_QUEUE = 500  # threads whose replies are still to be fetched
STATES = {"hide": "heldForReview", "unhide": "published", "delete": "rejected", "block": "rejected"}


class YouTube(Channel):
    kind = "youtube"
    label = "YouTube comments"
    icon = "i-views"
    polls = True
    backfills = True
    replies = True
    longest = 10_000
    public = True
    edits = True
    deeds = ("hide", "unhide", "delete", "block")
    tried = "recorded exchanges (shapes as YouTube's reference shows them)"
    fields = (
        Field("channel_id", "Id of the channel", "It begins with UC; under Settings, Advanced settings."),
        Field("api_key", "API key", "Enough to read.", kind="secret", required=False),
        Field("client_id", "Client id", "For answering and hiding.", required=False),
        Field("client_secret", "Client secret", kind="secret", required=False),
        Field("refresh_token", "Refresh token", "With the right youtube.force-ssl.", kind="secret", required=False),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=5),
    )
    guide = (
        "Comments on the channel's videos and their replies. A Google Cloud project may make 10,000 calls a day; "
        "reading takes one to three a look, an answer or hiding 50."
    )
    steps = (
        "In the Google Cloud console make a project and switch on the YouTube Data API v3.",
        "Under Credentials make an API key and enter it here with the id of the channel.",
        "To answer from here: make an OAuth client, sign in as the channel's owner with the right youtube.force-ssl, "
        "and enter the client's id and secret and the refresh token.",
    )

    @property
    def channel_id(self) -> str:
        return str(self.settings.get("channel_id") or "").strip()

    # --- calls

    def call(self, method: str, path: str, *, sign_in: bool = False, **more: Any) -> Any:
        """The JSON of an answer. Reading goes by the sign-in where there is one, else by the API key."""
        try:
            if sign_in or self.settings.get("refresh_token"):
                found = ask(method, API + path, lambda fresh: google.user_token(self.settings, fresh), **more)
            else:
                key = {"x-goog-api-key": str(self.settings.get("api_key") or "")}
                found = http.request(method, API + path, headers=key, **more)
            return json_of(found) if found.content else {}
        except http.CallFailed as failure:
            if failure.status == 401 and not self.settings.get("refresh_token"):
                raise Failure("YouTube refused the API key (401). Enter it again, or a sign-in.") from failure
            raise google.in_words(failure, "YouTube's API", RIGHTS) from failure

    def check(self) -> None:
        """Ask for the channel's name. Raises `Failure`."""
        if not (self.settings.get("api_key") or self.settings.get("refresh_token")):
            raise Failure("YouTube needs an API key to be read, or a sign-in to be answered. Enter one of them.")
        found = self.call("GET", "/channels", params={"part": "id", "id": self.channel_id})
        if not objects(found, "items"):
            raise Failure(f"YouTube knows no channel {self.channel_id}. The id begins with UC.")

    # --- asking

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """A page of threads, or the replies of one thread whose replies were not all beside it; at the end of a look
        the newest threads again."""
        idle = not Walk.of(cursor.get("threads")).page and not cursor.get("queue")
        if idle and not cursor.get("open") and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        after = {k: v for k, v in cursor.items() if k in ("threads", "queue", "seen", "open", "looked")}
        queue = [q for q in after.get("queue") or [] if isinstance(q, list) and len(q) == 2]
        if queue:
            return self.replies_of(queue, after, limit)
        walk = Walk.of(after.get("threads"))
        if walk.page or not after.get("open"):
            return self.threads(walk, after, limit)
        return self.again(after)

    def threads(self, walk: Walk, after: dict[str, Any], limit: int) -> Fetched:
        asked = {"part": "snippet,replies", "allThreadsRelatedToChannelId": self.channel_id, "order": "time"}
        asked |= {"maxResults": str(min(100, limit)), "textFormat": "plainText"}
        try:
            page = self.call("GET", "/commentThreads", params=asked | ({"pageToken": walk.page} if walk.page else {}))
        except http.CallFailed as failure:
            if not is_stale(failure, walk.page):
                raise
            return Fetched((), looked(after | {"threads": Walk(walk.done).cursor}))
        found = listed(page, "items", "YouTube")
        walk.step([began.isoformat() if (began := began_of(t)) else None for t in found], words(page, "nextPageToken"))
        seen = {words(t, "id"): whole(t, "snippet.totalReplyCount") or 0 for t in found} | (after.get("seen") or {})
        after |= {"threads": walk.cursor, "seen": dict(list(seen.items())[:WATCHED]), "open": True}
        after["queue"] = [[words(t, "id"), ""] for t in found if lacks_replies(t)][:MAX_QUEUE]
        return Fetched(tuple(self.delivery(t) for t in found), after, more=True)

    def replies_of(self, queue: list[list[str]], after: dict[str, Any], limit: int) -> Fetched:
        thread, place = str(queue[0][0]), str(queue[0][1])
        asked = {"part": "snippet", "parentId": thread, "maxResults": str(min(100, limit)), "textFormat": "plainText"}
        try:
            page = self.call("GET", "/comments", params=asked | ({"pageToken": place} if place else {}))
        except http.CallFailed as failure:
            if failure.status != 404:
                raise
            page = {"items": []}  # the thread was deleted meanwhile
        found = listed(page, "items", "YouTube")
        further = words(page, "nextPageToken")
        after["queue"] = ([[thread, further]] if further else []) + queue[1:]
        return Fetched(tuple(self.delivery(c) for c in found), after, more=True, left=len(after["queue"]))

    def again(self, after: dict[str, Any]) -> Fetched:
        """The newest threads by their names: new replies are queued; those that are gone are told so."""
        after.pop("open", None)
        seen: dict[str, Any] = dict(list((after.get("seen") or {}).items())[:WATCHED])
        if not seen:
            return Fetched((), looked(after))
        page = self.call(
            "GET", "/commentThreads", params={"part": "snippet", "id": ",".join(seen), "textFormat": "plainText"}
        )
        found = listed(page, "items", "YouTube")
        counts = {words(t, "id"): whole(t, "snippet.totalReplyCount") or 0 for t in found}
        deliveries = [self.delivery(t) for t in found if is_edited(t)]
        gone = [name for name in seen if name not in counts]
        if found and gone:  # an answer without any thread says nothing about one
            body = json.dumps({"kind": GONE, "ids": gone}).encode()
            deliveries.append(Raw(body, {"content-type": "application/json"}))
        after["queue"] = [[name, ""] for name, count in counts.items() if count > int(seen.get(name) or 0)]
        after["seen"] = {name: counts[name] for name in seen if name in counts} if found else seen
        return Fetched(tuple(deliveries), looked(after), more=bool(after["queue"]))

    def delivery(self, thing: Mapping[str, Any]) -> Raw:
        """A thread or comment; another key only where its words changed or a reply came, so that likes make none."""
        body = json.dumps(thing, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        said = [thing, *objects(thing, "replies.comments")]
        top = [words(c, "snippet.topLevelComment.snippet.updatedAt") or words(c, "snippet.updatedAt") for c in said]
        names = [words(c, "id") for c in said]
        return Raw(body, {"content-type": "application/json"}, key=digest("\n".join([*names, *top])))

    # --- reading

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        thing = body_of(raw.body)
        kind = words(thing, "kind")
        if kind == GONE:
            gone = thing.get("ids")
            return [Removal(str(name)) for name in gone] if isinstance(gone, list) else []
        if kind == "youtube#comment":
            return each([thing], self.comment, "comment")
        if kind != "youtube#commentThread":
            raise NotUnderstood(f"This is no comment of YouTube but {kind[:60] or 'something else'!r}.")
        top = thing.get("snippet")
        first = top.get("topLevelComment") if isinstance(top, dict) else None
        video = words(thing, "snippet.videoId")
        return each([first, *objects(thing, "replies.comments")], lambda c: self.comment(c, video), "comment")

    def comment(self, comment: Mapping[str, Any], video: str = "") -> Incoming:
        identity = must(comment, "id")
        said = comment.get("snippet")
        parent = words(said, "parentId") or identity.partition(".")[0]
        video = words(said, "videoId") or video
        made, changed = when(said, "publishedAt"), when(said, "updatedAt")
        state = words(said, "moderationStatus")
        about = {"thread": parent, "video": video, "likes": whole(said, "likeCount"), "state": state}
        place = f"https://www.youtube.com/watch?v={video}&lc={identity}" if video else ""
        return Incoming(
            external_id=identity,
            author=self.author(said),
            text=words(said, "textOriginal") or words(said, "textDisplay"),
            sent_at=made,
            edited_at=changed if changed and made and changed > made else None,
            parents=(parent,) if parent != identity else (),
            threads=(f"thread:{parent}",),
            url=place,
            public=True,
            extra=tidy(about),
        )

    def author(self, said: Any) -> Author:
        identity = words(said, "authorChannelId.value")
        name = words(said, "authorDisplayName")
        facts = tidy(
            {
                "username": name if name.startswith("@") else "",
                "url": link(said, "authorChannelUrl"),
                "picture": link(said, "authorProfileImageUrl"),
            }
        )
        return Author(identity or name or "unknown", name, bool(identity) and identity == self.channel_id, facts=facts)

    def normalise(self, address: str) -> str:
        """Ids of channels differ by case."""
        return address.strip()

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = {
            "textDisplay": text,
            "authorDisplayName": "@ada_example",
            "authorChannelId": {"value": "UCada"},
            "publishedAt": at,
            "updatedAt": at,
        }
        first = {"kind": "youtube#comment", "id": f"test{number}", "snippet": said}
        thread = {"kind": "youtube#commentThread", "id": f"test{number}", "snippet": {"topLevelComment": first}}
        return self.delivery(thread)

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        thread = str(outgoing.about.get("thread") or "") or outgoing.answers.partition(".")[0]
        if not thread:
            raise SendError("YouTube answers comments only, and this names none.", permanent=True)
        told = {"snippet": {"parentId": thread, "textOriginal": outgoing.text}}
        try:
            answer = self.call("POST", "/comments", sign_in=True, params={"part": "snippet"}, json=told)
        except Failure as failure:
            raise not_sent(failure) from failure
        if not words(answer, "id"):
            raise SendError(
                "YouTube did not say what it made of this. Look there before sending again.", uncertain=True
            )
        return Sent(words(answer, "id"))

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        """Hidden comments wait for review; `delete` rejects a comment, which nobody can undo; `block` also bans."""
        if deed not in STATES:
            raise SendError(f"YouTube cannot {deed} from here.", permanent=True)
        asked = {"id": target, "moderationStatus": STATES[deed]} | ({"banAuthor": "true"} if deed == "block" else {})
        try:
            self.call("POST", "/comments/setModerationStatus", sign_in=True, params=asked, idempotent=True)
        except Failure as failure:
            raise not_sent(failure) from failure


def began_of(thread: Mapping[str, Any]) -> datetime | None:
    return when(thread, "snippet.topLevelComment.snippet.publishedAt")


def lacks_replies(thread: Mapping[str, Any]) -> bool:
    """A thread brings at most five of its replies."""
    return (whole(thread, "snippet.totalReplyCount") or 0) > len(objects(thread, "replies.comments"))


def is_edited(thread: Mapping[str, Any]) -> bool:
    top = "snippet.topLevelComment.snippet."
    return words(thread, f"{top}updatedAt") != words(thread, f"{top}publishedAt")
