"""The parts of a post of Discourse: Markdown and HTML, quotes, files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.base import NotUnderstood
from crowdalogue.channels.discourse_reading import attachments, text_and_quotes

BASE = "https://forum.example.com"
COOKED = """<aside class="quote no-group" data-username="kit"><div class="title">
<img alt="" width="24" src="/user_avatar/kit/48/2.png" class="avatar"> kit:</div>
<blockquote><p>Does it leak?</p></blockquote></aside>
<p>Yes <img src="/images/emoji/twitter/cry.png" title=":cry:" class="emoji" alt=":cry:">, see
<a class="attachment" href="/uploads/short-url/abc.pdf">the bill.pdf</a> (12 KB)</p>
<p><img src="//cdn.example.net/1X/leak.png" alt="leak" width="690"></p>
<img class="site-icon" src="/icon.png"><a href="/other">x</a><a class="attachment" href="javascript:alert(1)">bad</a>"""


def test_html_without_markdown() -> None:
    text, quoted = text_and_quotes({"cooked": COOKED})
    assert text.startswith("Yes :cry:, see\nthe bill.pdf (12 KB)")
    assert "Does it leak?" not in text and "Does it leak?" in quoted


def test_files_of_the_post_itself() -> None:
    found = [(a.name, a.media_type, a.url) for a in attachments({"cooked": COOKED}, BASE)]
    assert found == [
        ("the bill.pdf", "application/octet-stream", "https://forum.example.com/uploads/short-url/abc.pdf"),
        ("leak", "image/png", "https://cdn.example.net/1X/leak.png"),
    ]


def test_quotes_in_quotes_and_files_in_markdown() -> None:
    raw = (
        '[quote="a, post:1, topic:2"]outer [quote="b"]inner[/quote] rest[/quote]\n'
        "Mine [bill.pdf|attachment](upload://x.pdf) (12.5 KB)\n![|10x10](upload://y.png)"
    )
    text, quoted = text_and_quotes({"raw": raw})
    assert text == "Mine [bill.pdf]\n[file]"
    assert "inner" in quoted and "outer" in quoted
    assert text_and_quotes({"raw": "[quote] never closed"})[0] == "[quote] never closed"


@given(st.text(alphabet=st.sampled_from("[]/quote=\"' \nabc<>!()|:"), max_size=200))
def test_whatever_is_written_is_read(raw: str) -> None:
    for post in ({"raw": raw}, {"cooked": raw}):
        text, quoted = text_and_quotes(post)
        assert isinstance(text, str) and isinstance(quoted, str)
        try:
            attachments(post, BASE)
        except NotUnderstood as fault:
            assert fault.text


def test_it_stays_quick() -> None:
    text, _ = text_and_quotes({"raw": "[quote]" * 20_000})
    assert len(text) == 140_000
