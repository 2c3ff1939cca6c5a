"""App Store: customer reviews of one app and our answers, by asking the App Store Connect API.

The API gives one time for a review, that of its last change, so a review that comes back in other words is a newer
version. Our answers wait for Apple's own publishing, up to a day.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crowdalogue import http
from crowdalogue.channels import jwt, reviews
from crowdalogue.channels.asking import (
    Walk,
    ask,
    is_stale,
    json_of,
    kept,
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
from crowdalogue.channels.picking import body_of, each, link, must, objects, tidy, when, whole, words
from crowdalogue.errors import Failure

API = "https://api.appstoreconnect.apple.com/v1"
REMEDY = (
    "Check the issuer id and the key's id, that the key was not revoked, and that this machine's clock is right; or "
    "make a new key in App Store Connect under Users and Access, Integrations, with the role Customer Support."
)
LIFE = 15 * 60  # seconds a token lives; Apple takes at most 20 minutes


class AppStore(Channel):
    kind = "appstore"
    label = "App Store reviews"
    icon = "i-review"
    polls = True
    backfills = True
    replies = True
    longest = 5970
    public = True
    edits = True
    tried = "recorded exchanges (shapes as Apple's reference shows them)"
    fields = (
        Field("app_id", "Apple ID of the app", "The number in its address in the App Store."),
        Field("issuer", "Issuer id", "Above the list of keys."),
        Field("key_id", "Id of the key"),
        Field("private_key", "Private key", "The whole .p8 file Apple let you download once.", kind="secret"),
        Field("name", "What the app is called", required=False),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=30),
    )
    guide = (
        "Customer reviews of one app from all countries. Each review has one answer: a second one takes its place. "
        "Apple shows an answer after up to a day."
    )
    steps = (
        "In App Store Connect, under Users and Access, Integrations, make a team key with the role Customer Support.",
        "Enter the issuer id and the key's id, and paste the file of the key.",
        "Enter the Apple ID of the app: the number under App Information.",
    )

    # --- calls

    def token(self, fresh: bool = False) -> str:
        s = {name: str(self.settings.get(name) or "").strip() for name in ("issuer", "key_id", "private_key")}
        if not all(s.values()):
            raise Failure("The key for App Store Connect is incomplete. Enter the issuer id, the key's id and the key.")

        def make() -> tuple[str, float]:
            now = int(time.time())
            claims = {"iss": s["issuer"], "iat": now, "exp": now + LIFE, "aud": "appstoreconnect-v1"}
            return jwt.signed(claims, s["private_key"], {"kid": s["key_id"]}), LIFE

        return kept((API, *s.values()), make, fresh=fresh)

    def call(self, method: str, path: str, **more: Any) -> Any:
        try:
            return json_of(ask(method, API + path, self.token, **more))
        except http.CallFailed as failure:
            if failure.status == 401:
                raise Failure(f"App Store Connect refused the key's token (401). {REMEDY}") from failure
            if failure.status == 403:
                raise Failure(
                    "The key may not do that (403). It needs the role Customer Support, App Manager or Admin."
                ) from failure
            if failure.status == 409:
                raise Failure(
                    "Apple did not take the answer: it is too long, or the review is not there any more."
                ) from failure
            raise

    @property
    def app_id(self) -> str:
        return str(self.settings.get("app_id") or "").strip()

    def check(self) -> None:
        """Ask for one review. Raises `Failure`."""
        if not self.app_id.isdecimal():
            raise Failure("The Apple ID of the app is a number. It is under App Information in App Store Connect.")
        self.call("GET", f"/apps/{self.app_id}/customerReviews", params={"limit": "1"})

    # --- asking

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """A page of reviews, newest first back to where the last whole look began."""
        walk = Walk.of(cursor.get("walk"))
        if not walk.page and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        asked = {"sort": "-createdDate", "limit": str(min(200, limit)), "include": "response"}
        asked |= {"cursor": walk.page} if walk.page else {}
        try:
            answer = self.call("GET", f"/apps/{self.app_id}/customerReviews", params=asked)
        except http.CallFailed as failure:
            if not is_stale(failure, walk.page):
                raise
            return Fetched((), looked({**cursor, "walk": Walk(walk.done).cursor}))
        found = listed(answer, "data", "App Store Connect")
        included = objects(answer, "included")
        # Either side may name the other.
        answers = {words(r, "id"): r for r in included}
        answers |= {name: r for r in included if (name := words(r, "relationships.review.data.id"))}
        marks = [at.isoformat() if (at := when(r, "attributes.createdDate")) else None for r in found]
        walk.step(marks, following(answer))
        known = reviews.Known(cursor)
        deliveries = tuple(self.delivery(r, answers, known) for r in found)
        after = {"walk": walk.cursor, "known": known.cursor}
        return Fetched(
            deliveries, after if walk.page else looked(after), bool(walk.page), whole(answer, "meta.paging.total")
        )

    def delivery(self, review: Mapping[str, Any], answers: Mapping[str, Any], known: reviews.Known) -> Raw:
        """A review with our answer to it beside it, as Apple's own pages have it."""
        answer = answers.get(words(review, "relationships.response.data.id")) or answers.get(words(review, "id"))
        page = {"data": review} | ({"included": [answer]} if answer else {})
        said = [words(review, "id")]
        said += [words(review, f"attributes.{n}") for n in ("createdDate", "rating", "title", "body")]
        edited = "yes" if known.meet(said[0]) else ""
        return reviews.delivery(page, [*said, words(answer, "attributes.responseBody")], x_edited=edited)

    # --- reading

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        page = body_of(raw.body)
        if words(page, "data.type") != "customerReviews":
            raise NotUnderstood("This is no review of the App Store.")
        return each([page], lambda p: self.review(p, bool(raw.headers.get(reviews.EDITED))), "review")

    def review(self, page: Mapping[str, Any], edited: bool) -> list[Item]:
        review = page["data"]
        identity, said = must(review, "id"), review.get("attributes")
        at, title = when(said, "createdDate"), " ".join(words(said, "title").split())
        name = words(said, "reviewerNickname")
        extra = {
            "rating": whole(said, "rating"),
            "rating_max": 5,
            "product": str(self.settings.get("name") or "") or self.app_id,
            "place": words(said, "territory"),
        }
        found: list[Item] = [
            Incoming(
                external_id=identity,
                author=Author(f"review:{identity}", name, facts=tidy({"username": name})),
                text=words(said, "body") or title,
                subject=title[:300],
                sent_at=at,
                edited_at=at if edited else None,
                threads=(identity,),
                url=f"https://appstoreconnect.apple.com/apps/{self.app_id}/distribution/activity/ios/ratingsResponses",
                public=True,
                extra=tidy(extra),
            )
        ]
        for answer in objects(page, "included", 5):
            if text := words(answer, "attributes.responseBody"):
                when_said = when(answer, "attributes.lastModifiedDate")
                found.append(reviews.own_reply(identity, text, when_said, "Us"))
        return found

    def normalise(self, address: str) -> str:
        """Names of reviews differ by case."""
        return address.strip()

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        said = {"rating": 4, "title": "", "body": text, "reviewerNickname": "ada_example", "territory": "GBR"}
        at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        review = {"type": "customerReviews", "id": f"test{number}", "attributes": said | {"createdDate": at}}
        return self.delivery(review, {}, reviews.Known({}))

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        """The answer under the review. Sent twice it takes its own place, so repeating is harmless."""
        review = outgoing.answers or next(iter(outgoing.parents), "")
        if not review:
            raise SendError("The App Store answers reviews only, and this names none.", permanent=True)
        told = {
            "data": {
                "type": "customerReviewResponses",
                "attributes": {"responseBody": outgoing.text},
                "relationships": {"review": {"data": {"type": "customerReviews", "id": review}}},
            }
        }
        try:
            answer = self.call("POST", "/customerReviewResponses", json=told, idempotent=True)
        except Failure as failure:
            raise not_sent(failure) from failure
        return Sent(reviews.reply_id(review, outgoing.text), provider_id=words(answer, "data.id"))


def following(answer: Any) -> str:
    """The place of the next page, which Apple hides in a whole address."""
    address = link(answer, "links.next")
    return parse_qs(urlsplit(address).query).get("cursor", [""])[0] if address else ""
