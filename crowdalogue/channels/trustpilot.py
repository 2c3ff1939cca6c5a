"""Trustpilot: service reviews of one business, by webhook and by asking.

Trustpilot does not sign its deliveries, so the address they come to carries a secret. Whoever wrote is known by
Trustpilot's own number, and by the order's reference where the review was asked for.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crowdalogue import http
from crowdalogue.channels import reviews
from crowdalogue.channels.asking import Walk, ask, grant, json_of, kept, listed, looked, not_sent, refuse_fault, resting
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
    Refused,
    Removal,
    SendError,
    Sent,
    Unknown,
)
from crowdalogue.channels.picking import body_of, each, flag, link, must, objects, tidy, when, whole, words
from crowdalogue.errors import Failure

API = "https://api.trustpilot.com/v1"
TOKEN = f"{API}/oauth/oauth-business-users-for-applications/accesstoken"
REMEDY = "Enter the API key and secret of the application again; they are in Trustpilot Business under Integrations."
PAGE = 100


class Trustpilot(Channel):
    kind = "trustpilot"
    label = "Trustpilot"
    icon = "i-review"
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    public = True
    edits = True
    tried = "recorded exchanges (shapes as Trustpilot's documentation shows them)"
    fields = (
        Field("business_unit", "Id of the business unit", "24 letters and digits; in the address of its API."),
        Field("api_key", "API key"),
        Field("api_secret", "API secret", "Needed to answer and to see references.", kind="secret"),
        Field("user", "Id of the business user who answers", "Where Trustpilot asks for it.", required=False),
        Field("hook_secret", "Secret in the webhook's address", "Leave empty and one is made.", "secret", False),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=15),
    )
    guide = (
        "Service reviews of one business. Each review shows one answer: a second one takes the place of the first. "
        "Changes to reviews older than the newest hundred are heard by webhook only."
    )
    steps = (
        "In Trustpilot Business, under Integrations, Developers, make an application and enter its API key and secret.",
        "Enter the id of your business unit.",
        "Under Webhooks, for new, updated and deleted service reviews, subscribe {hook}?secret= followed by the secret "
        "entered here.",
    )

    @classmethod
    def prepare(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**settings, "hook_secret": settings.get("hook_secret") or secrets.token_urlsafe(24)}

    @property
    def unit(self) -> str:
        return str(self.settings.get("business_unit") or "").strip()

    # --- the door

    def verify(self, raw: Raw, now: datetime) -> None:
        secret = str(self.settings.get("hook_secret") or "")
        if not secret:
            raise Refused(
                "This account has no secret for its webhook yet, so it takes nothing. Save its settings once."
            )
        given = parse_qs(urlsplit(raw.url).query).get("secret", [""])[0]
        if not hmac.compare_digest(secret.encode(), given.encode("utf-8", "replace")):
            raise Refused("The secret in the address is missing or wrong. Subscribe the address as the steps show it.")

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        told = {
            "id": f"test{number}",
            "stars": 4,
            "title": "",
            "text": text,
            "language": "en",
            "createdAt": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "consumer": {"id": "ada", "name": "Ada Example"},
        }
        body = json.dumps({"events": [{"eventName": "service-review-created", "version": "1", "eventData": told}]})
        address = f"https://hooks.example.com/?secret={self.settings.get('hook_secret') or ''}"
        return Raw(body.encode(), {"content-type": "application/json"}, url=address)

    # --- reading

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        body = body_of(raw.body)
        if "events" in body:
            if not (events := objects(body, "events")):
                raise NotUnderstood("The delivery holds no event.")
            return each(events, self.event, "event")
        if "stars" in body:
            return each([body], self.review, "review")
        raise NotUnderstood("This is neither an event nor a review of Trustpilot.")

    def event(self, event: Mapping[str, Any]) -> Item | list[Item]:
        name, told = words(event, "eventName"), event.get("eventData")
        if not name.startswith("service-review-") or not isinstance(told, dict):
            return Unknown(f"an event of kind {name[:60]!r}")
        if name.endswith("-deleted"):
            return Removal(must(told, "id"), when(told, "deletedAt"))
        if name.endswith("-created"):
            return self.review(told)
        if name.endswith("-updated"):
            made = when(told, "createdAt")
            # Without its time an update still is newer than the review it updates.
            return self.review(told, when(told, "updatedAt") or (made + timedelta(seconds=1) if made else None))
        return Unknown(f"an event of kind {name[:60]!r}")

    def review(self, review: Mapping[str, Any], edited: datetime | None = None) -> list[Item]:
        """A review, and our answer to it where there is one."""
        identity = must(review, "id")
        made, changed = when(review, "createdAt"), edited or when(review, "updatedAt")
        consumer = review.get("consumer")
        name = words(consumer, "displayName") or words(consumer, "name")
        facts = {
            "email": words(review, "referralEmail"),
            "place": words(consumer, "displayLocation"),
            "posts": whole(consumer, "numberOfReviews"),
        }
        extra = {
            "rating": whole(review, "stars"),
            "rating_max": 5,
            "verified_purchase": flag(review, "isVerified"),
            "order": words(review, "referenceId"),
            "place": words(review, "location.name") or words(review, "locationId"),
            "tags": [words(t, "value") for t in objects(review, "tags", 20)],
        }
        title = " ".join(words(review, "title").split())
        found: list[Item] = [
            Incoming(
                external_id=identity,
                author=Author(words(consumer, "id") or f"review:{identity}", name, facts=tidy(facts)),
                text=words(review, "text") or title,
                subject=title[:300],
                sent_at=made,
                edited_at=changed if changed and (made is None or changed > made) else None,
                threads=(identity,),
                language=words(review, "language")[:12],
                url=f"https://www.trustpilot.com/reviews/{identity}",
                public=True,
                extra=tidy(extra),
            )
        ]
        if answer := words(review, "companyReply.text"):
            at = when(review, "companyReply.updatedAt") or when(review, "companyReply.createdAt")
            found.append(reviews.own_reply(identity, answer, at, words(review, "businessUnit.displayName") or "Us"))
        return found

    # --- asking

    def token(self, fresh: bool = False) -> str:
        key, secret = str(self.settings.get("api_key") or ""), str(self.settings.get("api_secret") or "")
        return kept(
            (TOKEN, key, secret),
            lambda: grant(TOKEN, {"grant_type": "client_credentials"}, REMEDY, auth=(key, secret)),
            fresh=fresh,
        )

    def call(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = ask(method, API + path, self.token, **more)
            return json_of(answer) if answer.content else {}
        except http.CallFailed as failure:
            if failure.status in (401, 403):
                raise Failure(f"Trustpilot refused the access token ({failure.status}). {REMEDY}") from failure
            raise

    def check(self) -> None:
        """Ask for one review. Raises `Failure`."""
        self.call("GET", f"/private/business-units/{self.unit}/reviews", params={"perPage": "1"})

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """A page of reviews, newest first back to where the last whole look began."""
        walk = Walk.of(cursor.get("walk"))
        if not walk.page and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        number = int(walk.page) if walk.page.isdecimal() else 1
        asked = {"perPage": str(PAGE), "page": str(number), "orderBy": "createdat.desc"}
        answer = self.call("GET", f"/private/business-units/{self.unit}/reviews", params=asked)
        found = listed(answer, "reviews", "Trustpilot")
        following = any(
            words(entry, "rel") == "next-page" and link(entry, "href") for entry in objects(answer, "links")
        )
        marks = [made.isoformat() if (made := when(r, "createdAt")) else None for r in found]
        walk.step(marks, str(number + 1) if found and following else "")
        deliveries = tuple(
            reviews.delivery(r, [words(r, n) for n in ("id", "updatedAt", "stars", "text", "companyReply.text")])
            for r in found
        )
        after = {"walk": walk.cursor}
        return Fetched(deliveries, after if walk.page else looked(after), more=bool(walk.page))

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        """The answer under the review. Sent twice it takes its own place, so repeating is harmless."""
        review = outgoing.answers or next(iter(outgoing.parents), "")
        if not review:
            raise SendError("Trustpilot answers reviews only, and this names none.", permanent=True)
        told = tidy({"message": outgoing.text, "authorBusinessUserId": str(self.settings.get("user") or "")})
        try:
            self.call("POST", f"/private/reviews/{review}/reply", json=told, idempotent=True)
        except Failure as failure:
            raise not_sent(failure) from failure
        return Sent(reviews.reply_id(review, outgoing.text))
