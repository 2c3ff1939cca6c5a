"""What happens to the company in its ninety days, and when people talk. Numbers only; no words, no rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

DAYS = 90
KINDS = ("email", "webchat", "social", "review", "phone", "store")


@dataclass(frozen=True)
class Defect:
    """A lot whose seal leaks: complaints, returns and service contacts rise together."""

    product: str = "Fathom Blender"
    lot: str = "F-2207"
    first_day: int = 42  # orders from this day on are from the lot
    last_day: int = 76
    share: float = 0.75  # of the product's orders then
    fails: float = 0.42


@dataclass(frozen=True)
class Rumour:
    """People repeat that a product listens in. Nobody returns it for that."""

    product: str = "Pebble Speaker"
    first_day: int = 57
    peak_day: int = 60
    last_day: int = 68
    posts: int = 420


@dataclass(frozen=True)
class Failure:
    """A carrier's depot stands still: what it took over that week comes late."""

    carrier: str = "Swiftmoor"
    first_day: int = 68
    last_day: int = 75
    late_share: float = 0.85
    delay: tuple[int, int] = (5, 12)  # days


DEFECT, RUMOUR, FAILURE = Defect(), Rumour(), Failure()
BASE_LATE = 0.045

# Share of a day's messages by local hour: quiet nights, a rise over lunch, busy evenings.
HOURS = (4, 2, 1, 1, 1, 2, 6, 14, 26, 34, 38, 40, 44, 42, 38, 36, 38, 44, 56, 66, 70, 58, 34, 14)
WEEKDAYS = (1.18, 1.08, 1.02, 1.0, 0.94, 0.82, 0.9)  # Monday first
OPEN = {5: (10, 18), 6: (10, 18)}  # when agents are there; other days:
OPEN_WEEKDAY = (7, 22)


def season(day: int) -> float:
    """A slow rise over the quarter, and a sale around day 30."""
    return 0.85 + 0.3 * day / DAYS + 0.45 * math.exp(-((day - 30) ** 2) / 18)


def moment(random: Random, start: datetime, day: float) -> datetime:
    """A time on that day as people are awake; `start` is the midnight of day 0."""
    hour = random.choices(range(24), HOURS)[0]
    return start + timedelta(days=int(day), hours=hour, minutes=random.random() * 60)


def weight_of(day: int, start: datetime) -> float:
    return season(day) * WEEKDAYS[(start + timedelta(days=day)).weekday()]


def rumour_day(random: Random) -> int:
    """Up in three days, down in eight."""
    peak = RUMOUR.peak_day - RUMOUR.first_day
    return RUMOUR.first_day + round(random.triangular(0, RUMOUR.last_day - RUMOUR.first_day, peak))


def in_failure(day: float, carrier: str) -> bool:
    return carrier == FAILURE.carrier and FAILURE.first_day <= day <= FAILURE.last_day


def in_lot(random: Random, day: float, product: str) -> bool:
    return product == DEFECT.product and DEFECT.first_day <= day <= DEFECT.last_day and random.random() < DEFECT.share


def at_work(when: datetime) -> bool:
    opens, closes = OPEN.get(when.weekday(), OPEN_WEEKDAY)
    return opens <= when.hour < closes


def next_shift(when: datetime) -> datetime:
    """`when`, or when agents are there next."""
    while not at_work(when):
        opens = OPEN.get(when.weekday(), OPEN_WEEKDAY)[0]
        day = when if when.hour < opens else when + timedelta(days=1)
        opens = OPEN.get(day.weekday(), OPEN_WEEKDAY)[0]
        when = day.replace(hour=opens, minute=0, second=0, microsecond=0)
    return when


# Median minutes to an answer while agents are there, and the spread (of the logarithm).
PACE = {
    "email": (21, 1.25),
    "webchat": (1.6, 0.8),
    "social": (17, 1.3),
    "review": (900, 0.9),
    "phone": (6, 0.5),
    "store": (5, 0.5),
}
# Share that is never answered: reviews and posts often need none.
SILENCE = {"email": 0.06, "webchat": 0.05, "social": 0.22, "review": 0.62, "phone": 0.07, "store": 0.03}


def answered_at(random: Random, kind: str, asked: datetime, day: float) -> datetime:
    """When an agent answers. In the week of the carrier's failure everybody waits longer."""
    median, spread = PACE[kind]
    minutes = median * math.exp(random.gauss(0, spread))
    if FAILURE.first_day + 2 <= day <= FAILURE.last_day + 3 and kind in ("email", "social"):
        minutes *= 2.6
    start = next_shift(asked)
    waited = min(minutes, 4320) if start == asked else min(minutes, 240) + random.random() * 40
    return start + timedelta(minutes=max(0.3, waited))
