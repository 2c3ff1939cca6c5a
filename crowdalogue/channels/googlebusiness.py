"""Google Business Profile: reviews of one or many places and our answers, by asking.

Reviews come by the time of their last change, newest first, so a changed one is read again. Google may write its own
translation before a review; the words of the customer are what counts here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crowdalogue import http
from crowdalogue.channels import google, reviews
from crowdalogue.channels.asking import (
    Walk,
    ask,
    fault,
    is_stale,
    json_of,
    listed,
    looked,
    not_sent,
    refuse_fault,
    resting,
)
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
from crowdalogue.channels.picking import body_of, each, flag, link, must, tidy, when, whole, words
from crowdalogue.errors import Failure

API = "https://mybusiness.googleapis.com/v4"
RIGHTS = (
    "The sign-in must be that of an owner or manager of the place, with the right business.manage, and Google must "
    "have approved the project for the Business Profile APIs."
)
STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
PLACE = re.compile(r"accounts/[^/\s]+/locations/[^/\s]+")
MAX_PLACES = 500


class GoogleBusiness(Channel):
    kind = "googlebusiness"
    label = "Google reviews of places"
    icon = "i-review"
    polls = True
    backfills = True
    replies = True
    longest = 4096
    public = True
    edits = True
    tried = "recorded exchanges (shapes as Google's reference shows them)"
    fields = (
        Field(
            "places",
            "Places",
            "One a line: accounts/123/locations/456, and after = what it is called.",
            kind="lines",
        ),
        Field("client_id", "Client id"),
        Field("client_secret", "Client secret", kind="secret"),
        Field("refresh_token", "Refresh token", "With the right business.manage.", kind="secret"),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=15),
    )
    guide = "Reviews of your places on Google. Each review has one answer: a second one takes its place."
    steps = (
        "Ask Google to approve your Cloud project for the Business Profile APIs, and switch on the Google My Business "
        "API.",
        "Make an OAuth client, sign in as an owner or manager of the places with the right business.manage, and enter "
        "the client's id and secret and the refresh token.",
        "Enter the places, one a line, by their names in the API: accounts/123/locations/456 = Leeds.",
    )

    @property
    def places(self) -> dict[str, str]:
        """The places by their names in the API, and what they are called."""
        lines = str(self.settings.get("places") or "").splitlines()
        found = [(place.strip().strip("/"), name.strip()) for place, _, name in (line.partition("=") for line in lines)]
        return {place: name for place, name in found[:MAX_PLACES] if PLACE.fullmatch(place)}

    def call(self, method: str, path: str, **more: Any) -> Any:
        try:
            token = lambda fresh: google.user_token(self.settings, fresh)  # noqa: E731 - needs the settings only
            return json_of(ask(method, f"{API}/{path}", token, **more))
        except http.CallFailed as failure:
            raise google.in_words(failure, "Google's Business Profile API", RIGHTS) from failure

    def check(self) -> None:
        """Ask each of the first places for one review. Raises `Failure` naming the place."""
        if not self.places:
            raise Failure("No place is named. Enter at least one as accounts/123/locations/456.")
        for place in list(self.places)[:20]:
            try:
                self.call("GET", f"{place}/reviews", params={"pageSize": "1"})
            except Failure as failure:
                raise Failure(f"{place}: {failure.text}", permanent=failure.permanent) from failure

    # --- asking

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """A page of one place's reviews; a place that Google does not show is noted and the others go on."""
        places = list(self.places)
        if not places:
            raise Failure("No place is named. Enter at least one as accounts/123/locations/456.")
        at = cursor.get("at", 0)
        at = at if isinstance(at, int) and 0 <= at < len(places) else 0
        if "at" not in cursor and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        place = places[at]
        walks = {p: w for p, w in (cursor.get("walks") or {}).items() if p in self.places}
        walk = Walk.of(walks.get(place))
        try:
            deliveries = self.page(place, walk, limit)
        except http.CallFailed as failure:
            stale = is_stale(failure, walk.page)
            if not stale and (len(places) == 1 or failure.status not in (400, 403, 404)):
                raise
            deliveries, walk = () if stale else (fault(place, failure),), Walk(walk.done)
        at += 0 if walk.page else 1
        after: dict[str, Any] = {"walks": walks | {place: walk.cursor}}
        if walk.page or at < len(places):
            return Fetched(deliveries, after | {"at": at}, more=True)
        return Fetched(deliveries, looked(after))

    def page(self, place: str, walk: Walk, limit: int) -> tuple[Raw, ...]:
        asked = {"pageSize": str(min(50, limit)), "orderBy": "updateTime desc"}
        answer = self.call("GET", f"{place}/reviews", params=asked | ({"pageToken": walk.page} if walk.page else {}))
        # Where there is none, Google leaves out the list and everything else.
        none = answer == {} or (whole(answer, "totalReviewCount") == 0 and "reviews" not in answer)
        found = [] if none else listed(answer, "reviews", "Google")
        marks = [at.isoformat() if (at := when(r, "updateTime") or when(r, "createTime")) else None for r in found]
        walk.step(marks, words(answer, "nextPageToken") if found else "")
        names = ("name", "reviewId", "updateTime", "starRating", "comment", "reviewReply.comment")
        return tuple(reviews.delivery(r, [words(r, n) for n in names]) for r in found)

    # --- reading

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        review = body_of(raw.body)
        if "reviewId" not in review and "name" not in review:
            raise NotUnderstood("This is no review of a place on Google.")
        return each([review], self.review, "review")

    def review(self, review: Mapping[str, Any]) -> list[Item]:
        name = words(review, "name")
        identity = words(review, "reviewId") or must(review, "name").rpartition("/")[2]
        made, changed = when(review, "createTime"), when(review, "updateTime")
        place = name.partition("/reviews/")[0]
        anonymous = flag(review, "reviewer.isAnonymous")
        rating = STARS.get(words(review, "starRating")) or whole(review, "starRating")
        extra = {"rating": rating, "rating_max": 5, "place": self.places.get(place) or place, "review": name}
        facts = tidy({"picture": link(review, "reviewer.profilePhotoUrl")})
        who = "" if anonymous else words(review, "reviewer.displayName")
        found: list[Item] = [
            Incoming(
                external_id=identity,
                author=Author(f"review:{identity}", who, facts=facts),
                text=original(words(review, "comment")),
                subject="" if words(review, "comment") else f"{rating or '?'} of 5 stars, without words",
                sent_at=made or changed,
                edited_at=changed if changed and made and changed > made else None,
                threads=(identity,),
                public=True,
                extra=tidy(extra),
            )
        ]
        if answer := original(words(review, "reviewReply.comment")):
            at = when(review, "reviewReply.updateTime")
            found.append(reviews.own_reply(identity, answer, at, self.places.get(place) or "Us"))
        return found

    def normalise(self, address: str) -> str:
        """Names of reviews differ by case."""
        return address.strip()

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        place = next(iter(self.places), "accounts/1/locations/1")
        review = {
            "name": f"{place}/reviews/test{number}",
            "reviewId": f"test{number}",
            "reviewer": {"displayName": "Ada Example"},
            "starRating": "FOUR",
            "comment": text,
            "createTime": at,
            "updateTime": at,
        }
        return reviews.delivery(review, [f"test{number}", at, text])

    # --- answers

    def length(self, text: str) -> int:
        """Google counts bytes."""
        return len(text.encode("utf-8", "replace"))

    def send(self, outgoing: Outgoing) -> Sent:
        """The answer under the review. Sent twice it takes its own place, so repeating is harmless."""
        review = outgoing.answers or next(iter(outgoing.parents), "")
        name = str(outgoing.about.get("review") or "")
        if not name and review and len(self.places) == 1:
            name = f"{next(iter(self.places))}/reviews/{review}"
        if not name:
            raise SendError("Google answers reviews only, and this does not say which.", permanent=True)
        try:
            self.call("PUT", f"{name}/reply", json={"comment": outgoing.text})
        except Failure as failure:
            raise not_sent(failure) from failure
        return Sent(reviews.reply_id(review or name.rpartition("/")[2], outgoing.text))


def original(text: str) -> str:
    """The customer's own words, without the translation that Google writes before or after them."""
    if "(Original)" in text and "(Translated by Google)" in text:
        return text.partition("(Original)")[2].strip()
    return text.partition("(Translated by Google)")[0].strip() or text.strip()
