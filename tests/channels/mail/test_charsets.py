from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crowdalogue.channels.mail.charsets import (
    clean,
    codec_of,
    decode,
    from_base64,
    from_quoted_printable,
    from_uuencode,
)

TEXTS = {
    "iso-8859-1": "Größe", "windows-1251": "Привет, мир", "koi8-r": "Привет", "gb2312": "你好，世界",
    "big5": "你好", "shift_jis": "こんにちは", "iso-2022-jp": "こんにちは", "euc-kr": "안녕하세요", "tis-620": "สวัสดี",
    "iso-8859-8-i": "שלום", "utf-8": "naïve ☕", "utf-16": "naïve", "utf-7": "naïve", "ks_c_5601-1987": "안녕",
}  # fmt: skip


@pytest.mark.parametrize(("charset", "text"), TEXTS.items())
def test_each_charset_reads_what_its_mail_programs_write(charset: str, text: str) -> None:
    python = {"iso-8859-8-i": "iso8859-8", "ks_c_5601-1987": "cp949"}.get(charset, charset)
    assert decode(text.encode(python), charset) == text
    assert decode(text.encode(python), f' "{charset.upper()}"') == text


def test_a_wrong_label_does_not_spoil_utf8() -> None:
    assert decode("Grüße aus Köln".encode(), "us-ascii") == "Grüße aus Köln"
    assert decode("Grüße aus Köln".encode(), "iso-8859-1") == "Grüße aus Köln"
    assert decode("Grüße aus Köln".encode(), "no-such-charset") == "Grüße aus Köln"


def test_no_label_is_guessed_from_the_words() -> None:
    russian = "Добрый день, мой заказ так и не пришёл, помогите пожалуйста разобраться"
    assert decode(russian.encode("cp1251")) == russian
    assert decode("Grüße".encode("latin-1")) == "Grüße"


@pytest.mark.parametrize("name", ["idna", "punycode", "unicode_escape", "raw_unicode_escape", "base64", "zip", "rot13"])
def test_codecs_that_are_no_charsets_are_not_used(name: str) -> None:
    assert codec_of(name) == ""
    assert decode(b"\\u0041 \xc3\xa9", name) == "\\u0041 é"


def test_utf8_cut_in_the_middle_of_a_letter_keeps_the_rest() -> None:
    assert decode("schöne Grüße".encode()[:-2], "utf-8") == "schöne Grü\ufffd"


@given(st.binary(max_size=400), st.text(max_size=30))
@example(b"\xff\xfe\x00", "utf-16")
def test_no_bytes_and_no_label_raise(data: bytes, charset: str) -> None:
    for name in (charset, "utf-7", "utf-16", "hz", "iso-2022-jp", "gb18030"):
        text = clean(decode(data, name))
        assert "\x00" not in text
        text.encode()  # no lone surrogates: PostgreSQL takes it


def test_clean_keeps_line_ends_and_tabs_only() -> None:
    assert clean("a\r\nb\rc\td\x00\x07\x1b\x85e\ud800") == "a\nb\nc\td\x85e"


@given(st.binary(max_size=300), st.integers(1, 90))
def test_base64_survives_line_breaks_and_lost_padding(data: bytes, width: int) -> None:
    encoded = base64.b64encode(data)
    lines = b"\r\n".join(encoded[i : i + width] for i in range(0, len(encoded), width))
    assert from_base64(lines) == data
    assert from_base64(lines.rstrip(b"=")) == data
    assert from_base64(b" !\n" + lines + b"\n\x80") == data


def test_base64_in_glued_pieces() -> None:
    assert from_base64(base64.b64encode(b"one") + b"\n" + base64.b64encode(b"eleven!")) == b"oneeleven!"
    assert from_base64(base64.b64encode(b"four") + base64.b64encode(b"five!")) == b"fourfive!"


@given(st.binary(max_size=200))
def test_decoders_take_anything(data: bytes) -> None:
    assert isinstance(from_base64(data), bytes)
    assert isinstance(from_quoted_printable(data), bytes)
    assert isinstance(from_uuencode(data), bytes)


def test_uuencode() -> None:
    assert from_uuencode(b"begin 644 a.txt\n#0V%T\n`\nend\n") == b"Cat"
