"""Mastodon, and servers that speak its client API, by an access token of one account.

The cursor is {"me", "domain", "notices": id, "own": id, "watched": [[id, edited_at]], "turn": n, "bulk": bool}.
Notifications and our own statuses are asked for oldest first, each page after the last id. Direct messages are
mentions that only we may see. Edits of what is said to us and deletions are told in the server's stream only, which is
not listened to; instead the newest statuses we know are looked up again, some at every poll.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from crowdalogue import http
from crowdalogue.channels.base import Attachment, Channel, Fetched, Field, Item, Outgoing, Raw, SendError, Sent
from crowdalogue.channels.jsonbody import load
from crowdalogue.channels.mastodon_stream import Listener, stream_address
from crowdalogue.channels.payload import load_object, moment, part, parts, word
from crowdalogue.channels.picking import words
from crowdalogue.channels.social.richtext import graphemes
from crowdalogue.channels.social.statuses import MESSAGES, as_event, read
from crowdalogue.errors import Failure, NotUnderstood

__all__ = ["Mastodon"]

NOTICES, STATUSES = 80, 40  # the most a server gives in one page
TOGETHER, ALONE = 20, 5  # statuses looked up again in one call, or one by one where the server cannot do better
WATCHED = 100
LATE = timedelta(seconds=60)  # how much later a notification may appear than one with a higher number
FILES = 4
ADDRESSED = 40  # characters kept for the name of whom it is addressed to
LINK = re.compile(r"https?://\S+")
MENTION = re.compile(r"(?<![\w/])@([\w.-]*\w)@[\w.-]+\w")
DEEDS = {"like": "favourite", "unlike": "unfavourite", "block": "block", "unblock": "unblock"}


class Mastodon(Channel):
    kind = "mastodon"
    label = "Mastodon"
    icon = "i-globe"
    polls = True
    backfills = True
    replies = True
    modes = ("public", "direct")
    longest = 500 - ADDRESSED
    public = True
    media = "both"
    edits = True
    interactions = True
    deeds = ("like", "unlike", "delete", "block", "unblock")
    searches = True
    tried = "recorded exchanges, and Prism with an OpenAPI file of its documented API; no server"
    guide = (
        "Mentions, direct messages, favourites, boosts and followers of one account on any Mastodon server. They come "
        "within seconds where the server has its stream open to applications, else within half a minute."
    )
    steps = (
        "On your server, sign in as the brand and open Preferences, Development, New application.",
        "Name it Crowdalogue and tick read, write:statuses, write:media, write:favourites and write:blocks.",
        "Open the application and copy Your access token into the field here.",
    )
    fields = (
        Field("server", "Server", "Such as https://mastodon.example.com."),
        Field("token", "Access token", "Of the application you made there.", kind="secret"),
        Field("characters", "Longest status", "What your server allows.", "number", required=False, default=500),
        Field(
            "visibility",
            "Public answers",
            kind="choice",
            required=False,
            default="unlisted",
            choices=(("unlisted", "Quiet: not in public timelines"), ("public", "In public timelines as well")),
        ),
    )

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self._listener: Listener | None = None
        self.server = str(self.settings.get("server") or "").strip().rstrip("/")
        # Servers differ in how much they allow; the class says what is usual.
        self.__dict__["longest"] = max(1, _whole(self.settings.get("characters"), 500) - ADDRESSED)

    # --- what it says

    def parse(self, raw: Raw) -> list[Item]:
        return read(load_object(raw.body))

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        account = {"id": "2", "username": "customer", "acct": "customer@example.com", "display_name": "A customer"}
        status = {
            "id": f"test{number}",
            "created_at": now.isoformat(),
            "visibility": "public",
            "content": f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>",
            "account": account,
            "mentions": [{"id": "1", "username": "brand", "acct": "brand"}],
        }
        notice = {"id": f"test{number}", "type": "mention", "account": account, "status": status}
        return _delivery("notification", notice, {"me": "1", "domain": "example.com"}, f"test {number}")

    # --- coming in

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        us = {k: str(cursor[k]) for k in ("me", "domain")} if cursor.get("domain") else self._us()
        notices, seen, full = self._notices(str(cursor.get("notices") or "0"), min(NOTICES, limit))
        own, last, fuller = self._own(us["me"], str(cursor.get("own") or "0"), min(STATUSES, limit))
        begun, bulk = self._begun_by_us(notices, us["me"], bool(cursor.get("bulk", True)))
        found = [
            _delivery("notification", n, us, f"notice {word(n, 'id', needed=True)}", _above(n) in begun)
            for n in notices
        ]
        found += [_delivery("update", s, us, f"status {word(s, 'id', needed=True)}") for s in own]
        told = [part(n, "status") for n in notices if word(n, "type") in MESSAGES]
        watched = _newest([*own, *(s for s in told if s)], cursor.get("watched") or [])
        place: dict[str, Any] = {**us, "notices": seen, "own": last, "turn": 0, "bulk": bulk}
        if full or fuller:
            place["page"] = True  # there is more of what was said before
        else:
            found += self._looked_again(place, watched, _whole(cursor.get("turn"), 0), us)
        return Fetched(tuple(found), {**place, "watched": watched}, more=full or fuller)

    def wait(self, cursor: Mapping[str, Any], seconds: float) -> Iterator[None]:
        """By the server's stream of notifications, which stays open until `close`."""
        if self._listener is None:
            try:
                address = stream_address(self.server, self._instance())
            except Failure:
                address = stream_address(self.server, {})
            same = urlsplit(address).hostname == urlsplit(self.server).hostname
            self._listener = Listener(address, str(self.settings.get("token") or "").strip(), trusted=same)
        return self._listener.wait(seconds)

    def close(self) -> None:
        """End the connection that `wait` keeps."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _us(self) -> dict[str, str]:
        me = word(self._object("GET", "/api/v1/accounts/verify_credentials"), "id", needed=True)
        return {"me": me, "domain": word(self._instance(), "domain") or str(urlsplit(self.server).hostname)}

    def _instance(self) -> dict[str, Any]:
        try:
            return self._object("GET", "/api/v2/instance")
        except http.CallFailed as failure:
            if failure.status == 404:  # servers before 2022
                return {}
            raise

    def _notices(self, after: str, limit: int) -> tuple[list[dict[str, Any]], str, bool]:
        """A page after an id, where to go on, and whether it was full. Those of strangers that the server set
        apart are asked for as well."""
        params = {"min_id": after, "limit": limit, "include_filtered": "true"}
        notices = self._list("/api/v1/notifications", params)
        full = len(notices) >= limit
        settled = datetime.now(UTC) - LATE
        # Numbers are given before rows can be seen: what is very new is asked for once more.
        old = [n for n in notices if full or (moment(n, "created_at") or settled) <= settled]
        return notices, max((word(n, "id") for n in old), key=_order, default=after), full

    def _begun_by_us(self, notices: Sequence[dict[str, Any]], me: str, bulk: bool) -> tuple[set[str], bool]:
        """Statuses of ours that are answered here and answer nothing themselves, and whether the server can be
        asked for several."""
        names = list({_above(n) for n in notices if word(part(n, "status"), "in_reply_to_account_id") == me} - {""})
        begun: set[str] = set()
        for start in range(0, len(names) if bulk else 0, TOGETHER):
            shown = self._together(names[start : start + TOGETHER])
            if shown is None:
                return set(), False
            begun |= {name for name, status in shown.items() if not word(status, "in_reply_to_id")}
        return begun, bulk

    def _own(self, me: str, after: str, limit: int) -> tuple[list[dict[str, Any]], str, bool]:
        """Our own statuses, wherever they were written, direct ones too."""
        params = {"min_id": after, "limit": limit, "exclude_reblogs": "true"}
        statuses = self._list(f"/api/v1/accounts/{quote(me, safe='')}/statuses", params)
        return statuses, max((word(s, "id") for s in statuses), key=_order, default=after), len(statuses) >= limit

    def _looked_again(self, place: dict[str, Any], watched: list[list[str]], turn: int, us: Any) -> list[Raw]:
        """Edits and deletions among some of the statuses we know; `watched` is brought up to date."""
        some = watched[turn : turn + (TOGETHER if place["bulk"] else ALONE)]
        shown = self._together([name for name, _ in some]) if place["bulk"] and some else {}
        if shown is None:
            place["bulk"], shown, some = False, {}, some[:ALONE]
        found, before = [], len(watched)
        for known in some:
            name, edited = known
            status = shown.get(name) or self._alone(name)
            if status is None:
                watched.remove(known)
                found.append(_delivery("delete", name, us, f"delete {name}"))
            elif word(status, "edited_at") != edited:
                known[1] = word(status, "edited_at")
                found.append(_delivery("status.update", status, us, f"edit {name} {known[1]}"))
        end = turn + len(some)
        place["turn"] = end - (before - len(watched)) if end < before else 0
        return found

    def _together(self, names: Sequence[str]) -> dict[str, dict[str, Any]] | None:
        """Statuses by id in one call; None where the server cannot do that (before 4.3)."""
        try:
            return {word(s, "id"): s for s in self._list("/api/v1/statuses", {"id[]": list(names)})}
        except http.CallFailed as failure:
            if failure.status in (400, 404, 405, 422):
                return None
            raise

    def _alone(self, name: str) -> dict[str, Any] | None:
        try:
            return self._object("GET", f"/api/v1/statuses/{quote(name, safe='')}")
        except http.CallFailed as failure:
            if failure.status in (404, 410):
                return None
            raise

    def search(self, terms: Sequence[str], cursor: Mapping[str, Any], limit: int = 100) -> Fetched:
        """Public statuses the server knows with a word, or with a tag where it begins with #. Many servers search
        in tags only; then a word is looked for as a tag as well."""
        us = {k: str(cursor[k]) for k in ("me", "domain")} if cursor.get("domain") else self._us()
        place: dict[str, Any] = dict(us)
        found, size = [], max(1, min(STATUSES, limit // max(1, len(terms))))
        for term in terms:
            after = str(cursor.get(f"term {term}") or "")
            statuses = self._tagged(term, after, size)
            if not term.startswith("#"):
                statuses += self._worded(term, after, size)
            found += [_delivery("update", s, us, f"status {word(s, 'id', needed=True)}") for s in statuses]
            place[f"term {term}"] = max((word(s, "id") for s in statuses), key=_order, default=after)
        return Fetched(tuple({raw.key: raw for raw in found}.values()), place)

    def _tagged(self, term: str, after: str, limit: int) -> list[dict[str, Any]]:
        tag = "".join(c for c in term if c.isalnum() or c == "_")
        params = {"limit": limit} | ({"min_id": after} if after else {})
        return self._list(f"/api/v1/timelines/tag/{quote(tag, safe='')}", params) if tag else []

    def _worded(self, term: str, after: str, limit: int) -> list[dict[str, Any]]:
        params = {"q": f'"{term}"' if " " in term else term, "type": "statuses", "limit": limit}
        return parts(
            self._object("GET", "/api/v2/search", params=params | ({"min_id": after} if after else {})), "statuses"
        )

    def download(self, url: str) -> bytes:
        return http.request("GET", url, trusted=urlsplit(url).netloc == urlsplit(self.server).netloc).content

    # --- going out

    def length(self, text: str) -> int:
        """As the server counts: a link is 23 characters, a name counts without its server."""
        return graphemes(MENTION.sub(r"@\1", LINK.sub("x" * 23, text)))

    def send(self, outgoing: Outgoing) -> Sent:
        """One status. The server knows the key again for an hour; after that an uncertain one is for a person."""
        about = outgoing.about
        status: dict[str, Any] = {"status": self._addressed(outgoing), "visibility": self._visibility(outgoing)}
        if outgoing.answers:
            status["in_reply_to_id"] = outgoing.answers
        if warning := about.get("warning"):
            status["spoiler_text"] = warning
        if len(outgoing.attachments) > FILES:
            raise SendError(f"Mastodon takes up to {FILES} files. Leave some out.", permanent=True)
        try:
            if outgoing.attachments:
                status["media_ids"] = [self._upload(file) for file in outgoing.attachments]
        except http.CallFailed as failure:
            raise SendError(_send_error(failure).text, permanent=failure.permanent) from failure  # nothing was said yet
        try:
            headers = {"idempotency-key": outgoing.key}
            sent = self._object("POST", "/api/v1/statuses", json=status, headers=headers, idempotent=True)
        except http.CallFailed as failure:
            raise _send_error(failure) from failure
        return Sent(word(sent, "id", needed=True), word(sent, "uri"))

    def _addressed(self, outgoing: Outgoing) -> str:
        """Only who is named is told of it."""
        name = str(outgoing.about.get("acct") or outgoing.to.address)
        named = re.search(rf"@{re.escape(name)}(?![\w@.-]*\w)", outgoing.text, re.IGNORECASE)
        return outgoing.text if named else f"@{name} {outgoing.text}"

    def _visibility(self, outgoing: Outgoing) -> str:
        """Never seen by more people than what is answered."""
        heard = outgoing.about.get("visibility")
        if outgoing.mode == "direct" or heard in ("direct", "private"):
            return "direct"
        return "unlisted" if heard == "unlisted" else str(self.settings.get("visibility") or "unlisted")

    def _upload(self, file: Attachment) -> str:
        """The server's name for a file. Films are worked on for a while before they can be sent."""
        sent = {"file": (file.name, file.content, file.media_type)}
        answer = self._call("POST", "/api/v2/media", files=sent, data={"description": file.name}, idempotent=True)
        name = word(load_object(answer.content), "id", needed=True)
        for _ in range(20):
            if answer.status_code == 200:
                return name
            time.sleep(1)
            answer = self._call("GET", f"/api/v1/media/{quote(name, safe='')}")
        raise SendError(f"The server is still working on {file.name}. It is tried again later.", permanent=False)

    def act(self, deed: str, target: str, about: Mapping[str, Any]) -> None:
        who = str(about.get("account_id") or "")
        try:
            if deed in ("like", "unlike"):
                self._call("POST", f"/api/v1/statuses/{quote(target, safe='')}/{DEEDS[deed]}", idempotent=True)
            elif deed == "delete":
                self._delete(target)
            elif deed in DEEDS and who:
                self._call("POST", f"/api/v1/accounts/{quote(who, safe='')}/{DEEDS[deed]}", idempotent=True)
            else:
                raise SendError("It is not known who wrote this, or Mastodon has no such thing.", permanent=True)
        except http.CallFailed as failure:
            raise _send_error(failure) from failure

    def _delete(self, target: str) -> None:
        try:
            self._call("DELETE", f"/api/v1/statuses/{quote(target, safe='')}")
        except http.CallFailed as failure:
            if failure.status == 404 and self._alone(target) is not None:
                raise SendError("Only our own statuses can be deleted.", permanent=True) from failure
            if failure.status != 404:  # else it is gone already
                raise

    def check(self) -> None:
        """Who the token belongs to, what it may do, and how long a status the server allows."""
        self._us()
        self._list("/api/v1/notifications", {"limit": 1})
        allowed = self._scopes()
        needed = [s for s in ("write:statuses", "write:media") if allowed and not {s, "write"} & allowed]
        if needed:
            raise Failure(
                f"The access token lacks {' and '.join(needed)}. On the server, open Preferences, Development, tick "
                "them, and copy the new access token."
            )
        limits = part(part(self._instance(), "configuration"), "statuses")
        most = _whole(limits.get("max_characters"), 0)
        if most and most < _whole(self.settings.get("characters"), 500):
            raise Failure(f"This server allows {most} characters in a status. Enter that as the longest status.")

    def _scopes(self) -> set[str]:
        """What the application may do; empty where the server does not say (before 4.3)."""
        try:
            scopes = self._object("GET", "/api/v1/apps/verify_credentials").get("scopes")
        except http.CallFailed:
            return set()
        return set(scopes) if isinstance(scopes, list) else set()

    # --- the server

    def _object(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        return load_object(self._call(method, path, **more).content)

    def _list(self, path: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = load(self._call("GET", path, params=dict(params)).content)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise NotUnderstood(f"{urlsplit(self.server).hostname} gave no list. Check the server's address.")
        return found

    def _call(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> httpx.Response:
        named = {"authorization": f"Bearer {str(self.settings.get('token') or '').strip()}", **(headers or {})}
        try:
            return http.request(method, f"{self.server}{path}", headers=named, trusted=True, **more)
        except http.CallFailed as failure:
            if failure.status in (401, 403) and method == "GET":
                said = _said(failure) or "refused"
                failure.text = (
                    f"{urlsplit(self.server).hostname} did not accept the access token ({said}). "
                    "On the server, open Preferences, Development, the application, and copy its access token anew."
                )
                failure.args = (failure.text,)
            raise


def _above(notice: dict[str, Any]) -> str:
    """The status that a notification's status answers."""
    return word(part(notice, "status"), "in_reply_to_id")


def _delivery(event: str, payload: Any, us: Mapping[str, str], name: str, begun: bool = False) -> Raw:
    body = as_event(event, payload, us["me"], us["domain"], begun)
    return Raw(body, key=hashlib.sha256(name.encode()).hexdigest()[:40])


def _order(name: str) -> tuple[int, str]:
    """Ids are numbers that have grown longer, or words of one length; both in the order they were given."""
    return len(name), name


def _newest(statuses: Iterable[dict[str, Any]], known: Iterable[Any]) -> list[list[str]]:
    """The newest statuses and when each was last edited."""
    names = {str(one[0]): str(one[1]) for one in known if isinstance(one, list) and len(one) == 2}
    names |= {word(s, "id"): word(s, "edited_at") for s in statuses}
    return [[i, names[i]] for i in sorted(names, key=_order, reverse=True)[:WATCHED]]


def _whole(given: Any, default: int) -> int:
    try:
        return int(given)
    except (TypeError, ValueError):
        return default


def _said(failure: http.CallFailed) -> str:
    """The server's own words for a refusal."""
    return words(failure.told, "error")[:200]


def _send_error(failure: http.CallFailed) -> SendError:
    said = _said(failure) if failure.status in (400, 403, 404, 422) else ""
    text = f"The server did not take it: {said}." if said else failure.text
    if failure.status == 401:
        text = "The server did not accept the access token. Copy it anew from Preferences, Development, on the server."
    return SendError(text, permanent=failure.permanent, uncertain=failure.uncertain)
