"""Movers: which values of a dimension rose or fell against the period before, beyond chance."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from crowdalogue.api.keys import who
from crowdalogue.api.shapes import Word, answers
from crowdalogue.relate import movers
from crowdalogue.relate.filters import parse
from crowdalogue.relate.scope import Scope

router = Router()


class MoverOut(Schema):
    """`people` of `of` now and before; `ratio` of the shares with its 95 % interval, null where it is without bound.

    `moved` is rose, fell, or empty where it is within chance; `q` the least rate at which it would still stand.
    """

    moved: str
    value: str
    people: int
    of: int
    people_before: int
    of_before: int
    messages: int
    messages_before: int
    ratio: float | None
    low: float | None
    high: float | None
    q: float | None


class MoversOut(Schema):
    """`filters` and `before` are the two periods; `looks` values were tested, `too_few` have too few people to say."""

    by: str
    label: str
    definition: str
    filters: str
    before: str
    as_of: str | None
    refused: str
    false_discovery_rate: float
    looks: int
    too_few: int
    people: int
    people_before: int
    rows: list[MoverOut]


@router.get("", response=answers(MoversOut), operation_id="get_movers", summary="What rose and fell beyond chance")
def get_movers(
    request: HttpRequest,
    by: Word = "topic",
    filters: Annotated[str, Query("", max_length=2_000)] = "",
    rows: Annotated[int, Query(200, ge=1, le=2_000)] = 200,
) -> dict[str, Any]:
    """`filters` are those of the pages' addresses, such as `period=7d&brand=Tallowmere`."""
    who(request, "explore")
    return movers.plain(Scope.of(parse(filters)), by, rows=rows)
