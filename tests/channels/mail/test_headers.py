from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.mail.headers import (
    message_ids,
    parameters,
    parse_addresses,
    parse_date,
    raw_text,
    sensible,
    words,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
# How many of the field-level cases agree, and (docs/email.md) why the others do not. Never fewer.
AGREE = {
    "address": (42, 60), "date": (38, 40), "id": (11, 11), "list": (7, 7), "unstructured": (29, 30),
    "content_type": (89, 103), "received": (171, 181),
}  # fmt: skip


def _value(header: str) -> str:
    """A header's value ends where no folded line follows."""
    found = re.match(r"[^\n]*(?:\n[ \t][^\n]*)*", header)
    return found[0] if found else ""


def _addresses(expected: dict[str, Any]) -> list[tuple[str, str]]:
    plain = expected.get("List") or [a for group in expected.get("Group", []) for a in group["addresses"]]
    return [(a["name"] or "", a["address"] or "") for a in plain]


def _when(expected: dict[str, Any] | None) -> tuple[int, ...] | None:
    if not expected:
        return None
    minutes = expected["tz_hour"] * 60 + expected["tz_minute"]
    names = ("year", "month", "day", "hour", "minute", "second")
    return (*(expected[name] for name in names), -minutes if expected["tz_before_gmt"] else minutes)


def _parsed(value: str) -> tuple[int, ...] | None:
    when = parse_date(value)
    if when is None:
        return None
    offset = when.utcoffset() or timedelta()
    return (*when.timetuple()[:6], int(offset.total_seconds() // 60))


def _typed(expected: dict[str, Any] | None) -> tuple[str, dict[str, str]]:
    if not expected:
        return "", {}
    main = "/".join(part for part in (expected["c_type"], expected["c_subtype"]) if part)
    pairs = [p if isinstance(p, list) else (p["name"], p["value"]) for p in expected.get("attributes") or []]
    return main, {name: value for name, value in pairs if not name.endswith("-language")}


def _agrees(kind: str, header: str, expected: Any) -> bool:
    value = _value(header)
    if kind == "address":
        return parse_addresses(value) == _addresses(expected)
    if kind == "date":
        return _parsed(header) == _when(expected)
    if kind == "received":
        return _parsed(header) == _when((expected or {}).get("date"))
    if kind == "id":
        return message_ids(value) == (expected or [])
    if kind == "list":
        return [w for w in map(words, value.split(",")) if w] == expected
    if kind == "unstructured":
        return words(value) == expected
    return parameters(value) == _typed(expected)


@pytest.mark.parametrize("kind", AGREE)
def test_field_level_cases(kind: str, data: Path) -> None:
    cases = json.loads((data / "mail" / f"{kind}.json").read_text())
    differing = [case["header"] for case in cases if not _agrees(kind, case["header"], case["expected"])]
    print(f"{kind}: {len(cases) - len(differing)} of {len(cases)} agree")
    for header in differing:
        print("  differs:", repr(header[:150]))
    agreed, total = AGREE[kind]
    assert len(cases) == total
    assert len(cases) - len(differing) >= agreed


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=60))
def test_encoded_words_round_trip(text: str) -> None:
    text = " ".join(text.split())
    encoded = Header(text, "utf-8", maxlinelen=40).encode()
    assert words(encoded) == words(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?B?w7w=?= x", "ü x"),
        ("=?ISO-8859-1?Q?Gr=FC=DFe?=", "Grüße"),
        ("=?utf-8?q?cut_=C3?= =?utf-8?q?=BC_letter?=", "cut ü letter"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?no-such?q?=C3=BC?=", "ü"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?utf-8?q?nul=00line=0Aend?=", "nulline end"),
    ],
)
def test_words(written: str, read: str) -> None:
    assert words(written) == read


def test_raw_bytes_in_headers() -> None:
    assert raw_text("Müller".encode()) == "Müller"
    assert raw_text("Müller".encode("latin-1")) == "Müller"
    assert raw_text("Привет".encode("koi8-r"), "koi8-r") == "Привет"


