"""Reports: the figures of the pages, with definitions, n and intervals."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Router, Schema

from crowdalogue.api.keys import who
from crowdalogue.api.shapes import Word, answers
from crowdalogue.relate import reports
from crowdalogue.relate.filters import parse

router = Router()


class ReportNames(Schema):
    reports: list[str]


class ReportOut(Schema):
    """`definition` says what each figure is; `as_of` how fresh; `rows` depend on the report."""

    report: str
    definition: dict[str, str]
    filters: dict[str, Any]
    timezone: str
    too_few_below: int
    as_of: str | None
    rows: list[dict[str, Any]]


@router.get("", response=answers(ReportNames), operation_id="list_reports", summary="Which reports there are")
def list_reports(request: HttpRequest) -> ReportNames:
    who(request, "explore")
    return ReportNames(reports=list(reports.REPORTS))


@router.get("/{name}", response=answers(ReportOut), operation_id="get_report", summary="One report")
def get_report(request: HttpRequest, name: Path[Word]) -> dict[str, Any]:
    """Takes the filters of the pages' addresses: period, from, to, brand, channel, sentiment, intent, ..."""
    who(request, "explore")
    return reports.report(name, parse(request.GET))
