from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.mail.quotes import cut
from crowdalogue.channels.mail.text import as_html, clean_html, html_to_text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>steal()</script>", "<img src=x onerror=steal()>", "<a href='javascript:steal()'>x</a>",
        "<svg onload=steal()>", "<iframe src='https://example.com'></iframe>", "<style>body{display:none}</style>",
        "<form action='https://example.com'><input name=password></form>", "<object data=x></object>",
        "<a href='data:text/html,<script>steal()</script>'>x</a>", "<base href='https://example.com'>",
        "<link rel=stylesheet href='https://example.com'>", "<meta http-equiv=refresh content='0;url=x'>",
        "<p style='position:fixed;top:0'>x</p>", "<p style='background:url(https://example.com/t.gif)'>x</p>",
        "<div style='display:none'>x</div>", "<math><mi//xlink:href='data:x,steal()'>",
        "<noscript><p title='</noscript><img src=x onerror=steal()>'>", "<a href=' java\tscript:steal()'>x</a>",
        "<table background='https://example.com/t.gif'><tr><td>x</table>", "<img srcset='https://example.com/t.gif'>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='>", "<video src='https://example.com' autoplay></video>",
    ],
)  # fmt: skip
def test_nothing_runs_loads_or_covers(hostile: str) -> None:
    cleaned = clean_html(f"<p>before</p>{hostile}<p>after</p>").casefold()
    for word in ("script", "steal", "onerror", "onload", "iframe", "url(", "position", "display", "example.com", "form",
                 "svg", "<style", "meta", "srcset"):  # fmt: skip
        assert word not in cleaned.replace("<p>before</p>", "").replace("<p>after</p>", "")


def test_remote_images_are_kept_but_not_fetched() -> None:
    cleaned = clean_html('<img src="https://example.com/a.png" alt="A"><img SRC=//example.com/b.png>')
    assert " src=" not in cleaned
    assert cleaned.count("data-src=") == 2
    assert 'data-src="https://example.com/a.png"' in cleaned


def test_images_of_the_mail_itself_are_kept() -> None:
    cleaned = clean_html('<img src="cid:a@b"><img src="data:image/png;base64,AAAA">')
    assert 'src="cid:a@b"' in cleaned
    assert 'src="data:image/png;base64,AAAA"' in cleaned


def test_links_open_apart_and_say_nothing_of_us() -> None:
    cleaned = clean_html('<a href="https://example.com/?a=1&b=2" onclick="x()">shop</a>')
    assert 'href="https://example.com/?a=1&amp;b=2"' in cleaned
    assert 'rel="noopener noreferrer nofollow"' in cleaned
    assert 'target="_blank"' in cleaned


@given(st.text(max_size=300))
def test_cleaning_is_stable_and_never_raises(text: str) -> None:
    once = clean_html(text)
    assert "<script" not in once.casefold()
    assert clean_html(as_html(text)).count("<div>") == 1


def test_text_as_a_reader_sees_it() -> None:
    source = (
        "<html><head><title>T</title><style>p{}</style></head><body><h1>Order</h1><p>It <b>never</b>\n came.</p>"
        "<ul><li>one<li>two</ul><table><tr><td>a</td><td>b</td></tr></table>x<br>y<!-- hidden -->"
        "<pre>1\n  2</pre></body>"
    )
    assert html_to_text(source) == "Order\n\nIt never came.\n\n- one\n- two\n\na b\n\nx\ny\n\n1\n  2"


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote"><div>Ann wrote</div><blockquote>Old</blockquote></div>',
        '<div class="moz-cite-prefix">Ann wrote:</div><blockquote type="cite">Old</blockquote>',
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">Ann</div><div>Old</div>',
        '<div class="yahoo_quoted"><div>Ann</div><div>Old</div></div>',
        '<blockquote class="protonmail_quote">Old</blockquote>',
        '<div name="quote" style="margin:10px">Old</div>',
        '<div id="x_divRplyFwdMsg">Ann</div><p>Old</p>',
        "<blockquote>Old</blockquote>",
    ],
)
def test_quotes_of_mail_programs_are_marked(quote: str) -> None:
    text = html_to_text(f"<div>Mine</div>{quote}")
    assert "Mine" in text.split("\n")
    assert all(line.startswith(">") for line in text.split("\n") if "Old" in line)
    assert cut(text).text == "Mine"


def test_an_indented_paragraph_is_no_quote() -> None:
    source = '<p>See:</p><blockquote style="margin:0 0 0 40px;border:none;padding:0px">my words</blockquote>'
    assert cut(html_to_text(source)).text == "See:\n\nmy words"


def test_a_forwarded_mail_in_gmails_quote_is_the_message() -> None:
    source = '<div>See</div><div class="gmail_quote">---------- Forwarded message ---------<br>From: Ann<br>News</div>'
    assert "News" in cut(html_to_text(source)).text


