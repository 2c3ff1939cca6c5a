"""Files that are taken from a page: for those who may export, with a line in the audit of who took what."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from crowdalogue.text.table import write_csv
from crowdalogue.web.frame import may
from crowdalogue.web.settings import record


def check(request: HttpRequest) -> None:
    """Raise `PermissionDenied` for those who may not export; call it before anything is worked out for them."""
    if not may(request, "export"):
        raise PermissionDenied("export")


def table(
    request: HttpRequest, name: str, header: Sequence[str], lines: Iterable[Sequence[Any]], *, filters: str
) -> HttpResponse:
    """Rows as CSV; `filters` say in the audit which."""
    check(request)
    stream = io.StringIO()
    count = write_csv(lines, header, stream)
    record(request, "exported", name, rows=count, filters=filters[:200])
    return file(stream.getvalue(), name, "text/csv")


def file(content: str, name: str, kind: str) -> HttpResponse:
    """Text as a file to keep. `name` is ours: it holds nothing that was typed."""
    response = HttpResponse(content, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
