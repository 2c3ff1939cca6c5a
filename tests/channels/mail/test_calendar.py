from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crowdalogue.channels.mail.calendar import events

INVITATION = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:1@example.com
SUMMARY:Repair visit
LOCATION:1 Example Street
DTSTART:20260301T090000Z
DTEND:20260301T100000Z
END:VEVENT
END:VCALENDAR
"""


def test_an_invitation() -> None:
    assert events(INVITATION) == [
        {
            "summary": "Repair visit",
            "start": "2026-03-01T09:00:00+00:00",
            "end": "2026-03-01T10:00:00+00:00",
            "place": "1 Example Street",
            "method": "REQUEST",
        }
    ]


def test_a_whole_day() -> None:
    day = INVITATION.replace(b"DTSTART:20260301T090000Z", b"DTSTART;VALUE=DATE:20260301")
    assert events(day)[0]["start"] == "2026-03-01"


def test_a_broken_calendar_has_no_events() -> None:
    assert events(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n") == []
    assert events(INVITATION.replace(b"20260301T090000Z", b"someday")) == []


@given(st.binary(max_size=200))
def test_no_bytes_raise(tail: bytes) -> None:
    assert isinstance(events(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + tail), list)