def test_a_name_with_an_unquoted_comma_is_one_person() -> None:
    assert parse_addresses("Doe, John <john@example.com>, ann@example.org") == [
        ("Doe, John", "john@example.com"),
        ("", "ann@example.org"),
    ]


def test_addresses_as_mail_programs_write_them() -> None:
    assert parse_addresses("'Ann' <mailto:ann@example.com>") == [("'Ann'", "ann@example.com")]
    assert parse_addresses("ann@example.com (Ann Miller)") == [("Ann Miller", "ann@example.com")]
    assert parse_addresses("Ann Miller ann@example.com") == [("Ann Miller", "ann@example.com")]
    assert parse_addresses('"Miller, Ann" <ann@example.com>; bob@example.com') == [
        ("Miller, Ann", "ann@example.com"),
        ("", "bob@example.com"),
    ]
    assert parse_addresses("undisclosed-recipients:;") == []
    assert parse_addresses("<>") == []


@given(st.datetimes(datetime(1991, 1, 1), datetime(2030, 1, 1)), st.integers(-14 * 4, 14 * 4))
def test_dates_round_trip(when: datetime, quarters: int) -> None:
    from datetime import timezone

    aware = when.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters)))
    assert parse_date(format_datetime(aware)) == aware


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06 07:08:09 +0200", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)),
        ("Mon, 6 May 2024 07:08:09 EST", datetime(2024, 5, 6, 12, 8, 9, tzinfo=UTC)),
        ("Mon,06 May 24 07:08 GMT", datetime(2024, 5, 6, 7, 8, tzinfo=UTC)),
        ("Thu, 02 Apr 2020 07:53:55.516 +0000 (UTC)", datetime(2020, 4, 2, 7, 53, 55, tzinfo=UTC)),
        ("yesterday", None),
        ("Mon, 99 May 2024 07:08:09 +0000", None),
        ("", None),
    ],
)
def test_dates(written: str, read: datetime | None) -> None:
    assert parse_date(written) == read


def test_absurd_dates_do_not_count() -> None:
    assert sensible(datetime(1970, 1, 1, tzinfo=UTC), NOW) is None
    assert sensible(NOW + timedelta(days=3), NOW) is None
    assert sensible(NOW + timedelta(days=1), NOW) == NOW + timedelta(days=1)


def test_file_names_in_every_encoding() -> None:
    assert parameters("attachment; filename*=utf-8''na%C3%AFve%20plan.pdf")[1] == {"filename": "naïve plan.pdf"}
    assert parameters('a/b; name*0="one "; name*1="two.pdf"')[1] == {"name": "one two.pdf"}
    assert parameters("a/b; name==?utf-8?q?na=C3=AFve=2Epdf?=")[1] == {"name": "naïve.pdf"}
    assert parameters('a/b; name="C:\\\\temp\\\\x.pdf"; size=3')[1] == {"name": "C:\\temp\\x.pdf", "size": "3"}
    assert parameters("text/plain; charset=utf-8; format=flowed") == (
        "text/plain",
        {"charset": "utf-8", "format": "flowed"},
    )
    assert parameters('multipart/mixed; boundary="=_a;b(c)"')[1] == {"boundary": "=_a;b(c)"}
    assert parameters("multipart/mixed; boundary==_abc=_; x=y")[1] == {"boundary": "=_abc=_", "x": "y"}


@given(st.text(max_size=300))
def test_nothing_raises(text: str) -> None:
    parameters(text)
    words(text)
    parse_addresses(text)
    parse_date(text)
    message_ids(text)


@given(st.text(alphabet="=?utf-8qbB<>@(),;:\"\\ \n*'0a", max_size=200))
def test_nothing_raises_on_marks_either(text: str) -> None:
    test_nothing_raises.hypothesis.inner_test(text)  # type: ignore[attr-defined]
