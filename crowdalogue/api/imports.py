"""Imports: files of past messages, filed by the worker."""

from __future__ import annotations

import json
import re
import secrets
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from ninja import File, Form, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile

from crowdalogue.api import cursors
from crowdalogue.api.keys import fetch, who
from crowdalogue.api.shapes import Id, Page, Paging, answers
from crowdalogue.errors import Refused
from crowdalogue.listen import imports
from crowdalogue.models import Account, Brand, Import

router = Router()


class ImportOut(Schema):
    """`position` of about `rows` are dealt with; `counts` holds what was new, repeated and failed."""

    id: int
    name: str
    state: str
    reason: str
    account: int | None
    size: int
    position: int
    rows: int | None
    counts: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None


def import_shown(row: Import) -> ImportOut:
    return ImportOut(
        id=row.pk,
        name=row.name,
        state=row.state,
        reason=row.reason,
        account=row.account_id,
        size=row.size,
        position=row.position,
        rows=row.rows,
        counts=row.counts,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


@router.get("", response=answers(Page[ImportOut]), operation_id="list_imports", summary="Imports, newest first")
def list_imports(request: HttpRequest, page: Query[Paging]) -> dict[str, object]:
    return cursors.page("imports", Import.objects.seen_by(who(request, "import")), page, import_shown)


@router.post(
    "", response=answers(ImportOut, 201), operation_id="create_import", summary="Upload a file; a worker files it"
)
def create_import(
    request: HttpRequest,
    file: File[UploadedFile],
    account: Form[Id | None] = None,
    brand: Form[Id | None] = None,
    mapping: Annotated[str, Form(max_length=20_000)] = "",
) -> Status[ImportOut]:
    """`mapping` is JSON that overrules what is recognised: `{"fields": {"text": "their column"}, "order": "dmy"}`."""
    user = who(request, "import")
    chosen = read_mapping(mapping)
    into: Account | None = fetch(Account.objects.seen_by(user), account, "account") if account else None
    about: Brand | None = fetch(Brand.objects.all(), brand, "brand") if brand else None
    kept = keep(file)
    try:
        run = imports.begin(
            kept, str(file.name or "upload"), user=user, mapping=chosen, account=into, brand=about, confirmed=True
        )
    except Exception:
        kept.unlink(missing_ok=True)
        raise
    return Status(201, import_shown(run))


def read_mapping(given: str) -> dict[str, Any]:
    try:
        mapping = json.loads(given or "{}")
    except (ValueError, RecursionError):
        mapping = None
    if not isinstance(mapping, dict) or not set(mapping) <= {"fields", "order", "timezone", "channel", "encoding"}:
        raise Refused(
            "The mapping must be a JSON object with fields, order, timezone, channel or encoding.", status=422
        )
    fields = mapping.get("fields", {})
    plain = isinstance(fields, dict) and all(isinstance(v, str) for v in fields.values())
    if not plain or not all(isinstance(v, str) for k, v in mapping.items() if k != "fields"):
        raise Refused("The mapping's values must be text, and fields an object of text.", status=422)
    return mapping


def keep(file: UploadedFile) -> FilePath:
    """The upload under the home, by a name nobody can choose."""
    ending = "".join(re.findall(r"[.a-z0-9]", FilePath(str(file.name or "")).suffix.lower()))[:10]
    path = FilePath(settings.HOME) / "imports" / f"{secrets.token_hex(16)}{ending}"
    with path.open("xb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    return path


@router.get("/{int:import_id}", response=answers(ImportOut), operation_id="get_import", summary="How far an import is")
def get_import(request: HttpRequest, import_id: Path[Id]) -> ImportOut:
    return import_shown(fetch(Import.objects.seen_by(who(request, "import")), import_id, "import"))


@router.post(
    "/{int:import_id}/stop", response=answers(ImportOut), operation_id="stop_import", summary="Stop after this batch"
)
def stop_import(request: HttpRequest, import_id: Path[Id]) -> ImportOut:
    row: Import = fetch(Import.objects.seen_by(who(request, "import")), import_id, "import")
    if not imports.stop(row):
        raise Refused("It is not waiting or running, so there is nothing to stop.", status=409)
    row.refresh_from_db()
    return import_shown(row)


@router.post(
    "/{int:import_id}/resume", response=answers(ImportOut), operation_id="resume_import", summary="Go on where it stood"
)
def resume_import(request: HttpRequest, import_id: Path[Id]) -> ImportOut:
    row: Import = fetch(Import.objects.seen_by(who(request, "import")), import_id, "import")
    if not imports.resume(row):
        raise Refused("It was not stopped and did not fail, so there is nothing to resume.", status=409)
    row.refresh_from_db()
    return import_shown(row)


class Lines:
    """Collects what is written until it is taken: CSV a few rows at a time."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def write(self, text: str) -> None:
        self.parts.append(text)


@router.get(
    "/{int:import_id}/failures.csv",
    operation_id="get_import_failures",
    summary="The rows that were not filed, with reasons, as CSV",
    response=answers(str),
    openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def get_failures(request: HttpRequest, import_id: Path[Id]) -> StreamingHttpResponse:
    row: Import = fetch(Import.objects.seen_by(who(request, "import")), import_id, "import")
    lines = Lines()
    imports.failures_csv(row, lines)
    return StreamingHttpResponse(iter(lines.parts), content_type="text/csv; charset=utf-8")
