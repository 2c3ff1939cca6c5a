"""Blogs, news and their comments, by RSS, Atom or JSON Feed.

Every entry is kept as a small feed of its own, with all that it held, so that one bad entry never spoils the others.
A feed that did not change is not sent again by its server (ETag, Last-Modified). Feeds of comments that entries name
are followed where asked for, and pages with older entries where the feed names them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from crowdalogue import http
from crowdalogue.channels.asking import fault, looked, refuse_fault, resting
from crowdalogue.channels.base import Author, Channel, Fetched, Field, Incoming, Item, Kind, NotUnderstood, Raw, Unknown
from crowdalogue.channels.feeds.reader import MAX_BYTES, Entry, Feed, read_feed, split
from crowdalogue.channels.jsonbody import clean
from crowdalogue.channels.mail.text import clean_html, html_to_text
from crowdalogue.channels.picking import digest, tidy, when
from crowdalogue.errors import Failure

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, application/json;q=0.8, "
    "text/xml;q=0.8, */*;q=0.1"
)
WHERE = "content-location"  # headers of a delivery: the feed's address, and the entry whose comments it holds
PARENT = "x-parent-entry"
EDITED = "x-edited"  # when an entry was found in other words than before, in seconds since 1970
MAX_KNOWN = 500  # entries whose words are remembered, to notice edits in feeds that do not tell of them
MAX_FEEDS = 200
MAX_FOLLOWED = 20  # feeds of comments, those of the newest entries of each feed
MAX_OLDER = 50  # pages with older entries, at the first look
LONGEST_ID = 250
AGES_AGO = datetime.min.replace(tzinfo=UTC)


class Rss(Channel):
    kind = "rss"
    label = "Blogs and news (RSS)"
    icon = "i-globe"
    polls = True
    backfills = True
    public = True
    edits = True
    tried = "static feeds over HTTP on loopback; the reader against the 2,107 test feeds of feedparser"
    fields = (
        Field("feeds", "Addresses of the feeds", "One a line: RSS, Atom or JSON Feed.", kind="lines"),
        Field(
            "about",
            "What they hold",
            kind="choice",
            default="news",
            choices=(
                ("news", "News and other people's blogs: read, and nobody waits"),
                ("own", "Our own blog: entries are ours, comments wait for an answer"),
                ("comments", "Comments on our own pages: every one waits for an answer"),
            ),
        ),
        Field("comments", "Also fetch the comments of the newest entries", kind="flag", required=False, default=False),
        Field(
            "ours",
            "Names under which we write there",
            "One a line. What they write counts as ours.",
            kind="lines",
            required=False,
        ),
        Field("minutes", "Minutes between looks", kind="number", required=False, default=10),
    )
    guide = "Reads feeds of blogs, news and comments. It cannot answer there: the answer is written on the page itself."
    steps = (
        "Open the blog or news page and look for its feed (often a link named RSS, or the address with /feed).",
        "Enter the addresses, and say whether these are news or your own pages.",
    )

    @property
    def feeds(self) -> list[str]:
        lines = str(self.settings.get("feeds") or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))[:MAX_FEEDS]

    def check(self) -> None:
        """Each feed is fetched and read once. Raises `Failure` naming the first that cannot be."""
        if not self.feeds:
            raise Failure("No feed is named. Enter at least one address.")
        for url in self.feeds:
            try:
                read_feed(self.get(url, {}).content, url)
            except Failure as failure:
                raise Failure(f"{url}: {failure.text}", permanent=failure.permanent) from failure

    # --- asking

    def fetch(self, cursor: Mapping[str, Any], limit: int = 200) -> Fetched:
        """One address a call, in turn: first the feeds, then what they name. One that fails is noted as a delivery
        and does not keep the others waiting, unless none can be had."""
        queue, number = self.queue(cursor)
        if "queue" not in cursor and resting(cursor, self.settings.get("minutes")):
            return Fetched((), dict(cursor))
        if not queue:
            raise Failure("No feed is named. Enter at least one address.")
        state: dict[str, Any] = {u: s for u, s in (cursor.get("feeds") or {}).items() if isinstance(s, dict)}
        place = queue[number]
        failure: Failure | None = None
        try:
            known = self.known(cursor)
            deliveries, finished, named = self.look(place, state.setdefault(place["url"], {}), known, limit)
        except Failure as caught:
            failure, finished, named, known = caught, True, [], self.known(cursor)
            deliveries = [fault(str(place["url"]), caught)]
        failed = int(cursor.get("failed") or 0) + (failure is not None)
        if failure is not None and (len(queue) == 1 or cursor.get("bad")):
            raise failure
        waiting = {p["url"] for p in queue}
        queue += [p for p in named if p["url"] not in waiting]
        number += finished
        more = number < len(queue)
        state = {u: s for u, s in state.items() if s and (u in self.feeds or more)} | self.followed(state)
        after: dict[str, Any] = {"feeds": state, "seen": True, "known": dict(list(known.items())[-MAX_KNOWN:])}
        if more:
            return Fetched(tuple(deliveries), after | {"queue": queue, "at": number, "failed": failed}, more=True)
        if failed >= len(queue):
            return Fetched(tuple(deliveries), after | {"bad": True}, more=True)
        return Fetched(tuple(deliveries), looked(after))

    def queue(self, cursor: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
        """The addresses of this look and where it stands; a new look begins with the feeds of the settings."""
        queue, number = cursor.get("queue"), cursor.get("at", 0)
        if isinstance(queue, list) and isinstance(number, int) and 0 <= number < len(queue):
            return list(queue), number
        older = 0 if cursor.get("seen") else MAX_OLDER
        fresh = [{"url": url, "older": older} for url in self.feeds]
        # After a look at which all failed, another feed goes first each minute, so that none bars the others.
        turn = int(time.time() // 60) % len(fresh) if cursor.get("bad") and fresh else 0
        return fresh[turn:] + fresh[:turn], 0

    @staticmethod
    def known(cursor: Mapping[str, Any]) -> dict[str, str]:
        """Short digests of entries' ids, each with one of its words."""
        known = cursor.get("known")
        return {str(k): str(v) for k, v in known.items()} if isinstance(known, dict) else {}

    @staticmethod
    def followed(state: Mapping[str, Any]) -> dict[str, Any]:
        """What is remembered of feeds of comments, bounded."""
        return dict([(u, s) for u, s in state.items() if s.get("parent")][-500:])

    def look(
        self, place: Mapping[str, Any], state: dict[str, Any], known: dict[str, str], limit: int
    ) -> tuple[list[Raw], bool, list[dict[str, Any]]]:
        """Deliveries of one address, whether all of it was taken, and further addresses to look at."""
        url, parent = str(place["url"]), str(place.get("parent") or "")
        answer = self.get(url, state)
        if answer.status_code == 304:
            return [], True, []
        if "html" in answer.headers.get("content-type", "") and b"<html" in answer.content[:2000].lower():
            raise Failure("This is a web page and no feed. Enter the address of its feed.")
        try:
            parts, feed = split(answer.content), read_feed(answer.content, url)
        except NotUnderstood as fault:
            raise Failure(fault.text) from fault
        headers = {"content-type": answer.headers.get("content-type", "")[:100], WHERE: url}
        if parent:
            headers[PARENT] = parent
        start = int(state.pop("skip", 0))
        batch = parts[start : start + limit]
        deliveries = [delivery(part, url, headers, known) for part in batch]
        if start + limit < len(parts):
            state["skip"] = start + limit
            return deliveries, False, []
        state |= tidy({"etag": answer.headers.get("etag"), "modified": answer.headers.get("last-modified")})
        if parent:
            state["parent"] = parent
        return deliveries, True, self.further(feed, place)

    def further(self, feed: Feed, place: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        left = int(place.get("older") or 0)
        if feed.older and left:
            found.append({"url": feed.older, "older": left - 1})
        if self.settings.get("comments") and not place.get("parent"):
            found += [{"url": e.replies, "parent": e.id} for e in feed.entries if e.replies][:MAX_FOLLOWED]
        return found

    def get(self, url: str, state: Mapping[str, Any]) -> Any:
        """The answer, 304 where nothing changed. What a feed names must be public, or at the feed's own place."""
        headers = {"accept": ACCEPT}
        if state.get("etag"):
            headers["if-none-match"] = str(state["etag"])
        if state.get("modified"):
            headers["if-modified-since"] = str(state["modified"])
        trusted = url in self.feeds or place_of(url) in {place_of(u) for u in self.feeds}
        return http.request("GET", url, headers=headers, trusted=trusted, max_bytes=MAX_BYTES)

    # --- reading

    def parse(self, raw: Raw) -> list[Item]:
        refuse_fault(raw)
        address = raw.headers.get(WHERE, "")
        feed = read_feed(raw.body, address)
        items: list[Item] = [self.message(entry, feed, raw) for entry in feed.entries]
        items += [Unknown("an entry without id, address or text")] * feed.broken
        if not items:
            raise NotUnderstood("The feed holds no entry.")
        return items

    def message(self, entry: Entry, feed: Feed, raw: Raw) -> Incoming:
        address = raw.headers.get(WHERE, "")
        parent = entry.answers or raw.headers.get(PARENT, "")
        about = self.settings.get("about")
        comment = about == "comments" or (about == "own" and bool(parent))
        text = clean(html_to_text(entry.html) if entry.html else entry.plain).strip()
        edited = entry.updated if entry.published is None or (entry.updated or AGES_AGO) > entry.published else None
        page = entry.url.partition("#")[0]
        extra = {
            "feed": feed.title[:200],
            "feed_url": address[:500],
            "categories": entry.categories,
            "comments": entry.reply_count,
            "files": entry.files,
        }
        return Incoming(
            external_id=named(entry.id),
            author=self.author(entry, feed, address, ours=about == "own" and not parent),
            text=text or entry.title or entry.url,
            subject="" if comment else entry.title[:300],
            html=clean_html(entry.html) if entry.html else "",
            sent_at=entry.published or entry.updated,
            edited_at=edited or when(raw.headers.get(EDITED)),
            parents=(named(parent),) if parent else (),
            threads=(f"page:{named(page)}",) if page and page != feed.url else (),
            kind=Kind.MESSAGE if comment else Kind.OVERHEARD,
            language=(entry.language or feed.language)[:12],
            url=entry.url[:500],
            public=True,
            extra=tidy(extra),
        )

    def author(self, entry: Entry, feed: Feed, address: str, *, ours: bool) -> Author:
        """Who wrote it. A name says who somebody is on one site only, so the site is part of the address."""
        site = host_of(entry.url) or host_of(feed.url) or host_of(address) or "feed"
        name = entry.author or ("" if self.settings.get("about") == "comments" else feed.title)
        known = entry.author_id or (f"{site}/{name}" if entry.author else site)
        mine = {n.strip().casefold() for n in str(self.settings.get("ours") or "").splitlines() if n.strip()}
        ours = ours or entry.author.casefold() in mine or entry.author_id.casefold() in mine
        facts = tidy(
            {
                "email": entry.author_id if "@" in entry.author_id and "/" not in entry.author_id else "",
                "url": entry.author_id if entry.author_id.startswith("http") else "",
            }
        )
        return Author(known[:320], name[:200], ours=ours, facts=facts)

    def sample(self, now: datetime, number: int = 1, text: str = "This is a test message.") -> Raw | None:
        page = f"https://blog.example.com/test#comment-{number}"
        said = (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Test</title>'
            "<link>https://blog.example.com/</link><item>"
            f'<guid isPermaLink="false">{page}</guid><link>{page}</link><author>ada@example.com (Ada)</author>'
            f"<pubDate>{format_datetime(now)}</pubDate><description>{escape(escape(clean(text)))}</description>"
            "</item></channel></rss>"
        )
        return Raw(said.encode(), {"content-type": "application/rss+xml", WHERE: "https://blog.example.com/feed"})


def delivery(part: bytes, url: str, headers: Mapping[str, str], known: dict[str, str]) -> Raw:
    """An entry; another key only where its words changed, so that a count of comments makes no new delivery."""
    feed = read_feed(part, url)
    if not feed.entries:
        return Raw(part, headers, key=digest(url.encode() + b"\n" + part))
    entry = feed.entries[0]
    words_now = digest("\n".join((entry.title, entry.html, entry.plain, str(entry.updated))))
    name, now = digest(f"{url}\n{entry.id}"), words_now[:10]
    before = known.pop(name[:10], now)
    known[name[:10]] = now
    more = {EDITED: str(int(time.time()))} if before != now else {}
    return Raw(part, {**headers, **more}, key=digest(name + words_now))


def host_of(address: str) -> str:
    """The site of an address; empty where it has none or is no address."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def place_of(address: str) -> tuple[str, str]:
    """Scheme and host with its port; what is no address is a place of its own."""
    try:
        return urlsplit(address).scheme, urlsplit(address).netloc
    except ValueError:
        return "", address


def named(identity: str) -> str:
    """The id of an entry; one that is too long by a digest of it."""
    identity = clean(identity).strip()
    return identity if len(identity) <= LONGEST_ID else f"{identity[:150]}#{digest(identity)[:40]}"
