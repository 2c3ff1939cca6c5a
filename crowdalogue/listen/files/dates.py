"""Times as files write them: one way of writing is recognised for a column and read fast.

What a column holds is decided over a sample, because 03/04/2024 alone says nothing. A value written
another way than its column is read by slower means; one that cannot be read is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from dateutil import parser as dateutil
from dateutil import tz as dateutil_tz

EARLIEST = 1990  # before that nobody wrote to a company by any channel we know; usually a zero or a wrong century
EXCEL_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel knows no zones
MONTH_NAMES = "JanFebMarAprMayJunJulAugSepOctNovDec"
MONTHS = {MONTH_NAMES[i * 3 : i * 3 + 3]: i + 1 for i in range(12)}
NUMERIC = re.compile(
    r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})\.?"
    r"(?:[T,\s]+(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,6})\d*)?)?\s*([AaPp]\.?[Mm]\.?)?)?"
    r"\s*(Z|UTC|GMT|[-+]\d{2}:?\d{2})?$"
)
NUMBER = re.compile(r"\d{5,19}(\.\d+)?$")
ZONES = {
    name: dateutil_tz.tzoffset(name, hours * 3600)
    for name, hours in {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}.items()
} | {"CET": dateutil_tz.tzoffset("CET", 3600), "CEST": dateutil_tz.tzoffset("CEST", 7200)}

Reader = Callable[[str], datetime | None]


def iso(value: str) -> datetime | None:
    if value[4:5] != "-" and "T" not in value and len(value) != 8:
        return None  # digits in a row are a count of seconds, though Python would find a year in some
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def twitter(value: str) -> datetime | None:
    """Tue Oct 31 22:10:47 +0000 2017"""
    try:
        if value[20:25] != "+0000" or len(value) != 30:
            return None
        return datetime(
            int(value[26:]),
            MONTHS[value[4:7]],
            int(value[8:10]),
            int(value[11:13]),
            int(value[14:16]),
            int(value[17:19]),
            tzinfo=UTC,
        )
    except (ValueError, KeyError):
        return None


def rfc(value: str) -> datetime | None:
    """Tue, 31 Oct 2017 22:10:47 +0200"""
    if "," not in value[:5] and not value[:2].strip().isdigit():
        return None
    if ":" not in value or not any(month in value for month in MONTHS):
        return None
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None


def number(value: str) -> datetime | None:
    """Seconds, milliseconds or microseconds since 1970, or Excel's days since 1900."""
    if not NUMBER.match(value):
        return None
    n = float(value)
    try:
        if 20_000 <= n < 80_000:
            return EXCEL_DAY_ZERO + timedelta(seconds=round(n * 86400))
        for unit in (1, 1_000, 1_000_000, 1_000_000_000):
            if 100_000_000 <= n / unit < 10_000_000_000:
                return datetime.fromtimestamp(n / unit, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def numeric(day_first: bool) -> Reader:
    """31/10/2017 22:10, 10-31-2017, 31.10.17 22:10:47, 2017/10/31: in the given order of day and month."""

    def read(value: str) -> datetime | None:
        found = NUMERIC.match(value)
        if not found:
            return None
        a, b, c, hour, minute, second, fraction, half, zone = found.groups()
        try:
            if len(a) >= 3:
                year, month, day = int(a), int(b), int(c)
            else:
                day, month = (int(a), int(b)) if day_first else (int(b), int(a))
                year = int(c) if len(c) > 2 else 2000 + int(c) - (100 if int(c) > 69 else 0)
            h = int(hour or 0)
            if half:
                h = h % 12 + (12 if half[0] in "pP" else 0)
            micro = int((fraction or "0").ljust(6, "0"))
            when = datetime(year, month, day, h, int(minute or 0), int(second or 0), micro)  # noqa: DTZ001
        except ValueError:
            return None
        return when.replace(tzinfo=offset(zone)) if zone else when

    return read


def offset(zone: str) -> tzinfo:
    if zone[0] not in "+-":
        return UTC
    return datetime.strptime(zone.replace(":", ""), "%z").tzinfo or UTC


def anyhow(day_first: bool) -> Reader:
    """Whatever else a person may write: "31 October 2017, 10pm". Slow, so it comes last."""

    def read(value: str) -> datetime | None:
        if not 6 <= len(value) <= 60 or not any(c.isdigit() for c in value):
            return None
        try:
            default = datetime(2000, 1, 1)  # noqa: DTZ001
            one = dateutil.parse(value, dayfirst=day_first, tzinfos=ZONES, default=default)
            # A value that names no year or month would take them from the default: that is no date.
            other = dateutil.parse(
                value,
                dayfirst=day_first,
                tzinfos=ZONES,
                default=datetime(2003, 2, 2),  # noqa: DTZ001
            )
        except (ValueError, OverflowError, TypeError, AttributeError):
            return None
        return one if (one.year, one.month) == (other.year, other.month) else None

    return read


@dataclass
class Dates:
    """Reads the times of one column. `order` is dmy or mdy; naive times are in `zone`."""

    zone: tzinfo
    order: str = "dmy"
    ways: list[Reader] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.ways:
            day_first = self.order != "mdy"
            self.ways = [iso, twitter, numeric(day_first), rfc, number, anyhow(day_first)]

    def read(self, value: Any) -> datetime | None:
        """The moment, always with a zone; None where the value is empty or no time."""
        if isinstance(value, datetime):
            when: datetime | None = value
        elif isinstance(value, date):
            when = datetime(value.year, value.month, value.day)  # noqa: DTZ001
        elif value is None or value == "" or isinstance(value, bool | list | dict):
            return None
        else:
            when = self._text(value if isinstance(value, str) else number_text(value))
        if when is None:
            return None
        try:
            return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=self.zone).astimezone(UTC)
        except (OverflowError, ValueError):
            return None

    def _text(self, value: str) -> datetime | None:
        value = value.strip()
        for place, way in enumerate(self.ways):
            when = way(value)
            if when is not None:
                if 0 < place < len(self.ways) - 1:  # what fitted is tried first from now on; the slow way stays last
                    self.ways.insert(0, self.ways.pop(place))
                return when
        return None


