from __future__ import annotations

import base64

from crowdalogue.channels.mail.body import Body, gather
from crowdalogue.channels.mail.reader import Budget, read


def body(mail: str | bytes, decoded: int = 1_000_000) -> Body:
    return gather(read(mail.encode() if isinstance(mail, str) else mail), Budget(decoded=decoded))


def parts(kind: str, *inner: str) -> str:
    """A multipart of a kind; its boundary is as long as it is deep, so that it can hold others."""
    mark = "=" + "b" * (1 + max((part.count("boundary") for part in inner), default=0))
    return (
        f'Content-Type: multipart/{kind}; boundary="{mark}"\n\n'
        + "".join(f"--{mark}\n{part}\n" for part in inner)
        + f"--{mark}--\n"
    )


PLAIN = "Content-Type: text/plain\n\nplain words"
HTML = "Content-Type: text/html\n\n<p>rich words</p>"
IMAGE = "Content-Type: image/png; name=a.png\nContent-ID: <img1@x>\nContent-Disposition: inline\n\nPNG"
PDF = 'Content-Type: application/pdf\nContent-Disposition: attachment; filename="r.pdf"\n\nPDF'


def test_one_text() -> None:
    assert body("Subject: x\n\nhello").texts == [("text", "hello")]
    assert body(HTML).htmls == [("html", "<p>rich words</p>")]


def test_alternatives() -> None:
    found = body(parts("alternative", PLAIN, HTML))
    assert found.texts == [("text", "plain words")]
    assert found.htmls == [("html", "<p>rich words</p>")]


def test_an_empty_plain_alternative_gives_way() -> None:
    found = body(parts("alternative", "Content-Type: text/plain\n\n \n", HTML))
    assert found.texts == [("html", "<p>rich words</p>")]


def test_images_inside_the_html() -> None:
    found = body(parts("alternative", PLAIN, parts("related", HTML, IMAGE)))
    assert found.texts == [("text", "plain words")]
    assert found.htmls == [("html", "<p>rich words</p>")]
    assert [(a.name, a.content_id, a.inline, a.content) for a in found.attachments] == [
        ("a.png", "img1@x", True, b"PNG")
    ]


def test_mixed_texts_and_files_in_order() -> None:
    found = body(parts("mixed", parts("alternative", PLAIN, HTML), PDF, "Content-Type: text/plain\n\nfooter"))
    assert found.texts == [("text", "plain words"), ("text", "footer")]
    assert [(a.name, a.media_type, a.inline) for a in found.attachments] == [("r.pdf", "application/pdf", False)]


def test_a_text_file_is_a_file() -> None:
    named = 'Content-Type: text/plain; name="notes.txt"\n\nx'
    marked = "Content-Type: text/plain\nContent-Disposition: attachment\n\nx"
    found = body(parts("mixed", PLAIN, named, marked))
    assert found.texts == [("text", "plain words")]
    assert [a.name for a in found.attachments] == ["notes.txt", "attachment-2.txt"]


def test_a_mail_inside_is_a_file_named_by_its_subject() -> None:
    inside = "Content-Type: message/rfc822\n\nSubject: Old / order?\n\nold words"
    found = body(parts("mixed", PLAIN, inside))
    assert [(a.name, a.media_type) for a in found.attachments] == [("Old _ order.eml", "message/rfc822")]
    assert found.texts == [("text", "plain words")]


def test_names_cannot_leave_their_folder() -> None:
    found = body(parts("mixed", PLAIN, 'Content-Type: a/b; name="../../etc/passwd"\n\nx'))
    assert [a.name for a in found.attachments] == ["passwd"]
    found = body(parts("mixed", PLAIN, 'Content-Type: a/b; name="C:\\\\x\\\\y.doc"\n\nx'))
    assert [a.name for a in found.attachments] == ["y.doc"]


def test_what_is_too_large_is_named_and_left_empty() -> None:
    big = base64.encodebytes(b"x" * 5000).decode()
    found = body(
        parts("mixed", PLAIN, f"Content-Type: a/b; name=big.bin\nContent-Transfer-Encoding: base64\n\n{big}", PDF), 4000
    )
    assert [(a.name, a.content) for a in found.attachments] == [("big.bin", b""), ("r.pdf", b"PDF")]
    assert found.too_large == ["big.bin"]


def test_flowed_text() -> None:
    flowed = "Content-Type: text/plain; format=flowed{}\n\nIt never \ncame.\n> old \n> words\n-- \nAnn"
    assert body(flowed.format("")).texts == [("text", "It never came.\n> old words\n-- \nAnn")]
    assert body(flowed.format("; delsp=yes")).texts == [("text", "It nevercame.\n> oldwords\n-- \nAnn")]


def test_the_charset_named_in_the_html() -> None:
    page = "<meta charset=windows-1251><p>Привет</p>".encode("cp1251")
    assert "Привет" in body(b"Content-Type: text/html\n\n" + page).htmls[0][1]


def test_enriched_text() -> None:
    assert body("Content-Type: text/enriched\n\nso <bold>cool</bold><param>red</param>").texts == [("text", "so cool")]


def test_invitations_are_files_and_events() -> None:
    found = body(parts("alternative", PLAIN, "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"))
    assert [a.name for a in found.attachments] == ["invite.ics"]
    assert found.calendars == [b"BEGIN:VCALENDAR"]
