"""Tables: any measure by any dimension, as Explore shows it."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from crowdalogue.api.keys import who
from crowdalogue.api.shapes import Word, answers
from crowdalogue.relate import measures, tables
from crowdalogue.relate.filters import parse

router = Router()

Address = Annotated[str, Query("", max_length=2_000)]


class MeasureOut(Schema):
    """`unit` is count, share (0 to 1) or seconds; `by` what it can be split by."""

    name: str
    label: str
    unit: str
    definition: str
    by: list[str]


class MeasuresOut(Schema):
    measures: list[MeasureOut]


class TableOut(Schema):
    """`rows` have the dimensions and `n`; of a share or a time also `value`, its 95 % interval `low` to `high`, and
    `few`: then n is below `too_few_below` and no value is given. A dimension is null where a message has none of it.
    `whole` is all together. `cut_off`: there are more rows than are given.
    """

    measure: str
    label: str
    unit: str
    by: list[str]
    definition: str
    filters: str
    timezone: str
    too_few_below: int
    as_of: str | None
    whole: dict[str, Any]
    cut_off: bool
    rows: list[dict[str, Any]]


@router.get("", response=answers(MeasuresOut), operation_id="list_measures", summary="What can be measured, by what")
def list_measures(request: HttpRequest) -> MeasuresOut:
    who(request, "explore")
    found = [
        MeasureOut(name=m.name, label=m.label, unit=m.unit, definition=m.definition, by=list(measures.dimensions(m)))
        for m in measures.ALL
    ]
    return MeasuresOut(measures=found)


@router.get("/{measure}", response=answers(TableOut), operation_id="get_table", summary="One measure by one or two")
def get_table(
    request: HttpRequest, measure: Path[Word], filters: Address, by: Word = "", across: Word = ""
) -> dict[str, Any]:
    """The rows of Explore's CSV. `filters` are those of the pages' addresses, such as `channel=email&period=90d`."""
    who(request, "explore")
    return tables.plain(measure, by, across, parse(filters))
