"""Feeds as they are found: every dialect, broken ones, and hostile ones."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.base import NotUnderstood
from crowdalogue.channels.feeds.reader import read_feed, split

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"
 xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
<channel>
 <title>Kettle Weekly</title><atom:link href="https://kettles.example.com/feed/" rel="self"/>
 <link>https://kettles.example.com</link><language>en-GB</language>
 <item>
  <title>Brightpot 2 &amp; its lid</title>
  <media:title>Not this one</media:title>
  <link>https://kettles.example.com/brightpot-2/</link>
  <comments>https://kettles.example.com/brightpot-2/#comments</comments>
  <dc:creator><![CDATA[Noor Example]]></dc:creator>
  <pubDate>Tue, 03 Mar 2026 09:15:00 +0100</pubDate>
  <category><![CDATA[kettles]]></category><category>lids</category>
  <guid isPermaLink="false">https://kettles.example.com/?p=71</guid>
  <description>The short one&nbsp;only</description>
  <content:encoded><![CDATA[<p>The lid <b>jams</b>.</p><p>Twice&nbsp;now.</p>]]></content:encoded>
  <wfw:commentRss>https://kettles.example.com/brightpot-2/feed/</wfw:commentRss>
  <slash:comments>3</slash:comments>
  <enclosure url="/pictures/lid.jpg" length="1234" type="image/jpeg"/>
 </item>
 <item><description>No id, no title</description></item>
</channel></rss>"""

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0" xml:lang="de">
 <title type="text">Kommentare</title><link rel="alternate" href="https://blog.example.com/"/>
 <link rel="next" href="/feed?page=2"/>
 <entry>
  <id>tag:blog.example.com,2026:comment-9</id><title>Re: Deckel</title>
  <link rel="alternate" href="https://blog.example.com/deckel#c9"/>
  <link rel="replies" type="application/atom+xml" href="https://blog.example.com/deckel/replies.xml" />
  <author><name>Bo</name><uri>https://bo.example.net/</uri></author>
  <published>2026-03-01T10:00:00Z</published><updated>2026-03-01T11:00:00+00:00</updated>
  <thr:in-reply-to ref="tag:blog.example.com,2026:post-4" href="https://blog.example.com/deckel"/>
  <thr:total>2</thr:total>
  <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Meiner <em>klemmt</em> auch.</p></div></content>
 </entry>
</feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://old.example.org/"><title>Old news</title>
 <link>https://old.example.org/</link></channel>
 <item rdf:about="https://old.example.org/1"><title>One</title><link>https://old.example.org/1</link>
 <dc:date>2026-02-03T04:05:06Z</dc:date></item></rdf:RDF>"""

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Kettles in JSON",
    "home_page_url": "https://json.example.com/",
    "next_url": "https://json.example.com/feed?page=2",
    "items": [
        {
            "id": 17,
            "url": "https://json.example.com/17",
            "content_text": "A plain note",
            "date_published": "2026-03-02T08:00:00+02:00",
            "date_modified": "2026-03-02T09:00:00+02:00",
            "authors": [{"name": "Ada", "url": "https://ada.example.net/"}],
            "tags": ["steam", 4],
            "attachments": [{"url": "https://json.example.com/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 9}],
        },
        "nonsense",
    ],
}


def test_rss() -> None:
    feed = read_feed(RSS.encode(), "https://kettles.example.com/feed/")
    assert (feed.title, feed.url, feed.language) == ("Kettle Weekly", "https://kettles.example.com", "en-GB")
    first, second = feed.entries
    assert first.id == "https://kettles.example.com/?p=71"
    assert first.url == "https://kettles.example.com/brightpot-2/"
    assert first.title == "Brightpot 2 & its lid"
    assert first.html == "<p>The lid <b>jams</b>.</p><p>Twice\u00a0now.</p>"
    assert first.author == "Noor Example"
    assert first.published == datetime(2026, 3, 3, 8, 15, tzinfo=UTC)
    assert first.categories == ["kettles", "lids"]
    assert first.replies == "https://kettles.example.com/brightpot-2/feed/"
    assert first.reply_count == 3
    assert first.files == [
        {"url": "https://kettles.example.com/pictures/lid.jpg", "media_type": "image/jpeg", "bytes": 1234}
    ]
    assert second.id.startswith("said:")
    assert read_feed(RSS.encode()).entries[1].id == second.id


def test_atom() -> None:
    feed = read_feed(ATOM.encode(), "https://blog.example.com/feed")
    assert (feed.language, feed.older) == ("de", "https://blog.example.com/feed?page=2")
    [entry] = feed.entries
    assert entry.id == "tag:blog.example.com,2026:comment-9"
    assert entry.url == "https://blog.example.com/deckel#c9"
    assert entry.answers == "tag:blog.example.com,2026:post-4"
    assert (entry.author, entry.author_id) == ("Bo", "https://bo.example.net/")
    assert entry.updated == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert "Meiner <em>klemmt</em> auch." in entry.html
    assert (entry.replies, entry.reply_count) == ("https://blog.example.com/deckel/replies.xml", 2)


def test_rdf_and_json() -> None:
    [entry] = read_feed(RDF.encode()).entries
    assert (entry.id, entry.title) == ("https://old.example.org/1", "One")
    assert entry.published == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    feed = read_feed(json.dumps(JSON_FEED).encode())
    assert feed.older == "https://json.example.com/feed?page=2"
    [note] = feed.entries
    assert (note.id, note.plain, note.author_id) == ("17", "A plain note", "https://ada.example.net/")
    assert note.updated == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert note.categories == ["steam"]


@pytest.mark.parametrize("body", [RSS.encode(), ATOM.encode(), RDF.encode(), json.dumps(JSON_FEED).encode()])
def test_cut_into_parts_nothing_is_lost(body: bytes) -> None:
    whole = read_feed(body, "https://kettles.example.com/")
    parts = [read_feed(part, "https://kettles.example.com/") for part in split(body)]
    assert [e for p in parts for e in p.entries] == whole.entries
    assert {p.title for p in parts} == {whole.title}


def test_parts_are_the_same_where_only_the_head_counts_on() -> None:
    """A part names its entry; whether it came before is judged by its bytes."""
    assert split(RSS.encode()) == split(RSS.encode())
    assert len(split(RSS.encode())) == 2


def test_titles_are_plain_and_links_have_a_base() -> None:
    atom = ATOM.replace(
        "<title>Re: Deckel</title>", '<title type="html">Re: &lt;b&gt;Deckel&lt;/b&gt; &amp;amp; Co</title>'
    )
    atom = atom.replace("<entry>", '<entry xml:base="/de/">').replace("https://blog.example.com/deckel#c9", "deckel#c9")
    [entry] = read_feed(atom.encode(), "https://blog.example.com/feed").entries
    assert (entry.title, entry.url) == ("Re: Deckel & Co", "https://blog.example.com/de/deckel#c9")
    naked = ATOM.replace("<title>Re: Deckel</title>", "<title>Re: <b>Deckel</b> zwei</title>")
    assert read_feed(naked.encode()).entries[0].title == "Re: Deckel zwei"
    plain = ATOM.replace("<title>Re: Deckel</title>", "<title>A &lt;blink&gt; tag</title>")
    assert read_feed(plain.encode()).entries[0].title == "A <blink> tag"
    rss = RSS.replace("Brightpot 2 &amp; its lid", "1 &lt; 2 &amp; &lt;i&gt;more&lt;/i&gt;")
    assert read_feed(rss.encode()).entries[0].title == "1 < 2 & more"


def test_a_doctype_is_cut_away_before_the_feed_only() -> None:
    told = RSS.replace("Twice&nbsp;now.", "It began with <!DOCTYPE html [x]> here.")
    assert "DOCTYPE" in read_feed(told.encode()).entries[0].html
    started = time.monotonic()
    read_feed(("<!-- -->" * 50_000 + "<rss><channel></channel></rss>").encode())
    with pytest.raises(NotUnderstood):
        read_feed(("<!-- -->" * 50_000 + "<!DOCTYPE rss [" + "]" * 50_000).encode())
    assert time.monotonic() - started < 3


def test_html_names_of_characters_and_bare_ampersands() -> None:
    broken = "<rss><channel><item><guid>1</guid><title>Caf&eacute; &amp; tea & more</title></item></channel></rss>"
    [entry] = read_feed(broken.encode()).entries
    assert entry.title.startswith("Café & tea")


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("iso-8859-1", True),
        ("windows-1252", True),
        ("utf-16", True),
        ("cp1252", False),
        ("utf-16-le", True),
        ("utf-32-be", True),
    ],
)
def test_other_encodings(encoding: str, declared: bool) -> None:
    head = f'<?xml version="1.0" encoding="{encoding}"?>' if declared else ""
    text = head + "<rss><channel><item><guid>1</guid><title>Tür für Müller</title></item></channel></rss>"
    assert read_feed(text.encode(encoding)).entries[0].title == "Tür für Müller"


def test_cut_off_in_the_middle_keeps_what_is_whole() -> None:
    entries = read_feed(RSS.encode()[: RSS.index("<slash:comments>")]).entries
    assert entries[0].id == "https://kettles.example.com/?p=71"


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{"&" + chr(97 + n) + ";"}{("&" + chr(97 + n) + ";") * 9}">' for n in range(9))
    + '<!ENTITY file SYSTEM "file:///etc/passwd">]>'
    + "<rss><channel><title>&j;</title><item><guid>1</guid><title x='&j;'>safe &file;</title></item></channel></rss>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bombs_do_nothing(encoding: str) -> None:
    began = time.monotonic()
    try:
        feed = read_feed(BOMB.replace("utf-8", encoding).encode(encoding))
    except NotUnderstood:
        pass
    else:
        assert "root:" not in feed.entries[0].title
        assert len(feed.title) < 1000
    assert time.monotonic() - began < 2


def test_nested_deeply_and_huge() -> None:
    deep = b"<rss>" * 50_000
    began = time.monotonic()
    try:
        assert read_feed(deep).entries == []
    except NotUnderstood:
        pass
    with pytest.raises(NotUnderstood, match="larger than 20 MB"):
        read_feed(b"<rss>" + b" " * (20 << 20))
    assert time.monotonic() - began < 5


def test_many_entries_are_bounded() -> None:
    body = "<rss><channel>" + "".join(f"<item><guid>{n}</guid></item>" for n in range(6000)) + "</channel></rss>"
    assert len(read_feed(body.encode()).entries) == 5000
    assert len(split(body.encode())) == 5000


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<html><body>Hello</body></html>", "a web page"),
        (b"<svg/>", "something else"),
        (b"\x00\x01\x02", "no feed"),
        (b'{"version": 1}', "no JSON Feed"),
        (b"[1]", "not a JSON object"),
    ],
)
def test_what_is_no_feed(body: bytes, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        read_feed(body)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: f"<rss><item>{t}".encode(errors="ignore")))
def test_nothing_is_too_odd(body: bytes) -> None:
    try:
        feed = read_feed(body)
    except NotUnderstood:
        return
    assert all(e.id for e in feed.entries)
