"""Blogs and news: what a feed says, what is asked again, and a real server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.sax.saxutils import escape as xml_escape

import pytest

from crowdalogue.channels.base import Fetched, Incoming, Kind, NotUnderstood, Raw
from crowdalogue.channels.rss import Rss
from crowdalogue.errors import Failure
from tests.channels.contract import Peer, Said
from tests.outside import AWAY, Outside, says

FEED = "https://blog.example.com/comments/feed"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def item(n: int, text: str, at: datetime, author: int = 1, parent: int | None = None, extra: str = "") -> str:
    answers = f'<thr:in-reply-to ref="https://blog.example.com/?c={parent}"/>' if parent is not None else ""
    kept = "".join(c for c in text if c in "\t\n" or ord(c) >= 32)  # XML has no other control characters
    return (
        f'<item><guid isPermaLink="false">https://blog.example.com/?c={n}</guid>'
        f"<link>https://blog.example.com/lids/#comment-{n}</link><dc:creator>Customer {author}</dc:creator>"
        f"<pubDate>{format_datetime(at)}</pubDate>{answers}{extra}"
        f"<description>{xml_escape(escape(kept).replace(chr(10), '<br>'))}</description></item>"
    )


def feed(*items: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:thr="http://purl.org/syndication/thread/1.0" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:wfw="http://wellformedweb.org/CommentAPI/"><channel><title>Lids</title>'
        f"<link>https://blog.example.com/</link>{''.join(items)}</channel></rss>"
    )


class RssPeer(Peer):
    kind = "rss"
    settings = {"feeds": FEED, "about": "comments", "minutes": 0}
    signed = False

    def serve(self, outside: Outside, said: Sequence[Said]) -> None:
        newest_first = sorted(said, key=lambda s: s.at, reverse=True)
        body = feed(*(self.item(s) for s in newest_first))
        outside.on("GET", "^https://blog", says(body, Content_Type="application/rss+xml"))

    @staticmethod
    def item(said: Said) -> str:
        edited = f"<atom:updated>{said.edited_at.isoformat()}</atom:updated>" if said.edited_at else ""
        return item(said.n, said.text, said.at, said.author, said.parent, edited)

    def id_of(self, said: Said) -> str:
        return f"https://blog.example.com/?c={said.n}"


PEER = RssPeer()


def messages(channel: Rss, fetched: Fetched) -> list[Incoming]:
    return [i for raw in fetched.deliveries for i in channel.parse(raw) if isinstance(i, Incoming)]


def look(channel: Rss, cursor: Mapping[str, Any] | None = None, limit: int = 200) -> tuple[list[Incoming], Any]:
    """A whole look, as the worker does it."""
    found, cursor = [], cursor or {}
    for _ in range(100):
        fetched = channel.fetch(cursor, limit)
        found += messages(channel, fetched)
        cursor = fetched.cursor
        if not fetched.more:
            return found, cursor
    raise AssertionError("it never ends")


def test_a_comment_is_a_message(outside: Outside) -> None:
    PEER.serve(outside, [Said(7, "The lid <jams> & 🫖 שלום", AT, parent=3)])
    [message], _ = look(Rss(PEER.settings))
    assert message.text == "The lid <jams> & 🫖 שלום"
    assert message.kind == Kind.MESSAGE
    assert (message.author.address, message.author.name) == ("blog.example.com/Customer 1", "Customer 1")
    assert message.parents == ("https://blog.example.com/?c=3",)
    assert message.threads == ("page:https://blog.example.com/lids/",)
    assert message.sent_at == AT
    assert message.public
    assert not message.author.ours
    assert message.edited_at is None


def test_news_are_overheard_and_our_own_blog_is_ours(outside: Outside) -> None:
    PEER.serve(outside, [Said(7, "News of lids", AT)])
    [news], _ = look(Rss({"feeds": FEED, "about": "news", "minutes": 0}))
    assert news.kind == Kind.OVERHEARD
    [post], _ = look(Rss({"feeds": FEED, "about": "own", "minutes": 0}))
    assert post.author.ours
    [comment], _ = look(Rss({"feeds": FEED, "about": "comments", "minutes": 0, "ours": "customer 1\nSomebody"}))
    assert comment.author.ours


def test_html_is_cleaned(outside: Outside) -> None:
    told = "<description><![CDATA[<p onclick='x()'>Hello <script>alert(1)</script>there</p>]]></description>"
    outside.always(says(feed(f"<item><guid>1</guid>{told}</item>")))
    [message], _ = look(Rss(PEER.settings))
    assert message.text == "Hello there"
    assert "script" not in message.html and "onclick" not in message.html


def test_an_edit_is_a_newer_version(outside: Outside) -> None:
    channel = Rss(PEER.settings)
    said = Said(7, "First", AT)
    PEER.serve(outside, [said])
    [first], cursor = look(channel)
    PEER.serve(outside, [Said(7, "Second", AT, edited_at=AT + timedelta(hours=1))])
    [second], _ = look(channel, cursor)
    assert first.external_id == second.external_id
    assert second.edited_at == AT + timedelta(hours=1)


def test_what_did_not_change_is_not_sent_again(outside: Outside) -> None:
    outside.on("GET", "", says(feed(item(1, "A", AT)), ETag='"v1"', Last_Modified="Sun, 01 Mar 2026 12:00:00 GMT"))
    channel = Rss(PEER.settings)
    _, cursor = look(channel)
    outside.on("GET", "", says(b"", status=304))
    assert look(channel, cursor)[0] == []
    asked = outside.calls[-1].headers
    assert asked["if-none-match"] == '"v1"'
    assert asked["if-modified-since"] == "Sun, 01 Mar 2026 12:00:00 GMT"


def test_same_entry_has_the_same_key_though_the_feed_changed(outside: Outside) -> None:
    channel = Rss(PEER.settings)
    PEER.serve(outside, [Said(1, "A", AT)])
    first = channel.fetch({}).deliveries
    PEER.serve(outside, [Said(1, "A", AT), Said(2, "B", AT)])
    second = channel.fetch({}).deliveries
    assert {d.key for d in first} < {d.key for d in second}
    assert all(0 < len(d.key) <= 80 for d in second)


def test_counts_and_dates_of_the_feed_make_no_new_delivery_and_other_words_an_edit(outside: Outside) -> None:
    def served(text: str, count: int, built: str) -> None:
        extra = f'<slash:comments xmlns:slash="http://purl.org/rss/1.0/modules/slash/">{count}</slash:comments>'
        body = feed(f"<lastBuildDate>{built}</lastBuildDate>", item(1, text, AT, extra=extra))
        outside.always(says(body))

    channel = Rss(PEER.settings)
    served("Frist", 1, "Sun, 01 Mar 2026 12:00:00 GMT")
    [first], cursor = look(channel)
    key = channel.fetch({}).deliveries[0].key
    served("Frist", 2, "Sun, 01 Mar 2026 13:00:00 GMT")
    again = channel.fetch(cursor)
    assert again.deliveries[0].key == key
    assert messages(channel, again)[0].edited_at is None
    served("First", 2, "Sun, 01 Mar 2026 14:00:00 GMT")
    changed = channel.fetch(again.cursor)
    assert changed.deliveries[0].key != key
    [second] = messages(channel, changed)
    assert first.edited_at is None
    assert second.edited_at is not None and second.edited_at > AT


def test_it_rests_between_looks(outside: Outside) -> None:
    channel = Rss({**PEER.settings, "minutes": 10})
    PEER.serve(outside, [Said(1, "A", AT)])
    _, cursor = look(channel)
    assert look(channel, cursor)[0] == []
    assert len(outside.calls) == 1


def test_a_long_feed_is_taken_in_parts(outside: Outside) -> None:
    PEER.serve(outside, [Said(n, f"Text {n}", AT) for n in range(45)])
    channel = Rss(PEER.settings)
    assert len(channel.fetch({}, 20).deliveries) == 20
    found, cursor = look(channel, limit=20)
    assert sorted({m.external_id for m in found}) == sorted(f"https://blog.example.com/?c={n}" for n in range(45))
    assert "skip" not in str(cursor)


def test_older_pages_at_the_first_look_only(outside: Outside) -> None:
    older = '<atom:link rel="next" href="/comments/feed?page=2"/>'
    outside.on("GET", r"feed$", says(feed(older, item(2, "B", AT))))
    outside.on("GET", r"page=2", says(feed(item(1, "A", AT))))
    channel = Rss(PEER.settings)
    found, cursor = look(channel)
    assert [m.text for m in found] == ["B", "A"]
    assert [m.text for m in look(channel, cursor)[0]] == ["B"]


def test_comments_of_our_posts_are_followed(outside: Outside) -> None:
    post = (
        "<item><guid>https://blog.example.com/?p=4</guid><title>Lids</title><link>https://blog.example.com/lids/</link>"
        "<wfw:commentRss>https://blog.example.com/lids/feed/</wfw:commentRss></item>"
    )
    outside.on("GET", r"example\.com/feed$", says(feed(post)))
    outside.on("GET", r"/lids/feed/$", says(feed(item(9, "Mine jams", AT))))
    channel = Rss({"feeds": "https://blog.example.com/feed", "about": "own", "comments": True, "minutes": 0})
    (ours, comment), _ = look(channel)
    assert ours.author.ours and not comment.author.ours
    assert (ours.kind, comment.kind) == (Kind.OVERHEARD, Kind.MESSAGE)
    assert comment.parents == (ours.external_id,)
    assert set(comment.threads) == set(ours.threads)


def test_one_feed_that_fails_does_not_keep_the_others_waiting(outside: Outside) -> None:
    outside.on("GET", "one", says(status=410))
    outside.on("GET", "two", says(feed(item(2, "B", AT))))
    channel = Rss({"feeds": "https://one.example.com/\nhttps://two.example.com/", "minutes": 0})
    first = channel.fetch({})
    [fault] = first.deliveries
    with pytest.raises(NotUnderstood, match=r"one\.example\.com does not know this address \(410\)"):
        channel.parse(fault)
    assert [m.text for m in messages(channel, channel.fetch(first.cursor))] == ["B"]


def test_all_failing_is_a_failure_and_heals(outside: Outside) -> None:
    outside.always(AWAY)
    channel = Rss({"feeds": "https://one.example.com/\nhttps://two.example.com/", "minutes": 0})
    cursor = channel.fetch(channel.fetch({}).cursor).cursor
    with pytest.raises(Failure, match="did not accept the connection"):
        channel.fetch(cursor)
    outside.always(says(feed(item(2, "B", AT))))
    assert {m.text for m in look(channel, cursor)[0]} == {"B"}
    with pytest.raises(Failure, match="No feed is named"):
        Rss({"feeds": " \n"}).fetch({})


def test_odd_addresses_are_said_and_break_nothing(outside: Outside) -> None:
    for odd in ("http://[::1", "blog.example.com/feed", "ftp://example.com/", "https://a:b@example.com/"):
        with pytest.raises(Failure, match="must begin with http"):
            Rss({"feeds": odd}).fetch({})
    outside.always(says(feed("<item><guid>http://[::1</guid><link>http://[::1</link><title>T</title></item>")))
    [message], _ = look(Rss(PEER.settings))
    assert (message.url, message.author.address) == ("", "blog.example.com")


def test_what_a_feed_names_elsewhere_must_be_public() -> None:
    """A feed out there must not make us call machines in here."""
    channel = Rss({"feeds": "https://blog.example.com/feed", "comments": True})
    with pytest.raises(Failure, match="not a public address"):
        channel.get("http://127.0.0.1:9/feed", {})


def test_a_page_is_no_feed(outside: Outside) -> None:
    outside.always(says("<!doctype html><html><body>Hi</body></html>", Content_Type="text/html"))
    with pytest.raises(Failure, match="Enter the address of its feed"):
        Rss(PEER.settings).fetch({})
    with pytest.raises(Failure, match=r"blog\.example\.com/comments/feed: This is no feed but a web page"):
        Rss(PEER.settings).check()


def test_authors() -> None:
    def author(told: str) -> tuple[str, str]:
        raw = Raw(feed(f"<item><guid>1</guid><title>T</title>{told}</item>").encode(), {"content-location": FEED})
        [message] = Rss(PEER.settings).parse(raw)
        assert isinstance(message, Incoming)
        return message.author.address, message.author.name

    assert author("<author>ada@example.com (Ada Example)</author>") == ("ada@example.com", "Ada Example")
    assert author("<author>Ada</author>") == ("blog.example.com/Ada", "Ada")
    assert author("") == ("blog.example.com", "")


def test_a_sample_can_be_read() -> None:
    channel = Rss(PEER.settings)
    raw = channel.sample(AT, 3, "Is it <open> & warm?")
    assert raw
    [message] = channel.parse(raw)
    assert isinstance(message, Incoming)
    assert (message.text, message.sent_at) == ("Is it <open> & warm?", AT)


# --- a real server


class Blog:
    """A static feed on loopback that knows ETag."""

    def __init__(self) -> None:
        self.body = feed(item(1, "Hello", AT)).encode()
        self.tag = '"1"'
        self.answered: list[int] = []
        blog = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                same = self.headers.get("if-none-match") == blog.tag
                blog.answered.append(304 if same else 200)
                self.send_response(304 if same else 200)
                self.send_header("etag", blog.tag)
                self.send_header("content-type", "application/rss+xml")
                self.send_header("content-length", "0" if same else str(len(blog.body)))
                self.end_headers()
                if not same:
                    self.wfile.write(blog.body)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/feed"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def blog() -> Iterator[Blog]:
    made = Blog()
    yield made
    made.http.shutdown()
    made.http.server_close()


def test_a_real_server(blog: Blog) -> None:
    channel = Rss({"feeds": blog.url, "about": "comments", "minutes": 0})
    channel.check()
    [message], cursor = look(channel)
    assert message.text == "Hello"
    assert look(channel, cursor)[0] == []
    blog.body, blog.tag = feed(item(2, "Again", AT), item(1, "Hello", AT)).encode(), '"2"'
    assert [m.text for m in look(channel, cursor)[0]] == ["Again", "Hello"]
    assert blog.answered == [200, 200, 304, 200]