def number_text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def likely(when: datetime, now: datetime) -> bool:
    """Neither in the future nor before anybody could have written."""
    return when.year >= EARLIEST and when <= now + timedelta(days=1)


def order_of(values: Sequence[Any], now: datetime) -> tuple[str, str]:
    """Whether day or month comes first, over a sample, and a remark where that cannot be known."""
    written = [m for v in values if isinstance(v, str) and (m := NUMERIC.match(v.strip())) and len(m[1]) < 3]
    if not written:
        return "dmy", ""
    day_first = sum(int(m[1]) > 12 for m in written)
    month_first = sum(int(m[2]) > 12 for m in written)
    if day_first and month_first:
        order = "dmy" if day_first >= month_first else "mdy"
        return order, "Some dates are written day first and some month first. Those that do not fit are remarked."
    if day_first or month_first:
        return ("dmy" if day_first else "mdy"), ""
    if "." in written[0][0]:
        return "dmy", ""  # 03.04.2024 is written where the day comes first
    order = guess(written, now)
    first = "day" if order == "dmy" else "month"
    return order, f"Dates such as {written[0][0]} can be read two ways. They are read {first} first: check them."


def guess(written: Sequence[re.Match[str]], now: datetime) -> str:
    """The order in which no date is in the future; else the one that spans less time; else day first."""
    if any(m[8] for m in written):
        return "mdy"  # am and pm come from where the month is first

    def moments(order: str) -> list[datetime]:
        read = numeric(order == "dmy")
        return [w.replace(tzinfo=UTC) for m in written if (w := read(m[0]))]

    days, months = moments("dmy"), moments("mdy")
    late = [sum(w > now + timedelta(days=1) for w in found) for found in (days, months)]
    if late[0] != late[1]:
        return "dmy" if late[0] < late[1] else "mdy"
    if len(written) > 20:
        spans = [max(found) - min(found) for found in (days, months)]
        if spans[1] * 2 < spans[0]:
            return "mdy"
    return "dmy"