def test_signatures_of_mail_programs() -> None:
    for mark in ('class="gmail_signature"', 'id="Signature"', 'class="moz-signature"', 'data-signatureblock="true"'):
        assert cut(html_to_text(f"<div>Mine</div><div {mark}>Ann<br>Head of Nothing</div>")).text == "Mine"


@given(st.lists(st.sampled_from(["<div>", "</div>", "<p", ">", "<!--", "<?xml", "a", "&#0;", "<b>", "<td>", "'", "="])))
def test_no_html_raises(pieces: list[str]) -> None:
    text = html_to_text("".join(pieces))
    assert "\x00" not in text
    clean_html("".join(pieces))


def test_hostile_html_is_read_in_time() -> None:
    begun = time.process_time()
    for source in (
        "<div>" * 100_000,
        "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">x",
        "<?xml" + " " * 100_000,
        "<a href='" * 30_000,
        "<b>" * 900 + "<p>x" * 20_000,
        "<" * 300_000,
    ):
        html_to_text(source)
        clean_html(source)
    assert time.process_time() - begun < 10


# Whole replies as mail programs write them: what the writer wrote is "Yes please." in each.
REPLIES = {
    "outlook on the web": '<div class="elementToProof">Yes please.</div><div id="Signature">Ann<br>Head</div>'
    '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Help</div><div>Old</div>',
    "outlook": "<div class=WordSection1><p class=MsoNormal>Yes please.</p><div style='border-top:solid #E1E1E1 1.0pt'>"
    "<p><b>Von:</b> Help &lt;help@example.com&gt;<br><b>Gesendet:</b> Montag<br><b>An:</b> Ann<br><b>Betreff:</b> x</p>"
    "</div><p>Old</p></div>",
    "gmail, answered below": '<div class="gmail_quote">'
    '<div class="gmail_attr">On Mon, Jan 5, 2026 Help wrote:<br></div>'
    '<blockquote class="gmail_quote">Old<blockquote>Older</blockquote>Old</blockquote><div>Yes please.</div></div>',
    "apple": "Yes please.<br><div>Sent from my iPhone</div><blockquote type=cite>On 5 Jan 2026, Help wrote:<br>"
    "</blockquote><blockquote type=cite>Old</blockquote>",
    "yahoo": '<div>Yes please.</div><div id="ydp1yahoo_quoted_1" class="ydp1yahoo_quoted">'
    "<div>On Monday Help wrote:</div>"
    "<div>Old</div></div>",
    "proton": '<div>Yes please.</div><div class="protonmail_signature_block">Sent with Proton</div>'
    '<div class="protonmail_quote">On Monday Help wrote:<br><blockquote>Old</blockquote></div>',
    "gmx": '<div>Yes please.</div><div name="quote">Gesendet: Montag<br>Von: Help'
    '<div name="quoted-content">Old</div></div>',
    "thunderbird": '<p>Yes please.</p><div class="moz-signature">-- <br>Ann</div>'
    '<div class="moz-cite-prefix">Am 05.01.26 '
    'um 09:15 schrieb Help:</div><blockquote type="cite">Old</blockquote>',
    "samsung": "<div>Yes please.</div><div>Von meinem Galaxy gesendet</div>"
    "<div>-------- Ursprüngliche Nachricht --------"
    "</div><div>Von: Help</div><div>Datum: 05.01.26</div>Old",
    "zoho": '<div>Yes please.</div><div class="zmail_extra">---- On Mon, 05 Jan 2026 Help wrote ---<br>'
    "<blockquote>Old</blockquote></div>",
    "qq": "<div>Yes please.</div><div>------------------ Original ------------------</div><div><b>From: </b>Help&lt;"
    "help@example.com&gt;;<br><b>Date: </b>Mon, Jan 5, 2026<br><b>To: </b>Ann<br><b>Subject: </b>x</div><div>Old</div>",
    "spark": '<div name="messageBodySection">Yes please.</div><div name="messageSignatureSection">Ann</div>'
    '<div name="messageReplySection">On 5 Jan 2026, 09:15 +0100, Help &lt;help@example.com&gt;, wrote:<br>'
    "<blockquote type=cite>Old</blockquote></div>",
    "roundcube": '<p>Yes please.</p><div id="signature">-- <br>Ann</div>'
    '<p id="reply-intro">On 2026-01-05 Help wrote:</p>'
    '<blockquote type="cite">Old</blockquote>',
}


@pytest.mark.parametrize("program", REPLIES)
def test_replies_of_mail_programs(program: str) -> None:
    found = cut(html_to_text(REPLIES[program]))
    assert found.text.split() == ["Yes", "please."]
    assert "Old" in found.quoted
