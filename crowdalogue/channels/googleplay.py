"""Google Play: reviews of one app and our answers, by asking the Play Developer API with a service account.

The API knows the reviews of the last seven days only, in no promised order, and does not say when one was first
written, so every look reads all of them; one that comes back in other words is a newer version.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from crowdalogue import http
from crowdalogue.channels import google, reviews
from crowdalogue.channels.asking import ask, is_stale, json_of, listed, looked, not_sent, refuse_fault, resting
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
    SendError,
    Sent,
)
from crowdalogue.channels.jsonbody import take
from crowdalogue.channels.picking import body_of, each, must, objects, tidy, when, whole, words
from crowdalogue.errors import Failure

API = "https://androidpublisher.googleapis.com/androidpublisher/v3/applications"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
RIGHTS = "In the Play Console, under Users and permissions, let the service account see the app and reply to reviews."


class GooglePlay(Channel):
    kind = "googleplay"
    label = "Google Play reviews"
    icon = "i-review"
    polls = True
    replies = True
    longest = 350
    public = True
    edits = True
    tried = "recorded exchanges (shapes as Google's reference shows them)"
    fields = (
        Field("package", "Package name", "Such as com.example.kettle."),
        Field("service_account", "Key of the service account", "The whole JSON file Google made.", kind="secret"),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=30),
    )
    guide = (
        "Reviews of one app of the last seven days, which is as far back as Google shows them; ratings without words "
        "are not shown at all. Each review has one answer of at most 350 characters: a second one takes its place."
    )
    steps = (
        "In the Google Cloud console make a project, switch on the Google Play Android Developer API, and make a "
        "service account with a key in JSON.",
        "In the Play Console, under Users and permissions, invite the service account's address and let it see the app "
        "and reply to reviews.",
        "Paste the key's file here and enter the package name of the app.",
    )

    @property
    def package(self) -> str:
        return str(self.settings.get("package") or "").strip()

    def token(self, fresh: bool = False) -> str:
        return google.service_token(str(self.settings.get("service_account") or ""), SCOPE, fresh)

    def call(self, method: str, path: str, **more: Any) -> Any:
        try:
            return json_of(ask(method, f"{API}/{quote(self.package, safe='')}{path}", self.token, **more))
        except http.CallFailed as failure:
            if failure.status == 401:
                raise Failure(f"Google Play refused the service account (401). {google.SERVICE} {RIGHTS}") from failure
            if failure.status == 404:
                raise Failure(
                    f"Google Play knows no app {self.package}, or no such review any more. Check the package name."
                ) from failure
            raise google.in_words(failure, "Google Play's API", RIGHTS) from failure

    def check(self) -> None:
        """Ask for one review. Raises `Failure`."""
        self.call("GET", "/reviews", params={"maxResults": "1"})

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """A page of the reviews of the last week."""
        page = words(cursor, "page")
        if not page and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        asked = {"maxResults": str(min(100, limit))} | ({"token": page} if page else {})
        try:
            answer = self.call("GET", "/reviews", params=asked)
        except http.CallFailed as failure:
            if not is_stale(failure, page):
                raise
            return Fetched((), looked({k: v for k, v in cursor.items() if k != "page"}))
        # Where there is none, Google leaves out the list and everything else.
        found = [] if answer == {} else listed(answer, "reviews", "Google Play", absent="tokenPagination")
        known = reviews.Known(cursor)
        deliveries = tuple(self.delivery(r, known) for r in found)
        after: dict[str, Any] = {"known": known.cursor}
        if found and (following := words(answer, "tokenPagination.nextPageToken")):
            return Fetched(deliveries, after | {"page": following}, more=True)
        return Fetched(deliveries, looked(after))

    def delivery(self, review: Mapping[str, Any], known: reviews.Known) -> Raw:
        said = [words(review, "reviewId")]
        for comment in objects(review, "comments", 20):
            said += [words(comment, "userComment.text"), words(comment, "developerComment.text")]
            said.append(words(comment, "userComment.starRating"))
        return reviews.delivery(review, said, x_edited="yes" if known.meet(said[0]) else "")

    # --- reading

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        review = body_of(raw.body)
        if "reviewId" not in review:
            raise NotUnderstood("This is no review of Google Play.")
        return each([review], lambda r: self.review(r, bool(raw.headers.get(reviews.EDITED))), "review")

    def review(self, review: Mapping[str, Any], edited: bool) -> list[Item]:
        """The newest words of the review, and our answer where there is one."""
        identity = must(review, "reviewId")
        comments = objects(review, "comments", 20)
        theirs = next((c["userComment"] for c in comments if isinstance(c.get("userComment"), dict)), None)
        if theirs is None:
            raise NotUnderstood('"userComment" is missing.')
        title, _, text = (words(theirs, "originalText") or words(theirs, "text")).strip("\n").rpartition("\t")
        at = moment(theirs)
        extra = {
            "rating": whole(theirs, "starRating"),
            "rating_max": 5,
            "version": words(theirs, "appVersionName"),
            "product": self.package,
            "device": words(theirs, "deviceMetadata.productName") or words(theirs, "device"),
            "system": words(theirs, "androidOsVersion"),
            "likes": whole(theirs, "thumbsUpCount"),
        }
        found: list[Item] = [
            Incoming(
                external_id=identity,
                author=Author(f"review:{identity}", words(review, "authorName")),
                text=text.strip() or title.strip(),
                subject=title.strip()[:300],
                sent_at=at,
                edited_at=at if edited else None,
                threads=(identity,),
                language=words(theirs, "reviewerLanguage").replace("_", "-")[:12],
                url=f"https://play.google.com/store/apps/details?id={quote(self.package)}&reviewId={quote(identity)}",
                public=True,
                extra=tidy(extra),
            )
        ]
        ours = [c["developerComment"] for c in comments if isinstance(c.get("developerComment"), dict)]
        found += [reviews.own_reply(identity, words(c, "text"), moment(c), "Us") for c in ours if words(c, "text")]
        return found

    def normalise(self, address: str) -> str:
        """Names of reviews differ by case."""
        return address.strip()

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        theirs = {"text": f"\t{text}", "starRating": 4, "lastModified": {"seconds": str(int(now.timestamp()))}}
        review = {"reviewId": f"test{number}", "authorName": "Ada Example", "comments": [{"userComment": theirs}]}
        return self.delivery(review, reviews.Known({}))

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        """The answer under the review. Sent twice it takes its own place, so repeating is harmless."""
        review = outgoing.answers or next(iter(outgoing.parents), "")
        if not review:
            raise SendError("Google Play answers reviews only, and this names none.", permanent=True)
        told = {"replyText": outgoing.text}
        try:
            self.call("POST", f"/reviews/{quote(review, safe='')}:reply", json=told, idempotent=True)
        except Failure as failure:
            raise not_sent(failure) from failure
        return Sent(reviews.reply_id(review, outgoing.text))


def moment(comment: Mapping[str, Any]) -> datetime | None:
    seconds = whole(comment, "lastModified.seconds")
    if seconds is None:
        return when(take(comment, "lastModified"))
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < 7_258_118_400 else None
