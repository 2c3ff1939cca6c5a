"""Comparisons: which labels and words set two groups of messages apart."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from crowdalogue.api.keys import who
from crowdalogue.api.shapes import answers
from crowdalogue.relate import groups
from crowdalogue.relate.filters import parse

router = Router()

Address = Annotated[str, Query("", max_length=2_000)]


class GroupOut(Schema):
    """`messages` pass the filters; the `read` newest were compared; `texts` are left without near-copies."""

    filters: str
    messages: int
    read: int
    texts: int
    authors: int


class PartOut(Schema):
    value: str
    k1: int
    n1: int
    k2: int
    n2: int


class WarningOut(Schema):
    """With the values of `by` kept apart the ratio is `ratio`, thrown together `crude`. `turned`: other direction."""

    by: str
    turned: bool
    ratio: float | None
    low: float | None
    high: float | None
    crude: float | None
    parts: list[PartOut]


class RowOut(Schema):
    """`k1` of `n1` people of the first group, `k2` of `n2` of the second. Null: too few, or beyond all bounds."""

    kind: str
    value: str
    too_few: bool
    stands: bool
    k1: int
    n1: int
    k2: int
    n2: int
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    points: float | None
    points_low: float | None
    points_high: float | None
    p: float | None
    q: float | None
    z: float | None
    warnings: list[WarningOut]


class ComparisonOut(Schema):
    """Rows by evidence, those that stand after the correction first. `refused` says why there are none."""

    one: GroupOut
    two: GroupOut
    refused: str
    method: dict[str, float]
    looks: int
    stand: int
    messages_in_both: int
    people_in_both: int
    left_out: list[str]
    unchecked: list[str]
    cautions: list[str]
    rows: list[RowOut]


@router.get("", response=answers(ComparisonOut), operation_id="compare", summary="What sets two groups apart")
def compare(
    request: HttpRequest, one: Address, two: Address, rows: Annotated[int, Query(200, ge=1, le=2_000)]
) -> dict[str, Any]:
    """`one` and `two` are filters as in the pages' addresses, such as `channel=email&period=90d`. Messages in both
    groups count in the first."""
    who(request, "explore")
    return groups.plain(groups.contrast(parse(one), parse(two)), rows=rows)
