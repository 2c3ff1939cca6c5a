"""Categories over time: the weekly trend, counted and corrected, and history judged anew."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router, Schema

from crowdalogue.analyze import categories_judged
from crowdalogue.api.categories import ShareOut, one, record
from crowdalogue.api.keys import who
from crowdalogue.api.shapes import Id, answers
from crowdalogue.errors import Refused
from crowdalogue.flow import categories as verbs
from crowdalogue.models import Category, CategoryReplay

router = Router()


class WeekOut(Schema):
    """`share` as counted; `corrected` without the errors of `versions`, null where it cannot be corrected."""

    week: date
    judged: int
    caught: int
    share: float
    versions: list[int]
    corrected: ShareOut | None


class TrendOut(Schema):
    items: list[WeekOut]


@router.get(
    "/{int:category_id}/weeks", response=answers(TrendOut), operation_id="list_category_weeks", summary="The trend"
)
def list_weeks(request: HttpRequest, category_id: Path[Id]) -> TrendOut:
    weeks = categories_judged.trend(one(request, category_id), timezone.now())
    return TrendOut(items=[week_shown(week) for week in weeks])


def week_shown(week: categories_judged.Week) -> WeekOut:
    c = week.corrected
    corrected = ShareOut(value=c.value, low=c.low, high=c.high, n=week.judged) if c else None
    return WeekOut(
        week=week.week,
        judged=week.judged,
        caught=week.caught,
        share=week.caught / week.judged,
        versions=list(week.versions),
        corrected=corrected,
    )


class ReplayOut(Schema):
    """`weeks` are Mondays with [judged, in it before, in it after, came in, went out]."""

    id: int
    version: int
    state: str
    why: str
    judged: int
    total: int
    weeks: dict[str, list[int]]
    started_at: datetime
    ended_at: datetime | None


def replay_shown(row: CategoryReplay) -> ReplayOut:
    weeks = {week: counts[:5] for week, counts in row.weeks.get("counts", {}).items()}
    names = ("state", "why", "judged", "total", "started_at", "ended_at")
    return ReplayOut(id=row.pk, version=row.version.number, weeks=weeks, **{name: getattr(row, name) for name in names})


@router.get(
    "/{int:category_id}/replay", response=answers(ReplayOut), operation_id="get_category_replay", summary="History"
)
def get_replay(request: HttpRequest, category_id: Path[Id]) -> ReplayOut:
    return replay_shown(newest_replay(one(request, category_id)))


def newest_replay(row: Category) -> CategoryReplay:
    found = row.replays.select_related("version").first()
    if found is None:
        raise Refused("Nobody had history judged yet.", status=404)
    return found


@router.post(
    "/{int:category_id}/replay/{deed}",
    response=answers(ReplayOut),
    operation_id="replay_category",
    summary="Judge all history: start, stop or resume",
)
def replay(request: HttpRequest, category_id: Path[Id], deed: Path[Literal["start", "stop", "resume"]]) -> ReplayOut:
    row, user = one(request, category_id, "manage"), who(request)
    if deed == "start":
        verbs.replay_category(user, row)
    elif deed == "stop":
        verbs.stop_replay(user, row)
    else:
        verbs.resume_replay(newest_replay(row))
    record(user, row, f"history: {deed}")
    return replay_shown(newest_replay(row))
