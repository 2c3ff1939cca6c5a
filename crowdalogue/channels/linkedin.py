"""LinkedIn: comments on a company page's posts, and mentions of it, by webhook and by asking for the same news.

Both doors tell of social actions in one form, so they share a reader. LinkedIn names people by a number of theirs only;
names are shown to approved partners and are not asked for here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx

from crowdalogue import http
from crowdalogue.channels import asking
from crowdalogue.channels.asking import grant, json_of, kept, listed, looked, not_sent, refuse_fault, resting
from crowdalogue.channels.base import (
    Author,
    Channel,
    Fetched,
    Field,
    Incoming,
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
    Unknown,
)
from crowdalogue.channels.picking import body_of, digest, each, must, objects, tidy, when, words
from crowdalogue.errors import Failure

API = "https://api.linkedin.com/rest"
TOKEN = "https://www.linkedin.com/oauth/v2/accessToken"  # noqa: S105 - an address
SIGNATURE = "x-li-signature"
ACTIONS = "COMMENT,ADMIN_COMMENT,COMMENT_EDIT,COMMENT_DELETE,SHARE_MENTION,LIKE,SHARE"
COMMENT = re.compile(r"urn:li:comment:\((?:urn:li:)?(\w+):(\d+),(\d+)\)")
REMEDY = (
    "LinkedIn's access tokens end after 60 days and refresh tokens after a year. Sign in as an administrator of the "
    "page and enter a new token here."
)
RIGHTS = (
    "The app needs the Community Management API, with the rights r_organization_social, w_organization_social and "
    "rw_organization_admin, and the sign-in must be an administrator of the page."
)
PAGE = 100
OLDEST = timedelta(days=60)  # how far back LinkedIn tells of social actions
OVERLAP = 15 * 60 * 1000  # milliseconds asked for again, for news that came late


class LinkedIn(Channel):
    kind = "linkedin"
    label = "LinkedIn page"
    icon = "i-people"
    receives_hooks = True
    polls = True
    backfills = True
    replies = True
    longest = 1250
    public = True
    edits = True
    interactions = True
    deeds = ("like", "unlike")
    tried = "recorded exchanges (shapes as LinkedIn's documentation and public code show them)"
    fields = (
        Field("organization", "Id of the page", "The number in the address of the page's administration."),
        Field("client_secret", "Client secret of the app", "It also proves that deliveries are LinkedIn's.", "secret"),
        Field("client_id", "Client id of the app", "With a refresh token.", required=False),
        Field("refresh_token", "Refresh token", "Lives a year.", kind="secret", required=False),
        Field("access_token", "Access token", "Without a refresh token; lives 60 days.", "secret", required=False),
        Field(
            "version",
            "Version of the API",
            "Such as 202601. Leave empty for the version of three months ago.",
            required=False,
        ),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=10),
    )
    guide = (
        "Comments on the posts of one company page and mentions of it, of the last 60 days and from now on. LinkedIn "
        "must have approved the app for the Community Management API."
    )
    steps = (
        "In LinkedIn's developer portal make an app for the page and ask for the Community Management API.",
        "Sign in as an administrator of the page with the rights r_organization_social, w_organization_social and "
        "rw_organization_admin, and enter the refresh token or the access token here.",
        "Where the app has webhooks: register {hook} under Webhooks and subscribe to the page's social actions. "
        "Without, Crowdalogue asks every few minutes.",
    )

    @property
    def page(self) -> str:
        """The page as LinkedIn names it."""
        return f"urn:li:organization:{str(self.settings.get('organization') or '').strip().rpartition(':')[2]}"

    # --- the door

    def mac(self, body: bytes) -> str:
        secret = str(self.settings.get("client_secret") or "")
        if not secret:
            raise Refused("This account has no client secret yet, so it takes nothing. Enter it in its settings.")
        return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

    def greet(self, raw: Raw) -> Response:
        """LinkedIn asks every few hours whether the address knows the secret."""
        code = parse_qs(urlsplit(raw.url).query).get("challengeCode", [""])[0]
        if not code:
            return super().greet(raw)
        answer = {"challengeCode": code, "challengeResponse": self.mac(code.encode())}
        return Response(json.dumps(answer).encode())

    def verify(self, raw: Raw, now: datetime) -> None:
        given = raw.headers.get(SIGNATURE, "").removeprefix("hmacsha256=")
        if not given:
            raise Refused("The signature is missing. LinkedIn sends it as X-LI-Signature.")
        # The documentation says that the name of the method is signed too; both are compared, whichever fits.
        rights = [self.mac(b"hmacsha256=" + raw.body), self.mac(raw.body)]
        fits = [hmac.compare_digest(right.encode(), given.encode("utf-8", "replace")) for right in rights]
        if not any(fits):
            raise Refused("The signature is wrong. Check that the client secret is that of the app with the webhook.")

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        urn = f"urn:li:comment:(urn:li:activity:1,{int(now.timestamp())}{number})"
        told = {
            "notificationId": number,
            "organizationalEntity": self.page,
            "action": "COMMENT",
            "sourcePost": "urn:li:activity:1",
            "generatedActivity": urn,
            "decoratedGeneratedActivity": {"comment": {"entity": urn, "owner": "urn:li:person:ada", "text": text}},
            "lastModifiedAt": int(now.timestamp() * 1000),
        }
        body = json.dumps({"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS", "notifications": [told]}).encode()
        return Raw(body, {"content-type": "application/json", SIGNATURE: self.mac(b"hmacsha256=" + body)})

    # --- reading

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        body = body_of(raw.body)
        if "notifications" in body:
            if not (told := objects(body, "notifications")):
                raise NotUnderstood("The delivery holds no social action.")
            return each(told, self.action, "social action")
        if "action" in body:
            return each([body], self.action, "social action")
        raise NotUnderstood("This is no social action of a LinkedIn page.")

    def action(self, told: Mapping[str, Any]) -> Item:
        action = words(told, "action")
        if action in ("COMMENT", "ADMIN_COMMENT", "COMMENT_EDIT"):
            return self.comment(told, action)
        if action == "COMMENT_DELETE":
            return Removal(comment_id(must(told, "generatedActivity")), when(told, "lastModifiedAt"))
        if action == "SHARE_MENTION":
            return self.mention(told)
        if action in ("LIKE", "SHARE"):
            return self.interaction(told, action)
        return Unknown(f"a social action of kind {action[:40]!r}")

    def author(self, urn: str, *, ours: bool = False) -> Author:
        return Author(urn or "urn:li:person:unknown", "", ours or urn == self.page)

    def comment(self, told: Mapping[str, Any], action: str) -> Incoming:
        said = told.get("decoratedGeneratedActivity")
        said = said.get("comment") if isinstance(said, dict) else None
        urn = words(said, "entity") or must(told, "generatedActivity")
        identity = comment_id(urn)
        parent = words(said, "parentComment")
        above = comment_id(parent) if parent else ""
        at = when(told, "lastModifiedAt")
        made = when(said, "created.time")
        post = words(told, "sourcePost") or words(said, "object")
        return Incoming(
            external_id=identity,
            author=self.author(
                words(said, "owner") or words(said, "actor") or words(told, "actor"), ours=action == "ADMIN_COMMENT"
            ),
            text=words(said, "text") or words(said, "message.text"),
            sent_at=made or (None if action == "COMMENT_EDIT" else at),
            edited_at=at if action == "COMMENT_EDIT" else None,
            parents=(above,) if above else (),
            threads=(above or identity,),
            url=f"https://www.linkedin.com/feed/update/{quote(post, safe=':')}" if post else "",
            public=True,
            extra=tidy(
                {"comment": full_urn(urn), "post": post, "title": words(told, "decoratedSourcePost.text")[:300]}
            ),
        )

    def mention(self, told: Mapping[str, Any]) -> Incoming:
        said = told.get("decoratedGeneratedActivity")
        said = said.get("share") if isinstance(said, dict) else None
        urn = words(said, "entity") or words(told, "generatedActivity") or must(told, "sourcePost")
        return Incoming(
            external_id=urn,
            author=self.author(words(said, "owner")),
            text=words(said, "text"),
            subject=words(said, "title")[:300],
            sent_at=when(told, "lastModifiedAt"),
            threads=(urn,),
            url=f"https://www.linkedin.com/feed/update/{quote(urn, safe=':')}",
            public=True,
            extra={"post": urn},
        )

    def interaction(self, told: Mapping[str, Any], action: str) -> Item:
        done = must(told, "generatedActivity")
        who = words(told, "actor") or next(iter(re.findall(r"urn:li:(?:person|organization):[\w-]+", done)), "")
        kind = "like" if action == "LIKE" else "repost"
        return Interaction(
            f"{kind}:{digest(done)[:40]}",
            self.author(who),
            kind,
            when(told, "lastModifiedAt"),
            words(told, "sourcePost"),
        )

    # --- calls

    def token(self, fresh: bool = False) -> str:
        s = {n: str(self.settings.get(n) or "") for n in ("client_id", "client_secret", "refresh_token")}
        if all(s.values()):
            form = s | {"grant_type": "refresh_token"}
            return kept((TOKEN, *s.values()), lambda: grant(TOKEN, form, REMEDY), fresh=fresh)
        token = str(self.settings.get("access_token") or "")
        if not token:
            raise Failure("LinkedIn needs a refresh token with the client's id, or an access token. Enter one of them.")
        return token

    @property
    def headers(self) -> dict[str, str]:
        version = str(self.settings.get("version") or "").strip()
        version = version or f"{datetime.now(UTC) - timedelta(days=92):%Y%m}"
        return {"linkedin-version": version, "x-restli-protocol-version": "2.0.0"}

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return asking.ask(method, API + path, self.token, headers=self.headers, **more)
        except http.CallFailed as failure:
            if failure.status == 401:
                raise Failure(f"LinkedIn refused the access token (401). {REMEDY}") from failure
            if failure.status == 403:
                raise Failure(f"LinkedIn does not allow that (403). {RIGHTS}") from failure
            if failure.status == 426:
                raise Failure(
                    "This version of LinkedIn's API is no longer served (426). Clear the version in the settings, or "
                    "enter one of the last twelve months."
                ) from failure
            raise

    def news(self, since: int, until: int, start: int, count: int) -> Any:
        # Written by hand because LinkedIn wants its own brackets as they are, and names encoded.
        asked = (
            f"q=criteria&actions=List({ACTIONS})&organizationalEntity={quote(self.page, safe='')}"
            f"&timeRange=(start:{since},end:{until})&start={start}&count={count}"
        )
        return json_of(self.call("GET", f"/organizationalEntityNotifications?{asked}"))

    def check(self) -> None:
        """Ask for the newest social action. Raises `Failure`."""
        if not self.page.rpartition(":")[2].isdecimal():
            raise Failure("The id of the page is a number. It is in the address of the page's administration.")
        now = int(time.time() * 1000)
        listed(self.news(now - OVERLAP, now, 0, 1), "elements", "LinkedIn")

    # --- asking

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """A page of the social actions since the last whole look, at first of the last 60 days."""
        now = int(time.time() * 1000)
        oldest = now - int(OLDEST.total_seconds() * 1000)
        middle = all(isinstance(cursor.get(n), int) for n in ("since", "until", "start")) and cursor["since"] > oldest
        if not middle and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        done = cursor.get("done")
        first = oldest + 3_600_000  # so that a long look is not overtaken by LinkedIn's own limit
        since = max(first, done - OVERLAP) if isinstance(done, int) else first
        until, start = now, 0
        if middle:
            since, until, start = cursor["since"], cursor["until"], cursor["start"]
        size = min(PAGE, limit)
        found = listed(self.news(since, until, start, size), "elements", "LinkedIn")
        deliveries = tuple(self.delivery(n) for n in found)
        if len(found) >= size:
            place = {"since": since, "until": until, "start": start + len(found), "done": done}
            return Fetched(deliveries, place, more=True)
        return Fetched(deliveries, looked({"done": until}))

    def delivery(self, told: Mapping[str, Any]) -> Raw:
        body = json.dumps(told, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        said = [words(told, n) for n in ("notificationId", "action", "generatedActivity", "lastModifiedAt")]
        return Raw(body, {"content-type": "application/json"}, key=digest("\n".join(said)))

    # --- answers

    def send(self, outgoing: Outgoing) -> Sent:
        post, comment = (str(outgoing.about.get(n) or "") for n in ("post", "comment"))
        target = comment or post
        if not target:
            raise SendError("LinkedIn answers comments and posts only, and this names none.", permanent=True)
        told = {"actor": self.page, "object": post or target, "message": {"text": outgoing.text}}
        if comment:
            told["parentComment"] = comment
        try:
            answer = self.call("POST", f"/socialActions/{quote(target, safe='')}/comments", json=told)
        except Failure as failure:
            raise not_sent(failure) from failure
        try:
            made = answer.json() if answer.content else {}
        except ValueError:
            made = {}
        identity = answer.headers.get("x-restli-id") or words(made, "id")
        if not identity:
            raise SendError(
                "LinkedIn did not say what it made of this. Look there before trying again.", uncertain=True
            )
        return Sent(f"comment:{identity.rpartition(',')[2].rstrip(')')}")

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        thing = str(about.get("comment") or about.get("post") or "")
        if deed not in self.deeds or not thing:
            raise SendError(f"LinkedIn cannot {deed} that from here.", permanent=True)
        actor, named = quote(self.page, safe=""), quote(thing, safe="")
        try:
            if deed == "like":
                told = {"root": thing, "reactionType": "LIKE"}
                self.call("POST", f"/reactions?actor={actor}", json=told, idempotent=True)
            else:
                self.call("DELETE", f"/reactions/(actor:{actor},entity:{named})")
        except Failure as failure:
            raise not_sent(failure) from failure


def comment_id(urn: str) -> str:
    """What a comment is called here: its own number, because its post goes by several names. Raises `NotUnderstood`."""
    found = COMMENT.search(urn)
    if not found:
        raise NotUnderstood('"generatedActivity" names no comment.')
    return f"comment:{found[3]}"


def full_urn(urn: str) -> str:
    """A comment's name as the API takes it; in deliveries its post may be written short."""
    return COMMENT.sub(r"urn:li:comment:(urn:li:\1:\2,\3)", urn)
